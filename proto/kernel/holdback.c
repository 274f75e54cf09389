/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delays because of late duplicates; see holdback.h. */
#include "proto/kernel/holdback.h"
#include "proto/check.h"

void holdback_init(struct holdback *h)
{
    *h = (struct holdback){.clean_exchanges = 0};
}

bool holdback_path_suspect(const struct holdback *h, const struct link *l)
{
    bool seen = l->reorder_events != h->reorder_events || (l->reorder_events != 0 && l->lossy);
    return seen || h->clean_exchanges < HOLDBACK_CLEAN_EXCHANGES;
}

bool holdback_exactly_once(const struct packet *packet)
{
    return packet->repeat == REPEAT_NEVER || packet->repeat == REPEAT_LIST;
}

/*
 * A request that must run exactly once assumes the longer lateness until the path has proven clean.
 * One that may run twice does not need to: the link notices a late duplicate by its ack, unless
 * this path loses acks.
 */
uint64_t holdback_lateness(const struct holdback *h, const struct link *l,
                           const struct packet *packet)
{
    if (l->reorder_events != 0)
        return link_lateness(l);
    bool may_repeat = !holdback_exactly_once(packet) && !l->lossy;
    bool proven = h->clean_exchanges >= HOLDBACK_CLEAN_EXCHANGES || may_repeat;
    return proven ? LINK_LATENESS_PROVEN : LINK_LATENESS_CLEAN;
}

void holdback_our_ack_delivered(struct holdback *h, const struct link *l)
{
    h->our_ack_delivered = l->tx.arrived;
    h->our_ack_expires = link_duplicates_expire(l, 0);
}

/*
 * The request waits until no late duplicate of our last '+' can arrive between two copies of the
 * request, and no late duplicate of an earlier request can undo it.
 */
uint64_t holdback_request(const struct holdback *h, const struct link *l,
                          const struct holdback_request *r)
{
    uint64_t until = 0;
    if (holdback_exactly_once(r->packet) || holdback_path_suspect(h, l)) {
        until = h->our_ack_delivered + holdback_lateness(h, l, r->packet);
        until = h->our_ack_expires > until ? h->our_ack_expires : until;
    }
    for (unsigned i = 0; i < HOLDBACK_RECENT; i++) {
        bool oldest = i == h->next % HOLDBACK_RECENT && h->next >= HOLDBACK_RECENT;
        bool overlaps = h->recent[i].repeat == r->packet->repeat && h->recent[i].low < r->high &&
                        r->low < h->recent[i].high;
        if ((oldest || overlaps) && h->recent[i].expires > until)
            until = h->recent[i].expires;
    }
    return until;
}

uint64_t holdback_our_ack(const struct holdback *h, const struct link *l,
                          const struct holdback_request *r)
{
    bool delayed =
        holdback_exactly_once(r->packet) || holdback_path_suspect(h, l) || l->tx.transmissions > 1;
    return delayed ? link_duplicates_expire(l, holdback_lateness(h, l, r->packet)) : 0;
}

const char *holdback_reason(const struct holdback *h, const struct link *l,
                            const struct packet *packet)
{
    if (l->reorder_events != 0)
        return "this path has duplicated or reordered datagrams";
    if (holdback_exactly_once(packet))
        return "it must run exactly once";
    if (h->clean_exchanges < HOLDBACK_CLEAN_EXCHANGES)
        return l->lossy ? "this path loses datagrams" : "this path has not proved clean yet";
    return "a duplicate of an earlier request could undo it";
}

void holdback_request_done(struct holdback *h, const struct link *l,
                           const struct holdback_request *r, uint64_t expires)
{
    CHECK(r->packet != NULL && r->low <= r->high);
    CHECK(h->clean_exchanges <= HOLDBACK_CLEAN_EXCHANGES);
    if (h->reorder_events != l->reorder_events)
        h->clean_exchanges = 0;
    h->reorder_events = l->reorder_events;
    h->clean_exchanges += h->clean_exchanges < HOLDBACK_CLEAN_EXCHANGES;
    if (r->packet->repeat == REPEAT_SAFE || r->packet->repeat == REPEAT_NEVER)
        return;
    unsigned i = h->next++ % HOLDBACK_RECENT;
    h->recent[i].repeat = r->packet->repeat;
    h->recent[i].low = r->low;
    h->recent[i].high = r->high;
    h->recent[i].expires = expires;
}
