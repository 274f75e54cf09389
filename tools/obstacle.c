/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Obstacles to LD_PRELOAD; see obstacle.h. */
#include "tools/obstacle.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/os.h"
#include "proto/visible.h"
#include "symbols/elf_file.h"
#include "symbols/find_elf.h"
#include "symbols/osabi.h"

#define OR_PROXY "or connect through 'netgdb proxy'"

/* Writes the obstacle and what to do into text[OBSTACLE_TEXT], in visible form: the name of a
 * loader comes from the file. */
static void explain(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void explain(char *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, OBSTACLE_TEXT, format, list);
    va_end(list);
    visible_line(text);
}

static const char *obstacle_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A program of snapd is a link to snap(1), which starts it without LD_PRELOAD. */
static bool is_snap(const char *path)
{
    char *real = realpath(path, NULL);
    bool snap = real != NULL &&
                (strncmp(real, "/snap/", 6) == 0 || (strcmp(obstacle_base(real), "snap") == 0 &&
                                                     strcmp(obstacle_base(path), "snap") != 0));
    free(real);
    return snap;
}

/* Whether the kernel would execute it with other privileges than ours. */
static bool is_privileged(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    return ((st.st_mode & S_ISUID) != 0 && st.st_uid != getuid()) ||
           ((st.st_mode & S_ISGID) != 0 && (st.st_mode & S_IXGRP) != 0 && st.st_gid != getgid()) ||
           (getuid() != 0 && os_has_capabilities(path));
}

/* Reads the path of a program's loader, "" if it has none. False: not an ELF program. */
static bool read_loader(const char *path, char loader[PATH_MAX])
{
    struct elf_file f;
    const char *why;
    if (elf_file_open(&f, path, &why) != 0)
        return false;
    elf_file_loader(&f, loader, PATH_MAX);
    elf_file_close(&f);
    return true;
}

static enum obstacle find_in_program(const char *path, const char *loader, char text[OBSTACLE_TEXT])
{
    char own[PATH_MAX];
    if (is_privileged(path))
        explain(text,
                "%s: setuid, setgid or with capabilities, so nothing is preloaded into it: start "
                "netgdb itself with these privileges, as in 'sudo netgdb run gdb'",
                path);
    else if (loader[0] == '\0' && osabi_is_gdb(path))
        explain(text,
                "%s: a static program, into which nothing is preloaded: use a gdb with shared "
                "libraries, " OR_PROXY,
                path);
    else if (loader[0] != '\0' && read_loader(os_program(), own) && own[0] != '\0' &&
             strcmp(obstacle_base(loader), obstacle_base(own)) != 0)
        explain(text,
                "%s: needs %s, but libnetgdb.so needs %s: use a gdb of this machine and C "
                "library, " OR_PROXY,
                path, loader, own);
    else
        return OBSTACLE_NONE;
    return OBSTACLE_CERTAIN;
}

/* The words in a line of a script that remove LD_PRELOAD; NULL: none. */
static const char *removes_preload(const char *line)
{
    static const char *const words[] = {"env -i",
                                        "env - ",
                                        "env --ignore-environment",
                                        "exec -c",
                                        "unset LD_PRELOAD",
                                        "-u LD_PRELOAD",
                                        "LD_PRELOAD=",
                                        "sudo "};
    const char *start = line + strspn(line, " \t");
    if (*start == '#' || strstr(line, "$LD_PRELOAD") != NULL ||
        strstr(line, "${LD_PRELOAD") != NULL)
        return NULL;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(line, words[i]) != NULL)
            return words[i];
    }
    return NULL;
}

static enum obstacle find_in_script(const char *path, char text[OBSTACLE_TEXT])
{
    enum { LINES_MAX = 10000 };
    char line[1024];
    const char *words = NULL;
    unsigned number = 0;
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return OBSTACLE_NONE;
    if (fgets(line, sizeof line, f) != NULL && strncmp(line, "#!", 2) == 0) {
        for (number = 1; words == NULL && number < LINES_MAX; number++) {
            if (fgets(line, sizeof line, f) == NULL)
                break;
            words = removes_preload(line);
        }
    }
    (void)fclose(f);
    if (words == NULL)
        return OBSTACLE_NONE;
    explain(text,
            "%s: line %u of this script seems to remove LD_PRELOAD ('%s'): if gdb then does not "
            "know netgdb:HOST, name the program that the script starts",
            path, number, words);
    return OBSTACLE_LIKELY;
}

enum obstacle obstacle_find(const char *name, char text[OBSTACLE_TEXT])
{
    char *path = find_program(name), loader[PATH_MAX];
    enum obstacle found = OBSTACLE_NONE;
    struct stat st;
    text[0] = '\0';
    if (path == NULL || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        found = OBSTACLE_NONE; /* execvp says what is wrong */
    } else if (is_snap(path)) {
        explain(text,
                "%s: a snap, which starts without LD_PRELOAD: install gdb as a package of this "
                "system, " OR_PROXY,
                path);
        found = OBSTACLE_CERTAIN;
    } else if (read_loader(path, loader)) {
        found = find_in_program(path, loader, text);
    } else {
        found = find_in_script(path, text);
    }
    free(path);
    return found;
}
