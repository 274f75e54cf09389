/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in helper functions; see helpers.h. Printing is in print.c. */
#include "ebpf/helpers.h"

#include <inttypes.h>
#include <string.h>

#include "ebpf/library.h"
#include "ebpf/maps.h"
#include "ebpf/print.h"

enum {
    LARGE = 65536 /* bytes: a helper that accesses more ends the slice, so that Ctrl-C works */
};

#define HELPER(name) static EBPF_HELPER_FUNCTION(name)

uint8_t *ebpf_reach(struct ebpf_machine *m, uint64_t address, uint64_t size, bool write,
                    enum ebpf_stop *stop)
{
    static uint8_t nothing[1];
    if (size == 0)
        return nothing;
    uint8_t *host = ebpf_memory_access(&m->memory, address, size, write);
    m->attention |= size > LARGE;
    if (host == NULL) {
        char reason[EBPF_REASON];
        ebpf_memory_reason(&m->memory, address, size, write, reason);
        *stop = ebpf_fault_at(m, EBPF_ACCESS, address,
                              "helper: %s %" PRIu64 " bytes at 0x%" PRIx64 ": %s",
                              write ? "write" : "read", size, address, reason);
    }
    return host;
}

static struct ebpf_map *find_map(struct ebpf_machine *m, uint64_t address, enum ebpf_stop *stop)
{
    struct ebpf_map *map = ebpf_map_find(m, address);
    if (map == NULL)
        *stop = ebpf_fault_at(m, EBPF_ACCESS, address, "helper: there is no map at 0x%" PRIx64,
                              address);
    return map;
}

HELPER(map_lookup)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = find_map(m, arg[0], &stop);
    const uint8_t *key =
        map == NULL ? NULL : ebpf_reach(m, arg[1], map->definition->key_size, false, &stop);
    if (key != NULL)
        *result = ebpf_map_lookup(map, key);
    return stop;
}

HELPER(map_update)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = find_map(m, arg[0], &stop);
    const uint8_t *key =
        map == NULL ? NULL : ebpf_reach(m, arg[1], map->definition->key_size, false, &stop);
    const uint8_t *value =
        key == NULL ? NULL : ebpf_reach(m, arg[2], map->definition->value_size, false, &stop);
    if (value != NULL)
        *result = (uint64_t)(int64_t)ebpf_map_update(map, key, value, arg[3]);
    return stop;
}

HELPER(map_delete)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = find_map(m, arg[0], &stop);
    const uint8_t *key =
        map == NULL ? NULL : ebpf_reach(m, arg[1], map->definition->key_size, false, &stop);
    if (key != NULL)
        *result = (uint64_t)(int64_t)ebpf_map_delete(map, key);
    return stop;
}

/* bpf_probe_read: dst, size, src. Returns an error instead of a fault. */
HELPER(probe_read)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *dst = ebpf_reach(m, arg[0], arg[1], true, &stop);
    if (dst == NULL)
        return stop;
    const uint8_t *src = arg[1] == 0 ? dst : ebpf_memory_access(&m->memory, arg[2], arg[1], false);
    if (src == NULL)
        memset(dst, 0, (size_t)arg[1]);
    else
        memmove(dst, src, (size_t)arg[1]);
    *result = src == NULL ? (uint64_t)EBPF_EFAULT : 0;
    return stop;
}

/* The same for a string with its NUL; the result is the length with the NUL. */
HELPER(probe_read_str)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *dst = ebpf_reach(m, arg[0], arg[1], true, &stop);
    if (dst == NULL)
        return stop;
    *result = (uint64_t)EBPF_EFAULT;
    for (uint64_t i = 0; i < arg[1]; i++) {
        const uint8_t *src = ebpf_memory_access(&m->memory, arg[2] + i, 1, false);
        if (src == NULL)
            return stop;
        dst[i] = i + 1 == arg[1] ? 0 : *src;
        if (dst[i] == 0) {
            *result = i + 1;
            return stop;
        }
    }
    return stop;
}

HELPER(ktime_get_ns)
{
    (void)self;
    const struct ebpf_world *w = m->options.world;
    (void)arg;
    *result = w != NULL && w->now != NULL ? w->now(w->context) : 0;
    return EBPF_RUNNING;
}

/* splitmix64, for which every seed is good. */
HELPER(get_prandom_u32)
{
    (void)self;
    (void)arg;
    uint64_t x = m->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    *result = (uint32_t)(x ^ x >> 31);
    return EBPF_RUNNING;
}

HELPER(trace_printk)
{
    (void)self;
    return ebpf_print_format(m, arg, result);
}

HELPER(print_string)
{
    (void)self;
    return ebpf_print_string(m, arg, result);
}

HELPER(copy)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *src = ebpf_reach(m, arg[1], arg[2], false, &stop);
    uint8_t *dst = src == NULL ? NULL : ebpf_reach(m, arg[0], arg[2], true, &stop);
    if (dst != NULL)
        memmove(dst, src, (size_t)arg[2]);
    *result = arg[0];
    return stop;
}

HELPER(set)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    uint8_t *dst = ebpf_reach(m, arg[0], arg[2], true, &stop);
    if (dst != NULL)
        memset(dst, (int)(arg[1] & 0xff), (size_t)arg[2]);
    *result = arg[0];
    return stop;
}

HELPER(compare)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *a = ebpf_reach(m, arg[0], arg[2], false, &stop);
    const uint8_t *b = a == NULL ? NULL : ebpf_reach(m, arg[1], arg[2], false, &stop);
    if (b != NULL) {
        int order = memcmp(a, b, (size_t)arg[2]);
        *result = order < 0 ? UINT64_MAX : order > 0;
    }
    return stop;
}

/* Linux's bpf_strncmp: s1, its size, s2. */
HELPER(compare_strings)
{
    (void)self;
    enum ebpf_stop stop = EBPF_RUNNING;
    for (uint64_t i = 0; i < arg[1]; i++) {
        const uint8_t *a = ebpf_reach(m, arg[0] + i, 1, false, &stop);
        const uint8_t *b = a == NULL ? NULL : ebpf_reach(m, arg[2] + i, 1, false, &stop);
        if (b == NULL)
            return stop;
        *result = *a < *b ? UINT64_MAX : *a > *b;
        if (*a != *b || *a == 0)
            break;
    }
    return stop;
}

const struct ebpf_helper ebpf_helpers[] = {
    {1, "bpf_map_lookup_elem", "map, key", map_lookup, 0},
    {2, "bpf_map_update_elem", "map, key, value, flags", map_update, 0},
    {3, "bpf_map_delete_elem", "map, key", map_delete, 0},
    {4, "bpf_probe_read", "dst, size, src", probe_read, 0},
    {5, "bpf_ktime_get_ns", "", ktime_get_ns, 0},
    {6, "bpf_trace_printk", "format, size, a, b, c", trace_printk, 0},
    {7, "bpf_get_prandom_u32", "", get_prandom_u32, 0},
    {45, "bpf_probe_read_str", "dst, size, src", probe_read_str, 0},
    {182, "bpf_strncmp", "a, size, b", compare_strings, 0},
    {1000, "memcpy", "dst, src, size", copy, 0},
    {1001, "memmove", "dst, src, size", copy, 0},
    {1002, "memset", "dst, byte, size", set, 0},
    {1003, "memcmp", "a, b, size", compare, 0},
    {1004, "puts", "string", print_string, 0},
    EBPF_LIBRARY,
};
const size_t ebpf_helper_count = sizeof ebpf_helpers / sizeof ebpf_helpers[0];

const struct ebpf_helper *ebpf_helper_by_id(const struct ebpf_helper *table, size_t count,
                                            uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].id == id)
            return &table[i];
    return NULL;
}

const struct ebpf_helper *ebpf_helper_by_name(const struct ebpf_helper *table, size_t count,
                                              const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}
