/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The architectures that RTOSes run on: internal register numbers, and the register names of GDB's
 * target descriptions. regmap.h describes which registers a stub has, and where in its `g`.
 */
#ifndef NETGDB_THREADS_ARCH_H
#define NETGDB_THREADS_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REG_MAX = 112,
    REG_NONE = 255,

    ARM_R0 = 0,
    ARM_SP = 13,
    ARM_LR = 14,
    ARM_PC = 15,
    ARM_PSR = 16, /* xPSR or CPSR */
    ARM_FPSCR = 17,
    ARM_MSP = 18, /* of handlers: the same for all tasks */
    ARM_S0 = 32,  /* 64 words: d0 to d31, each as two words, low word first */

    RISCV_X0 = 0,
    RISCV_RA = 1,
    RISCV_SP = 2,
    RISCV_GP = 3,
    RISCV_TP = 4,
    RISCV_PC = 32,
    RISCV_MSTATUS = 33,
    RISCV_FCSR = 34,
    RISCV_F0 = 40,

    MICROBLAZE_R0 = 0,
    MICROBLAZE_SP = 1,
    MICROBLAZE_R14 = 14, /* return address of an interrupt */
    MICROBLAZE_PC = 32,
    MICROBLAZE_MSR = 33,
    MICROBLAZE_FSR = 36,
};

enum machine { MACHINE_NONE, MACHINE_ARM, MACHINE_RISCV32, MACHINE_RISCV64, MACHINE_MICROBLAZE };

struct arch {
    enum machine machine;
    const char *name;
    unsigned word; /* bytes of a register and of a pointer */
    uint8_t sp, pc;
    uint8_t zero;    /* the register that is always 0, or REG_NONE */
    uint8_t live[2]; /* registers that contexts do not save: the same for all tasks; 0: none */
};

/*
 * Each of these returns a constant, or NULL if the architecture is not supported.
 * By the ELF header (e_machine, EI_CLASS):
 */
const struct arch *arch_of_elf(unsigned e_machine, bool is64);

/* By the <architecture> of a target description. */
const struct arch *arch_of_name(const char *architecture);

/* By the length of `g` in bytes, for a stub without a target description. */
const struct arch *arch_of_g(size_t len);

/* A register of a target description: a saved register, or a bit field of one (fflags, frm). */
struct arch_register {
    uint8_t reg;   /* internal number of the first word */
    uint8_t words; /* 2 for a d register of ARM, else 1 */
    uint8_t shift; /* of the lowest bit */
    uint8_t bits;  /* 0: the whole register */
};

/* Fills *r for a register name. Returns false if contexts never save that register. */
bool arch_register(const struct arch *a, const char *name, struct arch_register *r);

/*
 * Returns the `kind` of a breakpoint for Z0 (GDB manual, "ARM Breakpoint Kinds"), its size in
 * bytes: on ARM 2 in Thumb and 4 in ARM state, as the PSR says, and Thumb unless psr_known;
 * else 4.
 */
unsigned arch_breakpoint_kind(const struct arch *a, bool psr_known, uint64_t psr);

#endif
