/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machines that RTOSes run on: their registers under numbers of our own, and what each is
 * called in a target description. Which of them a stub has, and where, is regmap.h.
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
    ARM_S0 = 32, /* 64 words: d0 to d31, the lower half first */

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
    MICROBLAZE_R14 = 14, /* where an interrupted task goes on */
    MICROBLAZE_PC = 32,
    MICROBLAZE_MSR = 33,
    MICROBLAZE_FSR = 36,
};

enum machine { MACHINE_NONE, MACHINE_ARM, MACHINE_RISCV32, MACHINE_RISCV64, MACHINE_MICROBLAZE };

struct arch {
    enum machine machine;
    const char *name;
    unsigned word; /* bytes */
    uint8_t sp, pc;
    uint8_t zero;    /* a register that is always 0, or REG_NONE */
    uint8_t live[2]; /* registers that no task saves: they are the CPU's; 0: none */
};

/* The machine of an ELF file (e_machine, EI_CLASS), or NULL. */
const struct arch *arch_of_elf(unsigned e_machine, bool is64);

/* The machine of a target description's <architecture>, or NULL. */
const struct arch *arch_of_name(const char *architecture);

/* The machine whose `g` has so many bytes without a target description, or NULL. */
const struct arch *arch_of_g(size_t len);

/*
 * What a register of a target description is: *reg, the first of *parts registers of ours (a d
 * register of ARM is two words), and the bits of it that are meant (fflags, frm). Returns false
 * for one that no task saves.
 */
struct arch_register {
    uint8_t reg, parts;
    uint8_t shift, bits; /* bits 0: all of it */
};
bool arch_register(const struct arch *a, const char *name, struct arch_register *r);

/* Bytes of the instruction at `pc` as Z0 wants them: `psr` is ARM's, and tells Thumb from ARM. */
unsigned arch_breakpoint_kind(const struct arch *a, uint64_t psr_known, uint64_t psr);

/* Whether a PSR of ARM is an M-profile's (EPSR.T is bit 24 there, and there are no modes). */
bool arch_psr_is_m_profile(uint64_t psr);

#endif
