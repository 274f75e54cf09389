/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads BTF, type information of eBPF objects and kernels (kernel documentation, "BPF Type
 * Format"), in little-endian byte order. All of it may be hostile: every function checks its
 * bounds.
 */
#ifndef NETGDB_EBPF_BTF_H
#define NETGDB_EBPF_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    BTF_TYPES_MAX = 1 << 20,
    BTF_HOPS = 32,
    BTF_NAME_MAX = 1024 /* as a string, with its NUL */
};

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
    const uint8_t *types, *strings; /* not owned */
    size_t string_bytes;
    uint32_t *at;   /* owned: by number, the offset of each type; 0 is not used */
    uint32_t count; /* the highest number + 1 */
    uint32_t *next; /* owned or NULL: by number, the next type in its bucket of names; 0: none */
    uint32_t *head; /* owned or NULL: the first type of each bucket */
    uint64_t *left; /* not owned, or NULL: how many types and members may still be read */
};

/* A type; `more` are the bytes after its header. */
struct type {
    uint32_t name, kind, count, size_or_type;
    bool bitfields; /* a struct: offsets of members contain the size of a bit field */
    const uint8_t *more;
    size_t bytes; /* of `more` */
};

/* A member of a struct or union. */
struct btf_member {
    const char *name;
    uint32_t type, offset, bits; /* number; offset in bits; bits of a bit field, 0: none */
};

/*
 * Opens data[size], which must outlive it. Types after a malformed one, or after BTF_TYPES_MAX, do
 * not exist. Returns 0, NETGDB_NOMEM, or NETGDB_PROTO: not little-endian BTF, or a section outside
 * it. btf_close() frees it, also after an error.
 */
int btf_open(struct btf *b, const uint8_t *data, uint64_t size);
void btf_close(struct btf *b);

/* A string by its offset; "": none, or one without a NUL in its first BTF_NAME_MAX bytes. */
const char *btf_string(const struct btf *b, uint32_t at);

/* Find a type by number, from 1 on; false: there is none, or *b->left is 0. The second skips const,
 * volatile, typedef and the like, at most BTF_HOPS of them, and sets *id to the number of its
 * result. */
bool btf_type(const struct btf *b, uint32_t id, struct type *t);
bool btf_bare(const struct btf *b, uint32_t *id, struct type *t);

/* The size of a type in bytes. 0: it has none (functions, forward declarations), or one of more
 * than 32 bits, or is more than BTF_HOPS arrays inside each other. */
uint32_t btf_size(const struct btf *b, uint32_t id);

/* The member of a struct or union with this index; false: there is none, or *b->left is 0. */
bool btf_member(const struct btf *b, const struct type *t, uint32_t index,
                struct btf_member *member);

/* Two names are the same up to "___" (CO-RE's flavours of a type). */
bool btf_same_name(const char *a, const char *b);

/* Makes the index by name, once; returns 0 or NETGDB_NOMEM. */
int btf_index_names(struct btf *b);

/* The first type with this name up to "___" after number `after`, which is 0 or an earlier result;
 * 0: none. Needs the index. */
uint32_t btf_named(const struct btf *b, const char *name, uint32_t after);

static inline uint32_t btf_word(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

#endif
