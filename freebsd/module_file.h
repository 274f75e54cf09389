/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A module's file on this machine. In each of these places the file itself is tried first, then the
 * file with ".debug" appended (FreeBSD installs both; GDB finds the second by the first's
 * .gnu_debuglink):
 *
 *   DIR/NAME and DIR/PATHNAME for each DIR of modules=
 *   ROOT/PATHNAME, where kernel.debug is ROOT/boot/… or ROOT/usr/lib/debug/boot/…, and PATHNAME
 *     begins with /boot/: ROOT may be this machine's own root
 *   next to kernel.debug
 *
 * A file of another build is refused: a relocatable module's by the sizes of its sections, any
 * other by its build-id.
 */
#ifndef NETGDB_FREEBSD_MODULE_FILE_H
#define NETGDB_FREEBSD_MODULE_FILE_H

#include "freebsd/modules.h"
#include "symbols/elf_file.h"

struct module_places {
    const char *dirs;   /* of modules=: DIR[:DIR…]; NULL or "": none */
    const char *kernel; /* the path of kernel.debug */
};

/*
 * Finds and opens the module's file. Returns its path, which the caller frees, and fills *file,
 * which the caller closes; or NULL and one line in why[size].
 */
char *module_file_open(const struct module *module, const struct module_places *places,
                       struct elf_file *file, char *why, size_t size);

/*
 * Calls `each` for every allocated section of a relocatable module's file, in the order of the
 * file, with its address in the kernel. A section that the kernel did not load gets an address at
 * which nothing can be mapped.
 */
void module_file_sections(const struct module *module, const struct elf_file *file,
                          void (*each)(void *context, uint64_t address), void *context);

#endif
