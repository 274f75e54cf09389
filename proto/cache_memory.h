/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a stopped target's memory: bytes, each known or not, in pages. It does not
 * know how they are read nor when they must be forgotten; that is cache.h.
 *
 * Addresses are the target's; a range never reaches past the end of the address space.
 */
#ifndef NETGDB_PROTO_CACHE_MEMORY_H
#define NETGDB_PROTO_CACHE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CACHE_PAGE = 4096,       /* bytes; the smallest page of the machines that are debugged */
    CACHE_PAGES_MAX = 1024,  /* that are kept; then the oldest goes */
    CACHE_PAGE_BUCKETS = 256 /* of the hash table */
};

struct cache_page;

struct cache_memory {
    struct cache_page *buckets[CACHE_PAGE_BUCKETS];
    struct cache_page *pages[CACHE_PAGES_MAX]; /* owned; the first `used` are in buckets */
    size_t made, used;
    size_t oldest; /* index of the page that goes next */
};

void cache_memory_init(struct cache_memory *m);
void cache_memory_free(struct cache_memory *m);

/* Nothing is known any more. */
void cache_memory_forget(struct cache_memory *m);

/* Keeps what was read. Without memory for it, or at the limit, something is just not kept. */
void cache_memory_keep(struct cache_memory *m, uint64_t address, const uint8_t *bytes, size_t len);

/* How many bytes from `address` on are known, at most `len`. */
size_t cache_memory_known(const struct cache_memory *m, uint64_t address, size_t len);

/* Copies bytes that are known. */
void cache_memory_copy(const struct cache_memory *m, uint64_t address, uint8_t *bytes, size_t len);

/* These bytes are not known any more. */
void cache_memory_drop(struct cache_memory *m, uint64_t address, size_t len);

/* Whether anything was read from the page of this address. */
bool cache_memory_touched(const struct cache_memory *m, uint64_t address);

/* Bytes that are known. */
size_t cache_memory_bytes(const struct cache_memory *m);

#endif
