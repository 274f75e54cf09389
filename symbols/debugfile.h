/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Separate debug files, where GDB looks for them too (GDB manual, "Separate Debug Files"):
 *
 *   ROOT/.build-id/XX/YYYY….debug   with the same build-id
 *   DIR/LINK, DIR/.debug/LINK, ROOT/DIR/LINK   by .gnu_debuglink
 *
 * DIR is the program's own directory. A FreeBSD kernel's is ROOT/boot/kernel/kernel.debug.
 */
#ifndef NETGDB_SYMBOLS_DEBUGFILE_H
#define NETGDB_SYMBOLS_DEBUGFILE_H

#include "symbols/elf_file.h"

/* Linux's and FreeBSD's ROOTs; ends in NULL. */
extern const char *const debugfile_roots[];

/*
 * Finds and opens the debug file of `program`, which was opened as `path`. A file counts when its
 * build-id is the program's, or when one of the two has none and its checksum is the link's.
 * Returns its path (the caller frees it) and fills *debug, or NULL.
 */
char *debugfile_open(const struct elf_file *program, const char *path, const char *const *roots,
                     struct elf_file *debug);

#endif
