/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds the ELF file that a gdb debugs, by gdb's command line alone: the file that gdb's own main()
 * would use as its symbol file.
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
 * Parses gdb's arguments (argv[0] is gdb itself). The pointers in *files point into argv. A command
 * line that gdb itself rejects yields no files.
 */
void gdb_files_parse(int argc, const char *const *argv, struct gdb_files *files);

/*
 * Resolves a file name as gdb does: ~ is `home`; a relative path starts at `dir` (NULL: the current
 * directory); a name without '/' that does not exist there is searched in `path` (in the form of
 * $PATH; NULL: none). Returns the path of an existing file, which the caller frees, or NULL.
 */
char *gdb_files_resolve(const char *file, const char *dir, const char *home, const char *path);

enum find_elf {
    FIND_ELF_PROGRAM, /* the symbol file; without one, the executable */
    FIND_ELF_SYMBOLS,
    FIND_ELF_EXEC,
};

/*
 * Parses the arguments of a gdb and resolves a file with $HOME and $PATH. Returns NULL if the
 * command line names none. The caller frees it.
 */
char *find_elf_argv(int argc, const char *const *argv, enum find_elf which);

/* The same for arguments that are followed by a NUL each, `len` bytes in all, and FIND_ELF_PROGRAM.
 */
char *find_elf_words(const char *words, size_t len);

/*
 * Returns the file that execvp() would execute: `name` itself if it has a '/', else the first
 * executable of that name in $PATH; without one the first file, which cannot be executed. The
 * caller frees it. NULL: none, or out of memory.
 */
char *find_program(const char *name);

#endif
