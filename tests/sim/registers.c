/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers of machines; see registers.h. */
#include "tests/sim/registers.h"

#include <string.h>

/* ---- amd64: 16 GPRs, rip, rflags cs ss and four more of 4 bytes, 32 without a value ---- */

static size_t amd64_size(uint64_t reg)
{
    return reg > 16 && reg < 24 ? 4 : 8;
}

/* In the pcb of every thread: rbx rbp rsp r12 r13 r14 r15 rip. */
static bool amd64_in_pcb(uint64_t reg)
{
    return reg == 1 || reg == 6 || reg == 7 || (reg >= 12 && reg <= 16);
}

static bool amd64_readable(uint64_t reg, bool panicked)
{
    return amd64_in_pcb(reg) || (panicked && reg < 20) || reg == 18 || reg == 19;
}

static bool amd64_writable(uint64_t reg, bool panicked)
{
    return amd64_in_pcb(reg) || (panicked && reg <= 16);
}

/* ---- i386: eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs ---- */

static size_t i386_size(uint64_t reg)
{
    (void)reg;
    return 4;
}

static bool i386_readable(uint64_t reg, bool panicked)
{
    return reg < 16 && (panicked || (reg >= 3 && reg != 9));
}

static bool i386_writable(uint64_t reg, bool panicked)
{
    (void)panicked;
    return reg == 8;
}

/* ---- arm64: x0 to x30, sp, pc, cpsr, and v0 to v31 fpsr fpcr without a value ---- */

static size_t arm64_size(uint64_t reg)
{
    return reg == 33 || reg == 66 || reg == 67 ? 4 : reg >= 34 && reg <= 65 ? 16 : 8;
}

/* x0 to x18 are not in the pcb, and the stub does not read the trap frame. */
static bool arm64_readable(uint64_t reg, bool panicked)
{
    return (reg >= 19 && reg <= 32) || (panicked && reg == 33);
}

/* gdb_cpu_setreg writes lr to the pcb alone, and gdb_cpu_getreg reads the trap frame's. */
static bool arm64_writable(uint64_t reg, bool panicked)
{
    return panicked ? reg <= 32 && reg != 30 : reg >= 19 && reg <= 32;
}

/* ---- riscv64: x0 (without a value) to x31, pc, and CSRs that only `p` has ---- */

static size_t riscv64_size(uint64_t reg)
{
    (void)reg;
    return 8;
}

static bool riscv64_readable(uint64_t reg, bool panicked)
{
    bool pcb =
        (reg >= 1 && reg <= 4) || reg == 8 || reg == 9 || (reg >= 18 && reg <= 27) || reg == 32;
    bool csr = reg == 65 + 0x100 || reg == 65 + 0x142 || reg == 65 + 0x143;
    return pcb || (panicked && ((reg >= 1 && reg <= 32) || csr));
}

/* Both functions index tf_t from t0 for t3 to t6. */
static uint64_t riscv64_slot(uint64_t reg)
{
    static const uint64_t tf_t[] = {5, 6, 7, 28};
    return reg >= 28 && reg <= 31 ? tf_t[reg - 28] : reg;
}

/* ---- powerpc64: GPRs, FPRs, pc ps cr lr ctr xer fpscr, VRs, vscr vrsave ---- */

static size_t powerpc64_size(uint64_t reg)
{
    if (reg <= 65 || reg == 67 || reg == 68)
        return 8;
    return reg >= 71 && reg <= 102 ? 16 : 4;
}

static bool powerpc64_readable(uint64_t reg, bool panicked)
{
    bool pcb = reg == 1 || reg == 2 || (reg >= 12 && reg <= 31) || reg == 64;
    return pcb || (panicked && (reg <= 31 || reg == 67));
}

static bool powerpc64_writable(uint64_t reg, bool panicked)
{
    (void)reg;
    (void)panicked;
    return false;
}

static const struct registers all[MACHINE_ARCHS] = {
    {MACHINE_AMD64, "amd64", 56, 16, 7, false, UINT64_C(0xffffffff80200000), 4096, amd64_size,
     amd64_readable, amd64_writable, NULL},
    {MACHINE_ARM64, "arm64", 68, 32, 31, false, UINT64_C(0xffff000000200000), 4096, arm64_size,
     arm64_readable, arm64_writable, NULL},
    {MACHINE_RISCV64, "riscv64", 33, 32, 2, false, UINT64_C(0xffffffc000200000), 4096, riscv64_size,
     riscv64_readable, riscv64_readable, riscv64_slot},
    {MACHINE_I386, "i386", 16, 8, 4, false, 0xc0200000, 400, i386_size, i386_readable,
     i386_writable, NULL},
    {MACHINE_POWERPC64, "powerpc64", 105, 64, 1, true, UINT64_C(0xc000000000100000), 2152,
     powerpc64_size, powerpc64_readable, powerpc64_writable, NULL},
};

const struct registers *registers_of(enum machine_arch arch)
{
    return &all[arch];
}

const struct registers *registers_named(const char *machine)
{
    for (size_t i = 0; i < MACHINE_ARCHS; i++) {
        if (strcmp(all[i].machine, machine) == 0)
            return &all[i];
    }
    return NULL;
}
