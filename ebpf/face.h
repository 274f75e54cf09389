/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The faces of the machine: which registers a debugger is shown, under which numbers. No debugger
 * in common use knows eBPF, so the usual face is aarch64, whose DWARF numbers 0 to 10 can stand
 * for r0 to r10.
 */
#ifndef NETGDB_EBPF_FACE_H
#define NETGDB_EBPF_FACE_H

#include "ebpf/machine.h"
#include "proto/buf.h"

enum ebpf_face_kind {
    EBPF_FACE_AARCH64, /* x0-x30, sp, pc, cpsr, then r0-r10 and the counters */
    EBPF_FACE_BPF,     /* GDB built for bpf: r0-r9, and r10 and pc of 4 bytes: 88 in all */
    EBPF_FACE_SEED     /* r0-r9, sp, pc: 96 bytes; and 12, "remaining", only by p and P */
};

/* Where a register's value is. */
enum ebpf_register_kind {
    EBPF_REG_R, /* of the machine */
    EBPF_REG_PC,
    EBPF_REG_BASE,     /* r10 less the frame size; read-only, as the next four */
    EBPF_REG_FRAME,    /* the innermost record of the shadow call stack */
    EBPF_REG_RETURN,   /* where the function returns to */
    EBPF_REG_NONE,     /* aarch64 has it and eBPF has not: 0 */
    EBPF_REG_EXECUTED, /* instructions run */
    EBPF_REG_REMAINING /* of the budget; all ones: no end */
};

struct ebpf_register {
    const char *name;
    uint8_t bytes;       /* 4 or 8, little-endian */
    uint8_t kind;        /* enum ebpf_register_kind */
    uint8_t index;       /* of a machine register */
    int8_t dwarf;        /* -1: none */
    const char *generic; /* LLDB's role, or NULL */
    const char *type;    /* of target.xml */
    bool only_p;         /* not in g */
    bool extra;          /* in the feature of our own */
};

struct ebpf_face {
    const char *name;
    enum ebpf_face_kind kind;
    const struct ebpf_register *reg;
    unsigned count;
    unsigned expedited[3]; /* register numbers for stop replies */
    unsigned expedited_count;
};

/* "aarch64", "bpf" or "seed"; NULL when it is none. */
const struct ebpf_face *ebpf_face_named(const char *name);
const struct ebpf_face *ebpf_face(enum ebpf_face_kind kind);

uint64_t ebpf_register_read(struct ebpf_machine *m, const struct ebpf_register *reg);

/* Whether the value can be written, or is what it is already. Changes nothing. */
bool ebpf_register_writable(struct ebpf_machine *m, const struct ebpf_register *reg,
                            uint64_t value);
void ebpf_register_write(struct ebpf_machine *m, const struct ebpf_register *reg, uint64_t value);

/* Appends target.xml. */
void ebpf_face_describe(const struct ebpf_face *face, struct buf *out);

#endif
