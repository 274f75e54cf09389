/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Selects the symbols of a file and their addresses: names, sections and values come from libbfd,
 * sizes and types from libelf, and function addresses follow GDB's rules.
 */
#include "config.h"

#include <elf.h>
#ifdef HAVE_MALLOC_TRIM
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "symbols/bfd_syms.h"
#include "symbols/debugfile.h"
#include "symbols/symtab_private.h"

struct loader {
    struct symtab *t;
    const struct elf_file *file; /* the file whose symbol table is read */
    Elf_Data *symbols;           /* that table as libelf has it */
    GElf_Shdr opd;               /* .opd of the program; sh_size 0: none */
    const uint8_t *descriptors;  /* contents of .opd */
    uint32_t n;
    size_t names_len;
    const char *why;
};

/* Mapping symbols of ARM, AArch64 and RISC-V, like "$d.12" (their ELF ABIs). */
static bool is_mark(uint16_t machine, const char *name)
{
    if (name[0] != '$' || name[1] == '\0' || strchr("adtx", name[1]) == NULL)
        return false;
    if (machine == EM_RISCV)
        return name[1] == 'd' || name[1] == 'x';
    return (machine == EM_ARM || machine == EM_AARCH64) && (name[2] == '\0' || name[2] == '.');
}

/* Labels made by the assembler; GDB skips them too (gdb/elfread.c elf_symtab_read). */
static bool is_label(const char *name)
{
    return (name[0] == '.' || name[0] == '$') && name[1] == 'L';
}

static bool is_wanted(const struct loader *l, const struct bfd_sym *s)
{
    if (s->undefined || s->special || s->name[0] == '\0' || (!s->absolute && !s->allocated))
        return false;
    return s->global || (!is_label(s->name) && !is_mark(l->t->ident.machine, s->name));
}

static bool is_function(const GElf_Sym *sym)
{
    unsigned type = GELF_ST_TYPE(sym->st_info);
    return type == STT_FUNC || type == STT_GNU_IFUNC;
}

static enum symbol_kind kind_of(const GElf_Sym *sym, const struct bfd_sym *s)
{
    if (GELF_ST_TYPE(sym->st_info) == STT_TLS)
        return SYMBOL_TLS;
    if (s->absolute)
        return SYMBOL_ABSOLUTE;
    return s->code || is_function(sym) ? SYMBOL_CODE : SYMBOL_DATA;
}

/*
 * Returns the code address, the first doubleword of a function descriptor (64-bit PowerPC ELF ABI
 * 1.9, "Function Descriptors"). 0 if the dynamic linker sets it.
 */
static uint64_t descriptor_entry(const struct loader *l, uint64_t offset)
{
    uint64_t entry = 0;
    if (l->opd.sh_size < 8 || offset > l->opd.sh_size - 8)
        return 0;
    for (unsigned i = 0; i < 8; i++)
        entry = entry << 8 | l->descriptors[offset + (l->t->ident.big ? i : 7 - i)];
    return entry;
}

/* MIPS16 is 0xf0 in the upper half of st_other, microMIPS 0x80 in its upper two bits. */
static bool is_compressed_mips(const GElf_Sym *sym)
{
    return (sym->st_other & 0xf0) == 0xf0 || (sym->st_other & 0xc0) == 0x80;
}

/* Computes the address in GDB's answer to qSymbol. Returns false if the file does not have
 * it. */
static bool qsymbol_address(const struct loader *l, const GElf_Sym *sym, uint64_t value,
                            uint64_t *address, enum symbol_kind *kind)
{
    *address = l->t->ident.is64 ? value : (uint32_t)value;
    switch (l->t->ident.machine) {
    case EM_ARM:
        if (is_function(sym))
            *address &= ~UINT64_C(1);
        return true;
    case EM_MIPS:
        if (is_compressed_mips(sym))
            *address |= 1;
        return true;
    case EM_PPC64:
        if (*kind != SYMBOL_DATA && *kind != SYMBOL_CODE)
            return true;
        if (*address - l->opd.sh_addr >= l->opd.sh_size)
            return true;
        *address = descriptor_entry(l, *address - l->opd.sh_addr);
        *kind = SYMBOL_CODE;
        return *address != 0;
    case EM_IA_64:
    case EM_PARISC: /* descriptors exist in the running program only */
        return !is_function(sym);
    default:
        return true;
    }
}

/* Length of the name without "@VERSION". */
static size_t unversioned_len(const char *name)
{
    const char *at = strchr(name, '@');
    return at != NULL && at != name ? (size_t)(at - name) : strlen(name);
}

/* False for an old version ("NAME@VERSION", one @), which NAME does not mean. */
static bool is_default(const char *name, size_t len)
{
    return name[len] == '\0' || name[len + 1] == '@';
}

/* True if only GDB can resolve the symbol. GDB clears the Thumb bit of a label that is no function.
 */
static bool must_ask_gdb(const struct loader *l, const GElf_Sym *sym, const char *name, size_t len)
{
    return GELF_ST_TYPE(sym->st_info) == STT_GNU_IFUNC || !is_default(name, len) ||
           (l->t->ident.machine == EM_ARM && !is_function(sym) && (sym->st_value & 1) != 0);
}

/* True for a mangled name, which GDB shows and finds in another form. */
static bool is_mangled(const char *name)
{
    return name[0] == '_' && name[1] != '\0' && strchr("ZRD", name[1]) != NULL;
}

static int add_symbol(struct loader *l, const struct bfd_sym *s, const GElf_Sym *sym,
                      uint64_t address, enum symbol_kind kind)
{
    size_t len = unversioned_len(s->name);
    /* Cannot happen: both passes see the same symbols. */
    if (l->n == l->t->n || len + 1 > l->t->names_len - l->names_len)
        return NETGDB_PROTO;
    l->t->entries[l->n++] = (struct symtab_entry){
        .address = address,
        .size = (sym->st_size < SYMBOL_SIZE_MAX ? (uint32_t)sym->st_size : SYMBOL_SIZE_MAX) &
                0x7fffffff,
        .ask = must_ask_gdb(l, sym, s->name, len),
        .name = (uint32_t)l->names_len & 0x1fffffff,
        .kind = (unsigned)kind & 3,
        .global = s->global && is_default(s->name, len)};
    memcpy(l->t->names + l->names_len, s->name, len);
    l->t->names[l->names_len + len] = '\0';
    l->names_len += len + 1;
    l->t->mangled |= is_mangled(s->name);
    return 0;
}

/* Allocates the table by the counts of the first pass. */
static int reserve_symbols(struct loader *l)
{
    l->t->n = l->n;
    l->t->names_len = l->names_len;
    if (l->n == 0)
        return 0;
    l->t->entries = malloc(l->n * sizeof *l->t->entries);
    l->t->names = malloc(l->names_len);
    l->n = 0;
    l->names_len = 0;
    l->why = "out of memory";
    return l->t->entries != NULL && l->t->names != NULL ? 0 : NETGDB_NOMEM;
}

static int each(void *context, int pass, size_t i, const struct bfd_sym *s)
{
    struct loader *l = context;
    GElf_Sym sym;
    uint64_t address;
    if (pass == 1 && l->t->entries == NULL) {
        int rc = reserve_symbols(l);
        if (rc != 0)
            return rc;
    }
    if (!is_wanted(l, s))
        return 0;
    l->why = "libbfd and libelf disagree about its symbols";
    if (i > INT32_MAX || gelf_getsym(l->symbols, (int)i, &sym) == NULL ||
        ((s->value ^ sym.st_value) & 0xfffffffe) != 0)
        return NETGDB_PROTO;
    enum symbol_kind kind = kind_of(&sym, s);
    if (!qsymbol_address(l, &sym, sym.st_value, &address, &kind))
        return 0;
    if (pass == 1)
        return add_symbol(l, s, &sym, address, kind);
    l->n++;
    l->names_len += unversioned_len(s->name) + 1;
    l->why = "names too long"; /* symbols may share a name, or its end */
    return l->names_len > ELF_STRINGS_MAX ? NETGDB_TOO_LONG : 0;
}

/* Reads .symtab or .dynsym of l->file into the table. */
static int load_table(struct loader *l, const char *path, bool dynamic)
{
    GElf_Shdr header;
    Elf_Scn *section = elf_file_section(l->file, dynamic ? SHT_DYNSYM : SHT_SYMTAB, NULL, &header);
    l->symbols = section != NULL ? elf_getdata(section, NULL) : NULL;
    if (l->symbols == NULL || l->symbols->d_buf == NULL) {
        l->why = "no symbols";
        return NETGDB_PROTO;
    }
    int rc = bfd_syms_read(l->file, path, dynamic, each, l, &l->why);
    if (rc == 0 && l->t->n == 0) {
        l->why = "no symbols";
        return NETGDB_PROTO;
    }
    if (rc == 0 && !symtab_index(l->t)) {
        l->why = "out of memory";
        return NETGDB_NOMEM;
    }
    return rc;
}

static bool has_symtab(const struct elf_file *f)
{
    GElf_Shdr header;
    return elf_file_section(f, SHT_SYMTAB, NULL, &header) != NULL && header.sh_entsize != 0 &&
           header.sh_size / header.sh_entsize > 1;
}

int symtab_load_regions(struct regions *regions, const struct elf_file *f)
{
    GElf_Shdr h;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s)) != NULL;) {
        if (gelf_getshdr(s, &h) == NULL || (h.sh_flags & SHF_ALLOC) == 0 || h.sh_size == 0 ||
            ((h.sh_flags & SHF_TLS) != 0 && h.sh_type == SHT_NOBITS) ||
            h.sh_size - 1 > UINT64_MAX - h.sh_addr)
            continue;
        enum region_kind kind = (h.sh_flags & SHF_EXECINSTR) != 0 ? REGION_CODE
                                : (h.sh_flags & SHF_WRITE) != 0   ? REGION_DATA
                                                                  : REGION_RODATA;
        int rc = regions_set(regions, h.sh_addr, h.sh_addr + (h.sh_size - 1), kind);
        /* The table is full; its entries are valid. */
        if (rc != 0)
            return rc == NETGDB_TOO_LONG ? 0 : rc;
    }
    return 0;
}

/* A 64-bit PowerPC file with e_flags 0 or 1 is ELFv1 (ELF V2 ABI, "e_flags"). */
static void find_descriptors(struct loader *l, const struct elf_file *program)
{
    GElf_Shdr header;
    if (program->ident.machine != EM_PPC64 || (program->ident.flags & 3) > 1)
        return;
    Elf_Scn *section = elf_file_section(program, SHT_NULL, ".opd", &header);
    Elf_Data *data = section != NULL ? elf_rawdata(section, NULL) : NULL;
    if (data == NULL)
        return;
    l->opd = header;
    l->descriptors = data->d_buf;
    if (data->d_buf == NULL || data->d_size < header.sh_size)
        l->opd.sh_size = 0;
}

/* Reads the program's own symbol table, else its debug file's, else its dynamic one. */
static int load_any(struct symtab *t, const struct elf_file *program, const char *path,
                    const char **why)
{
    struct loader l = {.t = t, .file = program};
    struct elf_file debug = {.fd = -1};
    char *debug_path = NULL;
    t->ident = program->ident;
    GElf_Shdr header;
    t->dynamic = elf_file_section(program, SHT_DYNAMIC, NULL, &header) != NULL;
    find_descriptors(&l, program);
    bool own = has_symtab(program);
    if (!own)
        debug_path = debugfile_open(program, path, debugfile_roots, &debug);
    bool separate = debug_path != NULL && has_symtab(&debug);
    if (separate)
        l.file = &debug;
    int rc = load_table(&l, separate ? debug_path : path, !own && !separate);
    *why = l.why;
    if (rc == 0)
        rc = symtab_load_regions(&t->regions, program);
    t->path = separate ? debug_path : strdup(path);
    if (!separate)
        free(debug_path);
    elf_file_close(&debug);
    return rc == 0 && t->path == NULL ? NETGDB_NOMEM : rc;
}

struct symtab *symtab_open(const char *path, const struct log *log)
{
    struct elf_file program;
    const char *why = NULL;
    struct symtab *t = calloc(1, sizeof *t);
    int rc = t != NULL ? elf_file_open(&program, path, &why) : NETGDB_NOMEM;
    if (rc == 0) {
        rc = load_any(t, &program, path, &why);
        elf_file_close(&program);
    }
#ifdef HAVE_MALLOC_TRIM
    /* Return libbfd's memory, three times the table, to the system. */
    malloc_trim(0);
#endif
    if (rc != 0) {
        log_warn(log, "symbols: %s: %s: continuing without its symbols", path,
                 why != NULL ? why : netgdb_strerror(rc));
        symtab_free(t);
        return NULL;
    }
    log_debug(log, "symbols: %s: %u symbols, %zu bytes", t->path, t->n, symtab_bytes(t));
    return t;
}
