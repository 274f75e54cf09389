/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads BTF; see btf.h. */
#include "ebpf/btf.h"

#include <stdlib.h>

#include "proto/err.h"

enum { BTF_MAGIC = 0xeb9f, BUCKETS = 1 << 14 };

const char *btf_string(const struct btf *b, uint32_t at)
{
    size_t rest = at < b->string_bytes ? b->string_bytes - at : 0;
    if (rest == 0 || memchr(b->strings + at, 0, rest < BTF_NAME_MAX ? rest : BTF_NAME_MAX) == NULL)
        return "";
    return (const char *)b->strings + at;
}

static size_t trailing_bytes(uint32_t kind, uint32_t count)
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

/* The type at `p`, of which at least a header is there. */
static void read_type(const uint8_t *p, struct type *t)
{
    uint32_t info = btf_word(p + 4);
    *t = (struct type){.name = btf_word(p),
                       .kind = info >> 24 & 31,
                       .count = info & 0xffff,
                       .bitfields = info >> 31,
                       .size_or_type = btf_word(p + 8),
                       .more = p + 12};
    t->bytes = trailing_bytes(t->kind, t->count);
}

/* Finds all types; those after a malformed one do not exist. */
static int index_types(struct btf *b, uint64_t size)
{
    uint64_t at = 0;
    uint64_t most = size / 12 < BTF_TYPES_MAX ? size / 12 : BTF_TYPES_MAX;
    struct type t;
    b->at = calloc((size_t)most + 1, sizeof *b->at);
    if (b->at == NULL)
        return NETGDB_NOMEM;
    for (b->count = 1; b->count <= most && size - at >= 12; b->count++) {
        read_type(b->types + at, &t);
        if (t.bytes > size - at - 12)
            break;
        b->at[b->count] = (uint32_t)at;
        at += 12 + t.bytes;
    }
    return 0;
}

int btf_open(struct btf *b, const uint8_t *data, uint64_t size)
{
    *b = (struct btf){0};
    if (size < 24 || size > UINT32_MAX || (data[0] | data[1] << 8) != BTF_MAGIC)
        return NETGDB_PROTO;
    uint64_t header = btf_word(data + 4), rest = size - header;
    uint64_t types = btf_word(data + 8), types_len = btf_word(data + 12);
    uint64_t strings = btf_word(data + 16), strings_len = btf_word(data + 20);
    if (header > size || types > rest || types_len > rest - types || strings > rest ||
        strings_len > rest - strings)
        return NETGDB_PROTO;
    b->types = data + header + types;
    b->strings = data + header + strings;
    b->string_bytes = (size_t)strings_len;
    return index_types(b, types_len);
}

void btf_close(struct btf *b)
{
    free(b->at);
    free(b->next);
    free(b->head);
    *b = (struct btf){0};
}

/* Counts a type or a member that is read; false: no more may be. */
static bool may_read_type(const struct btf *b)
{
    return b->left == NULL || (*b->left != 0 && (*b->left)-- != 0);
}

bool btf_type(const struct btf *b, uint32_t id, struct type *t)
{
    if (id == 0 || id >= b->count || !may_read_type(b))
        return false;
    read_type(b->types + b->at[id], t);
    return true;
}

bool btf_bare(const struct btf *b, uint32_t *id, struct type *t)
{
    for (int hop = 0; hop < BTF_HOPS && btf_type(b, *id, t); hop++) {
        if (t->kind != KIND_TYPEDEF && t->kind != KIND_VOLATILE && t->kind != KIND_CONST &&
            t->kind != KIND_RESTRICT && t->kind != KIND_TYPE_TAG)
            return true;
        *id = t->size_or_type;
    }
    return false;
}

/* The size of a type that is not an array; 0: none. */
static uint32_t own_size(const struct type *t)
{
    switch (t->kind) {
    case KIND_PTR:
        return 8;
    case KIND_INT:
    case KIND_STRUCT:
    case KIND_UNION:
    case KIND_ENUM:
    case KIND_DATASEC:
    case KIND_FLOAT:
    case KIND_ENUM64:
        return t->size_or_type;
    default:
        return 0;
    }
}

uint32_t btf_size(const struct btf *b, uint32_t id)
{
    struct type t;
    uint64_t times = 1;
    for (int hop = 0; hop < BTF_HOPS && btf_bare(b, &id, &t); hop++) {
        uint64_t size = times * own_size(&t);
        if (t.kind != KIND_ARRAY)
            return size > UINT32_MAX ? 0 : (uint32_t)size;
        times = times * btf_word(t.more + 8);
        if (times > UINT32_MAX)
            return 0;
        id = btf_word(t.more);
    }
    return 0;
}

bool btf_member(const struct btf *b, const struct type *t, uint32_t index,
                struct btf_member *member)
{
    if ((t->kind != KIND_STRUCT && t->kind != KIND_UNION) || index >= t->count || !may_read_type(b))
        return false;
    const uint8_t *p = t->more + 12 * (size_t)index;
    uint32_t offset = btf_word(p + 8);
    *member = (struct btf_member){.name = btf_string(b, btf_word(p)),
                                  .type = btf_word(p + 4),
                                  .offset = t->bitfields ? offset & 0xffffff : offset,
                                  .bits = t->bitfields ? offset >> 24 : 0};
    return true;
}

/* The length of a name up to "___", which is not at its beginning. */
static size_t essential(const char *name)
{
    const char *flavour = name[0] == 0 ? NULL : strstr(name + 1, "___");
    return flavour == NULL ? strlen(name) : (size_t)(flavour - name);
}

bool btf_same_name(const char *a, const char *b)
{
    size_t n = essential(a);
    return n == essential(b) && memcmp(a, b, n) == 0;
}

static uint32_t name_bucket(const char *name)
{
    uint32_t hash = 2166136261U;
    size_t n = essential(name);
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (uint8_t)name[i]) * 16777619U;
    return hash % BUCKETS;
}

int btf_index_names(struct btf *b)
{
    struct type t;
    b->head = calloc(BUCKETS, sizeof *b->head);
    b->next = calloc(b->count, sizeof *b->next);
    if (b->head == NULL || b->next == NULL)
        return NETGDB_NOMEM;
    for (uint32_t id = b->count - 1; id > 0 && btf_type(b, id, &t); id--) {
        uint32_t *head = &b->head[name_bucket(btf_string(b, t.name))];
        b->next[id] = *head; /* in ascending order */
        *head = id;
    }
    return 0;
}

uint32_t btf_named(const struct btf *b, const char *name, uint32_t after)
{
    struct type t;
    uint32_t id = after != 0 ? b->next[after] : b->head[name_bucket(name)];
    while (id != 0 && btf_type(b, id, &t) && !btf_same_name(btf_string(b, t.name), name))
        id = b->next[id];
    return id;
}
