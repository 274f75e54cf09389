/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registers of a FreeBSD kernel's stub (`g`, `p`, `P`) for each machine, and the target
 * description that reports them to a debugger.
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
    const char *machine;  /* FreeBSD's name: amd64, … */
    uint16_t elf_machine; /* EM_… of its kernels */
    bool is64, big;       /* class and byte order of their ELF files */
    size_t len;           /* bytes in a `g` reply; differs between machines, not byte orders */
    unsigned pc;          /* register number of the program counter */
    const char *arch;     /* <architecture>; NULL: recognized, but without a description */
    const char *osabi;    /* <osabi>; NULL: left to the debugger */
    const struct register_group *groups; /* NULL if arch is NULL */
};

/* Returns the entry for an ELF file's machine, or NULL if it is unknown. */
const struct description *description_of_elf(uint16_t elf_machine, bool is64, bool big);

/*
 * Returns the entry of the machine whose stub sent this reply to `g`, which is `len` digits long,
 * or NULL if it is unknown. The length identifies the machine; powerpc64's byte order follows from
 * the program counter.
 */
const struct description *description_of_registers(const uint8_t *reply, size_t len);

/*
 * Sets *value to register `n` in a reply to `g` of this machine, which is `len` digits long; d->pc
 * is the number of the program counter. Returns false if the reply does not have it, or it is
 * longer than 8 bytes.
 */
bool description_register(const struct description *d, unsigned n, const uint8_t *reply, size_t len,
                          uint64_t *value);

/* Writes the target description, an XML document, into *xml; d->arch must not be NULL. Returns 0 or
 * the buffer's error. */
int description_write(const struct description *d, struct buf *xml);

#endif
