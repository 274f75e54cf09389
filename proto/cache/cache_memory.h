/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pages of cached memory of a stopped target; each byte is either cached or not. When to read and
 * when to invalidate is decided in cache.c.
 *
 * Addresses are the target's. A range [address, address + len) must not extend past the end of the
 * address space.
 */
#ifndef NETGDB_PROTO_CACHE_MEMORY_H
#define NETGDB_PROTO_CACHE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CACHE_PAGE = 4096,       /* bytes; the smallest page size of the supported machines */
    CACHE_PAGES_MAX = 1024,  /* cached pages; beyond that the oldest is evicted */
    CACHE_PAGE_BUCKETS = 256 /* size of the hash table */
};

/* Returns the address of the page that contains `address`. */
static inline uint64_t cache_page_of(uint64_t address)
{
    return address & ~(uint64_t)(CACHE_PAGE - 1);
}

struct cache_page;

/* All zero: empty. */
struct cache_memory {
    struct cache_page *buckets[CACHE_PAGE_BUCKETS];
    struct cache_page *pages[CACHE_PAGES_MAX]; /* owned; the first `used` are in buckets */
    size_t allocated, used;                    /* numbers of pages */
    size_t oldest;                             /* index of the page to be evicted next */
};

/* Releases all pages; the result is all zero again. */
void cache_memory_free(struct cache_memory *m);

/* Invalidates all bytes; keeps the allocated pages for later use. */
void cache_memory_clear(struct cache_memory *m);

/* Caches bytes that were read. At the limit, or without memory, evicts the oldest page; without any
 * page the bytes are not cached. */
void cache_memory_store(struct cache_memory *m, uint64_t address, const uint8_t *bytes, size_t len);

/* Returns the number of consecutive cached bytes from `address` on, at most `len`. */
size_t cache_memory_known(const struct cache_memory *m, uint64_t address, size_t len);

/* Copies bytes that are cached: the caller has checked with cache_memory_known. */
void cache_memory_copy(const struct cache_memory *m, uint64_t address, uint8_t *bytes, size_t len);

/* Returns whether the page of `address` has a cached byte. */
bool cache_memory_touched(const struct cache_memory *m, uint64_t address);

/* Returns the number of cached bytes. */
size_t cache_memory_bytes(const struct cache_memory *m);

#endif
