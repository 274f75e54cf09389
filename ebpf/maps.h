/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps: what a program keeps under keys. Their entries lie in the machine's memory, so that a
 * pointer from a look-up can be read and written and a debugger can see them; who is where is
 * kept outside.
 */
#ifndef NETGDB_EBPF_MAPS_H
#define NETGDB_EBPF_MAPS_H

#include <stdint.h>

#include "ebpf/machine.h"

enum {
    EBPF_MAP_BYTES_MAX = 64 << 20, /* of all entries of one map */
    EBPF_KEY_MAX = 512,
    EBPF_VALUE_MAX = 1 << 20
};

/* update's flags and errors, as in Linux (linux/bpf.h, errno.h). */
enum { EBPF_ANY, EBPF_NOEXIST, EBPF_EXIST };
enum { EBPF_ENOENT = -2, EBPF_E2BIG = -7, EBPF_EFAULT = -14, EBPF_EEXIST = -17, EBPF_EINVAL = -22 };

struct ebpf_map {
    const struct ebpf_map_definition *definition;
    uint64_t base;    /* address of the entries: a value, then its key, each padded to 8 */
    uint32_t stride;  /* bytes of an entry */
    uint32_t count;   /* entries in use */
    uint32_t buckets; /* a power of two; 0 for an array */
    uint32_t *head;   /* of each bucket: an entry and 1, 0 for none */
    uint32_t *next;   /* of each entry in use in its bucket, or in the list of the free ones */
    uint32_t vacant;  /* first free entry and 1 */
};

/* Makes the maps of the image, empty. Returns 0 or an error. */
int ebpf_maps_set_up(struct ebpf_machine *m);
void ebpf_maps_free(struct ebpf_machine *m);

/* The map whose definition is at this address, or NULL. */
struct ebpf_map *ebpf_map_find(struct ebpf_machine *m, uint64_t address);

/* Address of the first value of an array. */
uint64_t ebpf_map_values(const struct ebpf_machine *m, uint32_t index);

/* The address of the value under a key of key_size bytes, 0 when there is none. */
uint64_t ebpf_map_lookup(struct ebpf_machine *m, const struct ebpf_map *map, const uint8_t *key);

/* Return 0 or an errno as above. */
int ebpf_map_update(struct ebpf_machine *m, struct ebpf_map *map, const uint8_t *key,
                    const uint8_t *value, uint64_t flags);
int ebpf_map_delete(struct ebpf_machine *m, struct ebpf_map *map, const uint8_t *key);

#endif
