/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Applies the CO-RE relocations of .BTF.ext: instructions that depend on the layout of a kernel's
 * types, with the types of --btf. Without those the instructions keep the values that the compiler
 * wrote, which are those of the object's own types. Source: kernel documentation, "BPF Type
 * Format", .BTF.ext section.
 */
#include <stdlib.h>
#include <string.h>

#include "ebpf/core_match.h"
#include "ebpf/insn.h"
#include "ebpf/linker.h"
#include "proto/err.h"

enum { EXT_CORE_AT = 24, EXT_CORE_HEADER = 32, RECORD = 16 };

/* A relocation, and what it is about. */
struct relocation {
    uint8_t *insn;
    uint64_t room; /* bytes from there to the end of the section */
    uint32_t type;
    const char *access;
    enum core_kind kind;
};

struct core {
    struct linker *l;
    struct btf local, target;
    bool known; /* target is open */
    unsigned count;
};

/* The first type of the kernel with the name and kind of a local one after number `after`; 0. */
static uint32_t candidate(const struct core *c, uint32_t local, uint32_t after)
{
    struct type t, other;
    if (!btf_type(&c->local, local, &t) || btf_string(&c->local, t.name)[0] == 0)
        return 0;
    uint32_t id = after;
    do
        id = btf_named(&c->target, btf_string(&c->local, t.name), id);
    while (id != 0 && btf_type(&c->target, id, &other) && other.kind != t.kind &&
           !(other.kind == KIND_ENUM64 && t.kind == KIND_ENUM));
    return id;
}

static bool resolve_type(const struct core *c, const struct relocation *r, uint64_t *value)
{
    uint32_t id = candidate(c, r->type, 0);
    if (r->kind == CORE_TYPE_LOCAL)
        *value = r->type;
    else if (r->kind == CORE_TYPE_TARGET)
        *value = id;
    else if (r->kind == CORE_TYPE_SIZE)
        *value = id == 0 ? 0 : btf_size(&c->target, id);
    else
        *value = id != 0;
    return id != 0 || (r->kind != CORE_TYPE_TARGET && r->kind != CORE_TYPE_SIZE);
}

static bool resolve_enumerator(const struct core *c, const struct relocation *r, uint64_t *value)
{
    uint32_t index = (uint32_t)strtoul(r->access, NULL, 10);
    const char *name, *other;
    uint64_t found;
    if (!core_enumerator(&c->local, r->type, index, &name, &found))
        return false;
    for (uint32_t id = candidate(c, r->type, 0); id != 0; id = candidate(c, r->type, id))
        for (uint32_t i = 0; core_enumerator(&c->target, id, i, &other, &found); i++)
            if (btf_same_name(name, other)) {
                *value = r->kind == CORE_ENUM_EXISTS ? 1 : found;
                return true;
            }
    *value = 0;
    return r->kind == CORE_ENUM_EXISTS;
}

static unsigned size_code(uint64_t bytes)
{
    return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

/* A load of a field that has another size in the kernel gets that size. */
static void resize(const struct core *c, const struct relocation *r, const struct core_field *from,
                   const struct core_field *to)
{
    uint64_t before = btf_size(&c->local, from->type), after = btf_size(&c->target, to->type);
    bool valid = after == 1 || after == 2 || after == 4 || after == 8;
    unsigned class = r->insn[0] & 7, size = r->insn[0] & 0x18;
    if (r->kind == CORE_FIELD_OFFSET && class == BPF_LDX && from->bits == 0 && to->bits == 0 &&
        valid && before != after && size == size_code(before))
        r->insn[0] = (uint8_t)((r->insn[0] & ~0x18U) | size_code(after));
}

static bool resolve_field(const struct core *c, const struct relocation *r, uint64_t *value)
{
    struct core_spec spec;
    struct core_field field;
    if (!core_parse(&c->local, r->type, r->access, &spec))
        return false;
    for (uint32_t id = candidate(c, r->type, 0); id != 0; id = candidate(c, r->type, id))
        if (core_match(&c->local, &spec, &c->target, id, &field) &&
            core_field_value(&c->target, r->kind, &field, value)) {
            resize(c, r, &spec.field, &field);
            return true;
        }
    *value = 0;
    return r->kind == CORE_FIELD_EXISTS;
}

static bool resolve(const struct core *c, const struct relocation *r, uint64_t *value)
{
    if (r->kind <= CORE_FIELD_RSHIFT)
        return resolve_field(c, r, value);
    if (r->kind == CORE_ENUM_EXISTS || r->kind == CORE_ENUM_VALUE)
        return resolve_enumerator(c, r, value);
    return r->kind <= CORE_TYPE_MATCHES && resolve_type(c, r, value);
}

/* Writes a value to an instruction: its immediate, of which a 32-bit one gets the low half, or the
 * offset of a load or store. False: it does not fit the offset. */
static bool patch(const struct relocation *r, uint64_t value)
{
    unsigned class = r->insn[0] & 7;
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    uint16_t offset = (uint16_t)value;
    bool memory = class == BPF_LDX || class == BPF_ST || class == BPF_STX;
    if (memory && value > INT16_MAX)
        return false;
    if (memory)
        memcpy(r->insn + 2, &offset, sizeof offset);
    else
        memcpy(r->insn + 4, &low, sizeof low);
    if (r->insn[0] == BPF_LDDW && r->room >= 16)
        memcpy(r->insn + 12, &high, sizeof high);
    return true;
}

/* An instruction whose type or field the kernel does not have, or too far away, stops the machine.
 */
static void poison(const struct relocation *r)
{
    const uint32_t call = EBPF_NO_TYPE;
    memset(r->insn, 0, 8);
    r->insn[0] = BPF_JMP | BPF_CALL;
    memcpy(r->insn + 4, &call, sizeof call);
}

static void apply_one(struct core *c, const struct relocation *r)
{
    uint64_t value;
    c->count++;
    if (!c->known)
        return;
    if (!resolve(c, r, &value) || !patch(r, value))
        poison(r);
}

/* The code of a section; NULL: there is none, or no steps are left. */
static struct piece *code_named(struct core *c, const char *name)
{
    for (size_t i = 0; i < c->l->pieces && link_step(c->l, 1); i++)
        if (c->l->piece[i].group == LINK_TEXT && strcmp(c->l->piece[i].name, name) == 0)
            return &c->l->piece[i];
    return NULL;
}

/* The records of one section; returns the bytes after them, NULL: malformed. */
static const uint8_t *apply_block(struct core *c, const uint8_t *p, const uint8_t *end,
                                  uint32_t record)
{
    if (end - p < 8)
        return NULL;
    const struct piece *in = code_named(c, btf_string(&c->local, btf_word(p)));
    uint64_t count = btf_word(p + 4);
    p += 8;
    if (count > (uint64_t)(end - p) / record)
        return NULL;
    for (; count > 0 && c->l->steps != 0; count--, p += record) {
        uint64_t at = btf_word(p);
        if (in == NULL || in->data == NULL || at % 8 != 0 || in->size < 8 || at > in->size - 8)
            continue;
        struct relocation r = {.insn = in->data + at,
                               .room = in->size - at,
                               .type = btf_word(p + 4),
                               .access = btf_string(&c->local, btf_word(p + 8)),
                               .kind = (enum core_kind)btf_word(p + 12)};
        apply_one(c, &r);
    }
    return p;
}

static void apply_all(struct core *c, const uint8_t *ext, uint64_t size)
{
    if (size < EXT_CORE_HEADER || btf_word(ext + 4) < EXT_CORE_HEADER || btf_word(ext + 4) > size)
        return; /* an older .BTF.ext without CO-RE */
    uint64_t header = btf_word(ext + 4), rest = size - header;
    uint64_t at = btf_word(ext + EXT_CORE_AT), length = btf_word(ext + EXT_CORE_AT + 4);
    if (at > rest || length > rest - at || length < 4)
        return;
    const uint8_t *p = ext + header + at, *end = p + length;
    uint32_t record = btf_word(p);
    for (p += 4; record >= RECORD && p != NULL && p < end && c->l->steps != 0;)
        p = apply_block(c, p, end, record);
}

/* Opens the kernel's types: BTF as it is, or the section .BTF of an ELF file. */
static int open_target(struct core *c, Elf **elf)
{
    const struct ebpf_load_options *o = &c->l->options;
    const uint8_t *bytes = o->btf;
    uint64_t size = o->btf_size;
    size_t names;
    GElf_Shdr h;
    *elf = NULL;
    if (size > 4 && memcmp(bytes, ELFMAG, SELFMAG) == 0) {
        *elf = elf_memory((char *)(uintptr_t)o->btf, o->btf_size);
        size = 0;
        if (*elf == NULL || elf_getshdrstrndx(*elf, &names) != 0)
            return link_error(c->l, "--btf: not an ELF file with sections");
        for (Elf_Scn *s = elf_nextscn(*elf, NULL); s != NULL; s = elf_nextscn(*elf, s)) {
            const char *name =
                gelf_getshdr(s, &h) == NULL ? NULL : elf_strptr(*elf, names, h.sh_name);
            Elf_Data *d = name == NULL || strcmp(name, ".BTF") != 0 ? NULL : elf_rawdata(s, NULL);
            if (d != NULL && d->d_buf != NULL) {
                bytes = d->d_buf;
                size = d->d_size;
            }
        }
    }
    int rc = btf_open(&c->target, bytes, size);
    if (rc == 0)
        rc = btf_index_names(&c->target);
    c->known = rc == 0;
    c->target.left = &c->l->steps;
    return rc == NETGDB_PROTO ? link_error(c->l, "--btf: no BTF in this file") : rc;
}

static int apply_core(struct core *c, Elf_Data *ext)
{
    Elf *elf = NULL;
    int rc = c->l->options.btf == NULL ? 0 : open_target(c, &elf);
    if (rc == 0)
        apply_all(c, ext->d_buf, ext->d_size);
    btf_close(&c->target);
    if (elf != NULL)
        elf_end(elf);
    if (rc == 0 && c->l->steps == 0)
        return link_error(c->l, "its CO-RE relocations take too many steps");
    if (rc == 0 && c->count != 0 && c->l->options.btf == NULL)
        c->l->image->local_types = c->count;
    return rc;
}

int link_core(struct linker *l)
{
    struct core c = {.l = l};
    const struct piece *btf = NULL;
    Elf_Data *ext = NULL;
    for (size_t i = 1; i < l->pieces; i++)
        if (strcmp(l->piece[i].name, ".BTF.ext") == 0)
            ext = elf_rawdata(elf_getscn(l->elf, i), NULL);
        else if (strcmp(l->piece[i].name, ".BTF") == 0 && l->piece[i].data != NULL)
            btf = &l->piece[i];
    if (ext == NULL || ext->d_buf == NULL || btf == NULL)
        return 0;
    int rc = btf_open(&c.local, btf->data, btf->size);
    if (rc == NETGDB_PROTO)
        return link_error(l, ".BTF: its header is wrong");
    l->steps = LINK_STEPS_MAX;
    c.local.left = &l->steps;
    if (rc == 0)
        rc = apply_core(&c, ext);
    btf_close(&c.local);
    return rc;
}
