/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes the linked ELF for debuggers: the sections at their linked addresses, the relocated debug
 * information, and a generated .debug_frame. e_machine is aarch64, which debuggers know and whose
 * DWARF numbers 0 to 10 can represent r0 to r10.
 */
#include <stdlib.h>
#include <string.h>

#include "ebpf/linker.h"
#include "ebpf/memory.h"
#include "proto/err.h"

enum { FIXED = 5 /* null, .debug_frame, .symtab, .strtab, .shstrtab */ };

struct writer {
    struct linker *l;
    struct buf *out;
    struct buf names, strings, symbols, frames;
    Elf64_Shdr *section;
    size_t sections;
    size_t text; /* section header of the code, for the symbols of functions */
};

static uint32_t write_name(struct buf *b, const char *text)
{
    uint32_t at = (uint32_t)b->len;
    (void)buf_add(b, text, strlen(text) + 1);
    return at;
}

static void align(struct buf *b, size_t to)
{
    while (b->len % to != 0 && b->error == 0)
        (void)buf_addc(b, 0);
}

/* Writes each segment, page-aligned, and its program header. */
static void write_segments(struct writer *w, Elf64_Phdr *headers)
{
    const struct ebpf_image *image = w->l->image;
    for (unsigned i = 0; i < image->segments; i++) {
        const struct ebpf_segment *s = &image->segment[i];
        align(w->out, EBPF_PAGE);
        headers[i] = (Elf64_Phdr){.p_type = PT_LOAD,
                                  .p_flags = PF_R | (s->flags & EBPF_WRITE ? PF_W : 0U) |
                                             (s->flags & EBPF_EXEC ? PF_X : 0U),
                                  .p_offset = w->out->len,
                                  .p_vaddr = s->base - image->bias,
                                  .p_paddr = s->base - image->bias,
                                  .p_filesz = s->given,
                                  .p_memsz = s->size,
                                  .p_align = EBPF_PAGE};
        (void)buf_add(w->out, s->data, (size_t)s->given);
    }
}

/* The file offset of an address by the program headers. */
static uint64_t file_offset_of(const struct writer *w, const Elf64_Phdr *headers, uint64_t address)
{
    for (unsigned i = 0; i < w->l->image->segments; i++)
        if (address - headers[i].p_vaddr < headers[i].p_memsz)
            return headers[i].p_offset + (address - headers[i].p_vaddr);
    return w->out->len;
}

static void write_section_header(struct writer *w, uint32_t name, Elf64_Shdr header)
{
    header.sh_name = name;
    w->section[w->sections++] = header;
}

static void write_section(struct writer *w, const Elf64_Phdr *headers, const struct piece *p)
{
    Elf64_Shdr h = {.sh_type = p->header.sh_type,
                    .sh_flags = p->header.sh_flags & ~(GElf_Xword)SHF_INFO_LINK,
                    .sh_addr = p->group == LINK_OTHER ? 0 : p->address - w->l->image->bias,
                    .sh_size = p->size,
                    .sh_addralign = p->group == LINK_OTHER ? 1 : 8,
                    .sh_entsize = p->header.sh_entsize};
    if (p->group == LINK_OTHER) {
        h.sh_offset = w->out->len;
        (void)buf_add(w->out, p->data, p->data == NULL ? 0 : (size_t)p->size);
    } else
        h.sh_offset = file_offset_of(w, headers, h.sh_addr);
    if (p->group == LINK_TEXT && w->text == 0)
        w->text = w->sections;
    write_section_header(w, write_name(&w->names, p->name), h);
}

/* The index of the section header for an address. */
static uint16_t section_of(const struct writer *w, uint64_t address)
{
    for (size_t i = 1; i < w->sections; i++)
        if (w->section[i].sh_flags & SHF_ALLOC &&
            address - w->section[i].sh_addr < w->section[i].sh_size)
            return (uint16_t)i;
    return SHN_ABS;
}

static void make_symbols(struct writer *w, unsigned global)
{
    const struct ebpf_image *image = w->l->image;
    for (size_t i = 0; i < image->symbols; i++) {
        const struct ebpf_symbol *s = &image->symbol[i];
        if (s->global != global)
            continue;
        Elf64_Sym e = {.st_name = write_name(&w->strings, s->name),
                       .st_info = (uint8_t)ELF64_ST_INFO(global ? STB_GLOBAL : STB_LOCAL,
                                                         s->function ? STT_FUNC : STT_OBJECT),
                       .st_shndx = section_of(w, s->address - image->bias),
                       .st_value = s->address - image->bias,
                       .st_size = s->size};
        (void)buf_add(&w->symbols, &e, sizeof e);
    }
}

static void add_bytes(struct writer *w, uint32_t name, const struct buf *bytes, Elf64_Shdr header)
{
    align(w->out, 8);
    header.sh_offset = w->out->len;
    header.sh_size = bytes->len;
    (void)buf_add(w->out, bytes->data, bytes->len);
    write_section_header(w, name, header);
}

static void add_tables(struct writer *w)
{
    add_bytes(w, write_name(&w->names, ".debug_frame"), &w->frames,
              (Elf64_Shdr){.sh_type = SHT_PROGBITS, .sh_addralign = 8});
    (void)buf_add(&w->symbols, &(Elf64_Sym){0}, sizeof(Elf64_Sym));
    make_symbols(w, 0);
    uint32_t locals = (uint32_t)(w->symbols.len / sizeof(Elf64_Sym));
    make_symbols(w, 1);
    add_bytes(w, write_name(&w->names, ".symtab"), &w->symbols,
              (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                           .sh_link = (uint32_t)w->sections + 1,
                           .sh_info = locals,
                           .sh_entsize = sizeof(Elf64_Sym),
                           .sh_addralign = 8});
    add_bytes(w, write_name(&w->names, ".strtab"), &w->strings,
              (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_addralign = 1});
    uint32_t own = write_name(&w->names, ".shstrtab"); /* before the section itself is written */
    add_bytes(w, own, &w->names, (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_addralign = 1});
}

static void write_file(struct writer *w)
{
    struct ebpf_image *image = w->l->image;
    Elf64_Phdr headers[EBPF_SEGMENTS_MAX];
    Elf64_Ehdr e = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_AARCH64,
        .e_version = EV_CURRENT,
        .e_entry = image->entry - image->bias,
        .e_phoff = sizeof e,
        .e_ehsize = sizeof e,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)image->segments,
        .e_shentsize = sizeof(Elf64_Shdr)};
    memset(headers, 0, sizeof headers);
    (void)buf_add(w->out, &e, sizeof e);
    (void)buf_add(w->out, headers, image->segments * sizeof headers[0]);
    write_segments(w, headers);
    for (size_t i = 0; i < w->l->pieces; i++)
        if (w->l->piece[i].group != LINK_DROPPED)
            write_section(w, headers, &w->l->piece[i]);
    add_tables(w);
    align(w->out, 8);
    e.e_shoff = w->out->len;
    e.e_shnum = (Elf64_Half)w->sections;
    e.e_shstrndx = (Elf64_Half)(w->sections - 1);
    (void)buf_add(w->out, w->section, w->sections * sizeof *w->section);
    if (w->out->error != 0)
        return;
    memcpy(w->out->data, &e, sizeof e);
    memcpy(w->out->data + sizeof e, headers, image->segments * sizeof headers[0]);
}

int link_write_elf(struct linker *l)
{
    struct writer w = {.l = l, .out = &l->image->elf, .sections = 1};
    w.section = calloc(l->pieces + FIXED, sizeof *w.section);
    if (w.section == NULL)
        return NETGDB_NOMEM;
    struct buf *parts[] = {&w.names, &w.strings, &w.symbols, &w.frames};
    for (size_t i = 0; i < 4; i++)
        buf_init(parts[i], EBPF_LINKED_MAX);
    (void)buf_addc(&w.names, 0);
    (void)buf_addc(&w.strings, 0);
    int rc = link_debug_frame(l, &w.frames);
    if (rc == 0)
        write_file(&w);
    for (size_t i = 0; i < 4; i++) {
        rc = rc != 0 ? rc : parts[i]->error;
        buf_free(parts[i]);
    }
    free(w.section);
    return rc != 0 ? rc : w.out->error;
}
