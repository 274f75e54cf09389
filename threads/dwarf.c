/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layouts from debug information; see dwarf.h. */
#include "threads/dwarf.h"

#include "config.h"

#include <stddef.h>

#ifdef HAVE_LIBDW

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KNOWN_MAX = 16, NAMES_MAX = 128 };

struct layouts_dwarf {
    int fd;
    Dwarf *dwarf;
    struct known { /* earlier look-ups, also failed ones */
        char names[NAMES_MAX];
        Dwarf_Die die;
        bool found;
    } known[KNOWN_MAX];
    size_t n;
};

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

/* Matches a DIE that is a structure, or a typedef of one; sets *structure. */
static bool is_structure(Dwarf_Die *die, const char *names, size_t len, Dwarf_Die *structure)
{
    Dwarf_Attribute attribute;
    Dwarf_Word size;
    int tag = dwarf_tag(die);
    if ((tag != DW_TAG_structure_type && tag != DW_TAG_typedef) ||
        !is_one_of(dwarf_diename(die), names, len))
        return false;
    *structure = *die;
    if (tag == DW_TAG_typedef && (dwarf_attr_integrate(die, DW_AT_type, &attribute) == NULL ||
                                  dwarf_formref_die(&attribute, structure) == NULL))
        return false;
    return dwarf_tag(structure) == DW_TAG_structure_type &&
           dwarf_aggregate_size(structure, &size) == 0;
}

static bool search_types(struct layouts_dwarf *d, const char *names, size_t len,
                         Dwarf_Die *structure)
{
    Dwarf_CU *cu = NULL;
    Dwarf_Die top, die;
    while (dwarf_get_units(d->dwarf, cu, &cu, NULL, NULL, &top, NULL) == 0) {
        if (dwarf_child(&top, &die) != 0)
            continue;
        do {
            if (is_structure(&die, names, len, structure))
                return true;
        } while (dwarf_siblingof(&die, &die) == 0);
    }
    return false;
}

static Dwarf_Die *find_type(struct layouts_dwarf *d, const char *names, size_t len)
{
    struct known *k = d->known;
    if (len >= NAMES_MAX)
        return NULL;
    for (; k < d->known + d->n; k++) {
        if (strlen(k->names) == len && memcmp(k->names, names, len) == 0)
            return k->found ? &k->die : NULL;
    }
    if (d->n == KNOWN_MAX)
        return NULL;
    d->n++;
    memcpy(k->names, names, len);
    k->names[len] = '\0';
    k->found = search_types(d, names, len, &k->die);
    return k->found ? &k->die : NULL;
}

static uint64_t size_of_type(Dwarf_Die *member)
{
    Dwarf_Attribute attribute;
    Dwarf_Die type;
    Dwarf_Word size;
    if (dwarf_attr_integrate(member, DW_AT_type, &attribute) == NULL ||
        dwarf_formref_die(&attribute, &type) == NULL || dwarf_aggregate_size(&type, &size) != 0)
        return 0;
    return size;
}

bool layouts_dwarf_member(struct layouts_dwarf *d, const char *path, uint64_t *offset,
                          uint64_t *size)
{
    const char *dot = path != NULL ? strchr(path, '.') : NULL;
    Dwarf_Die die, *structure = NULL;
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (d != NULL && dot != NULL)
        structure = find_type(d, path, (size_t)(dot - path));
    if (structure == NULL || dwarf_child(structure, &die) != 0)
        return false;
    do {
        if (dwarf_tag(&die) != DW_TAG_member ||
            !is_one_of(dwarf_diename(&die), dot + 1, strlen(dot + 1)))
            continue;
        if (dwarf_attr(&die, DW_AT_data_member_location, &attribute) == NULL ||
            dwarf_formudata(&attribute, &value) != 0)
            return false;
        *offset = value;
        *size = size_of_type(&die);
        return true;
    } while (dwarf_siblingof(&die, &die) == 0);
    return false;
}

bool layouts_dwarf_sizeof(struct layouts_dwarf *d, const char *names, uint64_t *size)
{
    Dwarf_Word value;
    Dwarf_Die *structure = d != NULL ? find_type(d, names, strlen(names)) : NULL;
    if (structure == NULL || dwarf_aggregate_size(structure, &value) != 0)
        return false;
    *size = value;
    return true;
}

struct layouts_dwarf *layouts_dwarf_open(const char *path)
{
    struct layouts_dwarf *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->fd = open(path, O_RDONLY | O_CLOEXEC);
    d->dwarf = d->fd >= 0 ? dwarf_begin(d->fd, DWARF_C_READ) : NULL;
    if (d->dwarf == NULL) {
        if (d->fd >= 0)
            close(d->fd);
        free(d);
        return NULL;
    }
    return d;
}

void layouts_dwarf_close(struct layouts_dwarf *d)
{
    if (d == NULL)
        return;
    dwarf_end(d->dwarf);
    close(d->fd);
    free(d);
}

bool layouts_dwarf_built(void)
{
    return true;
}

#else

struct layouts_dwarf *layouts_dwarf_open(const char *path)
{
    (void)path;
    return NULL;
}

void layouts_dwarf_close(struct layouts_dwarf *d)
{
    (void)d;
}

bool layouts_dwarf_member(struct layouts_dwarf *d, const char *path, uint64_t *offset,
                          uint64_t *size)
{
    (void)d;
    (void)path;
    (void)offset;
    (void)size;
    return false;
}

bool layouts_dwarf_sizeof(struct layouts_dwarf *d, const char *names, uint64_t *size)
{
    (void)d;
    (void)names;
    (void)size;
    return false;
}

bool layouts_dwarf_built(void)
{
    return false;
}

#endif
