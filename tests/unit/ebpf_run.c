/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jumps, memory accesses, calls and faults of RFC 9669, with expected results from its text. */
#include "tests/unit/ebpf_ops_fixture.h"

static void unconditional_jumps(void **state)
{
    (void)state;
    struct outcome o = RUN(JA(1), EXIT, MOV_K(0, 7), JA(-3));
    expect("ja", "forwards and back", &o, 7);
    o = RUN(INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, 1), EXIT, MOV_K(0, 8),
            INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, -3));
    expect("gotol", "forwards and back", &o, 8);
}

static void loads_take_each_width_and_sign(void **state)
{
    static const struct {
        const char *name;
        int opcode, off;
        uint64_t result;
    } cases[] = {
        {"ldxb", BPF_LDX | BPF_MEM | BPF_B, 7, 0x88},
        {"ldxh", BPF_LDX | BPF_MEM | BPF_H, 6, 0x8877},
        {"ldxw", BPF_LDX | BPF_MEM | BPF_W, 4, 0x88776655},
        {"ldxdw", BPF_LDX | BPF_MEM | BPF_DW, 0, 0x8877665544332211},
        {"ldxdw", BPF_LDX | BPF_MEM | BPF_DW, 1, 0x9988776655443322},
        {"ldxsb", BPF_LDX | BPF_MEMSX | BPF_B, 7, 0xffffffffffffff88},
        {"ldxsh", BPF_LDX | BPF_MEMSX | BPF_H, 6, 0xffffffffffff8877},
        {"ldxsw", BPF_LDX | BPF_MEMSX | BPF_W, 4, 0xffffffff88776655},
        {"ldxsb", BPF_LDX | BPF_MEMSX | BPF_B, 0, 0x11},
        {"ldxsh", BPF_LDX | BPF_MEMSX | BPF_H, 0, 0x2211},
        {"ldxsw", BPF_LDX | BPF_MEMSX | BPF_W, 0, 0x44332211},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = RUN(MOV_K(0, -1), INSN(cases[i].opcode, 0, 1, cases[i].off, 0), EXIT);
        expect(cases[i].name, "", &o, cases[i].result);
        o = RUN(ALU_K(BPF_ADD, 1, 16), INSN(cases[i].opcode, 0, 1, cases[i].off - 16, 0), EXIT);
        expect(cases[i].name, "negative offset", &o, cases[i].result);
    }
}

static void stores_write_exactly_their_width(void **state)
{
    static const struct {
        int size, bytes;
    } sizes[] = {{BPF_B, 1}, {BPF_H, 2}, {BPF_W, 4}, {BPF_DW, 8}};
    static const uint8_t value[8] = {0xc8, 0xb7, 0xa6, 0x95, 0x84, 0x73, 0x62, 0x51};
    static const uint8_t small[8] = {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t n = (size_t)sizes[i].bytes;
        uint8_t after[INPUT];
        struct outcome o =
            RUN(LDDW(3, 0x5162738495a6b7c8), STX(sizes[i].size, 1, 9, 3), MOV_K(0, 0), EXIT);
        memcpy(after, input, INPUT);
        memcpy(after + 9, value, n);
        assert_memory_equal(o.input, after, INPUT);
        o = RUN(ST(sizes[i].size, 1, 9, -2), MOV_K(0, 0), EXIT);
        memcpy(after, input, INPUT);
        memcpy(after + 9, small, n);
        assert_memory_equal(o.input, after, INPUT);
    }
}

struct atomic_case {
    const char *name;
    int imm;
    uint64_t expected;           /* r0 before */
    uint64_t memory64, memory32; /* afterwards */
};

/* Memory is 0x8877665544332211 before, the source 0x0f0f0f0ff0f0f0f0. */
static const struct atomic_case atomic_cases[] = {
    {"add", BPF_ADD, 0, 0x9786756535241301, 0x35241301},
    {"or", BPF_OR, 0, 0x8f7f6f5ff4f3f2f1, 0xf4f3f2f1},
    {"and", BPF_AND, 0, 0x0807060540302010, 0x40302010},
    {"xor", BPF_XOR, 0, 0x8778695ab4c3d2e1, 0xb4c3d2e1},
    {"xchg", BPF_XCHG, 0, 0x0f0f0f0ff0f0f0f0, 0xf0f0f0f0},
    {"cmpxchg", BPF_CMPXCHG, 0x8877665544332211, 0x0f0f0f0ff0f0f0f0, 0xf0f0f0f0},
    {"cmpxchg that differs", BPF_CMPXCHG, 1, 0x8877665544332211, 0x44332211},
};

static void check_atomic(const struct atomic_case *c, int imm, bool wide)
{
    uint64_t old = wide ? 0x8877665544332211 : 0x44332211, source = 0x0f0f0f0ff0f0f0f0;
    uint64_t after = wide ? c->memory64 : 0x8877665500000000 | c->memory32, memory,
             r0 = c->expected;
    int opcode = BPF_STX | BPF_ATOMIC | (wide ? BPF_DW : BPF_W);
    struct outcome o = RUN(LDDW(0, c->expected), LDDW(3, source), INSN(opcode, 1, 3, 0, imm), EXIT);
    if (imm == BPF_CMPXCHG)
        r0 = old;
    expect(c->name, "r0", &o, r0);
    memcpy(&memory, o.input, 8);
    if (memory != after)
        fail_msg("%s: memory is 0x%llx", c->name, (unsigned long long)memory);
    o = RUN(LDDW(0, c->expected), LDDW(3, source), INSN(opcode, 1, 3, 0, imm), MOV_X(0, 3), EXIT);
    expect(c->name, "source", &o, imm == BPF_CMPXCHG || !(imm & BPF_FETCH) ? source : old);
}

static void atomic_operations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof atomic_cases / sizeof atomic_cases[0]; i++)
        for (int wide = 0; wide < 2; wide++) {
            check_atomic(&atomic_cases[i], atomic_cases[i].imm, wide);
            check_atomic(&atomic_cases[i], atomic_cases[i].imm | BPF_FETCH, wide);
        }
}

static void legacy_packet_loads_are_big_endian(void **state)
{
    static const struct {
        int size;
        uint64_t at2;
    } cases[] = {{BPF_B, 0x33}, {BPF_H, 0x3344}, {BPF_W, 0x33445566}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = RUN(INSN(BPF_LD | BPF_ABS | cases[i].size, 0, 0, 0, 2), EXIT);
        expect("ld_abs", "", &o, cases[i].at2);
        o = RUN(MOV_K(7, 5), INSN(BPF_LD | BPF_IND | cases[i].size, 0, 7, 0, -3), EXIT);
        expect("ld_ind", "", &o, cases[i].at2);
    }
    assert_int_equal(RUN(INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, INPUT - 3), EXIT).stop,
                     EBPF_ACCESS);
    assert_int_equal(RUN(INSN(BPF_LD | BPF_ABS | BPF_B, 0, 0, 0, -1), EXIT).stop, EBPF_ACCESS);
}

static void calls_preserve_the_callee_saved_registers(void **state)
{
    (void)state;
    struct outcome o =
        RUN(MOV_K(6, 1), MOV_K(7, 2), MOV_K(8, 3), MOV_K(9, 4), CALL_LOCAL(6), ALU_X(BPF_ADD, 0, 6),
            ALU_X(BPF_ADD, 0, 7), ALU_X(BPF_ADD, 0, 8), ALU_X(BPF_ADD, 0, 9), EXIT, EXIT,
            MOV_K(6, 100), MOV_K(7, 100), MOV_K(8, 100), MOV_K(9, 100), MOV_K(0, 1000), EXIT);
    expect("call", "local", &o, 1010);
    o = RUN(ST(BPF_DW, 10, -8, 5), CALL_LOCAL(3), LDX(BPF_DW, 0, 10, -8), EXIT, EXIT,
            ST(BPF_DW, 10, -8, 6), EXIT);
    expect("call", "a frame of its own", &o, 5);
    o = RUN(MOV_K(1, 9), CALL_HELPER(5), ALU_K(BPF_ADD, 0, 1), EXIT);
    expect("call", "helper", &o, 10);
    o = RUN(MOV_K(1, -1), MOV_K(2, 5), CALLX(2), MOV_K(0, 2), EXIT);
    expect("callx", "helper", &o, 2);
    o = RUN(INSN(BPF_LDDW, 3, BPF_CODE, 0, 4), LDDW_HIGH(0), CALLX(3), ALU_K(BPF_ADD, 0, 1), EXIT,
            MOV_K(0, 41), EXIT);
    expect("callx", "code, register in dst", &o, 42);
    o = RUN(INSN(BPF_LDDW, 3, BPF_CODE, 0, 4), LDDW_HIGH(0), INSN(BPF_CALLX, 0, 0, 0, 3),
            ALU_K(BPF_ADD, 0, 1), EXIT, MOV_K(0, 41), EXIT);
    expect("callx", "code, register in imm", &o, 42);
}

static void the_initial_state_is_that_of_the_conformance_suite(void **state)
{
    (void)state;
    struct outcome o = RUN(MOV_X(0, 2), EXIT);
    expect("r2", "length of the input", &o, INPUT);
    o = RUN(LDX(BPF_B, 0, 1, 1), EXIT);
    expect("r1", "address of the input", &o, 0x22);
    o = RUN(ST(BPF_DW, 10, -512, 3), LDX(BPF_DW, 0, 10, -512), EXIT);
    expect("r10", "top of 512 bytes", &o, 3);
    assert_int_equal(RUN(ST(BPF_B, 10, 0, 3), EXIT).stop, EBPF_ACCESS);
}

/* Instructions that RFC 9669 does not define stop the machine only when they are executed. */
static void illegal_instructions_stop_when_executed(void **state)
{
    static const uint64_t bad[] = {
        INSN(0, 0, 0, 0, 0),
        INSN(0xff, 0, 0, 0, 0),
        INSN(BPF_ALU64 | 0xe0, 0, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_X | BPF_NEG, 0, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_MOV, 0, 0, 8, 0),
        INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 0, 7, 0),
        INSN(BPF_ALU | BPF_X | BPF_MOV, 0, 0, 32, 0),
        INSN(BPF_ALU64 | BPF_DIV, 0, 0, 2, 1),
        INSN(BPF_ALU | BPF_MOD, 0, 0, -1, 1),
        INSN(BPF_ALU | BPF_END, 0, 0, 0, 8),
        INSN(BPF_ALU64 | BPF_X | BPF_END, 0, 0, 0, 16),
        INSN(BPF_ALU64 | BPF_MOV, 11, 0, 0, 0),
        INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 11, 0, 0),
        MOV_K(10, 0),
        LDX(BPF_DW, 10, 1, 0),
        INSN(BPF_LDX | BPF_MEMSX | BPF_DW, 0, 1, 0, 0),
        INSN(BPF_LDX | BPF_ATOMIC | BPF_DW, 0, 1, 0, 0),
        INSN(BPF_ST | BPF_ATOMIC | BPF_DW, 1, 0, 0, BPF_ADD),
        INSN(BPF_STX | BPF_ATOMIC | BPF_B, 1, 0, 0, BPF_ADD),
        INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 0, 0, BPF_SUB),
        INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 0, 0, 0xe0),
        INSN(BPF_STX | BPF_MEMSX | BPF_W, 1, 0, 0, 0),
        INSN(BPF_LD | BPF_ABS | BPF_DW, 0, 0, 0, 0),
        INSN(BPF_LDDW, 0, 3, 0, 1),
        INSN(BPF_LDDW, 0, 7, 0, 1),
        INSN(BPF_JMP | 0xe0, 0, 0, 0, 0),
        INSN(BPF_JMP | BPF_X | BPF_JA, 0, 0, 0, 0),
        INSN(BPF_JMP32 | BPF_CALL, 0, 0, 0, 5),
        INSN(BPF_JMP32 | BPF_EXIT, 0, 0, 0, 0),
        CALL_HELPER(77),
        INSN(BPF_JMP | BPF_CALL, 0, BPF_CALL_BTF, 0, 5),
        INSN(BPF_JMP | BPF_CALL, 0, 3, 0, 5),
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct outcome o = RUN(MOV_K(0, 3), bad[i], INSN(0, 0, 0, 0, 0), EXIT);
        if (o.stop != EBPF_ILLEGAL || o.r0 != 3 || o.pc != EBPF_TEXT_BASE + 8)
            fail_msg("0x%llx: stop %d, pc 0x%llx", (unsigned long long)bad[i], (int)o.stop,
                     (unsigned long long)o.pc);
        o = RUN(MOV_K(0, 3), JA(1), bad[i], EXIT);
        expect("bad instruction", "not reached", &o, 3);
    }
    assert_int_equal(RUN(MOV_K(0, 3), INSN(BPF_LDDW, 0, 0, 0, 1)).stop, EBPF_ILLEGAL);
    assert_int_equal(RUN(JA(1), LDDW(0, 1), EXIT).stop, EBPF_ILLEGAL);
}

/* The padding of the input's page is for debuggers only. */
static void an_access_past_the_end_of_the_input_stops(void **state)
{
    static const struct {
        int size, bytes;
        const char *reason;
    } cases[] = {{BPF_B, 1, "byte 64 to 65 of input, which has 64"},
                 {BPF_H, 2, "byte 63 to 65 of input, which has 64"},
                 {BPF_W, 4, "byte 61 to 65 of input, which has 64"},
                 {BPF_DW, 8, "byte 57 to 65 of input, which has 64"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int size = cases[i].size, last = INPUT - cases[i].bytes;
        assert_int_equal(RUN(LDX(size, 0, 1, last), EXIT).stop, EBPF_EXITED);
        assert_int_equal(RUN(STX(size, 1, last, 0), EXIT).stop, EBPF_EXITED);
        struct outcome o = RUN(LDX(size, 0, 1, last + 1), EXIT);
        assert_int_equal(o.stop, EBPF_ACCESS);
        assert_non_null(strstr(o.text, cases[i].reason));
        assert_int_equal(RUN(ST(size, 1, last + 1, 0), EXIT).stop, EBPF_ACCESS);
        assert_int_equal(RUN(STX(size, 1, last + 1, 0), EXIT).stop, EBPF_ACCESS);
        assert_int_equal(RUN(LDX(size, 0, 1, 2000), EXIT).stop, EBPF_ACCESS);
        assert_int_equal(RUN(LDX(size, 0, 1, -1), EXIT).stop, EBPF_ACCESS);
    }
    assert_int_equal(RUN(INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 0, INPUT - 7, BPF_ADD), EXIT).stop,
                     EBPF_ACCESS);
}

static enum ebpf_stop read_small_input(int size, int at)
{
    const uint64_t code[] = {LDX(size, 0, 1, at), EXIT};
    const struct ebpf_options options = {.budget = 10, .input = input, .input_size = 3};
    struct ebpf_image *image;
    struct ebpf_machine *m;
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, sizeof code), 0);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    enum ebpf_stop stop = ebpf_run(m, 100);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return stop;
}

static void an_input_smaller_than_an_access_is_exact(void **state)
{
    (void)state;
    assert_int_equal(read_small_input(BPF_H, 1), EBPF_EXITED);
    assert_int_equal(read_small_input(BPF_H, 2), EBPF_ACCESS);
    assert_int_equal(read_small_input(BPF_B, 3), EBPF_ACCESS);
    assert_int_equal(read_small_input(BPF_W, 0), EBPF_ACCESS);
    assert_int_equal(read_small_input(BPF_DW, 0), EBPF_ACCESS);
    assert_int_equal(read_small_input(BPF_DW, 0x800), EBPF_ACCESS);
}

/* RFC 9669, 3: "Unused fields SHALL be cleared to zero." */
static void an_unused_field_that_is_not_zero_is_named(void **state)
{
    static const struct {
        uint64_t insn, next;
        const char *field;
    } cases[] = {
        {INSN(BPF_ALU64 | BPF_ADD, 0, 1, 0, 1), 0, "field src "},
        {INSN(BPF_ALU64 | BPF_ADD, 0, 0, 1, 1), 0, "field offset"},
        {INSN(BPF_ALU | BPF_X | BPF_ADD, 0, 1, 0, 1), 0, "field imm"},
        {INSN(BPF_ALU | BPF_X | BPF_DIV, 0, 1, 1, 1), 0, "field imm"},
        {INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 1, 8, 1), 0, "field imm"},
        {INSN(BPF_ALU64 | BPF_NEG, 0, 0, 0, 1), 0, "field imm"},
        {INSN(BPF_ALU64 | BPF_NEG, 0, 1, 0, 0), 0, "field src"},
        {INSN(BPF_ALU64 | BPF_END, 0, 1, 0, 16), 0, "field src"},
        {INSN(BPF_ALU | BPF_END, 0, 0, 1, 16), 0, "field offset"},
        {INSN(BPF_JMP | BPF_JEQ, 0, 1, 0, 1), 0, "field src"},
        {INSN(BPF_JMP32 | BPF_X | BPF_JEQ, 0, 1, 0, 1), 0, "field imm"},
        {INSN(BPF_JMP | BPF_JA, 0, 0, 0, 1), 0, "field imm"},
        {INSN(BPF_JMP32 | BPF_JA, 0, 0, 1, 0), 0, "field offset"},
        {INSN(BPF_JMP | BPF_JA, 1, 0, 0, 0), 0, "field dst"},
        {INSN(BPF_JMP | BPF_EXIT, 1, 0, 0, 0), 0, "field dst"},
        {INSN(BPF_JMP | BPF_EXIT, 0, 1, 0, 0), 0, "field src"},
        {INSN(BPF_JMP | BPF_EXIT, 0, 0, 1, 0), 0, "field offset"},
        {INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 1), 0, "field imm"},
        {INSN(BPF_JMP | BPF_CALL, 1, 0, 0, 5), 0, "field dst"},
        {INSN(BPF_JMP | BPF_CALL, 0, 0, 1, 5), 0, "field offset"},
        {INSN(BPF_JMP | BPF_CALL, 0, BPF_CALL_LOCAL, 1, 5), 0, "field offset"},
        {INSN(BPF_CALLX, 2, 0, 0, 3), 0, "field imm"},
        {INSN(BPF_CALLX, 2, 1, 0, 0), 0, "field src"},
        {INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 1, 0, 1), 0, "field imm"},
        {INSN(BPF_LDX | BPF_MEMSX | BPF_W, 0, 1, 0, 1), 0, "field imm"},
        {INSN(BPF_ST | BPF_MEM | BPF_W, 1, 1, 0, 1), 0, "field src"},
        {INSN(BPF_STX | BPF_MEM | BPF_W, 1, 1, 0, 1), 0, "field imm"},
        {INSN(BPF_LD | BPF_ABS | BPF_W, 1, 0, 0, 0), 0, "field dst"},
        {INSN(BPF_LD | BPF_ABS | BPF_W, 0, 1, 0, 0), 0, "field src"},
        {INSN(BPF_LD | BPF_IND | BPF_W, 0, 1, 1, 0), 0, "field offset"},
        {INSN(BPF_LDDW, 0, 0, 1, 0), 0, "field offset"},
        {INSN(BPF_LDDW, 0, 0, 0, 0), INSN(0, 1, 0, 0, 0), "field dst of its second half"},
        {INSN(BPF_LDDW, 0, 0, 0, 0), INSN(0, 0, 1, 0, 0), "field src of its second half"},
        {INSN(BPF_LDDW, 0, 0, 0, 0), INSN(0, 0, 0, 1, 0), "field offset of its second half"},
        {INSN(BPF_LDDW, 0, BPF_CODE, 0, 0), INSN(0, 0, 0, 0, 1), "field imm of its second half"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = RUN(MOV_K(0, 3), cases[i].insn, cases[i].next, EXIT);
        if (o.stop != EBPF_ILLEGAL || o.pc != EBPF_TEXT_BASE + 8 ||
            strstr(o.text, cases[i].field) == NULL || strstr(o.text, "at 0x10000008") == NULL)
            fail_msg("case %zu, %s: stop %d, pc 0x%llx, %s", i, cases[i].field, (int)o.stop,
                     (unsigned long long)o.pc, o.text);
    }
}

static void jumps_out_of_the_code_stop_at_the_jump(void **state)
{
    static const uint64_t out[] = {JA(1000),
                                   JA(-3),
                                   CALL_LOCAL(1000),
                                   CALL_LOCAL(-1000),
                                   JMP_K(BPF_JNE, 0, 0, 9),
                                   INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, INT32_MIN),
                                   CALLX(2)};
    (void)state;
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        struct outcome o = RUN(MOV_K(0, 3), out[i], EXIT);
        assert_int_equal(o.stop, EBPF_JUMP);
        assert_int_equal(o.pc, EBPF_TEXT_BASE + 8);
        assert_int_equal(o.executed, 1);
    }
    struct outcome o = RUN(MOV_K(0, 3), JMP_K(BPF_JEQ, 0, 0, 999), EXIT);
    expect("jump out of the code", "not taken", &o, 3);
    o = RUN(MOV_K(0, 3));
    assert_int_equal(o.stop, EBPF_JUMP);
    assert_int_equal(o.pc, EBPF_TEXT_BASE + 8);
}

static void invalid_accesses_stop_before_they_happen(void **state)
{
    static const uint64_t addresses[] = {0,
                                         8,
                                         EBPF_INPUT_BASE - 1,
                                         EBPF_INPUT_BASE + 4096,
                                         EBPF_INPUT_BASE + 4089,
                                         EBPF_STACK_BASE - 1,
                                         EBPF_SHADOW_BASE,
                                         UINT64_MAX,
                                         UINT64_MAX - 7,
                                         UINT64_C(1) << 32 | EBPF_INPUT_BASE,
                                         UINT64_C(1) << 63 | EBPF_INPUT_BASE};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct outcome o = RUN(LDDW(3, addresses[i]), LDX(BPF_DW, 0, 3, 0), EXIT);
        assert_int_equal(o.stop, EBPF_ACCESS);
        assert_int_equal(o.pc, EBPF_TEXT_BASE + 16);
        assert_int_equal(RUN(LDDW(3, addresses[i]), ST(BPF_DW, 3, 0, 1), EXIT).stop, EBPF_ACCESS);
        assert_int_equal(RUN(LDDW(3, addresses[i] + 16), STX(BPF_DW, 3, -16, 1), EXIT).stop,
                         EBPF_ACCESS);
        assert_int_equal(
            RUN(LDDW(3, addresses[i]), INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 3, 1, 0, BPF_ADD), EXIT)
                .stop,
            EBPF_ACCESS);
    }
    /* both ends of every window, also of empty ones */
    for (uint64_t high = 0; high < 16; high++)
        for (int past = 0; past < 2; past++) {
            uint64_t address = (high << 28) - (past ? 8 : 0);
            struct outcome o = RUN(LDDW(3, address), STX(BPF_DW, 3, 0, 1), MOV_K(0, 1), EXIT);
            bool mapped = address == EBPF_INPUT_BASE || address == EBPF_STACK_BASE;
            assert_int_equal(o.stop, mapped ? EBPF_EXITED : EBPF_ACCESS);
        }
}

static void endless_recursion_stops_at_the_maximum_depth(void **state)
{
    (void)state;
    struct outcome o = RUN(ALU_K(BPF_ADD, 0, 1), CALL_LOCAL(-2), EXIT);
    assert_int_equal(o.stop, EBPF_TOO_DEEP);
    assert_int_equal(o.r0, EBPF_DEPTH);
}

static void an_endless_loop_uses_exactly_its_budget(void **state)
{
    (void)state;
    struct outcome o = RUN(ALU_K(BPF_ADD, 0, 1), LDDW(3, 1), JA(-4));
    assert_int_equal(o.stop, EBPF_OVER_BUDGET);
    assert_int_equal(o.executed, 1000);
    assert_int_equal(o.r0, 334);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unconditional_jumps),
        cmocka_unit_test(loads_take_each_width_and_sign),
        cmocka_unit_test(stores_write_exactly_their_width),
        cmocka_unit_test(atomic_operations),
        cmocka_unit_test(legacy_packet_loads_are_big_endian),
        cmocka_unit_test(calls_preserve_the_callee_saved_registers),
        cmocka_unit_test(the_initial_state_is_that_of_the_conformance_suite),
        cmocka_unit_test(illegal_instructions_stop_when_executed),
        cmocka_unit_test(an_access_past_the_end_of_the_input_stops),
        cmocka_unit_test(an_input_smaller_than_an_access_is_exact),
        cmocka_unit_test(an_unused_field_that_is_not_zero_is_named),
        cmocka_unit_test(jumps_out_of_the_code_stop_at_the_jump),
        cmocka_unit_test(invalid_accesses_stop_before_they_happen),
        cmocka_unit_test(endless_recursion_stops_at_the_maximum_depth),
        cmocka_unit_test(an_endless_loop_uses_exactly_its_budget),
    };
    for (size_t i = 0; i < INPUT; i++)
        input[i] = (uint8_t)(0x11 * (i + 1));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
