/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every operation and operand form of RFC 9669, with expected results from its text. */
#include "tests/unit/ebpf_ops_fixture.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_gives_the_results_of_the_rfc),
        cmocka_unit_test(a_fused_move_and_operation_gives_the_same_result),
        cmocka_unit_test(negation_and_sign_extension),
        cmocka_unit_test(byte_order),
        cmocka_unit_test(conditional_jumps_follow_the_rfc),
        cmocka_unit_test(a_fused_addition_and_jump_gives_the_same_result),
    };
    for (size_t i = 0; i < INPUT; i++)
        input[i] = (uint8_t)(0x11 * (i + 1));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
