/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A linked program: what goes into the machine's memory, where it starts, what its functions are
 * called, and the ELF file that a debugger gets. Made by load.h; the machine only reads it.
 */
#ifndef NETGDB_EBPF_IMAGE_H
#define NETGDB_EBPF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum { EBPF_SEGMENTS_MAX = 16, EBPF_MAPS_MAX = 64 };

/* Where the loader puts what it links. */
#define EBPF_TEXT_BASE UINT64_C(0x10000000)
#define EBPF_RODATA_BASE UINT64_C(0x20000000)
#define EBPF_DATA_BASE UINT64_C(0x30000000)

struct ebpf_segment {
    const char *name; /* a constant */
    uint64_t base;
    uint64_t size;  /* bytes in memory */
    uint64_t given; /* of them in data; the rest is zero */
    uint8_t *data;  /* owned */
    unsigned flags; /* EBPF_READ, … of memory.h */
};

struct ebpf_symbol {
    char *name; /* owned */
    uint64_t address, size;
    bool function, global;
    uint32_t frame_size; /* of a function: bytes of stack that it uses, by its code */
};

/* linux/bpf.h, enum bpf_map_type: the ones that the machine has. */
enum ebpf_map_type { EBPF_MAP_HASH = 1, EBPF_MAP_ARRAY = 2 };

struct ebpf_map_definition {
    const char *name; /* a symbol's */
    uint64_t address; /* of the definition: what a program passes to the helpers */
    uint32_t type, key_size, value_size, max_entries;
};

struct ebpf_image {
    char *name; /* owned: the file's base name */
    struct ebpf_segment segment[EBPF_SEGMENTS_MAX];
    unsigned segments;
    struct ebpf_segment *text; /* one of them */
    uint64_t entry;
    struct ebpf_symbol *symbol; /* sorted by address */
    size_t symbols;
    struct ebpf_map_definition map[EBPF_MAPS_MAX];
    unsigned maps;
    struct buf elf; /* the linked ELF; empty for bare code */
};

/*
 * An image of bare instructions at EBPF_TEXT_BASE that start at the first one. `code` is copied.
 * Returns 0, NETGDB_NOMEM, or NETGDB_PROTO when the length is 0 or not a multiple of 8.
 */
int ebpf_image_from_code(struct ebpf_image **out, const uint8_t *code, size_t len);
void ebpf_image_free(struct ebpf_image *image); /* NULL is fine */

/* The function that an address lies in, or NULL. */
const struct ebpf_symbol *ebpf_image_function(const struct ebpf_image *image, uint64_t address);

/* The symbol of that name, or NULL. */
const struct ebpf_symbol *ebpf_image_symbol(const struct ebpf_image *image, const char *name);

#endif
