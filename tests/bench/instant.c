/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stub in memory that answers at once, to measure everything else; see bench.h. */
#include "tests/bench/bench.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"

enum { READ_MAX = 2048 };

struct instant {
    struct target target;
    struct buf request;
};

static int instant_send(struct target *t, const struct request *r)
{
    return buf_set(&((struct instant *)t)->request, r->data, r->len);
}

/* The bytes of mADDRESS,LENGTH. */
static int read_memory(const struct buf *request, struct buf *reply)
{
    static uint8_t digits[2 * READ_MAX];
    uint64_t address, len;
    size_t at = 1 + rsp_hex_number(request->data + 1, request->len - 1, &address);
    if (at + 1 >= request->len || request->data[at] != ',' ||
        rsp_hex_number(request->data + at + 1, request->len - at - 1, &len) == 0 || len > READ_MAX)
        return buf_sets(reply, "E01");
    for (size_t i = 0; digits[0] == 0 && i < sizeof digits; i++)
        digits[sizeof digits - 1 - i] = i % 2 == 0 ? '5' : 'a';
    return buf_set(reply, digits, 2 * (size_t)len);
}

static int instant_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    const struct buf *request = &((struct instant *)t)->request;
    (void)watch;
    *final = true;
    buf_reset(reply);
    if (buf_starts(request, "m"))
        return read_memory(request, reply);
    if (buf_starts(request, "qSupported"))
        return buf_sets(reply, "PacketSize=1003");
    if (buf_is(request, "?"))
        return buf_sets(reply, "T05thread:1;");
    return buf_is(request, "D") ? buf_sets(reply, "OK") : 0;
}

static int instant_interrupt(struct target *t)
{
    (void)t;
    return NETGDB_UNSUPPORTED;
}

static size_t instant_max_request(struct target *t)
{
    (void)t;
    return READ_MAX;
}

static void instant_free(struct target *t)
{
    struct instant *i = (struct instant *)t;
    buf_free(&i->request);
    free(i);
}

struct target *bench_instant_target(void)
{
    static const struct target_ops ops = {.send = instant_send,
                                          .recv = instant_recv,
                                          .interrupt = instant_interrupt,
                                          .leave = target_transact,
                                          .max_request = instant_max_request,
                                          .free = instant_free};
    struct instant *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->target.ops = &ops;
    buf_init(&i->request, READ_MAX);
    return &i->target;
}
