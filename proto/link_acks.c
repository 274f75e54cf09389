/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The acks that go out: how often each of them, and when; see link.h. */
#include "proto/check.h"
#include "proto/link_parts.h"

/* Console output: there is more to come behind it, when it is acknowledged. */
static bool is_output(const struct buf *message)
{
    return message->len > 3 && message->data[0] == '$' && message->data[1] == 'O' &&
           message->data[2] != 'K';
}

/* Whether the peer may wait for acks: in the middle of a message, or of several. */
static bool has_more(const struct link *l)
{
    return l->rx.have != 0 || is_output(&l->rx.data);
}

/* Sends each ack `times` (1 to 3), one round of all behind the other. */
static int transmit_acks(struct link *l, const uint32_t *seqnos, unsigned n, unsigned times)
{
    uint8_t acks[LINK_BATCH][WIRE_ACK];
    struct io_msg msgs[3 * LINK_BATCH];
    if (n == 0)
        return 0;
    CHECK_OR_RETURN(n <= LINK_BATCH && times <= 3);
    for (unsigned i = 0; i < n; i++) {
        wire_encode_ack(seqnos[i], acks[i]);
        for (unsigned round = 0; round < times; round++)
            msgs[round * n + i] = (struct io_msg){.data = acks[i], .len = WIRE_ACK};
    }
    l->counters.sent += times * n;
    l->counters.bytes_out += times * n * WIRE_ACK;
    bool may_wait = l->node && !has_more(l);
    return (may_wait ? io_send_later : io_send)(l->io, IO_TARGET, msgs, times * n);
}

/* Where datagrams get lost they do so in bursts: the third ack goes out a little later. */
static void keep_third_acks(struct link *l, const uint32_t *seqnos, unsigned n)
{
    CHECK(l->third.n <= LINK_THIRD_ACKS);
    if (l->third.n == 0)
        l->third.due = io_now(l->io) + LINK_THIRD_ACK;
    for (unsigned i = 0; i < n && l->third.n < LINK_THIRD_ACKS; i++)
        l->third.seqnos[l->third.n++] = seqnos[i];
}

int link_send_third_acks(struct link *l)
{
    unsigned n = l->third.n;
    if (n == 0 || io_now(l->io) < l->third.due)
        return 0;
    l->third.n = 0;
    return transmit_acks(l, l->third.seqnos, n, 1);
}

void link_is_leaving(struct link *l, bool leaving)
{
    l->third.n = 0;
    l->third.never = leaving;
}

int link_send_acks(struct link *l, const uint32_t *seqnos, unsigned n, bool repeats)
{
    /* A kernel that repeats itself may be about to give up. */
    bool at_once = repeats && l->lossy;
    if (l->lossy && !l->node && !l->third.never)
        keep_third_acks(l, seqnos, n);
    return transmit_acks(l, seqnos, n, at_once ? 3 : 2);
}

void link_ack_herald(struct link *l)
{
    static const uint32_t herald = 1;
    (void)transmit_acks(l, &herald, 1, 2); /* a lost one is asked for again */
}

void link_request_acks(struct link *l)
{
    if (l->node)
        io_drop_later(l->io, IO_TARGET);
}
