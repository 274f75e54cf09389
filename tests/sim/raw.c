/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server that tests control by datagrams; see raw.h. */
#include "tests/sim/raw.h"

#include <stdlib.h>
#include <string.h>

#include "proto/link/wire.h"
#include "proto/rsp/rsp.h"
#include "tests/sim/private.h"
#include "tests/sim/sim_unit.h"

enum { HEARD_MAX = 1 << 20, FRAME_MAX = 8192 };

struct raw *raw_new(const struct twin_config *config)
{
    struct raw *r = sim_alloc(sizeof *r);
    r->w = sim_unit_world(1);
    r->t = twin_new(r->w, config);
    r->seqno = 1;
    buf_init(&r->heard, HEARD_MAX);
    buf_init(&r->reply, HEARD_MAX);
    return r;
}

void raw_free(struct raw *r)
{
    twin_free(r->t);
    sim_world_free(r->w);
    buf_free(&r->heard);
    buf_free(&r->reply);
    free(r);
}

void raw_ack(struct raw *r, uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(seqno, ack);
    io_send(r->io, IO_TARGET, &(struct io_msg){.data = ack, .len = sizeof ack}, 1);
}

static void take_data(struct raw *r, const struct wire_msg *m)
{
    assert_true(r->messages < RAW_MESSAGES);
    r->data[r->messages++] = (struct raw_data){.time = sim_now(r->w),
                                               .seqno = m->seqno,
                                               .total = m->total,
                                               .offset = m->offset,
                                               .len = m->len};
    if (!r->silent)
        raw_ack(r, m->seqno);
    if (m->seqno > r->heard_seqno) {
        r->heard_seqno = m->seqno;
        (void)buf_add(&r->heard, m->data, m->len);
    }
}

static void take(struct raw *r, const struct io_msg *msg)
{
    struct wire_msg m;
    assert_int_equal(wire_decode(msg->data, msg->len, &m), 0);
    if (m.type == WIRE_DATA)
        take_data(r, &m);
    if (m.type == WIRE_IS_ACK) {
        assert_true(r->acks < RAW_MESSAGES);
        r->acked[r->acks++] = m.seqno;
        r->ack_time = sim_now(r->w);
    }
}

void raw_run(struct raw *r, uint64_t ns)
{
    uint64_t deadline = sim_now(r->w) + ns;
    struct io_msg msg;
    while (io_wait(r->io, deadline, IO_ON_TARGET) != 0) {
        while (io_recv(r->io, IO_TARGET, &msg, 1) == 1)
            take(r, &msg);
    }
}

void raw_herald(struct raw *r)
{
    twin_netgdb(r->t);
    sim_run_for(r->w, SIM_MS);
    struct sim_datagram *d = sim_herald_recv(r->w);
    assert_non_null(d);
    r->io = sim_session(r->w, d->from.ip, 0);
    free(d);
}

void raw_until_stop(struct raw *r)
{
    raw_herald(r);
    raw_ack(r, 1);
    raw_run(r, 10 * SIM_MS);
    assert_int_equal(r->heard_seqno, 2);
    assert_int_equal(twin_phase(r->t), TWIN_WAITING);
}

struct raw *raw_session_of(const struct twin_config *config)
{
    struct raw *r = raw_new(config);
    raw_until_stop(r);
    raw_say(r, "+");
    raw_run(r, SIM_MS);
    raw_forget(r);
    return r;
}

struct raw *raw_session(enum twin_generation generation)
{
    struct twin_config config = twin_config(generation);
    return raw_session_of(&config);
}

void raw_message(struct raw *r, uint32_t type, uint32_t seqno, uint32_t claimed, const void *bytes,
                 size_t len)
{
    uint8_t datagram[WIRE_DATAGRAM_MAX];
    struct wire_msg m = {.type = (enum wire_type)type, .seqno = seqno, .total = claimed};
    m.len = claimed;
    wire_encode(&m, datagram);
    memcpy(datagram + WIRE_HEADER, bytes, len);
    io_send(r->io, IO_TARGET, &(struct io_msg){.data = datagram, .len = WIRE_HEADER + len}, 1);
}

uint32_t raw_say_bytes(struct raw *r, const void *bytes, size_t len)
{
    raw_message(r, WIRE_DATA, r->seqno, (uint32_t)len, bytes, len);
    return r->seqno++;
}

uint32_t raw_say(struct raw *r, const char *bytes)
{
    return raw_say_bytes(r, bytes, strlen(bytes));
}

void raw_repeat(struct raw *r, uint32_t seqno, const char *bytes)
{
    raw_message(r, WIRE_DATA, seqno, (uint32_t)strlen(bytes), bytes, strlen(bytes));
}

void raw_forget(struct raw *r)
{
    r->acks = r->messages = 0;
    buf_reset(&r->heard);
}

const char *raw_heard(struct raw *r)
{
    assert_int_equal(buf_addc(&r->heard, 0), 0);
    r->heard.len--;
    return (const char *)r->heard.data;
}

const char *raw_frame(const char *content)
{
    static char frame[FRAME_MAX];
    struct buf b;
    buf_init(&b, sizeof frame - 1);
    assert_int_equal(rsp_frame(&b, (const uint8_t *)content, strlen(content)), 0);
    memcpy(frame, b.data, b.len);
    frame[b.len] = 0;
    buf_free(&b);
    return frame;
}

/* The content of the first packet among the received bytes. */
static const char *reply_of(struct raw *r)
{
    struct rsp_parser p;
    const uint8_t *data = r->heard.data;
    size_t len = r->heard.len;
    enum rsp_event event;
    rsp_parser_init(&p, RSP_FROM_STUB, HEARD_MAX);
    do {
        event = rsp_parse(&p, &data, &len);
    } while (event == RSP_ACK);
    assert_int_equal(event, RSP_PACKET);
    (void)buf_set(&r->reply, p.content.data, p.content.len);
    (void)buf_addc(&r->reply, 0);
    rsp_parser_free(&p);
    return (const char *)r->reply.data;
}

const char *raw_ask(struct raw *r, const char *request)
{
    raw_forget(r);
    raw_say(r, raw_frame(request));
    raw_run(r, 10 * SIM_MS);
    const char *reply = reply_of(r);
    raw_say(r, "+");
    raw_run(r, SIM_MS);
    return reply;
}
