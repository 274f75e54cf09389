/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Offsets and sizes of structure members, read from a program's DWARF debug information. Only
 * dwarf.c uses libdw; in a build without libdw every look-up fails.
 */
#ifndef NETGDB_THREADS_DWARF_H
#define NETGDB_THREADS_DWARF_H

#include <stdbool.h>
#include <stdint.h>

struct layouts_dwarf;

/*
 * Opens the debug information of an ELF file that elf_check() has accepted. Returns NULL if there
 * is none or memory is short; the caller need not treat that as an error, since all functions
 * accept NULL. The caller closes it.
 */
struct layouts_dwarf *layouts_dwarf_open(const char *path);
void layouts_dwarf_close(struct layouts_dwarf *d); /* NULL is fine */

/*
 * Looks up a structure member and sets its offset and size in bytes (size 0: unknown). A path is
 * "STRUCTURE.MEMBER"; either name may be a list of alternatives separated by '|'. A structure is
 * found by its tag or by a typedef. Returns false if there is no such member.
 */
bool layouts_dwarf_member(struct layouts_dwarf *d, const char *path, uint64_t *offset,
                          uint64_t *size);

/* Sets the size in bytes of the first structure that has one of `names`, separated by '|'. */
bool layouts_dwarf_sizeof(struct layouts_dwarf *d, const char *names, uint64_t *size);

/* True in a build with libdw. */
bool layouts_dwarf_built(void);

#endif
