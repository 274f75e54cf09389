/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The types and fields of CO-RE relocations (kernel documentation, "BPF CO-RE relocations";
 * linux/bpf.h, enum bpf_core_relo_kind): looked up in the object's own types and, by name, in those
 * of a kernel.
 */
#ifndef NETGDB_EBPF_CORE_MATCH_H
#define NETGDB_EBPF_CORE_MATCH_H

#include "ebpf/btf.h"

enum { CORE_STEPS_MAX = 64 };

enum core_kind {
    CORE_FIELD_OFFSET,
    CORE_FIELD_SIZE,
    CORE_FIELD_EXISTS,
    CORE_FIELD_SIGNED,
    CORE_FIELD_LSHIFT,
    CORE_FIELD_RSHIFT,
    CORE_TYPE_LOCAL,
    CORE_TYPE_TARGET,
    CORE_TYPE_EXISTS,
    CORE_TYPE_SIZE,
    CORE_ENUM_EXISTS,
    CORE_ENUM_VALUE,
    CORE_TYPE_MATCHES
};

/* A step from a type to a part of it: a member with a name, or an element of an array. */
struct core_step {
    const char *name; /* NULL: an element */
    uint32_t index;
    uint32_t type; /* of the part, in the object */
};

struct core_field {
    uint64_t offset;     /* bits */
    uint32_t type, bits; /* bits of a bit field; 0: none */
};

struct core_spec {
    struct core_step step[CORE_STEPS_MAX]; /* the first: an element of an array of the root */
    unsigned steps;
    struct core_field field;
};

/* Parses an access string, "0:1:2", from a type of the object. False: malformed. */
bool core_parse(const struct btf *local, uint32_t root, const char *access, struct core_spec *spec);

/* Finds the same field from a type of the kernel; false: it does not have it. */
bool core_match(const struct btf *local, const struct core_spec *spec, const struct btf *target,
                uint32_t candidate, struct core_field *field);

/* The value of a relocation of a field; false: it has none. */
bool core_field_value(const struct btf *b, enum core_kind kind, const struct core_field *field,
                      uint64_t *value);

/* The name and value of an enumerator by its index; false: there is none. */
bool core_enumerator(const struct btf *b, uint32_t id, uint32_t index, const char **name,
                     uint64_t *value);

#endif
