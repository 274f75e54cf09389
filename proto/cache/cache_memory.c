/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cached memory; see cache_memory.h. */
#include "proto/cache/cache_memory.h"
#include "proto/check.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = CACHE_PAGE / 64 };

struct cache_page {
    uint64_t address;        /* of its first byte */
    struct cache_page *next; /* in the same bucket */
    uint64_t known[WORDS];   /* one bit for each byte: cached */
    uint8_t bytes[CACHE_PAGE];
};

/* The pages in use come first, and the next one to evict is one of the allocated. */
static bool memory_is_sound(const struct cache_memory *m)
{
    return m->used <= m->allocated && m->allocated <= CACHE_PAGES_MAX &&
           (m->oldest == 0 || m->oldest < m->allocated);
}

void cache_memory_free(struct cache_memory *m)
{
    CHECK(memory_is_sound(m));
    for (size_t i = 0; i < m->allocated; i++)
        free(m->pages[i]);
    memset(m, 0, sizeof *m);
}

void cache_memory_clear(struct cache_memory *m)
{
    CHECK(memory_is_sound(m));
    if (m->used != 0)
        memset(m->buckets, 0, sizeof m->buckets);
    m->used = m->oldest = 0;
}

static size_t page_bucket(uint64_t address)
{
    uint64_t n = address / CACHE_PAGE;
    return (size_t)((n ^ n >> 8 ^ n >> 20) % CACHE_PAGE_BUCKETS);
}

/* Returns how many of the `len` bytes at `address` are in the page of `address`. */
static size_t bytes_in_page(uint64_t address, size_t len)
{
    size_t left = CACHE_PAGE - (size_t)(address % CACHE_PAGE);
    return len < left ? len : left;
}

static struct cache_page *find_page(const struct cache_memory *m, uint64_t address)
{
    struct cache_page *p = m->buckets[page_bucket(address)];
    while (p != NULL && p->address != cache_page_of(address))
        p = p->next;
    CHECK(p == NULL || p->address % CACHE_PAGE == 0);
    return p;
}

static void unlink_page(struct cache_memory *m, const struct cache_page *page)
{
    struct cache_page **at = &m->buckets[page_bucket(page->address)];
    while (*at != NULL && *at != page)
        at = &(*at)->next;
    if (CHECK(*at == page))
        *at = page->next;
}

/* Returns a page that is in no bucket: an unused one, a new one, or the oldest, which is evicted.
 * NULL if memory is short and no page exists. */
static struct cache_page *get_page(struct cache_memory *m)
{
    CHECK(memory_is_sound(m));
    if (m->used == m->allocated && m->allocated < CACHE_PAGES_MAX) {
        struct cache_page *page = malloc(sizeof *page);
        if (page != NULL)
            m->pages[m->allocated++] = page;
    }
    if (m->used < m->allocated)
        return m->pages[m->used++];
    if (m->allocated == 0)
        return NULL;
    struct cache_page *page = m->pages[m->oldest];
    m->oldest = (m->oldest + 1) % m->allocated;
    unlink_page(m, page);
    return page;
}

static struct cache_page *find_or_create(struct cache_memory *m, uint64_t address)
{
    struct cache_page *page = find_page(m, address);
    if (page != NULL || (page = get_page(m)) == NULL)
        return page;
    size_t bucket = page_bucket(address);
    CHECK(m->used != 0 && m->used <= m->allocated);
    page->address = cache_page_of(address);
    memset(page->known, 0, sizeof page->known);
    page->next = m->buckets[bucket];
    m->buckets[bucket] = page;
    return page;
}

/* Sets the bits of bytes [from, from + len) of a page. */
static void set_known(struct cache_page *page, size_t from, size_t len)
{
    if (!CHECK(from <= CACHE_PAGE && len <= CACHE_PAGE - from))
        return;
    while (len > 0) {
        size_t bit = from % 64, n = len < 64 - bit ? len : 64 - bit;
        uint64_t mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1) << bit;
        page->known[from / 64] |= mask;
        from += n;
        len -= n;
    }
}

void cache_memory_store(struct cache_memory *m, uint64_t address, const uint8_t *bytes, size_t len)
{
    CHECK(len == 0 || address + (len - 1) >= address);
    while (len > 0) {
        size_t n = bytes_in_page(address, len), at = (size_t)(address % CACHE_PAGE);
        struct cache_page *page = find_or_create(m, address);
        if (page == NULL)
            return;
        memcpy(page->bytes + at, bytes, n);
        set_known(page, at, n);
        address += n;
        bytes += n;
        len -= n;
    }
}

/* Returns the number of consecutive cached bytes of a page from `at` on, at most `len`. */
static size_t known_in_page(const struct cache_page *page, size_t at, size_t len)
{
    size_t n = 0;
    CHECK(at < CACHE_PAGE && len <= CACHE_PAGE - at);
    while (n < len) {
        uint64_t unknown = ~page->known[(at + n) / 64] >> (at + n) % 64;
        if (unknown != 0) {
            n += (size_t)__builtin_ctzll(unknown);
            break;
        }
        n += 64 - (at + n) % 64;
    }
    return n < len ? n : len;
}

size_t cache_memory_known(const struct cache_memory *m, uint64_t address, size_t len)
{
    size_t all = 0, n, known;
    CHECK(len != 0 && address + (len - 1) >= address); /* no range wraps */
    do {
        const struct cache_page *page = find_page(m, address + all);
        n = bytes_in_page(address + all, len - all);
        known = page == NULL ? 0 : known_in_page(page, (size_t)((address + all) % CACHE_PAGE), n);
        all += known;
    } while (known == n && all < len);
    CHECK(all <= len);
    return all;
}

void cache_memory_copy(const struct cache_memory *m, uint64_t address, uint8_t *bytes, size_t len)
{
    CHECK(len == 0 || address + (len - 1) >= address);
    while (len > 0) {
        size_t n = bytes_in_page(address, len), at = (size_t)(address % CACHE_PAGE);
        const struct cache_page *page = find_page(m, address);
        /* The caller has called cache_memory_known. */
        if (!CHECK(page != NULL && known_in_page(page, at, n) == n))
            return;
        memcpy(bytes, page->bytes + at, n);
        address += n;
        bytes += n;
        len -= n;
    }
}

bool cache_memory_touched(const struct cache_memory *m, uint64_t address)
{
    const struct cache_page *page = find_page(m, address);
    for (size_t i = 0; page != NULL && i < WORDS; i++) {
        if (page->known[i] != 0)
            return true;
    }
    return false;
}

size_t cache_memory_bytes(const struct cache_memory *m)
{
    size_t n = 0;
    CHECK(memory_is_sound(m));
    for (size_t i = 0; i < m->used; i++) {
        for (size_t w = 0; w < WORDS; w++)
            n += (size_t)__builtin_popcountll(m->pages[i]->known[w]);
    }
    return n;
}
