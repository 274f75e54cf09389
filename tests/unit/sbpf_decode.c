/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instructions of each version of sBPF: results, faults, and what a version does not have. */
#include "tests/unit/sbpf_fixture.h"

#include "ebpf/disasm.h"

#define A32_K(op, dst, imm) INSN(BPF_ALU | (op), dst, 0, 0, imm)
#define A32_X(op, dst, src) INSN(BPF_ALU | BPF_X | (op), dst, src, 0, 0)
#define PQR_K(op, dst, imm) INSN(op, dst, 0, 0, imm)
#define PQR_X(op, dst, src) INSN((op) | BPF_X, dst, src, 0, 0)
#define HOR64(dst, imm) INSN(SBPF_HOR64, dst, 0, 0, imm)

enum { ALL = 5 /* versions; 4: version 3 as first proposed */, NEW = 0x100, OLD = 0x200 };

/* Return of each version; the same in all but version 3 as first proposed. */
static uint64_t leave(unsigned version)
{
    return version == 4 ? INSN(0x9d, 0, 0, 0, 0) : EXIT;
}

static bool has_pqr(unsigned version)
{
    return version == 2 || version == 4;
}

/* r0 = value, in the instructions that a version has. */
static uint64_t *put_constant(uint64_t *p, unsigned version, unsigned dst, uint64_t value)
{
    if (has_pqr(version)) {
        *p++ = A32_K(BPF_MOV, dst, (uint32_t)value);
        *p++ = HOR64(dst, (uint32_t)(value >> 32));
    } else {
        *p++ = INSN(BPF_LDDW, dst, 0, 0, (uint32_t)value);
        *p++ = LDDW_HIGH(value);
    }
    return p;
}

/* Runs `r0 op= r1` (or an immediate, as the instruction says). */
static enum ebpf_stop run_one(unsigned version, uint64_t insn, uint64_t r0, uint64_t r1)
{
    uint64_t text[8], *p = text;
    p = put_constant(p, version, 0, r0);
    p = put_constant(p, version, 1, r1);
    *p++ = insn;
    *p++ = leave(version);
    set_text(version, text, (size_t)(p - text) * 8);
    return run();
}

static const struct {
    unsigned versions; /* NEW: with PQR only; OLD: without */
    uint64_t insn, r0, r1, want;
} sums[] = {
    /* Sums of 32 bits are sign-extended, except in version 2. */
    {OLD, A32_K(BPF_ADD, 0, 1), 0x7fffffff, 0, 0xffffffff80000000},
    {NEW, A32_K(BPF_ADD, 0, 1), 0x7fffffff, 0, 0x80000000},
    {OLD, A32_X(BPF_ADD, 0, 1), 0x7fffffff, 1, 0xffffffff80000000},
    {NEW, A32_X(BPF_ADD, 0, 1), 0x7fffffff, 1, 0x80000000},
    {OLD, A32_X(BPF_SUB, 0, 1), 1, 2, UINT64_MAX},
    {NEW, A32_X(BPF_SUB, 0, 1), 1, 2, 0xffffffff},
    {OLD, A32_K(BPF_MUL, 0, 2), 0x40000000, 0, 0xffffffff80000000},
    {OLD, A32_X(BPF_MUL, 0, 1), 3, 0x55555556, 2},
    /* A difference with an immediate is reversed in version 2. */
    {OLD, A32_K(BPF_SUB, 0, 5), 3, 0, UINT64_MAX - 1},
    {NEW, A32_K(BPF_SUB, 0, 5), 3, 0, 2},
    {OLD, ALU_K(BPF_SUB, 0, 5), 8, 0, 3},
    {NEW, ALU_K(BPF_SUB, 0, 5), 8, 0, (uint64_t)-3},
    {NEW, ALU_K(BPF_SUB, 0, -1), 8, 0, (uint64_t)-9},
    {OLD | NEW, ALU_X(BPF_SUB, 0, 1), 8, 5, 3},
    /* A move of 32 bits extends the sign in version 2. */
    {OLD, A32_X(BPF_MOV, 0, 1), 0, 0x80000000, 0x80000000},
    {NEW, A32_X(BPF_MOV, 0, 1), 0, 0x80000000, 0xffffffff80000000},
    {OLD | NEW, A32_K(BPF_MOV, 0, -1), 0, 0, 0xffffffff},
    {OLD | NEW, MOV_K(0, -1), 0, 0, UINT64_MAX},
    /* Division. */
    {OLD, ALU_X(BPF_DIV, 0, 1), UINT64_MAX, 2, 0x7fffffffffffffff},
    {OLD, ALU_K(BPF_DIV, 0, -1), UINT64_MAX, 0, 1},
    {OLD, A32_X(BPF_DIV, 0, 1), 0x1000000ff, 0x100000010, 15},
    {OLD, ALU_X(BPF_MOD, 0, 1), 17, 5, 2},
    {OLD, A32_K(BPF_MOD, 0, 5), 0xffffffffff, 0, 0},
    {NEW, PQR_X(0x56, 0, 1), UINT64_MAX, 2, 0x7fffffffffffffff},
    {NEW, PQR_K(0x56, 0, -1), UINT64_MAX, 0, 0x100000001}, /* 64 bits by 0xffffffff */
    {NEW, PQR_X(0x46, 0, 1), 0x1000000ff, 0x100000010, 15},
    {NEW, PQR_K(0x66, 0, 10), 0x10000002b, 0, 3},
    {NEW, PQR_K(0x76, 0, -1), UINT64_MAX, 0, 0},
    {NEW, PQR_X(0xc6, 0, 1), 0xfffffff9, 2, 0xfffffffd},
    {NEW, PQR_K(0xd6, 0, -2), (uint64_t)-7, 0, 3},
    {NEW, PQR_X(0xe6, 0, 1), 0xfffffff9, 2, 0xffffffff},
    {NEW, PQR_X(0xf6, 0, 1), (uint64_t)-7, 2, UINT64_MAX},
    /* Products. */
    {NEW, PQR_K(0x86, 0, 3), 0x100000002, 0, 6},
    {NEW, PQR_X(0x96, 0, 1), 0x100000002, 3, 0x300000006},
    {NEW, PQR_K(0x96, 0, -1), 5, 0, (uint64_t)-5},
    {NEW, PQR_X(0x36, 0, 1), UINT64_MAX, UINT64_MAX, UINT64_MAX - 1},
    {NEW, PQR_K(0x36, 0, -1), UINT64_MAX, 0, 0xfffffffe},
    {NEW, PQR_X(0xb6, 0, 1), UINT64_MAX, UINT64_MAX, 0},
    {NEW, PQR_X(0xb6, 0, 1), (uint64_t)INT64_MIN, 5, (uint64_t)-3},
    {NEW, PQR_X(0xb6, 0, 1), (uint64_t)INT64_MIN, (uint64_t)INT64_MIN, 0x4000000000000000},
    {NEW, PQR_X(0x36, 0, 1), 0x123456789abcdef0, 0xfedcba9876543210, 0x121fa00ad77d7422},
    {NEW, PQR_K(0xb6, 0, -1), UINT64_MAX - 1, 0, 0},
    {NEW, HOR64(0, 0x12345678), 0x9abcdef0, 0, 0x123456789abcdef0},
    /* Byte order, shifts, logic: as in eBPF. */
    {OLD | NEW, A32_X(BPF_END, 0, 0) | (uint64_t)16 << 32, 0x11223344, 0, 0x4433},
    {OLD, A32_K(BPF_END, 0, 32), 0x1122334455667788, 0, 0x55667788},
    {OLD | NEW, ALU_K(BPF_ARSH, 0, 4), (uint64_t)-16, 0, UINT64_MAX},
    {OLD | NEW, A32_X(BPF_RSH, 0, 1), 0x1ffffffff, 36, 0x0fffffff},
    {OLD, ALU_K(BPF_NEG, 0, 0), 1, 0, UINT64_MAX},
    {OLD, A32_K(BPF_NEG, 0, 0), 1, 0, 0xffffffff},
    {OLD | NEW, ALU_X(BPF_XOR, 0, 1), 0xff, 0x0f, 0xf0},
};

static void arithmetic_of_each_version(void **state)
{
    (void)state;
    for (unsigned version = 0; version < ALL; version++)
        for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
            if (!(sums[i].versions & (has_pqr(version) ? NEW : OLD)))
                continue;
            enum ebpf_stop stop = run_one(version, sums[i].insn, sums[i].r0, sums[i].r1);
            if (stop != EBPF_EXITED || machine->reg[0] != sums[i].want)
                fail_msg("version %u, case %zu: stop %d, r0 0x%llx, want 0x%llx: %s", version, i,
                         stop, (unsigned long long)machine->reg[0],
                         (unsigned long long)sums[i].want, machine->fault.text);
        }
}

static void division_faults_stop_with_sigfpe(void **state)
{
    static const struct {
        unsigned versions;
        uint64_t insn, r0, r1;
        const char *want;
    } cases[] = {
        {OLD, ALU_X(BPF_DIV, 0, 1), 5, 0, "division by zero"},
        {OLD, A32_X(BPF_DIV, 0, 1), 5, 0x100000000, "division by zero"},
        {OLD, ALU_X(BPF_MOD, 0, 1), 5, 0, "division by zero"},
        {OLD, A32_X(BPF_MOD, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0x46, 0, 1), 5, 0x100000000, "division by zero"},
        {NEW, PQR_X(0x56, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0x66, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0x76, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0xc6, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0xd6, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0xe6, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0xf6, 0, 1), 5, 0, "division by zero"},
        {NEW, PQR_X(0xc6, 0, 1), 0x80000000, 0xffffffff, "most negative"},
        {NEW, PQR_K(0xd6, 0, -1), (uint64_t)INT64_MIN, 0, "most negative"},
        {NEW, PQR_X(0xe6, 0, 1), 0x80000000, 0xffffffff, "most negative"},
        {NEW, PQR_X(0xf6, 0, 1), (uint64_t)INT64_MIN, UINT64_MAX, "most negative"},
    };
    (void)state;
    for (unsigned version = 0; version < ALL; version++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            if (!(cases[i].versions & (has_pqr(version) ? NEW : OLD)))
                continue;
            enum ebpf_stop stop = run_one(version, cases[i].insn, cases[i].r0, cases[i].r1);
            assert_int_equal(stop, EBPF_DIVISION);
            assert_int_equal(ebpf_stop_signal(stop), 8);
            assert_non_null(strstr(machine->fault.text, cases[i].want));
            assert_int_equal(machine->pc, image->code_at + 32);
            assert_int_equal(machine->reg[0], cases[i].r0); /* unchanged */
        }
}

static void instructions_that_a_version_lacks_are_illegal(void **state)
{
    static const struct {
        uint64_t insn;
        bool in[ALL]; /* it exists there */
    } cases[] = {
        {A32_K(BPF_MUL, 0, 2), {1, 1, 0, 1, 0}},
        {A32_K(BPF_DIV, 0, 2), {1, 1, 0, 1, 0}},
        {A32_K(BPF_NEG, 0, 0), {1, 1, 0, 1, 0}},
        {A32_K(BPF_END, 0, 16), {1, 1, 0, 1, 0}},
        {HOR64(0, 1), {0, 0, 1, 0, 1}},
        {PQR_K(0x46, 0, 1), {0, 0, 1, 1, 1}}, /* in version 3 a jump: JSET32 */
        {INSN(BPF_JMP32 | BPF_JEQ, 0, 0, 0, 1), {0, 0, 0, 1, 0}},
        {INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, 0), {0, 0, 0, 0, 0}},
        {INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 10, 0, -8, 0), {0, 0, 0, 0, 0}},
        {INSN(BPF_LDX | BPF_MEMSX | BPF_W, 0, 10, -8, 0), {0, 0, 0, 0, 0}},
        {INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), {0, 0, 0, 0, 0}},
        {INSN(BPF_ALU64 | BPF_END, 0, 0, 0, 16), {0, 0, 0, 0, 0}},
        {ALU_K(BPF_MOV, 11, 0), {0, 0, 0, 0, 0}},
        {ALU_X(BPF_MOV, 0, 11), {0, 0, 0, 0, 0}},
        {MOV_K(10, 0), {0, 0, 0, 0, 0}},
        {ALU_K(BPF_ADD, 10, -64), {0, 1, 1, 0, 1}},
        {ALU_K(BPF_ADD, 10, -8), {0, 0, 0, 0, 0}},
        {ALU_K(BPF_LSH, 0, 64), {0, 0, 0, 0, 0}},
        {A32_K(BPF_LSH, 0, 32), {0, 0, 0, 0, 0}},
        {ALU_K(BPF_DIV, 0, 0), {0, 0, 1, 0, 1}}, /* there it is a store, which r0 = 0 faults */
        {PQR_K(0xd6, 0, 0), {0, 0, 0, 1, 0}},    /* in version 3 a jump */
        {INSN(BPF_JMP | BPF_CALL, 0, 2, 0, 0), {0, 0, 0, 0, 1}},
    };
    (void)state;
    for (unsigned version = 0; version < ALL; version++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            set_text(version, (uint64_t[]){cases[i].insn, leave(version)}, 16);
            bool illegal = run() == EBPF_ILLEGAL;
            bool call = (cases[i].insn & 0xff) == (BPF_JMP | BPF_CALL);
            if (illegal == cases[i].in[version] && !(call && version < 3))
                fail_msg("version %u, case %zu: %s", version, i, machine->fault.text);
        }
}

static void version_2_has_moved_loads_and_stores(void **state)
{
    (void)state;
    for (unsigned version = 2; version <= 4; version += 2) {
        TEXT(version, INSN(0x97, 10, 0, -8, -1),                      /* stdw [r10 - 8], -1 */
             A32_K(BPF_MOV, 1, 0x11223344), INSN(0x2f, 10, 1, -8, 0), /* stxb: 44 */
             INSN(0x3f, 10, 1, -6, 0),                                /* stxh: 3344 */
             INSN(0x8f, 10, 1, -4, 0),                                /* stxw */
             INSN(0x27, 10, 0, -7, 0x55),                             /* stb */
             INSN(0x9c, 0, 10, -8, 0),                                /* ldxdw */
             INSN(0x37, 10, 0, -16, 0x1234),                          /* sth */
             INSN(0x87, 10, 0, -12, 7),                               /* stw */
             INSN(0x9f, 10, 0, -24, 0),                               /* stxdw */
             INSN(0x3c, 2, 10, -16, 0),                               /* ldxh */
             INSN(0x8c, 3, 10, -12, 0),                               /* ldxw */
             INSN(0x2c, 4, 10, -24, 0),                               /* ldxb */
             leave(version));
        assert_int_equal(result(), 0x1122334433445544);
        assert_int_equal(machine->reg[2], 0x1234);
        assert_int_equal(machine->reg[3], 7);
        assert_int_equal(machine->reg[4], 0x44);
    }
}

static void jumps_of_32_bits_are_in_version_3(void **state)
{
    (void)state;
    TEXT(3, LDDW(1, 0x100000005), MOV_K(0, 1), INSN(BPF_JMP32 | BPF_JEQ, 1, 0, 1, 5), EXIT,
         MOV_K(0, 2), INSN(BPF_JMP32 | BPF_X | BPF_JSGT, 1, 0, 1, 0), EXIT, MOV_K(0, 3), EXIT);
    assert_int_equal(result(), 3);
}

static void callx_has_its_register_where_the_version_puts_it(void **state)
{
    (void)state;
    for (unsigned version = 0; version < ALL; version++) {
        uint64_t text[8], *p = text, start = version == 4 ? 0 : UINT64_C(1) << 32;
        uint64_t f = start + (version < 3 ? 64 + 2 * 56U : 0) + 32;
        p = put_constant(p, version, 3, f);
        *p++ = has_pqr(version) ? INSN(BPF_CALLX, 0, 3, 0, 0)
               : version == 3   ? INSN(BPF_CALLX, 3, 0, 0, 0)
                                : INSN(BPF_CALLX, 0, 0, 0, 3);
        *p++ = leave(version);
        *p++ = MOV_K(0, 42);
        *p++ = leave(version);
        set_text(version, text, (size_t)(p - text) * 8);
        assert_int_equal(result(), 42);
        text[0] += (uint64_t)4 << 32; /* into the instruction: rounded down */
        set_text(version, text, (size_t)(p - text) * 8);
        assert_int_equal(result(), 42);
        assert_int_equal(machine->executed, has_pqr(version) ? 6 : 5);
        text[0] += (uint64_t)64 << 32; /* out of the code */
        set_text(version, text, (size_t)(p - text) * 8);
        assert_int_equal(run(), EBPF_JUMP);
        assert_int_equal(machine->depth, 0);
    }
}

static void instructions_are_disassembled(void **state)
{
    static const struct {
        unsigned version;
        uint64_t insn;
        const char *text;
    } cases[] = {
        {2, PQR_K(0xd6, 3, -2), "sdiv64 r3, -2"},
        {2, PQR_X(0x36, 3, 4), "uhmul64 r3, r4"},
        {2, PQR_X(0x96, 3, 4), "r3 *= r4"},
        {2, HOR64(1, 5), "hor64 r1, 5"},
        {2, ALU_K(BPF_SUB, 1, 5), "sub64 r1, 5"},
        {2, ALU_X(BPF_SUB, 1, 2), "r1 -= r2"},
        {2, INSN(0x9c, 0, 10, -8, 0), "r0 = *(u64 *)(r10 - 8)"},
        {2, INSN(0x27, 10, 0, -7, 5), "*(u8 *)(r10 - 7) = 5"},
        {2, A32_X(BPF_MOV, 0, 1), "r0 = (s32)r1"},
        {2, INSN(BPF_CALLX, 0, 3, 0, 0), "callx r3"},
        {1, INSN(BPF_CALLX, 0, 0, 0, 7), "callx r7"},
        {0, ALU_K(BPF_DIV, 1, 5), "r1 /= 5"},
        {3, CALL_HELPER(0x207559bd), "call 0x207559bd <sol_log_>"},
        {3, CALL_HELPER(1), "call 0x00000001"},
        {3, INSN(BPF_JMP32 | BPF_JEQ, 1, 0, 0, 5), "if w1 == 5 goto 0x100000008"},
        {0, INSN(BPF_JMP32 | BPF_JEQ, 1, 0, 0, 5), "bad instruction 16 01 00 00  05 00 00 00"},
        {2, INSN(BPF_LDDW, 1, 0, 0, 5), "bad instruction 18 01 00 00  05 00 00 00"},
        {4, INSN(0x95, 0, 0, 0, 0x207559bd), "call 0x207559bd <sol_log_>"},
        {4, INSN(0x9d, 0, 0, 0, 0), "exit"},
    };
    struct buf text;
    (void)state;
    buf_init(&text, 1000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        set_text(cases[i].version, (uint64_t[]){cases[i].insn, leave(cases[i].version)}, 16);
        assert_int_equal(load_program(), 0);
        buf_reset(&text);
        const uint8_t *bytes = (const uint8_t *)program.text;
        assert_int_equal(ebpf_disassemble(&text, bytes, 16, image->code_at, image), 8);
        if (!buf_is(&text, cases[i].text))
            fail_msg("case %zu: %.*s", i, (int)text.len, (const char *)text.data);
    }
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(arithmetic_of_each_version, sbpf_tear_down),
        cmocka_unit_test_teardown(division_faults_stop_with_sigfpe, sbpf_tear_down),
        cmocka_unit_test_teardown(instructions_that_a_version_lacks_are_illegal, sbpf_tear_down),
        cmocka_unit_test_teardown(version_2_has_moved_loads_and_stores, sbpf_tear_down),
        cmocka_unit_test_teardown(jumps_of_32_bits_are_in_version_3, sbpf_tear_down),
        cmocka_unit_test_teardown(instructions_are_disassembled, sbpf_tear_down),
        cmocka_unit_test_teardown(callx_has_its_register_where_the_version_puts_it, sbpf_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
