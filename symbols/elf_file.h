/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An ELF file that has passed elf_check, open for reading by libelf and by libbfd: one
 * descriptor, so that both see the same file. What is not about symbols is asked here.
 */
#ifndef NETGDB_SYMBOLS_ELF_FILE_H
#define NETGDB_SYMBOLS_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbols/elf_check.h"

enum { BUILD_ID_MAX = 64 }; /* bytes; SHA-1 makes 20, UUIDs 16, xxhash 8 */

struct build_id {
    uint8_t bytes[BUILD_ID_MAX];
    size_t len;       /* 0: none */
    uint64_t address; /* link-time address of the note (its header), 0 when it is not loaded */
};

struct elf_file {
    int fd;        /* closed on exec */
    uint64_t size; /* bytes when it was opened */
    Elf *elf;
    struct elf_ident ident;
};

/*
 * Opens the regular file at `path`. Returns 0, or NETGDB_IO, NETGDB_PROTO, … with *why, a few
 * words that stay valid until the thread's next call.
 */
int elf_file_open(struct elf_file *f, const char *path, const char **why);
void elf_file_close(struct elf_file *f);

/* The name of a section, "" when it has none. Owned by the file. */
const char *elf_file_section_name(const struct elf_file *f, const GElf_Shdr *header);

/* The first section of this type, or of this name (the other NULL or SHT_NULL), else NULL. */
Elf_Scn *elf_file_section(const struct elf_file *f, uint32_t type, const char *name,
                          GElf_Shdr *header);

/* The section whose contents belong at this link-time address in memory, or NULL. */
Elf_Scn *elf_file_section_at(const struct elf_file *f, uint64_t address, GElf_Shdr *header);

/*
 * Copies what the file has at a link-time address, at most `len` bytes and not past the end of
 * its section. Returns how many; 0 when the file has none (.bss, separate debug files).
 */
size_t elf_file_contents(const struct elf_file *f, uint64_t address, void *bytes, size_t len);

/* The NT_GNU_BUILD_ID note; len 0 when there is none. */
void elf_file_build_id(const struct elf_file *f, struct build_id *id);

/*
 * The .gnu_debuglink section: the base name of the separate debug file, owned by `f`, and the
 * CRC-32 of its contents. NULL when there is none. Source: GDB manual, "Separate Debug Files".
 */
const char *elf_file_debuglink(const struct elf_file *f, uint32_t *crc);

/* The lowest address of the loadable segments; 0 when there is none. */
uint64_t elf_file_base(const struct elf_file *f);

#endif
