/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Delays because of late duplicates; see send_delay.h. */
#include "proto/kernel/send_delay.h"
#include "proto/check.h"

void send_delay_init(struct send_delay *h)
{
    *h = (struct send_delay){.clean_exchanges = 0};
}

bool send_delay_path_suspect(const struct send_delay *h, const struct link *l)
{
    bool seen = l->reorder_events != h->reorder_events || (l->reorder_events != 0 && l->lossy);
    return seen || h->clean_exchanges < SEND_DELAY_CLEAN_EXCHANGES;
}

bool send_delay_exactly_once(const struct packet *packet)
{
    return packet->repeat == REPEAT_NEVER || packet->repeat == REPEAT_LIST;
}

/*
 * A request that must run exactly once assumes the longer lateness until the path has proven clean.
 * One that may run twice does not need to: the link notices a late duplicate by its ack, unless
 * this path loses acks.
 */
uint64_t send_delay_lateness(const struct send_delay *h, const struct link *l,
                             const struct packet *packet)
{
    CHECK(packet != NULL && h->clean_exchanges <= SEND_DELAY_CLEAN_EXCHANGES);
    if (l->reorder_events != 0)
        return link_lateness(l);
    bool may_repeat = !send_delay_exactly_once(packet) && !l->lossy;
    bool proven = h->clean_exchanges >= SEND_DELAY_CLEAN_EXCHANGES || may_repeat;
    return proven ? LINK_LATENESS_PROVEN : LINK_LATENESS_CLEAN;
}

void send_delay_our_ack_delivered(struct send_delay *h, const struct link *l)
{
    CHECK(l->tx.arrived != 0 || l->tx.seqno == 0 || l->inherited_seqno != 0);
    h->our_ack_delivered = l->tx.arrived;
    h->our_ack_expires = link_duplicates_expire(l, 0);
}

/*
 * The request waits until no late duplicate of our last '+' can arrive between two copies of the
 * request, and no late duplicate of an earlier request can undo it.
 */
uint64_t send_delay_request(const struct send_delay *h, const struct link *l,
                            const struct send_delay_request *r)
{
    uint64_t until = 0;
    CHECK(r->packet != NULL && r->low <= r->high);
    if (send_delay_exactly_once(r->packet) || send_delay_path_suspect(h, l)) {
        until = h->our_ack_delivered + send_delay_lateness(h, l, r->packet);
        until = h->our_ack_expires > until ? h->our_ack_expires : until;
    }
    for (unsigned i = 0; i < SEND_DELAY_RECENT; i++) {
        bool oldest = i == h->next % SEND_DELAY_RECENT && h->next >= SEND_DELAY_RECENT;
        bool overlaps = h->recent[i].repeat == r->packet->repeat && h->recent[i].low < r->high &&
                        r->low < h->recent[i].high;
        if ((oldest || overlaps) && h->recent[i].expires > until)
            until = h->recent[i].expires;
    }
    return until;
}

uint64_t send_delay_our_ack(const struct send_delay *h, const struct link *l,
                            const struct send_delay_request *r)
{
    CHECK(r->packet != NULL);
    bool delayed = send_delay_exactly_once(r->packet) || send_delay_path_suspect(h, l) ||
                   l->tx.transmissions > 1;
    return delayed ? link_duplicates_expire(l, send_delay_lateness(h, l, r->packet)) : 0;
}

const char *send_delay_reason(const struct send_delay *h, const struct link *l,
                              const struct packet *packet)
{
    if (l->reorder_events != 0)
        return "this path has duplicated or reordered datagrams";
    if (send_delay_exactly_once(packet))
        return "it must run exactly once";
    if (h->clean_exchanges < SEND_DELAY_CLEAN_EXCHANGES)
        return l->lossy ? "this path loses datagrams" : "this path has not proved clean yet";
    return "a duplicate of an earlier request could undo it";
}

void send_delay_request_done(struct send_delay *h, const struct link *l,
                             const struct send_delay_request *r, uint64_t expires)
{
    CHECK(r->packet != NULL && r->low <= r->high);
    CHECK(h->clean_exchanges <= SEND_DELAY_CLEAN_EXCHANGES);
    if (h->reorder_events != l->reorder_events)
        h->clean_exchanges = 0;
    h->reorder_events = l->reorder_events;
    h->clean_exchanges += h->clean_exchanges < SEND_DELAY_CLEAN_EXCHANGES;
    if (r->packet->repeat == REPEAT_SAFE || r->packet->repeat == REPEAT_NEVER)
        return;
    unsigned i = h->next++ % SEND_DELAY_RECENT;
    h->recent[i].repeat = r->packet->repeat;
    h->recent[i].low = r->low;
    h->recent[i].high = r->high;
    h->recent[i].expires = expires;
}
