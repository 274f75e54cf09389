/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers, lists of threads and documents, kept as the replies that they are; see cache.h. */
#include <string.h>

#include "proto/cache_parts.h"
#include "proto/rsp.h"

enum { PARTS_MAX = 4096 }; /* of a document; a client may ask for more by itself */

/* ---- replies ---- */

/* Whether a reply says something: neither "not supported" nor an error, which may pass. */
static bool says_something(const struct buf *reply)
{
    return reply->len != 0 && reply->data[0] != 'E';
}

static void learn_reply(struct cache *c, const struct buf *reply)
{
    if (says_something(reply))
        cache_replies_keep(&c->replies, "", c->request.data, c->request.len, reply->data,
                           reply->len);
}

static void learn_threads_reply(struct cache *c, const struct buf *reply)
{
    if (!says_something(reply))
        return;
    cache_replies_keep(&c->replies, c->stub.id, c->request.data, c->request.len, reply->data,
                       reply->len);
    if (buf_starts(&c->request_bytes, "qXfer:features:"))
        cache_learn_machine(c, reply);
}

/* The same whatever thread is chosen: the request names one. */
int cache_keep(struct cache *c, const struct request *r)
{
    if (cache_replies_find(&c->replies, "", r->data, r->len, &c->reply)) {
        c->stats.hits++;
        return CACHE_ANSWERED;
    }
    c->stats.misses++;
    c->learn = learn_reply;
    return CACHE_HAND_ON;
}

int cache_keep_threads(struct cache *c, const struct request *r)
{
    if (cache_replies_find(&c->replies, c->wished.id, r->data, r->len, &c->reply)) {
        c->stats.hits++;
        return CACHE_ANSWERED;
    }
    c->stats.misses++;
    c->learn = learn_threads_reply;
    return cache_then_hand_on(cache_sync_thread(c));
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
    if (cache_list_reply(&c->list, first, &c->reply)) {
        c->stats.hits++;
        return CACHE_ANSWERED;
    }
    c->stats.misses++;
    c->learn = first ? learn_first : learn_next;
    return CACHE_HAND_ON;
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

/* One part of a document, from where it ends so far. Returns 1 when more follows. */
static int fetch_part(struct cache *c, struct cache_document *d, const char *object, uint64_t len)
{
    size_t before = d->data.len;
    buf_reset(&c->own);
    (void)buf_printf(&c->own, "qXfer:%s:read::%zx,%llx", object, d->data.len,
                     (unsigned long long)len);
    int rc = cache_ask(c);
    if (rc != 0)
        return rc;
    bool more = buf_starts(&c->part, "m") && c->part.len > 1;
    if ((!more && !buf_starts(&c->part, "l")) ||
        rsp_unescape(&d->data, c->part.data + 1, c->part.len - 1) != 0)
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
    for (unsigned i = 0; rc == 1 && i < PARTS_MAX; i++)
        rc = fetch_part(c, d, object, len);
    return rc < 0 ? rc : 0;
}

/* Reads the whole document for a request that begins it. Returns as an answer does. */
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
        return cache_document_reply(d, 0, size, &c->reply);
    if (d->data.len != 0) /* what the stub says once more is the client's */
        return CACHE_HAND_ON;
    return buf_set(&c->reply, c->part.data, c->part.len);
}

/* A piece of a document that is fetched whole when its beginning is requested; no annex. */
static int document(struct cache *c, struct cache_document *d, const char *object,
                    const struct request *r)
{
    if (r->rest_len != 0 || r->length == 0)
        return cache_then_hand_on(cache_sync_thread(c));
    if (d->known && (r->address != 0 || !d->stale)) {
        c->stats.hits++;
        return cache_document_reply(d, r->address, r->length, &c->reply);
    }
    if (r->address == 0)
        return begin_document(c, d, object, r->length);
    c->stats.misses++;
    return CACHE_HAND_ON;
}

int cache_threads_document(struct cache *c, const struct request *r)
{
    return document(c, &c->threads, "threads", r);
}

int cache_map_document(struct cache *c, const struct request *r)
{
    return document(c, &c->map, "memory-map", r);
}
