/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies of a stopped target that are kept: each under the request and, where the reply depends
 * on it, the thread that was chosen. And a document of qXfer, or a list of qfThreadInfo, which is
 * read in parts and kept as a whole.
 */
#ifndef NETGDB_PROTO_CACHE_REPLIES_H
#define NETGDB_PROTO_CACHE_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum {
    CACHE_REPLIES_MAX = 16384,              /* that are kept; then all go */
    CACHE_REPLIES_BYTES = 8 * 1024 * 1024,  /* of them, requests included; likewise */
    CACHE_DOCUMENT_BYTES = 4 * 1024 * 1024, /* of one document or list */
    CACHE_REQUEST_BYTES = 512,              /* of a request whose reply is kept */
};

struct cache_reply;

struct cache_replies {
    struct cache_reply **buckets; /* owned; NULL until the first */
    size_t n, bytes;
};

void cache_replies_init(struct cache_replies *r);
void cache_replies_free(struct cache_replies *r);

/* None is known any more. */
void cache_replies_forget(struct cache_replies *r);

/* Keeps a reply; `thread` is "" where it does not depend on one. What does not fit is not kept. */
void cache_replies_keep(struct cache_replies *r, const char *thread, const void *request,
                        size_t len, const void *reply, size_t reply_len);

/* Sets *reply to what is kept and returns whether there is something. */
bool cache_replies_find(const struct cache_replies *r, const char *thread, const void *request,
                        size_t len, struct buf *reply);

/* A document of qXfer:…:read. */
struct cache_document {
    struct buf data; /* without the escapes */
    bool known;
    bool stale;   /* good for the rest of a reading that has begun, not for a new one */
    size_t chunk; /* bytes that the stub gives in one reply at most; 0: not known */
};

void cache_document_init(struct cache_document *d);
void cache_document_free(struct cache_document *d);

/* The part [offset, offset + len) as a reply: 'm' or 'l' and the escaped bytes. */
int cache_document_reply(const struct cache_document *d, uint64_t offset, uint64_t len,
                         struct buf *reply);

/* The replies to qfThreadInfo and every qsThreadInfo behind it. */
struct cache_list {
    struct buf replies; /* each behind its length, a size_t */
    bool recording;     /* the stub is reading it out to the client */
    bool known;         /* to its end */
    bool stale;         /* as of a document */
    size_t at;          /* what the client gets next */
};

void cache_list_init(struct cache_list *l);
void cache_list_free(struct cache_list *l);

/* The stub's reply to the next request of a list; `first` begins it. */
void cache_list_record(struct cache_list *l, bool first, const struct buf *reply);

/* Whether the client's next request is answered here; then into *reply. */
bool cache_list_reply(struct cache_list *l, bool first, struct buf *reply);

#endif
