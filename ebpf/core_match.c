/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fields of CO-RE relocations; see core_match.h. */
#include "ebpf/core_match.h"

#include <stdlib.h>

enum { NESTED_MAX = 16 /* anonymous structs in each other */, INT_SIGNED = 1 };

static bool composite(const struct type *t)
{
    return t->kind == KIND_STRUCT || t->kind == KIND_UNION;
}

/* A number and the ':' after it; false: there is none. */
static bool take_index(const char **text, uint32_t *index)
{
    char *end;
    unsigned long n = strtoul(*text, &end, 10);
    if (end == *text || n > UINT32_MAX || (*end != 0 && *end != ':'))
        return false;
    *index = (uint32_t)n;
    *text = *end == ':' ? end + 1 : end;
    return true;
}

static bool add_step(struct core_spec *spec, const char *name, uint32_t index, uint32_t type)
{
    if (spec->steps == CORE_STEPS_MAX)
        return false;
    spec->step[spec->steps++] = (struct core_step){name, index, type};
    return true;
}

/* Moves a field to an element of the array that it is. */
static bool to_element(const struct btf *b, const struct type *t, uint32_t index,
                       struct core_field *field)
{
    if (t->kind != KIND_ARRAY)
        return false;
    field->type = btf_word(t->more);
    field->offset += 8ULL * index * btf_size(b, field->type);
    field->bits = 0;
    return true;
}

static bool parse_step(const struct btf *b, uint32_t index, struct core_spec *spec)
{
    struct core_field *f = &spec->field;
    struct btf_member member;
    struct type t;
    uint32_t id = f->type;
    if (!btf_bare(b, &id, &t))
        return false;
    if (!composite(&t))
        return to_element(b, &t, index, f) && add_step(spec, NULL, index, f->type);
    if (!btf_member(b, &t, index, &member))
        return false;
    f->offset += member.offset;
    f->type = member.type;
    f->bits = member.bits;
    return member.name[0] == 0 || add_step(spec, member.name, index, member.type);
}

bool core_parse(const struct btf *local, uint32_t root, const char *access, struct core_spec *spec)
{
    uint32_t index;
    *spec = (struct core_spec){.field = {.type = root}};
    if (!take_index(&access, &index))
        return false;
    (void)add_step(spec, NULL, index, root);
    spec->field.offset = 8ULL * index * btf_size(local, root);
    while (*access != 0)
        if (!take_index(&access, &index) || !parse_step(local, index, spec))
            return false;
    return true;
}

/* Finds a member by name, also in anonymous members. */
static bool match_find_member(const struct btf *b, uint32_t id, const char *name,
                              struct core_field *field, int depth)
{
    struct btf_member member;
    struct type t;
    if (depth == NESTED_MAX || !btf_bare(b, &id, &t))
        return false;
    for (uint32_t i = 0; btf_member(b, &t, i, &member); i++) {
        struct core_field in = {field->offset + member.offset, member.type, member.bits};
        bool found = member.name[0] == 0 ? match_find_member(b, member.type, name, &in, depth + 1)
                                         : strcmp(member.name, name) == 0;
        if (found) {
            *field = in;
            return true;
        }
    }
    return false;
}

/* Types of a field in the object and in the kernel that may stand for each other. */
static bool compatible(const struct btf *local, uint32_t a, const struct btf *target, uint32_t b)
{
    struct type x, y;
    if (!btf_bare(local, &a, &x) || !btf_bare(target, &b, &y))
        return false;
    bool enums = (x.kind == KIND_ENUM || x.kind == KIND_ENUM64) &&
                 (y.kind == KIND_ENUM || y.kind == KIND_ENUM64);
    return x.kind == y.kind || (composite(&x) && composite(&y)) || enums;
}

bool core_match(const struct btf *local, const struct core_spec *spec, const struct btf *target,
                uint32_t candidate, struct core_field *field)
{
    *field = (struct core_field){.type = candidate};
    field->offset = 8ULL * spec->step[0].index * btf_size(target, candidate);
    for (unsigned i = 1; i < spec->steps; i++) {
        const struct core_step *step = &spec->step[i];
        struct type t;
        uint32_t id = field->type;
        if (step->name != NULL) {
            if (!match_find_member(target, id, step->name, field, 0) ||
                !compatible(local, step->type, target, field->type))
                return false;
        } else if (!btf_bare(target, &id, &t) || !to_element(target, &t, step->index, field))
            return false;
    }
    return true;
}

static bool is_signed(const struct btf *b, uint32_t id)
{
    struct type t;
    if (!btf_bare(b, &id, &t))
        return false;
    if (t.kind == KIND_ENUM || t.kind == KIND_ENUM64)
        return t.bitfields; /* the flag means signed there */
    return t.kind == KIND_INT && (btf_word(t.more) >> 24 & INT_SIGNED) != 0;
}

/* The bytes that hold a bit field: of its type's size, or twice that if it crosses its end. */
static void containing(const struct core_field *f, uint64_t *at, uint64_t *size)
{
    *at = f->offset / 8;
    if (f->bits == 0 || *size == 0)
        return;
    *at = *at / *size * *size;
    while (*size < 8 && f->offset + f->bits > 8 * (*at + *size)) {
        *size *= 2;
        *at = f->offset / 8 / *size * *size;
    }
}

bool core_field_value(const struct btf *b, enum core_kind kind, const struct core_field *field,
                      uint64_t *value)
{
    uint64_t size = btf_size(b, field->type), at;
    containing(field, &at, &size);
    uint64_t bits = field->bits != 0 ? field->bits : 8 * size;
    switch (kind) {
    case CORE_FIELD_OFFSET:
        *value = at;
        return true;
    case CORE_FIELD_SIZE:
        *value = size;
        return true;
    case CORE_FIELD_EXISTS:
        *value = 1;
        return true;
    case CORE_FIELD_SIGNED:
        *value = is_signed(b, field->type);
        return true;
    case CORE_FIELD_LSHIFT:
        *value = 64 - (field->bits != 0 ? field->bits + field->offset - 8 * at : bits);
        return bits <= 64;
    case CORE_FIELD_RSHIFT:
        *value = 64 - bits;
        return bits <= 64;
    default:
        return false;
    }
}

bool core_enumerator(const struct btf *b, uint32_t id, uint32_t index, const char **name,
                     uint64_t *value)
{
    struct type t;
    if (!btf_bare(b, &id, &t) || index >= t.count || (t.kind != KIND_ENUM && t.kind != KIND_ENUM64))
        return false;
    const uint8_t *p = t.more + (t.kind == KIND_ENUM ? 8 : 12) * (size_t)index;
    *name = btf_string(b, btf_word(p));
    *value = btf_word(p + 4);
    if (t.kind == KIND_ENUM64)
        *value |= (uint64_t)btf_word(p + 8) << 32;
    else if (t.bitfields)
        *value = (uint64_t)(int64_t)(int32_t)*value;
    return true;
}
