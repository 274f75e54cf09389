/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types from debug information; see types.h. */
#include "symbols/types.h"

#include "config.h"

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MODIFIERS_MAX = 16, /* typedefs, const and volatile between a member and its structure */
    DEPTH_MAX = 8,      /* unnamed structures inside each other */
    /* Entries that are read, at most: a hostile file can need any number. */
    STRUCTURE_STEPS_MAX = 1 << 26,
    PATH_STEPS_MAX = 1 << 20,
};

struct types {
    int fd;
    Dwarf *dwarf;
    struct known { /* earlier look-ups, also failed ones */
        const char *unit, *names;
        size_t len; /* of names */
        Dwarf_Die die;
        bool found;
    } known[TYPES_STRUCTURES_MAX];
    size_t n;
    uint32_t left; /* entries that may still be read for this look-up */
};

/* Moves to the next entry of the same parent; false: there is none, or too many were read. */
static bool next_die(struct types *t, Dwarf_Die *die)
{
    return t->left != 0 && t->left-- != 0 && dwarf_siblingof(die, die) == 0;
}

/* Compares `name` with the alternatives in names[len], separated by '|'. */
static bool is_one_of(const char *name, const char *names, size_t len)
{
    size_t width = name != NULL ? strlen(name) : 0;
    for (size_t at = 0; width != 0 && at < len;) {
        const char *end = memchr(names + at, '|', len - at);
        size_t n = end != NULL ? (size_t)(end - names) - at : len - at;
        if (n == width && memcmp(names + at, name, n) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

static bool is_unit(Dwarf_Die *top, const char *unit)
{
    const char *path = dwarf_diename(top);
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return unit == NULL || (path != NULL && strcmp(slash != NULL ? slash + 1 : path, unit) == 0);
}

static bool is_aggregate(Dwarf_Die *die)
{
    int tag = dwarf_tag(die);
    return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

/* Replaces *die by the type that its DW_AT_type names. */
static bool follow_attribute(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    return dwarf_attr_integrate(die, DW_AT_type, &attribute) != NULL &&
           dwarf_formref_die(&attribute, die) != NULL;
}

/* Matches a DIE that is a complete structure or union, or a typedef of one; sets *structure. */
static bool is_structure(Dwarf_Die *die, const char *names, size_t len, Dwarf_Die *structure)
{
    Dwarf_Word size;
    if ((!is_aggregate(die) && dwarf_tag(die) != DW_TAG_typedef) ||
        !is_one_of(dwarf_diename(die), names, len))
        return false;
    *structure = *die;
    return (is_aggregate(die) || follow_attribute(structure)) && is_aggregate(structure) &&
           dwarf_aggregate_size(structure, &size) == 0;
}

static bool search_structure(struct types *t, const char *unit, const char *names, size_t len,
                             Dwarf_Die *structure)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die top, die;
    t->left = STRUCTURE_STEPS_MAX;
    while (dwarf_get_units(t->dwarf, cu, &cu, NULL, NULL, &top, NULL) == 0) {
        if (!is_unit(&top, unit) || dwarf_child(&top, &die) != 0)
            continue;
        do {
            if (is_structure(&die, names, len, structure))
                return true;
        } while (next_die(t, &die));
    }
    return false;
}

static bool is_same_unit(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static Dwarf_Die *find_structure(struct types *t, const char *unit, const char *names, size_t len)
{
    struct known *k = t->known;
    for (; k < t->known + t->n; k++) {
        if (is_same_unit(k->unit, unit) && k->len == len && memcmp(k->names, names, len) == 0)
            return k->found ? &k->die : NULL;
    }
    if (t->n == TYPES_STRUCTURES_MAX)
        return NULL;
    t->n++;
    *k = (struct known){.unit = unit, .names = names, .len = len};
    k->found = search_structure(t, unit, names, len, &k->die);
    return k->found ? &k->die : NULL;
}

/* Replaces *die by the type that its DW_AT_type names, without typedefs and qualifiers. */
static bool follow_type(Dwarf_Die *die)
{
    for (int i = 0; i < MODIFIERS_MAX; i++) {
        if (!follow_attribute(die))
            return false;
        int tag = dwarf_tag(die);
        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type &&
            tag != DW_TAG_atomic_type)
            return true;
    }
    return false;
}

/* Returns false for a bit-field: one of clang has a byte offset, too, that of its storage unit. */
static bool member_offset(Dwarf_Die *member, uint64_t *offset)
{
    Dwarf_Attribute attribute;
    /* Without a location, a member is at the start, as in a union. */
    Dwarf_Word value = 0;
    if (dwarf_hasattr(member, DW_AT_bit_size))
        return false;
    if (dwarf_attr(member, DW_AT_data_member_location, &attribute) != NULL &&
        dwarf_formudata(&attribute, &value) != 0)
        return false;
    *offset = value;
    return true;
}

/* Finds a member, also in unnamed structures. Replaces *die by it and adds its offset. */
static bool find_member(struct types *t, Dwarf_Die *die, const char *names, size_t len,
                        uint64_t *offset, int depth)
{
    Dwarf_Die member;
    uint64_t at;
    if (depth == DEPTH_MAX || dwarf_child(die, &member) != 0)
        return false;
    do {
        if (dwarf_tag(&member) != DW_TAG_member || !member_offset(&member, &at))
            continue;
        if (is_one_of(dwarf_diename(&member), names, len)) {
            *die = member;
            *offset += at;
            return true;
        }
        Dwarf_Die inner = member;
        if (dwarf_diename(&member) == NULL && follow_type(&inner) && is_aggregate(&inner) &&
            find_member(t, &inner, names, len, offset, depth + 1)) {
            *die = inner;
            *offset += at;
            return true;
        }
    } while (next_die(t, &member));
    return false;
}

/* Replaces *die, a structure or a member, by what the rest of the path names. */
static bool walk_path(struct types *t, Dwarf_Die *die, const char *path, uint64_t *offset)
{
    while (*path != '\0') {
        bool pointer = *path == '-';
        if (!is_aggregate(die) && !follow_type(die))
            return false;
        if (pointer) {
            if (dwarf_tag(die) != DW_TAG_pointer_type || !follow_type(die))
                return false;
            *offset = 0;
        }
        path += pointer ? 2 : 1;
        size_t len = strcspn(path, ".-");
        if (len != 0 && (!is_aggregate(die) || !find_member(t, die, path, len, offset, 0)))
            return false;
        path += len;
    }
    return true;
}

static bool find_path(struct types *t, const char *unit, const char *path, Dwarf_Die *die,
                      uint64_t *offset)
{
    size_t len = strcspn(path, ".-");
    Dwarf_Die *structure = t != NULL ? find_structure(t, unit, path, len) : NULL;
    *offset = 0;
    if (structure == NULL)
        return false;
    *die = *structure;
    t->left = PATH_STEPS_MAX;
    return walk_path(t, die, path + len, offset);
}

static uint64_t size_of_die(Dwarf_Die *die)
{
    Dwarf_Word size;
    if (dwarf_tag(die) == DW_TAG_member && !follow_type(die))
        return 0;
    return dwarf_aggregate_size(die, &size) == 0 ? size : 0;
}

bool types_member(struct types *t, const char *unit, const char *path, struct types_member *m)
{
    Dwarf_Die die;
    if (!find_path(t, unit, path, &die, &m->offset))
        return false;
    m->size = size_of_die(&die);
    return true;
}

const char *types_enumerator(struct types *t, const char *unit, const char *path, uint64_t value)
{
    Dwarf_Die die, name;
    uint64_t offset;
    Dwarf_Attribute attribute;
    Dwarf_Word number;
    if (!find_path(t, unit, path, &die, &offset) || !follow_type(&die) ||
        dwarf_tag(&die) != DW_TAG_enumeration_type || dwarf_child(&die, &name) != 0)
        return NULL;
    do {
        if (dwarf_attr(&name, DW_AT_const_value, &attribute) != NULL &&
            dwarf_formudata(&attribute, &number) == 0 && number == value)
            return dwarf_diename(&name);
    } while (next_die(t, &name));
    return NULL;
}

/* Whether old binutils have compressed sections, which libdw decompresses to any size. */
static bool has_old_compression(int fd)
{
    static const char prefix[] = ".zdebug_";
    size_t names;
    bool found = false;
    (void)elf_version(EV_CURRENT);
    Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
    bool named = elf_getshdrstrndx(elf, &names) == 0;
    for (Elf_Scn *s = NULL; named && !found && (s = elf_nextscn(elf, s)) != NULL;) {
        GElf_Shdr h;
        const char *name = gelf_getshdr(s, &h) != NULL ? elf_strptr(elf, names, h.sh_name) : NULL;
        found = name != NULL && strncmp(name, prefix, sizeof prefix - 1) == 0;
    }
    (void)elf_end(elf);
    return found;
}

struct types *types_open(const char *path)
{
    struct types *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (t->fd >= 0 && !has_old_compression(t->fd))
        t->dwarf = dwarf_begin(t->fd, DWARF_C_READ);
    if (t->dwarf == NULL) {
        if (t->fd >= 0)
            close(t->fd);
        free(t);
        return NULL;
    }
    return t;
}

void types_close(struct types *t)
{
    if (t == NULL)
        return;
    dwarf_end(t->dwarf);
    close(t->fd);
    free(t);
}

bool types_built(void)
{
    return true;
}

#else

struct types *types_open(const char *path)
{
    (void)path;
    return NULL;
}

void types_close(struct types *t)
{
    (void)t;
}

bool types_member(struct types *t, const char *unit, const char *path, struct types_member *m)
{
    (void)t;
    (void)unit;
    (void)path;
    (void)m;
    return false;
}

const char *types_enumerator(struct types *t, const char *unit, const char *path, uint64_t value)
{
    (void)t;
    (void)unit;
    (void)path;
    (void)value;
    return NULL;
}

bool types_built(void)
{
    return false;
}

#endif
