/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Applies the relocations of eBPF objects, by the numbers of LLVM and binutils. Both agree on 1
 * and 10. 2, 3 and 4 relocate data in sections without code; in code they have binutils' meaning (2
 * on a call: that of old clang). The in-place value is an addend: to the symbol's address for LLVM,
 * to the address of its section for gcc-bpf. Sources: LLVM's BPF.def and "BPF relocation types",
 * binutils' include/elf/bpf.h.
 */
#include <inttypes.h>
#include <string.h>

#include "ebpf/insn.h"
#include "ebpf/linker.h"

enum {
    R_NONE = 0,
    R_LDDW = 1,     /* R_BPF_64_64, R_BPF_INSN_64 */
    R_ABS64 = 2,    /* LLVM; binutils: R_BPF_INSN_32 */
    R_ABS32 = 3,    /* LLVM; binutils: R_BPF_INSN_16 */
    R_NODYLD32 = 4, /* LLVM; binutils: R_BPF_INSN_DISP16 */
    R_CALL = 10,    /* R_BPF_64_32, R_BPF_INSN_DISP32 */
    R_DATA_32 = 11, /* binutils, and the next two */
    R_DATA_64 = 12,
    R_DATA_64_PCREL = 13
};

/* One relocation, with its symbol. */
struct reloc {
    struct piece *in;
    uint8_t *where; /* the bytes to relocate: `room` of them are in the section */
    uint64_t offset, room;
    unsigned type;
    bool rela;
    int64_t addend; /* of RELA */
    GElf_Sym symbol;
    const char *name; /* of the symbol, or of its section */
    bool defined;
    uint64_t base;    /* address of the symbol's section; of an absolute symbol itself */
    uint64_t address; /* of the symbol */
};

static uint64_t get(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    memcpy(&v, p, bytes); /* objects and all supported hosts are little-endian */
    return v;
}

static void reloc_put(uint8_t *p, unsigned bytes, uint64_t value)
{
    memcpy(p, &value, bytes);
}

/* The target address: the symbol plus the addend, of RELA or else `in_place`. */
static uint64_t target(const struct linker *l, const struct reloc *r, uint64_t in_place)
{
    if (r->rela)
        return r->address + (uint64_t)r->addend;
    bool holds_value = l->gnu && r->symbol.st_shndx < SHN_LORESERVE && r->defined;
    return (holds_value ? r->base : r->address) + in_place;
}

static int no_room(struct linker *l, const struct reloc *r)
{
    return link_error(l, "section %s: the relocation at 0x%" PRIx64 " is not inside", r->in->name,
                      r->offset);
}

static int relocate_lddw(struct linker *l, const struct reloc *r)
{
    if (r->room < 16)
        return no_room(l, r);
    uint64_t value = target(l, r, get(r->where + 4, 4) | get(r->where + 12, 4) << 32);
    reloc_put(r->where + 4, 4, value);
    reloc_put(r->where + 12, 4, value >> 32);
    return 0;
}

/* Binds a call of an undefined function to the helper with this name, or makes it an import. */
static int bind_helper(struct linker *l, const struct reloc *r)
{
    const struct ebpf_helper *h =
        ebpf_helper_by_name(l->options.helpers, l->options.helper_count, r->name);
    unsigned import = 0;
    int rc = h != NULL ? 0 : link_import(l, r->name, &import);
    if (rc != 0)
        return rc;
    r->where[1] = (uint8_t)(BPF_CALL_HELPER << 4);
    reloc_put(r->where + 2, 2, 0);
    reloc_put(r->where + 4, 4, h != NULL ? h->id : EBPF_IMPORT_ID + import);
    return 0;
}

static int relocate_call(struct linker *l, const struct reloc *r)
{
    if (r->room < 8)
        return no_room(l, r);
    if (!r->defined)
        return bind_helper(l, r);
    /* The in-place value of LLVM is the distance minus one slot; that of binutils is not used. */
    uint64_t in_place = get(r->where + 4, 4) + 1;
    uint64_t more = r->rela ? (uint64_t)r->addend : l->gnu ? 0 : (uint64_t)(int32_t)in_place * 8;
    uint64_t distance = r->address + more - (r->in->address + r->offset); /* may be negative */
    reloc_put(r->where + 4, 4, (uint64_t)((int64_t)distance / 8 - 1));
    return 0;
}

/* Relocations 2, 3 and 4 in code. */
static int relocate_code(struct linker *l, const struct reloc *r)
{
    if (r->room < 8)
        return no_room(l, r);
    if (!l->gnu && r->type == R_ABS64 && r->where[0] == (BPF_JMP | BPF_CALL))
        return relocate_call(l, r);
    uint64_t place = r->in->address + r->offset;
    if (r->type == R_ABS64) /* INSN_32: the immediate */
        reloc_put(r->where + 4, 4, target(l, r, get(r->where + 4, 4)));
    else if (r->type == R_ABS32) /* INSN_16: the offset */
        reloc_put(r->where + 2, 2, target(l, r, get(r->where + 2, 2)));
    else /* INSN_DISP16: a jump */
        reloc_put(r->where + 2, 2, (r->address - place) / 8 - 1);
    return 0;
}

static int relocate_data(struct linker *l, const struct reloc *r, unsigned bytes)
{
    if (r->room < bytes)
        return no_room(l, r);
    uint64_t value = target(l, r, get(r->where, bytes));
    if (r->type == R_DATA_64_PCREL)
        value -= r->in->address + r->offset;
    reloc_put(r->where, bytes, value);
    return 0;
}

static int relocate(struct linker *l, const struct reloc *r)
{
    bool code = r->in->group == LINK_TEXT;
    switch (r->type) {
    case R_NONE:
        return 0;
    case R_LDDW:
        return code ? relocate_lddw(l, r) : relocate_data(l, r, 8);
    case R_CALL:
        return code ? relocate_call(l, r) : relocate_data(l, r, 4);
    case R_ABS64:
        return code ? relocate_code(l, r) : relocate_data(l, r, 8);
    case R_ABS32:
    case R_NODYLD32:
        return code ? relocate_code(l, r) : relocate_data(l, r, 4);
    case R_DATA_32:
        return relocate_data(l, r, 4);
    case R_DATA_64:
    case R_DATA_64_PCREL:
        return relocate_data(l, r, 8);
    default:
        return link_error(l, "section %s: unknown relocation %u at 0x%" PRIx64, r->in->name,
                          r->type, r->offset);
    }
}

/* A variable with a value of --kconfig, a weak one, which is 0, or an import; or a function, see
 * bind_helper(). */
static int resolve_undefined(struct linker *l, struct reloc *r, size_t index)
{
    r->defined = false;
    if (r->type == R_CALL || (r->type == R_ABS64 && r->where[0] == (BPF_JMP | BPF_CALL)))
        return 0;
    r->base = r->address = link_kconfig_address(l, index);
    if (r->address != 0 || GELF_ST_BIND(r->symbol.st_info) == STB_WEAK || r->name[0] == 0)
        return 0;
    unsigned import = 0;
    int rc = link_import(l, r->name, &import);
    r->base = r->address = EBPF_IMPORT_BASE + EBPF_IMPORT_BYTES * (uint64_t)import;
    return rc;
}

/* Sets the symbol's address. */
static int reloc_resolve(struct linker *l, struct reloc *r, size_t index)
{
    const struct piece *p = link_piece(l, &r->symbol);
    r->defined = true;
    if (p != NULL) {
        r->base = p->address;
        r->address = p->address + r->symbol.st_value;
        if (r->name[0] == 0)
            r->name = p->name;
    } else if (r->symbol.st_shndx == SHN_COMMON)
        r->base = r->address = l->common[index];
    else if (r->symbol.st_shndx == SHN_ABS)
        r->base = r->address = r->symbol.st_value;
    else
        return resolve_undefined(l, r, index);
    return 0;
}

static int relocate_one(struct linker *l, struct piece *in, Elf_Data *data, int i, bool rela)
{
    struct reloc r = {.in = in, .rela = rela};
    GElf_Rela entry = {0};
    GElf_Rel short_entry;
    if (rela ? gelf_getrela(data, i, &entry) == NULL : gelf_getrel(data, i, &short_entry) == NULL)
        return link_error(l, "section %s: relocation %d cannot be read", in->name, i);
    if (!rela) {
        entry.r_offset = short_entry.r_offset;
        entry.r_info = short_entry.r_info;
    }
    size_t symbol = (size_t)GELF_R_SYM(entry.r_info);
    r.type = (unsigned)GELF_R_TYPE(entry.r_info);
    r.offset = entry.r_offset;
    r.addend = entry.r_addend;
    if (r.offset >= in->size || in->data == NULL)
        return no_room(l, &r);
    r.where = in->data + r.offset;
    r.room = in->size - r.offset;
    if (!link_symbol(l, symbol, &r.symbol, &r.name))
        return link_error(l, "section %s: relocation %d has no symbol", in->name, i);
    int rc = reloc_resolve(l, &r, symbol);
    return rc == 0 ? relocate(l, &r) : rc;
}

int link_relocate(struct linker *l)
{
    int rc = 0;
    l->steps = LINK_STEPS_MAX;
    for (size_t i = 1; i < l->pieces && rc == 0; i++) {
        const GElf_Shdr *h = &l->piece[i].header;
        bool rela = h->sh_type == SHT_RELA;
        if ((!rela && h->sh_type != SHT_REL) || h->sh_info == 0 || h->sh_info >= l->pieces)
            continue;
        struct piece *in = &l->piece[h->sh_info];
        if (in->group == LINK_DROPPED || strcmp(in->name, ".BTF") == 0)
            continue;
        Elf_Data *data = elf_getdata(elf_getscn(l->elf, i), NULL);
        size_t size = rela ? sizeof(Elf64_Rela) : sizeof(Elf64_Rel);
        size_t count = data == NULL ? 0 : data->d_size / size;
        for (size_t k = 0; k < count && rc == 0; k++)
            rc = ++l->relocations > EBPF_RELOCATIONS_MAX
                     ? link_error(l, "more than %d relocations", EBPF_RELOCATIONS_MAX)
                     : relocate_one(l, in, data, (int)k, rela);
    }
    return rc;
}
