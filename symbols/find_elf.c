/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ELF file on gdb's command line; see find_elf.h. */
#include "symbols/find_elf.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CMDLINE_MAX = 1 << 20 }; /* bytes of /proc/self/cmdline that are looked at */

/* What an option does to the choice of the file. Equal ones may share a prefix (getopt). */
enum meaning {
    FLAG,  /* nothing, and it has no argument */
    VALUE, /* nothing, but the next word may be its argument */
    SYMBOLS,
    EXEC,
    BOTH,
    CHDIR,
    ARGS, /* the next word is the program, all others are the program's own */
};

/* gdb's options; `same` tells those that getopt takes for one (the same value in gdb's table). */
static const struct option {
    const char *name;
    enum meaning meaning;
    int same;
} options[] = {
    {"args", ARGS, 0},
    {"annotate", VALUE, 1},
    {"b", VALUE, 'b'},
    {"batch", FLAG, 2},
    {"batch-silent", FLAG, 'B'},
    {"baud", VALUE, 'b'},
    {"c", VALUE, 'c'},
    {"cd", CHDIR, 3},
    {"command", VALUE, 'x'},
    {"configuration", FLAG, 4},
    {"core", VALUE, 'c'},
    {"d", VALUE, 'd'},
    {"D", VALUE, 'D'},
    {"data-directory", VALUE, 'D'},
    {"dbx", FLAG, 5},
    {"directory", VALUE, 'd'},
    {"e", EXEC, 'e'},
    {"early-init-command", VALUE, 6},
    {"early-init-eval-command", VALUE, 7},
    {"eiex", VALUE, 7},
    {"eix", VALUE, 6},
    {"eval-command", VALUE, 'X'},
    {"ex", VALUE, 'X'},
    {"exec", EXEC, 'e'},
    {"f", FLAG, 'f'},
    {"fullname", FLAG, 'f'},
    {"help", FLAG, 8},
    {"i", VALUE, 'i'},
    {"iex", VALUE, 9},
    {"init-command", VALUE, 10},
    {"init-eval-command", VALUE, 9},
    {"interpreter", VALUE, 'i'},
    {"ix", VALUE, 10},
    {"l", VALUE, 'l'},
    {"n", FLAG, 11},
    {"nh", FLAG, 12},
    {"nowindows", FLAG, 13},
    {"nw", FLAG, 13},
    {"nx", FLAG, 11},
    {"p", VALUE, 'p'},
    {"pid", VALUE, 'p'},
    {"q", FLAG, 'q'},
    {"quiet", FLAG, 'q'},
    {"r", FLAG, 14},
    {"readnever", FLAG, 15},
    {"readnow", FLAG, 14},
    {"return-child-result", FLAG, 16},
    {"s", SYMBOLS, 's'},
    {"se", BOTH, 17},
    {"silent", FLAG, 'q'},
    {"statistics", FLAG, 18},
    {"symbols", SYMBOLS, 's'},
    {"tty", VALUE, 't'},
    {"tui", FLAG, 19},
    {"ui", VALUE, 'i'},
    {"version", FLAG, 20},
    {"w", FLAG, 21},
    {"windows", FLAG, 21},
    {"write", FLAG, 22},
    {"x", VALUE, 'x'},
};

/* An exact name, else the only one that begins so. NULL: none, or more than one. */
static const struct option *find_option(const char *name, size_t len)
{
    const struct option *found = NULL;
    bool unique = true;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const struct option *o = &options[i];
        if (strncmp(o->name, name, len) != 0)
            continue;
        if (o->name[len] == '\0')
            return o;
        if (found != NULL && (found->same != o->same || found->meaning != o->meaning))
            unique = false;
        found = o;
    }
    return unique ? found : NULL;
}

static void apply(struct gdb_files *files, enum meaning meaning, const char *value)
{
    if (meaning == SYMBOLS || meaning == BOTH)
        files->symbols = value;
    if (meaning == EXEC || meaning == BOTH)
        files->exec = value;
    if (meaning == CHDIR)
        files->dir = value;
}

/*
 * Reads the option argv[*at] and its argument. Returns false when gdb would refuse it. After
 * --args, *at is the last index before the program.
 */
static bool take_option(int argc, const char *const *argv, int *at, struct gdb_files *files,
                        bool *args)
{
    const char *name = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    const struct option *o = find_option(name, len);
    bool has_value = name[len] == '=';
    if (o == NULL)
        return false;
    *args = o->meaning == ARGS;
    if (o->meaning == FLAG || o->meaning == ARGS)
        return !has_value;
    if (!has_value && ++*at == argc)
        return false;
    apply(files, o->meaning, has_value ? name + len + 1 : argv[*at]);
    return true;
}

void gdb_files_parse(int argc, const char *const *argv, struct gdb_files *files)
{
    const char *first = NULL; /* the first word that is no option */
    bool args = false;
    *files = (struct gdb_files){0};
    for (int at = 1; at < argc; at++) {
        bool end = strcmp(argv[at], "--") == 0;
        if (!end && argv[at][0] == '-' && argv[at][1] != '\0') {
            if (!take_option(argc, argv, &at, files, &args)) {
                *files = (struct gdb_files){0};
                return;
            }
        } else if (first == NULL && !end) {
            first = argv[at]; /* a second one is a core file or a process */
        }
        if (args || end) {
            if ((args || first == NULL) && at + 1 < argc)
                first = argv[at + 1];
            break;
        }
    }
    if (first != NULL)
        apply(files, BOTH, first);
}

static bool is_file(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* "DIR/FILE" when that is a file; the caller frees it. */
static char *join(const char *dir, size_t dir_len, const char *file)
{
    char *path;
    if (asprintf(&path, "%.*s%s%s", (int)dir_len, dir, dir_len != 0 ? "/" : "", file) < 0)
        return NULL;
    if (is_file(path))
        return path;
    free(path);
    return NULL;
}

static char *search_path(const char *file, const char *path)
{
    char *found = NULL;
    while (found == NULL && *path != '\0') {
        size_t len = strcspn(path, ":");
        found = join(path, len, file);
        path += len + (path[len] == ':');
    }
    return found;
}

char *gdb_files_resolve(const char *file, const char *dir, const char *home, const char *path)
{
    if (file[0] == '~' && file[1] == '/' && home != NULL)
        return join(home, strlen(home), file + 2);
    if (file[0] == '/')
        return join("", 0, file);
    char *found = join(dir != NULL ? dir : "", dir != NULL ? strlen(dir) : 0, file);
    if (found == NULL && path != NULL && strchr(file, '/') == NULL)
        found = search_path(file, path);
    return found;
}

char *find_program(const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/') != NULL)
        return strdup(name);
    return path != NULL ? search_path(name, path) : NULL;
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

/* All of /proc/self/cmdline with a NUL behind it, NULL when it is too long or cannot be read. */
static char *read_cmdline(size_t *len)
{
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? malloc(CMDLINE_MAX + 1) : NULL;
    ssize_t got = 0;
    *len = 0;
    while (text != NULL && *len < CMDLINE_MAX &&
           (got = read(fd, text + *len, CMDLINE_MAX - *len)) > 0)
        *len += (size_t)got;
    if (fd >= 0)
        close(fd);
    if (text == NULL || got != 0 || *len == 0 || *len == CMDLINE_MAX) {
        free(text);
        return NULL;
    }
    text[*len] = '\0';
    return text;
}

char *find_elf_self(void)
{
    size_t len;
    char *text = read_cmdline(&len), *found = NULL;
    if (text == NULL)
        return NULL;
    int argc = 0;
    const char **argv = calloc(len, sizeof *argv);
    for (size_t at = 0; argv != NULL && at < len; at += strlen(text + at) + 1)
        argv[argc++] = text + at;
    if (argv != NULL)
        found = find_elf_argv(argc, argv, FIND_ELF_PROGRAM);
    free(argv);
    free(text);
    return found;
}
