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

/* The numbers of undefined functions as helpers: this one plus the index of the import. */
#define EBPF_IMPORT_ID UINT32_C(0x40000000)

/* The helper that replaces an instruction whose type or field the kernel of --btf does not have. */
#define EBPF_NO_TYPE UINT32_C(0x3fffffff)

/* The addresses of undefined variables, at which nothing is mapped: one page for each import. */
#define EBPF_IMPORT_BASE UINT64_C(0xf0000000)

enum {
    EBPF_IMPORTS_MAX = 4096,
    EBPF_IMPORT_BYTES = 4096,
    EBPF_IMPORT_NAME = 4096 /* bytes of a name */
};

struct sbpf; /* sbpf.h */

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
    uint32_t frame_size; /* bytes of stack that a function's code uses; 0: not known (debug.c) */
};

/* The supported map types (linux/bpf.h, enum bpf_map_type). */
enum ebpf_map_type {
    EBPF_MAP_HASH = 1,
    EBPF_MAP_ARRAY = 2,
    EBPF_MAP_PROG_ARRAY = 3,
    EBPF_MAP_PERF_EVENT_ARRAY = 4,
    EBPF_MAP_PERCPU_HASH = 5,
    EBPF_MAP_PERCPU_ARRAY = 6,
    EBPF_MAP_LRU_HASH = 9,
    EBPF_MAP_LRU_PERCPU_HASH = 10,
    EBPF_MAP_LPM_TRIE = 11,
    EBPF_MAP_ARRAY_OF_MAPS = 12,
    EBPF_MAP_HASH_OF_MAPS = 13,
    EBPF_MAP_QUEUE = 22,
    EBPF_MAP_STACK = 23,
    EBPF_MAP_RINGBUF = 27
};

struct ebpf_map_definition {
    const char *name; /* owned by the symbol */
    uint64_t address; /* of the definition, which a program passes to the helpers */
    uint32_t type, key_size, value_size, max_entries;
    uint64_t values_at; /* address of initial values: addresses of 8 bytes; 0: none */
    uint32_t values;    /* number of them */
};

struct ebpf_image {
    char *name; /* owned: the file's base name */
    struct ebpf_segment segment[EBPF_SEGMENTS_MAX];
    unsigned segments;
    struct ebpf_segment *text;   /* the segment with the code */
    uint64_t code_at, code_size; /* the code in it */
    const struct sbpf *sbpf;     /* NULL: eBPF */
    uint64_t bias;               /* what debuggers add to the addresses in `elf` */
    uint64_t entry;
    struct ebpf_symbol *symbol; /* sorted by address, then by name */
    size_t symbols;
    struct ebpf_map_definition map[EBPF_MAPS_MAX];
    unsigned maps;
    char **import; /* owned names of undefined symbols; see ebpf_image_import() */
    unsigned imports;
    uint16_t *import_place; /* owned hash table of them: twice EBPF_IMPORTS_MAX */
    unsigned local_types;   /* CO-RE relocations without options.btf: they use the object's types */
    struct buf elf;         /* the linked ELF; empty for ebpf_image_from_code() */
};

/*
 * Makes an image of `len` bytes of instructions at EBPF_TEXT_BASE, with the first as entry point.
 * Copies `code`. Returns 0, NETGDB_NOMEM, or NETGDB_PROTO if len is 0 or not a multiple of 8. The
 * caller frees *out.
 */
int ebpf_image_from_code(struct ebpf_image **out, const uint8_t *code, size_t len);
void ebpf_image_free(struct ebpf_image *image); /* NULL is fine */

/* Returns the function with the lowest address of those that contain an address, or NULL. */
const struct ebpf_symbol *ebpf_image_function(const struct ebpf_image *image, uint64_t address);

/* Returns the symbol with this name and the lowest address, or NULL. Compares all names. */
const struct ebpf_symbol *ebpf_image_symbol(const struct ebpf_image *image, const char *name);

/*
 * An undefined symbol of the program: a function (a kfunc) or a variable (.ksyms, .kconfig). Using
 * it stops the machine with its name. Returns its index, also for a known name, or -1: too many, a
 * name longer than EBPF_IMPORT_NAME, or no memory.
 */
int ebpf_image_import(struct ebpf_image *image, const char *name);

/* The name of the import with this number as a helper, or whose address this is; NULL: none. */
const char *ebpf_image_import_called(const struct ebpf_image *image, uint32_t id);
const char *ebpf_image_import_at(const struct ebpf_image *image, uint64_t address);

#endif
