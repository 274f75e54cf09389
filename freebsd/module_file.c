/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A module's file on this machine; see module_file.h. */
#include "freebsd/module_file.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not canonical on amd64, the only machine with relocatable modules: nothing is mapped there. */
#define UNUSED_ADDRESSES UINT64_C(0x1000000000000000)

/* Where a FreeBSD system has its kernels and modules (kern.module_path). The root may be this
 * machine's own, so no other pathname is searched for below it. */
#define KERNEL_FILES "/boot/"

enum { SEARCH_FILES_MAX = 64 }; /* existing files that are tried for a module */

struct search {
    const struct module *module;
    struct elf_file *file;
    char *why;
    size_t size;
    unsigned tried;
};

/* The section of the kernel's table for a section of the file. NULL: the kernel has none. */
static const struct module_section *loaded_section(const struct module *m, size_t number)
{
    for (size_t i = 0; i < m->n_sections; i++) {
        if (m->sections[i].number == number)
            return &m->sections[i];
    }
    return NULL;
}

/* Whether each section that the kernel loaded has that size in the file. A boot loader may have
 * loaded sections that are not allocated, such as .comment. */
static bool has_sizes(const struct module *m, const struct elf_file *f)
{
    for (size_t i = 0; i < m->n_sections; i++) {
        const struct module_section *loaded = &m->sections[i];
        GElf_Shdr header;
        Elf_Scn *s =
            loaded->number <= UINT32_MAX ? elf_getscn(f->elf, (size_t)loaded->number) : NULL;
        if (s == NULL || gelf_getshdr(s, &header) == NULL || header.sh_size != loaded->size)
            return false;
    }
    return m->n_sections != 0;
}

/* Whether the file can be the module's; *why says what differs. */
static bool is_file_of(const struct module *m, const struct elf_file *f, const char **why)
{
    bool relocatable = f->ident.type == ET_REL;
    *why = "it is of another build: its sections have other sizes";
    if (relocatable != m->relocatable) {
        *why = "it is not of the kind that this kernel loads";
        return false;
    }
    return !relocatable || has_sizes(m, f);
}

/* Opens `path` if it is the module's file, and returns it. Owns `path`: frees it otherwise. */
static char *take(struct search *s, char *path)
{
    const char *why = "out of memory";
    if (path == NULL || access(path, F_OK) != 0 || s->tried++ >= SEARCH_FILES_MAX) {
        free(path);
        return NULL;
    }
    int rc = elf_file_open_module(s->file, path, &why);
    if (rc == 0 && is_file_of(s->module, s->file, &why))
        return path;
    if (rc == 0)
        elf_file_close(s->file);
    /* The first file is the one that is meant. */
    if (s->tried == 1)
        (void)snprintf(s->why, s->size, "%s: %s", path, why);
    free(path);
    return NULL;
}

__attribute__((format(printf, 2, 3))) static char *try(struct search *s, const char *format, ...)
{
    char *path, *debug, *found;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&path, format, args);
    va_end(args);
    if (n < 0)
        return NULL;
    if (asprintf(&debug, "%s.debug", path) < 0)
        debug = NULL;
    found = take(s, path);
    if (found == NULL)
        return take(s, debug);
    free(debug);
    return found;
}

static char *search_dirs(struct search *s, const char *dirs)
{
    char *found = NULL;
    while (found == NULL && dirs != NULL && *dirs != '\0') {
        int len = (int)strcspn(dirs, ":");
        if (len != 0)
            found = try(s, "%.*s/%s", len, dirs, module_name(s->module));
        if (len != 0 && found == NULL && s->module->path[0] == '/')
            found = try(s, "%.*s%s", len, dirs, s->module->path);
        dirs += len + (dirs[len] == ':');
    }
    return found;
}

/* The directory below which the kernel's own files are: "" is this machine's root. */
static bool find_root(const char *kernel, size_t *len)
{
    static const char *const below[] = {"/usr/lib/debug" KERNEL_FILES, KERNEL_FILES};
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        const char *at = strstr(kernel, below[i]);
        if (at != NULL) {
            *len = (size_t)(at - kernel);
            return true;
        }
    }
    return false;
}

static char *search_beside_kernel(struct search *s, const char *kernel)
{
    char *real = realpath(kernel, NULL), *found = NULL;
    size_t root;
    if (real == NULL)
        return NULL;
    if (strncmp(s->module->path, KERNEL_FILES, sizeof KERNEL_FILES - 1) == 0 &&
        find_root(real, &root))
        found = try(s, "%.*s%s", (int)root, real, s->module->path);
    if (found == NULL) {
        int dir = (int)(strrchr(real, '/') - real);
        found = try(s, "%.*s/%s", dir, real, module_name(s->module));
    }
    free(real);
    return found;
}

/* A pathname is the target's: it must not leave the directories that are searched. A module that
 * the loader has loaded may have a name only. */
static bool is_safe(const struct module *module)
{
    const char *name = module_name(module);
    return strstr(module->path, "/../") == NULL && name[0] != '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

char *module_file_open(const struct module *module, const struct module_places *places,
                       struct elf_file *file, char *why, size_t size)
{
    struct search s = {.module = module, .file = file, .why = why, .size = size};
    const char *name = module_name(module);
    (void)snprintf(why, size, "no file %s was found: modules=DIR names its directory", name);
    if (!is_safe(module)) {
        (void)snprintf(why, size, "it has no usable pathname");
        return NULL;
    }
    char *found = search_dirs(&s, places->dirs);
    if (found == NULL && places->kernel != NULL)
        found = search_beside_kernel(&s, places->kernel);
    return found;
}

void module_file_sections(const struct module *module, const struct elf_file *file,
                          void (*each)(void *context, uint64_t address), void *context)
{
    uint64_t unused = UNUSED_ADDRESSES;
    GElf_Shdr header;
    for (Elf_Scn *s = NULL; (s = elf_nextscn(file->elf, s)) != NULL;) {
        if (gelf_getshdr(s, &header) == NULL || (header.sh_flags & SHF_ALLOC) == 0)
            continue;
        const struct module_section *loaded = loaded_section(module, elf_ndxscn(s));
        each(context, loaded != NULL ? loaded->address : unused);
        if (loaded == NULL)
            unused += (header.sh_size + 0xfff) & ~UINT64_C(0xfff);
    }
}
