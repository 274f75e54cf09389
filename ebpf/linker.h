/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private declarations of the loader: load.c, and the files that are named below. */
#ifndef NETGDB_EBPF_LINKER_H
#define NETGDB_EBPF_LINKER_H

#include <gelf.h>

#include "ebpf/load.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif
enum { EM_SBPF = 263 /* Solana's; its programs may also have EM_BPF */ };

/* The groups of sections: four kinds of segments, sections that are not loaded, and dropped ones.
 */
enum { LINK_TEXT, LINK_RODATA, LINK_DATA, LINK_BSS, LINK_OTHER, LINK_DROPPED };

/*
 * Steps of a pass of the loader: types, members, entries of tables and instructions that it reads.
 * A hostile object could need any number.
 */
#define LINK_STEPS_MAX (UINT64_C(1) << 27)

/* A section of the object. */
struct piece {
    const char *name; /* in the file */
    GElf_Shdr header; /* as in the file */
    uint8_t *data;    /* owned copy; NULL: empty, or all zero */
    uint64_t size;
    uint64_t address; /* linked address; 0: not loaded */
    int group;        /* LINK_… */
    uint64_t gap;     /* padding bytes after it */
};

struct linker {
    struct ebpf_image *image;
    struct ebpf_load_options options;
    char *error; /* EBPF_ERROR_TEXT bytes */
    Elf *elf;
    struct piece *piece; /* by section index */
    size_t pieces;
    Elf_Data *symtab; /* NULL: none */
    size_t symtab_strings, symbols;
    uint64_t *common;     /* addresses of common symbols by index; 0: not common */
    size_t *kconfig;      /* by symbol: offset of its value in the last piece + 1; 0: none */
    unsigned relocations; /* applied so far */
    uint64_t bytes;       /* of the sections so far: they may have the same ones of the file */
    uint64_t steps;       /* that are left of LINK_STEPS_MAX for this pass */
    bool gnu; /* made by gcc-bpf before 14: in-place addends contain the symbol's value */
};

/* Formats l->error and returns NETGDB_PROTO. */
int link_error(struct linker *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes `n` steps of those that are left. False: none is left now. */
bool link_step(struct linker *l, uint64_t n);

/*
 * Checks that the section with these names, if there is one, ends in a NUL: otherwise libelf
 * searches all of it for the end of each name.
 */
int link_check_names(struct linker *l, size_t section);

/* Reads a symbol and its name ("": none). Returns false if the index is invalid. */
bool link_symbol(const struct linker *l, size_t index, GElf_Sym *symbol, const char **name);

/* Makes an undefined symbol an import, as ebpf_image_import(), and sets *index; takes steps, since
 * names may have the same hash. Returns 0 or NETGDB_PROTO with l->error. */
int link_import(struct linker *l, const char *name, unsigned *index);

/* Returns the section that defines a symbol, or NULL. */
struct piece *link_piece(const struct linker *l, const GElf_Sym *symbol);

/*
 * The steps of the loader. Each returns 0, NETGDB_NOMEM, or NETGDB_PROTO with l->error.
 * layout.c: give the sections their addresses, and copy them to the image's segments.
 */
int link_lay_out(struct linker *l);
int link_fill_segments(struct linker *l);

/*
 * kconfig.c: adds a section with the values of external variables that the options give; and the
 * address of such a value after the layout, 0: none.
 */
int link_kconfig(struct linker *l);
uint64_t link_kconfig_address(const struct linker *l, size_t symbol);

/* core.c: applies CO-RE relocations, or counts them without options.btf. */
int link_core(struct linker *l);

/* reloc.c: applies every relocation. */
int link_relocate(struct linker *l);

/* symbols.c: set image->symbol, image->entry and image->map. */
int link_symbols(struct linker *l);
int link_entry(struct linker *l);
int link_maps(struct linker *l);

/* btf_maps.c: adds the maps in .maps, which .BTF describes. */
int link_btf_maps(struct linker *l, const struct piece *btf);

/*
 * sbpf_load.c: true for programs for Solana; loads one: sets image->sbpf, the segments, the code
 * and the entry point.
 */
bool link_is_sbpf(const GElf_Ehdr *header);
int link_sbpf(struct linker *l, const GElf_Ehdr *header, const uint8_t *file, size_t size);

/* debug_frame.c: appends a .debug_frame for all code to `out`. */
int link_debug_frame(const struct linker *l, struct buf *out);

/*
 * debug.c: repairs frame bases in image->elf and sets the frame sizes of functions. Malformed debug
 * information stays unchanged: the debugger reports it. Without libdw it does nothing.
 */
int link_repair_frame_bases(struct linker *l);

/* elf_write.c: writes image->elf. */
int link_write_elf(struct linker *l);

#endif
