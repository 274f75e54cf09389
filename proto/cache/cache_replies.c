/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cached replies; see cache_replies.h. */
#include "proto/cache/cache_replies.h"

#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/rsp/rsp.h"

enum { BUCKETS = 1024, CHUNK_MAX = 32 * 1024 };

struct cache_reply {
    struct cache_reply *next;
    size_t thread_len, request_len, reply_len;
    uint8_t text[]; /* thread, request and reply, without NULs */
};

static bool replies_are_sound(const struct cache_replies *r)
{
    return r->n <= CACHE_REPLIES_MAX && r->bytes <= CACHE_REPLIES_BYTES &&
           (r->n == 0) == (r->bytes == 0) && (r->buckets != NULL || r->n == 0);
}

/* `at` is at the beginning of a reply, or at the end. */
static bool list_is_sound(const struct cache_list *l)
{
    return l->at <= l->replies.len && !(l->known && l->recording);
}

void cache_replies_free(struct cache_replies *r)
{
    cache_replies_clear(r);
    free(r->buckets);
    r->buckets = NULL;
}

void cache_replies_clear(struct cache_replies *r)
{
    CHECK(replies_are_sound(r));
    for (size_t i = 0; r->n != 0 && i < BUCKETS; i++) {
        struct cache_reply *reply, *next;
        for (reply = r->buckets[i]; reply != NULL; reply = next) {
            next = reply->next;
            free(reply);
        }
        r->buckets[i] = NULL;
    }
    r->n = r->bytes = 0;
}

/* FNV-1a of the thread, a NUL and the request. */
static size_t reply_bucket(const char *thread, const uint8_t *request, size_t len)
{
    uint32_t hash = 2166136261U;
    for (; *thread != '\0'; thread++)
        hash = (hash ^ (uint8_t)*thread) * 16777619U;
    hash *= 16777619U;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ request[i]) * 16777619U;
    return hash % BUCKETS;
}

static struct cache_reply *find_reply(const struct cache_replies *r, const char *thread,
                                      const uint8_t *request, size_t len)
{
    size_t n = strlen(thread);
    CHECK(replies_are_sound(r));
    struct cache_reply *reply =
        r->buckets != NULL ? r->buckets[reply_bucket(thread, request, len)] : NULL;
    while (reply != NULL &&
           (reply->thread_len != n || reply->request_len != len ||
            memcmp(reply->text, thread, n) != 0 || memcmp(reply->text + n, request, len) != 0))
        reply = reply->next;
    return reply;
}

bool cache_replies_find(const struct cache_replies *r, const char *thread, const void *request,
                        size_t len, struct buf *reply)
{
    const struct cache_reply *entry = find_reply(r, thread, request, len);
    return entry != NULL && buf_set(reply, entry->text + entry->thread_len + entry->request_len,
                                    entry->reply_len) == 0;
}

/* Makes room for one more entry of `bytes` bytes. Returns whether there is room. */
static bool make_room(struct cache_replies *r, size_t bytes)
{
    if (bytes > CACHE_REPLIES_BYTES)
        return false;
    if (r->buckets == NULL)
        r->buckets = calloc(BUCKETS, sizeof(struct cache_reply *));
    if (r->n == CACHE_REPLIES_MAX || r->bytes + bytes > CACHE_REPLIES_BYTES)
        cache_replies_clear(r);
    return r->buckets != NULL;
}

void cache_replies_store(struct cache_replies *r, const char *thread, const void *request,
                         size_t len, const void *reply, size_t reply_len)
{
    size_t n = strlen(thread), bytes = sizeof(struct cache_reply) + n + len + reply_len;
    if (len > CACHE_REQUEST_BYTES || find_reply(r, thread, request, len) != NULL ||
        !make_room(r, bytes))
        return;
    struct cache_reply *entry = malloc(bytes),
                       **at = &r->buckets[reply_bucket(thread, request, len)];
    if (entry == NULL)
        return;
    *entry = (struct cache_reply){*at, n, len, reply_len};
    memcpy(entry->text, thread, n);
    memcpy(entry->text + n, request, len);
    if (reply_len != 0)
        memcpy(entry->text + n + len, reply, reply_len);
    *at = entry;
    r->n++;
    r->bytes += bytes;
    CHECK(replies_are_sound(r));
}

/* ---- documents ---- */

void cache_document_init(struct cache_document *d)
{
    *d = (struct cache_document){.known = false};
    buf_init(&d->data, CACHE_DOCUMENT_BYTES);
}

void cache_document_free(struct cache_document *d)
{
    buf_free(&d->data);
    cache_document_init(d);
}

int cache_document_reply(const struct cache_document *d, uint64_t offset, uint64_t len,
                         struct buf *reply)
{
    size_t chunk = d->chunk != 0 ? d->chunk : CHUNK_MAX;
    CHECK_OR_RETURN(d->known);
    buf_reset(reply);
    return rsp_add_piece(reply, d->data.data, d->data.len, offset, len < chunk ? len : chunk);
}

/* ---- lists ---- */

void cache_list_init(struct cache_list *l)
{
    *l = (struct cache_list){.known = false};
    buf_init(&l->replies, CACHE_DOCUMENT_BYTES);
}

void cache_list_free(struct cache_list *l)
{
    buf_free(&l->replies);
    cache_list_init(l);
}

void cache_list_record(struct cache_list *l, bool first, const struct buf *reply)
{
    bool more = buf_starts(reply, "m");
    CHECK(list_is_sound(l));
    if (first) {
        buf_reset(&l->replies);
        l->recording = true;
        l->known = l->stale = false;
    }
    if (!l->recording)
        return;
    (void)buf_add(&l->replies, &reply->len, sizeof reply->len);
    bool stored = buf_add(&l->replies, reply->data, reply->len) == 0;
    l->known = stored && !first && buf_is(reply, "l");
    l->recording = stored && more;
    /* The client has received all replies so far. */
    l->at = l->replies.len;
    CHECK(list_is_sound(l));
}

bool cache_list_reply(struct cache_list *l, bool first, struct buf *reply)
{
    size_t len;
    CHECK(list_is_sound(l));
    if (!l->known || (first && l->stale) || l->recording)
        return false;
    if (first)
        l->at = 0;
    if (l->at == l->replies.len)
        return !l->stale && buf_sets(reply, "l") == 0;
    if (!CHECK(l->at + sizeof len <= l->replies.len))
        return false;
    memcpy(&len, l->replies.data + l->at, sizeof len);
    l->at += sizeof len;
    if (!CHECK(len <= l->replies.len - l->at))
        return false;
    bool good = buf_set(reply, l->replies.data + l->at, len) == 0;
    l->at += len;
    return good;
}
