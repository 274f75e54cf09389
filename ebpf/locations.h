/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of location expressions in a linked ELF (DWARF 5, 2.6 and 7.7.3; DWARF 4, 2.6.2), which
 * libdw decodes but does not locate.
 */
#ifndef NETGDB_EBPF_LOCATIONS_H
#define NETGDB_EBPF_LOCATIONS_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#include "ebpf/linker.h"

/* Steps (link_step()) for `count` operations, for each of which libdw also allocates memory. */
static inline uint64_t link_operation_steps(size_t count)
{
    return 1 + 16 * (uint64_t)count;
}

/*
 * Replaces each operation `from` of a variable's location by `to` in l->image->elf, in an
 * expression or a list of them, until no step is left. `variable` is of a Dwarf on these bytes.
 * Malformed lists stay unchanged.
 */
void link_replace_operation(struct linker *l, Dwarf_Die *variable, uint8_t from, uint8_t to);

#endif
