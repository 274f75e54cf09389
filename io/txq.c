/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transmit queue; see txq.h. */
#include "io/txq.h"

#include <stdlib.h>
#include <string.h>

#include "io/transfer.h"
#include "proto/check.h"
#include "proto/link/wire.h"

/* Copies of datagrams, packed: most are small. */
struct queue {
    unsigned n;
    size_t used;
    struct io_msg msgs[IO_FDS_BATCH];
    uint8_t memory[WIRE_DATAGRAM_MAX + IO_NOTE_MAX]; /* each with its note behind it */
};

struct io_fds_txq {
    struct queue now, later;
    uint64_t due; /* when `later` must be sent, monotonic ns */
};

static void empty(struct queue *q)
{
    q->n = 0;
    q->used = 0;
}

/* A datagram that cannot be sent counts as lost. */
static void flush(struct io_fds_side *side, struct queue *q)
{
    CHECK(q->n <= IO_FDS_BATCH && q->used <= sizeof q->memory);
    if (q->n != 0)
        (void)transfer_send(side, q->msgs, q->n, NULL);
    empty(q);
}

static void add_datagram(struct io_fds_side *side, struct queue *q, const struct io_msg *msg)
{
    size_t note = msg->note != NULL ? strlen(msg->note) + 1 : 0;
    if (q->n == IO_FDS_BATCH || msg->len + note > sizeof q->memory - q->used)
        flush(side, q);
    CHECK(q->n < IO_FDS_BATCH && msg->len + note <= sizeof q->memory - q->used);
    uint8_t *kept = memcpy(q->memory + q->used, msg->data, msg->len);
    struct io_msg *m = &q->msgs[q->n++];
    *m = (struct io_msg){.data = kept, .len = msg->len};
    if (note != 0)
        m->note = memcpy(kept + msg->len, msg->note, note);
    q->used += msg->len + note;
}

int txq_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n, bool later)
{
    if (transfer_is_datagrams(side) && side->txq == NULL)
        side->txq = calloc(1, sizeof *side->txq);
    if (side->txq == NULL)
        return transfer_send(side, msgs, n, NULL);
    CHECK(transfer_is_datagrams(side)); /* a stream may not be reordered */
    if (later && side->txq->later.n == 0)
        side->txq->due = io_fds_now() + IO_FDS_LATER;
    for (unsigned i = 0; i < n; i++) {
        if (msgs[i].len <= WIRE_DATAGRAM_MAX)
            add_datagram(side, later ? &side->txq->later : &side->txq->now, &msgs[i]);
    }
    return 0;
}

void txq_flush_all(struct io_fds_side *side)
{
    struct io_fds_txq *h = side->txq;
    if (h == NULL)
        return;
    if (h->later.n != 0 && h->later.n + h->now.n <= IO_FDS_BATCH) { /* one system call */
        for (unsigned i = 0; i < h->now.n; i++)
            h->later.msgs[h->later.n++] = h->now.msgs[i];
        /* h->now.memory keeps the bytes until they are sent. */
        h->now.n = 0;
    }
    flush(side, &h->later);
    flush(side, &h->now);
}

uint64_t txq_flush_due(struct io_fds_side *side)
{
    struct io_fds_txq *h = side->txq;
    if (h == NULL)
        return IO_NEVER;
    if (h->now.n != 0 || (h->later.n != 0 && io_fds_now() >= h->due))
        txq_flush_all(side);
    return h->later.n != 0 ? h->due : IO_NEVER;
}

void txq_drop_later(struct io_fds_side *side)
{
    if (side->txq != NULL)
        empty(&side->txq->later);
}

void txq_free(struct io_fds_side *side)
{
    free(side->txq);
    side->txq = NULL;
}
