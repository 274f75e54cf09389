/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of tests as bytes: parses them and passes them to the target. */
#ifndef NETGDB_TESTS_REQUESTS_H
#define NETGDB_TESTS_REQUESTS_H

#include "proto/target.h"

static inline int send_bytes(struct target *t, const void *data, size_t len)
{
    struct request r;
    request_parse(&r, data, len);
    return target_send(t, &r);
}

static inline int transact_bytes(struct target *t, const void *data, size_t len, struct buf *reply)
{
    struct request r;
    request_parse(&r, data, len);
    return target_transact(t, &r, reply);
}

/* "D" or "D;PID" */
static inline int leave_with(struct target *t, const char *text, struct buf *reply)
{
    const struct request r = request_of(text);
    return target_leave(t, &r, reply);
}

#endif
