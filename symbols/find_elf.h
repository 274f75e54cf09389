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

/*
 * The ELF file of the gdb whose arguments are argv: parsed, then resolved with $HOME and $PATH.
 * NULL when it has none. The caller frees it.
 */
char *find_elf_argv(int argc, const char *const *argv);

/* The same for this process, by /proc/self/cmdline. */
char *find_elf_self(void);

#endif
