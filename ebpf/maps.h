/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps (RFC 9669, 5.4.1): hash maps and arrays. Entries are in the machine's memory, so that a
 * program can use the pointer from a look-up and a debugger can read them. The index is outside of
 * it.
 */
#ifndef NETGDB_EBPF_MAPS_H
#define NETGDB_EBPF_MAPS_H

#include <stdint.h>

#include "ebpf/machine.h"

enum {
    EBPF_MAP_BYTES_MAX = 64 << 20, /* bytes of all entries of a map */
    EBPF_KEY_MAX = 512,
    EBPF_VALUE_MAX = 1 << 20
};

/* Flags of an update, and errors, as in Linux (linux/bpf.h, errno.h). */
enum { EBPF_ANY, EBPF_NOEXIST, EBPF_EXIST };
enum { EBPF_ENOENT = -2, EBPF_E2BIG = -7, EBPF_EFAULT = -14, EBPF_EEXIST = -17, EBPF_EINVAL = -22 };

struct ebpf_map {
    const struct ebpf_map_definition *definition;
    uint64_t base;    /* address of the entries: value and key, each padded to 8 bytes */
    uint8_t *host;    /* of the entries, in their region */
    uint32_t stride;  /* bytes of an entry */
    uint32_t count;   /* entries in use */
    uint32_t buckets; /* a power of two; 0 for an array */
    uint32_t *head;   /* by bucket: index of its first entry + 1; 0: none */
    uint32_t *next;   /* by entry: the next one in its bucket or in the free list, + 1 */
    uint32_t vacant;  /* first free entry + 1; 0: full */
};

/* Makes the image's maps, empty. Returns 0, or an error as ebpf_memory_map(). */
int ebpf_maps_set_up(struct ebpf_machine *m);
void ebpf_maps_free(struct ebpf_machine *m);

/* Returns the map whose definition has this address, or NULL. */
struct ebpf_map *ebpf_map_find(struct ebpf_machine *m, uint64_t address);

/* Returns the address of the first value of the array with this index in the image. */
uint64_t ebpf_map_values(const struct ebpf_machine *m, uint32_t index);

/* Returns the address of the value of key[key_size]; 0: none. */
uint64_t ebpf_map_lookup(const struct ebpf_map *map, const uint8_t *key);

/* Set the value of key[key_size], and delete it. Return 0 or an error as above. */
int ebpf_map_update(struct ebpf_map *map, const uint8_t *key, const uint8_t *value, uint64_t flags);
int ebpf_map_delete(struct ebpf_map *map, const uint8_t *key);

#endif
