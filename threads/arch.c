/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Architectures and the names of their registers; see arch.h. */
#include "threads/arch.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef EM_MICROBLAZE
#define EM_MICROBLAZE 189 /* FreeBSD's elf.h does not have it */
#endif
#ifndef EM_MICROBLAZE_OLD
#define EM_MICROBLAZE_OLD 0xbaab
#endif

static const struct arch machines[] = {
    {MACHINE_ARM, "arm", 4, ARM_SP, ARM_PC, REG_NONE, {ARM_MSP, 0}},
    {MACHINE_RISCV32, "riscv:rv32", 4, RISCV_SP, RISCV_PC, RISCV_X0, {RISCV_GP, RISCV_TP}},
    {MACHINE_RISCV64, "riscv:rv64", 8, RISCV_SP, RISCV_PC, RISCV_X0, {RISCV_GP, RISCV_TP}},
    {MACHINE_MICROBLAZE, "MicroBlaze", 4, MICROBLAZE_SP, MICROBLAZE_PC, MICROBLAZE_R0, {0, 0}},
};

static const struct arch *arch_of_machine(enum machine machine)
{
    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++) {
        if (machines[i].machine == machine)
            return &machines[i];
    }
    return NULL;
}

const struct arch *arch_of_elf(unsigned e_machine, bool is64)
{
    switch (e_machine) {
    case EM_ARM:
        return arch_of_machine(MACHINE_ARM);
    case EM_RISCV:
        return arch_of_machine(is64 ? MACHINE_RISCV64 : MACHINE_RISCV32);
    case EM_MICROBLAZE:
    case EM_MICROBLAZE_OLD:
        return is64 ? NULL : arch_of_machine(MACHINE_MICROBLAZE);
    default:
        return NULL;
    }
}

const struct arch *arch_of_name(const char *architecture)
{
    if (strncmp(architecture, "arm", 3) == 0)
        return arch_of_machine(MACHINE_ARM);
    if (strcmp(architecture, "riscv:rv64") == 0)
        return arch_of_machine(MACHINE_RISCV64);
    if (strncmp(architecture, "riscv", 5) == 0)
        return arch_of_machine(MACHINE_RISCV32);
    return strncasecmp(architecture, "microblaze", 10) == 0 ? arch_of_machine(MACHINE_MICROBLAZE)
                                                            : NULL;
}

/* The lengths that QEMU's stubs use; 168: ARM with the obsolete FPA registers. */
const struct arch *arch_of_g(size_t len)
{
    switch (len) {
    case 17 * 4:
    case 168:
        return arch_of_machine(MACHINE_ARM);
    case 33 * 4:
        return arch_of_machine(MACHINE_RISCV32);
    case 33 * 8:
        return arch_of_machine(MACHINE_RISCV64);
    case 57 * 4:
    case 59 * 4:
        return arch_of_machine(MACHINE_MICROBLAZE);
    default:
        return NULL;
    }
}

/* Parses a prefix followed by a decimal number from 0 to max, and nothing else. */
static bool numbered(const char *name, const char *prefix, unsigned max, unsigned *n)
{
    size_t width = strlen(prefix);
    char *end;
    if (strncmp(name, prefix, width) != 0 || name[width] < '0' || name[width] > '9')
        return false;
    unsigned long value = strtoul(name + width, &end, 10);
    *n = (unsigned)value;
    return *end == '\0' && value <= max;
}

/* Register names that are not a letter and a number. */
struct named {
    const char *name;
    struct arch_register r;
};

static bool look_up_arch(const struct named *names, size_t n, const char *name,
                         struct arch_register *r)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *r = names[i].r;
            return true;
        }
    }
    return false;
}

static struct arch_register one(unsigned reg)
{
    return (struct arch_register){.reg = (uint8_t)reg, .words = 1};
}

/* gdb 16 unwinds Cortex-M by msp and psp. A task has psp as its stack pointer. */
static bool arm_register(const char *name, struct arch_register *r)
{
    static const struct named names[] = {
        {"sp", {ARM_SP, 1, 0, 0}},      {"lr", {ARM_LR, 1, 0, 0}},
        {"pc", {ARM_PC, 1, 0, 0}},      {"xpsr", {ARM_PSR, 1, 0, 0}},
        {"cpsr", {ARM_PSR, 1, 0, 0}},   {"fpscr", {ARM_FPSCR, 1, 0, 0}},
        {"msp", {ARM_MSP, 1, 0, 0}},    {"psp", {ARM_SP, 1, 0, 0}},
        {"msp_s", {ARM_MSP, 1, 0, 0}},  {"psp_s", {ARM_SP, 1, 0, 0}},
        {"msp_ns", {ARM_MSP, 1, 0, 0}}, {"psp_ns", {ARM_SP, 1, 0, 0}},
    };
    unsigned n;
    if (numbered(name, "r", 15, &n))
        *r = one(ARM_R0 + n);
    else if (numbered(name, "s", 31, &n))
        *r = one(ARM_S0 + n);
    else if (numbered(name, "d", 31, &n))
        *r = (struct arch_register){.reg = (uint8_t)(ARM_S0 + 2 * n), .words = 2};
    else
        return look_up_arch(names, sizeof names / sizeof names[0], name, r);
    return true;
}

/* RISC-V ELF psABI, "Integer Register Convention", "Floating-point Register Convention". */
static bool riscv_abi_register(const char *name, struct arch_register *r)
{
    static const struct {
        const char *prefix;
        /* Range of the numbers; `reg` is the register of `first`. */
        unsigned first, last, reg;
    } runs[] = {
        {"t", 0, 2, 5},
        {"t", 3, 6, 28},
        {"s", 0, 1, 8},
        {"s", 2, 11, 18},
        {"a", 0, 7, 10},
        {"ft", 0, 7, RISCV_F0},
        {"ft", 8, 11, RISCV_F0 + 28},
        {"fs", 0, 1, RISCV_F0 + 8},
        {"fs", 2, 11, RISCV_F0 + 18},
        {"fa", 0, 7, RISCV_F0 + 10},
    };
    unsigned n;
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        if (numbered(name, runs[i].prefix, runs[i].last, &n) && n >= runs[i].first) {
            *r = one(runs[i].reg + n - runs[i].first);
            return true;
        }
    }
    return false;
}

static bool riscv_register(const char *name, struct arch_register *r)
{
    static const struct named names[] = {
        {"zero", {RISCV_X0, 1, 0, 0}},         {"ra", {RISCV_RA, 1, 0, 0}},
        {"sp", {RISCV_SP, 1, 0, 0}},           {"gp", {RISCV_GP, 1, 0, 0}},
        {"tp", {RISCV_TP, 1, 0, 0}},           {"fp", {8, 1, 0, 0}},
        {"pc", {RISCV_PC, 1, 0, 0}},           {"fcsr", {RISCV_FCSR, 1, 0, 0}},
        {"fflags", {RISCV_FCSR, 1, 0, 5}},     {"frm", {RISCV_FCSR, 1, 5, 3}},
        {"mstatus", {RISCV_MSTATUS, 1, 0, 0}},
    };
    unsigned n;
    if (numbered(name, "x", 31, &n))
        *r = one(RISCV_X0 + n);
    else if (numbered(name, "f", 31, &n))
        *r = one(RISCV_F0 + n);
    else
        return riscv_abi_register(name, r) ||
               look_up_arch(names, sizeof names / sizeof names[0], name, r);
    return true;
}

static bool microblaze_register(const char *name, struct arch_register *r)
{
    static const struct named names[] = {
        {"rpc", {MICROBLAZE_PC, 1, 0, 0}},
        {"rmsr", {MICROBLAZE_MSR, 1, 0, 0}},
        {"rfsr", {MICROBLAZE_FSR, 1, 0, 0}},
    };
    unsigned n;
    if (!numbered(name, "r", 31, &n))
        return look_up_arch(names, sizeof names / sizeof names[0], name, r);
    *r = one(MICROBLAZE_R0 + n);
    return true;
}

bool arch_register(const struct arch *a, const char *name, struct arch_register *r)
{
    switch (a->machine) {
    case MACHINE_ARM:
        return arm_register(name, r);
    case MACHINE_RISCV32:
    case MACHINE_RISCV64:
        return riscv_register(name, r);
    case MACHINE_MICROBLAZE:
        return microblaze_register(name, r);
    default:
        return false;
    }
}

/* True if an ARM PSR is an M-profile xPSR: EPSR.T is bit 24, and there are no mode bits, of which
 * bit 4 is set in every A-profile mode. */
static bool is_m_profile(uint64_t psr)
{
    return (psr & 0x1f) == 0 || (psr & (1u << 24)) != 0;
}

unsigned arch_breakpoint_kind(const struct arch *a, bool psr_known, uint64_t psr)
{
    if (a->machine != MACHINE_ARM)
        return 4;
    bool thumb = !psr_known || is_m_profile(psr) || (psr & 0x20) != 0;
    return thumb ? 2 : 4;
}
