/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the link makes of datagrams that came; see link.h. */
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/link_parts.h"

/*
 * Below a kernel's own retransmission interval, a second arrival is the network's work. The first
 * one may have been late itself, when the kernel's host paused behind it.
 */
#define COPY_BELOW (LINK_KERNEL_RETRY * 6 / 10)

/* How long after `then` the datagram arrived that is being taken; 0: before. */
static uint64_t since(const struct link *l, uint64_t then)
{
    return l->at > then ? l->at - then : 0;
}

/*
 * An ack of `t` is evidence of copies when it is one more than we sent, or when it is of one that
 * we sent again and comes after the ack of a later DATA. One that is only late is not, and of a
 * DATA that was sent once there was nothing to overtake: a virtual machine pauses for tens of ms.
 */
static void judge_ack(struct link *l, const struct link_trace *t)
{
    unsigned per_arrival = l->generation == LINK_NEW ? 1 : 2;
    if (t->acks > per_arrival * t->count || (t->count > 1 && t->seqno < l->tx.acked))
        link_saw_late(l, since(l, t->last));
}

/*
 * Ours may be stored, and the kernel reads it when it is through with what it sends: until it has
 * been quiet, another copy would only have to be read, too. A node drops copies unread.
 */
static void wait_for_quiet(struct link *l)
{
    uint64_t quiet = io_now(l->io) + link_quiet(l);
    if (!l->node && l->tx.retry < quiet)
        l->tx.retry = quiet;
}

static void take_ack(struct link *l, uint32_t seqno)
{
    struct link_trace *t = &l->out[seqno % LINK_SENT_HISTORY];
    if (t->count == 0 || t->seqno != seqno) {
        bool nobodys = seqno == 0 || seqno > l->tx.seqno;
        l->counters.stray_acks += nobodys;
        if (!nobodys && seqno > l->before)
            link_judge_old(l);
        return;
    }
    t->acks++;
    link_judge_order(l, t);
    judge_ack(l, t);
    if (seqno > l->tx.acked)
        l->tx.acked = seqno;
    if (seqno != l->tx.seqno)
        return;
    if (l->tx.acks++ == 0)
        l->tx.arrived = l->at;
    /* Which one of several transmissions is answered is not known: good enough for a start. */
    if (t->acks == 1 && (t->count == 1 || l->srtt == 0))
        link_measure_round_trip(l, since(l, t->first), t->count > 1);
    if (l->generation != LINK_OLD || l->tx.acks > l->tx.transmissions)
        l->tx.active = false;
    else
        wait_for_quiet(l);
}

/* The kernel's own interval: on a loaded host up to 2.3 s; what is longer is two of them. */
static void measure_kernel_retry(struct link *l, uint64_t interval)
{
    if (interval >= LINK_KERNEL_RETRY && interval <= LINK_KERNEL_RETRY_MAX &&
        interval > l->kernel_retry)
        l->kernel_retry = interval;
}

/* A datagram that had come before: the kernel's retransmission, or a copy made by the network. */
static void judge_copy(struct link *l, uint32_t seqno)
{
    struct link_trace *t = link_trace_of(l->in, LINK_HISTORY, seqno);
    uint64_t before = t->last;
    t->last = l->at;
    l->counters.duplicates++;
    if (t->count++ == 0) {
        t->first = l->at; /* older than the history */
        return;
    }
    measure_kernel_retry(l, since(l, before));
    uint64_t age = since(l, t->first);
    l->lossy |= age >= COPY_BELOW;
    if (age < COPY_BELOW)
        link_saw_late(l, age);
    else if (t->count - 1 > age / COPY_BELOW)
        link_saw_late(l, age % COPY_BELOW);
}

/*
 * Where this DATA belongs in the message being received: its index, or -1 for what cannot be:
 * a seqno that fits no chunk, or sizes that contradict what came before. The chunk size is not
 * known beforehand (it is the kernel's MTU - 52) but follows from any chunk.
 */
static int place_of(const struct link *l, const struct wire_msg *msg, size_t *chunk)
{
    uint32_t index = msg->seqno - l->rx.start;
    size_t total = msg->total;
    if (total == 0 || total > LINK_MESSAGE_MAX || msg->offset >= total || msg->len == 0 ||
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
    CHECK(l->rx.have == 0 && chunk != 0 && total <= LINK_MESSAGE_MAX);
    l->rx.total = total;
    l->rx.chunk = chunk;
    l->rx.chunks = (unsigned)((total + chunk - 1) / chunk);
    memset(l->rx.seen, 0, sizeof l->rx.seen);
}

/* The message was handed to the reader: the next one may begin. */
static void end_message(struct link *l)
{
    CHECK(l->rx.have == l->rx.chunks && l->rx.chunks != 0);
    l->rx.start += l->rx.chunks;
    l->rx.have = 0;
    if (l->mark != NULL)
        l->mark->next = l->rx.start;
}

/*
 * Puts a chunk in its place; the last one hands the message to the reader. Without memory nothing
 * has happened: it is not acknowledged, and the peer sends it again.
 */
static int keep_chunk(struct link *l, const struct wire_msg *msg)
{
    CHECK_OR_RETURN(msg->offset + msg->len <= l->rx.total);
    l->rx.data.error = l->stream.error = 0; /* there may be memory again */
    int rc = buf_resize(&l->rx.data, l->rx.total);
    if (rc != 0)
        return rc;
    memcpy(l->rx.data.data + msg->offset, msg->data, msg->len);
    return l->rx.have + 1 == l->rx.chunks ? buf_add(&l->stream, l->rx.data.data, l->rx.total) : 0;
}

static int store_chunk(struct link *l, const struct wire_msg *msg, unsigned index)
{
    struct link_trace *t = link_trace_of(l->in, LINK_HISTORY, msg->seqno);
    CHECK_OR_RETURN(index < l->rx.chunks && l->rx.have < l->rx.chunks);
    int rc = keep_chunk(l, msg);
    if (rc != 0)
        return rc;
    l->rx.seen[index / 8] |= (uint8_t)(1 << index % 8);
    t->count = 1;
    t->first = t->last = l->at;
    if (++l->rx.have == l->rx.chunks)
        end_message(l);
    return 0;
}

/*
 * In a session that was taken over, the first message of one DATA is where we join in: a '+', if
 * nothing else. Of one with several the dead server may have had a part, so they are acknowledged
 * and of no use.
 */
static bool synchronise(struct link *l, const struct wire_msg *msg)
{
    if (l->synced)
        return true;
    l->synced = msg->offset == 0 && msg->len == msg->total;
    if (l->synced)
        l->rx.start = msg->seqno;
    return l->synced;
}

/*
 * A kernel's packet of one byte is '+' or '-'. A '+' that nobody waits for, or that comes behind
 * the sign of a late copy, says that such a copy is about to run; unacknowledged, it does not, and
 * the kernel gives up after 12 s.
 */
static bool is_welcome(struct link *l, const struct wire_msg *msg)
{
    if (msg->total != 1)
        return true;
    enum link_copy stale = link_stale(l);
    bool awaited = l->at < l->plus_until || link_copy_is_harmless(l);
    if (msg->data[0] == '+' && (!awaited || stale == LINK_COPY_HARMFUL)) {
        l->counters.unwanted_plus++;
        link_refuse(l, LINK_REFUSED_COPY);
        return false;
    }
    bool known = msg->data[0] == '+' || msg->data[0] == '-';
    l->counters.impossible += !known;
    return known;
}

/*
 * DATA of the kernel. Returns 1 when it is to be acknowledged, 0 when not: an ack for what the
 * kernel cannot have sent would end the session after 12 s.
 */
static int take_data(struct link *l, const struct wire_msg *msg)
{
    size_t chunk;
    if ((int32_t)(msg->seqno - l->rx.start) < 0) {
        judge_copy(l, msg->seqno);
        return 1;
    }
    if (!synchronise(l, msg))
        return 1;
    int index = place_of(l, msg, &chunk);
    if (index < 0) {
        l->counters.impossible++;
        return 0;
    }
    if (l->refused || !is_welcome(l, msg))
        return 0;
    if (l->stream.len + msg->total > l->stream.max)
        return 0; /* the reader is behind: the kernel sends it again */
    if (l->rx.have == 0)
        begin_message(l, msg->total, chunk);
    if ((l->rx.seen[index / 8] & 1 << index % 8) != 0) {
        judge_copy(l, msg->seqno);
        return 1;
    }
    bool told = l->tx.acks != 0 || (link_sends_request(l) && msg->total > 1);
    if (l->tx.active && told)
        wait_for_quiet(l);
    int rc = store_chunk(l, msg, (unsigned)index);
    return rc == 0 ? 1 : rc;
}

/* FINISHED of a node, which sends it when all before it was acknowledged. Returns as take_data. */
static int take_finished(struct link *l, const struct wire_msg *msg)
{
    if (l->finished && msg->seqno + 1 == l->rx.start)
        return 1;
    if (!l->node || msg->seqno != l->rx.start || msg->len != 0 || l->rx.have != 0) {
        l->counters.impossible++; /* a kernel never sends it */
        return 0;
    }
    l->finished = true;
    l->rx.start++;
    return 1;
}

/* One datagram. Returns 1 when its seqno is to be acknowledged, 0 when not, or an error. */
static int take(struct link *l, const struct io_msg *datagram, struct wire_msg *msg)
{
    l->counters.received++;
    l->counters.bytes_in += datagram->len;
    if (wire_decode(datagram->data, datagram->len, msg) != 0) {
        l->counters.malformed++;
        return 0;
    }
    l->heard = io_now(l->io);
    l->at = datagram->arrived != 0 && datagram->arrived < l->heard ? datagram->arrived : l->heard;
    switch (msg->type) {
    case WIRE_IS_ACK:
        take_ack(l, msg->seqno);
        return 0;
    case WIRE_HERALD: /* a copy: the kernel heralds to the session port, too */
        if (msg->seqno == 1 && msg->len == 0)
            return 1;
        break;
    case WIRE_DATA:
        return take_data(l, msg);
    case WIRE_FINISHED:
        return take_finished(l, msg);
    case WIRE_NONE:
        break;
    }
    l->counters.impossible++; /* a kernel sends one kind of HERALD only */
    return 0;
}

int link_input(struct link *l)
{
    struct io_msg msgs[LINK_BATCH];
    int n, error = 0;
    do {
        uint32_t acks[LINK_BATCH];
        unsigned owed = 0;
        uint64_t repeats = l->counters.duplicates;
        n = io_recv(l->io, IO_TARGET, msgs, LINK_BATCH);
        for (int i = 0; i < n; i++) {
            struct wire_msg msg;
            int rc = take(l, &msgs[i], &msg);
            if (rc > 0)
                acks[owed++] = msg.seqno;
            else if (rc < 0)
                error = rc;
        }
        int rc = link_send_acks(l, acks, owed, l->counters.duplicates != repeats);
        if (rc < 0 && error == 0)
            error = rc;
    } while (n == LINK_BATCH);
    return n < 0 ? n : error;
}
