/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An open ELF file that has passed elf_check(). libelf and libbfd read it through one descriptor,
 * so that both see the same file. The functions here are for everything but symbols.
 */
#ifndef NETGDB_SYMBOLS_ELF_FILE_H
#define NETGDB_SYMBOLS_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/elf_check.h"

enum { BUILD_ID_MAX = 64 }; /* bytes; SHA-1 has 20, a UUID 16, xxhash 8 */

struct build_id {
    uint8_t bytes[BUILD_ID_MAX];
    size_t len;       /* 0: none */
    uint64_t address; /* link-time address of the note (its header), 0 when it is not loaded */
};

struct elf_file {
    int fd;        /* closed on exec */
    uint64_t size; /* bytes, when it was opened */
    Elf *elf;
    struct elf_ident ident;
};

/*
 * Opens the regular file at `path`. Returns 0, or NETGDB_IO or an error of elf_check() and sets
 * *why, a short text that is valid until the thread's next call.
 */
int elf_file_open(struct elf_file *f, const char *path, const char **why);

/* The same for a kernel module, which may be relocatable (ET_REL). */
int elf_file_open_module(struct elf_file *f, const char *path, const char **why);

/* Releases it. It may be closed already, also by an open that failed. */
void elf_file_close(struct elf_file *f);

/* Opens and closes a file. Returns as elf_file_open(). */
int elf_file_check(const char *path, const char **why);

/* Writes the path of the program's loader (PT_INTERP) into out[size], as it is in the file; "" if
 * it has none, as a static program, if it does not fit, or if it cannot be read to its end. */
void elf_file_loader(const struct elf_file *f, char *out, size_t size);

/*
 * Returns the first section with a type, or with a name (pass SHT_NULL or NULL for the other), and
 * fills *header. NULL: none.
 */
Elf_Scn *elf_file_section(const struct elf_file *f, uint32_t type, const char *name,
                          GElf_Shdr *header);

/*
 * Copies the file's contents at a link-time address: at most `len` bytes, and not past the end of
 * its section. Returns the number of bytes; 0 if the file has none (.bss, separate debug files).
 */
size_t elf_file_contents(const struct elf_file *f, uint64_t address, void *bytes, size_t len);

/* Reads the NT_GNU_BUILD_ID note; id->len is 0 if there is none. */
void elf_file_build_id(const struct elf_file *f, struct build_id *id);

/*
 * Returns the base name in .gnu_debuglink, owned by `f`, and sets the CRC-32 of the separate debug
 * file's contents. NULL: no such section, or one that is malformed or names a directory. Source:
 * GDB manual, "Separate Debug Files".
 */
const char *elf_file_debuglink(const struct elf_file *f, uint32_t *crc);

/* Returns the lowest address of the loadable segments; 0 if there are none. */
uint64_t elf_file_base(const struct elf_file *f);

#endif
