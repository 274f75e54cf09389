/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fixture: quirks in front of a stub with FreeBSD's bugs (tests/freebsd_stub.c), which aborts at
 * a request that would harm a kernel.
 */
#ifndef NETGDB_TESTS_QUIRKS_FIXTURE_H
#define NETGDB_TESTS_QUIRKS_FIXTURE_H

#include "tests/unit/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/quirks/quirks.h"
#include "proto/rsp/rsp.h"
#include "tests/freebsd_stub.h"
#include "tests/requests.h"

#define STOP "$T0510:00000080ffffffff;thread:186a1;"

struct fixture {
    struct target *target;
    struct stub *stub;
    struct buf reply, request;
    struct stop stop;
    const char *function; /* the function at every address; NULL: unknown */
    struct log log;
    unsigned lines;
    char line[300];
};

static inline struct stop *find_stop(void *context)
{
    return &((struct fixture *)context)->stop;
}

static inline bool find_function(void *context, uint64_t address, char *name, size_t size)
{
    const struct fixture *f = context;
    if (f->function == NULL || address < STUB_MEMORY)
        return false;
    snprintf(name, size, "%s", f->function);
    return true;
}

static inline void keep_line(void *context, enum log_level level, const char *line)
{
    struct fixture *f = context;
    (void)level;
    f->lines++;
    snprintf(f->line, sizeof f->line, "%s", line);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->stub = stub_new();
    stop_begin(&f->stop, (const uint8_t *)STOP "#00", strlen(STOP "#00"));
    f->log = (struct log){.level = LOG_WARN, .sink = keep_line, .context = f};
    const struct quirks_options options = {.stop = find_stop,
                                           .context = f,
                                           .function = find_function,
                                           .function_context = f,
                                           .log = &f->log};
    f->target = quirks_new(&f->stub->base, &options);
    assert_non_null(f->target);
    buf_init(&f->reply, TARGET_REPLY_MAX + 1); /* and a NUL */
    buf_init(&f->request, 512 * 1024);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    target_free(f->target);
    buf_free(&f->reply);
    buf_free(&f->request);
    free(f);
    return 0;
}

/* Sends a request and returns the reply as text. */
static inline const char *ask_bytes(struct fixture *f, const void *request, size_t len)
{
    assert_int_equal(transact_bytes(f->target, request, len, &f->reply), 0);
    buf_addc(&f->reply, '\0');
    f->reply.len--;
    return (const char *)f->reply.data;
}

static inline const char *ask(struct fixture *f, const char *request)
{
    return ask_bytes(f, request, strlen(request));
}

/* Returns the requests that reached the stub since the last call, each preceded by a space. */
static inline const char *asked(struct fixture *f)
{
    static char text[4096];
    struct buf *b = &f->stub->asked;
    size_t n = b->len < sizeof text - 1 ? b->len : sizeof text - 1;
    if (n != 0)
        memcpy(text, b->data, n);
    text[n] = '\0';
    buf_reset(b);
    return text;
}

#endif
