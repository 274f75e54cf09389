/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps that are defined by BTF: variables in .maps whose type is a struct. Its members `type`,
 * `max_entries`, … are pointers to arrays, whose number of elements is the value; `key` and `value`
 * are pointers to the types of keys and values. Source: the kernel's "BPF Type Format".
 */
#include <string.h>

#include "ebpf/linker.h"

enum { BTF_MAGIC = 0xeb9f, BTF_TYPES_MAX = 1 << 18, BTF_HOPS = 32 };

enum {
    KIND_INT = 1,
    KIND_PTR,
    KIND_ARRAY,
    KIND_STRUCT,
    KIND_UNION,
    KIND_ENUM,
    KIND_FWD,
    KIND_TYPEDEF,
    KIND_VOLATILE,
    KIND_CONST,
    KIND_RESTRICT,
    KIND_FUNC,
    KIND_FUNC_PROTO,
    KIND_VAR,
    KIND_DATASEC,
    KIND_FLOAT,
    KIND_DECL_TAG,
    KIND_TYPE_TAG,
    KIND_ENUM64
};

struct btf {
    const uint8_t *types, *end, *strings;
    size_t string_bytes;
};

/* The header of a type; `more` are the bytes after it. */
struct type {
    uint32_t name, kind, count, size_or_type;
    const uint8_t *more;
    size_t bytes; /* of `more` */
};

static uint32_t word(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static const char *string(const struct btf *b, uint32_t at)
{
    if (at >= b->string_bytes || memchr(b->strings + at, 0, b->string_bytes - at) == NULL)
        return "";
    return (const char *)b->strings + at;
}

static size_t bytes_behind(uint32_t kind, uint32_t count)
{
    switch (kind) {
    case KIND_INT:
    case KIND_VAR:
    case KIND_DECL_TAG:
        return 4;
    case KIND_ARRAY:
        return 12;
    case KIND_STRUCT:
    case KIND_UNION:
    case KIND_DATASEC:
    case KIND_ENUM64:
        return 12 * (size_t)count;
    case KIND_ENUM:
    case KIND_FUNC_PROTO:
        return 8 * (size_t)count;
    default:
        return 0;
    }
}

/* Reads the type at *p and moves *p after it. */
static bool next(const struct btf *b, const uint8_t **p, struct type *t)
{
    if (b->end - *p < 12)
        return false;
    uint32_t info = word(*p + 4);
    *t = (struct type){.name = word(*p),
                       .kind = info >> 24 & 31,
                       .count = info & 0xffff,
                       .size_or_type = word(*p + 8),
                       .more = *p + 12};
    t->bytes = bytes_behind(t->kind, t->count);
    if ((size_t)(b->end - t->more) < t->bytes)
        return false;
    *p = t->more + t->bytes;
    return true;
}

/* Finds a type by number; the first is 1. */
static bool by_id(const struct btf *b, uint32_t id, struct type *t)
{
    const uint8_t *p = b->types;
    if (id == 0 || id > BTF_TYPES_MAX)
        return false;
    for (; id > 0; id--)
        if (!next(b, &p, t))
            return false;
    return true;
}

/* Skips const, volatile, typedef and the like. */
static bool bare(const struct btf *b, uint32_t id, struct type *t)
{
    for (int hop = 0; hop < BTF_HOPS && by_id(b, id, t); hop++) {
        if (t->kind != KIND_TYPEDEF && t->kind != KIND_VOLATILE && t->kind != KIND_CONST &&
            t->kind != KIND_RESTRICT && t->kind != KIND_TYPE_TAG)
            return true;
        id = t->size_or_type;
    }
    return false;
}

static uint32_t size_of_type(const struct btf *b, uint32_t id)
{
    struct type t;
    uint64_t times = 1;
    for (int hop = 0; hop < BTF_HOPS && bare(b, id, &t); hop++) {
        if (t.kind == KIND_PTR)
            return (uint32_t)(8 * times);
        if (t.kind != KIND_ARRAY)
            return times * t.size_or_type > UINT32_MAX ? 0 : (uint32_t)(times * t.size_or_type);
        times = times * word(t.more + 8);
        if (times > UINT32_MAX)
            return 0;
        id = word(t.more);
    }
    return 0;
}

/* `size`: bytes of the variable. */
static void take_member(const struct btf *b, struct ebpf_map_definition *d, const uint8_t *member,
                        uint64_t size)
{
    const char *name = string(b, word(member));
    struct type t, to;
    uint32_t at = word(member + 8) / 8;
    if (strcmp(name, "values") == 0 && at < size) {
        d->values_at = d->address + at;
        d->values = (uint32_t)((size - at) / 8);
    }
    if (!bare(b, word(member + 4), &t) || t.kind != KIND_PTR || !bare(b, t.size_or_type, &to))
        return;
    uint32_t number = to.kind == KIND_ARRAY ? word(to.more + 8) : 0;
    if (strcmp(name, "type") == 0)
        d->type = number;
    else if (strcmp(name, "max_entries") == 0)
        d->max_entries = number;
    else if (strcmp(name, "key_size") == 0)
        d->key_size = number;
    else if (strcmp(name, "value_size") == 0)
        d->value_size = number;
    else if (strcmp(name, "key") == 0)
        d->key_size = size_of_type(b, t.size_or_type);
    else if (strcmp(name, "value") == 0)
        d->value_size = size_of_type(b, t.size_or_type);
}

/* A variable of .maps. */
static int take_variable(struct linker *l, const struct btf *b, uint32_t id)
{
    struct type var, t;
    if (!by_id(b, id, &var) || var.kind != KIND_VAR || !bare(b, var.size_or_type, &t) ||
        t.kind != KIND_STRUCT)
        return link_error(l, ".BTF: a variable in .maps is not a struct");
    const struct ebpf_symbol *s = ebpf_image_symbol(l->image, string(b, var.name));
    if (s == NULL)
        return 0; /* defined elsewhere */
    if (l->image->maps == EBPF_MAPS_MAX)
        return link_error(l, "more than %d maps", EBPF_MAPS_MAX);
    struct ebpf_map_definition *d = &l->image->map[l->image->maps++];
    *d = (struct ebpf_map_definition){.name = s->name, .address = s->address};
    for (uint32_t i = 0; i < t.count; i++)
        take_member(b, d, t.more + 12 * (size_t)i, s->size);
    return 0;
}

static bool open_btf(const struct piece *p, struct btf *b)
{
    if (p->size < 24 || (p->data[0] | p->data[1] << 8) != BTF_MAGIC)
        return false;
    uint64_t header = word(p->data + 4), rest = p->size - header;
    uint64_t types = word(p->data + 8), types_len = word(p->data + 12);
    uint64_t strings = word(p->data + 16), strings_len = word(p->data + 20);
    if (header > p->size || types > rest || types_len > rest - types || strings > rest ||
        strings_len > rest - strings)
        return false;
    b->types = p->data + header + types;
    b->end = b->types + types_len;
    b->strings = p->data + header + strings;
    b->string_bytes = (size_t)strings_len;
    return true;
}

int link_btf_maps(struct linker *l, const struct piece *btf)
{
    struct btf b;
    struct type t;
    if (!open_btf(btf, &b))
        return link_error(l, ".BTF: its header is wrong");
    int rc = 0;
    for (const uint8_t *p = b.types; rc == 0 && next(&b, &p, &t);) {
        if (t.kind != KIND_DATASEC || strcmp(string(&b, t.name), ".maps") != 0)
            continue;
        for (uint32_t i = 0; i < t.count && rc == 0; i++)
            rc = take_variable(l, &b, word(t.more + 12 * (size_t)i));
    }
    return rc;
}
