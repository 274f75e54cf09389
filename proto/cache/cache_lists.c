/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers, thread lists and documents, cached as replies; see cache.h. */
#include <string.h>

#include "proto/cache/cache_private.h"
#include "proto/check.h"
#include "proto/rsp/rsp.h"

enum { PIECES_MAX = 4096 }; /* of one document; longer ones are left to the client */

/* ---- replies ---- */

/* Whether a reply may be cached: not if it is empty (unsupported) or an error (maybe temporary). */
static bool is_success(const struct buf *reply)
{
    return reply->len != 0 && reply->data[0] != 'E';
}

static void learn_global_reply(struct cache *c, const struct buf *reply)
{
    if (is_success(reply))
        cache_replies_store(&c->replies, "", c->request.data, c->request.len, reply->data,
                            reply->len);
}

static void learn_thread_reply(struct cache *c, const struct buf *reply)
{
    CHECK(cache_is_sound(c));
    if (!is_success(reply))
        return;
    cache_replies_store(&c->replies, c->stub_thread.id, c->request.data, c->request.len,
                        reply->data, reply->len);
    if (buf_starts(&c->request_bytes, "qXfer:features:"))
        cache_learn_machine(c, reply);
}

/* Requests whose reply does not depend on the selected thread: the request itself names one. */
int cache_global_reply(struct cache *c, const struct request *r)
{
    if (cache_replies_find(&c->replies, "", r->data, r->len, &c->d.reply)) {
        c->stats.hits++;
        return DECORATOR_DONE;
    }
    c->stats.misses++;
    c->learn = learn_global_reply;
    return DECORATOR_PASS;
}

int cache_thread_reply(struct cache *c, const struct request *r)
{
    if (cache_replies_find(&c->replies, c->client_thread.id, r->data, r->len, &c->d.reply)) {
        c->stats.hits++;
        return DECORATOR_DONE;
    }
    c->stats.misses++;
    c->learn = learn_thread_reply;
    return cache_pass_after(cache_sync_thread(c));
}

/* ---- qfThreadInfo, qsThreadInfo ---- */

static void learn_first(struct cache *c, const struct buf *reply)
{
    cache_list_record(&c->list, true, reply);
    cache_learn_ids(c, reply);
}

static void learn_next(struct cache *c, const struct buf *reply)
{
    cache_list_record(&c->list, false, reply);
    cache_learn_ids(c, reply);
}

static int list(struct cache *c, bool first)
{
    if (cache_list_reply(&c->list, first, &c->d.reply)) {
        c->stats.hits++;
        return DECORATOR_DONE;
    }
    c->stats.misses++;
    c->learn = first ? learn_first : learn_next;
    return DECORATOR_PASS;
}

int cache_first_threads(struct cache *c, const struct request *r)
{
    (void)r;
    return list(c, true);
}

int cache_next_threads(struct cache *c, const struct request *r)
{
    (void)r;
    return list(c, false);
}

/* ---- documents ---- */

/* Fetches the next piece of a document. Returns 1 if more follows, 0 if not or if the stub's reply
 * is not a piece, or the target's error. */
static int fetch_document_piece(struct cache *c, struct cache_document *d, const char *object,
                                uint64_t len)
{
    size_t before = d->data.len;
    CHECK_OR_RETURN(!d->known && len != 0);
    buf_reset(&c->d.request);
    (void)buf_printf(&c->d.request, "qXfer:%s:read::%zx,%llx", object, d->data.len,
                     (unsigned long long)len);
    int rc = cache_ask(c);
    if (rc != 0)
        return rc;
    bool more = buf_starts(&c->own_reply, "m") && c->own_reply.len > 1;
    if ((!more && !buf_starts(&c->own_reply, "l")) ||
        rsp_unescape(&d->data, c->own_reply.data + 1, c->own_reply.len - 1) != 0)
        return 0;
    if (before == 0)
        d->chunk = more && d->data.len < len ? d->data.len : 0;
    d->known = !more;
    return more;
}

int cache_fetch(struct cache *c, struct cache_document *d, const char *object, uint64_t len)
{
    int rc = 1;
    buf_reset(&d->data);
    d->known = d->stale = false;
    d->chunk = 0;
    for (unsigned i = 0; rc == 1 && i < PIECES_MAX; i++)
        rc = fetch_document_piece(c, d, object, len);
    return rc < 0 ? rc : 0;
}

/* Fetches the whole document at the client's read of its beginning. Returns as an answer does. */
static int begin_document(struct cache *c, struct cache_document *d, const char *object,
                          uint64_t size)
{
    c->stats.misses++;
    int rc = cache_fetch(c, d, object, size);
    if (rc != 0)
        return rc;
    if (d->known && d == &c->threads)
        cache_learn_document(c);
    if (d->known)
        return cache_document_reply(d, 0, size, &c->d.reply);
    /* Incomplete: let the client read it from the stub. */
    if (d->data.len != 0)
        return DECORATOR_PASS;
    return buf_set(&c->d.reply, c->own_reply.data, c->own_reply.len);
}

/* Answers a read of a document, which is fetched whole at the read of its beginning. A read with an
 * annex is passed on. */
static int document(struct cache *c, struct cache_document *d, const char *object,
                    const struct request *r)
{
    if (r->rest_len != 0 || r->length == 0)
        return cache_pass_after(cache_sync_thread(c));
    if (d->known && (r->address != 0 || !d->stale)) {
        c->stats.hits++;
        return cache_document_reply(d, r->address, r->length, &c->d.reply);
    }
    CHECK_OR_RETURN(!d->known || r->address == 0);
    if (r->address == 0)
        return begin_document(c, d, object, r->length);
    c->stats.misses++;
    return DECORATOR_PASS;
}

int cache_threads_document(struct cache *c, const struct request *r)
{
    return document(c, &c->threads, "threads", r);
}

int cache_map_document(struct cache *c, const struct request *r)
{
    return document(c, &c->map, "memory-map", r);
}
