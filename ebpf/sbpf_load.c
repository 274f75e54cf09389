/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loads programs for Solana (sBPF), which are linked ELF files. Versions 0 to 2 are relocated: one
 * region holds code and read-only data. The program headers of version 3 are used as they are.
 * Calls get version 3's encoding in all versions: src 1 and a distance, or src 0 and a hash.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/insn.h"
#include "ebpf/linker.h"
#include "ebpf/memory.h"
#include "ebpf/sbpf.h"
#include "proto/err.h"

/* Types of relocations: doc/relocations.md of sbpf. */
enum { R_NONE = 0, R_64_64 = 1, R_64_RELATIVE = 8, R_64_32 = 10 };

enum {
    SECTIONS_MAX = 64 /* sections that programs see */
};

/* The sections that programs see, and the table of symbols of the relocations. */
struct region {
    struct piece *piece[SECTIONS_MAX];
    unsigned pieces;
    struct piece *text;
    Elf_Data *symbols;
    size_t strings;
};

static uint32_t read_half(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static void write_half(uint8_t *p, uint64_t value)
{
    uint32_t low = (uint32_t)value;
    memcpy(p, &low, sizeof low);
}

/* The address in the machine: linkers give addresses below SBPF_CODE, or in its region. */
static uint64_t rebase(uint64_t address)
{
    return address < SBPF_CODE ? address + SBPF_CODE : address;
}

/* --- versions 0 to 2: relocations --------------------------------------------------------- */

/* Makes an instruction a call: BPF_CALL_LOCAL with a distance, or BPF_CALL_HELPER with a hash. */
static void write_call(uint8_t *insn, unsigned kind, uint32_t imm)
{
    insn[1] = (uint8_t)(kind << 4);
    write_half(insn + 4, imm);
}

/* Calls whose distance leads into the code are local, others system calls by hash. */
static void mark_calls(struct piece *text)
{
    int64_t slots = (int64_t)(text->size / BPF_INSN_SIZE);
    for (int64_t slot = 0; slot < slots; slot++) {
        uint8_t *p = text->data + slot * BPF_INSN_SIZE;
        struct bpf_insn i = bpf_insn_read(p);
        int64_t target = slot + 1 + i.imm;
        if (i.opcode == (BPF_JMP | BPF_CALL))
            write_call(
                p, i.imm != -1 && target >= 0 && target < slots ? BPF_CALL_LOCAL : BPF_CALL_HELPER,
                (uint32_t)i.imm);
    }
}

/* A call of a symbol: a function of the program, or else a system call by the hash of its name. */
static int call_symbol(struct linker *l, const struct region *g, const GElf_Sym *s, uint64_t at)
{
    const struct piece *text = g->text;
    uint8_t *insn = text->data + at;
    const char *name = elf_strptr(l->elf, g->strings, s->st_name);
    if (GELF_ST_TYPE(s->st_info) == STT_FUNC && s->st_value != 0) {
        int64_t to = (int64_t)((s->st_value - text->header.sh_addr) / BPF_INSN_SIZE);
        if (s->st_value - text->header.sh_addr >= text->size)
            return link_error(l, "a call of a function that is not in .text");
        write_call(insn, BPF_CALL_LOCAL, (uint32_t)(to - (int64_t)(at / BPF_INSN_SIZE) - 1));
        return 0;
    }
    size_t len = name == NULL ? 0 : strnlen(name, SBPF_SYSCALL_NAME + 1);
    if (len == 0 || len > SBPF_SYSCALL_NAME)
        return link_error(l, "a call of a symbol without a name, or with more than %d characters",
                          SBPF_SYSCALL_NAME);
    uint32_t hash = sbpf_hash(name, len);
    write_call(insn, BPF_CALL_HELPER, hash);
    if (ebpf_helper_by_id(sbpf_syscalls, sbpf_syscall_count, hash) == NULL &&
        link_step(l, 1 + l->image->imports))
        (void)ebpf_image_import(l->image, name); /* above a limit it has no name */
    return 0;
}

/* An address in the two halves of a 64-bit immediate load. */
static void rebase_immediate(uint8_t *insn, uint64_t addend, bool wide)
{
    uint64_t high = wide ? (uint64_t)read_half(insn + BPF_INSN_SIZE + 4) << 32 : 0;
    uint64_t address = rebase(addend + (high | read_half(insn + 4)));
    write_half(insn + 4, address);
    write_half(insn + BPF_INSN_SIZE + 4, address >> 32);
}

/*
 * A pointer in data. Early tools for version 0 wrote it to the high half of the 8 bytes, and the
 * virtual machine still reads it there.
 */
static void rebase_pointer(uint8_t *p, unsigned version)
{
    uint64_t high = read_half(p + 4);
    uint64_t address = rebase(version == 0 ? high : read_half(p) | high << 32);
    memcpy(p, &address, sizeof address);
}

/* The section with the place of a relocation that needs `bytes` there, or NULL. */
static struct piece *place_of(const struct region *g, uint64_t offset, uint64_t bytes)
{
    for (unsigned i = 0; i < g->pieces; i++) {
        struct piece *p = g->piece[i];
        uint64_t at = offset - p->header.sh_addr;
        if (at < p->size && p->size - at >= bytes)
            return p;
    }
    return NULL;
}

static int apply_dynamic(struct linker *l, const struct region *g, const GElf_Rel *r)
{
    unsigned type = (unsigned)GELF_R_TYPE(r->r_info);
    GElf_Sym s = {0};
    struct piece *p = place_of(g, r->r_offset, 8);
    if (type == R_NONE)
        return 0;
    if (type != R_64_64 && type != R_64_RELATIVE && type != R_64_32)
        return link_error(l, "relocation type %u is unknown", type);
    if (type != R_64_RELATIVE &&
        (g->symbols == NULL || gelf_getsym(g->symbols, (int)GELF_R_SYM(r->r_info), &s) == NULL))
        return link_error(l, "a relocation by symbol %" PRIu64 ", which does not exist",
                          (uint64_t)GELF_R_SYM(r->r_info));
    if (p == NULL)
        return 0; /* in a section that programs do not see */
    uint64_t at = r->r_offset - p->header.sh_addr;
    if (type == R_64_RELATIVE && p != g->text)
        rebase_pointer(p->data + at, l->image->sbpf->version);
    else if (p != g->text || at % BPF_INSN_SIZE != 0)
        return link_error(l, "a relocation of an instruction outside .text");
    else if (type == R_64_32)
        return call_symbol(l, g, &s, at);
    else if (p->size - at < 2 * BPF_INSN_SIZE)
        return link_error(l, "a relocation of the last instruction");
    else
        rebase_immediate(p->data + at, s.st_value, type == R_64_RELATIVE);
    return 0;
}

/* The relocations of one section; `table`: the section with their symbols. */
static int apply_section(struct linker *l, struct region *g, Elf_Data *entries, Elf_Scn *table)
{
    GElf_Shdr symbols;
    GElf_Rel r;
    bool good =
        table != NULL && gelf_getshdr(table, &symbols) != NULL && symbols.sh_type == SHT_DYNSYM;
    g->symbols = good ? elf_getdata(table, NULL) : NULL;
    g->strings = good ? symbols.sh_link : 0;
    int rc = link_check_names(l, g->strings);
    for (int i = 0; entries != NULL && rc == 0 && gelf_getrel(entries, i, &r) != NULL; i++)
        rc = ++l->relocations > EBPF_RELOCATIONS_MAX
                 ? link_error(l, "more than %d relocations", EBPF_RELOCATIONS_MAX)
                 : apply_dynamic(l, g, &r);
    return rc;
}

static int apply_all_dynamic(struct linker *l, struct region *g)
{
    int rc = 0;
    l->steps = LINK_STEPS_MAX;
    for (size_t i = 0; i < l->pieces && rc == 0; i++) {
        const GElf_Shdr *h = &l->piece[i].header;
        if (h->sh_type == SHT_REL && h->sh_flags & SHF_ALLOC && h->sh_entsize != 0)
            rc = apply_section(l, g, elf_getdata(elf_getscn(l->elf, i), NULL),
                               elf_getscn(l->elf, h->sh_link));
    }
    return rc;
}

/* --- versions 0 to 2: layout -------------------------------------------------------------- */

/* Programs see these sections, and zeros between them. */
static bool visible(const char *name)
{
    return strcmp(name, ".text") == 0 || strcmp(name, ".rodata") == 0 ||
           strcmp(name, ".data.rel.ro") == 0;
}

/* A section that the virtual machine refuses: data that programs could write. */
static bool refused(const struct piece *p)
{
    bool data = strncmp(p->name, ".data", 5) == 0 && strncmp(p->name, ".data.rel", 9) != 0;
    return strncmp(p->name, ".bss", 4) == 0 || (data && p->header.sh_flags & SHF_WRITE);
}

/* Selects the sections of the region, and drops the others. */
static int select_sections(struct linker *l, struct region *g)
{
    for (size_t i = 0; i < l->pieces; i++) {
        struct piece *p = &l->piece[i];
        bool code = strcmp(p->name, ".text") == 0;
        if (p->group >= LINK_OTHER)
            continue;
        if (refused(p))
            return link_error(l, "section %.64s: programs for Solana have no writable data",
                              p->name);
        p->group = LINK_DROPPED;
        if (!visible(p->name) || p->data == NULL)
            continue;
        if ((code && g->text != NULL) || g->pieces == SECTIONS_MAX)
            return link_error(l, "section %.64s: there is another one, or there are more than %d",
                              p->name, SECTIONS_MAX);
        p->group = code ? LINK_TEXT : LINK_RODATA;
        g->text = code ? p : g->text;
        g->piece[g->pieces++] = p;
    }
    return 0;
}

static int place_sections(struct linker *l, const struct region *g, uint64_t *end)
{
    l->image->bias = g->text->header.sh_addr < SBPF_CODE ? SBPF_CODE : 0;
    *end = 0;
    for (unsigned i = 0; i < g->pieces; i++) {
        struct piece *p = g->piece[i];
        p->address = p->header.sh_addr + l->image->bias;
        uint64_t at = p->address - SBPF_CODE;
        if (p->address < SBPF_CODE || at > 2ULL * EBPF_FILE_MAX)
            return link_error(l, "section %.64s at 0x%" PRIx64 ": out of reach", p->name,
                              (uint64_t)p->header.sh_addr);
        *end = at + p->size > *end ? at + p->size : *end;
    }
    return 0;
}

static struct ebpf_segment *add_segment(struct linker *l, const char *name, uint64_t base,
                                        uint64_t size, unsigned flags)
{
    struct ebpf_segment *s = &l->image->segment[l->image->segments++];
    *s = (struct ebpf_segment){.base = base, .size = size, .given = size, .flags = flags};
    memcpy(s->name, name, strlen(name) + 1);
    s->data = calloc(1, (size_t)size + 1);
    return s->data == NULL ? NULL : s;
}

static int fill_region(struct linker *l, const struct region *g, uint64_t size)
{
    struct ebpf_segment *s = add_segment(l, "program", SBPF_CODE, size, EBPF_READ | EBPF_EXEC);
    if (s == NULL)
        return NETGDB_NOMEM;
    for (unsigned i = 0; i < g->pieces; i++)
        memcpy(s->data + (g->piece[i]->address - s->base), g->piece[i]->data,
               (size_t)g->piece[i]->size);
    l->image->text = s;
    l->image->code_at = g->text->address;
    l->image->code_size = g->text->size;
    return 0;
}

static int take_relocated(struct linker *l)
{
    struct region g = {0};
    uint64_t end = 0;
    int rc = select_sections(l, &g);
    if (rc != 0)
        return rc;
    if (g.text == NULL)
        return link_error(l, "there is no code in it");
    rc = place_sections(l, &g, &end);
    if (rc != 0)
        return rc;
    mark_calls(g.text);
    rc = apply_all_dynamic(l, &g);
    return rc == 0 ? fill_region(l, &g, end) : rc;
}

/* --- version 3 ---------------------------------------------------------------------------- */

static bool header_is_strict(const GElf_Ehdr *e)
{
    return e->e_phoff == sizeof(Elf64_Ehdr) && e->e_ehsize == sizeof(Elf64_Ehdr) &&
           e->e_phentsize == sizeof(Elf64_Phdr) && e->e_phnum != 0 &&
           e->e_ident[EI_OSABI] == ELFOSABI_NONE;
}

/* A loaded segment of code or of read-only data, whose address is fixed. */
static int take_strict_segment(struct linker *l, const GElf_Phdr *h, const uint8_t *file,
                               size_t size)
{
    struct ebpf_image *image = l->image;
    bool code = h->p_flags == PF_X;
    bool code_low = image->sbpf->markers;
    uint64_t base = code == code_low ? 0 : SBPF_CODE;
    if (h->p_vaddr != base || h->p_filesz != h->p_memsz || h->p_offset > size ||
        h->p_filesz > size - h->p_offset || h->p_filesz % 8 != 0 || h->p_offset % 8 != 0)
        return link_error(l, "the segment at 0x%" PRIx64 ": not what sBPF version 3 requires",
                          (uint64_t)h->p_vaddr);
    if (h->p_filesz == 0)
        return 0;
    struct ebpf_segment *s =
        add_segment(l, code ? "text" : "rodata", base, h->p_filesz, code ? EBPF_EXEC : EBPF_READ);
    if (s == NULL)
        return NETGDB_NOMEM;
    memcpy(s->data, file + h->p_offset, (size_t)h->p_filesz);
    if (code) {
        image->text = s;
        image->code_at = base;
        image->code_size = h->p_filesz;
    }
    return 0;
}

/* Code and read-only data, in any order, once each; other headers do not matter. */
static int take_segments(struct linker *l, const GElf_Ehdr *header, const uint8_t *file,
                         size_t size)
{
    bool had[2] = {false, false};
    for (int i = 0; i < header->e_phnum; i++) {
        GElf_Phdr h;
        if (gelf_getphdr(l->elf, i, &h) == NULL)
            return link_error(l, "program header %d cannot be read", i);
        bool code = h.p_flags == PF_X;
        if (h.p_type != PT_LOAD || (!code && h.p_flags != PF_R) || had[code])
            continue;
        had[code] = true;
        int rc = take_strict_segment(l, &h, file, size);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Sections are for debuggers: those that are not part of a segment are dropped. */
static void place_in_segments(struct linker *l)
{
    for (size_t i = 0; i < l->pieces; i++) {
        struct piece *p = &l->piece[i];
        bool inside = false;
        for (unsigned k = 0; k < l->image->segments; k++) {
            const struct ebpf_segment *s = &l->image->segment[k];
            uint64_t at = p->header.sh_addr - s->base;
            inside |= at < s->size && p->size <= s->size - at;
        }
        if (p->group < LINK_OTHER && !inside)
            p->group = LINK_DROPPED;
        p->address = p->group < LINK_OTHER ? p->header.sh_addr : 0;
    }
}

static int take_strict(struct linker *l, const GElf_Ehdr *header, const uint8_t *file, size_t size)
{
    if (!header_is_strict(header))
        return link_error(l, "its ELF header is not what sBPF version 3 requires");
    int rc = take_segments(l, header, file, size);
    if (rc == 0 && l->image->text == NULL)
        return link_error(l, "there is no code in it");
    place_in_segments(l);
    return rc;
}

/* --- all versions ------------------------------------------------------------------------- */

/* A stripped program still has the symbols that are for its loader. */
static int use_dynamic_symbols(struct linker *l)
{
    for (size_t i = 0; l->symtab == NULL && i < l->pieces; i++) {
        const GElf_Shdr *h = &l->piece[i].header;
        Elf_Scn *scn = elf_getscn(l->elf, i);
        if (h->sh_type != SHT_DYNSYM || scn == NULL || h->sh_entsize == 0)
            continue;
        l->symtab = elf_getdata(scn, NULL);
        l->symtab_strings = h->sh_link;
        l->symbols = l->symtab == NULL ? 0 : l->symtab->d_size / sizeof(Elf64_Sym);
    }
    if (l->symbols > EBPF_SYMBOLS_MAX)
        return link_error(l, "%zu symbols are too many", l->symbols);
    return l->symtab != NULL ? link_check_names(l, l->symtab_strings) : 0;
}

bool link_is_sbpf(const GElf_Ehdr *e)
{
    if (e->e_machine == EM_SBPF)
        return true;
    return e->e_machine == EM_BPF &&
           (e->e_type == ET_DYN || (e->e_type != ET_REL && e->e_flags == 3));
}

int link_sbpf(struct linker *l, const GElf_Ehdr *header, const uint8_t *file, size_t size)
{
    struct ebpf_image *image = l->image;
    image->sbpf = sbpf_version(header->e_flags, header->e_machine == EM_SBPF);
    if (image->sbpf == NULL)
        return link_error(l, "a program for Solana, sBPF version %u: versions 0 to 3 run",
                          header->e_flags);
    if (header->e_type == ET_REL)
        return link_error(l, "a program for Solana that is not linked");
    int rc = image->sbpf->strict ? take_strict(l, header, file, size) : take_relocated(l);
    if (rc == 0)
        rc = use_dynamic_symbols(l);
    if (rc != 0)
        return rc;
    image->entry = header->e_entry + image->bias;
    if (image->entry - image->code_at >= image->code_size ||
        (image->entry - image->code_at) % BPF_INSN_SIZE != 0)
        return link_error(l, "its entry point 0x%" PRIx64 " is not an instruction",
                          (uint64_t)header->e_entry);
    return 0;
}
