/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads an object and lays out its sections; see load.h. */
#include "config.h"

#include "ebpf/load.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/linker.h"
#include "ebpf/memory.h"
#include "proto/err.h"

int link_error(struct linker *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(l->error, EBPF_ERROR_TEXT, format, args);
    va_end(args);
    return NETGDB_PROTO;
}

bool link_step(struct linker *l, uint64_t n)
{
    l->steps -= n < l->steps ? n : l->steps;
    return l->steps != 0;
}

int link_check_names(struct linker *l, size_t section)
{
    Elf_Scn *scn = elf_getscn(l->elf, section);
    const Elf_Data *d = scn == NULL ? NULL : elf_rawdata(scn, NULL);
    if (d != NULL && d->d_buf != NULL && d->d_size != 0 &&
        ((const char *)d->d_buf)[d->d_size - 1] != 0)
        return link_error(l, "section %zu: its last name has no end", section);
    return 0;
}

bool link_symbol(const struct linker *l, size_t index, GElf_Sym *symbol, const char **name)
{
    if (l->symtab == NULL || index >= l->symbols ||
        gelf_getsym(l->symtab, (int)index, symbol) == NULL)
        return false;
    *name = elf_strptr(l->elf, l->symtab_strings, symbol->st_name);
    if (*name == NULL)
        *name = "";
    return true;
}

int link_import(struct linker *l, const char *name, unsigned *index)
{
    if (!link_step(l, 1 + l->image->imports))
        return link_error(l, "its undefined symbols take too many steps");
    int import = ebpf_image_import(l->image, name);
    if (import < 0)
        return link_error(l, "%s: too many undefined symbols, or a name that is too long", name);
    *index = (unsigned)import;
    return 0;
}

struct piece *link_piece(const struct linker *l, const GElf_Sym *symbol)
{
    return symbol->st_shndx > 0 && symbol->st_shndx < l->pieces ? &l->piece[symbol->st_shndx]
                                                                : NULL;
}

static int group_of(const GElf_Shdr *h, const char *name)
{
    /* Tables that unwind by other rules than those of link_debug_frame: gdb aborts on them. */
    if (strcmp(name, ".debug_frame") == 0 || strcmp(name, ".eh_frame") == 0 ||
        strcmp(name, ".eh_frame_hdr") == 0)
        return LINK_DROPPED;
    /* Compressed in the way of old binutils: not relocated, and libdw would decompress any number
     * of bytes. */
    if (strncmp(name, ".zdebug_", 8) == 0)
        return LINK_DROPPED;
    bool bytes = h->sh_type == SHT_PROGBITS || h->sh_type == SHT_NOBITS ||
                 h->sh_type == SHT_INIT_ARRAY || h->sh_type == SHT_NOTE;
    if (h->sh_flags & SHF_ALLOC)
        return !bytes                        ? LINK_DROPPED
               : h->sh_flags & SHF_EXECINSTR ? LINK_TEXT
               : !(h->sh_flags & SHF_WRITE)  ? LINK_RODATA
               : h->sh_type == SHT_NOBITS    ? LINK_BSS
                                             : LINK_DATA;
    if (h->sh_type != SHT_PROGBITS || strcmp(name, ".BTF.ext") == 0)
        return LINK_DROPPED;
    return LINK_OTHER;
}

static bool decompress(Elf_Scn *scn)
{
#ifdef HAVE_ELF_COMPRESS
    GElf_Chdr h;
    return gelf_getchdr(scn, &h) != NULL && h.ch_size <= EBPF_FILE_MAX &&
           elf_compress(scn, 0, 0) >= 0;
#else
    (void)scn; /* FreeBSD's libelf */
    return false;
#endif
}

static int read_bytes(struct linker *l, struct piece *p, Elf_Scn *scn)
{
    if (p->header.sh_type == SHT_NOBITS || p->size == 0)
        return 0;
    if (p->header.sh_flags & SHF_COMPRESSED && !decompress(scn))
        return link_error(l, "section %s: cannot be decompressed to at most %d MiB", p->name,
                          EBPF_FILE_MAX >> 20);
    Elf_Data *d = elf_rawdata(scn, NULL);
    if (d == NULL || d->d_buf == NULL || d->d_size > EBPF_FILE_MAX)
        return link_error(l, "section %s: its bytes are not in the file", p->name);
    l->bytes += d->d_size;
    if (l->bytes > EBPF_LINKED_MAX)
        return link_error(l, "its sections have more than %d MiB", EBPF_LINKED_MAX >> 20);
    p->size = d->d_size;
    p->header.sh_flags &= ~(GElf_Xword)SHF_COMPRESSED;
    p->data = malloc(d->d_size);
    if (p->data == NULL)
        return NETGDB_NOMEM;
    memcpy(p->data, d->d_buf, d->d_size);
    return 0;
}

static void note_symtab(struct linker *l, Elf_Scn *scn, const GElf_Shdr *h)
{
    if (h->sh_type != SHT_SYMTAB || l->symtab != NULL || h->sh_entsize == 0)
        return;
    l->symtab = elf_getdata(scn, NULL);
    l->symtab_strings = h->sh_link;
    l->symbols = l->symtab == NULL ? 0 : l->symtab->d_size / sizeof(Elf64_Sym);
}

static int load_section(struct linker *l, size_t index, size_t names)
{
    struct piece *p = &l->piece[index];
    Elf_Scn *scn = elf_getscn(l->elf, index);
    if (scn == NULL || gelf_getshdr(scn, &p->header) == NULL)
        return link_error(l, "section %zu: its header cannot be read", index);
    p->name = elf_strptr(l->elf, names, p->header.sh_name);
    if (p->name == NULL)
        p->name = "";
    p->size = p->header.sh_size;
    p->group = index == 0 ? LINK_DROPPED : group_of(&p->header, p->name);
    note_symtab(l, scn, &p->header);
    if (p->group == LINK_DROPPED)
        return 0;
    if (p->size > EBPF_FILE_MAX)
        return link_error(l, "section %s: %llu bytes are too many", p->name,
                          (unsigned long long)p->size);
    if (p->group == LINK_TEXT && (p->size % 8 != 0 || p->header.sh_type == SHT_NOBITS))
        return link_error(l, "section %s: not a whole number of instructions", p->name);
    return read_bytes(l, p, scn);
}

static int read_sections(struct linker *l)
{
    size_t names;
    if (elf_getshdrnum(l->elf, &l->pieces) != 0 || elf_getshdrstrndx(l->elf, &names) != 0)
        return link_error(l, "its section headers cannot be read");
    if (l->pieces == 0 || l->pieces > EBPF_PIECES_MAX)
        return link_error(l, "%zu sections: none, or too many", l->pieces);
    l->piece = calloc(l->pieces + 1, sizeof *l->piece); /* and one of kconfig.c */
    if (l->piece == NULL)
        return NETGDB_NOMEM;
    int rc = link_check_names(l, names);
    for (size_t i = 0; i < l->pieces && rc == 0; i++)
        rc = load_section(l, i, names);
    if (rc == 0 && l->symbols > EBPF_SYMBOLS_MAX)
        return link_error(l, "%zu symbols are too many", l->symbols);
    return rc == 0 && l->symtab != NULL ? link_check_names(l, l->symtab_strings) : rc;
}

/* The major version in "GCC: (PACKAGE) 12.2.0"; 0 without one. */
static unsigned gcc_version(const char *mark, size_t len)
{
    const char *at = memmem(mark, len, ") ", 2);
    unsigned major = 0;
    if (at == NULL)
        return 0;
    for (at += 2; at < mark + len && *at >= '0' && *at <= '9' && major < 1000; at++)
        major = 10 * major + (unsigned)(*at - '0');
    return major;
}

/*
 * gcc-bpf is named in .comment. Until gcc 13 its binutils (before 2.42) had numbers of relocations
 * of their own, and in-place addends with the symbol's value; later ones follow LLVM.
 */
static bool made_by_gnu(const struct linker *l)
{
    static const char mark[] = "GCC: (";
    for (size_t i = 0; i < l->pieces; i++) {
        const struct piece *p = &l->piece[i];
        if (strcmp(p->name, ".comment") != 0 || p->data == NULL)
            continue;
        const char *data = (const char *)p->data;
        const char *at = memmem(data, (size_t)p->size, mark, sizeof mark - 1);
        if (at != NULL && gcc_version(at, (size_t)(p->size - (size_t)(at - data))) < 14)
            return true;
    }
    return false;
}

static int link_object(struct linker *l)
{
    l->gnu = made_by_gnu(l);
    int rc = link_core(l);
    if (rc == 0)
        rc = link_kconfig(l);
    if (rc == 0)
        rc = link_lay_out(l);
    if (rc == 0)
        rc = link_relocate(l);
    if (rc == 0)
        rc = link_fill_segments(l);
    return rc;
}

/* Sections of a linked ELF keep their addresses. */
static int take_segment(struct linker *l, const GElf_Phdr *h, const uint8_t *file, size_t size)
{
    struct ebpf_image *image = l->image;
    uint64_t slack = h->p_vaddr % EBPF_PAGE;
    if (h->p_filesz > h->p_memsz || h->p_memsz > 2ULL * EBPF_FILE_MAX || h->p_offset > size ||
        h->p_filesz > size - h->p_offset || h->p_vaddr < EBPF_PAGE || h->p_vaddr > UINT32_MAX)
        return link_error(l, "the segment at 0x%llx: not in the file, or out of reach",
                          (unsigned long long)h->p_vaddr);
    if (image->segments == EBPF_SEGMENTS_MAX)
        return link_error(l, "more than %d segments", EBPF_SEGMENTS_MAX);
    struct ebpf_segment *s = &image->segment[image->segments++];
    s->flags =
        EBPF_READ | (h->p_flags & PF_W ? EBPF_WRITE : 0) | (h->p_flags & PF_X ? EBPF_EXEC : 0);
    snprintf(s->name, sizeof s->name, "%s",
             h->p_flags & PF_X   ? "text"
             : h->p_flags & PF_W ? "data"
                                 : "rodata");
    s->base = h->p_vaddr - slack;
    s->size = h->p_memsz + slack;
    s->given = h->p_filesz + slack;
    s->data = calloc(1, (size_t)s->given + 1);
    if (s->data == NULL)
        return NETGDB_NOMEM;
    memcpy(s->data + slack, file + h->p_offset, (size_t)h->p_filesz);
    if (!(s->flags & EBPF_EXEC))
        return 0;
    if (image->text != NULL || s->size % 8 != 0)
        return link_error(l, "code in two segments, or not a whole number of instructions");
    image->text = s;
    image->code_at = s->base;
    image->code_size = s->size;
    s->flags &= ~(unsigned)EBPF_WRITE;
    return 0;
}

static int take_linked(struct linker *l, const GElf_Ehdr *header, const uint8_t *file, size_t size)
{
    size_t count;
    uint64_t total = 0; /* bytes: segments may have the same ones of the file */
    int rc = 0;
    if (elf_getphdrnum(l->elf, &count) != 0 || count > EBPF_PIECES_MAX)
        return link_error(l, "its program headers cannot be read");
    for (size_t i = 0; i < count && rc == 0; i++) {
        GElf_Phdr h;
        if (gelf_getphdr(l->elf, (int)i, &h) == NULL)
            return link_error(l, "program header %zu cannot be read", i);
        if (h.p_type != PT_LOAD || h.p_memsz == 0)
            continue;
        if (h.p_filesz > EBPF_LINKED_MAX - total)
            return link_error(l, "its segments have more than %d MiB", EBPF_LINKED_MAX >> 20);
        total += h.p_filesz;
        rc = take_segment(l, &h, file, size);
    }
    if (rc == 0 && l->image->text == NULL)
        return link_error(l, "there is no code in it");
    for (size_t i = 0; i < l->pieces; i++)
        l->piece[i].address = l->piece[i].group < LINK_OTHER ? l->piece[i].header.sh_addr : 0;
    l->image->entry = header->e_entry;
    return rc;
}

/* In sBPF version 3 sections are for debuggers only. */
static int drop_sections(struct linker *l)
{
    for (size_t i = 0; l->piece != NULL && i < l->pieces; i++)
        free(l->piece[i].data);
    l->pieces = l->symbols = 0;
    l->symtab = NULL;
    return 0;
}

static int link_all(struct linker *l, const uint8_t *file, size_t size)
{
    GElf_Ehdr header;
    if (l->elf == NULL || elf_kind(l->elf) != ELF_K_ELF || gelf_getehdr(l->elf, &header) == NULL)
        return link_error(l, "not an ELF file");
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return link_error(l, "not a 64-bit little-endian ELF file");
    bool object = header.e_type == ET_REL, sbpf = link_is_sbpf(&header);
    if (!sbpf && header.e_machine != EM_BPF && (object || header.e_machine != EM_AARCH64))
        return header.e_machine == EM_X86_64
                   ? link_error(l, "not eBPF: its machine is x86-64: compile with -target bpf")
                   : link_error(l, "not eBPF: its machine is %u", header.e_machine);
    if (!sbpf && !object && header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return link_error(l, "neither an object nor a linked program");
    int rc = read_sections(l);
    if (rc == NETGDB_PROTO && sbpf && header.e_flags == 3)
        rc = drop_sections(l);
    if (rc == 0)
        rc = sbpf     ? link_sbpf(l, &header, file, size)
             : object ? link_object(l)
                      : take_linked(l, &header, file, size);
    if (rc == 0)
        rc = link_symbols(l);
    if (rc == 0 && !sbpf)
        rc = link_maps(l);
    if (rc == 0 && ((object && !sbpf) || l->options.section != NULL || l->options.entry != NULL))
        rc = link_entry(l);
    if (rc == 0)
        rc = link_write_elf(l);
    return rc == 0 ? link_repair_frame_bases(l) : rc;
}

static void free_linker(struct linker *l)
{
    for (size_t i = 0; l->piece != NULL && i < l->pieces; i++)
        free(l->piece[i].data);
    free(l->piece);
    free(l->common);
    free(l->kconfig);
    elf_end(l->elf);
}

static struct ebpf_image *new_image(const char *name)
{
    const char *base = strrchr(name, '/');
    struct ebpf_image *image = calloc(1, sizeof *image);
    if (image == NULL)
        return NULL;
    buf_init(&image->elf, EBPF_LINKED_MAX);
    image->name = strdup(base != NULL ? base + 1 : name);
    if (image->name == NULL) {
        free(image);
        return NULL;
    }
    return image;
}

/*
 * Removes a table of sections that is not in the file, or that counts more than fit in the ELF
 * header. FreeBSD's libelf refuses the whole file for it, elfutils' does not; programs for Solana
 * of version 3 run without it.
 */
static void drop_wrong_section_table(uint8_t *file, size_t size)
{
    Elf64_Ehdr h;
    if (size < sizeof h)
        return;
    memcpy(&h, file, sizeof h);
    if (h.e_shnum != 0 && h.e_shnum < SHN_LORESERVE && h.e_shstrndx < h.e_shnum &&
        h.e_shentsize == sizeof(Elf64_Shdr) && h.e_shoff != 0 && h.e_shoff <= size &&
        h.e_shnum <= (size - h.e_shoff) / sizeof(Elf64_Shdr))
        return;
    h.e_shoff = h.e_shnum = h.e_shstrndx = 0;
    memcpy(file, &h, sizeof h);
}

int ebpf_load(struct ebpf_image **out, const uint8_t *file, size_t size, const char *name,
              const struct ebpf_load_options *options, char error[EBPF_ERROR_TEXT])
{
    struct linker l = {.error = error};
    snprintf(error, EBPF_ERROR_TEXT, "out of memory");
    if (options != NULL)
        l.options = *options;
    if (l.options.helpers == NULL) {
        l.options.helpers = ebpf_helpers;
        l.options.helper_count = ebpf_helper_count;
    }
    if (size > EBPF_FILE_MAX)
        return link_error(&l, "%zu bytes are too many", size);
    uint8_t *copy = malloc(size + 1); /* libelf may modify it */
    l.image = new_image(name);
    int rc = NETGDB_NOMEM;
    if (copy != NULL && l.image != NULL && elf_version(EV_CURRENT) != EV_NONE) {
        memcpy(copy, file, size);
        drop_wrong_section_table(copy, size);
        l.elf = size == 0 ? NULL : elf_memory((char *)copy, size);
        rc = link_all(&l, file, size);
    }
    free_linker(&l);
    free(copy);
    if (rc != 0) {
        ebpf_image_free(l.image);
        return rc;
    }
    *out = l.image;
    return 0;
}
