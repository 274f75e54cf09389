/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libbfd, and the only file that knows it. libbfd has global state without locks, guesses
 * formats and prints: here it is under one mutex, reads one format that was named to it, through
 * our descriptor, and is silent.
 */
#ifndef NETGDB_SYMBOLS_BFD_SYMS_H
#define NETGDB_SYMBOLS_BFD_SYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/elf_file.h"

/* What libbfd says of one symbol. */
struct bfd_sym {
    const char *name; /* valid during the call */
    uint64_t value;   /* its address, or its offset when thread-local */
    bool undefined;   /* or common: no address */
    bool absolute;    /* no section: never moved */
    bool allocated;   /* its section is part of memory */
    bool code;        /* its section holds instructions */
    bool global;      /* global, weak or unique */
    bool special;     /* a file, a section, or debugging information */
};

/*
 * Calls each(context, i, symbol) for every symbol of .symtab, or of .dynsym when `dynamic`, in
 * the order of the table; i counts as the table does, the first being 1. `context` sees all of
 * them twice when each returned 0 for every symbol of the first pass (`pass` 0, then 1), so that
 * it can count before it allocates. Returns 0, the first other number that `each` returned, or
 * NETGDB_PROTO or NETGDB_NOMEM with *why.
 */
typedef int (*bfd_sym_fn)(void *context, int pass, size_t i, const struct bfd_sym *symbol);
int bfd_syms_read(const struct elf_file *f, const char *path, bool dynamic, bfd_sym_fn each,
                  void *context, const char **why);

/* The name under which libbfd is asked to open such a file: "elf64-x86-64", "elf32-little", … */
const char *bfd_syms_target(const struct elf_ident *ident);

/* libbfd's version, as it names itself: "2.40". */
const char *bfd_syms_version(void);

/* The checksum of .gnu_debuglink over more bytes; start with 0. */
uint32_t bfd_syms_crc32(uint32_t crc, const uint8_t *bytes, size_t len);

#endif
