/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structure of a symbol table, for its loader and its look-ups. */
#ifndef NETGDB_SYMBOLS_SYMTAB_PRIVATE_H
#define NETGDB_SYMBOLS_SYMTAB_PRIVATE_H

#include "symbols/symtab.h"

/* 16 bytes. By ELF_STRINGS_MAX, an offset into the names has at most 29 bits. */
struct symtab_entry {
    uint64_t address;
    uint32_t size : 31;
    uint32_t ask : 1;
    uint32_t name : 29; /* offset into names */
    uint32_t kind : 2;  /* enum symbol_kind */
    uint32_t global : 1;
};

struct symtab {
    struct elf_ident ident;
    char *path;
    struct regions regions;
    bool dynamic;                 /* the program may use shared libraries */
    bool mangled;                 /* it has mangled names of C++, Rust or D */
    struct symtab_entry *entries; /* in the order of the file */
    uint32_t n;
    char *names; /* concatenated, each with its NUL */
    size_t names_len;
    uint32_t *buckets; /* bucket_mask + 2 indexes into by_name: starts of buckets */
    uint32_t bucket_mask;
    uint32_t *by_name;    /* indexes of entries by hash of the name, then in file order */
    uint32_t *by_address; /* indexes of code and data entries by ascending address */
    uint32_t n_addresses;
};

/* Adds the regions of the file's allocated sections. Returns 0 or NETGDB_NOMEM. */
int symtab_load_regions(struct regions *regions, const struct elf_file *f);

/* Builds buckets, by_name and by_address from entries and names. Returns false if out of memory. */
bool symtab_index(struct symtab *t);

#endif
