/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Pseudo-random programs, the same in every run: the machine, run in four ways, must end in the
 * reference's state in every register, byte and count of instructions.
 */
#include "tests/unit/unit.h"

#include <stdbool.h>

#include "tests/ebpf/asm.h"
#include "tests/ebpf/compare.h"

enum { PROGRAMS = 6000, SLOTS = 48 };

static uint64_t seed;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static unsigned pick(unsigned n)
{
    return (unsigned)(next_random() >> 20) % n;
}

static int32_t number(void)
{
    static const int32_t special[] = {0,  1,  -1, 2,  7,         8,         16,
                                      31, 32, 63, 64, INT32_MIN, INT32_MAX, 255};
    return pick(3) ? special[pick(sizeof special / sizeof special[0])] : (int32_t)next_random();
}

/* r1 (input) and r10 (stack) are not changed, so that accesses often succeed. */
static unsigned any_register(void)
{
    static const unsigned regs[] = {0, 2, 3, 4, 5, 6, 7, 8, 9};
    static unsigned last; /* often the same again, so that ops are fused */
    if (pick(3) != 0)
        last = regs[pick(sizeof regs / sizeof regs[0])];
    return last;
}

static uint64_t arithmetic(void)
{
    static const int odd_offsets[] = {8, 16, 32, 1};
    unsigned class = pick(3) ? BPF_ALU64 : BPF_ALU, x = pick(2) ? BPF_X : BPF_K, op = pick(14) << 4;
    int off = 0, imm = number();
    if ((op == BPF_DIV || op == BPF_MOD) && pick(2))
        off = 1;
    if (op == BPF_MOV && x && pick(2))
        off = odd_offsets[pick(4)];
    if (op == BPF_END) {
        imm = 16 << (int)pick(3);
        x = class == BPF_ALU64 ? 0 : x;
    }
    if (op == BPF_NEG)
        x = 0;
    if (op == BPF_NEG || (x && op != BPF_END))
        imm = 0;
    return INSN(class | x | op, any_register(), x && op != BPF_END ? any_register() : 0, off, imm);
}

static uint64_t memory_access(void)
{
    static const unsigned kinds[] = {BPF_LDX | BPF_MEM, BPF_LDX | BPF_MEMSX, BPF_ST | BPF_MEM,
                                     BPF_STX | BPF_MEM};
    static const int atomics[] = {0x00, 0x01, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1};
    unsigned size = pick(4) << 3, kind = kinds[pick(4)];
    bool stack = pick(2);
    unsigned base = stack ? 10 : 1;
    int off = stack ? -8 - (int)pick(40) : (int)pick(90);
    if (pick(5) == 0)
        return INSN(BPF_STX | BPF_ATOMIC | (pick(2) ? BPF_DW : BPF_W), base, any_register(), off,
                    atomics[pick(10)]);
    if (pick(20) == 0)
        base = any_register();
    if ((kind & 7) == BPF_LDX)
        return INSN(kind | size, any_register(), base, off, 0);
    if ((kind & 7) == BPF_ST)
        return INSN(kind | size, base, 0, off, number());
    return INSN(kind | size, base, any_register(), off, 0);
}

static uint64_t jump(unsigned left)
{
    int off = pick(4) ? (int)pick(left + 1) : (int)pick(12) - 10;
    switch (pick(8)) {
    case 0:
        return CALL_LOCAL(off);
    case 1:
        return CALL_HELPER(pick(8) ? 5 : 6);
    case 2:
        return INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, off);
    case 3:
        return pick(4) ? JA(off) : CALLX(any_register());
    default:
        if (pick(2))
            return INSN((pick(2) ? BPF_JMP : BPF_JMP32) | (1 + pick(13)) << 4, any_register(), 0,
                        off, number());
        return INSN((pick(2) ? BPF_JMP : BPF_JMP32) | BPF_X | (1 + pick(13)) << 4, any_register(),
                    any_register(), off, 0);
    }
}

static uint64_t instruction(unsigned left)
{
    switch (pick(16)) {
    case 0:
    case 1:
    case 2:
        return memory_access();
    case 3:
    case 4:
        return jump(left);
    case 5:
        return MOV_X(any_register(), any_register());
    case 6:
        return pick(30) ? MOV_X(any_register(), pick(2) ? 1 : 10) : next_random();
    case 7:
        if (pick(2))
            return INSN(BPF_LD | BPF_ABS | pick(3) << 3, 0, 0, 0, pick(99));
        return pick(2) ? INSN(BPF_LD | BPF_IND | pick(3) << 3, 0, any_register(), 0, pick(99))
                       : EXIT;
    default:
        return arithmetic();
    }
}

static void make_program(uint64_t *code, size_t slots)
{
    for (size_t i = 0; i < slots; i++) {
        code[i] = instruction((unsigned)(slots - i));
        if (pick(20) == 0 && i + 1 < slots) {
            bool address = pick(4) == 0;
            code[i] = INSN(BPF_LDDW, any_register(), address ? BPF_CODE : 0, 0, number());
            code[++i] = INSN(0, 0, 0, 0, address ? 0 : number());
        }
        if (pick(100) == 0) /* perhaps a field that must be 0 */
            code[i] |= UINT64_C(1) << (8 + pick(56));
    }
    code[slots - 1] = EXIT;
}

static void random_programs_end_as_in_the_reference_interpreter(void **state)
{
    uint64_t code[SLOTS];
    uint8_t input[COMPARE_INPUT];
    (void)state;
    for (uint64_t program = 1; program <= PROGRAMS; program++) {
        seed = program * UINT64_C(0x9e3779b97f4a7c15);
        size_t slots = 4 + pick(SLOTS - 3);
        make_program(code, slots);
        for (size_t i = 0; i < sizeof input; i++)
            input[i] = (uint8_t)next_random();
        for (int way = 0; way < COMPARE_WAYS; way++) {
            const char *wrong =
                compare_run((const uint8_t *)code, slots, input, (enum compare_way)way);
            if (wrong != NULL)
                fail_msg("program %llu, way %d: %s", (unsigned long long)program, way, wrong);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_end_as_in_the_reference_interpreter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
