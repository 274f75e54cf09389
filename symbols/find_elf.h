/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which ELF file a gdb debugs, by its command line alone: what its own main would take as the
 * file of symbols.
 */
#ifndef NETGDB_SYMBOLS_FIND_ELF_H
#define NETGDB_SYMBOLS_FIND_ELF_H

#include <stddef.h>

struct gdb_files {
    const char *symbols; /* -s, -se, or the first file; NULL: none */
    const char *exec;    /* -e, -se, or the first file; NULL: none */
    const char *dir;     /* --cd, NULL: none */
};

/*
 * Reads gdb's arguments (argv[0] is gdb itself). The pointers in *files are into argv. A command
 * line that gdb itself refuses yields no files.
 */
void gdb_files_parse(int argc, const char *const *argv, struct gdb_files *files);

/*
 * The path of a file as gdb would find it: ~ is `home`; a relative path starts at `dir` (NULL:
 * here); a name without '/' that is not there is looked for in `path` (as in $PATH; NULL: not).
 * Returns an existing file's path for the caller to free, or NULL.
 */
char *gdb_files_resolve(const char *file, const char *dir, const char *home, const char *path);

enum find_elf {
    FIND_ELF_PROGRAM, /* the file of symbols; without one, what is executed */
    FIND_ELF_SYMBOLS,
    FIND_ELF_EXEC,
};

/*
 * A file of the gdb whose arguments are argv: parsed, then resolved with $HOME and $PATH. NULL
 * when it has none. The caller frees it.
 */
char *find_elf_argv(int argc, const char *const *argv, enum find_elf which);

/* FIND_ELF_PROGRAM of this process, by /proc/self/cmdline. */
char *find_elf_self(void);

/* The file that execvp would execute: in $PATH unless it has a '/'. NULL: none, or no memory. */
char *find_program(const char *name);

#endif
