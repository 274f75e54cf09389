/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adapts replies for LLDB; see lldb.h. */
#include "session/lldb.h"

#include <stdlib.h>
#include <string.h>

#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"

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
static int send_features(struct target *t, const struct request *r)
{
    struct lldb *l = of(t);
    const uint8_t *value, *end = r->data + r->len, *colon = memchr(r->data, ':', r->len);
    const uint8_t *list = colon != NULL ? colon + 1 : end;
    size_t value_len;
    l->is_lldb = !features_find(list, (size_t)(end - list), "swbreak", &value, &value_len);
    if (!l->is_lldb)
        return target_next_send(t, r);
    struct request longer;
    (void)buf_set(&l->request, r->data, r->len);
    int rc = buf_adds(&l->request, colon == NULL ? ":swbreak+;hwbreak+" : ";swbreak+;hwbreak+");
    request_parse(&longer, l->request.data, l->request.len);
    return rc == 0 ? target_next_send(t, &longer) : rc;
}

/* The expected number of digits of the reply to `m`; 0: another request. */
static size_t digits_of(const struct request *r)
{
    bool reads = r->packet->id == PACKET_m && r->numbers == 2 && r->length <= TARGET_REPLY_MAX;
    return reads ? 2 * (size_t)r->length : 0;
}

static int lldb_send(struct target *t, const struct request *r)
{
    struct lldb *l = of(t);
    l->awaited = l->is_lldb ? digits_of(r) : 0;
    bool p = r->packet->id == PACKET_p;
    l->registers = l->is_lldb && p && l->probed; /* with the first it finds out whether p works */
    l->probed |= p;
    if (r->packet->id == PACKET_qSupported)
        return send_features(t, r);
    return target_next_send(t, r);
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
