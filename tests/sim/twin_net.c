/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The twin's debugnet: sending with a bitmap of acks, receiving without checking seqnos, and
 * netgdb's receive buffer (sys/net/debugnet.c, sys/gdb/netgdb.c).
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

enum { HERALD = 1, FINISHED = 2, DATA = 3, ACK = 4, IP_UDP = 28, CTRL_C = 3, SWALLOWED = 0xff };
enum { SKIP_FROM = 20 };
enum { HERALD_PORT = 20025, KERNEL_PORT = 20026 };
#define NETGDB_V1 UINT32_C(0x2515f095)

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void output(struct twin *t, const uint8_t *payload, size_t len)
{
    const struct sim_addr from = {t->config.ip, KERNEL_PORT};
    const struct sim_addr to = {t->config.server_ip, t->link.port};
    sim_send(t->w, from, to, payload, len);
}

static void output_ack(struct twin *t, uint32_t seqno)
{
    uint8_t ack[ACK];
    put32(ack, seqno);
    t->counts.acks_sent++;
    output(t, ack, sizeof ack);
}

static void output_chunk(struct twin *t, unsigned chunk, size_t offset, size_t len)
{
    uint8_t datagram[TWIN_HEADER + TWIN_REPLY_MAX];
    const struct twin_link *l = &t->link;
    put32(datagram, l->type);
    put32(datagram + 4, l->seqno + chunk);
    put32(datagram + 8, 0);
    put32(datagram + 12, (uint32_t)offset);
    put32(datagram + 16, (uint32_t)len);
    put32(datagram + 20, l->aux2);
    memcpy(datagram + TWIN_HEADER, l->data + offset, len);
    t->counts.transmissions++;
    t->counts.retransmissions += l->retries > 0;
    output(t, datagram, TWIN_HEADER + len);
}

/*
 * `1 << n` of an int, stored in 64 bits, as an x86 computes it: for 31 all higher bits are set too,
 * and from 32 on n is taken modulo 32.
 */
static uint64_t ack_bit(uint32_t n)
{
    return n % 32 == 31 ? UINT64_C(0xffffffff80000000) : UINT64_C(1) << n % 32;
}

/* Sends all unacked chunks in one burst. */
static void transmit(struct twin *t)
{
    struct twin_link *l = &t->link;
    size_t room = t->config.mtu - TWIN_OVERHEAD, offset = 0;
    unsigned i = 0;
    do {
        size_t len = l->len - offset < room ? l->len - offset : room;
        if ((l->acks & ack_bit(i)) == 0) {
            output_chunk(t, i, offset, len);
            l->wanted |= ack_bit(i);
        }
        offset += len;
        i++;
    } while (offset < l->len);
    l->chunks = i;
    l->polls = 0;
}

static void send_failed(struct twin *t)
{
    t->counts.gave_up++;
    ddb_enter(t, "twin: a send failed, back in ddb", &t->counts.lost_by_silence);
}

static void poll_ring(struct twin *t);
static void send_loop(struct twin *t);

static void send_slept(struct twin *t)
{
    if (t->link.closed)
        send_failed(t);
    else
        send_loop(t);
}

static void send_skipped(struct twin *t)
{
    t->link.skipping = 0;
    t->link.polls = TWIN_NPOLLS + 1;
    send_slept(t);
}

/*
 * Polls without input are skipped, for speed: the next one is the poll that ends the wait, unless
 * end_skip is called before.
 */
static void skip_polls(struct twin *t)
{
    unsigned left = (unsigned)(TWIN_NPOLLS + 2 - t->link.polls);
    t->link.skipping = sim_now(t->w);
    twin_enter(t, t->phase, left * t->config.poll, send_skipped);
}

/* A datagram has arrived: the next poll is simulated. */
static void end_skip(struct twin *t)
{
    struct twin_link *l = &t->link;
    uint64_t passed = sim_now(t->w) - l->skipping, next = passed / t->config.poll + 1;
    bool sending = t->phase == TWIN_SENDING || t->phase == TWIN_HERALD;
    if (!sending || l->skipping == 0 || (uint64_t)l->polls + next >= TWIN_NPOLLS + 2)
        return;
    l->polls += (int)next - 1;
    l->skipping = 0;
    twin_enter(t, t->phase, next * t->config.poll - passed, send_slept);
}

static void count_send(struct twin *t)
{
    struct twin_link *l = &t->link;
    uint64_t took = sim_now(t->w) - l->began;
    if (l->type != DATA)
        return;
    t->counts.sending += took;
    t->counts.replied += l->resending ? 0 : took;
    t->counts.replies += !l->resending;
    l->resending = false;
}

static void send_loop(struct twin *t)
{
    struct twin_link *l = &t->link;
    if (l->acks == l->wanted) {
        count_send(t);
        l->seqno += l->chunks;
        l->then(t);
        return;
    }
    if (l->polls++ > TWIN_NPOLLS) {
        if (l->retries++ > TWIN_NRETRIES) {
            send_failed(t);
            return;
        }
        transmit(t);
        twin_enter(t, t->phase, t->config.react, send_loop);
        return;
    }
    poll_ring(t);
    if (l->polls > SKIP_FROM && l->acks != l->wanted)
        skip_polls(t);
    else
        twin_enter(t, t->phase, t->config.poll, send_slept);
}

/* Starts to send link.data. */
static void begin(struct twin *t, enum twin_phase phase, uint32_t type, twin_step *then)
{
    struct twin_link *l = &t->link;
    if (l->closed) {
        send_failed(t);
        return;
    }
    l->type = type;
    l->then = then;
    l->acks = l->wanted = 0;
    l->retries = 0;
    l->skipping = 0;
    l->began = sim_now(t->w);
    transmit(t);
    twin_enter(t, phase, t->config.react, send_loop);
}

void net_send(struct twin *t, const void *data, size_t len, twin_step *then)
{
    struct twin_link *l = &t->link;
    if (len > sizeof l->data)
        sim_fail(t->w, "the twin has a reply of %zu bytes", len);
    memcpy(l->data, data, len);
    l->len = len;
    l->aux2 = (uint32_t)len;
    t->counts.messages++;
    begin(t, TWIN_SENDING, DATA, then);
}

static void heralded(struct twin *t)
{
    t->counts.sessions++;
    twin_say(t, "twin: session");
    stub_enter(t);
}

/*
 * An ack moves the connection past its first state, and the ARP reply then finds the wrong state;
 * 13.x acks a message before it has resolved the server's MAC address. Both panic a kernel with
 * INVARIANTS.
 */
static bool dies_of_early_data(struct twin *t)
{
    const struct twin_ring *r = &t->ring;
    for (size_t i = 0; i < r->used && t->config.invariants; i++) {
        const struct sim_datagram *d = r->items[(r->first + i) % t->config.ring];
        bool acked = d->len >= TWIN_HEADER && t->config.generation == TWIN_OLD;
        if (d->from.ip == t->config.server_ip && (acked || d->len == ACK))
            return true;
    }
    return false;
}

void net_connect(struct twin *t)
{
    if (dies_of_early_data(t)) {
        t->counts.early_data++;
        twin_gone(t, "twin: a message was in its NIC at `netgdb -s`, it panicked");
        return;
    }
    t->link.closed = t->link.have_port = false;
    t->link.port = HERALD_PORT;
    t->link.seqno = 1;
    t->link.len = 0;
    t->link.aux2 = NETGDB_V1;
    t->input.len = t->input.off = t->input.origins_used = t->input.origin = 0;
    t->counts.heralds++;
    begin(t, TWIN_HERALD, HERALD, heralded);
}

static bool sending(const struct twin *t)
{
    return t->phase == TWIN_HERALD || t->phase == TWIN_SENDING;
}

static void input_ack(struct twin *t, uint32_t seqno, uint16_t port)
{
    struct twin_link *l = &t->link;
    if (!l->have_port) {
        l->have_port = true;
        l->port = port;
    }
    if (seqno < l->seqno || seqno >= l->seqno + TWIN_IN_FLIGHT)
        return;
    uint64_t bit = ack_bit(seqno - l->seqno);
    if (sending(t) && (l->wanted & bit) != bit) {
        t->counts.poisoned++;
        twin_say(t, "twin: poisoned by an ack");
    }
    l->acks |= bit;
}

static bool has_room(const struct twin *t, size_t len)
{
    return t->config.buffer - t->input.len >= len;
}

/* Appends bytes to the stream, whatever their seqno. */
static void append(struct twin *t, const struct sim_datagram *d, const uint8_t *bytes, size_t len)
{
    struct twin_input *in = &t->input;
    if (len == 0)
        return;
    if (in->origins_used == in->origins_room) {
        in->origins_room = in->origins_room != 0 ? 2 * in->origins_room : 64;
        in->origins = sim_realloc(in->origins, in->origins_room * sizeof *in->origins);
    }
    in->origins[in->origins_used++] = (struct twin_origin){.start = in->len,
                                                           .datagram = d->id,
                                                           .digest = d->digest,
                                                           .copy = d->copy,
                                                           .port = d->from.port,
                                                           .seqno = get32(d->data + 4)};
    memcpy(in->bytes + in->len, bytes, len);
    in->len += len;
}

/* 13.x: every complete datagram is acked first, then checked. */
static void input_old(struct twin *t, const struct sim_datagram *d)
{
    static const uint8_t ctrl_c = CTRL_C;
    uint32_t type = get32(d->data), seqno = get32(d->data + 4), len = get32(d->data + 16);
    output_ack(t, seqno);
    if (type == FINISHED) {
        t->counts.finished++;
        t->link.closed = true;
        if (has_room(t, 1))
            append(t, d, &ctrl_c, 1);
    } else if (type != DATA) {
        t->counts.dropped++;
    } else if (!has_room(t, len)) {
        t->counts.full_lost++;
        twin_say(t, "twin: buffer full, acked and lost");
    } else {
        output_ack(t, seqno);
        append(t, d, d->data + TWIN_HEADER, len);
    }
}

/* 14.0 and later: only stored data is acked. */
static void input_new(struct twin *t, const struct sim_datagram *d)
{
    uint32_t type = get32(d->data);
    size_t len = d->len - TWIN_HEADER;
    if (type == FINISHED) {
        t->counts.finished++;
        t->link.closed = true;
    } else if (type != DATA) {
        t->counts.dropped++;
    } else if (!has_room(t, len)) {
        t->counts.full_refused++;
        twin_say(t, "twin: buffer full, not acked");
    } else {
        append(t, d, d->data + TWIN_HEADER, len);
        output_ack(t, get32(d->data + 4));
    }
}

static void input_datagram(struct twin *t, const struct sim_datagram *d)
{
    if (d->from.ip != t->config.server_ip || d->to.port != KERNEL_PORT)
        t->counts.dropped++;
    else if (d->len == ACK)
        input_ack(t, get32(d->data), d->from.port);
    else if (d->len < TWIN_HEADER || get32(d->data + 16) > d->len - TWIN_HEADER)
        t->counts.dropped++;
    else if (t->config.generation == TWIN_OLD)
        input_old(t, d);
    else
        input_new(t, d);
}

static struct sim_datagram *ring_take(struct twin *t)
{
    struct twin_ring *r = &t->ring;
    if (r->used == 0)
        return NULL;
    struct sim_datagram *d = r->items[r->first];
    r->first = (r->first + 1) % t->config.ring;
    r->used--;
    return d;
}

static void poll_ring(struct twin *t)
{
    for (struct sim_datagram *d = ring_take(t); d != NULL; d = ring_take(t)) {
        input_datagram(t, d);
        free(d);
    }
}

void net_drop_ring(struct twin *t)
{
    for (struct sim_datagram *d = ring_take(t); d != NULL; d = ring_take(t))
        free(d);
}

static void idle_poll(struct twin *t)
{
    poll_ring(t);
    net_wait(t);
}

static bool listens(const struct twin *t)
{
    bool kept = t->config.ring_survives || t->config.invariants;
    bool off = t->phase == TWIN_GONE || (t->phase == TWIN_DDB && !kept);
    return !off;
}

void net_deliver(void *context, struct sim_datagram *d)
{
    struct twin *t = context;
    if (!listens(t) || d->len + IP_UDP > t->config.mtu) {
        t->counts.dropped += listens(t);
        free(d);
        return;
    }
    if (t->ring.used == t->config.ring) {
        t->counts.ring_lost++;
        free(d);
        return;
    }
    t->ring.items[(t->ring.first + t->ring.used++) % t->config.ring] = d;
    end_skip(t);
    if (t->phase == TWIN_WAITING && t->timer == 0)
        twin_enter(t, TWIN_WAITING, t->config.react, idle_poll);
}

/* Takes the next byte from the buffer, with its origin. */
static uint8_t take_byte(struct twin_input *in)
{
    while (in->origin + 1 < in->origins_used && in->origins[in->origin + 1].start <= in->off)
        in->origin++;
    return in->bytes[in->off++];
}

static void ctrl_c(struct twin *t)
{
    if (t->config.other_gdb_port) {
        twin_to_ddb(t, "twin: 0x03, back in ddb");
        return;
    }
    t->counts.resumed_by_ctrl_c++;
    twin_gone(t, "twin: 0x03, the machine runs on and the panic is lost");
}

void net_wait(struct twin *t)
{
    struct twin_input *in = &t->input;
    twin_enter(t, TWIN_WAITING, 0, NULL);
    while (t->phase == TWIN_WAITING && in->off < in->len) {
        uint8_t byte = take_byte(in);
        if (byte == CTRL_C)
            ctrl_c(t);
        else if (byte != SWALLOWED)
            stub_byte(t, byte, &in->origins[in->origin],
                      in->off - 1 - in->origins[in->origin].start);
    }
    if (t->phase != TWIN_WAITING)
        return;
    in->len = in->off = in->origins_used = in->origin = 0;
    if (t->ring.used > 0)
        twin_enter(t, TWIN_WAITING, t->config.react, idle_poll);
}
