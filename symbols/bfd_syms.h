/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads ELF symbol tables by libbfd. Only bfd_syms.c uses libbfd, which has global state without
 * locks, guesses file formats and prints messages. All calls therefore run under one mutex, name
 * the format, read through the caller's file descriptor, and are silent. Without libbfd elf_syms.c
 * takes its place: the same by libelf.
 */
#ifndef NETGDB_SYMBOLS_BFD_SYMS_H
#define NETGDB_SYMBOLS_BFD_SYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/elf_file.h"

/* A symbol as libbfd reports it. */
struct bfd_sym {
    const char *name; /* valid during the call */
    uint64_t value;   /* its address, or its offset when thread-local */
    bool undefined;   /* undefined or common: it has no address */
    bool absolute;    /* it has no section and is not relocated */
    bool allocated;   /* its section is loaded into memory */
    bool code;        /* its section contains instructions */
    bool global;      /* global, weak or unique */
    bool special;     /* a file, a section, or debugging information */
};

/*
 * Calls each(context, pass, i, symbol) for every symbol of .symtab (`dynamic`: of .dynsym), in the
 * order of the table; i is the index in the table and starts at 1. There are two passes (`pass` 0,
 * then 1), so that the callback can count before it allocates. A result other than 0 ends both.
 * Returns 0, the callback's other result, or NETGDB_PROTO or NETGDB_NOMEM and sets *why, a
 * constant.
 */
typedef int (*bfd_sym_fn)(void *context, int pass, size_t i, const struct bfd_sym *symbol);
int bfd_syms_read(const struct elf_file *f, const char *path, bool dynamic, bfd_sym_fn each,
                  void *context, const char **why);

/* Returns libbfd's name of a file's format: "elf64-x86-64", "elf32-little"; a constant. Without
 * libbfd it does not name the machine. */
const char *bfd_syms_target(const struct elf_ident *ident);

/* Returns the library and its version: "libbfd 2.40", "libelf". */
const char *bfd_syms_version(void);

/* Adds `len` bytes to a CRC of .gnu_debuglink and returns it. The first call passes 0. */
uint32_t bfd_syms_crc32(uint32_t crc, const uint8_t *bytes, size_t len);

#endif
