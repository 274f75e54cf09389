/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Corrects the frame bases of clang's debug information. Without libdw it stays unchanged.
 *
 * Up to version 19, clang gives the location of a local as a distance from the lowest address of
 * the stack frame, but r10, the highest, as the frame base. This changes the byte DW_OP_reg10 to
 * DW_OP_reg11, a register that only debuggers see: r10 minus the frame size. Optimized code has
 * lists of locations with DW_OP_breg10, which is wrong in the same way. No table has that
 * size; it is the one for which the distances of locals match the offsets from r10 in the code.
 */
#include "config.h"

#include "ebpf/linker.h"

#ifndef HAVE_LIBDW

int link_repair_frame_bases(struct linker *l)
{
    (void)l;
    return 0;
}

#else

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/frames.h"
#include "ebpf/insn.h"
#include "ebpf/locations.h"
#include "ebpf/machine.h"
#include "ebpf/sbpf.h"
#include "proto/err.h"

enum { OFFSETS_MAX = 128, SUBTREE_DEPTH = 64, NEAR = 16 /* instructions */ };

/* A set of distances. */
struct offsets {
    int64_t at[OFFSETS_MAX];
    unsigned count;
};

static void add_offset(struct offsets *o, int64_t value)
{
    for (unsigned i = 0; i < o->count; i++)
        if (o->at[i] == value)
            return;
    if (o->count < OFFSETS_MAX)
        o->at[o->count++] = value;
}

/* A function that is being repaired. */
struct repair {
    struct linker *l;
    struct offsets described;
    const void *last; /* the entry that was visited last */
};

/* Adds the offset of a pointer that is a copy of r10 plus an immediate. */
static void add_pointer(struct offsets *used, const uint8_t *p, const uint8_t *end, unsigned reg)
{
    for (int i = 0; i < NEAR && p < end; i++, p += BPF_INSN_SIZE) {
        struct bpf_insn insn = bpf_insn_read(p);
        if (insn.opcode == (BPF_ALU64 | BPF_ADD | BPF_K) && insn.dst == reg && insn.imm < 0) {
            add_offset(used, -(int64_t)insn.imm);
            return;
        }
        if (insn.dst == reg && (insn.opcode & 7) != BPF_STX && (insn.opcode & 7) != BPF_ST)
            return;
    }
}

/* Collects the offsets below r10 that a function's code uses; `calls`: it calls functions. */
static void scan_code(const uint8_t *p, const uint8_t *end, struct offsets *used, bool *calls)
{
    for (; p < end; p += BPF_INSN_SIZE) {
        struct bpf_insn i = bpf_insn_read(p);
        unsigned class = i.opcode & 7;
        bool load = class == BPF_LDX && i.src == 10;
        bool store = (class == BPF_ST || class == BPF_STX) && i.dst == 10;
        if ((load || store) && i.off < 0)
            add_offset(used, -i.off);
        if (i.opcode == (BPF_ALU64 | BPF_X | BPF_MOV) && i.src == 10)
            add_pointer(used, p + BPF_INSN_SIZE, end, i.dst);
        *calls |= class == BPF_JMP && (i.opcode & 0xf0) == BPF_CALL;
    }
}

static int by_size(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* Collects the frame sizes for which a local has an offset that the code uses, one for each pair,
 * from the smallest on. Returns their number. */
static unsigned possible_sizes(const struct offsets *described, const struct offsets *used,
                               int64_t deepest, uint16_t sizes[OFFSETS_MAX * OFFSETS_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < described->count; i++)
        for (unsigned k = 0; k < used->count; k++) {
            int64_t size = described->at[i] + used->at[k];
            if (size >= deepest && size <= UINT16_MAX)
                sizes[n++] = (uint16_t)size;
        }
    qsort(sizes, n, sizeof sizes[0], by_size);
    return n;
}

/*
 * The smallest frame size for which the most locals have an offset that the code uses. It is a
 * multiple of 8 in a function with calls.
 */
static uint32_t frame_size(const struct offsets *described, const struct offsets *used, bool calls)
{
    uint16_t sizes[OFFSETS_MAX * OFFSETS_MAX], best = 0;
    int64_t deepest = 0;
    unsigned most = 0, same;
    for (unsigned i = 0; i < used->count; i++)
        deepest = used->at[i] > deepest ? used->at[i] : deepest;
    unsigned n = possible_sizes(described, used, deepest, sizes);
    for (unsigned i = 0; i < n; i += same) {
        for (same = 1; i + same < n && sizes[i + same] == sizes[i];)
            same++;
        if (same > most && (!calls || sizes[i] % 8 == 0)) {
            most = same;
            best = sizes[i];
        }
    }
    return most != 0 ? best : (uint32_t)((deepest + 7) / 8 * 8);
}

/* Collects a variable's distances from the frame base. */
static void add_described(Dwarf_Die *variable, struct repair *r)
{
    Dwarf_Attribute location;
    Dwarf_Op *ops;
    size_t count;
    Dwarf_Addr base, start, end;
    ptrdiff_t at = 0;
    if (dwarf_attr(variable, DW_AT_location, &location) == NULL)
        return;
    for (int i = 0; i < OFFSETS_MAX; i++) {
        at = dwarf_getlocations(&location, at, &base, &start, &end, &ops, &count);
        if (at <= 0 || !link_step(r->l, link_operation_steps(count)))
            return;
        bool in_frame = count > 0 && (ops[0].atom == DW_OP_fbreg || ops[0].atom == DW_OP_breg10);
        int64_t number = in_frame ? (int64_t)ops[0].number : INT64_MAX;
        if (number <= UINT16_MAX) /* larger than every stack frame */
            add_offset(&r->described, number);
    }
}

/*
 * Calls `visit` for each variable and parameter of a function. Entries are stored one after the
 * other; a DW_AT_sibling that names one that was visited would have the others visited again.
 */
static void each_variable(Dwarf_Die *die, int depth,
                          void (*visit)(Dwarf_Die *variable, struct repair *r), struct repair *r)
{
    Dwarf_Die child;
    if (depth == SUBTREE_DEPTH || dwarf_child(die, &child) != 0)
        return;
    do {
        int tag = dwarf_tag(&child);
        if (child.addr <= r->last)
            return;
        r->last = child.addr;
        if (tag == DW_TAG_variable || tag == DW_TAG_formal_parameter)
            visit(&child, r);
        else if (tag != DW_TAG_subprogram)
            each_variable(&child, depth + 1, visit, r);
    } while (dwarf_siblingof(&child, &child) == 0);
}

/* In lists of locations clang writes r10 itself instead of the frame base. */
static void repair_variable(Dwarf_Die *variable, struct repair *r)
{
    link_replace_operation(r->l, variable, DW_OP_breg10, DW_OP_breg0 + EBPF_DWARF_BASE);
}

/* The byte of a frame base that is DW_OP_reg10 alone, or NULL. */
static const uint8_t *reg10_base(Dwarf_Die *function)
{
    Dwarf_Attribute attribute;
    Dwarf_Block block;
    if (dwarf_attr(function, DW_AT_frame_base, &attribute) == NULL ||
        dwarf_formblock(&attribute, &block) != 0)
        return NULL;
    return block.length == 1 && block.data[0] == DW_OP_reg10 ? block.data : NULL;
}

/* The function at an address. Symbols are sorted by address; several may have the same one. */
static struct ebpf_symbol *function_at(struct ebpf_image *image, uint64_t address)
{
    size_t low = 0, high = image->symbols;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (image->symbol[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < image->symbols && image->symbol[low].address == address;
    return found && image->symbol[low].function ? &image->symbol[low] : NULL;
}

static bool is_relative_to_r10(const struct offsets *described)
{
    for (unsigned i = 0; i < described->count; i++)
        if (described->at[i] < 0)
            return true;
    return false;
}

/* Sets the frame size of a function by its code and the distances of its locals. */
static void set_frame_size(struct repair *r, struct ebpf_symbol *s)
{
    const struct ebpf_segment *text = r->l->image->text;
    const uint8_t *code = text->data + (s->address - text->base);
    struct offsets used = {0};
    bool calls = false;
    if (!link_step(r->l, s->size / 8))
        return;
    scan_code(code, code + s->size / 8 * 8, &used, &calls);
    if (link_step(r->l, (uint64_t)r->described.count * used.count))
        s->frame_size = frame_size(&r->described, &used, calls);
}

static void repair_function(Dwarf_Die *function, struct repair *r)
{
    struct ebpf_image *image = r->l->image;
    const struct ebpf_segment *text = image->text;
    const uint8_t *byte = reg10_base(function);
    Dwarf_Addr low;
    if (byte == NULL || dwarf_lowpc(function, &low) != 0)
        return;
    struct ebpf_symbol *s = function_at(image, low + image->bias);
    uint64_t end = text->base + text->given;
    if (s == NULL || s->address > end || s->size > end - s->address)
        return;
    r->described.count = 0;
    each_variable(function, 0, add_described, r);
    if (r->described.count == 0 || is_relative_to_r10(&r->described))
        return; /* correct */
    set_frame_size(r, s);
    if (byte >= image->elf.data && byte < image->elf.data + image->elf.len)
        image->elf.data[byte - image->elf.data] = DW_OP_reg0 + EBPF_DWARF_BASE;
    r->last = function->addr;
    each_variable(function, 0, repair_variable, r);
}

static void repair_unit(Dwarf_Die *unit, struct linker *l)
{
    struct repair r = {.l = l, .last = unit->addr};
    Dwarf_Die child;
    if (dwarf_child(unit, &child) != 0)
        return;
    do {
        if (child.addr <= r.last)
            return; /* inside the entry before; see each_variable() */
        r.last = child.addr;
        if (dwarf_tag(&child) == DW_TAG_subprogram)
            repair_function(&child, &r);
    } while (dwarf_siblingof(&child, &child) == 0);
}

int link_repair_frame_bases(struct linker *l)
{
    struct ebpf_image *image = l->image;
    if (image->sbpf != NULL && image->sbpf->dynamic)
        return 0; /* r10 is the lowest address */
    Elf *elf = elf_memory((char *)image->elf.data, image->elf.len);
    Dwarf *dwarf = elf == NULL ? NULL : dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    Dwarf_Off offset = 0, next;
    size_t header;
    l->steps = LINK_STEPS_MAX;
    while (dwarf != NULL && dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, offset + header, &unit) != NULL)
            repair_unit(&unit, l);
        offset = next;
    }
    if (dwarf != NULL)
        dwarf_end(dwarf);
    if (elf != NULL)
        elf_end(elf);
    return l->steps == 0 ? link_error(l, "its debug information takes too many steps") : 0;
}

#endif
