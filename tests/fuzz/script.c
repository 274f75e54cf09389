/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interprets an input as a script; see script.h. Each event is a byte, of which three bits are its
 * kind, and its arguments.
 */
#include "tests/fuzz/script.h"

#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "tests/fuzz/fuzz.h"

enum { READ_MAX = 140 }; /* bytes of memory in a reply of one datagram */

static struct script *of(struct io *io)
{
    return (struct script *)io;
}

uint8_t script_byte(struct script *s)
{
    if (s->size == 0)
        return 0;
    s->size--;
    return *s->data++;
}

/* Takes a length and as many bytes of the input, at most `max`. */
static size_t take(struct script *s, const uint8_t **bytes, size_t max)
{
    size_t n = script_byte(s);
    n = n < s->size ? n : s->size;
    n = n < max ? n : max;
    *bytes = s->data;
    s->data += n;
    s->size -= n;
    return n;
}

static void arrive(struct script *s, const void *bytes, size_t len)
{
    struct wire_msg msg;
    if (s->queued == SCRIPT_QUEUE || len > sizeof s->datagram[0])
        return;
    memcpy(s->datagram[s->queued], bytes, len);
    s->len[s->queued++] = len;
    if (!s->stream && wire_decode(bytes, len, &msg) == 0 && msg.type != WIRE_IS_ACK &&
        s->heard_count < SCRIPT_HEARD)
        s->heard[s->heard_count++] = msg.seqno;
}

static void arrive_ack(struct script *s, uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(seqno, ack);
    arrive(s, ack, sizeof ack);
}

static void arrive_data(struct script *s, uint32_t seqno, uint64_t offset, uint32_t total,
                        const void *bytes, size_t len)
{
    uint8_t datagram[WIRE_HEADER + 300];
    const struct wire_msg msg = {
        .type = WIRE_DATA, .seqno = seqno, .offset = offset, .total = total, .len = len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, bytes, len);
    arrive(s, datagram, WIRE_HEADER + len);
}

/* The peer's next message, of one DATA. */
static void arrive_message(struct script *s, const void *bytes, size_t len)
{
    arrive_data(s, s->peer++, 0, (uint32_t)len, bytes, len);
}

static void arrive_packet(struct script *s, const uint8_t *content, size_t len)
{
    struct buf frame;
    buf_init(&frame, 300);
    if (rsp_frame(&frame, content, len) == 0 && s->stream)
        arrive(s, frame.data, frame.len);
    else if (frame.error == 0)
        arrive_message(s, frame.data, frame.len);
    buf_free(&frame);
}

/* A chunk with an offset from the input. */
static void arrive_chunk(struct script *s)
{
    const uint8_t *bytes;
    uint32_t seqno = s->peer + script_byte(s) - 8;
    uint64_t offset = (uint64_t)script_byte(s) << script_byte(s) % 64;
    uint32_t total = (uint32_t)script_byte(s) << script_byte(s) % 24;
    size_t n = take(s, &bytes, 250);
    arrive_data(s, seqno, offset, total, bytes, n);
    if (offset == 0 && n == total && seqno == s->peer)
        s->peer++;
}

/* A reply with the memory that was last requested, with or without a '+' before it. */
static void answer_read(struct script *s, bool plus)
{
    uint8_t digits[2 * READ_MAX];
    memset(digits, "0123456789abcdef"[s->own % 16], sizeof digits);
    arrive_ack(s, s->own);
    if (plus)
        arrive_message(s, "+", 1);
    arrive_packet(s, digits, 2 * s->read);
}

/* All datagrams of a valid answer to a request. */
static void answer(struct script *s, uint8_t what)
{
    const uint8_t *bytes;
    if ((what & 8) != 0) {
        answer_read(s, (what & 16) != 0);
        return;
    }
    size_t n = take(s, &bytes, 100);
    arrive_ack(s, s->own);
    arrive_message(s, "+", 1);
    arrive_packet(s, bytes, n);
}

static void event(struct script *s)
{
    static const uint64_t times[] = {1000,        IO_MS,     6 * IO_MS,     25 * IO_MS,
                                     300 * IO_MS, IO_SECOND, 3 * IO_SECOND, 41 * IO_SECOND};
    const uint8_t *bytes;
    uint8_t what = script_byte(s);
    size_t n;
    switch (what % 8) {
    case 0: /* anything */
        n = take(s, &bytes, 255);
        arrive(s, bytes, n);
        break;
    case 1:
        arrive_ack(s, s->own + (uint32_t)(what >> 3) - 4);
        break;
    case 2:
        n = take(s, &bytes, 250);
        arrive_packet(s, bytes, n);
        break;
    case 3:
        s->now += times[what >> 3 & 7];
        break;
    case 4: /* a duplicate of an older one, or an anomaly */
        if ((what & 8) != 0)
            arrive_message(s, (what & 16) != 0 ? "-" : "+", 1);
        else if (s->queued != 0 && s->queued < SCRIPT_QUEUE)
            arrive(s, s->datagram[(what >> 4) % s->queued], s->len[(what >> 4) % s->queued]);
        break;
    case 5:
        arrive_chunk(s);
        break;
    case 6:
        answer(s, what);
        break;
    default:
        n = take(s, &bytes, 250);
        arrive_message(s, bytes, n);
    }
}

static uint64_t script_now(struct io *io)
{
    return of(io)->now;
}

/* True if a seqno was received, or if there were too many to record. */
static bool was_heard(const struct script *s, uint32_t seqno)
{
    bool heard = s->heard_count == SCRIPT_HEARD || seqno == 1;
    for (unsigned i = 0; i < s->heard_count && !heard; i++)
        heard = s->heard[i] == seqno;
    return heard;
}

/* `$mADDRESS,LENGTH#` */
static void note_read(struct script *s, const struct wire_msg *msg)
{
    const uint8_t *comma = msg->len > 2 ? memchr(msg->data, ',', msg->len) : NULL;
    uint64_t n = 0;
    if (comma == NULL || msg->data[1] != 'm')
        return;
    (void)rsp_hex_number(comma + 1, msg->len - (size_t)(comma + 1 - msg->data), &n);
    s->read = n < READ_MAX ? (unsigned)n : READ_MAX;
}

static void look_at(struct script *s, const struct io_msg *m)
{
    struct wire_msg msg;
    MUST(wire_decode(m->data, m->len, &msg) == 0);
    if (msg.type == WIRE_IS_ACK) {
        MUST(was_heard(s, msg.seqno));
        return;
    }
    MUST(msg.type == WIRE_DATA || (msg.type == WIRE_HERALD && msg.seqno == 1));
    MUST(msg.len <= WIRE_DATA_ETHERNET && msg.offset + msg.len <= msg.total);
    MUST(msg.seqno <= s->own + 1 || s->stream);
    if (msg.seqno == s->own + 1)
        s->own = msg.seqno;
    note_read(s, &msg);
}

static int script_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct script *s = of(io);
    MUST(side == s->side);
    for (unsigned i = 0; i < n; i++) {
        s->sent += msgs[i].len;
        if (!s->stream)
            look_at(s, &msgs[i]);
    }
    return s->ended ? NETGDB_IO : 0;
}

/* Returns all received datagrams at once; they stay valid until the next recv. */
static int script_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n)
{
    static uint8_t given[SCRIPT_QUEUE][WIRE_HEADER + 300];
    struct script *s = of(io);
    unsigned got = s->queued < n ? s->queued : n, left = s->queued - got;
    MUST(side == s->side);
    for (unsigned i = 0; i < got; i++) {
        memcpy(given[i], s->datagram[i], s->len[i]);
        msgs[i] = (struct io_msg){.data = given[i], .len = s->len[i]};
    }
    memmove(s->datagram[0], s->datagram[got], left * sizeof s->datagram[0]);
    memmove(s->len, s->len + got, left * sizeof s->len[0]);
    s->queued = left;
    if (got == 0 && s->ended)
        return s->stream ? NETGDB_CLOSED : NETGDB_IO;
    return (int)got;
}

/* Runs events until something is received or the deadline is reached. */
static unsigned script_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    struct script *s = of(io);
    unsigned mine = 1u << s->side;
    while (s->size != 0 && s->queued == 0 && s->now < deadline) {
        event(s);
        s->used_up = s->now;
    }
    if (s->queued != 0 && (reasons & mine) != 0)
        return mine;
    if (s->size != 0 || s->used_up == 0)
        s->used_up = s->now;
    s->endless = s->now - s->used_up > SCRIPT_SILENCE;
    if (s->now < deadline && deadline != IO_NEVER && !s->endless) {
        s->now = deadline;
        return 0;
    }
    if (s->now >= deadline)
        return 0;
    s->ended = true;
    return reasons & (mine | IO_ON_WAKE);
}

void script_init(struct script *s, enum io_side side, const uint8_t *data, size_t size,
                 uint32_t own, uint32_t peer)
{
    static const struct io_ops ops = {script_now, script_send, script_recv, script_wait};
    *s = (struct script){.side = side,
                         .now = 1000 * IO_SECOND,
                         .data = data,
                         .size = size,
                         .own = own,
                         .peer = peer};
    io_init(&s->io, &ops);
}
