/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times before which a late copy could do harm; see holdback.h. */
#include "proto/holdback.h"
#include "proto/check.h"

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
 * What runs the target waits longer until the path has proven clean. What may run twice does not: a
 * copy that comes later is noticed by its ack, unless this path loses acks.
 */
uint64_t holdback_lateness(const struct holdback *h, const struct link *l,
                           const struct packet *packet)
{
    if (l->evidence != 0)
        return link_lateness(l);
    bool may_repeat = !holdback_runs_once(packet) && !l->lossy;
    bool proven = h->clean >= HOLDBACK_CLEAN_EXCHANGES || may_repeat;
    return proven ? LINK_LATENESS_PROVEN : LINK_LATENESS_CLEAN;
}

void holdback_plus_arrived(struct holdback *h, const struct link *l)
{
    h->plus_arrived = l->tx.arrived;
    h->plus_gone = link_copies_gone(l, 0);
}

/*
 * Not while a late copy of our last '+' could come between two copies of it, nor while a late copy
 * of an earlier request could undo it.
 */
uint64_t holdback_request(const struct holdback *h, const struct link *l,
                          const struct holdback_request *r)
{
    uint64_t until = 0;
    if (holdback_runs_once(r->packet) || holdback_careful(h, l)) {
        until = h->plus_arrived + holdback_lateness(h, l, r->packet);
        until = h->plus_gone > until ? h->plus_gone : until;
    }
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
    return hold ? link_copies_gone(l, holdback_lateness(h, l, r->packet)) : 0;
}

const char *holdback_reason(const struct holdback *h, const struct link *l,
                            const struct packet *packet)
{
    if (l->evidence != 0)
        return "this path has duplicated or reordered datagrams";
    if (holdback_runs_once(packet))
        return "it must run exactly once";
    if (h->clean < HOLDBACK_CLEAN_EXCHANGES)
        return l->lossy ? "this path loses datagrams" : "this path has not proved clean yet";
    return "a duplicate of an earlier request could undo it";
}

void holdback_done(struct holdback *h, const struct link *l, const struct holdback_request *r,
                   uint64_t gone)
{
    CHECK(r->packet != NULL && r->low <= r->high);
    CHECK(h->clean <= HOLDBACK_CLEAN_EXCHANGES);
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
