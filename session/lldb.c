/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Adapts replies for LLDB; see lldb.h. */
#include "session/lldb.h"

#include <string.h>

#include "proto/decorator.h"
#include "proto/rsp/features.h"
#include "proto/rsp/packets.h"
#include "proto/rsp/requests.h"

struct lldb {
    struct decorator d; /* first */
    bool is_lldb;       /* the client does not know of swbreak */
    bool registers;     /* p is outstanding */
    bool probed;        /* p was requested before */
    size_t awaited;     /* expected hexadecimal digits of the reply to m; 0: another request */
};

/* Adds swbreak and hwbreak to "qSupported:FEATURE;…", unless the client knows them. */
static int claim_breakpoint_features(struct lldb *l, const struct request *r)
{
    const uint8_t *value, *end = r->data + r->len, *colon = memchr(r->data, ':', r->len);
    const uint8_t *list = colon != NULL ? colon + 1 : end;
    size_t value_len;
    l->is_lldb = !features_find(list, (size_t)(end - list), "swbreak", &value, &value_len);
    if (!l->is_lldb)
        return DECORATOR_PASS;
    (void)buf_add(&l->d.request, r->data, r->len);
    (void)buf_adds(&l->d.request, colon == NULL ? ":swbreak+;hwbreak+" : ";swbreak+;hwbreak+");
    return DECORATOR_REPLACE;
}

/* The expected number of digits of the reply to `m`; 0: another request. */
static size_t digits_of(const struct request *r)
{
    bool reads = r->packet->id == PACKET_m && r->numbers == 2 && r->length <= TARGET_REPLY_MAX;
    return reads ? 2 * (size_t)r->length : 0;
}

static int lldb_request(struct decorator *d, const struct request *r)
{
    struct lldb *l = (struct lldb *)d;
    l->awaited = l->is_lldb ? digits_of(r) : 0;
    bool p = r->packet->id == PACKET_p;
    /* By its first p, LLDB finds out whether p works. */
    l->registers = l->is_lldb && p && l->probed;
    l->probed |= p;
    return r->packet->id == PACKET_qSupported ? claim_breakpoint_features(l, r) : DECORATOR_PASS;
}

/* An error with a text, which LLDB does not know. After a resume it takes an error for the end of
 * the process, so it gets the reason of the last stop. */
static int refuse_lldb(struct lldb *l, struct buf *reply)
{
    if ((l->d.packet->effects & PKT_RESUMES) == 0)
        return buf_sets(reply, "E08");
    (void)buf_sets(&l->d.request, "?");
    return DECORATOR_REPLACE;
}

static int lldb_reply(struct decorator *d, struct buf *reply, bool final)
{
    struct lldb *l = (struct lldb *)d;
    if (l->is_lldb && buf_starts(reply, "E."))
        return refuse_lldb(l, reply);
    if (!final || reply->len == 0 || reply->data[0] == 'E')
        return DECORATOR_DONE;
    if (l->registers && reply->data[0] == 'x')
        return buf_sets(reply, "E16");
    return reply->len < l->awaited ? buf_sets(reply, "E08") : DECORATOR_DONE;
}

struct target *lldb_new(struct target *next)
{
    static const struct decorator_ops ops = {.on_request = lldb_request, .on_reply = lldb_reply};
    struct lldb *l = decorator_new(sizeof *l, next, &ops, 0, REQUEST_MAX + 64);
    return l != NULL ? &l->d.base : NULL;
}
