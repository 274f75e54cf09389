/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of an ELF file's headers; see elf_check.h. */
#include "symbols/elf_check.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "proto/err.h"

/* A section header of either class. */
struct section {
    uint32_t type, link;
    uint64_t offset, size, entsize, flags;
};

struct check {
    int fd;
    uint64_t size;
    bool relocatable; /* ET_REL is allowed */
    struct elf_ident *ident;
    uint64_t shoff, shnum, phoff, phnum;
    uint32_t shstrndx;
    uint64_t notes; /* bytes so far: sections may have the same ones of the file */
    const char *why;
};

static int elf_fail(struct check *c, int error, const char *why)
{
    c->why = why;
    return error;
}

/* Decodes an unsigned number of 2, 4 or 8 bytes in the file's byte order. */
static uint64_t elf_number(const struct check *c, const uint8_t *bytes, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++)
        value = value << 8 | bytes[c->ident->big ? i : width - 1 - i];
    return value;
}

/* Reads a member whose offset and size depend on the class. */
#define MEMBER(c, header, kind, name)                                                              \
    ((c)->ident->is64 ? elf_number(c, (header) + offsetof(Elf64_##kind, name),                     \
                                   sizeof(((Elf64_##kind *)NULL)->name))                           \
                      : elf_number(c, (header) + offsetof(Elf32_##kind, name),                     \
                                   sizeof(((Elf32_##kind *)NULL)->name)))

static int read_at(struct check *c, uint64_t offset, void *bytes, size_t len)
{
    if (offset > c->size || len > c->size - offset)
        return elf_fail(c, NETGDB_PROTO, "truncated");
    ssize_t got = pread(c->fd, bytes, len, (off_t)offset);
    if (got < 0)
        return elf_fail(c, NETGDB_IO, "cannot be read");
    return (size_t)got == len ? 0 : elf_fail(c, NETGDB_PROTO, "truncated");
}

static int check_ident(struct check *c, const uint8_t *header)
{
    c->ident->is64 = header[EI_CLASS] == ELFCLASS64;
    c->ident->big = header[EI_DATA] == ELFDATA2MSB;
    c->ident->osabi = header[EI_OSABI];
    if ((!c->ident->is64 && header[EI_CLASS] != ELFCLASS32) ||
        (!c->ident->big && header[EI_DATA] != ELFDATA2LSB) || header[EI_VERSION] != EV_CURRENT)
        return elf_fail(c, NETGDB_PROTO, "an ELF file of an unknown class, byte order or version");
    return 0;
}

/* Counts too large for the ELF header are in section header 0 (gABI, "ELF Header"). */
static int read_section_header(struct check *c, uint64_t index, struct section *s)
{
    uint8_t header[sizeof(Elf64_Shdr)];
    size_t width = c->ident->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    int rc = read_at(c, c->shoff + index * width, header, width);
    if (rc != 0)
        return rc;
    s->type = (uint32_t)MEMBER(c, header, Shdr, sh_type);
    s->link = (uint32_t)MEMBER(c, header, Shdr, sh_link);
    s->offset = MEMBER(c, header, Shdr, sh_offset);
    s->size = MEMBER(c, header, Shdr, sh_size);
    s->entsize = MEMBER(c, header, Shdr, sh_entsize);
    s->flags = MEMBER(c, header, Shdr, sh_flags);
    return 0;
}

static int check_tables(struct check *c, const uint8_t *header)
{
    struct section zero = {0};
    uint64_t shentsize = MEMBER(c, header, Ehdr, e_shentsize);
    uint64_t phentsize = MEMBER(c, header, Ehdr, e_phentsize);
    if (c->shoff == 0 || shentsize != (c->ident->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)))
        return elf_fail(c, NETGDB_PROTO, "no section headers");
    if (c->shoff > c->size)
        return elf_fail(c, NETGDB_PROTO, "truncated");
    int rc = read_section_header(c, 0, &zero);
    if (rc != 0)
        return rc;
    c->shnum = c->shnum != 0 ? c->shnum : zero.size;
    c->shstrndx = c->shstrndx != SHN_XINDEX ? c->shstrndx : zero.link;
    if (c->phnum == PN_XNUM || c->phnum > ELF_SEGMENTS_MAX || c->shnum > ELF_SECTIONS_MAX)
        return elf_fail(c, NETGDB_TOO_LONG, "too many sections or segments");
    if (c->shnum == 0 || c->shstrndx >= c->shnum)
        return elf_fail(c, NETGDB_PROTO, "no section names");
    if (c->phnum != 0 && (phentsize != (c->ident->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
                          c->phoff > c->size || c->phnum * phentsize > c->size - c->phoff))
        return elf_fail(c, NETGDB_PROTO, "program headers outside the file");
    return 0;
}

/* A file shorter than a header is reported as "not an ELF file" too. */
static int check_magic(struct check *c)
{
    uint8_t magic[SELFMAG] = {0};
    size_t len = c->size < SELFMAG ? (size_t)c->size : SELFMAG;
    if (len == 0)
        return elf_fail(c, NETGDB_PROTO, "empty");
    int rc = read_at(c, 0, magic, len);
    if (rc == 0 && memcmp(magic, ELFMAG, len) != 0)
        rc = elf_fail(c, NETGDB_PROTO, "not an ELF file");
    return rc;
}

static int check_header(struct check *c)
{
    uint8_t header[sizeof(Elf64_Ehdr)] = {0};
    int rc = check_magic(c);
    if (rc == 0)
        rc = read_at(c, 0, header, EI_NIDENT);
    if (rc == 0)
        rc = check_ident(c, header);
    if (rc == 0)
        rc = read_at(c, 0, header, c->ident->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr));
    if (rc != 0)
        return rc;
    c->ident->type = (uint16_t)MEMBER(c, header, Ehdr, e_type);
    c->ident->machine = (uint16_t)MEMBER(c, header, Ehdr, e_machine);
    c->ident->flags = (uint32_t)MEMBER(c, header, Ehdr, e_flags);
    c->shoff = MEMBER(c, header, Ehdr, e_shoff);
    c->phoff = MEMBER(c, header, Ehdr, e_phoff);
    c->shnum = MEMBER(c, header, Ehdr, e_shnum);
    c->phnum = MEMBER(c, header, Ehdr, e_phnum);
    c->shstrndx = (uint32_t)MEMBER(c, header, Ehdr, e_shstrndx);
    if (c->ident->type == ET_REL && !c->relocatable)
        return elf_fail(c, NETGDB_PROTO, "not linked: an object file has no final addresses");
    if (c->ident->type != ET_EXEC && c->ident->type != ET_DYN && c->ident->type != ET_REL)
        return elf_fail(c, NETGDB_PROTO, "not a program");
    return check_tables(c, header);
}

/* A string table must end in a NUL, else its last name exceeds it. */
static int check_strings(struct check *c, const struct section *s)
{
    uint8_t last = 0xff;
    if (s->size > ELF_STRINGS_MAX)
        return elf_fail(c, NETGDB_TOO_LONG, "string table too long");
    if (s->size == 0)
        return 0;
    int rc = read_at(c, s->offset + s->size - 1, &last, 1);
    if (rc == 0 && last != 0)
        return elf_fail(c, NETGDB_PROTO, "string table without an end");
    return rc;
}

static int check_symbol_table(struct check *c, const struct section *s)
{
    struct section strings = {0};
    uint64_t width = c->ident->is64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
    if (s->entsize != width || s->size % width != 0)
        return elf_fail(c, NETGDB_PROTO, "symbol table with odd entries");
    if (s->size / width > ELF_SYMBOLS_MAX)
        return elf_fail(c, NETGDB_TOO_LONG, "too many symbols");
    int rc = read_section_header(c, s->link, &strings);
    if (rc == 0 && strings.type != SHT_STRTAB)
        return elf_fail(c, NETGDB_PROTO, "symbol table without names");
    return rc;
}

static int check_notes(struct check *c, const struct section *s)
{
    if (s->size > ELF_NOTES_MAX - c->notes)
        return elf_fail(c, NETGDB_TOO_LONG, "notes too long");
    c->notes += s->size;
    return 0;
}

/* libdw decompresses sections when it opens a file. Symbols and notes are never compressed. */
static int check_compressed(struct check *c, const struct section *s)
{
    uint8_t header[sizeof(Elf64_Chdr)];
    size_t width = c->ident->is64 ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
    if (s->type == SHT_SYMTAB || s->type == SHT_DYNSYM || s->type == SHT_STRTAB ||
        s->type == SHT_NOTE || s->size < width)
        return elf_fail(c, NETGDB_PROTO, "a compressed table");
    int rc = read_at(c, s->offset, header, width);
    if (rc != 0)
        return rc;
    uint64_t size = MEMBER(c, header, Chdr, ch_size);
    if (size > 1 << 20 && size / ELF_INFLATION_MAX > s->size)
        return elf_fail(c, NETGDB_TOO_LONG, "a section that is compressed too much");
    return 0;
}

static int check_section(struct check *c, const struct section *s)
{
    if (s->link >= c->shnum)
        return elf_fail(c, NETGDB_PROTO, "section linked to one that does not exist");
    if (s->type == SHT_NOBITS || s->type == SHT_NULL)
        return 0;
    if (s->offset > c->size || s->size > c->size - s->offset)
        return elf_fail(c, NETGDB_PROTO, "truncated");
    if ((s->flags & SHF_COMPRESSED) != 0) {
        int rc = check_compressed(c, s);
        if (rc != 0)
            return rc;
    }
    switch (s->type) {
    case SHT_SYMTAB:
    case SHT_DYNSYM:
        return check_symbol_table(c, s);
    case SHT_STRTAB:
        return check_strings(c, s);
    case SHT_NOTE:
        return check_notes(c, s);
    default:
        return 0;
    }
}

/* libbfd expects at most one section of each of these kinds. */
static int check_sections(struct check *c)
{
    unsigned symtabs = 0, dynsyms = 0;
    for (uint64_t i = 0; i < c->shnum; i++) {
        struct section s;
        int rc = read_section_header(c, i, &s);
        /* Section 0 may contain the counts of check_tables(). */
        if (rc == 0 && i > 0)
            rc = check_section(c, &s);
        if (rc == 0 && i == c->shstrndx && s.type != SHT_STRTAB)
            rc = elf_fail(c, NETGDB_PROTO, "no section names");
        if (rc != 0)
            return rc;
        symtabs += s.type == SHT_SYMTAB;
        dynsyms += s.type == SHT_DYNSYM;
    }
    if (symtabs > 1 || dynsyms > 1)
        return elf_fail(c, NETGDB_PROTO, "more than one symbol table");
    return 0;
}

int elf_check(int fd, uint64_t size, bool relocatable, struct elf_ident *ident, const char **why)
{
    struct check c = {.fd = fd, .size = size, .relocatable = relocatable, .ident = ident};
    memset(ident, 0, sizeof *ident);
    int rc = check_header(&c);
    if (rc == 0)
        rc = check_sections(&c);
    *why = c.why;
    return rc;
}
