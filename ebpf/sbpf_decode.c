/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decodes sBPF. Most instructions are eBPF's, or are translated to them (sbpf_to_ebpf); the others
 * become routines. Source: the documents SIMD-0166, 0173, 0174 and 0377.
 */
#include "ebpf/exec.h"
#include "ebpf/sbpf.h"

enum {
    ADD64 = BPF_ALU64 | BPF_ADD | BPF_K,
    CALL = BPF_JMP | BPF_CALL,
    EXIT = BPF_JMP | BPF_EXIT, /* version 3 as first proposed: a system call */
    RETURN = EXIT | BPF_X      /* only there */
};

/* Version 2 has loads and stores in place of multiplication, division, negation and modulo. */
static bool memory_code(unsigned code)
{
    return code == BPF_MUL || code == BPF_DIV || code == BPF_NEG || code == BPF_MOD;
}

static bool alu_exists(const struct sbpf *v, uint8_t opcode)
{
    bool wide = (opcode & 7) == BPF_ALU64, x = opcode & BPF_X;
    unsigned code = opcode & 0xf0;
    if (v->pqr && memory_code(code))
        return wide || x;
    if (code == BPF_NEG)
        return !x;
    if (code == BPF_END)
        return !wide && (x || !v->pqr);
    return code <= BPF_ARSH || (v->pqr && opcode == SBPF_HOR64);
}

static bool class6_exists(const struct sbpf *v, uint8_t opcode)
{
    unsigned code = opcode & 0xf0;
    if (v->pqr)
        return code >= 0x30 && code != 0xa0;
    return v->jmp32 && code != BPF_JA && code != BPF_CALL && code != BPF_EXIT && code <= BPF_JSLE;
}

static bool opcode_exists(const struct sbpf *v, uint8_t opcode)
{
    unsigned code = opcode & 0xf0;
    switch (opcode & 7) {
    case BPF_LD:
        return opcode == BPF_LDDW && !v->pqr;
    case BPF_LDX:
    case BPF_ST:
    case BPF_STX:
        return (opcode & 0xe0) == BPF_MEM && !v->pqr;
    case BPF_JMP:
        if (code == BPF_EXIT && opcode & BPF_X)
            return v->markers;
        return code <= BPF_JSLE && opcode != (BPF_JMP | BPF_JA | BPF_X);
    case BPF_JMP32:
        return class6_exists(v, opcode);
    default:
        return alu_exists(v, opcode);
    }
}

static bool is_store(const struct sbpf *v, uint8_t opcode)
{
    if (v->pqr)
        return (opcode & 7) == BPF_ALU64 && memory_code(opcode & 0xf0);
    return (opcode & 7) == BPF_ST || (opcode & 7) == BPF_STX;
}

static unsigned callx_register(const struct sbpf *v, const struct bpf_insn *i)
{
    return v->pqr ? i->src : v->jmp32 ? i->dst : (uint32_t)i->imm;
}

/* An immediate divisor, or the distance of a shift, that the virtual machine refuses; or NULL. */
static const char *bad_immediate(const struct sbpf *v, const struct bpf_insn *i)
{
    unsigned code = i->opcode & 0xf0, class = i->opcode & 7;
    bool alu = class == BPF_ALU || class == BPF_ALU64;
    bool divides = v->pqr ? class == BPF_JMP32 && code & 0x40 : code == BPF_DIV || code == BPF_MOD;
    bool shifts = code == BPF_LSH || code == BPF_RSH || code == BPF_ARSH;
    if (i->opcode & BPF_X || (!alu && class != BPF_JMP32))
        return NULL;
    if (divides && (alu || v->pqr) && i->imm == 0)
        return "a division by the immediate 0";
    if (alu && shifts && (uint32_t)i->imm >= (class == BPF_ALU64 ? 64U : 32U))
        return "a shift by more bits than there are";
    return NULL;
}

const char *sbpf_invalid(const struct sbpf *v, const struct bpf_insn *i)
{
    bool moves_stack = v->dynamic && i->opcode == ADD64;
    if (!opcode_exists(v, i->opcode))
        return "this version of sBPF does not have it";
    if (i->src >= BPF_REGISTERS || i->dst >= BPF_REGISTERS)
        return "a register that does not exist";
    if (i->opcode == BPF_CALLX && callx_register(v, i) >= 10)
        return "a call by a register that does not exist, or r10";
    if (i->dst == 10 && moves_stack && i->imm % SBPF_STACK_ALIGN != 0)
        return "r10 is not changed by a multiple of 64";
    if (i->dst == 10 && !moves_stack && !is_store(v, i->opcode))
        return "a write to r10, which is read-only";
    if (i->opcode == CALL && i->src > BPF_CALL_LOCAL && !v->markers)
        return "an unknown kind of call";
    return bad_immediate(v, i);
}

/* --- what eBPF does not have -------------------------------------------------------------- */

/* An operation on two numbers; false: it divides by 0, or overflows. */
typedef bool operation(uint64_t d, uint64_t s, uint64_t *result);

static inline enum ebpf_stop sbpf_operate(struct ebpf_machine *m, const struct ebpf_op *op,
                                          uint64_t s, operation *f)
{
    if (f(m->reg[op->dst], s, &m->reg[op->dst]))
        return EBPF_RUNNING;
    return ebpf_fault_at(m, EBPF_DIVISION, address_of(m, op),
                         (uint32_t)s == 0 ? "division by zero"
                                          : "the quotient of the most negative number and -1");
}

/* OPERATION(NAME, how an immediate is extended, conditions under which it fails, result). */
#define OPERATION(name, immediate, fails, expression)                                              \
    IMMEDIATE_OPERATION(name, immediate, fails, expression)                                        \
    static enum ebpf_stop name##_reg(struct ebpf_machine *m, const struct ebpf_op *op)             \
    {                                                                                              \
        return sbpf_operate(m, op, m->reg[op->src], name);                                         \
    }
#define IMMEDIATE_OPERATION(name, immediate, fails, expression)                                    \
    static bool name(uint64_t d, uint64_t s, uint64_t *result)                                     \
    {                                                                                              \
        if (fails)                                                                                 \
            return false;                                                                          \
        *result = (uint64_t)(expression);                                                          \
        return true;                                                                               \
    }                                                                                              \
    static enum ebpf_stop name##_imm(struct ebpf_machine *m, const struct ebpf_op *op)             \
    {                                                                                              \
        return sbpf_operate(m, op, (uint64_t)(immediate)op->off, name);                            \
    }

#define S32(x) ((int32_t)(uint32_t)(x))
#define S64(x) ((int64_t)(x))
#define U32(x) ((uint32_t)(x))
#define OVERFLOWS32 (U32(s) == UINT32_MAX && S32(d) == INT32_MIN)
#define OVERFLOWS64 (s == UINT64_MAX && S64(d) == INT64_MIN)

/* The high half of a product of 128 bits. */
static uint64_t high_half(uint64_t a, uint64_t b)
{
    uint64_t low = (uint64_t)U32(a) * U32(b);
    uint64_t middle = (a >> 32) * U32(b) + (low >> 32);
    uint64_t other = U32(a) * (b >> 32) + U32(middle);
    return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

/* 32-bit results that are sign-extended: not in version 2. */
OPERATION(add32, int32_t, false, S64(S32(d + s)))
OPERATION(sub32, int32_t, false, S64(S32(d - s)))
OPERATION(mul32, int32_t, false, S64(S32(d *s)))
/* All versions. Immediate divisors of 64 bits are sign-extended except in version 2. */
OPERATION(udiv32, int32_t, U32(s) == 0, U32(d) / U32(s))
OPERATION(umod32, int32_t, U32(s) == 0, U32(d) % U32(s))
OPERATION(udiv64, uint32_t, s == 0, d / s)
OPERATION(umod64, uint32_t, s == 0, d % s)
/* Version 2. */
IMMEDIATE_OPERATION(from32, int32_t, false, U32(s - d))
IMMEDIATE_OPERATION(from64, int32_t, false, s - d)
OPERATION(uhmul64, uint32_t, false, high_half(d, s))
OPERATION(shmul64, int32_t, false, high_half(d, s) - (S64(d) < 0 ? s : 0) - (S64(s) < 0 ? d : 0))
OPERATION(sdiv32, int32_t, U32(s) == 0 || OVERFLOWS32, U32(S32(d) / S32(s)))
OPERATION(smod32, int32_t, U32(s) == 0 || OVERFLOWS32, U32(S32(d) % S32(s)))
OPERATION(sdiv64, int32_t, s == 0 || OVERFLOWS64, S64(d) / S64(s))
OPERATION(smod64, int32_t, s == 0 || OVERFLOWS64, S64(d) % S64(s))

/* A row: the opcode with an immediate, and the mnemonic if eBPF has no such instruction. */
struct row {
    uint8_t opcode;
    const char *mnemonic;
    ebpf_routine *reg, *imm;
};

static const struct row rows[] = {
    {BPF_ALU | BPF_ADD, NULL, add32_reg, add32_imm},
    {BPF_ALU | BPF_SUB, NULL, sub32_reg, sub32_imm},
    {BPF_ALU | BPF_MUL, NULL, mul32_reg, mul32_imm},
    /* An immediate divisor is not 0: eBPF's instruction does the same. */
    {BPF_ALU | BPF_DIV, NULL, udiv32_reg, NULL},
    {BPF_ALU | BPF_MOD, NULL, umod32_reg, NULL},
    {BPF_ALU64 | BPF_DIV, NULL, udiv64_reg, NULL},
    {BPF_ALU64 | BPF_MOD, NULL, umod64_reg, NULL},
};

static const struct row pqr_rows[] = {
    {BPF_ALU | BPF_SUB, "sub32", NULL, from32_imm},
    {BPF_ALU64 | BPF_SUB, "sub64", NULL, from64_imm},
    {SBPF_HOR64, "hor64", NULL, NULL},
    {0x36, "uhmul64", uhmul64_reg, uhmul64_imm},
    {0x46, "udiv32", udiv32_reg, udiv32_imm},
    {0x56, "udiv64", udiv64_reg, udiv64_imm},
    {0x66, "urem32", umod32_reg, umod32_imm},
    {0x76, "urem64", umod64_reg, umod64_imm},
    {0xb6, "shmul64", shmul64_reg, shmul64_imm},
    {0xc6, "sdiv32", sdiv32_reg, sdiv32_imm},
    {0xd6, "sdiv64", sdiv64_reg, sdiv64_imm},
    {0xe6, "srem32", smod32_reg, smod32_imm},
    {0xf6, "srem64", smod64_reg, smod64_imm},
};

static const struct row *sbpf_row(const struct sbpf *v, uint8_t opcode)
{
    const struct row *r = v->pqr ? pqr_rows : rows;
    size_t count = v->pqr ? sizeof pqr_rows / sizeof pqr_rows[0] : sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++)
        if (r[i].opcode == (opcode & ~BPF_X))
            return &r[i];
    return NULL;
}

const char *sbpf_mnemonic(const struct sbpf *v, uint8_t opcode)
{
    const struct row *r = sbpf_row(v, opcode);
    if (r == NULL || r->mnemonic == NULL)
        return NULL;
    return opcode & BPF_X && r->reg == NULL ? NULL : r->mnemonic;
}

/* --- what eBPF has ------------------------------------------------------------------------ */

static void memory_to_ebpf(struct bpf_insn *i)
{
    unsigned code = i->opcode & 0xf0, x = i->opcode & BPF_X;
    unsigned size = code == BPF_MUL   ? BPF_B
                    : code == BPF_DIV ? BPF_H
                    : code == BPF_NEG ? BPF_W
                                      : BPF_DW;
    unsigned class = (i->opcode & 7) == BPF_ALU ? BPF_LDX : x ? BPF_STX : BPF_ST;
    i->opcode = (uint8_t)(class | BPF_MEM | size);
}

/* Calls and returns of version 3 as first proposed. */
static void marked_to_ebpf(struct bpf_insn *i)
{
    if (i->opcode == CALL)
        i->src = BPF_CALL_LOCAL;
    else if (i->opcode == EXIT) {
        i->opcode = CALL;
        i->src = BPF_CALL_HELPER;
    } else if (i->opcode == RETURN)
        i->opcode = EXIT;
}

void sbpf_to_ebpf(const struct sbpf *v, struct bpf_insn *i)
{
    unsigned class = i->opcode & 7, code = i->opcode & 0xf0, x = i->opcode & BPF_X;
    bool alu = class == BPF_ALU || class == BPF_ALU64;
    if (i->opcode == BPF_CALLX) {
        i->dst = (uint8_t)callx_register(v, i);
        i->src = 0;
        i->imm = 0;
    } else if (v->pqr && alu && memory_code(code))
        memory_to_ebpf(i);
    else if (alu)
        i->off = 0; /* eBPF's signed variants do not exist */
    if (v->markers)
        marked_to_ebpf(i);
    if (!v->pqr)
        return;
    if (class == BPF_JMP32 && (code == 0x80 || code == 0x90)) { /* lmul32, lmul64 */
        i->opcode = (uint8_t)((code == 0x80 ? BPF_ALU : BPF_ALU64) | BPF_MUL | x);
        i->off = 0;
    } else if (i->opcode == (BPF_ALU | BPF_X | BPF_MOV)) { /* sign-extends */
        i->opcode = BPF_ALU64 | BPF_X | BPF_MOV;
        i->off = 32;
    }
}

static void decode_immediate64(struct ebpf_op *op, const struct ebpf_machine *m,
                               const uint8_t *text, uint32_t slot)
{
    const uint8_t *p = text + (size_t)slot * BPF_INSN_SIZE;
    bool whole = slot + 1 < m->slots && p[BPF_INSN_SIZE] == 0;
    op->code = whole ? OP_LDDW : OP_BAD;
    if (!whole) {
        op->imm = (uintptr_t) "a 64-bit immediate load without its second half";
        return;
    }
    struct bpf_insn low = bpf_insn_read(p), high = bpf_insn_read(p + BPF_INSN_SIZE);
    op->imm = (uint32_t)low.imm | (uint64_t)(uint32_t)high.imm << 32;
}

void sbpf_decode(struct ebpf_op *op, const struct ebpf_machine *m, const uint8_t *text,
                 uint32_t slot)
{
    const struct sbpf *v = m->image->sbpf;
    struct bpf_insn i = bpf_insn_read(text + (size_t)slot * BPF_INSN_SIZE);
    const char *bad = sbpf_invalid(v, &i);
    const struct row *row = sbpf_row(v, i.opcode);
    ebpf_routine *routine = row == NULL ? NULL : i.opcode & BPF_X ? row->reg : row->imm;
    if (bad != NULL) {
        op->code = OP_BAD;
        op->imm = (uintptr_t)bad;
    } else if (i.opcode == BPF_LDDW)
        decode_immediate64(op, m, text, slot);
    else if (routine != NULL) {
        op->code = OP_ROUTINE;
        op->imm = (uintptr_t)routine;
        op->off = i.imm;
    } else if (i.opcode == SBPF_HOR64 || (i.opcode == ADD64 && i.dst == 10)) {
        bool high = i.opcode == SBPF_HOR64;
        op->code = high ? OP_OR64_IMM : OP_ADD64_IMM;
        op->imm = high ? (uint64_t)(uint32_t)i.imm << 32 : (uint64_t)(int64_t)i.imm;
    } else {
        sbpf_to_ebpf(v, &i);
        op->dst = i.dst;
        op->src = i.src;
        ebpf_decode_insn(op, m, &i);
    }
}

enum ebpf_stop sbpf_call_unaligned(struct ebpf_machine *m, const struct ebpf_op *op)
{
    uint64_t target = m->reg[op->src];
    const struct ebpf_op *to = ebpf_op_at(m, target - (target - m->text) % BPF_INSN_SIZE);
    if (to == NULL)
        return ebpf_fault_at(m, EBPF_JUMP, target, "call to 0x%" PRIx64 ", out of the code",
                             target);
    if (m->depth + 1 >= m->depth_max)
        return ebpf_fault_at(m, EBPF_TOO_DEEP, address_of(m, op),
                             "more than %u functions active at once", m->depth_max);
    push_frame(m, (uint32_t)(op - m->code) + 1);
    m->next = to;
    m->attention = true;
    return EBPF_RUNNING;
}
