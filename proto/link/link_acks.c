/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Outgoing acks: the number of each and their times; see link.h. */
#include "proto/check.h"
#include "proto/link/link_private.h"

/* Console output: the node sends more once it is acknowledged. */
static bool is_node_output(const struct buf *message)
{
    return message->len > 3 && message->data[0] == '$' && message->data[1] == 'O' &&
           message->data[2] != 'K';
}

/* Whether the peer may be waiting for acks to continue a message or a series of messages. */
static bool has_more(const struct link *l)
{
    return l->rx.have != 0 || is_node_output(&l->rx.data);
}

/* Sends all acks once, then again, `times` (1 to 3) in total. */
static int transmit_acks(struct link *l, const uint32_t *seqnos, unsigned n, unsigned times)
{
    uint8_t acks[LINK_BATCH][WIRE_ACK];
    struct io_msg msgs[3 * LINK_BATCH];
    if (n == 0)
        return 0;
    CHECK_OR_RETURN(n <= LINK_BATCH && times != 0 && times <= 3);
    for (unsigned i = 0; i < n; i++) {
        wire_encode_ack(seqnos[i], acks[i]);
        for (unsigned round = 0; round < times; round++)
            msgs[round * n + i] = (struct io_msg){.data = acks[i], .len = WIRE_ACK};
    }
    l->counters.sent += times * n;
    l->counters.bytes_out += times * n * WIRE_ACK;
    bool may_delay = l->node && !has_more(l);
    return (may_delay ? io_send_later : io_send)(l->io, IO_TARGET, msgs, times * n);
}

/* Losses come in bursts, so the third ack is delayed a little. */
static void queue_third_acks(struct link *l, const uint32_t *seqnos, unsigned n)
{
    CHECK(l->third.n <= LINK_THIRD_ACKS_MAX && !l->third.disabled && !l->node);
    if (l->third.n == 0)
        l->third.due = io_now(l->io) + LINK_THIRD_ACK_DELAY;
    for (unsigned i = 0; i < n && l->third.n < LINK_THIRD_ACKS_MAX; i++)
        l->third.seqnos[l->third.n++] = seqnos[i];
}

int link_send_third_acks(struct link *l)
{
    unsigned n = l->third.n;
    if (n == 0 || io_now(l->io) < l->third.due)
        return 0;
    /* It would wait in the card of a kernel that leaves. */
    CHECK_OR_RETURN(!l->third.disabled);
    l->third.n = 0;
    return transmit_acks(l, l->third.seqnos, n, 1);
}

void link_set_leaving(struct link *l, bool leaving)
{
    CHECK(link_is_sound(l));
    l->third.n = 0;
    l->third.disabled = leaving;
}

int link_send_acks(struct link *l, const uint32_t *seqnos, unsigned n, bool retransmitted)
{
    /* A kernel that retransmits may be about to give up. */
    bool at_once = retransmitted && l->lossy;
    if (l->lossy && !l->node && !l->third.disabled)
        queue_third_acks(l, seqnos, n);
    return transmit_acks(l, seqnos, n, at_once ? 3 : 2);
}

void link_ack_herald(struct link *l)
{
    static const uint32_t herald = 1;
    /* If both are lost, the kernel retransmits the HERALD. */
    (void)transmit_acks(l, &herald, 1, 2);
}

void link_drop_delayed_acks(struct link *l)
{
    if (l->node)
        io_drop_later(l->io, IO_TARGET);
}
