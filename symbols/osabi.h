/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Support for x86 FreeBSD files in a gdb without FreeBSD's OS ABI, or without kgdb's. The former
 * (Debian's gdb, and its gdb-multiarch before 16) finds FreeBSD in e_ident[EI_OSABI], has no
 * handler for it, and falls back to 32-bit pointers and registers of 308 bytes. After `set osabi
 * none`, given before it reads the file, it handles the file as plain amd64 or i386. Kernels of
 * other architectures have EI_OSABI 0 and must not get that command.
 *
 * A gdb with the handler (on FreeBSD; gdb-multiarch from 16) reads SVR4 libraries for such a file,
 * and cannot load amd64 kernel modules, which are relocatable: for a kernel it needs the same
 * command. kgdb, and a gdb that was built with it, has an OS ABI for kernels and does not need it.
 *
 * Source: gdb/osabi.c generic_elf_osabi_sniffer, gdbarch_init_osabi; gdb/fbsd-tdep.c (10.1
 * to 18.1).
 */
#ifndef NETGDB_SYMBOLS_OSABI_H
#define NETGDB_SYMBOLS_OSABI_H

#include <stdbool.h>

/* gdb/fbsd-tdep.c, which every handler of FreeBSD's OS ABI needs. */
#define OSABI_FREEBSD_TEXT "syscalls/freebsd.xml"

/* True for an x86 file (EM_X86_64, EM_386) whose EI_OSABI is FreeBSD. */
bool osabi_is_x86_freebsd(const char *path);

/*
 * True if the program at `path` is a gdb without a handler for FreeBSD's OS ABI. Searches the file
 * for strings that only gdb/osabi.c and gdb/fbsd-tdep.c have, which takes about 10 ms.
 */
bool osabi_is_missing(const char *path);

/* True if the program at `path` is a gdb of any name, by a string of gdb/osabi.c in it. */
bool osabi_is_gdb(const char *path);

/*
 * Returns the arguments for the gdb at `path`: argv (of argc, ending in NULL) with -iex 'set osabi
 * none' as the first option, if its command line names a file for which this gdb needs that
 * (above), and no argument sets the OS ABI. Returns NULL if argv needs no change or memory is
 * short. The caller frees the array; the strings are argv's or constants.
 */
char **osabi_arguments(const char *path, int argc, char **argv);

#endif
