/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory reads; see cache.h. */
#include <inttypes.h>
#include <string.h>

#include "proto/cache/cache_private.h"
#include "proto/check.h"
#include "proto/rsp/rsp.h"

/*
 * Whether this is a well-formed read of a range inside the address space. A 32-bit target may
 * continue a read across 4 GiB at 0, which may be a device.
 */
static bool is_range(const struct request *r)
{
    return request_reads_memory(r) && r->length != 0 && r->length - 1 <= UINT64_MAX - r->address &&
           r->address >> 32 == (r->address + (r->length - 1)) >> 32;
}

/* Decodes the reply to a read into c->bytes. Returns false if it is not memory. */
static bool decode(struct cache *c, char command, const struct buf *reply)
{
    buf_reset(&c->bytes);
    if (reply->len == 0)
        return false;
    if (command == 'm')
        return rsp_unhex(&c->bytes, reply->data, reply->len) == 0;
    return reply->data[0] == 'b' && rsp_unescape(&c->bytes, reply->data + 1, reply->len - 1) == 0;
}

/* Caches the bytes in the reply to a read of [address, address + len). */
static void store_read(struct cache *c, const struct buf *reply, uint64_t address, size_t len)
{
    if (decode(c, c->command, reply) && c->bytes.len <= len)
        cache_memory_store(&c->memory, address, c->bytes.data, c->bytes.len);
}

/* Makes the reply from cached bytes, in the stub's format. */
static int make_reply(struct cache *c, struct buf *reply)
{
    buf_reset(&c->bytes);
    int rc = buf_resize(&c->bytes, c->size);
    if (rc != 0)
        return rc;
    CHECK_OR_RETURN(c->bytes.len == c->size);
    cache_memory_copy(&c->memory, c->address, c->bytes.data, c->size);
    buf_reset(reply);
    if (c->command == 'm')
        return buf_addhex(reply, c->bytes.data, c->size);
    (void)buf_addc(reply, 'b');
    return rsp_escape(reply, c->bytes.data, c->size);
}

static bool is_known(const struct cache *c)
{
    CHECK(c->size != 0 && c->size <= c->read_max);
    return cache_memory_known(&c->memory, c->address, c->size) == c->size;
}

/*
 * ---- unreadable memory ----
 *
 * A kernel's stub reads all bytes or none, and prints each fault on the kernel's console. A failed
 * read inside one page therefore marks that page as unreadable. With other stubs only a failed read
 * of one byte is conclusive.
 */

static void learn_unreadable(struct cache *c, const struct buf *reply)
{
    static const uint8_t marks[CACHE_PAGE];
    uint64_t page = cache_page_of(c->address);
    CHECK(c->size != 0);
    if (c->kernel && cache_page_of(c->address + (c->size - 1)) == page)
        cache_memory_store(&c->unreadable, page, marks, CACHE_PAGE);
    else if (c->size == 1)
        cache_memory_store(&c->unreadable, c->address, marks, 1);
    (void)buf_set(&c->read_error, reply->data, reply->len);
}

static bool is_unreadable(const struct cache *c)
{
    uint64_t last = c->address + (c->size - 1);
    if (!c->kernel)
        return c->size == 1 && cache_memory_known(&c->unreadable, c->address, 1) != 0;
    for (uint64_t page = cache_page_of(c->address);; page += CACHE_PAGE) {
        if (cache_memory_known(&c->unreadable, page, 1) != 0)
            return true;
        if (page == cache_page_of(last))
            return false;
    }
}

/* Whether a reply is Exx or E.text; memory has an even number of digits. */
static bool is_read_error(const struct buf *reply)
{
    return buf_starts(reply, "E.") || (buf_starts(reply, "E") && reply->len % 2 != 0);
}

/* Handles the reply to the client's own read. */
static void learn_read(struct cache *c, const struct buf *reply)
{
    if (is_read_error(reply))
        learn_unreadable(c, reply);
    else
        store_read(c, reply, c->address, c->size);
}

static int send_read(struct cache *c, uint64_t address, size_t len)
{
    CHECK_OR_RETURN((c->command == 'm' || c->command == 'x') && len != 0 && len <= c->read_max);
    buf_reset(&c->d.request);
    (void)buf_printf(&c->d.request, "%c%" PRIx64 ",%zx", c->command, address, len);
    return DECORATOR_REPLACE;
}

int cache_take_block(struct cache *c, struct buf *reply)
{
    static const uint8_t mark = 0;
    CHECK_OR_RETURN(c->block_read && c->window_len >= c->size &&
                    c->address - c->window < c->window_len);
    c->block_read = false;
    store_read(c, reply, c->window, c->window_len);
    if (is_known(c))
        return make_reply(c, reply);
    cache_memory_store(&c->failed_blocks, c->address, &mark, 1);
    c->learn = learn_read;
    return send_read(c, c->address, c->size);
}

/* Reads memory that may be cached and fits in one reply; `exact`: not the block around it. */
static int read_cacheable(struct cache *c, bool exact)
{
    cache_enter_address_space(c);
    if (is_known(c)) {
        c->stats.hits++;
        return make_reply(c, &c->d.reply);
    }
    if (is_unreadable(c)) {
        c->stats.hits++;
        return buf_set(&c->d.reply, c->read_error.data, c->read_error.len);
    }
    c->stats.misses++;
    int rc = cache_sync_address_space(c);
    if (rc != 0)
        return cache_pass_after(rc);
    if (!exact && cache_window(c, c->address, c->size, &c->window, &c->window_len) &&
        c->window_len > c->size) {
        CHECK_OR_RETURN(c->learn == NULL);
        c->block_read = true;
        c->stats.blocks++;
        return send_read(c, c->window, c->window_len);
    }
    c->learn = learn_read;
    return DECORATOR_PASS;
}

int cache_read(struct cache *c, const struct request *r)
{
    if (!is_range(r))
        return cache_pass_after(cache_sync_thread(c));
    int rc = cache_load_map(c);
    if (rc != 0)
        return rc;
    c->address = r->address;
    c->size = (size_t)r->length;
    c->command = (char)r->data[0];
    if (r->length > c->read_max || (c->command == 'x' && !c->binary) ||
        cache_is_device(c, c->address, c->size))
        return cache_pass_after(cache_sync_thread(c));
    return read_cacheable(c, r->exact);
}
