/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The headers of an ELF file, read by ourselves before any library sees the file: libbfd trusts
 * sizes and links in section headers more than a stranger's file deserves. Not a parser for use:
 * libelf is that, once the file has passed.
 *
 * Source: System V ABI, chapter 4 ("ELF Header", "Sections"), <elf.h>.
 */
#ifndef NETGDB_SYMBOLS_ELF_CHECK_H
#define NETGDB_SYMBOLS_ELF_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* What a file may have at most before it is refused: several times the largest kernel's. */
#define ELF_SECTIONS_MAX 65536u
#define ELF_SEGMENTS_MAX 4096u
#define ELF_SYMBOLS_MAX (UINT64_C(1) << 22)
#define ELF_STRINGS_MAX (UINT64_C(1) << 29) /* bytes of one string table */
#define ELF_NOTES_MAX (UINT64_C(1) << 20)   /* bytes of one note section: libbfd reads it whole */

struct elf_ident {
    bool is64, big;   /* e_ident[EI_CLASS], e_ident[EI_DATA] */
    uint8_t osabi;    /* ELFOSABI_… */
    uint16_t type;    /* ET_EXEC or ET_DYN: nothing else passes */
    uint16_t machine; /* EM_… */
    uint32_t flags;   /* e_flags, in the host's order */
};

/*
 * Reads the headers of the file open at `fd`, `size` bytes long, with pread. Returns 0 and fills
 * *ident when every table and every section lies inside the file, every link names a section and
 * nothing exceeds the limits above. Otherwise NETGDB_PROTO (NETGDB_IO when the file could not be
 * read, NETGDB_TOO_LONG when a limit is exceeded) and *why says in a few words what is wrong.
 */
int elf_check(int fd, uint64_t size, struct elf_ident *ident, const char **why);

#endif
