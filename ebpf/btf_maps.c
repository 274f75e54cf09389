/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps that are defined by BTF: variables in .maps whose type is a struct. Its members `type`,
 * `max_entries`, … are pointers to arrays, whose number of elements is the value; `key` and `value`
 * are pointers to the types of keys and values; `values` are the initial values.
 */
#include <string.h>

#include "ebpf/btf.h"
#include "ebpf/linker.h"
#include "proto/err.h"

/* `size`: bytes of the variable. */
static void take_member(const struct btf *b, struct ebpf_map_definition *d,
                        const struct btf_member *member, uint64_t size)
{
    const char *name = member->name;
    struct type t, to;
    uint32_t id = member->type, at = member->offset / 8;
    if (strcmp(name, "values") == 0 && at < size) {
        d->values_at = d->address + at;
        d->values = (uint32_t)((size - at) / 8);
    }
    if (!btf_bare(b, &id, &t) || t.kind != KIND_PTR)
        return;
    id = t.size_or_type;
    if (!btf_bare(b, &id, &to))
        return;
    uint32_t number = to.kind == KIND_ARRAY ? btf_word(to.more + 8) : 0;
    if (strcmp(name, "type") == 0)
        d->type = number;
    else if (strcmp(name, "max_entries") == 0)
        d->max_entries = number;
    else if (strcmp(name, "key_size") == 0)
        d->key_size = number;
    else if (strcmp(name, "value_size") == 0)
        d->value_size = number;
    else if (strcmp(name, "key") == 0)
        d->key_size = btf_size(b, t.size_or_type);
    else if (strcmp(name, "value") == 0)
        d->value_size = btf_size(b, t.size_or_type);
}

/* A variable of .maps. */
static int take_variable(struct linker *l, const struct btf *b, uint32_t id)
{
    struct btf_member member;
    struct type var, t;
    if (!link_step(l, l->image->symbols))
        return 0; /* see link_btf_maps() */
    if (!btf_type(b, id, &var) || var.kind != KIND_VAR)
        return link_error(l, ".BTF: a variable in .maps is none");
    id = var.size_or_type;
    if (!btf_bare(b, &id, &t) || t.kind != KIND_STRUCT)
        return link_error(l, ".BTF: a variable in .maps is not a struct");
    const struct ebpf_symbol *s = ebpf_image_symbol(l->image, btf_string(b, var.name));
    if (s == NULL)
        return 0; /* defined elsewhere */
    if (l->image->maps == EBPF_MAPS_MAX)
        return link_error(l, "more than %d maps", EBPF_MAPS_MAX);
    struct ebpf_map_definition *d = &l->image->map[l->image->maps++];
    *d = (struct ebpf_map_definition){.name = s->name, .address = s->address};
    for (uint32_t i = 0; btf_member(b, &t, i, &member); i++)
        take_member(b, d, &member, s->size);
    return 0;
}

int link_btf_maps(struct linker *l, const struct piece *btf)
{
    struct btf b;
    struct type t;
    int rc = btf_open(&b, btf->data, btf->size);
    if (rc == NETGDB_PROTO)
        return link_error(l, ".BTF: its header is wrong");
    b.left = &l->steps;
    for (uint32_t id = 1; rc == 0 && btf_type(&b, id, &t); id++) {
        if (t.kind != KIND_DATASEC || strcmp(btf_string(&b, t.name), ".maps") != 0)
            continue;
        for (uint32_t i = 0; i < t.count && rc == 0; i++)
            rc = take_variable(l, &b, btf_word(t.more + 12 * (size_t)i));
    }
    btf_close(&b);
    return rc == 0 && l->steps == 0 ? link_error(l, "its maps take too many steps") : rc;
}
