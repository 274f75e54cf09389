/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Layouts of structures from a program's debug information, by libdw, and the only file that
 * knows it. Built without libdw, nothing is ever found.
 */
#ifndef NETGDB_THREADS_DWARF_H
#define NETGDB_THREADS_DWARF_H

#include <stdbool.h>
#include <stdint.h>

struct layouts_dwarf;

/*
 * Opens the debug information of an ELF file that elf_check has passed. NULL when there is none;
 * not an error.
 */
struct layouts_dwarf *layouts_dwarf_open(const char *path);
void layouts_dwarf_close(struct layouts_dwarf *d); /* NULL is fine */

/*
 * Where a member is in its structure, and how many bytes it has (0: not known). A path is
 * "STRUCTURE.MEMBER"; either part may name alternatives with '|' between them. A structure is
 * found by its tag or by a typedef of one without a tag.
 */
bool layouts_dwarf_member(struct layouts_dwarf *d, const char *path, uint64_t *offset,
                          uint64_t *size);

/* Bytes of a structure of one of these names. */
bool layouts_dwarf_sizeof(struct layouts_dwarf *d, const char *names, uint64_t *size);

/* Whether this was built with libdw. */
bool layouts_dwarf_built(void);

#endif
