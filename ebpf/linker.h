/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the loader share; nobody else includes this. */
#ifndef NETGDB_EBPF_LINKER_H
#define NETGDB_EBPF_LINKER_H

#include <gelf.h>

#include "ebpf/load.h"

enum { LINK_TEXT, LINK_RODATA, LINK_DATA, LINK_OTHER, LINK_DROPPED };

/* A section on its way. */
struct piece {
    const char *name; /* in the file */
    GElf_Shdr header; /* as in the file */
    uint8_t *data;    /* owned copy; NULL: no bytes, or all zero */
    uint64_t size;
    uint64_t address; /* 0 for what is not loaded */
    int group;        /* LINK_… */
    uint64_t gap;     /* bytes behind it that are not its own */
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
    uint64_t *common; /* address of each symbol that is common, else 0 */
    bool gnu;         /* made by gcc-bpf: what is in place holds the symbol's value */
};

/* Puts the text and returns NETGDB_PROTO. */
int link_error(struct linker *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A symbol and its name ("" when it has none). False: no such symbol. */
bool link_symbol(const struct linker *l, size_t index, GElf_Sym *symbol, const char **name);

/* The piece that a symbol is defined in, or NULL. */
struct piece *link_piece(const struct linker *l, const GElf_Sym *symbol);

/* reloc.c: applies every relocation. */
int link_relocate(struct linker *l);

/* symbols.c: image->symbol, image->entry, image->map. */
int link_symbols(struct linker *l);
int link_entry(struct linker *l);
int link_maps(struct linker *l);

/* btf.c: the maps that .BTF describes in .maps. */
int link_btf_maps(struct linker *l, const struct piece *btf);

/* debug_frame.c: puts a .debug_frame for all code into `out`. */
int link_debug_frame(const struct linker *l, struct buf *out);

/* debug.c: repairs frame bases in image->elf and sets the frame sizes of functions. */
int link_repair_frame_bases(struct ebpf_image *image);

/* elf_write.c: writes image->elf. */
int link_write_elf(struct linker *l);

#endif
