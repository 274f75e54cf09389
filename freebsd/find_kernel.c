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

enum { NOTES_MAX = 64 }; /* distinct notes that are compared */

struct search {
    struct target *target;
    unsigned machine;
    bool is64;
    unsigned files, notes;
    char *found;
    bool best; /* `found` is a kernel.debug */
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

/* Compares a file that is of this machine. Returns 0 or the target's error. */
static int compare(struct search *s, const char *path, const struct elf_file *file)
{
    enum file_match match;
    struct build_id id;
    elf_file_build_id(file, &id);
    if (id.len == 0 || id.address == 0 || s->notes++ >= NOTES_MAX)
        return 0;
    int rc = match_build_id(s->target, path, &file->ident, &id, 0, NULL, &match);
    if (rc != 0 || match != MATCH_BUILD_ID)
        return rc;
    free(s->found);
    s->found = strdup(path);
    s->best = is_debug(strrchr(path, '/') + 1);
    return s->found != NULL ? 0 : NETGDB_NOMEM;
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
    *path = s.found;
    return rc;
}
