/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ELF file on gdb's command line; see find_elf.h. */
#include "symbols/find_elf.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/gdb_args.h"

void gdb_files_parse(int argc, const char *const *argv, struct gdb_files *files)
{
    struct gdb_args args = {.argc = argc, .argv = argv, .next = 1};
    struct gdb_arg arg;
    /* The first word; a second one is a core file or a process. */
    const char *first = NULL;
    int rc;
    *files = (struct gdb_files){0};
    while ((rc = gdb_args_next(&args, &arg)) > 0) {
        if (arg.kind == GDB_ARG_SYMBOLS || arg.kind == GDB_ARG_FILE)
            files->symbols = arg.value;
        if (arg.kind == GDB_ARG_EXEC || arg.kind == GDB_ARG_FILE)
            files->exec = arg.value;
        if (arg.kind == GDB_ARG_CHDIR)
            files->dir = arg.value;
        if (arg.kind == GDB_ARG_PROGRAM)
            first = NULL; /* words before --args do not count */
        if (arg.kind == GDB_ARG_WORD && first == NULL)
            first = arg.value;
    }
    if (rc < 0)
        *files = (struct gdb_files){0};
    else if (first != NULL)
        files->symbols = files->exec = first;
}

static bool is_regular_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_executable_file(const char *path)
{
    return is_regular_file(path) && access(path, X_OK) == 0;
}

/* Returns "DIR/FILE" if that fits; the caller frees it. */
static char *join_path(const char *dir, size_t dir_len, const char *file,
                       bool (*fits)(const char *path))
{
    char *path;
    if (asprintf(&path, "%.*s%s%s", (int)dir_len, dir, dir_len != 0 ? "/" : "", file) < 0)
        return NULL;
    if (fits(path))
        return path;
    free(path);
    return NULL;
}

static char *search_path(const char *file, const char *path, bool (*fits)(const char *path))
{
    char *found = NULL;
    while (found == NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        found = join_path(path, len, file, fits);
        path += len + (path[len] == ':');
    }
    return found;
}

char *gdb_files_resolve(const char *file, const char *dir, const char *home, const char *path)
{
    if (file[0] == '~' && file[1] == '/' && home != NULL)
        return join_path(home, strlen(home), file + 2, is_regular_file);
    if (file[0] == '/')
        return join_path("", 0, file, is_regular_file);
    const char *from = dir != NULL ? dir : "";
    char *found = join_path(from, strlen(from), file, is_regular_file);
    if (found == NULL && path != NULL && strchr(file, '/') == NULL)
        found = search_path(file, path, is_regular_file);
    return found;
}

char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return strdup(name);
    if (path == NULL)
        return NULL;
    char *found = search_path(name, path, is_executable_file);
    return found != NULL ? found : search_path(name, path, is_regular_file);
}

char *find_elf_argv(int argc, const char *const *argv, enum find_elf which)
{
    struct gdb_files files;
    gdb_files_parse(argc, argv, &files);
    const char *file = which == FIND_ELF_EXEC ? files.exec : files.symbols;
    if (file == NULL && which == FIND_ELF_PROGRAM)
        file = files.exec;
    return file != NULL ? gdb_files_resolve(file, files.dir, getenv("HOME"), getenv("PATH")) : NULL;
}

char *find_elf_words(const char *words, size_t len)
{
    int argc = 0;
    char *found = NULL;
    const char **argv = calloc(len, sizeof *argv);
    for (size_t at = 0; argv != NULL && at < len; at += strlen(words + at) + 1)
        argv[argc++] = words + at;
    if (argv != NULL)
        found = find_elf_argv(argc, argv, FIND_ELF_PROGRAM);
    free(argv);
    return found;
}
