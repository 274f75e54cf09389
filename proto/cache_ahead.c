/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Streams: a client that reads block after block gets the next ones before it asks, read in the
 * time in which it thinks; see cache.h. The read-ahead is one request at a time, which is finished
 * (cache_finish_ahead) before anything else is sent.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/cache_parts.h"
#include "proto/err.h"
#include "proto/io.h"

enum {
    STREAM_RUN = 2,           /* blocks that adjoin the one before them: three in a row */
    STREAM_AHEAD = 64 * 1024, /* bytes that are read ahead at most */
};

void cache_note_read(struct cache *c, uint64_t address, size_t len)
{
    struct cache_stream *s = &c->stream;
    uint64_t block = c->block != 0 ? c->block : 1;
    uint64_t first = address & ~(block - 1), end = ((address + (len - 1)) | (block - 1)) + 1;
    bool goes_on = first == s->end || first + block == s->end;
    s->size = len;
    s->next = address + len;
    s->command = c->command;
    if (goes_on && end == s->end)
        return;
    s->run = goes_on && end > s->end ? s->run + 1 : 0;
    s->bytes = s->run != 0 ? s->bytes + (end - s->end) : end - first;
    s->end = end;
}

/* In pieces of how many bytes may be read there before the client asks, and up to where. */
static size_t piece(const struct cache *c, uint64_t address, uint64_t *last)
{
    struct region r;
    const struct cache_program *p = &c->program;
    *last = address | (CACHE_PAGE - 1);
    if (p->region == NULL || !p->region(p->context, address, &r) || r.kind == REGION_DEVICE)
        return cache_memory_touched(&c->memory, address) ? c->block : 0;
    *last = r.last;
    return c->ahead != 0 && c->ahead < c->block ? c->ahead : c->block;
}

/* The next read, if there is one to make. */
static bool plan(const struct cache *c, uint64_t *address, size_t *len)
{
    const struct cache_stream *s = &c->stream;
    bool long_reads = s->size > c->block;
    size_t limit = s->bytes < STREAM_AHEAD ? (size_t)s->bytes : STREAM_AHEAD;
    if (s->run < STREAM_RUN || c->block == 0 || s->size > c->read_max || s->end == 0 ||
        s->end > UINT64_MAX - 2 * STREAM_AHEAD)
        return false;
    uint64_t last, from = long_reads ? s->next : s->end;
    size_t known = cache_memory_known(&c->memory, from, limit);
    *address = from + known;
    *len = piece(c, *address, &last);
    if (*len != 0 && long_reads)
        *len = s->size;
    bool cut = last - *address < *len;
    if (cut)
        *len = (size_t)(last - *address) + 1;
    /* Less than the client asks for at a time would only make it ask for all of that. */
    return known < limit && *len != 0 && !(cut && long_reads) &&
           !cache_is_device(c, *address, *len);
}

/* Takes the reply of the read-ahead. Returns 0, NETGDB_AGAIN, or the target's error. */
static int take(struct cache *c, unsigned watch)
{
    struct cache_stream *s = &c->stream;
    bool final = false;
    int rc = 0;
    while (rc == 0 && !final)
        rc = cache_failed(c, target_next_recv(&c->base, &c->part, &final, watch));
    if (rc == NETGDB_AGAIN)
        return rc;
    s->sent = false;
    if (rc != 0 || s->stale)
        return rc;
    cache_keep_memory(c, s->sent_command, &c->part, s->sent_at, s->sent_len);
    if (cache_memory_known(&c->memory, s->sent_at, s->sent_len) != s->sent_len)
        s->run = 0; /* there the stream ends */
    return 0;
}

int cache_finish_ahead(struct cache *c)
{
    return c->stream.sent ? take(c, 0) : 0;
}

static int send(struct cache *c, uint64_t address, size_t len)
{
    struct cache_stream *s = &c->stream;
    buf_reset(&c->own);
    (void)buf_printf(&c->own, "%c%" PRIx64 ",%zx", s->command, address, len);
    s->sent_command = s->command;
    s->sent_at = address;
    s->sent_len = len;
    s->stale = false;
    int rc = cache_failed(c, target_next_send(&c->base, c->own.data, c->own.len));
    s->sent = rc == 0;
    c->stats.ahead++;
    return rc;
}

/* Whether a read-ahead would be of what the client asks for. */
static bool is_asked(const struct cache *c, uint64_t *address, size_t *len)
{
    return c->size <= c->block && cache_is_in_space(c) && plan(c, address, len) &&
           *address >= c->address && *address - c->address < c->size;
}

int cache_catch_up(struct cache *c)
{
    uint64_t address;
    size_t len;
    int rc = cache_finish_ahead(c);
    while (rc == 0 && is_asked(c, &address, &len)) {
        rc = cache_sync_space(c);
        if (rc == 0)
            rc = send(c, address, len);
        if (rc == 0)
            rc = take(c, 0);
    }
    return rc == CACHE_REFUSED ? 0 : rc;
}

int cache_read_ahead(struct cache *c)
{
    const unsigned watch = IO_ON_CLIENT | IO_ON_WAKE;
    uint64_t address;
    size_t len;
    int rc = 0;
    if (c->handed_on || c->broken || c->running || c->non_stop)
        return 0;
    if (c->stream.sent)
        rc = take(c, watch);
    while (rc == 0 && cache_is_in_space(c) && plan(c, &address, &len)) {
        rc = cache_sync_space(c);
        if (rc == 0)
            rc = send(c, address, len);
        if (rc == 0)
            rc = take(c, watch);
    }
    return rc == NETGDB_AGAIN || rc == CACHE_REFUSED ? 0 : rc;
}
