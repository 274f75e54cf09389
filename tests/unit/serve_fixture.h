/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: the serve loop between a scripted GDB and a scripted target, with a simulated clock.
 */
#ifndef NETGDB_TESTS_SERVE_FIXTURE_H
#define NETGDB_TESTS_SERVE_FIXTURE_H

#include "session/serve.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/processes.h"
#include "tests/unit/fake_io.h"

/* A target whose packets arrive on IO_TARGET, a message each; "!" stands for an error. */
struct fixture {
    struct fake_io io;
    struct target target;
    struct server *server;
    struct serve_options options;
    struct log log;
    struct buf did; /* calls on the target, each in brackets */
    struct buf lines;
    const char *leave_reply;
    bool can_interrupt, ignores_interrupt;
    int send_error;
};

static inline struct fixture *of(struct target *t)
{
    return (struct fixture *)((char *)t - offsetof(struct fixture, target));
}

static inline int fake_target_send(struct target *t, const struct request *r)
{
    struct fixture *f = of(t);
    if (f->send_error != 0)
        return f->send_error;
    return buf_printf(&f->did, "[%.*s]", (int)r->len, (const char *)r->data);
}

static inline int error_of(const struct io_msg *msg)
{
    return msg->len > 1 && msg->data[0] == '!' ? -atoi((const char *)msg->data + 1) : 0;
}

static inline int fake_target_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct fixture *f = of(t);
    struct io_msg msg;
    while (io_recv(&f->io.io, IO_TARGET, &msg, 1) == 0) {
        unsigned why = io_wait(&f->io.io, IO_NEVER, IO_ON_TARGET | watch);
        if ((why & IO_ON_TARGET) == 0)
            return NETGDB_AGAIN;
    }
    msg.data[msg.len] = '\0'; /* fake_io has room for it */
    *final = msg.len == 0 || msg.data[0] != 'O' || msg.data[1] == 'K';
    buf_set(reply, msg.data, msg.len);
    return error_of(&msg);
}

static inline int fake_target_interrupt(struct target *t)
{
    struct fixture *f = of(t);
    if (!f->can_interrupt)
        return NETGDB_UNSUPPORTED;
    if (!f->ignores_interrupt)
        fake_text(&f->io, IO_TARGET, IO_MS, "T02thread:1;");
    return buf_adds(&f->did, "[^C]");
}

static inline int fake_target_idle(struct target *t)
{
    struct fixture *f = of(t);
    struct io_msg msg;
    (void)buf_adds(&f->did, "[idle]");
    if (io_recv(&f->io.io, IO_TARGET, &msg, 1) != 1)
        return 0;
    msg.data[msg.len] = '\0';
    return error_of(&msg);
}

static inline int fake_target_leave(struct target *t, const struct request *r, struct buf *reply)
{
    struct fixture *f = of(t);
    (void)buf_printf(&f->did, "[leave %.*s]", (int)r->len, (const char *)r->data);
    return buf_sets(reply, f->leave_reply);
}

static inline size_t fake_target_max_request(struct target *t)
{
    (void)t;
    return 100;
}

static inline void sink(void *context, enum log_level level, const char *line)
{
    struct fixture *f = context;
    (void)level;
    (void)buf_printf(&f->lines, "%s\n", line);
}

static inline int setup(void **state)
{
    static const struct target_ops ops = {fake_target_send,
                                          fake_target_recv,
                                          fake_target_interrupt,
                                          fake_target_idle,
                                          fake_target_leave,
                                          fake_target_max_request,
                                          NULL};
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->target.ops = &ops;
    f->server = rsp_server_new(&f->io.io, NULL);
    f->leave_reply = "OK";
    f->log = (struct log){LOG_INFO, NULL, sink, f};
    buf_init(&f->did, 10000);
    buf_init(&f->lines, 10000);
    fake_text(&f->io, IO_CLIENT, 0, "$QStartNoAckMode#b0");
    *state = f;
    return f->server != NULL ? 0 : -1;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    buf_free(&f->did);
    buf_free(&f->lines);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

/* Queues bytes of GDB for this time after the start. */
static inline void gdb(struct fixture *f, uint64_t at, const char *request)
{
    fake_packet(&f->io, IO_CLIENT, at, request);
}

static inline void stub(struct fixture *f, uint64_t at, const char *packet)
{
    fake_text(&f->io, IO_TARGET, at, packet);
}

static inline int run(struct fixture *f)
{
    return serve(f->server, &f->target, &f->options, &f->log);
}

static inline void expect_did(struct fixture *f, const char *text)
{
    if (!buf_is(&f->did, text))
        fail_msg("did %.*s instead of %s", (int)f->did.len, (const char *)f->did.data, text);
}

static inline bool said(struct fixture *f, const char *text)
{
    return f->lines.len != 0 && memmem(f->lines.data, f->lines.len, text, strlen(text)) != NULL;
}

/* GDB sends a request, and the target replies with a stop. */
static inline void stops(struct fixture *f, uint64_t at, const char *request, const char *stop)
{
    gdb(f, at, request);
    stub(f, at + IO_MS / 2, stop);
}

#endif
