/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What LLDB needs that GDB does not; see lldb.h. */
#include "session/lldb.h"

#include <stdlib.h>
#include <string.h>

#include "proto/features.h"
#include "proto/packets.h"
#include "proto/requests.h"
#include "proto/rsp.h"

struct lldb {
    struct target base;
    struct buf request;
    bool is_lldb;   /* the client does not know of swbreak */
    bool registers; /* p is asked, … */
    bool probed;    /* … and not for the first time */
    size_t awaited; /* hexadecimal digits of the memory that was asked for; 0: not asked */
};

static struct lldb *of(struct target *t)
{
    return (struct lldb *)t;
}

/* "qSupported:FEATURE;…", with swbreak and hwbreak added unless the client knows them. */
static int send_features(struct target *t, const uint8_t *request, size_t len)
{
    struct lldb *l = of(t);
    const uint8_t *value, *colon = memchr(request, ':', len);
    const uint8_t *list = colon != NULL ? colon + 1 : request + len;
    size_t n = (size_t)(request + len - list), value_len;
    l->is_lldb = !features_find(list, n, "swbreak", &value, &value_len);
    if (!l->is_lldb)
        return target_next_send(t, request, len);
    (void)buf_set(&l->request, request, len);
    int rc = buf_adds(&l->request, colon == NULL ? ":swbreak+;hwbreak+" : ";swbreak+;hwbreak+");
    return rc == 0 ? target_next_send(t, l->request.data, l->request.len) : rc;
}

/* How many digits the reply to mADDRESS,LENGTH is to have; 0 when it is no such request. */
static size_t digits_of(const uint8_t *request, size_t len)
{
    const uint8_t *comma = len > 0 && request[0] == 'm' ? memchr(request, ',', len) : NULL;
    uint64_t bytes;
    if (comma == NULL ||
        rsp_hex_number(comma + 1, (size_t)(request + len - comma - 1), &bytes) == 0 ||
        bytes > TARGET_REPLY_MAX)
        return 0;
    return 2 * (size_t)bytes;
}

static int lldb_send(struct target *t, const uint8_t *request, size_t len)
{
    struct lldb *l = of(t);
    l->awaited = l->is_lldb ? digits_of(request, len) : 0;
    bool p = packet_is(packet_find(request, len), "p");
    l->registers = l->is_lldb && p && l->probed; /* with the first it finds out whether p works */
    l->probed |= p;
    if (packet_is(packet_find(request, len), "qSupported"))
        return send_features(t, request, len);
    return target_next_send(t, request, len);
}

static int lldb_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct lldb *l = of(t);
    int rc = target_next_recv(t, reply, final, watch);
    bool error = reply->len == 0 || reply->data[0] == 'E';
    if (rc != 0 || !*final || error)
        return rc;
    if (l->registers && reply->data[0] == 'x')
        return buf_sets(reply, "E16");
    if (reply->len >= l->awaited)
        return 0;
    return buf_sets(reply, "E08");
}

static void lldb_free(struct target *t)
{
    target_free(t->next);
    buf_free(&of(t)->request);
    free(t);
}

static const struct target_ops ops = {
    .send = lldb_send,
    .recv = lldb_recv,
    .interrupt = target_next_interrupt,
    .idle = target_next_idle,
    .leave = target_next_leave,
    .max_request = target_next_max_request,
    .free = lldb_free,
};

struct target *lldb_new(struct target *next)
{
    struct lldb *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->base = (struct target){&ops, next};
    buf_init(&l->request, REQUEST_MAX + 64);
    return &l->base;
}
