/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: the cache between any client and any stub. The lines of the input are requests and,
 * when the stub gets a request, its replies. A line that begins with '!' is an error instead. The
 * first byte selects whether the stub is a kernel.
 */
#include "proto/cache/cache.h"

#include <string.h>

#include "proto/err.h"
#include "tests/fuzz/fuzz.h"
#include "tests/requests.h"

struct script {
    struct target base;
    const uint8_t *at;
    size_t left;
};

/* Returns the next line; an empty one at the end. */
static const uint8_t *next_line(struct script *s, size_t *len)
{
    const uint8_t *line = s->at, *end = s->left != 0 ? memchr(s->at, '\n', s->left) : NULL;
    *len = end != NULL ? (size_t)(end - line) : s->left;
    s->at += *len;
    s->left -= *len;
    if (end != NULL) {
        s->at++;
        s->left--;
    }
    return line;
}

static int script_send(struct target *t, const struct request *r)
{
    (void)t;
    MUST(r->len <= TARGET_REPLY_MAX);
    return 0;
}

static int script_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct script *s = (struct script *)t;
    size_t len;
    const uint8_t *line = next_line(s, &len);
    *final = true;
    if (len != 0 && line[0] == '!')
        return watch != 0 ? NETGDB_AGAIN : len % 2 == 0 ? NETGDB_REPLACED : NETGDB_LOST;
    return buf_set(reply, line, len);
}

static int script_leave(struct target *t, const struct request *r, struct buf *reply)
{
    (void)script_send(t, r);
    return buf_sets(reply, "OK");
}

static void script_free(struct target *t)
{
    (void)t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct target_ops ops = {
        .send = script_send, .recv = script_recv, .leave = script_leave, .free = script_free};
    static const struct options_range device = {0x9000, 0xa000};
    const struct cache_options options = {
        .nocache = &device, .nocaches = 1, .kernel = size != 0 && (data[0] & 1) != 0};
    struct script s = {.base = {.ops = &ops}, .at = data, .left = size};
    struct target *t = cache_new(&s.base, &options);
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    while (t != NULL && s.left != 0) {
        size_t len;
        bool final;
        const uint8_t *line = next_line(&s, &len);
        int rc = len != 0 ? transact_bytes(t, line, len, &reply) : 0;
        while (rc == NETGDB_REPLACED)
            rc = target_recv(t, &reply, &final, 0); /* the stop of the new kernel */
        MUST(reply.len <= TARGET_REPLY_MAX);
    }
    target_free(t);
    buf_free(&reply);
    return 0;
}
