/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times before which a late copy could do harm; see holdback.h. */
#include "proto/holdback.h"

void holdback_init(struct holdback *h)
{
    *h = (struct holdback){.clean = 0};
}

bool holdback_careful(const struct holdback *h, const struct link *l)
{
    bool sign = l->evidence != h->evidence || (l->evidence != 0 && l->lossy);
    return sign || h->clean < HOLDBACK_CLEAN_EXCHANGES;
}

bool holdback_runs_once(const struct packet *packet)
{
    return packet->repeat == REPEAT_NEVER || packet->repeat == REPEAT_LIST;
}

/*
 * Not while a late copy of our last '+' could come between two copies of it, nor while a late copy
 * of an earlier request could undo it.
 */
uint64_t holdback_request(const struct holdback *h, const struct link *l,
                          const struct holdback_request *r)
{
    uint64_t until = 0;
    if (holdback_runs_once(r->packet) || holdback_careful(h, l))
        until = h->plus_gone;
    for (unsigned i = 0; i < HOLDBACK_RECENT; i++) {
        bool oldest = i == h->next % HOLDBACK_RECENT && h->next >= HOLDBACK_RECENT;
        bool overlaps = h->recent[i].repeat == r->packet->repeat && h->recent[i].low < r->high &&
                        r->low < h->recent[i].high;
        if ((oldest || overlaps) && h->recent[i].gone > until)
            until = h->recent[i].gone;
    }
    return until;
}

uint64_t holdback_plus(const struct holdback *h, const struct link *l,
                       const struct holdback_request *r)
{
    bool hold = holdback_runs_once(r->packet) || holdback_careful(h, l) || l->tx.transmissions > 1;
    return hold ? link_copies_gone(l) : 0;
}

void holdback_done(struct holdback *h, const struct link *l, const struct holdback_request *r,
                   uint64_t gone)
{
    if (h->evidence != l->evidence)
        h->clean = 0;
    h->evidence = l->evidence;
    h->clean += h->clean < HOLDBACK_CLEAN_EXCHANGES;
    if (r->packet->repeat == REPEAT_SAFE || r->packet->repeat == REPEAT_NEVER)
        return;
    unsigned i = h->next++ % HOLDBACK_RECENT;
    h->recent[i].repeat = r->packet->repeat;
    h->recent[i].low = r->low;
    h->recent[i].high = r->high;
    h->recent[i].gone = gone;
}
