/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The types of a program, read from the DWARF debug information of its ELF file: where a
 * structure's members are, how large they are, and the names of an enumeration's values. Only
 * types.c uses libdw; in a build without libdw there are no types.
 *
 * A type is looked up in the compilation units of one source file, given by its base name
 * ("kern_proc.c"): a kernel has types of the same name in different files, and a unit is small
 * where the whole is not. NULL searches every unit.
 *
 * A path names a member: "proc.p_comm". A '.' enters a structure or union, "->" follows a pointer
 * to one; the offset is then from the start of the structure that it points to. Members of unnamed
 * structures count as members of the outer one. "STRUCTURE" alone is the structure, and a path that
 * ends in "->" is the type that a pointer points to. Each name may be a list of alternatives
 * separated by '|'. A structure is found by its tag or by a typedef of it.
 */
#ifndef NETGDB_SYMBOLS_TYPES_H
#define NETGDB_SYMBOLS_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TYPES_STRUCTURES_MAX = 16 }; /* distinct structures, each in a unit, that are looked up */

struct types;

struct types_member {
    uint64_t offset; /* bytes from the start of the innermost structure that the path enters */
    uint64_t size;   /* bytes; 0: unknown */
};

/*
 * Opens the debug information of an ELF file that elf_check() has accepted. Returns NULL if there
 * is none, if old binutils have compressed it (sections .zdebug_…, whose size elf_check() does not
 * limit), or memory is short; every function accepts NULL. The caller closes it.
 */
struct types *types_open(const char *path);
void types_close(struct types *t); /* NULL is fine */

/*
 * Looks up a path. Returns false if there is no such unit or member, the member is a bit-field, too
 * many entries would have to be read, or TYPES_STRUCTURES_MAX other structures were looked up
 * before. `unit` and `path` must stay valid until types_close().
 */
bool types_member(struct types *t, const char *unit, const char *path, struct types_member *m);

/*
 * Returns the name of a value of the enumeration that a path names, owned by `t`. NULL: the value
 * has no name, is above INT64_MAX or negative, or the path is not an enumeration. `unit` and `path`
 * must stay valid until types_close().
 */
const char *types_enumerator(struct types *t, const char *unit, const char *path, uint64_t value);

/* True in a build with libdw. */
bool types_built(void);

#endif
