/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registers that a FreeBSD kernel's stub sends in `g`, and takes and gives in `p` and `P`, for
 * each machine; and the target description that tells a debugger of them.
 *
 * Sources: sys/ARCH/include/gdb_machdep.h (GDB_NREGS, gdb_cpu_regsz), 13.0 to 15.0; GDB manual,
 * "Target Descriptions" and "Standard Target Features"; gdb/features.
 */
#ifndef NETGDB_PROTO_DESCRIPTION_H
#define NETGDB_PROTO_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

struct register_group; /* description.c */

struct description {
    const char *machine;  /* as FreeBSD names it: amd64, … */
    uint16_t elf_machine; /* EM_… of its kernels */
    bool is64, big;       /* class and byte order of their ELF files */
    size_t len;           /* bytes of a `g` reply: no two machines have the same */
    unsigned pc;          /* the number of the program counter */
    const char *arch;     /* <architecture>; NULL: known by name and length, but not described */
    const char *osabi;    /* <osabi>; NULL: the debugger's own choice */
    const struct register_group *groups;
};

/* The machine of an ELF file; NULL: none of those known here. */
const struct description *description_of_elf(uint16_t elf_machine, bool is64, bool big);

/*
 * The machine whose stub made this reply to `g`, by its length and, where the byte orders of one
 * machine have the same, by its program counter. NULL: none of those known here.
 */
const struct description *description_of_registers(const uint8_t *reply, size_t len);

/* Writes the target description, an XML document, into *xml. Returns 0 or the buffer's error. */
int description_write(const struct description *d, struct buf *xml);

#endif
