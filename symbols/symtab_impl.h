/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of a symbol table, shared by its loader and its look-ups only. */
#ifndef NETGDB_SYMBOLS_SYMTAB_IMPL_H
#define NETGDB_SYMBOLS_SYMTAB_IMPL_H

#include "symbols/symtab.h"

/* 16 bytes a symbol; ELF_STRINGS_MAX is why 29 bits are enough for a place among the names. */
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
    bool dynamic;                 /* the program may have shared libraries */
    bool mangled;                 /* it has names of C++, Rust or D */
    struct symtab_entry *entries; /* in the order of the file */
    uint32_t n;
    char *names; /* one after the other, each with its NUL */
    size_t names_len;
    uint32_t *buckets; /* starts in by_name, bucket_mask + 2 of them */
    uint32_t bucket_mask;
    uint32_t *by_name;    /* entries by hash of their name, then in the order of the file */
    uint32_t *by_address; /* entries of code and data, ascending */
    uint32_t n_addresses;
};

/* Length of a name without what LTO appended to make a static unique in the whole program. */
size_t symtab_base_len(const char *name, size_t len);

/* Adds what is where by the file's allocated sections. Returns 0 or NETGDB_NOMEM. */
int symtab_load_regions(struct regions *regions, const struct elf_file *f);

/* Builds buckets, by_name and by_address from entries and names. false: out of memory. */
bool symtab_index(struct symtab *t);

#endif
