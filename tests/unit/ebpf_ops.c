/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every operation and operand form of RFC 9669, with expected results from its text. Each case runs
 * in the unchecked loop, one instruction at a time, and in the reference interpreter.
 */
#include "tests/unit/unit.h"

#include "ebpf/helpers.h"
#include "ebpf/machine.h"
#include "tests/ebpf/asm.h"
#include "tests/ebpf/reference.h"

enum { INPUT = 64, SLOTS = 64 };

static uint8_t input[INPUT];

static enum ebpf_stop first_argument(struct ebpf_machine *m, const uint64_t arg[5], uint64_t *r)
{
    (void)m;
    *r = arg[0];
    return EBPF_RUNNING;
}

static const struct ebpf_helper table[] = {{5, "first", "a", first_argument}};

static bool reference_helper(struct reference *ref, uint32_t id)
{
    if (id == 5)
        ref->r[0] = ref->r[1];
    return id == 5;
}

struct outcome {
    enum ebpf_stop stop;
    uint64_t r0, executed, pc;
    uint8_t input[INPUT];
};

static struct outcome run(const uint64_t *code, size_t slots, bool stepping)
{
    struct ebpf_image *image;
    struct ebpf_machine *m;
    struct ebpf_options options = {.budget = 1000,
                                   .helpers = table,
                                   .helper_count = 1,
                                   .input = input,
                                   .input_size = sizeof input};
    struct outcome o = {0};
    assert_int_equal(ebpf_image_from_code(&image, (const uint8_t *)code, slots * 8), 0);
    assert_int_equal(ebpf_machine_new(&m, image, &options), 0);
    do
        o.stop = stepping ? ebpf_step(m, 0, 0, 1) : ebpf_run(m, 100);
    while (o.stop == EBPF_RUNNING || o.stop == EBPF_STEPPED);
    o.r0 = m->reg[0];
    o.executed = m->executed;
    o.pc = m->pc;
    assert_int_equal(ebpf_memory_peek(&m->memory, EBPF_INPUT_BASE, o.input, INPUT), INPUT);
    ebpf_machine_free(m);
    ebpf_image_free(image);
    return o;
}

static void check_reference(const uint64_t *code, size_t slots, const struct outcome *fast)
{
    uint8_t memory[4096] = {0}, stack[512 * 64] = {0};
    struct reference ref = {
        .code = (const uint8_t *)code,
        .slots = slots,
        .text = EBPF_TEXT_BASE,
        .area = {{EBPF_INPUT_BASE, sizeof memory, memory, true},
                 {EBPF_STACK_BASE, sizeof stack, stack, true}},
        .packet = EBPF_INPUT_BASE,
        .packet_size = INPUT,
        .r = {[1] = EBPF_INPUT_BASE, [2] = INPUT, [10] = EBPF_STACK_BASE + sizeof stack},
        .helper = reference_helper};
    memcpy(memory, input, INPUT);
    (void)reference_run(&ref, 1000);
    assert_int_equal(ref.r[0], fast->r0);
    assert_int_equal(ref.executed, fast->executed);
    assert_int_equal(EBPF_TEXT_BASE + 8 * ref.pc, fast->pc);
    assert_memory_equal(memory, fast->input, INPUT);
}

/* Runs the code in all ways and returns the result. */
static struct outcome run_all(const uint64_t *code, size_t slots)
{
    struct outcome fast = run(code, slots, false), slow = run(code, slots, true);
    assert_int_equal(fast.stop, slow.stop);
    assert_int_equal(fast.r0, slow.r0);
    assert_int_equal(fast.executed, slow.executed);
    assert_int_equal(fast.pc, slow.pc);
    assert_memory_equal(fast.input, slow.input, INPUT);
    check_reference(code, slots, &fast);
    return fast;
}

#define RUN(...)                                                                                   \
    run_all((const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static void expect(const char *name, const char *form, const struct outcome *o, uint64_t r0)
{
    if (o->stop != EBPF_EXITED || o->r0 != r0)
        fail_msg("%s, %s: stop %d, r0 is 0x%llx and not 0x%llx", name, form, (int)o->stop,
                 (unsigned long long)o->r0, (unsigned long long)r0);
}

struct alu_case {
    const char *name;
    int op, off;
    uint64_t a;
    int32_t b; /* sign-extended, so that immediate and register have the same value */
    uint64_t result64, result32;
};

static const struct alu_case alu_cases[] = {
    {"add", BPF_ADD, 0, 0x1, 2, 0x3, 0x3},
    {"add", BPF_ADD, 0, 0xffffffffffffffff, 1, 0x0, 0x0},
    {"add", BPF_ADD, 0, 0x7fffffffffffffff, 1, 0x8000000000000000, 0x0},
    {"add", BPF_ADD, 0, 0xffffffff, 1, 0x100000000, 0x0},
    {"add", BPF_ADD, 0, 0x5, -7, 0xfffffffffffffffe, 0xfffffffe},
    {"sub", BPF_SUB, 0, 0x5, 7, 0xfffffffffffffffe, 0xfffffffe},
    {"sub", BPF_SUB, 0, 0x0, 1, 0xffffffffffffffff, 0xffffffff},
    {"sub", BPF_SUB, 0, 0x100000000, 1, 0xffffffff, 0xffffffff},
    {"sub", BPF_SUB, 0, 0x3, INT32_MIN, 0x80000003, 0x80000003},
    {"mul", BPF_MUL, 0, 0x6, 7, 0x2a, 0x2a},
    {"mul", BPF_MUL, 0, 0xffffffffffffffff, -1, 0x1, 0x1},
    {"mul", BPF_MUL, 0, 0x100000001, 3, 0x300000003, 0x3},
    {"mul", BPF_MUL, 0, 0x123456789abcdef0, -5, 0xa4fa4fa4fa4fa550, 0xfa4fa550},
    {"div", BPF_DIV, 0, 0x64, 7, 0xe, 0xe},
    {"div", BPF_DIV, 0, 0x64, 0, 0x0, 0x0},
    {"div", BPF_DIV, 0, 0xffffffffffffffff, 2, 0x7fffffffffffffff, 0x7fffffff},
    {"div", BPF_DIV, 0, 0x1234567890, -1, 0x0, 0x0},
    {"div", BPF_DIV, 0, 0xffffffff00000010, 3, 0x5555555500000005, 0x5},
    {"or", BPF_OR, 0, 0xf0, 15, 0xff, 0xff},
    {"or", BPF_OR, 0, 0x5500000000, -256, 0xffffffffffffff00, 0xffffff00},
    {"or", BPF_OR, 0, 0x0, 0, 0x0, 0x0},
    {"and", BPF_AND, 0, 0xff, 60, 0x3c, 0x3c},
    {"and", BPF_AND, 0, 0xffffffff0000ffff, -2, 0xffffffff0000fffe, 0xfffe},
    {"and", BPF_AND, 0, 0xffffffffffffffff, 0x7fffffff, 0x7fffffff, 0x7fffffff},
    {"mod", BPF_MOD, 0, 0x64, 7, 0x2, 0x2},
    {"mod", BPF_MOD, 0, 0x64, 0, 0x64, 0x64},
    {"mod", BPF_MOD, 0, 0xffffffffffffffff, 10, 0x5, 0x5},
    {"mod", BPF_MOD, 0, 0x1234567890, -1, 0x1234567890, 0x34567890},
    {"mod", BPF_MOD, 0, 0xffffffff00000010, 7, 0x0, 0x2},
    {"xor", BPF_XOR, 0, 0xff, 15, 0xf0, 0xf0},
    {"xor", BPF_XOR, 0, 0xffffffff12345678, -1, 0xedcba987, 0xedcba987},
    {"xor", BPF_XOR, 0, 0x7, 7, 0x0, 0x0},
    {"mov", BPF_MOV, 0, 0x9, 1, 0x1, 0x1},
    {"mov", BPF_MOV, 0, 0x9, -1, 0xffffffffffffffff, 0xffffffff},
    {"mov", BPF_MOV, 0, 0x9, 0x7fffffff, 0x7fffffff, 0x7fffffff},
    {"mov", BPF_MOV, 0, 0x9, INT32_MIN, 0xffffffff80000000, 0x80000000},
    {"lsh", BPF_LSH, 0, 0x1, 0, 0x1, 0x1},
    {"lsh", BPF_LSH, 0, 0x1, 4, 0x10, 0x10},
    {"lsh", BPF_LSH, 0, 0x8000000000000001, 1, 0x2, 0x2},
    {"lsh", BPF_LSH, 0, 0x80000001, 31, 0x4000000080000000, 0x80000000},
    {"lsh", BPF_LSH, 0, 0xdeadbeefcafebabe, 32, 0xcafebabe00000000, 0xcafebabe},
    {"lsh", BPF_LSH, 0, 0xdeadbeefcafebabe, 63, 0x0, 0x0},
    {"lsh", BPF_LSH, 0, 0xdeadbeefcafebabe, 64, 0xdeadbeefcafebabe, 0xcafebabe},
    {"lsh", BPF_LSH, 0, 0xdeadbeefcafebabe, -1, 0x0, 0x0},
    {"lsh", BPF_LSH, 0, 0x123456789, 37, 0x68acf12000000000, 0x68acf120},
    {"rsh", BPF_RSH, 0, 0x1, 0, 0x1, 0x1},
    {"rsh", BPF_RSH, 0, 0x1, 4, 0x0, 0x0},
    {"rsh", BPF_RSH, 0, 0x8000000000000001, 1, 0x4000000000000000, 0x0},
    {"rsh", BPF_RSH, 0, 0x80000001, 31, 0x1, 0x1},
    {"rsh", BPF_RSH, 0, 0xdeadbeefcafebabe, 32, 0xdeadbeef, 0xcafebabe},
    {"rsh", BPF_RSH, 0, 0xdeadbeefcafebabe, 63, 0x1, 0x1},
    {"rsh", BPF_RSH, 0, 0xdeadbeefcafebabe, 64, 0xdeadbeefcafebabe, 0xcafebabe},
    {"rsh", BPF_RSH, 0, 0xdeadbeefcafebabe, -1, 0x1, 0x1},
    {"rsh", BPF_RSH, 0, 0x123456789, 37, 0x0, 0x11a2b3c},
    {"arsh", BPF_ARSH, 0, 0x1, 0, 0x1, 0x1},
    {"arsh", BPF_ARSH, 0, 0x1, 4, 0x0, 0x0},
    {"arsh", BPF_ARSH, 0, 0x8000000000000001, 1, 0xc000000000000000, 0x0},
    {"arsh", BPF_ARSH, 0, 0x80000001, 31, 0x1, 0xffffffff},
    {"arsh", BPF_ARSH, 0, 0xdeadbeefcafebabe, 32, 0xffffffffdeadbeef, 0xcafebabe},
    {"arsh", BPF_ARSH, 0, 0xdeadbeefcafebabe, 63, 0xffffffffffffffff, 0xffffffff},
    {"arsh", BPF_ARSH, 0, 0xdeadbeefcafebabe, 64, 0xdeadbeefcafebabe, 0xcafebabe},
    {"arsh", BPF_ARSH, 0, 0xdeadbeefcafebabe, -1, 0xffffffffffffffff, 0xffffffff},
    {"arsh", BPF_ARSH, 0, 0x123456789, 37, 0x0, 0x11a2b3c},
    {"sdiv", BPF_DIV, 1, 0x64, 7, 0xe, 0xe},
    {"sdiv", BPF_DIV, 1, 0xffffffffffffff9c, 7, 0xfffffffffffffff2, 0xfffffff2},
    {"sdiv", BPF_DIV, 1, 0x64, -7, 0xfffffffffffffff2, 0xfffffff2},
    {"sdiv", BPF_DIV, 1, 0xffffffffffffff9c, -7, 0xe, 0xe},
    {"sdiv", BPF_DIV, 1, 0x8000000000000000, -1, 0x8000000000000000, 0x0},
    {"sdiv", BPF_DIV, 1, 0x80000000, -1, 0xffffffff80000000, 0x80000000},
    {"sdiv", BPF_DIV, 1, 0xfffffffffffffffb, 0, 0x0, 0x0},
    {"sdiv", BPF_DIV, 1, 0x123456789abc, -3, 0xfffff9ee8dd7cc6c, 0xe32d21c2},
    {"smod", BPF_MOD, 1, 0x64, 7, 0x2, 0x2},
    {"smod", BPF_MOD, 1, 0xffffffffffffff9c, 7, 0xfffffffffffffffe, 0xfffffffe},
    {"smod", BPF_MOD, 1, 0x64, -7, 0x2, 0x2},
    {"smod", BPF_MOD, 1, 0xffffffffffffff9c, -7, 0xfffffffffffffffe, 0xfffffffe},
    {"smod", BPF_MOD, 1, 0x8000000000000000, -1, 0x0, 0x0},
    {"smod", BPF_MOD, 1, 0x80000000, -1, 0x0, 0x0},
    {"smod", BPF_MOD, 1, 0xfffffffffffffffb, 0, 0xfffffffffffffffb, 0xfffffffb},
    {"smod", BPF_MOD, 1, 0x123456789abc, -3, 0x0, 0x2},
};

static void arithmetic_gives_the_results_of_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof alu_cases / sizeof alu_cases[0]; i++) {
        const struct alu_case *c = &alu_cases[i];
        struct outcome o;
        uint64_t b = (uint64_t)(int64_t)c->b;
        o = RUN(LDDW(0, c->a), INSN(BPF_ALU64 | c->op, 0, 0, c->off, c->b), EXIT);
        expect(c->name, "64 bits, immediate", &o, c->result64);
        o = RUN(LDDW(0, c->a), LDDW(3, b), INSN(BPF_ALU64 | BPF_X | c->op, 0, 3, c->off, 0), EXIT);
        expect(c->name, "64 bits, register", &o, c->result64);
        o = RUN(LDDW(0, c->a), INSN(BPF_ALU | c->op, 0, 0, c->off, c->b), EXIT);
        expect(c->name, "32 bits, immediate", &o, c->result32);
        o = RUN(LDDW(0, c->a), LDDW(3, b ^ UINT64_C(0x5a5a5a5a00000000)),
                INSN(BPF_ALU | BPF_X | c->op, 0, 3, c->off, 0), EXIT);
        expect(c->name, "32 bits, register", &o, c->result32);
    }
}

/* A move and the next op may be fused; the result must be the same, also for equal registers. */
static void a_fused_move_and_operation_gives_the_same_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof alu_cases / sizeof alu_cases[0]; i++) {
        const struct alu_case *c = &alu_cases[i];
        uint64_t b = (uint64_t)(int64_t)c->b;
        struct outcome o =
            RUN(LDDW(4, c->a), MOV_X(0, 4), INSN(BPF_ALU64 | c->op, 0, 0, c->off, c->b), EXIT);
        expect(c->name, "moved, immediate", &o, c->result64);
        o = RUN(LDDW(4, c->a), LDDW(3, b), MOV_X(0, 4),
                INSN(BPF_ALU64 | BPF_X | c->op, 0, 3, c->off, 0), EXIT);
        expect(c->name, "moved, register", &o, c->result64);
    }
    struct outcome o = RUN(MOV_K(4, 21), MOV_K(0, 5), MOV_X(0, 4), ALU_X(BPF_ADD, 0, 0), EXIT);
    expect("add", "moved, to itself", &o, 42);
    o = RUN(MOV_K(4, 3), MOV_X(0, 4), ALU_X(BPF_LSH, 0, 4), EXIT);
    expect("lsh", "moved, by its source", &o, 24);
    o = RUN(MOV_K(4, 3), JA(1), MOV_X(0, 4), ALU_K(BPF_ADD, 0, 9), EXIT);
    expect("add", "jumped to", &o, 9);
    o = RUN(LDDW(0, 0x1122334480000001), ALU_K(BPF_LSH, 0, 32), ALU_K(BPF_RSH, 0, 32), EXIT);
    expect("zero extension", "by shifts", &o, 0x80000001);
    o = RUN(LDDW(0, 0x1122334480000001), ALU_K(BPF_LSH, 0, 32), ALU_K(BPF_ARSH, 0, 32), EXIT);
    expect("sign extension", "by shifts", &o, 0xffffffff80000001);
}

static void negation_and_sign_extension(void **state)
{
    static const struct {
        const char *name;
        uint64_t insn, result;
    } cases[] = {
        {"neg", INSN(BPF_ALU64 | BPF_NEG, 0, 0, 0, 0), 0x0123456789abcf80},
        {"neg32", INSN(BPF_ALU | BPF_NEG, 0, 0, 0, 0), 0x89abcf80},
        {"movsx8", INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 0, 8, 0), 0xffffffffffffff80},
        {"movsx16", INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 0, 16, 0), 0x3080},
        {"movsx32", INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 0, 32, 0), 0x76543080},
        {"movsx8 to 32", INSN(BPF_ALU | BPF_X | BPF_MOV, 0, 0, 8, 0), 0xffffff80},
        {"movsx16 to 32", INSN(BPF_ALU | BPF_X | BPF_MOV, 0, 0, 16, 0), 0x3080},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = RUN(LDDW(0, 0xfedcba9876543080), cases[i].insn, EXIT);
        expect(cases[i].name, "", &o, cases[i].result);
    }
    struct outcome o = RUN(LDDW(3, 0x80), INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 3, 8, 0), EXIT);
    expect("movsx8", "from another register", &o, 0xffffffffffffff80);
    o = RUN(LDDW(3, 0x8000), INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 3, 16, 0), EXIT);
    expect("movsx16", "negative", &o, 0xffffffffffff8000);
    o = RUN(LDDW(3, 0x8000), INSN(BPF_ALU | BPF_X | BPF_MOV, 0, 3, 16, 0), EXIT);
    expect("movsx16 to 32", "negative", &o, 0xffff8000);
    o = RUN(LDDW(3, 0x80000000), INSN(BPF_ALU64 | BPF_X | BPF_MOV, 0, 3, 32, 0), EXIT);
    expect("movsx32", "negative", &o, 0xffffffff80000000);
}

static void byte_order(void **state)
{
    static const struct {
        const char *name;
        int opcode, imm;
        uint64_t result;
    } cases[] = {
        {"le16", BPF_ALU | BPF_END, 16, 0x0708},
        {"le32", BPF_ALU | BPF_END, 32, 0x05060708},
        {"le64", BPF_ALU | BPF_END, 64, 0x0102030405060708},
        {"be16", BPF_ALU | BPF_X | BPF_END, 16, 0x0807},
        {"be32", BPF_ALU | BPF_X | BPF_END, 32, 0x08070605},
        {"be64", BPF_ALU | BPF_X | BPF_END, 64, 0x0807060504030201},
        {"bswap16", BPF_ALU64 | BPF_END, 16, 0x0807},
        {"bswap32", BPF_ALU64 | BPF_END, 32, 0x08070605},
        {"bswap64", BPF_ALU64 | BPF_END, 64, 0x0807060504030201},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o =
            RUN(LDDW(0, 0x0102030405060708), INSN(cases[i].opcode, 0, 0, 0, cases[i].imm), EXIT);
        expect(cases[i].name, "", &o, cases[i].result);
    }
}

struct jump_case {
    const char *name;
    int op;
    uint64_t a;
    int32_t b;
    bool taken64, taken32;
};

static const struct jump_case jump_cases[] = {
    {"jeq", BPF_JEQ, 0x0, 0, 1, 1},
    {"jeq", BPF_JEQ, 0x1, 2, 0, 0},
    {"jeq", BPF_JEQ, 0x2, 1, 0, 0},
    {"jeq", BPF_JEQ, 0xffffffffffffffff, 1, 0, 0},
    {"jeq", BPF_JEQ, 0x1, -1, 0, 0},
    {"jeq", BPF_JEQ, 0x100000000, 0, 0, 1},
    {"jeq", BPF_JEQ, 0x80000000, 1, 0, 0},
    {"jeq", BPF_JEQ, 0xffffffff80000000, INT32_MIN, 1, 1},
    {"jeq", BPF_JEQ, 0x6, 3, 0, 0},
    {"jeq", BPF_JEQ, 0x8, 3, 0, 0},
    {"jeq", BPF_JEQ, 0x5, 5, 1, 1},
    {"jne", BPF_JNE, 0x0, 0, 0, 0},
    {"jne", BPF_JNE, 0x1, 2, 1, 1},
    {"jne", BPF_JNE, 0x2, 1, 1, 1},
    {"jne", BPF_JNE, 0xffffffffffffffff, 1, 1, 1},
    {"jne", BPF_JNE, 0x1, -1, 1, 1},
    {"jne", BPF_JNE, 0x100000000, 0, 1, 0},
    {"jne", BPF_JNE, 0x80000000, 1, 1, 1},
    {"jne", BPF_JNE, 0xffffffff80000000, INT32_MIN, 0, 0},
    {"jne", BPF_JNE, 0x6, 3, 1, 1},
    {"jne", BPF_JNE, 0x8, 3, 1, 1},
    {"jne", BPF_JNE, 0x5, 5, 0, 0},
    {"jgt", BPF_JGT, 0x0, 0, 0, 0},
    {"jgt", BPF_JGT, 0x1, 2, 0, 0},
    {"jgt", BPF_JGT, 0x2, 1, 1, 1},
    {"jgt", BPF_JGT, 0xffffffffffffffff, 1, 1, 1},
    {"jgt", BPF_JGT, 0x1, -1, 0, 0},
    {"jgt", BPF_JGT, 0x100000000, 0, 1, 0},
    {"jgt", BPF_JGT, 0x80000000, 1, 1, 1},
    {"jgt", BPF_JGT, 0xffffffff80000000, INT32_MIN, 0, 0},
    {"jgt", BPF_JGT, 0x6, 3, 1, 1},
    {"jgt", BPF_JGT, 0x8, 3, 1, 1},
    {"jgt", BPF_JGT, 0x5, 5, 0, 0},
    {"jge", BPF_JGE, 0x0, 0, 1, 1},
    {"jge", BPF_JGE, 0x1, 2, 0, 0},
    {"jge", BPF_JGE, 0x2, 1, 1, 1},
    {"jge", BPF_JGE, 0xffffffffffffffff, 1, 1, 1},
    {"jge", BPF_JGE, 0x1, -1, 0, 0},
    {"jge", BPF_JGE, 0x100000000, 0, 1, 1},
    {"jge", BPF_JGE, 0x80000000, 1, 1, 1},
    {"jge", BPF_JGE, 0xffffffff80000000, INT32_MIN, 1, 1},
    {"jge", BPF_JGE, 0x6, 3, 1, 1},
    {"jge", BPF_JGE, 0x8, 3, 1, 1},
    {"jge", BPF_JGE, 0x5, 5, 1, 1},
    {"jlt", BPF_JLT, 0x0, 0, 0, 0},
    {"jlt", BPF_JLT, 0x1, 2, 1, 1},
    {"jlt", BPF_JLT, 0x2, 1, 0, 0},
    {"jlt", BPF_JLT, 0xffffffffffffffff, 1, 0, 0},
    {"jlt", BPF_JLT, 0x1, -1, 1, 1},
    {"jlt", BPF_JLT, 0x100000000, 0, 0, 0},
    {"jlt", BPF_JLT, 0x80000000, 1, 0, 0},
    {"jlt", BPF_JLT, 0xffffffff80000000, INT32_MIN, 0, 0},
    {"jlt", BPF_JLT, 0x6, 3, 0, 0},
    {"jlt", BPF_JLT, 0x8, 3, 0, 0},
    {"jlt", BPF_JLT, 0x5, 5, 0, 0},
    {"jle", BPF_JLE, 0x0, 0, 1, 1},
    {"jle", BPF_JLE, 0x1, 2, 1, 1},
    {"jle", BPF_JLE, 0x2, 1, 0, 0},
    {"jle", BPF_JLE, 0xffffffffffffffff, 1, 0, 0},
    {"jle", BPF_JLE, 0x1, -1, 1, 1},
    {"jle", BPF_JLE, 0x100000000, 0, 0, 1},
    {"jle", BPF_JLE, 0x80000000, 1, 0, 0},
    {"jle", BPF_JLE, 0xffffffff80000000, INT32_MIN, 1, 1},
    {"jle", BPF_JLE, 0x6, 3, 0, 0},
    {"jle", BPF_JLE, 0x8, 3, 0, 0},
    {"jle", BPF_JLE, 0x5, 5, 1, 1},
    {"jset", BPF_JSET, 0x0, 0, 0, 0},
    {"jset", BPF_JSET, 0x1, 2, 0, 0},
    {"jset", BPF_JSET, 0x2, 1, 0, 0},
    {"jset", BPF_JSET, 0xffffffffffffffff, 1, 1, 1},
    {"jset", BPF_JSET, 0x1, -1, 1, 1},
    {"jset", BPF_JSET, 0x100000000, 0, 0, 0},
    {"jset", BPF_JSET, 0x80000000, 1, 0, 0},
    {"jset", BPF_JSET, 0xffffffff80000000, INT32_MIN, 1, 1},
    {"jset", BPF_JSET, 0x6, 3, 1, 1},
    {"jset", BPF_JSET, 0x8, 3, 0, 0},
    {"jset", BPF_JSET, 0x5, 5, 1, 1},
    {"jsgt", BPF_JSGT, 0x0, 0, 0, 0},
    {"jsgt", BPF_JSGT, 0x1, 2, 0, 0},
    {"jsgt", BPF_JSGT, 0x2, 1, 1, 1},
    {"jsgt", BPF_JSGT, 0xffffffffffffffff, 1, 0, 0},
    {"jsgt", BPF_JSGT, 0x1, -1, 1, 1},
    {"jsgt", BPF_JSGT, 0x100000000, 0, 1, 0},
    {"jsgt", BPF_JSGT, 0x80000000, 1, 1, 0},
    {"jsgt", BPF_JSGT, 0xffffffff80000000, INT32_MIN, 0, 0},
    {"jsgt", BPF_JSGT, 0x6, 3, 1, 1},
    {"jsgt", BPF_JSGT, 0x8, 3, 1, 1},
    {"jsgt", BPF_JSGT, 0x5, 5, 0, 0},
    {"jsge", BPF_JSGE, 0x0, 0, 1, 1},
    {"jsge", BPF_JSGE, 0x1, 2, 0, 0},
    {"jsge", BPF_JSGE, 0x2, 1, 1, 1},
    {"jsge", BPF_JSGE, 0xffffffffffffffff, 1, 0, 0},
    {"jsge", BPF_JSGE, 0x1, -1, 1, 1},
    {"jsge", BPF_JSGE, 0x100000000, 0, 1, 1},
    {"jsge", BPF_JSGE, 0x80000000, 1, 1, 0},
    {"jsge", BPF_JSGE, 0xffffffff80000000, INT32_MIN, 1, 1},
    {"jsge", BPF_JSGE, 0x6, 3, 1, 1},
    {"jsge", BPF_JSGE, 0x8, 3, 1, 1},
    {"jsge", BPF_JSGE, 0x5, 5, 1, 1},
    {"jslt", BPF_JSLT, 0x0, 0, 0, 0},
    {"jslt", BPF_JSLT, 0x1, 2, 1, 1},
    {"jslt", BPF_JSLT, 0x2, 1, 0, 0},
    {"jslt", BPF_JSLT, 0xffffffffffffffff, 1, 1, 1},
    {"jslt", BPF_JSLT, 0x1, -1, 0, 0},
    {"jslt", BPF_JSLT, 0x100000000, 0, 0, 0},
    {"jslt", BPF_JSLT, 0x80000000, 1, 0, 1},
    {"jslt", BPF_JSLT, 0xffffffff80000000, INT32_MIN, 0, 0},
    {"jslt", BPF_JSLT, 0x6, 3, 0, 0},
    {"jslt", BPF_JSLT, 0x8, 3, 0, 0},
    {"jslt", BPF_JSLT, 0x5, 5, 0, 0},
    {"jsle", BPF_JSLE, 0x0, 0, 1, 1},
    {"jsle", BPF_JSLE, 0x1, 2, 1, 1},
    {"jsle", BPF_JSLE, 0x2, 1, 0, 0},
    {"jsle", BPF_JSLE, 0xffffffffffffffff, 1, 1, 1},
    {"jsle", BPF_JSLE, 0x1, -1, 0, 0},
    {"jsle", BPF_JSLE, 0x100000000, 0, 0, 1},
    {"jsle", BPF_JSLE, 0x80000000, 1, 0, 1},
    {"jsle", BPF_JSLE, 0xffffffff80000000, INT32_MIN, 1, 1},
    {"jsle", BPF_JSLE, 0x6, 3, 0, 0},
    {"jsle", BPF_JSLE, 0x8, 3, 0, 0},
    {"jsle", BPF_JSLE, 0x5, 5, 1, 1},
};

static void conditional_jumps_follow_the_rfc(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof jump_cases / sizeof jump_cases[0]; i++) {
        const struct jump_case *c = &jump_cases[i];
        uint64_t b = (uint64_t)(int64_t)c->b;
        uint64_t b32 = b ^ UINT64_C(0x5a5a5a5a00000000);
        struct outcome o;
        o = RUN(LDDW(4, c->a), JMP_K(c->op, 4, c->b, 2), MOV_K(0, 0), EXIT, MOV_K(0, 1), EXIT);
        expect(c->name, "64 bits, immediate", &o, c->taken64);
        o = RUN(LDDW(4, c->a), LDDW(3, b), JMP_X(c->op, 4, 3, 2), MOV_K(0, 0), EXIT, MOV_K(0, 1),
                EXIT);
        expect(c->name, "64 bits, register", &o, c->taken64);
        o = RUN(LDDW(4, c->a), INSN(BPF_JMP32 | c->op, 4, 0, 2, c->b), MOV_K(0, 0), EXIT,
                MOV_K(0, 1), EXIT);
        expect(c->name, "32 bits, immediate", &o, c->taken32);
        o = RUN(LDDW(4, c->a), LDDW(3, b32), INSN(BPF_JMP32 | BPF_X | c->op, 4, 3, 2, 0),
                MOV_K(0, 0), EXIT, MOV_K(0, 1), EXIT);
        expect(c->name, "32 bits, register", &o, c->taken32);
    }
}

/* An addition and the next jump may be fused; the result must be the same. */
static void a_fused_addition_and_jump_gives_the_same_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof jump_cases / sizeof jump_cases[0]; i++) {
        const struct jump_case *c = &jump_cases[i];
        uint64_t b = (uint64_t)(int64_t)c->b;
        struct outcome o;
        o = RUN(LDDW(4, c->a - 5), ALU_K(BPF_ADD, 4, 5), JMP_K(c->op, 4, c->b, 2), MOV_K(0, 0),
                EXIT, MOV_K(0, 1), EXIT);
        expect(c->name, "added, immediate", &o, c->taken64);
        o = RUN(LDDW(4, c->a + 1), LDDW(3, b), ALU_K(BPF_ADD, 4, -1), JMP_X(c->op, 4, 3, 2),
                MOV_K(0, 0), EXIT, MOV_K(0, 1), EXIT);
        expect(c->name, "added, register", &o, c->taken64);
    }
    struct outcome o = RUN(MOV_K(0, 0), MOV_K(4, 10), ALU_X(BPF_ADD, 0, 4), ALU_K(BPF_ADD, 4, -1),
                           JMP_K(BPF_JNE, 4, 0, -3), EXIT);
    expect("jne", "a loop", &o, 55);
    assert_int_equal(o.executed, 33);
    o = RUN(MOV_K(4, 3), ALU_K(BPF_ADD, 4, 1), JMP_X(BPF_JEQ, 4, 4, 1), EXIT, MOV_X(0, 4), EXIT);
    expect("jeq", "with itself", &o, 4);
}

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
        cmocka_unit_test(arithmetic_gives_the_results_of_the_rfc),
        cmocka_unit_test(a_fused_move_and_operation_gives_the_same_result),
        cmocka_unit_test(negation_and_sign_extension),
        cmocka_unit_test(byte_order),
        cmocka_unit_test(conditional_jumps_follow_the_rfc),
        cmocka_unit_test(a_fused_addition_and_jump_gives_the_same_result),
        cmocka_unit_test(unconditional_jumps),
        cmocka_unit_test(loads_take_each_width_and_sign),
        cmocka_unit_test(stores_write_exactly_their_width),
        cmocka_unit_test(atomic_operations),
        cmocka_unit_test(legacy_packet_loads_are_big_endian),
        cmocka_unit_test(calls_preserve_the_callee_saved_registers),
        cmocka_unit_test(the_initial_state_is_that_of_the_conformance_suite),
        cmocka_unit_test(illegal_instructions_stop_when_executed),
        cmocka_unit_test(jumps_out_of_the_code_stop_at_the_jump),
        cmocka_unit_test(invalid_accesses_stop_before_they_happen),
        cmocka_unit_test(endless_recursion_stops_at_the_maximum_depth),
        cmocka_unit_test(an_endless_loop_uses_exactly_its_budget),
    };
    for (size_t i = 0; i < INPUT; i++)
        input[i] = (uint8_t)(0x11 * (i + 1));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
