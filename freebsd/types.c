/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Types from debug information; see types.h. */
#include "freebsd/types.h"

#include "config.h"

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    UNITS_MAX = 16,     /* units that are used */
    MODIFIERS_MAX = 16, /* typedefs, const and volatile between a member and its structure */
    DEPTH_MAX = 8,      /* unnamed structures inside each other */
};

struct types {
    int fd;
    Dwarf *dwarf;
    struct unit { /* earlier look-ups, also failed ones */
        const char *name;
        Dwarf_Die die;
        bool found;
    } units[UNITS_MAX];
    size_t n;
};

/* Whether text[len] is `name`. */
static bool is_name(const char *name, const char *text, size_t len)
{
    return name != NULL && strlen(name) == len && memcmp(name, text, len) == 0;
}

static const char *base_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path;
}

static bool search_unit(struct types *t, const char *name, Dwarf_Die *top)
{
    Dwarf_CU *cu = NULL;
    while (dwarf_get_units(t->dwarf, cu, &cu, NULL, NULL, top, NULL) == 0) {
        const char *file = base_name(dwarf_diename(top));
        if (file != NULL && strcmp(file, name) == 0)
            return true;
    }
    return false;
}

/* `name` is a constant: the pointer is kept. */
static Dwarf_Die *find_unit(struct types *t, const char *name)
{
    struct unit *u = t->units;
    for (; u < t->units + t->n; u++) {
        if (strcmp(u->name, name) == 0)
            return u->found ? &u->die : NULL;
    }
    if (t->n == UNITS_MAX)
        return NULL;
    t->n++;
    u->name = name;
    u->found = search_unit(t, name, &u->die);
    return u->found ? &u->die : NULL;
}

static bool is_aggregate(Dwarf_Die *die)
{
    int tag = dwarf_tag(die);
    return tag == DW_TAG_structure_type || tag == DW_TAG_union_type;
}

static bool find_structure(Dwarf_Die *unit, const char *name, size_t len, Dwarf_Die *structure)
{
    Dwarf_Word size;
    if (dwarf_child(unit, structure) != 0)
        return false;
    do {
        if (is_aggregate(structure) && is_name(dwarf_diename(structure), name, len) &&
            dwarf_aggregate_size(structure, &size) == 0)
            return true;
    } while (dwarf_siblingof(structure, structure) == 0);
    return false;
}

/* Replaces *die by the type that its DW_AT_type names, without typedefs and qualifiers. */
static bool follow_type(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    for (int i = 0; i < MODIFIERS_MAX; i++) {
        if (dwarf_attr_integrate(die, DW_AT_type, &attribute) == NULL ||
            dwarf_formref_die(&attribute, die) == NULL)
            return false;
        int tag = dwarf_tag(die);
        if (tag != DW_TAG_typedef && tag != DW_TAG_const_type && tag != DW_TAG_volatile_type &&
            tag != DW_TAG_atomic_type)
            return true;
    }
    return false;
}

static bool offset_of(Dwarf_Die *member, uint64_t *offset)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_attr(member, DW_AT_data_member_location, &attribute) != NULL &&
        dwarf_formudata(&attribute, &value) != 0)
        return false;
    *offset = value; /* a union's members have no location: 0 */
    return true;
}

/* Finds a member, also in unnamed structures. Replaces *die by it and adds its offset. */
static bool find_member(Dwarf_Die *die, const char *name, size_t len, uint64_t *offset, int depth)
{
    Dwarf_Die member;
    uint64_t at;
    if (depth == DEPTH_MAX || dwarf_child(die, &member) != 0)
        return false;
    do {
        if (dwarf_tag(&member) != DW_TAG_member || !offset_of(&member, &at))
            continue;
        if (is_name(dwarf_diename(&member), name, len)) {
            *die = member;
            *offset += at;
            return true;
        }
        Dwarf_Die inner = member;
        if (dwarf_diename(&member) == NULL && follow_type(&inner) && is_aggregate(&inner) &&
            find_member(&inner, name, len, offset, depth + 1)) {
            *die = inner;
            *offset += at;
            return true;
        }
    } while (dwarf_siblingof(&member, &member) == 0);
    return false;
}

/* Replaces *die, a structure or a member, by what the rest of the path names. */
static bool walk_path(Dwarf_Die *die, const char *path, uint64_t *offset)
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
        if (len != 0 && (!is_aggregate(die) || !find_member(die, path, len, offset, 0)))
            return false;
        path += len;
    }
    return true;
}

static bool find_path(struct types *t, const char *unit, const char *path, Dwarf_Die *die,
                      uint64_t *offset)
{
    Dwarf_Die *top = t != NULL ? find_unit(t, unit) : NULL;
    size_t len = strcspn(path, ".-");
    *offset = 0;
    return top != NULL && find_structure(top, path, len, die) && walk_path(die, path + len, offset);
}

static uint64_t size_of(Dwarf_Die *die)
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
    m->size = size_of(&die);
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
    } while (dwarf_siblingof(&name, &name) == 0);
    return NULL;
}

struct types *types_open(const char *path)
{
    struct types *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->fd = open(path, O_RDONLY | O_CLOEXEC);
    t->dwarf = t->fd >= 0 ? dwarf_begin(t->fd, DWARF_C_READ) : NULL;
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
