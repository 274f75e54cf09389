/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks the headers of an ELF file before any library opens it, because libbfd trusts the sizes
 * and links in section headers. This is a check only; libelf parses the file once it has passed.
 *
 * Source: System V ABI, chapter 4 ("ELF Header", "Sections"), <elf.h>.
 */
#ifndef NETGDB_SYMBOLS_ELF_CHECK_H
#define NETGDB_SYMBOLS_ELF_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* Limits on a file, several times the values of the largest kernels. */
#define ELF_SECTIONS_MAX 65536u
#define ELF_SEGMENTS_MAX 4096u
#define ELF_SYMBOLS_MAX (UINT64_C(1) << 22)
#define ELF_STRINGS_MAX (UINT64_C(1) << 29) /* bytes of one string table */
#define ELF_INFLATION_MAX 64u /* bytes of a section for each compressed one, above 1 MiB */
#define ELF_NOTES_MAX (UINT64_C(1) << 20) /* bytes of all note sections, which libelf keeps */

struct elf_ident {
    bool is64, big;   /* e_ident[EI_CLASS], e_ident[EI_DATA] */
    uint8_t osabi;    /* ELFOSABI_… */
    uint16_t type;    /* ET_EXEC, ET_DYN or, if allowed, ET_REL */
    uint16_t machine; /* EM_… */
    uint32_t flags;   /* e_flags, in the host's order */
};

/*
 * Reads the headers of the file open at `fd`, of `size` bytes, with pread(). Returns 0 and fills
 * *ident if every table and section lies inside the file, every link names a section, only sections
 * for debuggers are compressed, and no limit above is exceeded. Else returns NETGDB_IO (cannot be
 * read), NETGDB_TOO_LONG (over a limit) or NETGDB_PROTO (malformed) and sets *why, a short constant
 * text. `relocatable` allows an ET_REL file, as amd64's kernel modules are; its sections have no
 * addresses.
 */
int elf_check(int fd, uint64_t size, bool relocatable, struct elf_ident *ident, const char **why);

#endif
