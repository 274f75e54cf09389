/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maps with elements; see maps.h. */
#include "ebpf/maps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/names.h"
#include "proto/err.h"

enum { PROGRAM_BYTES = 8 /* an entry of an array of programs */ };
#define ENTRY_FREE (UINT32_C(1) << 31) /* in `next`: there are fewer entries */

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

/* A map without entries, keys or values, whose loader sets them, is unusable too. */
static enum ebpf_map_kind map_kind_of(const struct ebpf_map_definition *d)
{
    bool sized = d->max_entries != 0 && d->key_size != 0 && d->value_size != 0;
    switch (d->type) {
    case EBPF_MAP_HASH:
    case EBPF_MAP_PERCPU_HASH:
        return sized ? EBPF_KIND_HASH : EBPF_KIND_NONE;
    case EBPF_MAP_LRU_HASH:
    case EBPF_MAP_LRU_PERCPU_HASH:
        return sized ? EBPF_KIND_LRU : EBPF_KIND_NONE;
    case EBPF_MAP_ARRAY:
    case EBPF_MAP_PERCPU_ARRAY:
        return sized ? EBPF_KIND_ARRAY : EBPF_KIND_NONE;
    case EBPF_MAP_LPM_TRIE:
        return sized && d->key_size > 4 ? EBPF_KIND_TRIE : EBPF_KIND_NONE;
    case EBPF_MAP_QUEUE:
    case EBPF_MAP_STACK:
        return d->max_entries != 0 && d->value_size != 0 ? EBPF_KIND_QUEUE : EBPF_KIND_NONE;
    case EBPF_MAP_ARRAY_OF_MAPS:
    case EBPF_MAP_HASH_OF_MAPS:
        return d->max_entries != 0 && d->key_size == 4 ? EBPF_KIND_MAPS : EBPF_KIND_NONE;
    case EBPF_MAP_PROG_ARRAY:
        return d->max_entries != 0 ? EBPF_KIND_PROGRAMS : EBPF_KIND_NONE;
    case EBPF_MAP_PERF_EVENT_ARRAY:
        return EBPF_KIND_PERF;
    case EBPF_MAP_RINGBUF:
        return EBPF_KIND_RING;
    default:
        return EBPF_KIND_NONE;
    }
}

/* Returns 0, or an error with the limit that the definition exceeds. */
static int check_map(struct ebpf_machine *m, const struct ebpf_map *map)
{
    const struct ebpf_map_definition *d = map->definition;
    bool array = map->kind == EBPF_KIND_ARRAY;
    if (d->key_size > EBPF_KEY_MAX || (array && d->key_size != 4))
        return ebpf_machine_error(m, NETGDB_PROTO,
                                  "map %s: keys of %u bytes (an array's have 4, others 1 to %d)",
                                  d->name, d->key_size, EBPF_KEY_MAX);
    if (map->kind == EBPF_KIND_TRIE && d->key_size > EBPF_TRIE_KEY_MAX)
        return ebpf_machine_error(m, NETGDB_PROTO, "map %s: keys of %u bytes (a trie's: 5 to %d)",
                                  d->name, d->key_size, EBPF_TRIE_KEY_MAX);
    if (d->value_size > EBPF_VALUE_MAX)
        return ebpf_machine_error(m, NETGDB_PROTO, "map %s: values of %u bytes (1 to %d)", d->name,
                                  d->value_size, EBPF_VALUE_MAX);
    bool addresses = map->kind & EBPF_KIND_ADDRESSES; /* its sizes may be 0 */
    uint32_t bytes = addresses ? PROGRAM_BYTES : d->key_size + d->value_size;
    uint32_t padded = addresses ? PROGRAM_BYTES : round8(d->value_size) + round8(d->key_size);
    uint32_t fit = EBPF_MAP_BYTES_MAX / padded;
    if (d->max_entries > fit)
        return ebpf_machine_error(m, NETGDB_TOO_LONG,
                                  "map %s: %u entries of %u bytes (1 to %u, which is %d MiB)",
                                  d->name, d->max_entries, bytes, fit, EBPF_MAP_BYTES_MAX >> 20);
    return 0;
}

static int make_buckets(struct ebpf_map *map)
{
    uint32_t n = map->definition->max_entries;
    for (map->buckets = 1; map->buckets < n;)
        map->buckets *= 2;
    map->head = calloc(map->buckets, sizeof *map->head);
    map->next = calloc(n, sizeof *map->next);
    if (map->kind == EBPF_KIND_LRU)
        map->recent = calloc(n, 1);
    bool failed = map->head == NULL || map->next == NULL ||
                  (map->kind == EBPF_KIND_LRU && map->recent == NULL);
    return failed ? NETGDB_NOMEM : 0;
}

/* Maps a map's memory, and sets its base and host. */
static int map_memory(struct ebpf_machine *m, struct ebpf_map *map, uint64_t size, unsigned flags,
                      struct ebpf_region **r)
{
    int error;
    *r = ebpf_memory_map(&m->memory, map->definition->name, map->base, NULL, size,
                         EBPF_READ | EBPF_WRITE | flags, &error);
    if (*r == NULL)
        return ebpf_machine_error(m, error, "map %s: no room: all maps have more than %d MiB",
                                  map->definition->name, (int)(EBPF_MEMORY_MAX >> 20));
    map->host = (*r)->host;
    return 0;
}

static int set_up_values(struct ebpf_machine *m, struct ebpf_map *map)
{
    const struct ebpf_map_definition *d = map->definition;
    bool array = map->kind == EBPF_KIND_ARRAY, plain = array || map->kind == EBPF_KIND_QUEUE;
    struct ebpf_region *r;
    map->stride = round8(d->value_size) + (plain ? 0 : round8(d->key_size));
    uint64_t used = (uint64_t)map->stride * (d->max_entries - 1) + d->value_size;
    bool alone = array && d->max_entries == 1;
    int rc = map_memory(m, map, alone ? used : (uint64_t)map->stride * d->max_entries,
                        alone ? 0 : EBPF_VALUES, &r);
    if (rc != 0)
        return rc;
    r->stride = map->stride;
    r->value = d->value_size;
    r->used = used;
    map->count = array ? d->max_entries : 0;
    return plain ? 0 : make_buckets(map);
}

/* The addresses of functions or maps that the object gives, if any. */
static int set_up_addresses(struct ebpf_machine *m, struct ebpf_map *map)
{
    const struct ebpf_map_definition *d = map->definition;
    struct ebpf_region *r;
    map->stride = PROGRAM_BYTES;
    int rc = map_memory(m, map, (uint64_t)PROGRAM_BYTES * d->max_entries, 0, &r);
    if (rc == 0 && d->values_at != 0)
        (void)ebpf_memory_peek(
            &m->memory, d->values_at, map->host,
            PROGRAM_BYTES * (size_t)(d->values < d->max_entries ? d->values : d->max_entries));
    return rc;
}

static int set_up_ring(struct ebpf_machine *m, struct ebpf_map *map)
{
    uint32_t size = map->definition->max_entries;
    struct ebpf_region *r;
    map->ring_bytes = size == 0 || size > EBPF_RING_MAX ? EBPF_RING_MAX : size;
    int rc = map_memory(m, map, map->ring_bytes, EBPF_GROWS, &r);
    if (rc == 0)
        r->used = 0;
    return rc;
}

static int set_up_map(struct ebpf_machine *m, struct ebpf_map *map,
                      const struct ebpf_map_definition *d, uint64_t base)
{
    *map = (struct ebpf_map){.definition = d, .base = base, .kind = map_kind_of(d)};
    bool values = map->kind & (EBPF_KIND_VALUES | EBPF_KIND_QUEUE);
    int rc = values || map->kind & EBPF_KIND_ADDRESSES ? check_map(m, map) : 0;
    if (rc != 0)
        return rc;
    if (values)
        return set_up_values(m, map);
    if (map->kind & EBPF_KIND_ADDRESSES)
        return set_up_addresses(m, map);
    return map->kind == EBPF_KIND_RING ? set_up_ring(m, map) : 0;
}

int ebpf_maps_set_up(struct ebpf_machine *m)
{
    uint64_t base = EBPF_MAPS_BASE;
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
    if (rc != 0)
        ebpf_maps_free(m);
    return rc;
}

void ebpf_maps_free(struct ebpf_machine *m)
{
    for (unsigned i = 0; i < m->map_count; i++) {
        free(m->maps[i].head);
        free(m->maps[i].next);
        free(m->maps[i].recent);
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

struct ebpf_map *ebpf_map_take(struct ebpf_machine *m, uint64_t address, unsigned kinds,
                               const char *user, enum ebpf_stop *stop)
{
    struct ebpf_map *map = ebpf_map_find(m, address);
    if (map != NULL && map->kind & kinds)
        return map;
    if (map == NULL) {
        *stop = ebpf_fault_at(m, EBPF_ACCESS, address, "%s: there is no map at 0x%llx", user,
                              (unsigned long long)address);
        return NULL;
    }
    const struct ebpf_map_definition *d = map->definition;
    const char *type = ebpf_map_type_name(d->type);
    if (map->kind != EBPF_KIND_NONE)
        *stop = ebpf_fault_at(m, EBPF_ACCESS, address, "map %.64s: %s is not for its type, %s (%u)",
                              d->name, user, type, d->type);
    else if (map_kind_of(&(struct ebpf_map_definition){d->name, 0, d->type, 8, 1, 1, 0, 0}) != 0)
        *stop =
            ebpf_fault_at(m, EBPF_ACCESS, address,
                          "map %.64s: %u entries, keys of %u and values of %u bytes in the object",
                          d->name, d->max_entries, d->key_size, d->value_size);
    else
        *stop =
            ebpf_fault_at(m, EBPF_ACCESS, address, "map %.64s: its type, %s (%u), is not supported",
                          d->name, type, d->type);
    return NULL;
}

uint64_t ebpf_map_values(const struct ebpf_machine *m, uint32_t index)
{
    return index < m->map_count && m->maps[index].kind == EBPF_KIND_ARRAY ? m->maps[index].base : 0;
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
static uint32_t *find_link(struct ebpf_map *map, const uint8_t *key)
{
    uint32_t *link = &map->head[map_bucket(map, key)];
    for (map->walked = 0;
         *link != 0 && memcmp(key_host(map, *link - 1), key, map->definition->key_size) != 0;
         map->walked++)
        link = &map->next[*link - 1];
    return link;
}

/* The index of the entry with a key, + 1; 0: none. */
static uint32_t find_entry(struct ebpf_map *map, const uint8_t *key)
{
    if (map->buckets != 0)
        return *find_link(map, key);
    uint32_t index;
    memcpy(&index, key, sizeof index);
    return index < map->definition->max_entries ? index + 1 : 0;
}

/* --- tries: keys of a length in bits and bytes (linux/bpf.h, struct bpf_lpm_trie_key) --------- */

static uint32_t prefix_bits(const struct ebpf_map *map)
{
    return 8 * (map->definition->key_size - 4);
}

/* Makes the key of the first `bits` bits of a key: the others are 0. */
static void make_prefix(const struct ebpf_map *map, const uint8_t *key, uint32_t bits, uint8_t *out)
{
    uint32_t bytes = bits / 8;
    memset(out, 0, map->definition->key_size);
    memcpy(out, &bits, sizeof bits);
    memcpy(out + 4, key + 4, bytes);
    if (bits % 8 != 0)
        out[4 + bytes] = (uint8_t)(key[4 + bytes] & 0xff00 >> bits % 8);
}

/* The entry with the longest prefix of a key, + 1; 0: none. */
static uint32_t find_prefix(struct ebpf_map *map, const uint8_t *key)
{
    uint8_t prefix[EBPF_TRIE_KEY_MAX];
    uint32_t bits, entry = 0, walked = 0;
    memcpy(&bits, key, sizeof bits);
    map->walked = 0;
    if (bits > prefix_bits(map) || map->count == 0)
        return 0;
    for (uint32_t n = bits + 1; n > 0 && entry == 0; n--) {
        make_prefix(map, key, n - 1, prefix);
        entry = find_entry(map, prefix);
        walked += map->walked + 1 + map->definition->key_size / 4;
    }
    map->walked = walked;
    return entry;
}

/* The key by which a trie stores another; NULL: its length is too long. Other maps' are the same.
 */
static const uint8_t *stored_key(const struct ebpf_map *map, const uint8_t *key,
                                 uint8_t prefix[EBPF_TRIE_KEY_MAX])
{
    uint32_t bits;
    if (map->kind != EBPF_KIND_TRIE)
        return key;
    memcpy(&bits, key, sizeof bits);
    if (bits > prefix_bits(map))
        return NULL;
    make_prefix(map, key, bits, prefix);
    return prefix;
}

/* --- look-ups and changes --------------------------------------------------------------------- */

/* The address in an array of addresses; 0: none. */
static uint64_t address_in(const struct ebpf_map *map, const uint8_t *key)
{
    uint32_t index;
    uint64_t address = 0;
    memcpy(&index, key, sizeof index);
    if (index < map->definition->max_entries)
        memcpy(&address, entry_host(map, index), sizeof address);
    return address;
}

uint64_t ebpf_map_lookup(struct ebpf_map *map, const uint8_t *key)
{
    if (map->kind == EBPF_KIND_MAPS)
        return address_in(map, key);
    uint32_t entry = map->kind == EBPF_KIND_TRIE ? find_prefix(map, key) : find_entry(map, key);
    if (entry != 0 && map->recent != NULL)
        map->recent[entry - 1] = 1;
    return entry == 0 ? 0 : map->base + (uint64_t)(entry - 1) * map->stride;
}

/* Drops an entry of a full LRU map: the first from the hand on that was not used lately. */
static void drop_entry(struct ebpf_map *map)
{
    while (map->recent[map->hand] != 0) {
        map->recent[map->hand] = 0;
        map->hand = (map->hand + 1) % map->definition->max_entries;
    }
    (void)ebpf_map_delete(map, key_host(map, map->hand));
}

/* Takes a free entry; 0: the map is full. */
static uint32_t take_vacant(struct ebpf_map *map)
{
    if (map->vacant == 0 && map->fresh == map->definition->max_entries && map->recent != NULL)
        drop_entry(map);
    uint32_t entry = map->vacant;
    if (entry != 0)
        map->vacant = map->next[entry - 1] & ~ENTRY_FREE;
    else if (map->fresh < map->definition->max_entries)
        entry = ++map->fresh;
    return entry;
}

/* Allocates an entry for a key that was not found; 0: the map or the bucket is full, or an array.
 */
static uint32_t insert_entry(struct ebpf_map *map, const uint8_t *key)
{
    bool room = map->buckets != 0 && map->walked < EBPF_BUCKET_MAX;
    uint32_t entry = room ? take_vacant(map) : 0;
    if (entry == 0)
        return 0;
    uint32_t *head = &map->head[map_bucket(map, key)];
    map->next[entry - 1] = *head;
    *head = entry;
    map->count++;
    if (map->recent != NULL)
        map->recent[entry - 1] = 1;
    memmove(key_host(map, entry - 1), key, map->definition->key_size);
    return entry;
}

int ebpf_map_update(struct ebpf_map *map, const uint8_t *key, const uint8_t *value, uint64_t flags)
{
    uint8_t prefix[EBPF_TRIE_KEY_MAX];
    key = stored_key(map, key, prefix);
    if (flags > EBPF_EXIST || key == NULL)
        return EBPF_EINVAL;
    uint32_t entry = find_entry(map, key);
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
    uint8_t prefix[EBPF_TRIE_KEY_MAX];
    key = stored_key(map, key, prefix);
    if (map->buckets == 0 || key == NULL)
        return EBPF_EINVAL;
    uint32_t *link = find_link(map, key), entry = *link;
    if (entry == 0)
        return EBPF_ENOENT;
    *link = map->next[entry - 1];
    map->next[entry - 1] = map->vacant | ENTRY_FREE;
    map->vacant = entry;
    map->count--;
    return 0;
}

int ebpf_map_push(struct ebpf_map *map, const uint8_t *value, uint64_t flags)
{
    uint32_t max = map->definition->max_entries;
    if (flags != EBPF_ANY && flags != EBPF_EXIST)
        return EBPF_EINVAL;
    if (map->count == max && flags != EBPF_EXIST)
        return EBPF_E2BIG;
    if (map->count == max) {
        map->hand = (map->hand + 1) % max;
        map->count--;
    }
    uint32_t at = (uint32_t)(((uint64_t)map->hand + map->count++) % max);
    memmove(entry_host(map, at), value, map->definition->value_size);
    return 0;
}

int ebpf_map_pop(struct ebpf_map *map, uint8_t *value, bool take)
{
    uint32_t max = map->definition->max_entries, size = map->definition->value_size;
    bool stack = map->definition->type == EBPF_MAP_STACK;
    if (map->count == 0) {
        memset(value, 0, size);
        return EBPF_ENOENT;
    }
    uint32_t last = stack ? map->count - 1 : 0;
    memmove(value, entry_host(map, (uint32_t)(((uint64_t)map->hand + last) % max)), size);
    if (take) {
        map->count--;
        map->hand = stack ? map->hand : (map->hand + 1) % max;
    }
    return 0;
}

bool ebpf_map_next(struct ebpf_map *map, uint32_t from, uint32_t *number, uint32_t *index,
                   const uint8_t **key, uint64_t *value)
{
    uint32_t end = map->buckets == 0 ? map->definition->max_entries : map->fresh;
    for (uint32_t i = from; i < end; i++) {
        *key = map->buckets == 0 ? (const uint8_t *)index : key_host(map, i);
        if (map->buckets != 0 && (map->next[i] & ENTRY_FREE) != 0)
            continue;
        *number = *index = i;
        *value = map->base + (uint64_t)i * map->stride;
        return true;
    }
    return false;
}
