/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The helpers that use maps; see helpers.h. */
#include "ebpf/helpers_linux.h"

#include <inttypes.h>
#include <string.h>

#include "ebpf/events.h"
#include "ebpf/maps.h"

/* The map with values in r1 and the key in r2; NULL after a fault. */
static struct ebpf_map *take_key(struct ebpf_machine *m, const struct ebpf_helper *self,
                                 const uint64_t arg[5], const uint8_t **key, enum ebpf_stop *stop)
{
    bool lookup = self->call == ebpf_map_lookup_helper;
    struct ebpf_map *map = ebpf_map_take(
        m, arg[0], lookup ? EBPF_KIND_VALUES | EBPF_KIND_MAPS : EBPF_KIND_VALUES, self->name, stop);
    if (map == NULL)
        return NULL;
    *key = ebpf_reach(m, arg[1], map->definition->key_size, false, stop);
    return *key == NULL ? NULL : map;
}

/* A long search of a bucket is work: about as much as copying 64 bytes of each entry. */
static void note_search(struct ebpf_machine *m, const struct ebpf_map *map)
{
    if (map != NULL)
        ebpf_worked(m, 64 * (uint64_t)map->walked);
}

/* Also per CPU: there is one. */
EBPF_HELPER_FUNCTION(ebpf_map_lookup_helper)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *key;
    struct ebpf_map *map = take_key(m, self, arg, &key, &stop);
    if (map != NULL)
        *result = ebpf_map_lookup(map, key);
    note_search(m, map);
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_map_update_helper)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *key;
    struct ebpf_map *map = take_key(m, self, arg, &key, &stop);
    const uint8_t *value =
        map == NULL ? NULL : ebpf_reach(m, arg[2], map->definition->value_size, false, &stop);
    if (value != NULL)
        *result = (uint64_t)(int64_t)ebpf_map_update(map, key, value, arg[3]);
    note_search(m, map);
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_map_delete_helper)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const uint8_t *key;
    struct ebpf_map *map = take_key(m, self, arg, &key, &stop);
    if (map != NULL)
        *result = (uint64_t)(int64_t)ebpf_map_delete(map, key);
    note_search(m, map);
    return stop;
}

/* bpf_tail_call: context, map, index. Without a program there it returns an error. */
EBPF_HELPER_FUNCTION(ebpf_tail_call)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = ebpf_map_take(m, arg[1], EBPF_KIND_PROGRAMS, self->name, &stop);
    uint64_t address = 0;
    *result = (uint64_t)(int64_t)EBPF_ENOENT;
    if (map == NULL || (uint32_t)arg[2] >= map->definition->max_entries ||
        m->tail_calls == EBPF_TAIL_CALLS)
        return stop;
    memcpy(&address, map->host + 8 * (size_t)(uint32_t)arg[2], sizeof address);
    if (address == 0)
        return stop;
    const struct ebpf_op *to = ebpf_op_at(m, address);
    if (to == NULL)
        return ebpf_fault_at(m, EBPF_JUMP, address,
                             "map %.64s: there is no instruction at 0x%" PRIx64,
                             map->definition->name, address);
    m->tail_calls++;
    m->next = to;
    m->attention = true;
    return stop;
}

/* bpf_perf_event_output: context, map, flags, data, size. */
EBPF_HELPER_FUNCTION(ebpf_perf_event_output)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = ebpf_map_take(m, arg[1], EBPF_KIND_PERF, self->name, &stop);
    const uint8_t *data = map == NULL ? NULL : ebpf_reach(m, arg[3], arg[4], false, &stop);
    if (data != NULL)
        ebpf_event_add(m, map, data, (uint32_t)arg[4]);
    *result = 0;
    return stop;
}

/* bpf_ringbuf_output: map, data, size, flags. */
EBPF_HELPER_FUNCTION(ebpf_ringbuf_output)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = ebpf_map_take(m, arg[0], EBPF_KIND_RING, self->name, &stop);
    const uint8_t *data = map == NULL ? NULL : ebpf_reach(m, arg[1], arg[2], false, &stop);
    if (data != NULL)
        ebpf_event_add(m, map, data, (uint32_t)arg[2]);
    *result = 0;
    return stop;
}

EBPF_HELPER_FUNCTION(ebpf_ringbuf_reserve)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = ebpf_map_take(m, arg[0], EBPF_KIND_RING, self->name, &stop);
    if (map != NULL)
        *result = ebpf_ring_reserve(m, map, arg[1]);
    return stop;
}

/* Submits (value 1) or discards the record in r1. */
EBPF_HELPER_FUNCTION(ebpf_ringbuf_commit)
{
    *result = 0;
    if (ebpf_ring_commit(m, arg[0], self->value != 0))
        return EBPF_RUNNING;
    return ebpf_fault_at(m, EBPF_ACCESS, arg[0], "%s: no record is reserved at 0x%" PRIx64,
                         self->name, arg[0]);
}

/* bpf_ringbuf_query: map, what: bytes in use, size, positions. */
EBPF_HELPER_FUNCTION(ebpf_ringbuf_query)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    const struct ebpf_map *map = ebpf_map_take(m, arg[0], EBPF_KIND_RING, self->name, &stop);
    if (map != NULL)
        *result = arg[1] == 1 ? map->ring_bytes : map->ring_head;
    return stop;
}

/* bpf_map_push_elem: map, value, flags. */
EBPF_HELPER_FUNCTION(ebpf_map_push_helper)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = ebpf_map_take(m, arg[0], EBPF_KIND_QUEUE, self->name, &stop);
    const uint8_t *value =
        map == NULL ? NULL : ebpf_reach(m, arg[1], map->definition->value_size, false, &stop);
    if (value != NULL)
        *result = (uint64_t)(int64_t)ebpf_map_push(map, value, arg[2]);
    return stop;
}

/* bpf_map_pop_elem (value 1) and bpf_map_peek_elem: map, address of the value. */
EBPF_HELPER_FUNCTION(ebpf_map_pop_helper)
{
    enum ebpf_stop stop = EBPF_RUNNING;
    struct ebpf_map *map = ebpf_map_take(m, arg[0], EBPF_KIND_QUEUE, self->name, &stop);
    uint8_t *value =
        map == NULL ? NULL : ebpf_reach(m, arg[1], map->definition->value_size, true, &stop);
    if (value != NULL)
        *result = (uint64_t)(int64_t)ebpf_map_pop(map, value, self->value != 0);
    return stop;
}
