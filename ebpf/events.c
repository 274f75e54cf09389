/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events of programs; see events.h. */
#include "ebpf/events.h"

#include <inttypes.h>
#include <string.h>

enum { BYTES_SHOWN = 128 };

/* The header of an event in m->events. */
struct event {
    uint32_t map, size; /* index; bytes that follow */
};

void ebpf_event_add(struct ebpf_machine *m, const struct ebpf_map *map, const uint8_t *data,
                    uint32_t size)
{
    struct event e = {(uint32_t)(map - m->maps), size};
    size_t before = m->events.len;
    if (buf_add(&m->events, &e, sizeof e) == 0 && buf_add(&m->events, data, size) == 0) {
        m->event_count++;
        return;
    }
    m->events.len = before;
    m->events.error = 0;
    m->events_lost++;
}

static void print_event(const struct ebpf_machine *m, const struct event *e, const uint8_t *data,
                        struct buf *out)
{
    (void)buf_printf(out, "event of %s, %u bytes: ", m->maps[e->map].definition->name, e->size);
    uint32_t shown = e->size < BYTES_SHOWN ? e->size : BYTES_SHOWN;
    (void)buf_addhex(out, data, shown);
    (void)buf_adds(out, shown < e->size ? "... '" : " '");
    for (uint32_t i = 0; i < shown; i++)
        (void)buf_addc(out, data[i] >= ' ' && data[i] < 127 ? data[i] : '.');
    (void)buf_adds(out, "'\n");
}

void ebpf_events_print(const struct ebpf_machine *m, unsigned max, struct buf *out)
{
    unsigned number = 0;
    for (size_t at = 0; at < m->events.len; number++) {
        struct event e;
        memcpy(&e, m->events.data + at, sizeof e);
        at += sizeof e;
        if (m->event_count - number <= max)
            print_event(m, &e, m->events.data + at, out);
        at += e.size;
    }
    if (m->events_lost != 0)
        (void)buf_printf(out, "%" PRIu64 " further events were dropped\n", m->events_lost);
}

/* The program sees the buffer up to the end of its last record. */
static void set_ring_head(struct ebpf_machine *m, struct ebpf_map *map, uint32_t head)
{
    struct ebpf_region *r = ebpf_memory_find(&m->memory, map->base);
    map->ring_head = head;
    r->used = head;
}

uint64_t ebpf_ring_reserve(struct ebpf_machine *m, struct ebpf_map *map, uint64_t size)
{
    uint32_t at = (map->ring_head + 7) & ~7U;
    if (size == 0 || at > map->ring_bytes || size > map->ring_bytes - at)
        return 0;
    for (unsigned i = 0; i < EBPF_RESERVED_MAX; i++)
        if (map->reserved[i].size == 0) {
            map->reserved[i] = (struct ebpf_reserved){at, (uint32_t)size};
            set_ring_head(m, map, at + (uint32_t)size);
            return map->base + at;
        }
    return 0;
}

/* Frees a record; space is free again up to the end of the last record that is left. */
static void release(struct ebpf_machine *m, struct ebpf_map *map, struct ebpf_reserved *record)
{
    uint32_t head = 0;
    record->size = 0;
    for (unsigned i = 0; i < EBPF_RESERVED_MAX; i++) {
        const struct ebpf_reserved *r = &map->reserved[i];
        if (r->size != 0 && r->at + r->size > head)
            head = r->at + r->size;
    }
    set_ring_head(m, map, head);
}

bool ebpf_ring_commit(struct ebpf_machine *m, uint64_t address, bool submit)
{
    for (unsigned i = 0; i < m->map_count; i++) {
        struct ebpf_map *map = &m->maps[i];
        for (unsigned k = 0; map->kind == EBPF_KIND_RING && k < EBPF_RESERVED_MAX; k++) {
            struct ebpf_reserved *r = &map->reserved[k];
            if (r->size == 0 || map->base + r->at != address)
                continue;
            if (submit)
                ebpf_event_add(m, map, map->host + r->at, r->size);
            release(m, map, r);
            return true;
        }
    }
    return false;
}
