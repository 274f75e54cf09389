/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registers of FreeBSD's stub on each machine, as sys/ARCH/include/gdb_machdep.h (GDB_NREGS,
 * gdb_cpu_regsz) and gdb_machdep.c (gdb_cpu_getreg, gdb_cpu_setreg) have them.
 */
#ifndef NETGDB_TESTS_SIM_REGISTERS_H
#define NETGDB_TESTS_SIM_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct registers {
    const char *machine; /* amd64, i386, arm64, riscv64, powerpc64 */
    unsigned count;      /* of `g` */
    unsigned pc, sp;
    bool big;                     /* byte order */
    uint64_t text;                /* where its kernel's code is: the first pc is 0x1000 behind */
    size_t buffer;                /* GDB_BUFSZ */
    size_t (*size)(uint64_t reg); /* in bytes */
    bool (*readable)(uint64_t reg, bool panicked); /* of the thread that panicked, or another */
    bool (*writable)(uint64_t reg, bool panicked);
};

/* NULL: no such machine. */
const struct registers *registers_of(const char *machine);

#endif
