/* SPDX-License-Identifier: GPL-3.0-or-later */
/* debugnet's datagrams in the kernel's role; see debugnet_transport.h. */
#include "proto/node/debugnet_transport.h"

#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

enum {
    RECV_BATCH = 16,   /* datagrams received at a time */
    KERNEL_TRIES = 12, /* transmissions of a message before a kernel gives up */
    HERALD_SEQNO = 1,  /* the session's first seqno */
};

void debugnet_options_default(struct debugnet_options *options)
{
    *options = (struct debugnet_options){
        .generation = DEBUGNET_NEW,
        .retry = 1000500 * (IO_MS / 1000), /* 2001 polls of 0.5 ms */
        .tries = KERNEL_TRIES,
        .data_max = WIRE_DATA_ETHERNET,
    };
}

void debugnet_transport_init(struct debugnet_transport *t, struct io *io,
                             const struct debugnet_options *options, const struct log *log)
{
    memset(t, 0, sizeof *t);
    t->io = io;
    t->log = log;
    t->options = *options;
    if (t->options.data_max < WIRE_DATA_MIN)
        t->options.data_max = WIRE_DATA_MIN;
    if (t->options.data_max > WIRE_DATA_ETHERNET)
        t->options.data_max = WIRE_DATA_ETHERNET;
    t->base = HERALD_SEQNO;
    requests_init(&t->requests);
}

void debugnet_transport_free(struct debugnet_transport *t)
{
    requests_free(&t->requests);
}

static void log_message(const struct debugnet_transport *t, const char *direction,
                        const struct wire_msg *msg)
{
    static const char *const names[] = {"?", "HERALD", "FINISHED", "DATA", "ack"};
    if (msg->type == WIRE_DATA)
        log_at(t->log, LOG_PACKET, "%s DATA %u: bytes %llu to %llu of %u", direction, msg->seqno,
               (unsigned long long)msg->offset, (unsigned long long)(msg->offset + msg->len),
               msg->total);
    else
        log_at(t->log, LOG_PACKET, "%s %s %u", direction, names[msg->type], msg->seqno);
}

/* The chunks of a message: acknowledged up to `unacked`, sent up to `sent`. */
static bool window_is_sound(const struct debugnet_transport *t)
{
    return t->unacked <= t->sent && t->sent <= t->chunks && t->chunks <= DEBUGNET_CHUNKS &&
           t->sent - t->unacked <= DEBUGNET_WINDOW;
}

static void send_ack(struct debugnet_transport *t, uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    const struct io_msg msg = {.data = ack, .len = sizeof ack};
    wire_encode_ack(seqno, ack);
    (void)io_send(t->io, IO_CLIENT, &msg, 1); /* if it is lost, the server retransmits */
}

static void transport_take_ack(struct debugnet_transport *t, uint32_t seqno)
{
    CHECK(window_is_sound(t));
    if (seqno - t->base >= t->sent)
        return;
    t->acked[seqno - t->base] = true;
    while (t->unacked < t->sent && t->acked[t->unacked])
        t->unacked++;
}

/* Whether a DATA not received before starts a message or continues the current one. */
static bool is_next_chunk(struct debugnet_transport *t, const struct wire_msg *msg)
{
    if (msg->offset != 0)
        return msg->seqno == t->last + 1 && msg->offset == t->have && msg->total == t->total &&
               msg->len <= t->total - t->have;
    if (t->have < t->total)
        requests_drop_partial(&t->requests); /* a new server starts its own message */
    t->have = 0;
    t->total = msg->total > msg->len ? msg->total : msg->len;
    return true;
}

/* Passes the bytes to the RSP parser. False if they are dropped: the server retransmits. */
static bool store(struct debugnet_transport *t, const struct wire_msg *msg)
{
    if (t->requests.pending.len > REQUESTS_PENDING_MAX / 2 || !is_next_chunk(t, msg)) {
        t->dropped++;
        return false;
    }
    /* A server sends a request after the whole reply: an earlier one acknowledges nothing. */
    if (t->request_implies_ack && t->sent == t->chunks && msg->offset == 0 && msg->len != 0 &&
        msg->data[0] == '$')
        t->unacked = t->chunks;
    t->last = msg->seqno;
    t->have += msg->len;
    CHECK(t->have <= t->total);
    requests_feed(&t->requests, msg->data, msg->len);
    return true;
}

static void transport_take_data(struct debugnet_transport *t, const struct io_msg *datagram,
                                const struct wire_msg *msg)
{
    bool duplicate = msg->seqno <= t->last;
    if (t->options.generation == DEBUGNET_OLD)
        send_ack(t, msg->seqno);
    t->duplicates += duplicate;
    if (duplicate)
        io_note(t->io, IO_CLIENT, datagram, "received before: dropped");
    if (duplicate || store(t, msg))
        send_ack(t, msg->seqno);
    else
        io_note(t->io, IO_CLIENT, datagram, "dropped: no room, or not the next chunk");
}

static void take_datagram(struct debugnet_transport *t, const struct io_msg *datagram)
{
    struct wire_msg msg;
    if (wire_decode(datagram->data, datagram->len, &msg) != 0 || msg.type == WIRE_HERALD) {
        t->dropped++;
        return;
    }
    log_message(t, "got", &msg);
    if (msg.type == WIRE_IS_ACK) {
        transport_take_ack(t, msg.seqno);
    } else if (msg.type == WIRE_DATA) {
        transport_take_data(t, datagram, &msg);
    } else {
        t->finished = true;
        if (t->options.generation == DEBUGNET_OLD)
            send_ack(t, msg.seqno);
    }
}

int debugnet_transport_take(struct debugnet_transport *t)
{
    struct io_msg msgs[RECV_BATCH];
    int n;
    do {
        n = io_recv(t->io, IO_CLIENT, msgs, RECV_BATCH);
        for (int i = 0; i < n; i++)
            take_datagram(t, &msgs[i]);
    } while (n == RECV_BATCH);
    return n < 0 ? n : 0;
}

/* Encodes chunk `i` of a message in entry `place` of the burst. */
static struct io_msg make_chunk(struct debugnet_transport *t, unsigned i, unsigned place,
                                enum wire_type type, const uint8_t *data, size_t len)
{
    size_t offset = i * t->options.data_max, left = len - offset;
    struct wire_msg msg = {
        .type = type,
        .seqno = t->base + i,
        .offset = offset,
        .total = type == WIRE_HERALD ? WIRE_NETGDB_V1 : (uint32_t)len,
        .len = left < t->options.data_max ? left : t->options.data_max,
    };
    uint8_t *out = t->burst[place];
    CHECK(i < t->chunks && place < DEBUGNET_WINDOW && offset <= len);
    wire_encode(&msg, out);
    if (msg.len != 0)
        memcpy(out + WIRE_HEADER, data + offset, msg.len);
    log_message(t, "sent", &msg);
    return (struct io_msg){.data = out, .len = WIRE_HEADER + msg.len};
}

/* Sends the unacknowledged chunks from `from` to the end of the window. */
static void send_window(struct debugnet_transport *t, unsigned from, enum wire_type type,
                        const uint8_t *data, size_t len)
{
    struct io_msg msgs[DEBUGNET_WINDOW];
    unsigned n = 0, end = t->unacked + DEBUGNET_WINDOW;
    if (end > t->chunks)
        end = t->chunks;
    for (unsigned i = from; i < end; i++) {
        if (!t->acked[i]) {
            msgs[n] = make_chunk(t, i, n, type, data, len);
            msgs[n].note = i < t->sent ? "retransmission" : NULL;
            n++;
        }
    }
    if (end > t->sent)
        t->sent = end;
    CHECK(n <= DEBUGNET_WINDOW && window_is_sound(t));
    if (n != 0)
        (void)io_send(t->io, IO_CLIENT, msgs, n); /* as in send_ack */
}

/* Waits once, at most until `deadline`: for a datagram, or until the next poll. */
static int wait_once(struct debugnet_transport *t, uint64_t deadline)
{
    unsigned reasons = IO_ON_WAKE;
    if (t->options.poll == 0) {
        reasons |= IO_ON_CLIENT;
    } else {
        uint64_t next = io_now(t->io) + t->options.poll;
        deadline = next < deadline ? next : deadline;
    }
    return (io_wait(t->io, deadline, reasons) & IO_ON_WAKE) != 0 ? NETGDB_INTERRUPTED : 0;
}

/* Handles received datagrams until a new chunk is acknowledged or the deadline passes. */
static int await_progress(struct debugnet_transport *t, uint64_t deadline)
{
    unsigned before = t->unacked;
    int rc = debugnet_transport_take(t);
    while (rc == 0 && t->unacked == before && io_now(t->io) < deadline) {
        rc = wait_once(t, deadline);
        if (rc == 0)
            rc = debugnet_transport_take(t);
    }
    return rc;
}

/* Transmits and retransmits until all chunks are acknowledged. */
static int transmit_message(struct debugnet_transport *t, enum wire_type type, const uint8_t *data,
                            size_t len)
{
    unsigned tries = 0;
    uint64_t deadline = 0;
    while (t->unacked < t->chunks) {
        uint64_t now = io_now(t->io);
        if (now >= deadline) {
            if (tries++ == t->options.tries)
                return NETGDB_LOST;
            send_window(t, t->unacked, type, data, len);
            deadline = now + t->options.retry;
        }
        unsigned before = t->unacked;
        int rc = await_progress(t, deadline);
        if (rc != 0)
            return rc;
        if (t->unacked != before) {
            tries = 1;
            send_window(t, t->sent, type, data, len);
        }
    }
    return 0;
}

static int send_message(struct debugnet_transport *t, enum wire_type type, const uint8_t *data,
                        size_t len)
{
    CHECK_OR_RETURN(t->chunks == 0); /* one message at a time */
    t->chunks = len == 0 ? 1 : (unsigned)((len - 1) / t->options.data_max + 1);
    CHECK_OR_RETURN(t->chunks <= DEBUGNET_CHUNKS);
    memset(t->acked, 0, sizeof t->acked);
    int rc = transmit_message(t, type, data, len);
    t->base += t->chunks;
    t->chunks = t->sent = t->unacked = 0;
    if (rc == 0 && t->options.poll != 0)
        (void)io_wait(t->io, io_now(t->io) + t->options.poll, IO_ON_WAKE);
    return rc;
}

int debugnet_transport_send(struct debugnet_transport *t, enum wire_type type, const uint8_t *data,
                            size_t len)
{
    int rc = 0;
    for (; rc == 0 && len > WIRE_MESSAGE_MAX; len -= WIRE_MESSAGE_MAX, data += WIRE_MESSAGE_MAX)
        rc = send_message(t, type, data, WIRE_MESSAGE_MAX);
    return rc == 0 ? send_message(t, type, data, len) : rc;
}
