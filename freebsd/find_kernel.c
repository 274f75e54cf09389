/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding a kernel's file by its build-id; see find_kernel.h. */
#include "freebsd/find_kernel.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/err.h"
#include "symbols/build_id_match.h"
#include "symbols/symtab.h"

enum { NOTES_MAX = 64 }; /* distinct notes that are compared */

struct search {
    struct target *target;
    unsigned machine;
    bool is64;
    unsigned files, notes;
    char *found; /* by its build-id */
    bool best;   /* `found` is a kernel.debug */
    char *by_version;
    bool debug; /* `by_version` is a kernel.debug */
};

static bool is_debug(const char *name)
{
    return strcmp(name, "kernel.debug") == 0;
}

static bool is_kernel(const char *name)
{
    size_t len = strlen(name);
    return strcmp(name, "kernel") == 0 ||
           (strncmp(name, "kernel", 6) == 0 && len > 12 && strcmp(name + len - 6, ".debug") == 0) ||
           is_debug(name);
}

/* Replaces a path. Returns 0 or NETGDB_NOMEM. */
static int keep_kernel(char **kept, const char *path)
{
    free(*kept);
    *kept = strdup(path);
    return *kept != NULL ? 0 : NETGDB_NOMEM;
}

/* Compares the version of a file without a build-id. */
static int compare_version(struct search *s, const char *path)
{
    enum file_match match;
    bool debug = is_debug(strrchr(path, '/') + 1);
    struct symtab *symbols =
        s->by_version == NULL || (debug && !s->debug) ? symtab_open(path, NULL) : NULL;
    if (symbols == NULL)
        return 0;
    int rc = match_version(s->target, path, symbols, 0, NULL, &match);
    symtab_free(symbols);
    if (rc != 0 || match != MATCH_VERSION)
        return rc;
    s->debug = debug;
    return keep_kernel(&s->by_version, path);
}

/* Compares a file that is of this machine. Returns 0 or the target's error. */
static int compare(struct search *s, const char *path, const struct elf_file *file)
{
    enum file_match match;
    struct build_id id;
    elf_file_build_id(file, &id);
    if (s->notes++ >= NOTES_MAX)
        return 0;
    if (id.len == 0)
        return s->found == NULL ? compare_version(s, path) : 0;
    if (id.address == 0)
        return 0;
    int rc = match_build_id(s->target, path, &file->ident, &id, 0, NULL, &match);
    if (rc != 0 || match != MATCH_BUILD_ID)
        return rc;
    s->best = is_debug(strrchr(path, '/') + 1);
    return keep_kernel(&s->found, path);
}

static int try_file(struct search *s, const char *path, const char *name)
{
    struct elf_file file;
    const char *why;
    if (!is_kernel(name) || s->files++ >= FIND_KERNEL_FILES ||
        (s->found != NULL && !is_debug(name)))
        return 0;
    if (elf_file_open(&file, path, &why) != 0)
        return 0;
    int rc = 0;
    if (file.ident.machine == s->machine && file.ident.is64 == s->is64)
        rc = compare(s, path, &file);
    elf_file_close(&file);
    return rc;
}

static int search(struct search *s, const char *directory, int depth)
{
    DIR *d = depth < FIND_KERNEL_DEPTH ? opendir(directory) : NULL;
    struct dirent *entry;
    int rc = 0;
    while (d != NULL && rc == 0 && !s->best && (entry = readdir(d)) != NULL) {
        struct stat st;
        char *path;
        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0) {
            rc = NETGDB_NOMEM;
            break;
        }
        if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
            rc = search(s, path, depth + 1);
        else
            rc = try_file(s, path, entry->d_name);
        free(path);
    }
    if (d != NULL)
        closedir(d);
    return rc;
}

int find_kernel(struct target *t, const char *directory, unsigned machine, bool is64, char **path)
{
    struct search s = {.target = t, .machine = machine, .is64 = is64};
    int rc = search(&s, directory, 0);
    if (rc != 0) {
        free(s.found);
        s.found = NULL;
    }
    bool by_version = rc == 0 && s.found == NULL;
    if (!by_version)
        free(s.by_version);
    *path = by_version ? s.by_version : s.found;
    return rc;
}
