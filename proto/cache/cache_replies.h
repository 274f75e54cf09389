/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cached replies of a stopped target: single replies, with the request and the selected thread as
 * their key; qXfer documents and qfThreadInfo lists, which are read in pieces and cached whole.
 */
#ifndef NETGDB_PROTO_CACHE_REPLIES_H
#define NETGDB_PROTO_CACHE_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum {
    CACHE_REPLIES_MAX = 16384,              /* replies; at the limit all are discarded */
    CACHE_REPLIES_BYTES = 8 * 1024 * 1024,  /* bytes of replies and requests; likewise */
    CACHE_DOCUMENT_BYTES = 4 * 1024 * 1024, /* bytes of one document or list */
    CACHE_REQUEST_BYTES = 512,              /* longest request whose reply is cached */
};

struct cache_reply;

/* All zero: empty. */
struct cache_replies {
    struct cache_reply **buckets; /* owned; NULL until the first reply */
    size_t n, bytes;              /* number of replies, and their size */
};

void cache_replies_free(struct cache_replies *r);

/* Discards all replies. */
void cache_replies_clear(struct cache_replies *r);

/*
 * Caches a copy of a reply. `thread` is "" if the reply does not depend on the selected thread.
 * Does nothing if the key exists, the request or reply is too long, or memory is short.
 */
void cache_replies_store(struct cache_replies *r, const char *thread, const void *request,
                         size_t len, const void *reply, size_t reply_len);

/* Copies the cached reply into *reply. Returns whether there is one. */
bool cache_replies_find(const struct cache_replies *r, const char *thread, const void *request,
                        size_t len, struct buf *reply);

/* A document of qXfer:…:read. */
struct cache_document {
    struct buf data; /* unescaped */
    bool known;      /* complete */
    bool stale;      /* a read in progress may finish; a new one must fetch again */
    size_t chunk;    /* bytes in one reply of the stub; 0: unknown */
};

void cache_document_init(struct cache_document *d);
void cache_document_free(struct cache_document *d);

/* Makes the reply to a read of [offset, offset + len): 'm' or 'l' and the escaped bytes. Returns 0
 * or the buffer's error. */
int cache_document_reply(const struct cache_document *d, uint64_t offset, uint64_t len,
                         struct buf *reply);

/* The replies to qfThreadInfo and the qsThreadInfo requests that follow it. */
struct cache_list {
    struct buf replies; /* each preceded by its length, a size_t */
    bool recording;     /* the client is reading the list from the stub */
    bool known;         /* complete */
    bool stale;         /* as in cache_document */
    size_t at;          /* offset in `replies` of the client's next reply */
};

void cache_list_init(struct cache_list *l);
void cache_list_free(struct cache_list *l);

/* Records the stub's reply to qfThreadInfo (`first`) or qsThreadInfo. */
void cache_list_record(struct cache_list *l, bool first, const struct buf *reply);

/* Makes the reply to qfThreadInfo (`first`) or qsThreadInfo. Returns false if the request must go
 * to the stub. */
bool cache_list_reply(struct cache_list *l, bool first, struct buf *reply);

#endif
