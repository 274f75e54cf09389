/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hash maps and arrays; see maps.h. */
#include "ebpf/maps.h"

#include <stdlib.h>
#include <string.h>

#include "proto/err.h"

static uint32_t round8(uint32_t n)
{
    return (n + 7) & ~7U;
}

/* The bytes of an entry, which is always inside the map's region. */
static uint8_t *entry_host(const struct ebpf_map *map, uint32_t entry)
{
    return map->host + (uint64_t)entry * map->stride;
}

static uint8_t *key_host(const struct ebpf_map *map, uint32_t entry)
{
    return entry_host(map, entry) + round8(map->definition->value_size);
}

/* Returns 0, or an error with the limit that the definition exceeds. */
static int check_map(struct ebpf_machine *m, const struct ebpf_map_definition *d)
{
    bool array = d->type == EBPF_MAP_ARRAY;
    if (d->key_size == 0 || d->key_size > EBPF_KEY_MAX || (array && d->key_size != 4))
        return ebpf_machine_error(m, NETGDB_PROTO,
                                  "map %s: keys of %u bytes (an array's have 4, others 1 to %d)",
                                  d->name, d->key_size, EBPF_KEY_MAX);
    if (d->value_size == 0 || d->value_size > EBPF_VALUE_MAX)
        return ebpf_machine_error(m, NETGDB_PROTO, "map %s: values of %u bytes (1 to %d)", d->name,
                                  d->value_size, EBPF_VALUE_MAX);
    uint32_t fit = EBPF_MAP_BYTES_MAX / (round8(d->value_size) + round8(d->key_size));
    if (d->max_entries == 0 || d->max_entries > fit)
        return ebpf_machine_error(
            m, NETGDB_TOO_LONG, "map %s: %u entries of %u bytes (1 to %u, which is %d MiB)",
            d->name, d->max_entries, d->key_size + d->value_size, fit, EBPF_MAP_BYTES_MAX >> 20);
    return 0;
}

static int make_buckets(struct ebpf_map *map)
{
    uint32_t n = map->definition->max_entries;
    for (map->buckets = 1; map->buckets < n;)
        map->buckets *= 2;
    map->head = calloc(map->buckets, sizeof *map->head);
    map->next = calloc(n, sizeof *map->next);
    if (map->head == NULL || map->next == NULL)
        return NETGDB_NOMEM;
    for (uint32_t i = 0; i + 1 < n; i++)
        map->next[i] = i + 2;
    map->vacant = 1;
    return 0;
}

static int set_up_map(struct ebpf_machine *m, struct ebpf_map *map,
                      const struct ebpf_map_definition *d, uint64_t base)
{
    bool array = d->type == EBPF_MAP_ARRAY;
    int error = check_map(m, d);
    if (error != 0)
        return error;
    *map = (struct ebpf_map){.definition = d, .base = base};
    map->stride = round8(d->value_size) + (array ? 0 : round8(d->key_size));
    uint64_t used = (uint64_t)map->stride * (d->max_entries - 1) + d->value_size;
    struct ebpf_region *r =
        array && d->max_entries == 1
            ? ebpf_memory_map(&m->memory, d->name, base, NULL, used, EBPF_READ | EBPF_WRITE, &error)
            : ebpf_memory_map(&m->memory, d->name, base, NULL,
                              (uint64_t)map->stride * d->max_entries,
                              EBPF_READ | EBPF_WRITE | EBPF_VALUES, &error);
    if (r == NULL)
        return ebpf_machine_error(m, error, "map %s: no room: all maps have more than %d MiB",
                                  d->name, (int)(EBPF_MEMORY_MAX >> 20));
    r->stride = map->stride;
    r->value = d->value_size;
    r->used = used;
    map->host = r->host;
    map->count = array ? d->max_entries : 0;
    return array ? 0 : make_buckets(map);
}

int ebpf_maps_set_up(struct ebpf_machine *m)
{
    uint64_t base = EBPF_MAPS_BASE;
    ebpf_maps_free(m);
    if (m->image->maps == 0)
        return 0;
    m->maps = calloc(m->image->maps, sizeof *m->maps);
    if (m->maps == NULL)
        return NETGDB_NOMEM;
    m->map_count = m->image->maps;
    int rc = 0;
    for (unsigned i = 0; i < m->map_count && rc == 0; i++) {
        rc = set_up_map(m, &m->maps[i], &m->image->map[i], base);
        const struct ebpf_region *r = ebpf_memory_find(&m->memory, base);
        base += r != NULL ? r->size + EBPF_PAGE : 0; /* an unmapped page after each */
    }
    return rc;
}

void ebpf_maps_free(struct ebpf_machine *m)
{
    for (unsigned i = 0; i < m->map_count; i++) {
        free(m->maps[i].head);
        free(m->maps[i].next);
    }
    free(m->maps);
    m->maps = NULL;
    m->map_count = 0;
}

struct ebpf_map *ebpf_map_find(struct ebpf_machine *m, uint64_t address)
{
    for (unsigned i = 0; i < m->map_count; i++)
        if (m->maps[i].definition->address == address)
            return &m->maps[i];
    return NULL;
}

uint64_t ebpf_map_values(const struct ebpf_machine *m, uint32_t index)
{
    return index < m->map_count ? m->maps[index].base : 0;
}

/* FNV-1a: good for short keys, and deterministic. */
static uint32_t map_bucket(const struct ebpf_map *map, const uint8_t *key)
{
    uint32_t hash = 2166136261U;
    for (uint32_t i = 0; i < map->definition->key_size; i++)
        hash = (hash ^ key[i]) * 16777619U;
    return hash & (map->buckets - 1);
}

/* The link to the entry with a key, or the last link of its bucket, which is 0. */
static uint32_t *find_link(const struct ebpf_map *map, const uint8_t *key)
{
    uint32_t *link = &map->head[map_bucket(map, key)];
    while (*link != 0 && memcmp(key_host(map, *link - 1), key, map->definition->key_size) != 0)
        link = &map->next[*link - 1];
    return link;
}

/* The index of the entry with a key, + 1; 0: none. */
static uint32_t find_entry(const struct ebpf_map *map, const uint8_t *key)
{
    if (map->buckets != 0)
        return *find_link(map, key);
    uint32_t index;
    memcpy(&index, key, sizeof index);
    return index < map->definition->max_entries ? index + 1 : 0;
}

uint64_t ebpf_map_lookup(const struct ebpf_map *map, const uint8_t *key)
{
    uint32_t entry = find_entry(map, key);
    return entry == 0 ? 0 : map->base + (uint64_t)(entry - 1) * map->stride;
}

/* Allocates an entry for a key; 0: the map is full. */
static uint32_t insert_entry(struct ebpf_map *map, const uint8_t *key)
{
    uint32_t entry = map->vacant;
    if (map->buckets == 0 || entry == 0)
        return 0;
    uint32_t *head = &map->head[map_bucket(map, key)];
    map->vacant = map->next[entry - 1];
    map->next[entry - 1] = *head;
    *head = entry;
    map->count++;
    memmove(key_host(map, entry - 1), key, map->definition->key_size);
    return entry;
}

int ebpf_map_update(struct ebpf_map *map, const uint8_t *key, const uint8_t *value, uint64_t flags)
{
    uint32_t entry = find_entry(map, key);
    if (flags > EBPF_EXIST)
        return EBPF_EINVAL;
    if (entry != 0 && flags == EBPF_NOEXIST)
        return EBPF_EEXIST;
    if (entry == 0 && flags == EBPF_EXIST)
        return EBPF_ENOENT;
    if (entry == 0)
        entry = insert_entry(map, key);
    if (entry == 0)
        return EBPF_E2BIG;
    memmove(entry_host(map, entry - 1), value, map->definition->value_size);
    return 0;
}

int ebpf_map_delete(struct ebpf_map *map, const uint8_t *key)
{
    if (map->buckets == 0)
        return EBPF_EINVAL;
    uint32_t *link = find_link(map, key), entry = *link;
    if (entry == 0)
        return EBPF_ENOENT;
    *link = map->next[entry - 1];
    map->next[entry - 1] = map->vacant;
    map->vacant = entry;
    map->count--;
    return 0;
}
