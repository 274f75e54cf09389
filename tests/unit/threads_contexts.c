/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every saved context of every RTOS in memory images. The order of registers is written here a
 * second time, from the assembler code of each port, and checked by g and p. The decorator gets no
 * hint but the image.
 */
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
#define S16_S31 "s16 s17 s18 s19 s20 s21 s22 s23 s24 s25 s26 s27 s28 s29 s30 s31 "
#define S32_S63                                                                                    \
    "s32 s33 s34 s35 s36 s37 s38 s39 s40 s41 s42 s43 s44 s45 s46 s47 s48 s49 s50 s51 s52 s53 "     \
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
    {"Cortex-A, FPU block", &arm, 0x1f,
     "=1 " S32_S63 S0_S15 S16_S31 "=3000000 =0 " R0_R12 "lr pc psr "},
    {"Cortex-R, FPU block", &arm, 0x1f, "=1 =3000000 " S0_S15 S16_S31 "=0 " R0_R12 "lr pc psr "},
    {"Cortex-R, FPU block, d16 to d31", &arm, 0x1f,
     "=1 =3000000 " S32_S63 S0_S15 S16_S31 "=0 " R0_R12 "lr pc psr "},
    {"RISC-V 32 A", &rv32, 0, "pc x1 " X5_X31 "=1880 "},
    {"RISC-V 32 B", &rv32, 0, "pc x1 " X5_X31 "=0 =1880 "},
    {"RISC-V 32 C", &rv32, 0, "pc =1880 x1 " X5_X31 "=0 "},
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
    {"RISC-V 64 C, F", &rv64, 0, "pc =8000000a00007880 " F(":4") "x1 " X5_X31 "=0 "},
    {"RISC-V 64 C, D", &rv64, 0, "pc =8000000a00007880 " F("") "x1 " X5_X31 "=0 "},
    {"MicroBlaze", &mb, 0, MB_GENERAL},
    {"MicroBlaze, big-endian", &mb_big, 0, MB_GENERAL},
    {"MicroBlaze with FSR", &mb, 0, MB_GENERAL "=11 "},
    {"MicroBlaze with FSR of 0, big-endian", &mb_big, 0, MB_GENERAL "=0 "},
};

enum { TASKS = 4 };

/* The value of a register of a task. */
static uint64_t value_of(unsigned task, char kind, unsigned n)
{
    return 0x10000000u * (task + 1) + (kind == 's' ? 0x100 : kind == 'f' ? 0x200 : 0) + n;
}

static uint64_t pc_of(unsigned task)
{
    return TEXT + 0x40 * task;
}

struct word {
    char kind; /* r x s f, or = . p(c) P(c + 4) S(p) L(r) Q(psr) */
    unsigned n, size;
    uint64_t value;
};

/* Parses the next word of a row. */
static bool next_word(const char **text, unsigned size, struct word *w)
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

static uint64_t content(const struct row *r, const struct word *w, unsigned task, uint64_t after)
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

static unsigned length_of(const struct row *r)
{
    unsigned total = 0;
    struct word w;
    for (const char *at = r->words; next_word(&at, r->machine->size, &w);)
        total += w.kind == '.' ? w.n * r->machine->size : w.size;
    return total;
}

/* The stack pointer of a task after its context is restored: the same for every context. */
static uint64_t after(unsigned task)
{
    return stack_top(task) - 64;
}

/* Pushes a context below the stack frames of callers. */
static void push(struct world *world, const struct row *r, unsigned task)
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
static void expect_in_g(struct world *world, const struct row *r, unsigned n, uint64_t value)
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
static void expect_float(struct world *world, const struct word *w, unsigned task)
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

static void expect_task(struct world *world, const struct row *r, unsigned task)
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

static const struct build *build_for(const struct machine *m)
{
    return m->size == 8 ? &builds[6] : &builds[0];
}

static struct world *image(const struct row *r)
{
    struct world *w = world_new(r->machine->big, r->machine->size);
    freertos(w, build_for(r->machine));
    for (unsigned i = 0; i < TASKS; i++) {
        char name[16];
        snprintf(name, sizeof name, "task%u", i);
        push(w, r, i);
        freertos_task(w, name, freertos_ready(w, i), i,
                      after(i) - length_of(r) - ((r->psr & 0x200) != 0 ? 4 : 0));
    }
    freertos_runs(w, 0, TCBS);
    rtos_stub_registers(w->stub, r->machine->n, r->machine->size, 0x500);
    world_begin(w, "freertos");
    connect_as_gdb(w);
    return w;
}

static void each_freertos_context_is_detected_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        print_message("# %s\n", rows[i].name);
        struct world *w = image(&rows[i]);
        for (unsigned task = 1; task < TASKS; task++)
            expect_task(w, &rows[i], task);
        if (strcmp(rows[i].name, "MicroBlaze with FSR") == 0)
            expect_in_g(w, &rows[i], 36, 0x11);
        world_free(w);
    }
}

static void tasks_with_and_without_fpu_registers_are_both_read(void **state)
{
    (void)state;
    struct world *w = image(&rows[2]);
    uint64_t sp = after(3) - length_of(&rows[3]);
    push(w, &rows[3], 3);
    rtos_stub_word(w->stub, TCBS + 3 * 0x200, sp);
    ask(w, "M20000f00,1:00"); /* the client wrote memory */
    expect_task(w, &rows[2], 1);
    expect_task(w, &rows[2], 2);
    expect_task(w, &rows[3], 3);
    world_free(w);
}

/* A task uses the FPU after the context was chosen, and its FPU registers are all 0: the words are
 * also plausible as another context, except for the stack pointer. */
static void a_chosen_context_is_replaced_by_one_with_a_higher_score(void **state)
{
    (void)state;
#define Z11 "=0 =0 =0 =0 =0 =0 =0 =0 =0 =0 =0 "
    static const struct row clean = {"C", &rv32, 0, "pc =3880 x1 " X5_X31 "=0 "};
    static const struct row dirty = {"C, D", &rv32, 0,
                                     "pc =80007880 " Z11 Z11 Z11 Z11 Z11 Z11 "x1 " X5_X31 "=0 "};
    struct world *w = image(&clean);
    expect_task(w, &clean, 1);
    push(w, &dirty, 3);
    rtos_stub_word(w->stub, TCBS + 3 * 0x200, after(3) - length_of(&dirty));
    ask(w, "M20000f00,1:00");
    expect_task(w, &dirty, 3);
    expect_task(w, &clean, 1);
    world_free(w);
}

/* FreeRTOS V10.6 and later with an MPU: the context is in the control block; the exception frame is
 * on the stack at `psp`. */
static const struct row tcb_rows[] = {
    {"Cortex-M33 in the TCB", &arm, 0x01000000, R4_R11 HW "psp =20010000 =3 =ffffffbc "},
    {"Cortex-M33 in the TCB, FPU block", &arm, 0x01000000,
     S16_S31 S0_S15 "=3000000 " R4_R11 HW "psp =20010000 =3 =ffffffac "},
    {"Cortex-M33 in the TCB, PAC", &arm, 0x01000000,
     R4_R11 HW "psp =20010000 =3 =ffffffbc =1234 =5678 =9abc =def0 "},
    {"Cortex-M33 in the TCB, TrustZone", &arm, 0x01000000,
     R4_R11 HW "=0 psp =20010000 =3 =ffffffbc "},
    {"Cortex-M33 in the TCB, TrustZone, FPU block", &arm, 0x01000000,
     S16_S31 S0_S15 "=3000000 " R4_R11 HW "=20000400 psp =20010000 =3 =ffffffac "},
    {"Cortex-M33 in the TCB, TrustZone, PAC", &arm, 0x01000000,
     R4_R11 HW "=0 psp =20010000 =3 =ffffffbc =1234 =5678 =9abc =def0 "},
    {"Cortex-M3 in the TCB", &arm, 0x01000000, "=3 " R4_R11 "=fffffffd psp " HW},
    {"Cortex-M4F in the TCB, FPU block", &arm, 0x01000000,
     S16_S31 S0_S15 "=3000000 =3 " R4_R11 "=ffffffed psp " HW},
    {"Cortex-M0 in the TCB", &arm, 0x01000000, R4_R11 HW "psp =3 =fffffffd "},
};

static void a_context_in_the_control_block_is_read(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof tcb_rows / sizeof tcb_rows[0]; r++) {
        struct world *w = world_new(false, 4);
        print_message("# %s\n", tcb_rows[r].name);
        freertos(w, &builds[0]);
        for (unsigned i = 0; i < 3; i++) {
            uint64_t at = TCBS + i * 0x200 + 0x80;
            const unsigned frame = strstr(tcb_rows[r].words, "s16") != NULL ? 104 : 32;
            char name[16];
            struct word word;
            for (const char *text = tcb_rows[r].words; next_word(&text, 4, &word); at += 4) {
                rtos_stub_put(w->stub, at, content(&tcb_rows[r], &word, i, after(i) - frame), 4);
            }
            snprintf(name, sizeof name, "task%u", i);
            freertos_task(w, name, freertos_ready(w, i), i, at);
        }
        freertos_runs(w, 0, TCBS);
        rtos_stub_registers(w->stub, 17, 4, 0x500);
        world_begin(w, "auto");
        connect_as_gdb(w);
        expect_task(w, &tcb_rows[r], 1);
        expect_task(w, &tcb_rows[r], 2);
        world_free(w);
    }
}

/* Of a task interrupted in the secure state only the stack pointer is known; all else is x. */
static const struct {
    struct row outside, inside;
} secure_rows[] = {
    {{"TrustZone", &arm, 0x01000000, "=20000400 =20010000 =ffffffbc " R4_R11 HW},
     {"inside", &arm, 0, "=20000400 =20010000 =fffffffd "}},
    {{"TrustZone and MPU", &arm, 0x01000000, "=20000400 =20010000 =3 =ffffffbc " R4_R11 HW},
     {"inside", &arm, 0, "=20000400 =20010000 =3 =fffffffd "}},
};

static void a_task_in_the_secure_state_shows_only_its_stack_pointer(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof secure_rows / sizeof secure_rows[0]; r++) {
        const struct row *inside = &secure_rows[r].inside;
        struct world *w = image(&secure_rows[r].outside);
        char request[32];
        push(w, inside, 3);
        rtos_stub_word(w->stub, TCBS + 3 * 0x200, after(3) - length_of(inside));
        ask(w, "M20000f00,1:00");
        snprintf(request, sizeof request, "Hg%s", id_of(w, "task3"));
        ask(w, request);
        const char *g = ask(w, "g");
        for (unsigned i = 0; i < 8 * 17; i++) {
            if (i < 8 * 13 || i >= 8 * 14)
                assert_int_equal(g[i], 'x');
        }
        expect_in_g(w, inside, 13, after(3));
        snprintf(request, sizeof request, "vCont;s:%s", id_of(w, "task3"));
        assert_string_equal(ask(w, request), "E01");
        expect_task(w, &secure_rows[r].outside, 2);
        world_free(w);
    }
}

/* ---- ThreadX ---- */

static const struct row threadx_rows[] = {
    {"ThreadX Cortex-M", &arm, 0x01000000, "=fffffffd " R4_R11 HW},
    {"ThreadX Cortex-M, FPU block", &arm, 0x01000000,
     "=ffffffed " S16_S31 R4_R11 HW S0_S15 "=3000000 1. "},
    {"ThreadX Cortex-M0", &arm, 0x01000000, "=fffffffd r8 r9 r10 r11 r4 r5 r6 r7 " HW},
    {"ThreadX ARM9, interrupted", &arm, 0x13, "=1 psr " R0_R12 "lr pc "},
};

static void threadx_thread(struct world *w, unsigned i, uint64_t sp, unsigned state, unsigned n)
{
    uint64_t tcb = TCBS + i * 0x200;
    char name[16];
    snprintf(name, sizeof name, "task%u", i);
    rtos_stub_text(w->stub, DATA + 0x400 + 16 * i, name);
    rtos_stub_put(w->stub, tcb, 0x54485244, 4);
    rtos_stub_put(w->stub, tcb + 8, sp, 4);
    rtos_stub_put(w->stub, tcb + 12, STACKS + i * STACK, 4);
    rtos_stub_put(w->stub, tcb + 16, STACKS + (i + 1) * STACK - 1, 4);
    rtos_stub_put(w->stub, tcb + 20, STACK, 4);
    rtos_stub_put(w->stub, tcb + 40, DATA + 0x400 + 16 * i, 4);
    rtos_stub_put(w->stub, tcb + 44, 10 + i, 4);
    rtos_stub_put(w->stub, tcb + 48, state, 4);
    rtos_stub_put(w->stub, tcb + 136, TCBS + (i + 1) % n * 0x200, 4);
    rtos_stub_put(w->stub, tcb + 140, TCBS + (i + n - 1) % n * 0x200, 4);
}

/* CPUID alone distinguishes the order of registers of ARMv6-M from that of ARMv7-M. */
static void is_cortex_m0(struct world *w)
{
    rtos_stub_map(w->stub, 0xe000ed00, 16);
    rtos_stub_put(w->stub, 0xe000ed00, 0x410cc200, 4);
}

static struct world *threadx(const struct row *r, unsigned n)
{
    struct world *w = world_new(false, 4);
    world_symbol(w, "_tx_thread_current_ptr", DATA);
    world_symbol(w, "_tx_thread_created_ptr", DATA + 4);
    world_symbol(w, "_tx_thread_created_count", DATA + 8);
    rtos_stub_put(w->stub, DATA, TCBS, 4);
    rtos_stub_put(w->stub, DATA + 4, TCBS, 4);
    rtos_stub_put(w->stub, DATA + 8, n, 4);
    for (unsigned i = 0; i < n; i++) {
        push(w, r, i);
        threadx_thread(w, i, after(i) - length_of(r), i % 15, n);
    }
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    if (strstr(r->name, "M0") != NULL)
        is_cortex_m0(w);
    world_begin(w, "auto");
    return w;
}

static void each_threadx_context_is_detected_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof threadx_rows / sizeof threadx_rows[0]; i++) {
        print_message("# %s\n", threadx_rows[i].name);
        struct world *w = threadx(&threadx_rows[i], TASKS);
        connect_as_gdb(w);
        for (unsigned task = 1; task < TASKS; task++)
            expect_task(w, &threadx_rows[i], task);
        world_free(w);
    }
}

static void a_solicited_context_on_arm9_resumes_at_lr(void **state)
{
    (void)state;
    static const struct row r = {"ThreadX ARM9, solicited", &arm, 0x13, "=0 psr " R4_R11 "pc "};
    struct world *w = threadx(&r, TASKS);
    connect_as_gdb(w);
    expect_task(w, &r, 2);
    expect_in_g(w, &r, 14, pc_of(2));
    world_free(w);
}

static void the_initial_pc_of_a_threadx_thread_has_its_thumb_bit_cleared(void **state)
{
    (void)state;
    struct world *w = threadx(&threadx_rows[0], TASKS);
    uint64_t at = after(1) - 8;
    rtos_stub_put(w->stub, at, pc_of(1) | 1, 4);
    connect_as_gdb(w);
    expect_task(w, &threadx_rows[0], 1);
    world_free(w);
}

static void threadx_states_are_shown_by_name(void **state)
{
    static const char *const names[] = {
        "Running", "Completed", "Terminated", "Suspended",    "Sleep",
        "Queue",   "Semaphore", "Event flag", "Block memory", "Byte memory",
        "I/O",     "File",      "TCP/IP",     "Mutex",        "Priority change"};
    (void)state;
    struct world *w = threadx(&threadx_rows[0], 15);
    connect_as_gdb(w);
    for (unsigned i = 0; i < 15; i++) {
        char name[16], wanted[32];
        snprintf(name, sizeof name, "task%u", i);
        snprintf(wanted, sizeof wanted, "%s, priority %u", names[i], 10 + i);
        assert_memory_equal(state_of(w, name), wanted, strlen(wanted));
    }
    world_free(w);
}

static void an_idle_cpu_is_thread_1(void **state)
{
    (void)state;
    struct world *w = threadx(&threadx_rows[0], TASKS);
    rtos_stub_put(w->stub, DATA, 0, 4);
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), TASKS + 1);
    assert_string_equal(id_of(w, "CPU"), "1");
    assert_string_equal(ask(w, "?"), "T05thread:1;");
    world_free(w);
}

static void a_corrupt_threadx_ring_keeps_its_consistent_threads(void **state)
{
    (void)state;
    static const struct {
        uint64_t at, value;
        unsigned threads;
    } damage[] = {
        {TCBS + 0x200 + 136, TCBS + 0x200, 3}, /* a loop */
        {TCBS + 0x200 + 136, 0xdeadbeec, 3},   /* a wild pointer */
        {TCBS + 0x400, 0, 3},                  /* no magic number */
        {TCBS + 0x400 + 140, TCBS, 3},         /* not linked back */
        {DATA + 8, 1000000000, 5},             /* a count */
    };
    for (size_t i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        struct world *w = threadx(&threadx_rows[0], TASKS);
        rtos_stub_put(w->stub, damage[i].at, damage[i].value, 4);
        connect_as_gdb(w);
        assert_int_equal(count_threads(w), damage[i].threads);
        assert_non_null(strstr(list(w, 4000), "name=\"corrupt list _tx_thread_created_"));
        assert_int_equal(w->n_lines, 1);
        world_free(w);
    }
}

/* ---- Zephyr and ChibiOS, which have tables of offsets ---- */

static struct world *zephyr(const struct machine *m, const uint32_t table[15])
{
    struct world *w = world_new(false, 4);
    world_symbol(w, "_kernel", DATA);
    world_symbol(w, "_kernel_thread_info_offsets", TEXT + 0x800);
    world_symbol(w, "_kernel_thread_info_num_offsets", TEXT + 0x880);
    rtos_stub_put(w->stub, TEXT + 0x880, 15, 4);
    for (unsigned i = 0; i < 15; i++)
        rtos_stub_put(w->stub, TEXT + 0x800 + 4 * i, table[i], 4);
    rtos_stub_put(w->stub, DATA + table[1], TCBS, 4);
    rtos_stub_put(w->stub, DATA + table[2], TCBS, 4);
    rtos_stub_registers(w->stub, m->n, 4, 0x500);
    return w;
}

static void zephyr_offsets_come_from_its_table(void **state)
{
    /* version, current, threads, entry, next, state, options, priority, sp, name, arch, floats,
     * cooperative floats, EXC_RETURN, … */
    static const uint32_t table[15] = {1,    8,    0x20, 0x60, 0x64,       0x0d, 0x0c,      0x0e,
                                       0x50, 0x70, 0xa0, 0x10, 0xffffffff, 0x05, 0xffffffff};
    static const struct row r = {"Zephyr", &arm, 0x01000000, HW};
    (void)state;
    struct world *w = zephyr(&arm, table);
    for (unsigned i = 0; i < TASKS; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        char name[16];
        snprintf(name, sizeof name, "task%u", i);
        push(w, &r, i);
        for (unsigned n = 4; n < 12; n++)
            rtos_stub_put(w->stub, tcb + 0x30 + 4 * (n - 4), value_of(i, 'r', n), 4);
        rtos_stub_put(w->stub, tcb + 0x50, after(i) - length_of(&r), 4);
        rtos_stub_put(w->stub, tcb + 0x64, i + 1 < TASKS ? tcb + 0x200 : 0, 4);
        rtos_stub_put(w->stub, tcb + 0x0d, i == 1 ? 0x02 : i == 2 ? 0x10 : 0x80, 1);
        rtos_stub_put(w->stub, tcb + 0x0e, 0xfe + i, 1);
        rtos_stub_put(w->stub, tcb + 0xa5, 0xbc, 1);
        rtos_stub_text(w->stub, tcb + 0x70, name);
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), TASKS);
    assert_string_equal(state_of(w, "task0"), "Running, priority -2");
    assert_string_equal(state_of(w, "task1"), "Pending, priority -1");
    assert_string_equal(state_of(w, "task2"), "Suspended, priority 0");
    assert_string_equal(state_of(w, "task3"), "Ready, priority 1");
    for (unsigned i = 1; i < TASKS; i++) {
        expect_task(w, &r, i);
        expect_in_g(w, &r, 4, value_of(i, 'r', 4));
        expect_in_g(w, &r, 11, value_of(i, 'r', 11));
    }
    world_free(w);
}

static void zephyr_floating_point_registers_are_in_the_tcb(void **state)
{
    static const uint32_t table[15] = {1,    8,    0x20, 0x60, 0x64,       0x0d, 0x0c,      0x0e,
                                       0x50, 0x70, 0xa0, 0x10, 0xffffffff, 0x05, 0xffffffff};
    static const struct row r = {"Zephyr, FPU", &arm, 0x01000000, HW S0_S15 "=3000000 1. "};
    (void)state;
    struct world *w = zephyr(&arm, table);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        push(w, &r, i);
        for (unsigned n = 16; n < 32; n++)
            rtos_stub_put(w->stub, tcb + 0xb0 + 4 * (n - 16), value_of(i, 's', n), 4);
        rtos_stub_put(w->stub, tcb + 0x50, after(i) - length_of(&r), 4);
        rtos_stub_put(w->stub, tcb + 0x64, i == 0 ? tcb + 0x200 : 0, 4);
        rtos_stub_put(w->stub, tcb + 0xa5, 0xac, 1);
        rtos_stub_text(w->stub, tcb + 0x70, i == 0 ? "task0" : "task1");
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    expect_task(w, &r, 1);
    assert_memory_equal(ask(w, "p22"), "1001002011010020", 16); /* d8 */
    world_free(w);
}

static void zephyr_on_riscv_resumes_at_ra(void **state)
{
    static const uint32_t table[15] = {1,    8,          0x20,       0x60,       0x64,
                                       0x0d, 0x0c,       0x0e,       0x28,       0x70,
                                       0xa0, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    static const struct row r = {"Zephyr RISC-V", &rv32, 0, ""};
    static const unsigned saved[] = {1, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27};
    (void)state;
    struct world *w = zephyr(&rv32, table);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        rtos_stub_put(w->stub, tcb + 0x28, after(i), 4);
        for (unsigned n = 0; n < 13; n++)
            rtos_stub_put(w->stub, tcb + 0x2c + 4 * n,
                          n == 0 ? pc_of(i) : value_of(i, 'x', saved[n]), 4);
        rtos_stub_put(w->stub, tcb + 0x64, i == 0 ? tcb + 0x200 : 0, 4);
        rtos_stub_text(w->stub, tcb + 0x70, i == 0 ? "task0" : "task1");
    }
    world_begin(w, "auto");
    connect_as_gdb(w);
    expect_task(w, &r, 1);
    for (unsigned n = 1; n < 13; n++)
        expect_in_g(w, &r, saved[n], value_of(1, 'x', saved[n]));
    world_free(w);
}

static void chibios_offsets_come_from_ch_debug(void **state)
{
    /* chdebug_t: prio 8, ctx 12, newer 16, older 20, name 24, stack limit 28, state 32 */
    static const uint8_t debug[23] = {'m', 'a', 'i', 'n', 0,  23, 0,  0x18, 4,  4,  72, 8,
                                      12,  16,  20,  24,  28, 32, 33, 34,   35, 36, 0};
    static const struct row layouts[] = {
        {"ARMv7-M", &arm, 0x01000000, R4_R11 "pc "},
        {"ARMv7-M with FPU", &arm, 0x01000000, S16_S31 R4_R11 "pc "},
        {"ARMv6-M", &arm, 0x01000000, "r8 r9 r10 r11 r4 r5 r6 r7 pc "},
    };
    (void)state;
    for (size_t l = 0; l < 3; l++) {
        struct world *w = world_new(false, 4);
        world_symbol(w, "ch", DATA);
        world_symbol(w, "ch_debug", TEXT + 0x800);
        memcpy(rtos_stub_at(w->stub, TEXT + 0x800, 23), debug, 23);
        rtos_stub_put(w->stub, DATA + 16, TCBS, 4);
        rtos_stub_put(w->stub, DATA + 20, TCBS + 0x400, 4);
        rtos_stub_put(w->stub, DATA + 24, TCBS, 4); /* current */
        for (unsigned i = 0; i < 3; i++) {
            uint64_t tcb = TCBS + i * 0x200;
            char name[16];
            snprintf(name, sizeof name, "task%u", i);
            push(w, &layouts[l], i);
            rtos_stub_put(w->stub, after(i) - 4, pc_of(i) | 1, 4);
            rtos_stub_text(w->stub, DATA + 0x400 + 16 * i, name);
            rtos_stub_put(w->stub, tcb + 8, 128 + i, 4);
            rtos_stub_put(w->stub, tcb + 12, after(i) - length_of(&layouts[l]), 4);
            rtos_stub_put(w->stub, tcb + 16, i < 2 ? tcb + 0x200 : DATA, 4);
            rtos_stub_put(w->stub, tcb + 20, i > 0 ? tcb - 0x200 : DATA, 4);
            rtos_stub_put(w->stub, tcb + 24, DATA + 0x400 + 16 * i, 4);
            rtos_stub_put(w->stub, tcb + 28, STACKS + i * STACK, 4);
            rtos_stub_put(w->stub, tcb + 32, i == 1 ? 8 : 5, 1);
        }
        rtos_stub_registers(w->stub, 17, 4, 0x500);
        if (l == 2)
            is_cortex_m0(w);
        world_begin(w, "auto");
        connect_as_gdb(w);
        print_message("# %s\n", layouts[l].name);
        assert_int_equal(count_threads(w), 3);
        assert_memory_equal(state_of(w, "task0"), "Running, priority 128", 21);
        assert_memory_equal(state_of(w, "task1"), "Sleeping, priority 129", 22);
        assert_memory_equal(state_of(w, "task2"), "Semaphore, priority 130", 23);
        expect_task(w, &layouts[l], 1);
        expect_task(w, &layouts[l], 2);
        world_free(w);
    }
}

/* RT 7: an instance with the current thread at 4 and the registry at 40; links point to links. */
static void chibios_21_offsets_include_its_instance(void **state)
{
    static const uint8_t debug[43] = {
        'm', 'a', 'i', 'n', 0,  43, 0, 0x38, 4, 4, 80, 8, 12, 16, 20, 24, 28, 32, 33, 34, 35, 36,
        0,   0,   0,   0,   44, 4,  1, 0,    4, 0, 12, 0, 0,  0,  0,  4,  0,  16, 40, 48, 52};
    static const struct row layout = {"ARMv7-M", &arm, 0x01000000, R4_R11 "pc "};
    enum { REGISTRY = DATA + 40, LINK = 16 };
    (void)state;
    struct world *w = world_new(false, 4);
    world_symbol(w, "ch0", DATA);
    world_symbol(w, "ch_debug", TEXT + 0x800);
    memcpy(rtos_stub_at(w->stub, TEXT + 0x800, sizeof debug), debug, sizeof debug);
    rtos_stub_put(w->stub, DATA + 4, TCBS + 0x200, 4); /* current */
    rtos_stub_put(w->stub, REGISTRY, TCBS + LINK, 4);
    rtos_stub_put(w->stub, REGISTRY + 4, TCBS + 0x400 + LINK, 4);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t tcb = TCBS + i * 0x200;
        char name[16];
        snprintf(name, sizeof name, "task%u", i);
        push(w, &layout, i);
        rtos_stub_put(w->stub, after(i) - 4, pc_of(i) | 1, 4);
        rtos_stub_text(w->stub, DATA + 0x400 + 16 * i, name);
        rtos_stub_put(w->stub, tcb + 8, 128 + i, 4);
        rtos_stub_put(w->stub, tcb + 12, after(i) - length_of(&layout), 4);
        rtos_stub_put(w->stub, tcb + 16, i < 2 ? tcb + 0x200 + LINK : REGISTRY, 4);
        rtos_stub_put(w->stub, tcb + 20, i > 0 ? tcb - 0x200 + LINK : REGISTRY, 4);
        rtos_stub_put(w->stub, tcb + 24, DATA + 0x400 + 16 * i, 4);
        rtos_stub_put(w->stub, tcb + 28, STACKS + i * STACK, 4);
        rtos_stub_put(w->stub, tcb + 32, i == 0 ? 8 : 5, 1);
    }
    rtos_stub_registers(w->stub, 17, 4, 0x500);
    world_begin(w, "auto");
    connect_as_gdb(w);
    assert_int_equal(count_threads(w), 3);
    assert_int_equal(w->n_lines, 0);
    assert_memory_equal(state_of(w, "task0"), "Sleeping, priority 128", 22);
    assert_memory_equal(state_of(w, "task1"), "Running, priority 129", 21);
    assert_memory_equal(state_of(w, "task2"), "Semaphore, priority 130", 23);
    expect_task(w, &layout, 2);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_freertos_context_is_detected_and_read),
        cmocka_unit_test(tasks_with_and_without_fpu_registers_are_both_read),
        cmocka_unit_test(a_chosen_context_is_replaced_by_one_with_a_higher_score),
        cmocka_unit_test(a_context_in_the_control_block_is_read),
        cmocka_unit_test(a_task_in_the_secure_state_shows_only_its_stack_pointer),
        cmocka_unit_test(each_threadx_context_is_detected_and_read),
        cmocka_unit_test(a_solicited_context_on_arm9_resumes_at_lr),
        cmocka_unit_test(the_initial_pc_of_a_threadx_thread_has_its_thumb_bit_cleared),
        cmocka_unit_test(threadx_states_are_shown_by_name),
        cmocka_unit_test(an_idle_cpu_is_thread_1),
        cmocka_unit_test(a_corrupt_threadx_ring_keeps_its_consistent_threads),
        cmocka_unit_test(zephyr_offsets_come_from_its_table),
        cmocka_unit_test(zephyr_floating_point_registers_are_in_the_tcb),
        cmocka_unit_test(zephyr_on_riscv_resumes_at_ra),
        cmocka_unit_test(chibios_offsets_come_from_ch_debug),
        cmocka_unit_test(chibios_21_offsets_include_its_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
