/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Received datagrams: acks, DATA and their reassembly; see link.h. */
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/link/link_private.h"

/*
 * A second arrival within this time is a duplicate made by the network: a kernel's retransmissions
 * are further apart. It is less than their interval, because the first arrival may have been late.
 */
#define DUPLICATE_BELOW (LINK_KERNEL_RETRY * 6 / 10)

/* A duplicate has one of so many seqnos before the next one: each message takes a round trip, and
 * no path is late by so many of them. */
enum { SEQNOS_BEHIND_MAX = 1 << 16 };

/* Time from `then` to the arrival of the current datagram, in ns; 0 if it arrived before. */
static uint64_t since(const struct link *l, uint64_t then)
{
    return l->arrival_time > then ? l->arrival_time - then : 0;
}

/*
 * An ack of `t` shows that the network duplicates or reorders in two cases: there are more acks
 * than our transmissions cause, or the DATA was retransmitted and this ack arrives after that of a
 * later DATA. A late ack of a DATA transmitted once shows nothing: virtual machines pause for tens
 * of ms.
 */
static void check_ack(struct link *l, const struct link_trace *t)
{
    CHECK(t->acks != 0 && t->count != 0);
    unsigned per_arrival = l->generation == LINK_NEW ? 1 : 2;
    if (t->acks > per_arrival * t->count || (t->count > 1 && t->seqno < l->tx.acked))
        link_note_reordering(l, since(l, t->last));
}

/*
 * Delays the next retransmission until the kernel has been silent. Our DATA may be in its stream
 * already, to be read once it has sent its message; the stub would have to read the duplicate as
 * well. A node drops duplicates unread.
 */
static void defer_retransmission(struct link *l)
{
    uint64_t quiet = io_now(l->io) + link_quiet(l);
    if (!l->node && l->tx.retry < quiet)
        l->tx.retry = quiet;
}

static void link_take_ack(struct link *l, uint32_t seqno)
{
    struct link_trace *t = &l->out[seqno % LINK_SENT_HISTORY];
    if (t->count == 0 || t->seqno != seqno) {
        bool never_sent = seqno == 0 || seqno > l->tx.seqno;
        l->counters.stray_acks += never_sent;
        if (!never_sent && seqno > l->inherited_seqno)
            link_check_forgotten_ack(l);
        return;
    }
    CHECK((int32_t)(l->tx.seqno - seqno) >= 0);
    t->acks++;
    link_check_ack_order(l, t);
    check_ack(l, t);
    if (seqno > l->tx.acked)
        l->tx.acked = seqno;
    if (seqno != l->tx.seqno)
        return;
    CHECK(t->acks == l->tx.acks + 1);
    if (l->tx.acks++ == 0)
        l->tx.arrived = l->arrival_time;
    /* The ack may be for any of several transmissions: good enough for a first sample. */
    if (t->acks == 1 && (t->count == 1 || l->srtt == 0))
        link_measure_round_trip(l, since(l, t->first), t->count > 1);
    if (l->generation != LINK_OLD || l->tx.acks > l->tx.transmissions)
        l->tx.active = false;
    else
        defer_retransmission(l);
}

/* The kernel's retransmission interval. It takes up to 2.3 s on a loaded host; a longer one spans
 * two of them. */
static void measure_kernel_retry(struct link *l, uint64_t interval)
{
    if (interval >= LINK_KERNEL_RETRY && interval <= LINK_KERNEL_RETRY_MAX &&
        interval > l->kernel_retry)
        l->kernel_retry = interval;
}

/* A DATA received before: the kernel's retransmission, or a duplicate made by the network. */
static void check_duplicate(struct link *l, uint32_t seqno)
{
    struct link_trace *t = link_trace_get(l->in, LINK_HISTORY, seqno);
    uint64_t before = t->last;
    CHECK(t->seqno == seqno && (int32_t)(l->rx.start + l->rx.chunks - seqno) >= 0);
    t->last = l->arrival_time;
    l->counters.duplicates++;
    if (t->count++ == 0) {
        t->first = l->arrival_time; /* the history has forgotten it */
        return;
    }
    measure_kernel_retry(l, since(l, before));
    uint64_t age = since(l, t->first);
    l->lossy |= age >= DUPLICATE_BELOW;
    if (age < DUPLICATE_BELOW)
        link_note_reordering(l, age);
    else if (t->count - 1 > age / DUPLICATE_BELOW)
        link_note_reordering(l, age % DUPLICATE_BELOW);
}

/*
 * Returns the index of this DATA in the message being received and sets *chunk to the chunk size.
 * Returns -1 for an invalid DATA: its seqno belongs to no chunk, or its sizes contradict those of
 * the other chunks. The chunk size (the kernel's MTU - 52) is not known in advance; each chunk
 * determines it.
 */
static int chunk_index(const struct link *l, const struct wire_msg *msg, size_t *chunk)
{
    uint32_t index = msg->seqno - l->rx.start;
    size_t total = msg->total;
    if (total == 0 || total > WIRE_MESSAGE_MAX || msg->offset >= total || msg->len == 0 ||
        msg->len > total - msg->offset || index >= LINK_CHUNKS_MAX)
        return -1;
    if (index == 0 ? msg->offset != 0 : msg->offset == 0 || msg->offset % index != 0)
        return -1;
    *chunk = index == 0 ? msg->len : (size_t)msg->offset / index;
    size_t rest = total - (size_t)msg->offset;
    if (msg->len != (rest < *chunk ? rest : *chunk))
        return -1;
    if (l->rx.have != 0 && (total != l->rx.total || *chunk != l->rx.chunk))
        return -1;
    return (total + *chunk - 1) / *chunk > LINK_CHUNKS_MAX ? -1 : (int)index;
}

static void begin_message(struct link *l, size_t total, size_t chunk)
{
    CHECK(l->rx.have == 0 && chunk != 0 && total <= WIRE_MESSAGE_MAX);
    l->rx.total = total;
    l->rx.chunk = chunk;
    l->rx.chunks = (unsigned)((total + chunk - 1) / chunk);
    memset(l->rx.seen, 0, sizeof l->rx.seen);
}

/* The message is in the reader's stream: the next one may begin. */
static void end_message(struct link *l)
{
    CHECK(l->rx.have == l->rx.chunks && l->rx.chunks != 0);
    CHECK(l->stream.len >= l->rx.total);
    l->rx.start += l->rx.chunks;
    l->rx.have = 0;
    if (l->session_state != NULL)
        l->session_state->next = l->rx.start;
}

/*
 * Copies a chunk into the message; the last chunk appends the message to the stream. If memory runs
 * out, nothing changes: the chunk is not acknowledged, and the peer retransmits it.
 */
static int copy_chunk(struct link *l, const struct wire_msg *msg)
{
    CHECK_OR_RETURN(msg->offset + msg->len <= l->rx.total);
    l->rx.data.error = l->stream.error = 0; /* retry after a failed allocation */
    int rc = buf_resize(&l->rx.data, l->rx.total);
    if (rc != 0)
        return rc;
    memcpy(l->rx.data.data + msg->offset, msg->data, msg->len);
    return l->rx.have + 1 == l->rx.chunks ? buf_add(&l->stream, l->rx.data.data, l->rx.total) : 0;
}

static int store_chunk(struct link *l, const struct wire_msg *msg, unsigned index)
{
    struct link_trace *t = link_trace_get(l->in, LINK_HISTORY, msg->seqno);
    CHECK_OR_RETURN(index < l->rx.chunks && l->rx.have < l->rx.chunks);
    int rc = copy_chunk(l, msg);
    if (rc != 0)
        return rc;
    CHECK_OR_RETURN((l->rx.seen[index / 8] & 1 << index % 8) == 0); /* not twice */
    l->rx.seen[index / 8] |= (uint8_t)(1 << index % 8);
    t->count = 1;
    t->first = t->last = l->arrival_time;
    if (++l->rx.have == l->rx.chunks)
        end_message(l);
    return 0;
}

/*
 * In a session taken over, the first message of a single DATA is the starting point; the kernel
 * sends at least a '+'. The dead server may have acknowledged chunks of a longer message, so its
 * chunks are acknowledged and dropped.
 */
static bool synchronise(struct link *l, const struct wire_msg *msg)
{
    if (l->synced)
        return true;
    CHECK(l->rx.have == 0);
    l->synced = msg->offset == 0 && msg->len == msg->total;
    if (l->synced)
        l->rx.start = msg->seqno;
    return l->synced;
}

/*
 * A kernel's message of one byte is '+' or '-'. An unexpected '+', or one that follows a harmful
 * late duplicate, shows that the kernel is about to execute a duplicate. Unless we acknowledge the
 * '+', it does not, and gives up after 12 s.
 */
static bool is_acceptable(struct link *l, const struct wire_msg *msg)
{
    CHECK(msg->len != 0 && msg->len <= msg->total);
    if (msg->total != 1)
        return true;
    enum link_dup_effect late = link_late_duplicate(l);
    bool expected = l->arrival_time < l->peer_ack_until || link_duplicate_is_harmless(l);
    if (msg->data[0] == '+' && (!expected || late == LINK_DUP_HARMFUL)) {
        l->counters.unexpected_peer_acks++;
        link_fail(l, LINK_MSG_DUPLICATE_BLOCKED);
        return false;
    }
    bool known = msg->data[0] == '+' || msg->data[0] == '-';
    l->counters.impossible += !known;
    return known;
}

/*
 * Handles a DATA of the peer. Returns 1 if it must be acknowledged, 0 if not, or an error. An ack
 * of a DATA that the kernel did not send would end the session after 12 s.
 */
static int link_take_data(struct link *l, const struct wire_msg *msg)
{
    size_t chunk;
    if ((int32_t)(msg->seqno - l->rx.start) < 0) {
        if (l->rx.start - msg->seqno > SEQNOS_BEHIND_MAX) {
            l->counters.impossible++; /* never received, so never to be acknowledged */
            return 0;
        }
        check_duplicate(l, msg->seqno);
        return 1;
    }
    if (!synchronise(l, msg))
        return 1;
    int index = chunk_index(l, msg, &chunk);
    if (index < 0) {
        l->counters.impossible++;
        return 0;
    }
    if (l->failed || !is_acceptable(l, msg))
        return 0;
    /* The reader is too slow: the kernel retransmits. */
    if (l->stream.len + msg->total > l->stream.max)
        return 0;
    if (l->rx.have == 0)
        begin_message(l, msg->total, chunk);
    if ((l->rx.seen[index / 8] & 1 << index % 8) != 0) {
        check_duplicate(l, msg->seqno);
        return 1;
    }
    bool stored = l->tx.acks != 0 || (link_last_is_request(l) && msg->total > 1);
    if (l->tx.active && stored)
        defer_retransmission(l);
    int rc = store_chunk(l, msg, (unsigned)index);
    return rc == 0 ? 1 : rc;
}

/* Handles FINISHED, which a node sends once its messages are acknowledged. Returns as
 * link_take_data. */
static int take_finished(struct link *l, const struct wire_msg *msg)
{
    CHECK(!l->finished || l->node);
    if (l->finished && msg->seqno + 1 == l->rx.start)
        return 1;
    if (!l->node || msg->seqno != l->rx.start || msg->len != 0 || l->rx.have != 0) {
        l->counters.impossible++; /* a kernel never sends FINISHED */
        return 0;
    }
    l->finished = true;
    l->rx.start++;
    return 1;
}

/* Handles one datagram. Returns 1 if its seqno must be acknowledged, 0 if not, or an error. */
static int handle_datagram(struct link *l, const struct io_msg *datagram, struct wire_msg *msg)
{
    l->counters.received++;
    l->counters.bytes_in += datagram->len;
    if (wire_decode(datagram->data, datagram->len, msg) != 0) {
        l->counters.malformed++;
        return 0;
    }
    l->heard = io_now(l->io);
    l->arrival_time =
        datagram->arrived != 0 && datagram->arrived < l->heard ? datagram->arrived : l->heard;
    switch (msg->type) {
    case WIRE_IS_ACK:
        link_take_ack(l, msg->seqno);
        return 0;
    /* A retransmission: those go to the session port. */
    case WIRE_HERALD:
        if (msg->seqno == 1 && msg->len == 0)
            return 1;
        break;
    case WIRE_DATA:
        return link_take_data(l, msg);
    case WIRE_FINISHED:
        return take_finished(l, msg);
    case WIRE_NONE:
        break;
    }
    l->counters.impossible++; /* no kernel sends such a HERALD */
    return 0;
}

int link_input(struct link *l)
{
    struct io_msg msgs[LINK_BATCH];
    int n, error = 0;
    CHECK_OR_RETURN(link_is_sound(l));
    do {
        uint32_t acks[LINK_BATCH];
        unsigned n_acks = 0;
        uint64_t duplicates = l->counters.duplicates;
        n = io_recv(l->io, IO_TARGET, msgs, LINK_BATCH);
        CHECK_OR_RETURN(n <= LINK_BATCH);
        for (int i = 0; i < n; i++) {
            struct wire_msg msg;
            const struct link_note before = link_note_begin(l);
            int rc = handle_datagram(l, &msgs[i], &msg);
            link_note_received(l, &before, &msgs[i], &msg, rc);
            if (rc > 0)
                acks[n_acks++] = msg.seqno;
            else if (rc < 0)
                error = rc;
        }
        int rc = link_send_acks(l, acks, n_acks, l->counters.duplicates != duplicates);
        if (rc < 0 && error == 0)
            error = rc;
    } while (n == LINK_BATCH);
    CHECK(link_is_sound(l) || error != 0);
    return n < 0 ? n : error;
}
