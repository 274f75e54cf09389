/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Regions, checked accesses, watchpoints; see memory.h. */
#include "ebpf/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"

#define FOUR_GIB (UINT64_C(1) << 32)

/*
 * Makes a window that no address matches. An address selects its window by bits 28-34; this base
 * has the bits of the next window, so the distance is never 0, and size 8 admits distance 0 at
 * most.
 */
static void close_window(struct ebpf_window *w, unsigned index)
{
    uint64_t other = (index + 1) % EBPF_WINDOWS;
    *w = (struct ebpf_window){.base = ~UINT64_C(0) << 35 | other << EBPF_WINDOW_SHIFT, .size = 8};
}

void ebpf_memory_init(struct ebpf_memory *m)
{
    memset(m, 0, sizeof *m);
    m->low = EBPF_PAGE;
    m->top = FOUR_GIB;
    for (unsigned i = 0; i < EBPF_WINDOWS; i++) {
        close_window(&m->read[i], i);
        close_window(&m->write[i], i);
    }
}

void ebpf_memory_free(struct ebpf_memory *m)
{
    for (unsigned i = 0; i < m->regions; i++)
        free(m->region[i].host);
    ebpf_memory_init(m);
}

/*
 * Sets the windows that the region covers, unless an earlier region has. A window must have at
 * least the 8 bytes of the largest access, and can
 * neither tell the values of a map apart nor change.
 */
static void open_windows(struct ebpf_window *windows, const struct ebpf_region *r)
{
    if (r->used < 8 || r->flags & (EBPF_VALUES | EBPF_GROWS))
        return;
    uint64_t first = r->base >> EBPF_WINDOW_SHIFT;
    uint64_t last = (r->base + r->size - 1) >> EBPF_WINDOW_SHIFT;
    for (uint64_t i = first; i <= last; i++)
        if (windows[i].host == NULL)
            windows[i] = (struct ebpf_window){.base = r->base, .size = r->used, .host = r->host};
}

static int check_place(const struct ebpf_memory *m, uint64_t base, uint64_t size)
{
    if (m->regions == EBPF_REGIONS_MAX || size > EBPF_MEMORY_MAX - m->mapped || base >= m->top ||
        size > m->top - base)
        return NETGDB_TOO_LONG;
    if (base % EBPF_PAGE != 0 || base < m->low)
        return NETGDB_PROTO;
    for (unsigned i = 0; i < m->regions; i++)
        if (base < m->region[i].base + m->region[i].size && m->region[i].base < base + size)
            return NETGDB_PROTO;
    return 0;
}

struct ebpf_region *ebpf_memory_map(struct ebpf_memory *m, const char *name, uint64_t base,
                                    const void *data, uint64_t size, unsigned flags, int *error)
{
    *error = NETGDB_TOO_LONG;
    if (size > EBPF_MEMORY_MAX)
        return NULL;
    uint64_t padded = (size + EBPF_PAGE - 1) / EBPF_PAGE * EBPF_PAGE;
    padded = padded == 0 ? EBPF_PAGE : padded;
    *error = check_place(m, base, padded);
    if (*error != 0)
        return NULL;
    *error = NETGDB_NOMEM;
    uint8_t *host = calloc(1, (size_t)padded);
    if (host == NULL)
        return NULL;
    if (data != NULL && size != 0)
        memcpy(host, data, (size_t)size);
    unsigned at = m->regions;
    while (at > 0 && m->region[at - 1].base > base)
        at--;
    memmove(&m->region[at + 1], &m->region[at], (m->regions - at) * sizeof m->region[0]);
    struct ebpf_region *r = &m->region[at];
    *r = (struct ebpf_region){
        .name = name, .base = base, .size = padded, .used = size, .flags = flags, .host = host};
    m->regions++;
    m->mapped += padded;
    if (flags & EBPF_READ)
        open_windows(m->read, r);
    if (flags & EBPF_WRITE)
        open_windows(m->write, r);
    *error = 0;
    return r;
}

struct ebpf_region *ebpf_memory_find(const struct ebpf_memory *m, uint64_t address)
{
    unsigned low = 0, high = m->regions;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (m->region[middle].base <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address - m->region[low - 1].base >= m->region[low - 1].size)
        return NULL;
    return (struct ebpf_region *)&m->region[low - 1];
}

/* The bytes from an address to the end of what a program may access there. */
static uint64_t room_at(const struct ebpf_region *r, uint64_t address)
{
    uint64_t at = address - r->base, end = r->used;
    if (r->flags & EBPF_VALUES) {
        at %= r->stride;
        end = r->value;
    }
    return at < end ? end - at : 0;
}

static bool watches_kind(const struct ebpf_watch *w, bool write)
{
    return w->kind == EBPF_WATCH_ACCESS || (w->kind == EBPF_WATCH_WRITE) == write;
}

static void note_watches(struct ebpf_memory *m, uint64_t address, uint64_t size, bool write)
{
    for (unsigned i = 0; i < m->watches && m->hit == NULL; i++) {
        const struct ebpf_watch *w = &m->watch[i];
        bool touches = address - w->address < w->size || w->address - address < size;
        if (!touches || !watches_kind(w, write))
            continue;
        m->hit = w;
        m->hit_address = address > w->address ? address : w->address;
    }
}

uint8_t *ebpf_memory_access(struct ebpf_memory *m, uint64_t address, uint64_t size, bool write)
{
    const struct ebpf_region *r = ebpf_memory_find(m, address);
    if (r == NULL || size > room_at(r, address) || address - r->base >= r->used ||
        !(r->flags & (write ? EBPF_WRITE : EBPF_READ)))
        return NULL;
    if (m->watches != 0 && size != 0)
        note_watches(m, address, size, write);
    return r->host + (address - r->base);
}

void ebpf_memory_reason(const struct ebpf_memory *m, uint64_t address, uint64_t size, bool write,
                        char text[EBPF_REASON])
{
    const struct ebpf_region *r = ebpf_memory_find(m, address);
    if (r == NULL)
        snprintf(text, EBPF_REASON, "nothing is mapped there");
    else if (!(r->flags & (write ? EBPF_WRITE : EBPF_READ)))
        snprintf(text, EBPF_REASON, "%.32s may not be %s", r->name, write ? "written" : "read");
    else if (r->flags & EBPF_VALUES && address - r->base < r->used)
        snprintf(text, EBPF_REASON,
                 "byte %" PRIu64 " to %" PRIu64 " of a value of %.32s, which has %u",
                 (address - r->base) % r->stride, (address - r->base) % r->stride + size, r->name,
                 r->value);
    else
        snprintf(text, EBPF_REASON, "byte %" PRIu64 " to %" PRIu64 " of %.32s, which has %" PRIu64,
                 address - r->base, address - r->base + size, r->name, r->used);
}

/* The bytes of one region from `address` on, at most `len`. */
static size_t run_at(const struct ebpf_memory *m, uint64_t address, size_t len, uint8_t **host,
                     unsigned forbidden)
{
    const struct ebpf_region *r = ebpf_memory_find(m, address);
    if (r == NULL || (r->flags & forbidden) != 0)
        return 0;
    uint64_t rest = r->size - (address - r->base);
    *host = r->host + (address - r->base);
    return rest < len ? (size_t)rest : len;
}

size_t ebpf_memory_peek(const struct ebpf_memory *m, uint64_t address, void *out, size_t len)
{
    size_t done = 0, n;
    uint8_t *host;
    while (done < len && (n = run_at(m, address + done, len - done, &host, 0)) != 0) {
        memcpy((uint8_t *)out + done, host, n);
        done += n;
    }
    return done;
}

size_t ebpf_memory_poke(struct ebpf_memory *m, uint64_t address, const void *data, size_t len)
{
    size_t done = 0, n;
    uint8_t *host;
    while (done < len && (n = run_at(m, address + done, len - done, &host, EBPF_DEBUG_RO)) != 0) {
        if (data != NULL)
            memcpy(host, (const uint8_t *)data + done, n);
        done += n;
    }
    return done;
}

/* The index of an equal watchpoint; m->watches: there is none. */
static unsigned find_watch(const struct ebpf_memory *m, const struct ebpf_watch *watch)
{
    unsigned i = 0;
    for (; i < m->watches; i++) {
        const struct ebpf_watch *w = &m->watch[i];
        if (w->kind == watch->kind && w->address == watch->address && w->size == watch->size)
            break;
    }
    return i;
}

int ebpf_memory_watch(struct ebpf_memory *m, const struct ebpf_watch *watch)
{
    if (find_watch(m, watch) < m->watches)
        return 0;
    if (m->watches == EBPF_WATCHES_MAX)
        return NETGDB_TOO_LONG;
    m->watch[m->watches++] = *watch;
    return 0;
}

int ebpf_memory_unwatch(struct ebpf_memory *m, const struct ebpf_watch *watch)
{
    unsigned i = find_watch(m, watch);
    if (i == m->watches)
        return NETGDB_PROTO;
    m->watch[i] = m->watch[--m->watches];
    m->hit = NULL;
    return 0;
}

void ebpf_memory_keep_watches(struct ebpf_memory *m, const struct ebpf_memory *from)
{
    memcpy(m->watch, from->watch, sizeof m->watch);
    m->watches = from->watches;
}
