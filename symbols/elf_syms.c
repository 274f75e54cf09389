/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Symbol tables by libelf alone, for a build without libbfd; see bfd_syms.h. */
#include <elf.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "symbols/bfd_syms.h"

enum {
    NAME_TEXT = 4096,           /* of a symbol with an old version; a longer name is cut */
    VERSION_HIDDEN = 1 << 15,   /* GNU symbol versioning: not the default version */
    CRC_POLYNOMIAL = 0xedb88320 /* reflected, as in zlib's crc32() */
};

struct table {
    const struct elf_file *file;
    Elf_Data *symbols, *versions; /* versions: of .dynsym; NULL: none */
    size_t strings;               /* index of the section with the names */
    size_t n;
};

static bool open_table(struct table *t, const struct elf_file *f, bool dynamic)
{
    GElf_Shdr header, versions;
    Elf_Scn *s = elf_file_section(f, dynamic ? SHT_DYNSYM : SHT_SYMTAB, NULL, &header);
    *t = (struct table){.file = f, .symbols = s != NULL ? elf_getdata(s, NULL) : NULL};
    if (t->symbols == NULL || header.sh_entsize == 0)
        return false;
    t->strings = header.sh_link;
    t->n = (size_t)(header.sh_size / header.sh_entsize);
    s = dynamic ? elf_file_section(f, SHT_GNU_versym, NULL, &versions) : NULL;
    t->versions = s != NULL ? elf_getdata(s, NULL) : NULL;
    return true;
}

/* Fills in what the symbol's section says of it. */
static void describe_section(const struct table *t, const GElf_Sym *sym, struct bfd_sym *s)
{
    GElf_Shdr header;
    s->undefined = sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE;
    s->absolute = sym->st_shndx == SHN_ABS;
    if (s->absolute)
        s->undefined = false;
    if (s->absolute || s->undefined)
        return;
    Elf_Scn *section = elf_getscn(t->file->elf, sym->st_shndx);
    if (section == NULL || gelf_getshdr(section, &header) == NULL)
        return;
    s->allocated = (header.sh_flags & SHF_ALLOC) != 0;
    s->code = (header.sh_flags & SHF_EXECINSTR) != 0;
}

/* Appends '@', as libbfd does with the version, when the name does not mean this symbol. */
static const char *versioned_name(const struct table *t, int i, const char *name,
                                  char text[NAME_TEXT])
{
    uint16_t version = 0; /* libelf has converted it to this machine's byte order */
    size_t at = (size_t)i * sizeof version;
    if (t->versions != NULL && t->versions->d_buf != NULL &&
        t->versions->d_size >= at + sizeof version)
        memcpy(&version, (const uint8_t *)t->versions->d_buf + at, sizeof version);
    if ((version & VERSION_HIDDEN) == 0)
        return name;
    (void)snprintf(text, NAME_TEXT, "%.*s@", NAME_TEXT - 2, name);
    return text;
}

/* Describes symbol i. False: libelf has no such symbol. */
static bool describe_symbol(const struct table *t, int i, struct bfd_sym *s, char text[NAME_TEXT])
{
    GElf_Sym sym;
    if (gelf_getsym(t->symbols, i, &sym) == NULL)
        return false;
    unsigned bind = GELF_ST_BIND(sym.st_info), type = GELF_ST_TYPE(sym.st_info);
    const char *name = elf_strptr(t->file->elf, t->strings, sym.st_name);
    *s = (struct bfd_sym){
        .name = versioned_name(t, i, name != NULL ? name : "", text),
        .value = sym.st_value,
        .global = bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE,
        .special = type == STT_FILE || type == STT_SECTION,
    };
    describe_section(t, &sym, s);
    return true;
}

int bfd_syms_read(const struct elf_file *f, const char *path, bool dynamic, bfd_sym_fn each,
                  void *context, const char **why)
{
    char text[NAME_TEXT];
    struct table t;
    struct bfd_sym s;
    (void)path;
    *why = "invalid symbol table";
    if (!open_table(&t, f, dynamic) || t.n > INT32_MAX)
        return NETGDB_PROTO;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 1; i < t.n; i++) {
            if (!describe_symbol(&t, (int)i, &s, text))
                return NETGDB_PROTO;
            int rc = each(context, pass, i, &s);
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

const char *bfd_syms_target(const struct elf_ident *ident)
{
    static const char *const names[4] = {"elf32-little", "elf32-big", "elf64-little", "elf64-big"};
    return names[2 * ident->is64 + ident->big];
}

const char *bfd_syms_version(void)
{
    return "libelf";
}

/* ---- the CRC of .gnu_debuglink ---- */

static uint32_t crc_table[256];

static void make_crc_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ ((c & 1) != 0 ? CRC_POLYNOMIAL : 0);
        crc_table[i] = c;
    }
}

uint32_t bfd_syms_crc32(uint32_t crc, const uint8_t *bytes, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_crc_table);
    crc = ~crc;
    for (size_t i = 0; i < len; i++)
        crc = crc >> 8 ^ crc_table[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}
