/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds separate debug files in the places where GDB searches them (GDB manual, "Separate Debug
 * Files"):
 *
 *   ROOT/.build-id/XX/YYYY….debug   with the same build-id
 *   DIR/LINK, DIR/.debug/LINK, ROOT/DIR/LINK   by .gnu_debuglink
 *
 * DIR is the program's own directory. A FreeBSD kernel's is ROOT/boot/kernel/kernel.debug.
 */
#ifndef NETGDB_SYMBOLS_DEBUGFILE_H
#define NETGDB_SYMBOLS_DEBUGFILE_H

#include "symbols/elf_file.h"

/* The ROOTs of Linux and FreeBSD; ends in NULL. */
extern const char *const debugfile_roots[];

/*
 * Finds and opens the debug file of `program`, which was opened as `path`. It must have the
 * program's build-id or, if one of the two has no build-id, the checksum in .gnu_debuglink. Returns
 * its path, which the caller frees, and fills *debug, which the caller closes; or returns NULL.
 */
char *debugfile_open(const struct elf_file *program, const char *path, const char *const *roots,
                     struct elf_file *debug);

#endif
