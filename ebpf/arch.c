/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Register layouts for debuggers; see arch.h. */
#include "ebpf/arch.h"

#include <string.h>

#include "ebpf/frames.h"

#define R(n, name_, dwarf_, generic_)                                                              \
    {                                                                                              \
        .name = name_, .bytes = 8, .kind = EBPF_REG_R, .index = n, .dwarf = dwarf_,                \
        .generic = generic_, .type = "int64"                                                       \
    }
#define OTHER(name_, kind_, dwarf_, generic_, type_)                                               \
    {                                                                                              \
        .name = name_, .bytes = 8, .kind = kind_, .dwarf = dwarf_, .generic = generic_,            \
        .type = type_                                                                              \
    }
#define NONE(n) OTHER("x" #n, EBPF_REG_NONE, n, NULL, "int64")
#define EXTRA(n, type_)                                                                            \
    {                                                                                              \
        .name = "r" #n, .bytes = 8, .kind = EBPF_REG_R, .index = n, .dwarf = -1, .type = type_,    \
        .extra = true                                                                              \
    }

static const struct ebpf_register aarch64[] = {
    R(0, "x0", 0, NULL),
    R(1, "x1", 1, "arg1"),
    R(2, "x2", 2, "arg2"),
    R(3, "x3", 3, "arg3"),
    R(4, "x4", 4, "arg4"),
    R(5, "x5", 5, "arg5"),
    R(6, "x6", 6, NULL),
    R(7, "x7", 7, NULL),
    R(8, "x8", 8, NULL),
    R(9, "x9", 9, NULL),
    R(10, "x10", 10, NULL),
    OTHER("x11", EBPF_REG_BASE, EBPF_DWARF_BASE, NULL, "int64"),
    NONE(12),
    NONE(13),
    NONE(14),
    NONE(15),
    NONE(16),
    NONE(17),
    NONE(18),
    NONE(19),
    NONE(20),
    NONE(21),
    NONE(22),
    NONE(23),
    NONE(24),
    NONE(25),
    NONE(26),
    NONE(27),
    NONE(28),
    OTHER("x29", EBPF_REG_FRAME, EBPF_DWARF_X29, "fp", "int64"),
    OTHER("x30", EBPF_REG_RETURN, EBPF_DWARF_X30, "ra", "int64"),
    {.name = "sp",
     .bytes = 8,
     .kind = EBPF_REG_R,
     .index = 10,
     .dwarf = EBPF_DWARF_SP,
     .generic = "sp",
     .type = "data_ptr"},
    OTHER("pc", EBPF_REG_PC, -1, "pc", "code_ptr"),
    {.name = "cpsr",
     .bytes = 4,
     .kind = EBPF_REG_NONE,
     .dwarf = -1,
     .generic = "flags",
     .type = "int32"},
    EXTRA(0, "int64"),
    EXTRA(1, "int64"),
    EXTRA(2, "int64"),
    EXTRA(3, "int64"),
    EXTRA(4, "int64"),
    EXTRA(5, "int64"),
    EXTRA(6, "int64"),
    EXTRA(7, "int64"),
    EXTRA(8, "int64"),
    EXTRA(9, "int64"),
    EXTRA(10, "data_ptr"),
    {.name = "executed",
     .bytes = 8,
     .kind = EBPF_REG_EXECUTED,
     .dwarf = -1,
     .type = "uint64",
     .extra = true},
    {.name = "remaining",
     .bytes = 8,
     .kind = EBPF_REG_REMAINING,
     .dwarf = -1,
     .type = "uint64",
     .extra = true},
};

#define PLAIN                                                                                      \
    R(0, "r0", 0, NULL), R(1, "r1", 1, "arg1"), R(2, "r2", 2, "arg2"), R(3, "r3", 3, "arg3"),      \
        R(4, "r4", 4, "arg4"), R(5, "r5", 5, "arg5"), R(6, "r6", 6, NULL), R(7, "r7", 7, NULL),    \
        R(8, "r8", 8, NULL), R(9, "r9", 9, NULL)

static const struct ebpf_register bpf[] = {
    PLAIN,
    {.name = "r10",
     .bytes = 4,
     .kind = EBPF_REG_R,
     .index = 10,
     .dwarf = 10,
     .generic = "fp",
     .type = "data_ptr"},
    {.name = "pc",
     .bytes = 4,
     .kind = EBPF_REG_PC,
     .dwarf = -1,
     .generic = "pc",
     .type = "code_ptr"},
};

static const struct ebpf_register sbpf[] = {
    PLAIN,
    R(10, "sp", 10, "sp"),
    OTHER("pc", EBPF_REG_PC, 11, "pc", "code_ptr"),
    {.name = "remaining",
     .bytes = 8,
     .kind = EBPF_REG_REMAINING,
     .dwarf = 12,
     .type = "uint64",
     .only_p = true},
};

static const struct ebpf_arch archs[] = {
    {"aarch64", EBPF_ARCH_AARCH64, aarch64, sizeof aarch64 / sizeof aarch64[0], {29, 31, 32}, 3},
    {"bpf", EBPF_ARCH_BPF, bpf, sizeof bpf / sizeof bpf[0], {10, 11}, 2},
    {"sbpf", EBPF_ARCH_SBPF, sbpf, sizeof sbpf / sizeof sbpf[0], {10, 11}, 2},
};

const struct ebpf_arch *ebpf_arch(enum ebpf_arch_kind kind)
{
    return &archs[kind];
}

const struct ebpf_arch *ebpf_arch_named(const char *name)
{
    for (size_t i = 0; i < sizeof archs / sizeof archs[0]; i++)
        if (strcmp(archs[i].name, name) == 0)
            return &archs[i];
    return NULL;
}

static uint64_t return_address(const struct ebpf_machine *m)
{
    return m->depth == 0 ? 0 : m->text + (uint64_t)m->frames[m->depth - 1].ret * BPF_INSN_SIZE;
}

uint64_t ebpf_register_read(struct ebpf_machine *m, const struct ebpf_register *reg)
{
    switch ((enum ebpf_register_kind)reg->kind) {
    case EBPF_REG_R:
        return m->reg[reg->index];
    case EBPF_REG_PC:
        return m->pc;
    case EBPF_REG_BASE:
        return ebpf_frame_base(m, m->pc, m->reg[10]);
    case EBPF_REG_FRAME:
        return ebpf_shadow_at(m);
    case EBPF_REG_RETURN:
        return return_address(m);
    case EBPF_REG_EXECUTED:
        return m->executed;
    case EBPF_REG_REMAINING:
        return m->budget == EBPF_NO_BUDGET ? m->budget : m->budget - m->executed;
    case EBPF_REG_NONE:
        break;
    }
    return 0;
}

bool ebpf_register_writable(struct ebpf_machine *m, const struct ebpf_register *reg, uint64_t value)
{
    return reg->kind == EBPF_REG_R || reg->kind == EBPF_REG_PC || reg->kind == EBPF_REG_REMAINING ||
           ebpf_register_read(m, reg) == value;
}

void ebpf_register_write(struct ebpf_machine *m, const struct ebpf_register *reg, uint64_t value)
{
    if (reg->kind == EBPF_REG_R)
        m->reg[reg->index] = value;
    else if (reg->kind == EBPF_REG_PC)
        m->pc = value;
    else if (reg->kind == EBPF_REG_REMAINING)
        ebpf_machine_budget(m, value);
}

static void describe_feature(const struct ebpf_arch *arch, const char *name, bool extra,
                             struct buf *out)
{
    (void)buf_printf(out, "<feature name=\"%s\">\n", name);
    for (unsigned i = 0; i < arch->count; i++) {
        const struct ebpf_register *r = &arch->reg[i];
        if (r->extra == extra)
            (void)buf_printf(out, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"/>\n",
                             r->name, 8U * r->bytes, r->type, i);
    }
    (void)buf_adds(out, "</feature>\n");
}

void ebpf_arch_describe(const struct ebpf_arch *arch, struct buf *out)
{
    (void)buf_adds(out, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                        "<target version=\"1.0\">\n<architecture>aarch64</architecture>\n");
    describe_feature(arch, "org.gnu.gdb.aarch64.core", false, out);
    describe_feature(arch, "org.netgdb.bpf", true, out);
    (void)buf_adds(out, "</target>\n");
}
