/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: a debugnet_client, and a server whose datagrams the test writes. */
#ifndef NETGDB_TESTS_DEBUGNET_CLIENT_FIXTURE_H
#define NETGDB_TESTS_DEBUGNET_CLIENT_FIXTURE_H

#include "proto/node/debugnet_client.h"
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/link/wire.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"
#include "tests/unit/fake_io.h"

enum { RTT = 100 * 1000, RETRY = 1000500 * 1000 };

struct fixture {
    struct fake_io io; /* first: on_send finds the rest */
    struct debugnet_options options;
    struct server *server;
    struct buf request;
    struct buf trace;    /* the kernel's datagrams, as text */
    bool deaf;           /* acks nothing */
    uint32_t lose_seqno; /* acks this one only after several transmissions */
    unsigned lose_times;
    uint32_t seqno; /* of the server's last DATA */
};

static inline void push_ack(struct fixture *f, uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(seqno, ack);
    fake_push(&f->io, IO_CLIENT, RTT, ack, sizeof ack);
}

/* The server's receiver: records the kernel's datagrams and acks them. */
static inline void hear(struct fake_io *io, enum io_side side, const uint8_t *data, size_t len)
{
    struct fixture *f = (struct fixture *)io;
    struct wire_msg msg;
    assert_int_equal(side, IO_CLIENT);
    assert_int_equal(wire_decode(data, len, &msg), 0);
    if (msg.type == WIRE_IS_ACK) {
        (void)buf_printf(&f->trace, "a%u ", msg.seqno);
        return;
    }
    if (msg.type == WIRE_HERALD) {
        assert_int_equal(msg.total, WIRE_NETGDB_V1);
        (void)buf_printf(&f->trace, "HERALD%u ", msg.seqno);
    } else if (msg.type == WIRE_FINISHED) {
        (void)buf_printf(&f->trace, "FINISHED%u ", msg.seqno);
    } else if (msg.len <= 64) {
        (void)buf_printf(&f->trace, "%u:%.*s ", msg.seqno, (int)msg.len, (const char *)msg.data);
    } else {
        (void)buf_printf(&f->trace, "%u@%u+%u/%u ", msg.seqno, (unsigned)msg.offset,
                         (unsigned)msg.len, msg.total);
    }
    if (f->deaf)
        return;
    if (msg.seqno == f->lose_seqno && f->lose_times > 0)
        f->lose_times--;
    else
        push_ack(f, msg.seqno);
}

static inline void start(struct fixture *f)
{
    f->server = debugnet_client_new(&f->io.io, &f->options, NULL);
    assert_non_null(f->server);
}

static inline int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->io.on_send = hear;
    debugnet_options_default(&f->options);
    assert_int_equal(f->options.retry, RETRY);
    buf_init(&f->request, REQUEST_MAX);
    buf_init(&f->trace, 1000000);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    buf_free(&f->request);
    buf_free(&f->trace);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

/* Returns the datagrams since the last call. */
static inline void expect(struct fixture *f, const char *words)
{
    if (!buf_is(&f->trace, words))
        fail_msg("sent \"%.*s\" instead of \"%s\"", (int)f->trace.len, (const char *)f->trace.data,
                 words);
    buf_reset(&f->trace);
}

static inline void push_data(struct fixture *f, uint32_t seqno, uint64_t offset, uint32_t total,
                             const void *bytes, size_t len)
{
    uint8_t datagram[WIRE_HEADER + 2000];
    const struct wire_msg msg = {WIRE_DATA, seqno, offset, total, bytes, len};
    wire_encode(&msg, datagram);
    if (len != 0)
        memcpy(datagram + WIRE_HEADER, bytes, len);
    fake_push(&f->io, IO_CLIENT, RTT, datagram, WIRE_HEADER + len);
}

/* Sends these bytes as the server's next DATA. */
static inline void data(struct fixture *f, const char *bytes)
{
    push_data(f, ++f->seqno, 0, (uint32_t)strlen(bytes), bytes, strlen(bytes));
}

static inline int open_session(struct fixture *f)
{
    return debugnet_client_open(f->server, (const uint8_t *)"T05thread:1;", 12);
}

/* Runs the handshake: HERALD, the stop, and the server's '+'. */
static inline void opened(struct fixture *f)
{
    start(f);
    assert_int_equal(open_session(f), 0);
    expect(f, "HERALD1 2:$T05thread:1;#d7 ");
    data(f, "+");
}

static inline void expect_request(struct fixture *f, const char *text)
{
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), 0);
    if (!buf_is(&f->request, text))
        fail_msg("request \"%.*s\" instead of \"%s\"", (int)f->request.len,
                 (const char *)f->request.data, text);
}

static inline void answer(struct fixture *f, const char *text)
{
    assert_int_equal(server_reply(f->server, (const uint8_t *)text, strlen(text), true), 0);
}

/* Checks that no request was received. */
static inline void expect_no_request(struct fixture *f)
{
    fake_text(&f->io, IO_TARGET, 10 * RTT, "x");
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), NETGDB_AGAIN);
    fake_forget(&f->io, IO_TARGET);
}

/* After the handshake: no-ack mode. The next seqnos are 3 for the server, 5 for the kernel. */
static inline void no_ack(struct fixture *f)
{
    opened(f);
    data(f, "$QStartNoAckMode#b0");
    expect_no_request(f);
    expect(f, "a1 a2 3:+ 4:$OK#9a ");
}

#endif
