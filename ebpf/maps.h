/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps (RFC 9669, 5.4.1): hashes and arrays, also those that Linux has per CPU (the machine is one)
 * and those that drop their oldest entries; tries, queues, stacks, and maps of maps that the object
 * gives; arrays of programs for tail calls; buffers of events (events.h). Entries are in the
 * machine's memory, so that a program can use the pointer from a look-up and a debugger can read
 * them. The index is outside of it. Maps of other types exist without entries: a helper that gets
 * one stops the program.
 */
#ifndef NETGDB_EBPF_MAPS_H
#define NETGDB_EBPF_MAPS_H

#include <stdint.h>

#include "ebpf/machine.h"

enum {
    EBPF_MAP_BYTES_MAX = 512 << 20, /* bytes of all entries of a map */
    EBPF_KEY_MAX = 512,
    EBPF_BUCKET_MAX = 1024,  /* entries with the same hash, so that a look-up ends soon */
    EBPF_TRIE_KEY_MAX = 260, /* 4 bytes for the length of the prefix, in bits, then its bytes */
    EBPF_VALUE_MAX = 16 << 20,
    EBPF_RING_MAX = 16 << 20, /* bytes of a ring buffer; larger ones get this size */
    EBPF_RESERVED_MAX = 16    /* records of a ring buffer that a program has reserved */
};

/* Flags of an update, and errors, as in Linux (linux/bpf.h, errno.h). */
enum { EBPF_ANY, EBPF_NOEXIST, EBPF_EXIST };
enum {
    EBPF_ENOENT = -2,
    EBPF_E2BIG = -7,
    EBPF_EAGAIN = -11,
    EBPF_EFAULT = -14,
    EBPF_EEXIST = -17,
    EBPF_EINVAL = -22
};

/* How the machine implements a map: bits, for sets of kinds. */
enum ebpf_map_kind {
    EBPF_KIND_NONE = 0, /* not at all */
    EBPF_KIND_ARRAY = 1,
    EBPF_KIND_HASH = 2,
    EBPF_KIND_LRU = 4,      /* a hash that drops an entry when it is full */
    EBPF_KIND_PROGRAMS = 8, /* values: addresses of functions, 8 bytes each; 0: none */
    EBPF_KIND_RING = 16,
    EBPF_KIND_PERF = 32,
    EBPF_KIND_TRIE = 64,   /* a hash whose look-ups find the longest prefix of a key */
    EBPF_KIND_QUEUE = 128, /* queues and stacks */
    EBPF_KIND_MAPS = 256,  /* values: addresses of maps, 8 bytes each, by numbers of 4 bytes */
    EBPF_KIND_ADDRESSES = EBPF_KIND_PROGRAMS | EBPF_KIND_MAPS,
    EBPF_KIND_VALUES = EBPF_KIND_ARRAY | EBPF_KIND_HASH | EBPF_KIND_LRU | EBPF_KIND_TRIE
};

/* A record of a ring buffer between reserve and submit. */
struct ebpf_reserved {
    uint32_t at, size; /* offset in the buffer; bytes; size 0: unused */
};

struct ebpf_map {
    const struct ebpf_map_definition *definition;
    enum ebpf_map_kind kind;
    uint64_t base;    /* address of the entries: value and key, each padded to 8 bytes */
    uint8_t *host;    /* of the entries, in their region; NULL: no memory */
    uint32_t stride;  /* bytes of an entry */
    uint32_t count;   /* entries in use */
    uint32_t buckets; /* a power of two; 0: not a hash */
    uint32_t *head;   /* by bucket: index of its first entry + 1; 0: none */
    uint32_t *next; /* by entry: the next one in its bucket, or in the free list with bit 31, + 1 */
    uint32_t walked; /* entries that the last search of a bucket has passed; of a trie, a measure
                         of the work of all its searches */
    uint32_t vacant; /* first free entry + 1; 0: none */
    uint32_t fresh;  /* entries from here on were never used */
    uint8_t *recent; /* LRU, by entry: used since the hand has passed (the CLOCK algorithm) */
    uint32_t hand;   /* of a queue or stack: the oldest entry */
    uint32_t ring_bytes, ring_head; /* of a ring buffer: its size, and the end of the last record */
    struct ebpf_reserved reserved[EBPF_RESERVED_MAX];
};

/* Makes the image's maps, empty. Returns 0, or an error as ebpf_machine_new(): there are none. */
int ebpf_maps_set_up(struct ebpf_machine *m);
void ebpf_maps_free(struct ebpf_machine *m);

/* Returns the map whose definition has this address, or NULL. */
struct ebpf_map *ebpf_map_find(struct ebpf_machine *m, uint64_t address);

/*
 * For helpers: returns the map at an address if it is of one of these kinds; NULL and *stop, a
 * fault that names the map, its type and the helper `user`.
 */
struct ebpf_map *ebpf_map_take(struct ebpf_machine *m, uint64_t address, unsigned kinds,
                               const char *user, enum ebpf_stop *stop);

/* Returns the address of the first value of the array with this index in the image; 0: none. */
uint64_t ebpf_map_values(const struct ebpf_machine *m, uint32_t index);

/* Returns the address of the value of key[key_size], of a map of maps that of the map; 0: none. */
uint64_t ebpf_map_lookup(struct ebpf_map *map, const uint8_t *key);

/* Set the value of key[key_size] to value[value_size], and delete it. `flags`: EBPF_ANY, … Return 0
 * or an error as above, as Linux does. */
int ebpf_map_update(struct ebpf_map *map, const uint8_t *key, const uint8_t *value, uint64_t flags);
int ebpf_map_delete(struct ebpf_map *map, const uint8_t *key);

/* Appends a value to a queue or stack; a full one drops its oldest value if `flags` is EBPF_EXIST.
 * Returns 0 or an error. */
int ebpf_map_push(struct ebpf_map *map, const uint8_t *value, uint64_t flags);

/* Copies the next value of a queue or stack to value[value_size], and with `take` removes it.
 * Returns 0, or EBPF_ENOENT and zeros. */
int ebpf_map_pop(struct ebpf_map *map, uint8_t *value, bool take);

/*
 * Finds the first entry in use from number `from` on, for loops over all entries; false: none.
 * Sets *number, its key (of the map's key_size, in the map or in *index) and its value's address.
 */
bool ebpf_map_next(struct ebpf_map *map, uint32_t from, uint32_t *number, uint32_t *index,
                   const uint8_t **key, uint64_t *value);

#endif
