/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An x86 FreeBSD file in a gdb without FreeBSD's OS ABI. Such a gdb (Debian's gdb, and its
 * gdb-multiarch before 16) sniffs FreeBSD in e_ident[EI_OSABI], has no handler for it, and falls
 * back to 32-bit pointers and registers of 308 bytes. `set osabi none`, given before it reads the
 * file, makes it a plain amd64 or i386 gdb. Other machines' kernels have EI_OSABI 0 and must not
 * get that command.
 *
 * Source: gdb/osabi.c generic_elf_osabi_sniffer, gdbarch_init_osabi (10.1 to 18.1).
 */
#ifndef NETGDB_SYMBOLS_OSABI_H
#define NETGDB_SYMBOLS_OSABI_H

#include <stdbool.h>

/* Whether a file is of x86 (EM_X86_64, EM_386) and EI_OSABI says FreeBSD. */
bool osabi_is_x86_freebsd(const char *path);

/*
 * Whether the program at `path` is a gdb without a handler for FreeBSD's OS ABI, told by strings
 * that only gdb/osabi.c and gdb/fbsd-tdep.c have. Reads the file: about 10 ms.
 */
bool osabi_is_missing(const char *path);

/*
 * The arguments with which the gdb at `path` is to be started instead of argv (of argc, ending in
 * NULL): argv with -iex 'set osabi none' in front, when its command line names an x86 FreeBSD
 * file, it has no handler for that, and no argument sets the OS ABI already. NULL: argv will do,
 * or memory is short. The caller frees the array; the strings are argv's or constants.
 */
char **osabi_arguments(const char *path, int argc, char **argv);

#endif
