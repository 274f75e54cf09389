/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See sbpf_write.h. */
#include "tests/ebpf/sbpf_write.h"

#include <string.h>

enum {
    HEADERS = 2, /* program headers */
    START = sizeof(Elf64_Ehdr) + HEADERS * sizeof(Elf64_Phdr),
    SECTIONS_MAX = 48
};

struct out {
    const struct sbpf_file *f;
    struct buf *file;
    struct buf names;
    Elf64_Shdr section[SECTIONS_MAX];
    unsigned sections;
};

static size_t round8(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* In version 3 as it became the data is first, in the file too. */
static bool text_first(const struct sbpf_file *f)
{
    return f->version < 3 || f->draft;
}

uint64_t sbpf_text_at(const struct sbpf_file *f)
{
    return f->version < 3 ? (uint64_t)START : f->draft ? 0 : UINT64_C(1) << 32;
}

uint64_t sbpf_rodata_at(const struct sbpf_file *f)
{
    if (f->version < 3)
        return START + round8(f->text_size);
    return f->draft ? UINT64_C(1) << 32 : 0;
}

unsigned sbpf_add_symbol(struct sbpf_file *f, const char *name, uint64_t value, uint64_t size)
{
    f->symbol[f->symbols].name = name;
    f->symbol[f->symbols].value = value;
    f->symbol[f->symbols].size = size;
    return f->symbols++;
}

void sbpf_add_relocation(struct sbpf_file *f, uint64_t offset, unsigned type, unsigned symbol)
{
    f->relocation[f->relocations].offset = offset;
    f->relocation[f->relocations].type = type;
    f->relocation[f->relocations].symbol = symbol;
    f->relocations++;
}

static void pad(struct buf *b)
{
    while (b->len % 8 != 0)
        (void)buf_addc(b, 0);
}

static unsigned add_section(struct out *o, const char *name, Elf64_Shdr h, const void *data,
                            size_t size)
{
    pad(o->file);
    h.sh_name = (Elf64_Word)o->names.len;
    h.sh_offset = o->file->len;
    h.sh_size = size;
    h.sh_addralign = 8;
    (void)buf_add(&o->names, name, strlen(name) + 1);
    (void)buf_add(o->file, data, size);
    o->section[o->sections] = h;
    return o->sections++;
}

static void add_text(struct out *o)
{
    add_section(o, ".text",
                (Elf64_Shdr){.sh_type = SHT_PROGBITS,
                             .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                             .sh_addr = sbpf_text_at(o->f)},
                o->f->text, o->f->text_size);
    pad(o->file);
}

static void add_rodata(struct out *o)
{
    if (o->f->rodata_size == 0)
        return;
    add_section(o, o->f->data_name != NULL ? o->f->data_name : ".rodata",
                (Elf64_Shdr){.sh_type = SHT_PROGBITS,
                             .sh_flags = SHF_ALLOC | (o->f->data_writable ? SHF_WRITE : 0U),
                             .sh_addr = sbpf_rodata_at(o->f)},
                o->f->rodata, o->f->rodata_size);
    pad(o->file);
}

/* The section index is that of the text for defined symbols. */
static void add_symbols(struct out *o)
{
    const struct sbpf_file *f = o->f;
    struct buf symbols, strings;
    bool dynamic = f->version < 3;
    buf_init(&symbols, 1 << 20);
    buf_init(&strings, 1 << 20);
    (void)buf_add(&symbols, &(Elf64_Sym){0}, sizeof(Elf64_Sym));
    (void)buf_addc(&strings, 0);
    for (unsigned i = 0; i < f->symbols; i++) {
        bool defined = f->symbol[i].value != 0 || f->symbol[i].size != 0;
        Elf64_Sym s = {.st_name = (Elf64_Word)strings.len,
                       .st_info =
                           (uint8_t)ELF64_ST_INFO(STB_GLOBAL, defined ? STT_FUNC : STT_NOTYPE),
                       .st_shndx = defined ? text_first(f) || f->rodata_size == 0 ? 1 : 2 : 0,
                       .st_value = f->symbol[i].value,
                       .st_size = f->symbol[i].size};
        (void)buf_add(&symbols, &s, sizeof s);
        (void)buf_add(&strings, f->symbol[i].name, strlen(f->symbol[i].name) + 1);
    }
    unsigned table = add_section(o, dynamic ? ".dynsym" : ".symtab",
                                 (Elf64_Shdr){.sh_type = dynamic ? SHT_DYNSYM : SHT_SYMTAB,
                                              .sh_flags = dynamic ? SHF_ALLOC : 0U,
                                              .sh_link = o->sections + 1,
                                              .sh_info = 1,
                                              .sh_entsize = sizeof(Elf64_Sym)},
                                 symbols.data, symbols.len);
    add_section(o, dynamic ? ".dynstr" : ".strtab",
                (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_flags = dynamic ? SHF_ALLOC : 0U},
                strings.data, strings.len);
    Elf64_Rel relocations[SBPF_RELOCATIONS_MAX];
    for (unsigned i = 0; i < f->relocations; i++)
        relocations[i] =
            (Elf64_Rel){f->relocation[i].offset,
                        ELF64_R_INFO((uint64_t)f->relocation[i].symbol + 1, f->relocation[i].type)};
    if (dynamic && f->relocations != 0)
        add_section(o, ".rel.dyn",
                    (Elf64_Shdr){.sh_type = SHT_REL,
                                 .sh_flags = SHF_ALLOC,
                                 .sh_link = table,
                                 .sh_entsize = sizeof(Elf64_Rel)},
                    relocations, f->relocations * sizeof relocations[0]);
    buf_free(&symbols);
    buf_free(&strings);
}

/* Version 3 has a header for data and one for code; older versions are loaded by sections. */
static void make_headers(const struct out *o, Elf64_Phdr headers[HEADERS])
{
    const struct sbpf_file *f = o->f;
    uint64_t text = round8(f->text_size), rodata = round8(f->rodata_size);
    uint64_t text_offset = START + (text_first(f) ? 0 : rodata);
    uint64_t rodata_offset = START + (text_first(f) ? text : 0);
    Elf64_Phdr code = {.p_type = PT_LOAD,
                       .p_flags = f->version < 3 ? PF_R | PF_X : PF_X,
                       .p_offset = text_offset,
                       .p_vaddr = sbpf_text_at(f),
                       .p_paddr = sbpf_text_at(f),
                       .p_filesz = text,
                       .p_memsz = text};
    Elf64_Phdr data = {.p_type = PT_LOAD,
                       .p_flags = PF_R,
                       .p_offset = rodata_offset,
                       .p_vaddr = sbpf_rodata_at(f),
                       .p_paddr = sbpf_rodata_at(f),
                       .p_filesz = rodata,
                       .p_memsz = rodata};
    headers[0] = text_first(f) ? code : data;
    headers[1] = text_first(f) ? data : code;
}

void sbpf_write(const struct sbpf_file *f, struct buf *file)
{
    struct out o = {.f = f, .file = file, .sections = 1};
    Elf64_Phdr headers[HEADERS];
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = f->version == 3 && !f->draft ? 247 : 263,
        .e_version = EV_CURRENT,
        .e_entry = sbpf_text_at(f) + f->entry,
        .e_phoff = sizeof e,
        .e_flags = f->version,
        .e_ehsize = sizeof e,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = HEADERS,
        .e_shentsize = sizeof(Elf64_Shdr)};
    buf_init(&o.names, 1 << 16);
    (void)buf_addc(&o.names, 0);
    (void)buf_resize(file, START);
    (text_first(f) ? add_text : add_rodata)(&o);
    (text_first(f) ? add_rodata : add_text)(&o);
    add_symbols(&o);
    for (unsigned i = 0; i < f->extras; i++)
        add_section(&o, f->extra[i].name, (Elf64_Shdr){.sh_type = SHT_PROGBITS}, f->extra[i].data,
                    f->extra[i].size);
    e.e_shstrndx = (Elf64_Half)o.sections;
    struct buf names = o.names;
    add_section(&o, ".shstrtab", (Elf64_Shdr){.sh_type = SHT_STRTAB}, names.data, names.len);
    o.section[e.e_shstrndx].sh_size = names.len;
    o.section[e.e_shstrndx].sh_name = 0;
    pad(file);
    e.e_shoff = file->len;
    e.e_shnum = (Elf64_Half)o.sections;
    (void)buf_add(file, o.section, o.sections * sizeof o.section[0]);
    make_headers(&o, headers);
    memcpy(file->data, &e, sizeof e);
    memcpy(file->data + sizeof e, headers, sizeof headers);
    buf_free(&o.names);
}
