/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loader's symbols, entry point and map definitions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/insn.h"
#include "ebpf/linker.h"
#include "proto/err.h"

/* True for functions and objects, false for the compiler's labels. */
static bool symbol_wanted(const struct linker *l, const GElf_Sym *s, const char *name)
{
    const struct piece *p = link_piece(l, s);
    unsigned type = GELF_ST_TYPE(s->st_info);
    if (name[0] == 0 || name[0] == '.')
        return false;
    if (s->st_shndx == SHN_COMMON)
        return true;
    if (p == NULL || p->group > LINK_BSS)
        return false;
    bool global = GELF_ST_BIND(s->st_info) != STB_LOCAL;
    return type == STT_FUNC || type == STT_OBJECT || (type == STT_NOTYPE && global);
}

static uint64_t symbol_address(const struct linker *l, const GElf_Sym *s, size_t index)
{
    if (s->st_shndx == SHN_COMMON)
        return l->common != NULL ? l->common[index] : 0;
    const struct piece *p = link_piece(l, s);
    return p->header.sh_addr != 0 ? s->st_value + l->image->bias : p->address + s->st_value;
}

static int by_symbol_address(const void *a, const void *b)
{
    const struct ebpf_symbol *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* A function without a size extends to the next symbol or the end of the code. */
static void complete_sizes(struct ebpf_image *image)
{
    uint64_t end = image->code_at + image->code_size;
    for (size_t i = 0; i < image->symbols; i++) {
        struct ebpf_symbol *s = &image->symbol[i];
        if (!s->function || s->size != 0)
            continue;
        uint64_t next = i + 1 < image->symbols ? image->symbol[i + 1].address : end;
        s->size = (next < end ? next : end) - s->address;
    }
}

int link_symbols(struct linker *l)
{
    struct ebpf_image *image = l->image;
    GElf_Sym s;
    const char *name;
    size_t names = 0; /* bytes: symbols may share the end of one long name */
    image->symbol = calloc(l->symbols + 1, sizeof *image->symbol);
    if (image->symbol == NULL)
        return NETGDB_NOMEM;
    for (size_t i = 0; i < l->symbols; i++) {
        if (!link_symbol(l, i, &s, &name) || !symbol_wanted(l, &s, name))
            continue;
        names += strlen(name) + 1;
        if (names > EBPF_FILE_MAX)
            return link_error(l, "the names of its symbols have more than %d MiB",
                              EBPF_FILE_MAX >> 20);
        struct ebpf_symbol *out = &image->symbol[image->symbols];
        out->address = symbol_address(l, &s, i);
        out->function = out->address - image->code_at < image->code_size;
        out->size = s.st_size;
        out->global = GELF_ST_BIND(s.st_info) != STB_LOCAL;
        out->name = strdup(name);
        if (out->name == NULL)
            return NETGDB_NOMEM;
        image->symbols++;
    }
    qsort(image->symbol, image->symbols, sizeof *image->symbol, by_symbol_address);
    complete_sizes(image);
    return 0;
}

/* The section of the entry point; NULL with an error. */
static const struct piece *entry_section(struct linker *l)
{
    const struct piece *text = NULL, *only = NULL;
    char names[160] = "";
    unsigned candidates = 0;
    for (size_t i = 0; i < l->pieces; i++) {
        const struct piece *p = &l->piece[i];
        if (p->group != LINK_TEXT || p->size == 0)
            continue;
        if (l->options.section != NULL) {
            if (strcmp(p->name, l->options.section) == 0)
                return p;
        } else if (strcmp(p->name, ".text") == 0)
            text = p;
        else {
            if (only == NULL || !l->options.inspect)
                only = p;
            candidates += candidates == 0 || !l->options.inspect;
        }
        size_t used = strlen(names);
        if (used + strlen(p->name) + 2 < sizeof names)
            sprintf(names + used, " %s", p->name);
    }
    if (l->options.section != NULL)
        (void)link_error(l, "no code in a section %s; there is:%s", l->options.section, names);
    else if (candidates > 1)
        (void)link_error(l, "several programs, choose a section:%s", names);
    else if (candidates == 1)
        return only;
    else if (text == NULL && l->options.inspect)
        return &l->piece[0]; /* no code */
    else if (text == NULL)
        (void)link_error(l, "there is no code in it");
    return l->options.section != NULL || candidates > 1 ? NULL : text;
}

static const struct ebpf_symbol *named_in(const struct ebpf_image *image, const struct piece *p,
                                          const char *name)
{
    for (size_t i = 0; i < image->symbols; i++) {
        const struct ebpf_symbol *s = &image->symbol[i];
        if (s->function && s->address - p->address < p->size &&
            (name == NULL || strcmp(s->name, name) == 0))
            return s;
    }
    return NULL;
}

int link_entry(struct linker *l)
{
    static const char *const usual[] = {"main", "entrypoint", "entry", NULL}; /* NULL: the first */
    struct ebpf_image *image = l->image;
    if (l->options.entry != NULL && l->options.section == NULL) {
        const struct ebpf_symbol *s = ebpf_image_symbol(image, l->options.entry);
        if (s == NULL || !s->function)
            return link_error(l, "no function named %s", l->options.entry);
        image->entry = s->address;
        return 0;
    }
    const struct piece *p = entry_section(l);
    if (p == NULL)
        return NETGDB_PROTO;
    const struct ebpf_symbol *s = NULL;
    if (l->options.entry != NULL) {
        s = named_in(image, p, l->options.entry);
        if (s == NULL)
            return link_error(l, "no function named %s in section %s", l->options.entry, p->name);
    }
    for (size_t i = 0; s == NULL && i < sizeof usual / sizeof usual[0]; i++)
        s = named_in(image, p, usual[i]);
    image->entry = s != NULL ? s->address : p->address;
    return 0;
}

/* The older struct bpf_map_def: type, key_size, value_size, max_entries, map_flags. */
static int add_old_map(struct linker *l, const struct piece *p, const struct ebpf_symbol *s)
{
    struct ebpf_image *image = l->image;
    uint32_t field[4];
    uint64_t at = s->address - p->address;
    if (p->data == NULL || at > p->size || p->size - at < sizeof field)
        return link_error(l, "map %s: its definition is too short", s->name);
    if (image->maps == EBPF_MAPS_MAX)
        return link_error(l, "more than %d maps", EBPF_MAPS_MAX);
    memcpy(field, p->data + at, sizeof field);
    image->map[image->maps++] = (struct ebpf_map_definition){.name = s->name,
                                                             .address = s->address,
                                                             .type = field[0],
                                                             .key_size = field[1],
                                                             .value_size = field[2],
                                                             .max_entries = field[3]};
    return 0;
}

int link_maps(struct linker *l)
{
    int rc = 0;
    l->steps = LINK_STEPS_MAX;
    for (size_t i = 0; i < l->pieces && rc == 0; i++) {
        const struct piece *p = &l->piece[i];
        if (strcmp(p->name, ".BTF") == 0 && p->data != NULL)
            rc = link_btf_maps(l, p);
        if (strcmp(p->name, "maps") != 0 || p->group != LINK_DATA)
            continue;
        for (size_t k = 0; k < l->image->symbols && rc == 0; k++)
            if (l->image->symbol[k].address - p->address < p->size)
                rc = add_old_map(l, p, &l->image->symbol[k]);
    }
    return rc;
}
