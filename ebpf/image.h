/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A linked program: its segments, entry point, symbols and map definitions, and the linked ELF file
 * for debuggers. The loader (load.h) makes it; the machine only reads it.
 */
#ifndef NETGDB_EBPF_IMAGE_H
#define NETGDB_EBPF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum { EBPF_SEGMENTS_MAX = 64, EBPF_MAPS_MAX = 256 };

/* Addresses of the linked segments. */
#define EBPF_TEXT_BASE UINT64_C(0x10000000)
#define EBPF_RODATA_BASE UINT64_C(0x20000000)
#define EBPF_DATA_BASE UINT64_C(0x30000000)
#define EBPF_BSS_BASE UINT64_C(0x40000000)

struct ebpf_segment {
    char name[24];
    uint64_t base;
    uint64_t size;  /* bytes in memory */
    uint64_t given; /* bytes in data; the rest is zero */
    uint8_t *data;  /* owned */
    unsigned flags; /* EBPF_READ, … of memory.h */
};

struct ebpf_symbol {
    char *name; /* owned */
    uint64_t address, size;
    bool function, global;
    uint32_t frame_size; /* of a function: bytes of stack that its code uses */
};

/* The supported map types (linux/bpf.h, enum bpf_map_type). */
enum ebpf_map_type { EBPF_MAP_HASH = 1, EBPF_MAP_ARRAY = 2 };

struct ebpf_map_definition {
    const char *name; /* owned by the symbol */
    uint64_t address; /* of the definition, which a program passes to the helpers */
    uint32_t type, key_size, value_size, max_entries;
};

struct ebpf_image {
    char *name; /* owned: the file's base name */
    struct ebpf_segment segment[EBPF_SEGMENTS_MAX];
    unsigned segments;
    struct ebpf_segment *text; /* the segment with the code */
    uint64_t entry;
    struct ebpf_symbol *symbol; /* sorted by address */
    size_t symbols;
    struct ebpf_map_definition map[EBPF_MAPS_MAX];
    unsigned maps;
    struct buf elf; /* the linked ELF; empty for ebpf_image_from_code() */
};

/*
 * Makes an image of `len` bytes of instructions at EBPF_TEXT_BASE, with the first as entry point.
 * Copies `code`. Returns 0, NETGDB_NOMEM, or NETGDB_PROTO if len is 0 or not a multiple of 8. The
 * caller frees *out.
 */
int ebpf_image_from_code(struct ebpf_image **out, const uint8_t *code, size_t len);
void ebpf_image_free(struct ebpf_image *image); /* NULL is fine */

/* Returns the function that contains an address, or NULL. */
const struct ebpf_symbol *ebpf_image_function(const struct ebpf_image *image, uint64_t address);

/* Returns the symbol with this name, or NULL. */
const struct ebpf_symbol *ebpf_image_symbol(const struct ebpf_image *image, const char *name);

#endif
