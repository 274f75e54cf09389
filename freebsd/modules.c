/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's modules; see modules.h. */
#include "freebsd/modules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The linker class of relocatable modules (sys/kern/link_elf_obj.c). */
#define RELOCATABLE_CLASS "elf64_obj"

static const enum image_field file_fields[] = {
    FILE_NEXT, FILE_PATHNAME, FILE_ID,       FILE_REFS,       FILE_ADDRESS,
    FILE_SIZE, FILE_OPS,      FILE_FILENAME, OBJECT_SECTIONS, OBJECT_COUNT};

const char *module_name(const struct module *module)
{
    const char *slash = strrchr(module->path, '/');
    return slash != NULL ? slash + 1 : module->path;
}

/* Whether the kernel loaded the file as a relocatable one. The class is the same for most files,
 * so this costs a request only once. */
static int read_class(struct image *im, const struct image_object *o, struct module *m)
{
    char name[32] = "";
    uint64_t ops, class;
    int rc = object_get(im, o, FILE_OPS, &ops);
    if (rc == 0)
        rc = image_get(im, ops, OPS_CLASS, &class);
    if (rc == 0)
        rc = image_string_of(im, class, CLASS_NAME, name, sizeof name);
    m->relocatable = strcmp(name, RELOCATABLE_CLASS) == 0;
    return rc;
}

/* The pathname; a module that has none is known by its file name. */
static int read_path(struct image *im, const struct image_object *o, struct module *m)
{
    char path[MODULE_PATH_MAX];
    int rc = object_string(im, o, FILE_PATHNAME, path, sizeof path);
    if (rc == 0 && path[0] == '\0')
        rc = object_string(im, o, FILE_FILENAME, path, sizeof path);
    if (rc == 0 && (m->path = strdup(path)) == NULL)
        rc = NETGDB_NOMEM;
    return rc;
}

static int read_module(struct image *im, struct module *m, uint64_t *next)
{
    struct image_object o;
    int rc = object_read(im, &o, m->file, file_fields, sizeof file_fields / sizeof file_fields[0]);
    if (rc == 0)
        rc = object_get(im, &o, FILE_NEXT, next);
    if (rc == 0)
        rc = object_get(im, &o, FILE_ID, &m->id);
    if (rc == 0)
        rc = object_get(im, &o, FILE_REFS, &m->refs);
    if (rc == 0)
        rc = object_get(im, &o, FILE_ADDRESS, &m->address);
    if (rc == 0)
        rc = object_get(im, &o, FILE_SIZE, &m->size);
    if (rc == 0)
        rc = read_path(im, &o, m);
    return rc == 0 ? read_class(im, &o, m) : rc;
}

static int append(struct modules *modules, const struct module *m)
{
    struct module *more = realloc(modules->list, (modules->n + 1) * sizeof *more);
    if (more == NULL)
        return NETGDB_NOMEM;
    modules->list = more;
    modules->list[modules->n++] = *m;
    return 0;
}

int modules_read(struct image *im, struct modules *modules)
{
    struct image_walk walk = {0};
    uint64_t next;
    *modules = (struct modules){.list = NULL};
    int rc = image_pointer(im, "linker_files", &next);
    while (rc == 0 && next != 0) {
        struct module m = {.file = next};
        if (walk_repeats(&walk, next) || modules->n == MODULES_MAX) {
            (void)snprintf(modules->problem, sizeof modules->problem,
                           "the list of modules does not end after %zu of them", modules->n);
            return 0;
        }
        rc = read_module(im, &m, &next);
        if (rc == 0)
            rc = append(modules, &m);
        if (rc != 0)
            free(m.path);
    }
    if (rc != IMAGE_UNREADABLE)
        return rc;
    (void)snprintf(modules->problem, sizeof modules->problem,
                   "the list of modules cannot be read after %zu of them", modules->n);
    return 0;
}

void modules_free(struct modules *modules)
{
    for (size_t i = 0; i < modules->n; i++) {
        free(modules->list[i].path);
        free(modules->list[i].sections);
    }
    free(modules->list);
    *modules = (struct modules){.list = NULL};
}

/* Decodes a member of an entry of the table. */
static uint64_t entry_number(struct image *im, const uint8_t *entry, uint64_t size,
                             enum image_field field)
{
    struct types_member m;
    if (!image_member(im, field, &m) || m.size == 0 || m.size > 8 || m.offset > size - m.size)
        return 0;
    return memory_decode(&im->memory, entry + m.offset, (unsigned)m.size);
}

/* Reads the table of `count` entries of `size` bytes. */
static int read_section_table(struct image *im, struct module *m, uint64_t table, uint64_t count,
                              uint64_t size)
{
    uint8_t *bytes = malloc((size_t)(count * size) + 1);
    m->sections = calloc((size_t)count + 1, sizeof *m->sections);
    int rc = bytes != NULL && m->sections != NULL ? 0 : NETGDB_NOMEM;
    if (rc == 0)
        rc = memory_read(&im->memory, table, bytes, (size_t)(count * size));
    for (uint64_t i = 0; rc == 0 && i < count; i++) {
        const uint8_t *entry = bytes + i * size;
        m->sections[m->n_sections++] =
            (struct module_section){.address = entry_number(im, entry, size, SECTION_ADDRESS),
                                    .size = entry_number(im, entry, size, SECTION_SIZE),
                                    .number = entry_number(im, entry, size, SECTION_NUMBER)};
    }
    free(bytes);
    return rc;
}

int module_read_sections(struct image *im, struct module *m)
{
    uint64_t table, count;
    struct types_member entry;
    int rc = image_get(im, m->file, OBJECT_SECTIONS, &table);
    if (rc == 0)
        rc = image_get(im, m->file, OBJECT_COUNT, &count);
    if (rc != 0)
        return rc;
    if (!image_member(im, SECTION_ENTRY, &entry) || entry.size < 8 ||
        entry.size > MODULE_ENTRY_MAX || count > MODULE_SECTIONS_MAX || table == 0)
        return IMAGE_UNREADABLE;
    return read_section_table(im, m, table, count, entry.size);
}
