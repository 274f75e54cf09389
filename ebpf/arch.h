/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The architecture that debuggers see (option --arch): its registers, their numbers and sizes. No
 * common debugger knows eBPF, so the default is aarch64, whose DWARF numbers 0 to 10 can represent
 * r0 to r10.
 */
#ifndef NETGDB_EBPF_ARCH_H
#define NETGDB_EBPF_ARCH_H

#include "ebpf/machine.h"
#include "proto/buf.h"

enum ebpf_arch_kind {
    EBPF_ARCH_AARCH64, /* x0-x30, sp, pc, cpsr, then r0-r10 and the counters */
    EBPF_ARCH_BPF,     /* GDB built for bpf: r0-r9, then r10 and pc of 4 bytes; 88 bytes */
    EBPF_ARCH_SBPF     /* r0-r9, sp, pc: 96 bytes; number 12, "remaining", by p and P only */
};

/* The source of a register's value. */
enum ebpf_register_kind {
    EBPF_REG_R, /* r0 to r10 of the machine */
    EBPF_REG_PC,
    EBPF_REG_BASE,     /* r10 minus the frame size; read-only, like the next four */
    EBPF_REG_FRAME,    /* address of the innermost record of the shadow call stack */
    EBPF_REG_RETURN,   /* return address */
    EBPF_REG_NONE,     /* a register of aarch64 without an equivalent: 0 */
    EBPF_REG_EXECUTED, /* instructions executed */
    EBPF_REG_REMAINING /* instructions left in the budget; all ones: unlimited */
};

struct ebpf_register {
    const char *name;
    uint8_t bytes;       /* 4 or 8, little-endian */
    uint8_t kind;        /* enum ebpf_register_kind */
    uint8_t index;       /* number of the machine register */
    int8_t dwarf;        /* -1: none */
    const char *generic; /* generic name for LLDB (qRegisterInfo), or NULL */
    const char *type;    /* in target.xml */
    bool only_p;         /* not in g */
    bool extra;          /* in target.xml's second feature, not in aarch64's */
};

struct ebpf_arch {
    const char *name;
    enum ebpf_arch_kind kind;
    const struct ebpf_register *reg;
    unsigned count;
    unsigned expedited[3]; /* register numbers for stop replies */
    unsigned expedited_count;
};

/* Find an architecture by name ("aarch64", "bpf", "sbpf"; NULL: none) or by kind. Constants. */
const struct ebpf_arch *ebpf_arch_named(const char *name);
const struct ebpf_arch *ebpf_arch(enum ebpf_arch_kind kind);

/* Returns a register's value. */
uint64_t ebpf_register_read(struct ebpf_machine *m, const struct ebpf_register *reg);

/* True if the register is writable or already has this value. Changes nothing. */
bool ebpf_register_writable(struct ebpf_machine *m, const struct ebpf_register *reg,
                            uint64_t value);
void ebpf_register_write(struct ebpf_machine *m, const struct ebpf_register *reg, uint64_t value);

/* Appends the target.xml of an architecture. */
void ebpf_arch_describe(const struct ebpf_arch *arch, struct buf *out);

#endif
