/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The registers of FreeBSD's stub on each architecture. Sources: sys/ARCH/include/gdb_machdep.h
 * (GDB_NREGS, gdb_cpu_regsz) and gdb_machdep.c (gdb_cpu_getreg, gdb_cpu_setreg).
 */
#ifndef NETGDB_TESTS_SIM_REGISTERS_H
#define NETGDB_TESTS_SIM_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_arch {
    MACHINE_AMD64,
    MACHINE_ARM64,
    MACHINE_RISCV64,
    MACHINE_I386,
    MACHINE_POWERPC64,
    MACHINE_ARCHS
};

struct registers {
    enum machine_arch arch;
    const char *machine; /* FreeBSD's name: amd64, … */
    unsigned count;      /* registers in `g` */
    unsigned pc, sp;
    bool big;                                      /* byte order */
    uint64_t text;                                 /* address of a kernel's text */
    size_t buffer;                                 /* GDB_BUFSZ */
    size_t (*size)(uint64_t reg);                  /* in bytes */
    bool (*readable)(uint64_t reg, bool panicked); /* of the panicked thread, or of another */
    bool (*writable)(uint64_t reg, bool panicked);
    uint64_t (*slot)(uint64_t reg); /* that of the panicked thread which the stub accesses for
                                       `reg`; NULL: the same */
};

const struct registers *registers_of(enum machine_arch arch);

/* The same by name; NULL if there is none. */
const struct registers *registers_named(const char *machine);

#endif
