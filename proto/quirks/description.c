/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of the registers of FreeBSD's stubs; see description.h. */
#include "proto/quirks/description.h"

#include <elf.h>
#include <string.h>

#include "proto/rsp/rsp.h"

/*
 * A group of consecutive registers. Numbers continue from the previous group, unless `first` is
 * set.
 */
struct register_group {
    const char *names;   /* separated by spaces; NULL ends the table */
    unsigned bits;       /* size of each register */
    unsigned first;      /* number of the first register; 0: the next number */
    const char *type;    /* predefined by GDB, or defined in `types` */
    const char *feature; /* not NULL: the group begins this feature */
    const char *types;   /* XML that defines types, in front of the feature's registers */
};

#define EFLAGS                                                                                     \
    "<flags id=\"i386_eflags\" size=\"4\">"                                                        \
    "<field name=\"\" start=\"22\" end=\"31\"/>"                                                   \
    "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"\" start=\"1\" end=\"1\"/>"           \
    "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"         \
    "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"         \
    "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"         \
    "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"     \
    "<field name=\"NT\" start=\"14\" end=\"14\"/><field name=\"RF\" start=\"16\" end=\"16\"/>"     \
    "<field name=\"VM\" start=\"17\" end=\"17\"/><field name=\"AC\" start=\"18\" end=\"18\"/>"     \
    "<field name=\"VIF\" start=\"19\" end=\"19\"/><field name=\"VIP\" start=\"20\" end=\"20\"/>"   \
    "<field name=\"ID\" start=\"21\" end=\"21\"/></flags>"

#define ST "st0 st1 st2 st3 st4 st5 st6 st7"
#define FCTRL "fctrl fstat ftag fiseg fioff foseg fooff fop"
#define XMM8 "xmm0 xmm1 xmm2 xmm3 xmm4 xmm5 xmm6 xmm7"

/*
 * From number 24 on the stub sends 32 registers of 8 bytes without values. GDB's feature requires
 * x87 and SSE registers, so they are placed over those bytes and have no values either.
 */
static const struct register_group amd64[] = {
    {"rax rbx rcx rdx rsi rdi", 64, 0, "int64", "org.gnu.gdb.i386.core", EFLAGS},
    {"rbp rsp", 64, 0, "data_ptr", NULL, NULL},
    {"r8 r9 r10 r11 r12 r13 r14 r15", 64, 0, "int64", NULL, NULL},
    {"rip", 64, 0, "code_ptr", NULL, NULL},
    {"eflags", 32, 0, "i386_eflags", NULL, NULL},
    {"cs ss ds es fs gs", 32, 0, "int32", NULL, NULL},
    {ST, 80, 0, "i387_ext", NULL, NULL},
    {FCTRL, 32, 0, "int32", NULL, NULL},
    {XMM8 " xmm8 xmm9 xmm10 xmm11 xmm12 xmm13 xmm14 xmm15", 128, 0, "uint128",
     "org.gnu.gdb.i386.sse", NULL},
    {"mxcsr", 32, 0, "int32", NULL, NULL},
    {NULL, 0, 0, NULL, NULL, NULL},
};

/* The stub has only the first 16 registers. */
/* Not i386, which is a macro there. */
static const struct register_group i386_groups[] = {
    {"eax ecx edx ebx", 32, 0, "int32", "org.gnu.gdb.i386.core", EFLAGS},
    {"esp ebp", 32, 0, "data_ptr", NULL, NULL},
    {"esi edi", 32, 0, "int32", NULL, NULL},
    {"eip", 32, 0, "code_ptr", NULL, NULL},
    {"eflags", 32, 0, "i386_eflags", NULL, NULL},
    {"cs ss ds es fs gs", 32, 0, "int32", NULL, NULL},
    {ST, 80, 0, "i387_ext", NULL, NULL},
    {FCTRL, 32, 0, "int32", NULL, NULL},
    {NULL, 0, 0, NULL, NULL, NULL},
};

static const struct register_group arm64[] = {
    {"x0 x1 x2 x3 x4 x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 "
     "x25 x26 x27 x28 x29 x30",
     64, 0, "int64", "org.gnu.gdb.aarch64.core", NULL},
    {"sp", 64, 0, "data_ptr", NULL, NULL},
    {"pc", 64, 0, "code_ptr", NULL, NULL},
    {"cpsr", 32, 0, "int32", NULL, NULL},
    {"v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 v10 v11 v12 v13 v14 v15 v16 v17 v18 v19 v20 v21 v22 v23 v24 "
     "v25 v26 v27 v28 v29 v30 v31",
     128, 0, "uint128", "org.gnu.gdb.aarch64.fpu", NULL},
    {"fpsr fpcr", 32, 0, "int32", NULL, NULL},
    {NULL, 0, 0, NULL, NULL, NULL},
};

/* The CSRs are not in the reply to `g`; `p` reads them. */
static const struct register_group riscv64[] = {
    {"zero", 64, 0, "int64", "org.gnu.gdb.riscv.cpu", NULL},
    {"ra", 64, 0, "code_ptr", NULL, NULL},
    {"sp gp tp", 64, 0, "data_ptr", NULL, NULL},
    {"t0 t1 t2", 64, 0, "int64", NULL, NULL},
    {"fp", 64, 0, "data_ptr", NULL, NULL},
    {"s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6", 64, 0, "int64", NULL,
     NULL},
    {"pc", 64, 0, "code_ptr", NULL, NULL},
    {"sstatus", 64, 65 + 0x100, "int64", "org.gnu.gdb.riscv.csr", NULL},
    {"scause stval", 64, 65 + 0x142, "int64", NULL, NULL},
    {NULL, 0, 0, NULL, NULL, NULL},
};

static const struct register_group powerpc64[] = {
    {"r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 r13 r14 r15 r16 r17 r18 r19 r20 r21 r22 r23 r24 "
     "r25 r26 r27 r28 r29 r30 r31",
     64, 0, "uint64", "org.gnu.gdb.power.core", NULL},
    {"pc", 64, 64, "code_ptr", NULL, NULL},
    {"msr", 64, 0, "uint64", NULL, NULL},
    {"cr", 32, 0, "uint32", NULL, NULL},
    {"lr", 64, 0, "code_ptr", NULL, NULL},
    {"ctr", 64, 0, "uint64", NULL, NULL},
    {"xer", 32, 0, "uint32", NULL, NULL},
    {"f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 f20 f21 f22 f23 f24 "
     "f25 f26 f27 f28 f29 f30 f31",
     64, 32, "ieee_double", "org.gnu.gdb.power.fpu", NULL},
    {"fpscr", 32, 70, "int32", NULL, NULL},
    {"vr0 vr1 vr2 vr3 vr4 vr5 vr6 vr7 vr8 vr9 vr10 vr11 vr12 vr13 vr14 vr15 vr16 vr17 vr18 vr19 "
     "vr20 vr21 vr22 vr23 vr24 vr25 vr26 vr27 vr28 vr29 vr30 vr31",
     128, 71, "uint128", "org.gnu.gdb.power.altivec", NULL},
    {"vscr vrsave", 32, 0, "int32", NULL, NULL},
    {NULL, 0, 0, NULL, NULL, NULL},
};

/*
 * `none` prevents an x86 gdb from assuming GNU/Linux. On other machines it would make GDB send `s`
 * instead of stepping by breakpoints, and riscv's stub cannot step.
 */
static const struct description descriptions[] = {
    {"amd64", EM_X86_64, true, false, 420, 16, "i386:x86-64", "none", amd64},
    {"i386", EM_386, false, false, 64, 8, "i386", "none", i386_groups},
    {"arm64", EM_AARCH64, true, false, 788, 32, "aarch64", NULL, arm64},
    {"riscv64", EM_RISCV, true, false, 264, 32, "riscv:rv64", NULL, riscv64},
    {"powerpc64", EM_PPC64, true, true, 1076, 64, "powerpc:common64", NULL, powerpc64},
    {"powerpc64le", EM_PPC64, true, false, 1076, 64, "powerpc:common64", NULL, powerpc64},
    {"powerpc", EM_PPC, false, true, 932, 64, NULL, NULL, NULL},
    {"armv7", EM_ARM, false, false, 168, 15, NULL, NULL, NULL},
};

enum { DESCRIPTIONS = sizeof descriptions / sizeof descriptions[0] };

const struct description *description_of_elf(uint16_t elf_machine, bool is64, bool big)
{
    for (size_t i = 0; i < DESCRIPTIONS; i++) {
        const struct description *d = &descriptions[i];
        if (d->elf_machine == elf_machine && d->is64 == is64 && d->big == big)
            return d;
    }
    return NULL;
}

/*
 * Whether powerpc64's pc, which follows 64 registers of 8 bytes, is big-endian. Kernels run in the
 * direct map (0xc0…) or near 0, so the most significant byte is 0xc0 or 0.
 */
static bool is_pc_big(const uint8_t *reply)
{
    const uint8_t *pc = reply + (size_t)2 * 64 * 8;
    int first = rsp_hex_byte(pc), last = rsp_hex_byte(pc + 14);
    return first == 0xc0 || (first == 0 && last != 0xc0);
}

const struct description *description_of_registers(const uint8_t *reply, size_t len)
{
    for (size_t i = 0; i < DESCRIPTIONS; i++) {
        const struct description *d = &descriptions[i];
        if (2 * d->len == len && (d->elf_machine != EM_PPC64 || d->big == is_pc_big(reply)))
            return d;
    }
    return NULL;
}

static void write_registers(const struct register_group *g, unsigned *next, struct buf *xml)
{
    unsigned number = g->first != 0 ? g->first : *next;
    for (const char *name = g->names; *name != '\0'; name += strspn(name, " ")) {
        size_t len = strcspn(name, " ");
        (void)buf_printf(xml, "<reg name=\"%.*s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"/>",
                         (int)len, name, g->bits, g->type, number++);
        name += len;
    }
    *next = number;
}

static unsigned count_names(const char *names)
{
    unsigned n = *names != '\0';
    for (; *names != '\0'; names++)
        n += *names == ' ';
    return n;
}

/* The offset of a register in `g`, in bytes, and its size; registers are numbered in that order. */
static bool find_register(const struct description *d, unsigned wanted, size_t *offset,
                          size_t *size)
{
    unsigned next = 0;
    *offset = 0;
    for (const struct register_group *g = d->groups; g != NULL && g->names != NULL; g++) {
        unsigned n = count_names(g->names);
        *size = g->bits / 8;
        if (g->first != 0 && g->first != next)
            return false;
        if (wanted < next + n) {
            *offset += (wanted - next) * *size;
            return true;
        }
        *offset += n * *size;
        next += n;
    }
    return false;
}

bool description_register(const struct description *d, unsigned n, const uint8_t *reply, size_t len,
                          uint64_t *value)
{
    size_t offset, size;
    *value = 0;
    if (!find_register(d, n, &offset, &size) || size > 8 || len < 2 * (offset + size))
        return false;
    for (size_t i = 0; i < size; i++) {
        size_t at = offset + (d->big ? i : size - 1 - i);
        int byte = rsp_hex_byte(reply + 2 * at);
        if (byte < 0)
            return false;
        *value = *value << 8 | (uint64_t)byte;
    }
    return true;
}

int description_write(const struct description *d, struct buf *xml)
{
    unsigned next = 0;
    (void)buf_sets(xml, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
                        "<target version=\"1.0\">");
    (void)buf_printf(xml, "<architecture>%s</architecture>", d->arch);
    if (d->osabi != NULL)
        (void)buf_printf(xml, "<osabi>%s</osabi>", d->osabi);
    for (const struct register_group *g = d->groups; g->names != NULL; g++) {
        if (g->feature != NULL)
            (void)buf_printf(xml, "%s<feature name=\"%s\">%s", g == d->groups ? "" : "</feature>",
                             g->feature, g->types != NULL ? g->types : "");
        write_registers(g, &next, xml);
    }
    return buf_adds(xml, "</feature></target>");
}
