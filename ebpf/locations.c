/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds and changes location expressions; see locations.h. */
#include "config.h"

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <gelf.h>
#include <string.h>

#include "ebpf/locations.h"

/* Bytes of image->elf that are being parsed. */
struct span {
    uint8_t *at, *end;
};

/* The list of a variable: its rest, and the version of DWARF. */
struct list {
    struct span rest;
    unsigned version;
};

static bool skip_operand(struct span *s, uint64_t bytes)
{
    if ((uint64_t)(s->end - s->at) < bytes)
        return false;
    s->at += bytes;
    return true;
}

/* Takes an expression of `length` bytes. */
static bool take_expression(struct span *s, uint64_t length, struct span *expression)
{
    expression->at = s->at;
    bool inside = skip_operand(s, length);
    expression->end = s->at;
    return inside;
}

static bool take_operand_bytes(struct span *s, unsigned bytes, uint64_t *value)
{
    const uint8_t *p = s->at;
    *value = 0;
    if (!skip_operand(s, bytes))
        return false;
    memcpy(value, p, bytes); /* little-endian, as all supported hosts */
    return true;
}

static bool take_uleb(struct span *s, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && s->at < s->end; shift += 7) {
        uint8_t byte = *s->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* Skips the operands of an entry of .debug_loclists before its expression. False: the end. */
static bool skip_range(struct span *s, uint64_t kind)
{
    uint64_t first, second;
    switch (kind) {
    case DW_LLE_startx_endx:
    case DW_LLE_startx_length:
    case DW_LLE_offset_pair:
        return take_uleb(s, &first) && take_uleb(s, &second);
    case DW_LLE_default_location:
        return true;
    case DW_LLE_start_end:
        return skip_operand(s, 16);
    case DW_LLE_start_length:
        return skip_operand(s, 8) && take_uleb(s, &second);
    default:
        return false;
    }
}

static bool next_in_loclists(struct span *s, struct span *expression)
{
    uint64_t kind, number, length;
    while (take_operand_bytes(s, 1, &kind)) {
        if (kind == DW_LLE_base_address ? skip_operand(s, 8)
                                        : kind == DW_LLE_base_addressx && take_uleb(s, &number))
            continue;
        if (!skip_range(s, kind) || !take_uleb(s, &length))
            return false;
        return take_expression(s, length, expression);
    }
    return false;
}

static bool next_in_loc(struct span *s, struct span *expression)
{
    uint64_t begin, end, length;
    while (take_operand_bytes(s, 8, &begin) && take_operand_bytes(s, 8, &end)) {
        if (begin == UINT64_MAX) /* a base address */
            continue;
        if ((begin == 0 && end == 0) || !take_operand_bytes(s, 2, &length))
            return false;
        return take_expression(s, length, expression);
    }
    return false;
}

static bool find_section(struct ebpf_image *image, Elf *elf, const char *name, struct span *out)
{
    size_t names;
    GElf_Shdr h;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    for (Elf_Scn *scn = elf_nextscn(elf, NULL); scn != NULL; scn = elf_nextscn(elf, scn)) {
        const char *own = gelf_getshdr(scn, &h) == NULL ? NULL : elf_strptr(elf, names, h.sh_name);
        if (own == NULL || strcmp(own, name) != 0)
            continue;
        if (h.sh_offset > image->elf.len || h.sh_size > image->elf.len - h.sh_offset)
            return false;
        out->at = image->elf.data + h.sh_offset;
        out->end = out->at + h.sh_size;
        return true;
    }
    return false;
}

/* The offset of a list in its section; an index is looked up in the unit's table (7.29). */
static bool list_offset(Dwarf_Attribute *location, Dwarf_Die *unit, const struct span *section,
                        uint64_t *offset)
{
    Dwarf_Attribute attribute;
    Dwarf_Word base;
    uint64_t index;
    if (dwarf_whatform(location) != DW_FORM_loclistx)
        return dwarf_formudata(location, &base) == 0 && (*offset = base, true);
    struct span number = {location->valp, location->valp + 10}, entry = *section;
    if (!take_uleb(&number, &index) || index > UINT32_MAX ||
        dwarf_attr(unit, DW_AT_loclists_base, &attribute) == NULL ||
        dwarf_formudata(&attribute, &base) != 0 || !skip_operand(&entry, base) ||
        !skip_operand(&entry, 4 * index) || !take_operand_bytes(&entry, 4, offset))
        return false;
    *offset += base;
    return true;
}

static bool find_list(struct ebpf_image *image, Dwarf_Die *variable, Dwarf_Attribute *location,
                      struct list *list)
{
    Dwarf_Half version = 0;
    Dwarf_Die unit;
    uint8_t address, offset_size;
    uint64_t offset;
    Elf *elf = dwarf_getelf(dwarf_cu_getdwarf(variable->cu));
    if (dwarf_diecu(variable, &unit, &address, &offset_size) == NULL ||
        dwarf_cu_info(variable->cu, &version, NULL, NULL, NULL, NULL, NULL, NULL) != 0 ||
        address != 8 || offset_size != 4)
        return false;
    list->version = version;
    return find_section(image, elf, version >= 5 ? ".debug_loclists" : ".debug_loc", &list->rest) &&
           list_offset(location, &unit, &list->rest, &offset) && skip_operand(&list->rest, offset);
}

static void replace_operation(const struct span *expression, const Dwarf_Op *ops, size_t count,
                              uint8_t from, uint8_t to)
{
    for (size_t i = 0; i < count; i++)
        if (ops[i].atom == from && ops[i].offset < (uint64_t)(expression->end - expression->at) &&
            expression->at[ops[i].offset] == from)
            expression->at[ops[i].offset] = to;
}

void link_replace_operation(struct linker *l, Dwarf_Die *variable, uint8_t from, uint8_t to)
{
    struct ebpf_image *image = l->image;
    Dwarf_Attribute location;
    Dwarf_Block block;
    Dwarf_Addr base, start, end;
    Dwarf_Op *ops;
    size_t count;
    ptrdiff_t at = 0;
    struct list list;
    struct span one = {0};
    if (dwarf_attr(variable, DW_AT_location, &location) == NULL)
        return;
    bool single = dwarf_formblock(&location, &block) == 0;
    if (single) {
        if (block.data < image->elf.data || block.data >= image->elf.data + image->elf.len)
            return;
        one.at = image->elf.data + (block.data - image->elf.data);
        one.end = one.at + block.length;
    } else if (!link_step(l, l->pieces) || !find_list(image, variable, &location, &list))
        return;
    while ((at = dwarf_getlocations(&location, at, &base, &start, &end, &ops, &count)) > 0 &&
           link_step(l, link_operation_steps(count))) {
        if (!single && !(list.version >= 5 ? next_in_loclists : next_in_loc)(&list.rest, &one))
            return;
        replace_operation(&one, ops, count, from, to);
    }
}

#else
typedef int no_libdw; /* a file must not be empty */
#endif
