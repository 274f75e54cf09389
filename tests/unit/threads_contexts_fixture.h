/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fixture: memory images with saved contexts. The order of registers is written here a second
 * time, from the assembler code of each port, and checked by g and p. The decorator gets no hint
 * but the image.
 */
#ifndef NETGDB_TESTS_THREADS_CONTEXTS_FIXTURE_H
#define NETGDB_TESTS_THREADS_CONTEXTS_FIXTURE_H

#include "tests/unit/threads_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The stub of an architecture: n registers of `size` bytes in g. */
struct machine {
    unsigned n, size, sp, pc, psr;
    bool big;
};
static const struct machine arm = {17, 4, 13, 15, 16, false};
static const struct machine rv32 = {33, 4, 2, 32, 0, false};
static const struct machine rv64 = {33, 8, 2, 32, 0, false};
static const struct machine mb = {59, 4, 1, 32, 0, false};
static const struct machine mb_big = {59, 4, 1, 32, 0, true};

/*
 * A saved context as words: rN, xN: register N of g; sN: half of d(N/2); fN: an f register; pc, lr,
 * psr, sp; =HEX: a constant; N.: N words that are not registers. A suffix ':8' or ':4' is the size.
 */
#define R4_R11 "r4 r5 r6 r7 r8 r9 r10 r11 "
#define HW "r0 r1 r2 r3 r12 lr pc psr "
#define S0_S15 "s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 "
#define S16_S29 "s16 s17 s18 s19 s20 s21 s22 s23 s24 s25 s26 s27 s28 s29 "
#define S16_S31 S16_S29 "s30 s31 "
#define S32_S63 "s32 " S33_S63
#define S33_S63                                                                                    \
    "s33 s34 s35 s36 s37 s38 s39 s40 s41 s42 s43 s44 s45 s46 s47 s48 s49 s50 s51 s52 s53 "         \
    "s54 s55 s56 s57 s58 s59 s60 s61 s62 s63 "
#define R0_R12 "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 r11 r12 "
#define X5_X15 "x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 "
#define X5_X31                                                                                     \
    "x5 x6 x7 x8 x9 x10 x11 x12 x13 x14 x15 x16 x17 x18 x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 "  \
    "x29 x30 x31 "
#define F(s)                                                                                       \
    "f0" s " f1" s " f2" s " f3" s " f4" s " f5" s " f6" s " f7" s " f8" s " f9" s " f10" s        \
    " f11" s " f12" s " f13" s " f14" s " f15" s " f16" s " f17" s " f18" s " f19" s " f20" s      \
    " f21" s " f22" s " f23" s " f24" s " f25" s " f26" s " f27" s " f28" s " f29" s " f30" s      \
    " f31" s " =1" s " "
#define MB_GENERAL                                                                                 \
    "=9 r31 r30 r29 r28 r27 r26 r25 r24 r23 r22 r21 r20 r19 r18 r17 r16 r15 pc r13 r12 r11 r10 "   \
    "r9 r8 r7 r6 r5 r4 r3 r2 =0 =2 "

static const struct row {
    const char *name;
    const struct machine *machine;
    uint64_t psr; /* value of psr */
    const char *words;
} rows[] = {
    {"Cortex-M3", &arm, 0x01000000, R4_R11 HW},
    {"Cortex-M3, aligned by a word", &arm, 0x01000200, R4_R11 HW},
    {"Cortex-M4F, no FPU block", &arm, 0x01000000, R4_R11 "=fffffffd " HW},
    {"Cortex-M4F, FPU block", &arm, 0x61000000,
     R4_R11 "=ffffffed " S16_S31 HW S0_S15 "=3000000 1. "},
    {"Cortex-M33", &arm, 0x01000000, "=20010000 =ffffffbc " R4_R11 HW},
    {"Cortex-M33, FPU block", &arm, 0x01000000,
     "=20010000 =ffffffac " R4_R11 S16_S31 HW S0_S15 "=3000000 1. "},
    {"Cortex-M33 in the secure state, SFPA", &arm, 0x01100000,
     "=20010000 =ffffffed " R4_R11 S16_S31 HW S0_S15 "=3000000 1. "},
    {"Cortex-M33 in the secure state with PAC, SFPA", &arm, 0x61100000,
     "=1234567 =89abcdef =1 =2 =20010000 =fffffffd " R4_R11 HW},
    {"Cortex-M33 with PAC", &arm, 0x01000000,
     "=1234567 =89abcdef =1 =2 =20010000 =ffffffbc " R4_R11 HW},
    {"Cortex-M33 with MPU to V10.5", &arm, 0x01000000, "=20010000 =3 =ffffffbc " R4_R11 HW},
    {"Cortex-M0 since V11", &arm, 0x01000000, "=fffffffd " R4_R11 HW},
    {"Cortex-M33 with TrustZone", &arm, 0x01000000, "=20000400 =20010000 =ffffffbc " R4_R11 HW},
    {"Cortex-M33 with TrustZone, FPU block", &arm, 0x01000000,
     "=20000400 =20010000 =ffffffac " R4_R11 S16_S31 HW S0_S15 "=3000000 1. "},
    {"Cortex-M33 with TrustZone and MPU to V10.5", &arm, 0x01000000,
     "=20000400 =20010000 =3 =ffffffbc " R4_R11 HW},
    {"Cortex-M3 with MPU to V10.5", &arm, 0x01000000, "=3 " R4_R11 HW},
    {"Cortex-M4F with MPU to V10.5, FPU block", &arm, 0x01000000,
     "=3 " R4_R11 "=ffffffed " S16_S31 HW S0_S15 "=3000000 1. "},
    {"ARM7, ARM state", &arm, 0x1f, "=0 psr " R0_R12 "sp lr pc+4 "},
    {"ARM7, Thumb state", &arm, 0x3f, "=0 psr " R0_R12 "sp lr pc+4 "},
    {"Cortex-A", &arm, 0x1f, "=0 =0 " R0_R12 "lr pc psr "},
    {"Cortex-A since V11.1, FPU block", &arm, 0x1f,
     "=1 " S32_S63 S0_S15 S16_S31 "=3000000 =0 " R0_R12 "lr pc psr "},
    {"Cortex-A since V11.1, d16 is a round number", &arm, 0x1f,
     "=1 =0 " S33_S63 S0_S15 S16_S31 "=60000010 =0 " R0_R12 "lr pc psr "},
    {"Cortex-A to V10.6, FPU block", &arm, 0x1f,
     "=1 =3000000 " S32_S63 S0_S15 S16_S31 "=0 " R0_R12 "lr pc psr "},
    {"Cortex-A to V10.6, d15 is 2.0", &arm, 0x1f,
     "=1 =60000010 " S32_S63 S0_S15 S16_S29 "=0 =40000000 =0 " R0_R12 "lr pc psr "},
    {"Cortex-A to V10.6, d15 is 0.5, no exception flag", &arm, 0x1f,
     "=1 =20000000 " S32_S63 S0_S15 S16_S29 "=0 =3fe00000 =0 " R0_R12 "lr pc psr "},
    {"Cortex-R since V11.1, FPU block", &arm, 0x1f,
     "=1 " S0_S15 S16_S31 "=3000000 =0 " R0_R12 "lr pc psr "},
    {"Cortex-R to V10.6, FPU block", &arm, 0x1f,
     "=1 =3000000 " S0_S15 S16_S31 "=0 " R0_R12 "lr pc psr "},
    {"Cortex-R to V10.6, d15 is 2.0", &arm, 0x1f,
     "=1 =60000010 " S0_S15 S16_S29 "=0 =40000000 =0 " R0_R12 "lr pc psr "},
    {"RISC-V 32 A", &rv32, 0, "pc x1 " X5_X31 "=1880 "},
    {"RISC-V 32 B", &rv32, 0, "pc x1 " X5_X31 "=0 =1880 "},
    {"RISC-V 32 C", &rv32, 0, "pc =1880 x1 " X5_X31 "=0 "},
    {"RISC-V 32 C, FS dirty, but nothing saved", &rv32, 0, "pc =80007880 x1 " X5_X31 "=0 "},
    {"RISC-V 32 C, F", &rv32, 0, "pc =80007880 " F("") "x1 " X5_X31 "=0 "},
    {"RISC-V 32 C, D", &rv32, 0, "pc =80007880 " F(":8") "x1 " X5_X31 "=0 "},
    {"RISC-V 32 C, D, 128-bit vectors", &rv32, 0,
     "pc =80007e80 =0 =0 =10 =c0 128. " F(":8") "x1 " X5_X31 "=0 "},
    {"RISC-V 32 C, D, 256-bit vectors", &rv32, 0,
     "pc =80007e80 =0 =0 =10 =c0 256. " F(":8") "x1 " X5_X31 "=0 "},
    {"RV32E B", &rv32, 0, "pc x1 " X5_X15 "=0 =1880 "},
    {"RV32E C", &rv32, 0, "pc =1880 x1 " X5_X15 "=0 "},
    {"RISC-V 64 A", &rv64, 0, "pc x1 " X5_X31 "=1880 "},
    {"RISC-V 64 B", &rv64, 0, "pc x1 " X5_X31 "=0 =a00001880 "},
    {"RISC-V 64 C", &rv64, 0, "pc =a00001880 x1 " X5_X31 "=0 "},
    {"RISC-V 64 C, FS dirty, but nothing saved", &rv64, 0, "pc =8000000a00007880 x1 " X5_X31 "=0 "},
    {"RISC-V 64 C, F", &rv64, 0, "pc =8000000a00007880 " F(":4") "x1 " X5_X31 "=0 "},
    {"RISC-V 64 C, D", &rv64, 0, "pc =8000000a00007880 " F("") "x1 " X5_X31 "=0 "},
    {"MicroBlaze", &mb, 0, MB_GENERAL},
    {"MicroBlaze, big-endian", &mb_big, 0, MB_GENERAL},
    {"MicroBlaze with FSR", &mb, 0, MB_GENERAL "=11 "},
    {"MicroBlaze with FSR of 0, big-endian", &mb_big, 0, MB_GENERAL "=0 "},
};

enum { TASKS = 4 };

/* The value of a register of a task. */
static inline uint64_t value_of(unsigned task, char kind, unsigned n)
{
    return 0x10000000u * (task + 1) + (kind == 's' ? 0x100 : kind == 'f' ? 0x200 : 0) + n;
}

static inline uint64_t pc_of(unsigned task)
{
    return TEXT + 0x40 * task;
}

struct word {
    char kind; /* r x s f, or = . p(c) P(c + 4) S(p) L(r) Q(psr) */
    unsigned n, size;
    uint64_t value;
};

/* Parses the next word of a row. */
static inline bool next_word(const char **text, unsigned size, struct word *w)
{
    char token[32];
    int used;
    if (sscanf(*text, " %31s%n", token, &used) != 1)
        return false;
    *text += used;
    char *colon = strchr(token, ':');
    *w = (struct word){.kind = token[0], .n = 1, .size = colon ? (unsigned)atoi(colon + 1) : size};
    if (strncmp(token, "pc+4", 4) == 0)
        w->kind = 'P';
    else if (strcmp(token, "psr") == 0)
        w->kind = 'Q';
    else if (strcmp(token, "sp") == 0 || strcmp(token, "psp") == 0)
        w->kind = 'S';
    else if (strcmp(token, "lr") == 0)
        w->kind = 'L';
    else if (token[0] == '=')
        w->value = strtoull(token + 1, NULL, 16);
    else if (token[0] != 'p')
        w->n = (unsigned)atoi(token[0] >= '0' && token[0] <= '9' ? token : token + 1);
    if (token[0] >= '0' && token[0] <= '9')
        w->kind = '.';
    return true;
}

static inline uint64_t content(const struct row *r, const struct word *w, unsigned task,
                               uint64_t after)
{
    switch (w->kind) {
    case '=':
        return w->value;
    case 'p':
        return pc_of(task);
    case 'P':
        return pc_of(task) + 4;
    case 'S':
        return after;
    case 'L':
        return value_of(task, 'r', 14) | 1;
    case 'Q':
        return r->psr;
    default:
        return value_of(task, w->kind, w->n);
    }
}

static inline unsigned length_of(const struct row *r)
{
    unsigned total = 0;
    struct word w;
    for (const char *at = r->words; next_word(&at, r->machine->size, &w);)
        total += w.kind == '.' ? w.n * r->machine->size : w.size;
    return total;
}

/* The stack pointer of a task after its context is restored: the same for every context. */
static inline uint64_t after(unsigned task)
{
    return stack_top(task) - 64;
}

/* Pushes a context below the stack frames of callers. */
static inline void push(struct world *world, const struct row *r, unsigned task)
{
    struct word w;
    for (uint64_t up = after(task); up < stack_top(task); up += r->machine->size)
        rtos_stub_put(world->stub, up, pc_of(task) + 8, r->machine->size);
    uint64_t extra = (r->psr & 0x200) != 0 ? 4 : 0;
    uint64_t at = after(task) - extra - length_of(r);
    for (const char *text = r->words; next_word(&text, r->machine->size, &w);) {
        for (; w.kind == '.' && w.n > 0; w.n--, at += r->machine->size)
            rtos_stub_put(world->stub, at, 0x5a5a5a5a, r->machine->size);
        if (w.kind == '.')
            continue;
        rtos_stub_put(world->stub, at, content(r, &w, task, after(task)), w.size);
        at += w.size;
    }
}

/* The hexadecimal digits of a register in g. */
static inline void expect_in_g(struct world *world, const struct row *r, unsigned n, uint64_t value)
{
    char saved[2048], wanted[17];
    const unsigned size = r->machine->size;
    memcpy(saved, world->stub->g, sizeof saved);
    rtos_stub_register(world->stub, n, size, value);
    snprintf(wanted, 2 * size + 1, "%s", world->stub->g + 2 * (size_t)n * size);
    memcpy(world->stub->g, saved, sizeof saved);
    char found[17];
    snprintf(found, 2 * size + 1, "%s", (const char *)world->reply.data + 2 * (size_t)n * size);
    if (strcmp(found, wanted) != 0)
        print_message("# %s: register %u\n", r->name, n);
    assert_string_equal(found, wanted);
}

/* Checks floating-point registers by p; a word of ARM is half of a d register. */
static inline void expect_float(struct world *world, const struct word *w, unsigned task)
{
    char request[16], wanted[17];
    uint64_t value = value_of(task, w->kind, w->n);
    if (w->kind == 's' && w->n >= 32)
        return; /* the built-in description has d0 to d15 */
    snprintf(request, sizeof request, "p%x", w->kind == 's' ? 26 + w->n / 2 : 33 + w->n);
    const char *reply = ask(world, request);
    assert_int_equal(strlen(reply), 16);
    for (unsigned i = 0; i < 4; i++)
        snprintf(wanted + 2 * i, 3, "%02x", (unsigned)(value >> 8 * i & 0xff));
    assert_memory_equal(reply + (w->kind == 's' && w->n % 2 == 1 ? 8 : 0), wanted, 8);
    if (w->kind == 'f')
        assert_string_equal(reply + 8, w->size == 4 ? "ffffffff" : "00000000");
}

static inline void expect_task(struct world *world, const struct row *r, unsigned task)
{
    struct word w;
    const struct machine *m = r->machine;
    char name[16], request[32];
    snprintf(name, sizeof name, "task%u", task);
    snprintf(request, sizeof request, "Hg%s", id_of(world, name));
    assert_string_equal(ask(world, request), "OK");
    for (const char *at = r->words; next_word(&at, m->size, &w);) {
        if (w.kind == 's' || w.kind == 'f')
            expect_float(world, &w, task);
    }
    assert_int_equal(strlen(ask(world, "g")), 2 * m->n * m->size);
    for (const char *at = r->words; next_word(&at, m->size, &w);) {
        if (w.kind == 'r' || w.kind == 'x')
            expect_in_g(world, r, w.n, value_of(task, w.kind, w.n));
    }
    expect_in_g(world, r, m->pc, pc_of(task));
    expect_in_g(world, r, m->sp, after(task));
    if (m->psr != 0)
        expect_in_g(world, r, m->psr, r->psr);
}

#endif
