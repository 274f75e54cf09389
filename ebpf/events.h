/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The events that a program gives to ring buffers and perf event arrays. The machine collects them;
 * `monitor events` and `netgdb bpf run` print them. Above EBPF_EVENTS_MAX bytes further ones are
 * counted and dropped.
 */
#ifndef NETGDB_EBPF_EVENTS_H
#define NETGDB_EBPF_EVENTS_H

#include "ebpf/maps.h"

enum { EBPF_EVENTS_MAX = 1 << 20 };

/* Collects an event: copies data[size]. */
void ebpf_event_add(struct ebpf_machine *m, const struct ebpf_map *map, const uint8_t *data,
                    uint32_t size);

/* Appends the last `max` events as text, one line each, with the name of their map as it is in the
 * object. If events were dropped, the last line has their number. */
void ebpf_events_print(const struct ebpf_machine *m, unsigned max, struct buf *out);

/*
 * Reserves a record of `size` bytes in a ring buffer; returns its address, or 0: no room, or
 * EBPF_RESERVED_MAX records are reserved. The program sees only reserved bytes.
 */
uint64_t ebpf_ring_reserve(struct ebpf_machine *m, struct ebpf_map *map, uint64_t size);

/* Submits (or discards) the record at an address; false: there is none. */
bool ebpf_ring_commit(struct ebpf_machine *m, uint64_t address, bool submit);

#endif
