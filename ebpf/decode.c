/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decodes a program's instructions to ops. Illegal instructions are no error here: they become ops
 * that stop the machine when they are executed.
 */
#include <stdlib.h>

#include "ebpf/helpers.h"
#include "ebpf/machine.h"
#include "ebpf/maps.h"
#include "ebpf/sbpf.h"
#include "proto/err.h"

static void decode_set(struct ebpf_op *op, enum ebpf_opcode code, uint64_t imm)
{
    op->code = (uint16_t)code;
    op->imm = imm;
}

static void bad(struct ebpf_op *op, const char *why)
{
    decode_set(op, OP_BAD, (uintptr_t)why);
}

/* The immediate for a form: sign-extended to 64 bits, or 32 bits. */
static uint64_t extend(int32_t imm, unsigned form)
{
    return form == FORM_32_IMM ? (uint64_t)(uint32_t)imm : (uint64_t)(int64_t)imm;
}

static void decode_mov(struct ebpf_op *op, const struct bpf_insn *i, bool wide, unsigned form)
{
    if (i->off == 0)
        decode_set(op, (enum ebpf_opcode)(OP_MOV64_REG + form), extend(i->imm, form));
    else if (!(i->opcode & BPF_X))
        bad(op, "a move of an immediate with an offset");
    else if (i->off == 8)
        decode_set(op, wide ? OP_MOVSX8 : OP_MOVSX8_32, 0);
    else if (i->off == 16)
        decode_set(op, wide ? OP_MOVSX16 : OP_MOVSX16_32, 0);
    else if (i->off == 32 && wide)
        decode_set(op, OP_MOVSX32, 0);
    else
        bad(op, "a sign-extending move of this width");
}

/* Byte swaps (4.2): the machine is little-endian, so le truncates; be and bswap swap. */
static void decode_end(struct ebpf_op *op, const struct bpf_insn *i, bool wide)
{
    bool swap = wide || (i->opcode & BPF_X);
    op->src = op->dst;
    if (wide && (i->opcode & BPF_X))
        bad(op, "a byte swap with a register as its source");
    else if (i->imm == 16)
        decode_set(op, swap ? OP_SWAP16 : OP_ZEXT16, 0);
    else if (i->imm == 32)
        decode_set(op, swap ? OP_SWAP32 : OP_MOV32_REG, 0);
    else if (i->imm == 64)
        decode_set(op, swap ? OP_SWAP64 : OP_MOV64_REG, 0);
    else
        bad(op, "a byte swap of this width");
}

/* Division and modulo: offset 1 means signed. */
static void decode_div(struct ebpf_op *op, const struct bpf_insn *i, unsigned form)
{
    bool mod = (i->opcode & 0xf0) == BPF_MOD;
    enum ebpf_opcode first = mod ? OP_MOD64_REG : OP_DIV64_REG;
    if (i->off == 1)
        first = mod ? OP_SMOD64_REG : OP_SDIV64_REG;
    if (i->off == 0 || i->off == 1)
        decode_set(op, (enum ebpf_opcode)(first + form), extend(i->imm, form));
    else
        bad(op, "a division with this offset");
}

static void decode_alu(struct ebpf_op *op, const struct bpf_insn *i)
{
    static const uint16_t first[16] = {
        [BPF_ADD >> 4] = OP_ADD64_REG,   [BPF_SUB >> 4] = OP_SUB64_REG,
        [BPF_MUL >> 4] = OP_MUL64_REG,   [BPF_OR >> 4] = OP_OR64_REG,
        [BPF_AND >> 4] = OP_AND64_REG,   [BPF_LSH >> 4] = OP_LSH64_REG,
        [BPF_RSH >> 4] = OP_RSH64_REG,   [BPF_XOR >> 4] = OP_XOR64_REG,
        [BPF_ARSH >> 4] = OP_ARSH64_REG,
    };
    bool wide = (i->opcode & 7) == BPF_ALU64, x = i->opcode & BPF_X;
    unsigned form = (wide ? 0U : FORM_32_REG) + (x ? 0U : 1U), code = i->opcode & 0xf0;
    if (i->dst == 10)
        bad(op, "a write to r10, which is read-only");
    else if (code == BPF_END)
        decode_end(op, i, wide);
    else if (code == BPF_NEG && !x)
        decode_set(op, wide ? OP_NEG64 : OP_NEG32, 0);
    else if (code == BPF_MOV)
        decode_mov(op, i, wide, form);
    else if (code == BPF_DIV || code == BPF_MOD)
        decode_div(op, i, form);
    else if (code <= BPF_ARSH && first[code >> 4] != 0)
        decode_set(op, (enum ebpf_opcode)(first[code >> 4] + form), extend(i->imm, form));
    else if (code == BPF_ADD)
        decode_set(op, (enum ebpf_opcode)(OP_ADD64_REG + form), extend(i->imm, form));
    else
        bad(op, "an unknown arithmetic instruction");
    if ((op->code >= OP_LSH64_REG && op->code <= OP_ARSH32_IMM) && !x)
        op->imm &= wide ? 63 : 31;
}

static void decode_helper(struct ebpf_op *op, const struct ebpf_machine *m, uint32_t id)
{
    const struct ebpf_helper *h = ebpf_machine_helper(m, id);
    if (h == NULL)
        decode_set(op, OP_NO_HELPER, id);
    else
        decode_set(op, OP_HELPER, (uintptr_t)h);
}

static void decode_call(struct ebpf_op *op, const struct ebpf_machine *m, const struct bpf_insn *i)
{
    if (i->opcode == BPF_CALLX) {
        op->src = (uint8_t)bpf_callx_register(i);
        decode_set(op, OP_CALLX, 0);
        if (op->src >= BPF_REGISTERS)
            bad(op, "a register that does not exist");
    } else if (i->src == BPF_CALL_HELPER)
        decode_helper(op, m, (uint32_t)i->imm);
    else if (i->src == BPF_CALL_LOCAL)
        decode_set(op, OP_CALL, 0);
    else if (i->src == BPF_CALL_BTF)
        bad(op, "a call by BTF id: there is no kernel here");
    else
        bad(op, "an unknown kind of call");
}

static void decode_jump(struct ebpf_op *op, const struct ebpf_machine *m, const struct bpf_insn *i)
{
    static const uint16_t first[16] = {
        [BPF_JEQ >> 4] = OP_JEQ64_REG,   [BPF_JGT >> 4] = OP_JGT64_REG,
        [BPF_JGE >> 4] = OP_JGE64_REG,   [BPF_JSET >> 4] = OP_JSET64_REG,
        [BPF_JNE >> 4] = OP_JNE64_REG,   [BPF_JSGT >> 4] = OP_JSGT64_REG,
        [BPF_JSGE >> 4] = OP_JSGE64_REG, [BPF_JLT >> 4] = OP_JLT64_REG,
        [BPF_JLE >> 4] = OP_JLE64_REG,   [BPF_JSLT >> 4] = OP_JSLT64_REG,
        [BPF_JSLE >> 4] = OP_JSLE64_REG,
    };
    bool wide = (i->opcode & 7) == BPF_JMP, x = i->opcode & BPF_X;
    unsigned form = (wide ? 0U : FORM_32_REG) + (x ? 0U : 1U), code = i->opcode & 0xf0;
    if (code == BPF_JA && !x)
        decode_set(op, OP_JA, 0);
    else if (code == BPF_CALL && wide)
        decode_call(op, m, i);
    else if (code == BPF_EXIT && wide && !x)
        decode_set(op, OP_EXIT, 0);
    else if (first[code >> 4] != 0)
        decode_set(op, (enum ebpf_opcode)(first[code >> 4] + form), extend(i->imm, form));
    else
        bad(op, "an unknown jump");
}

/* Converts the size bits to 0, 1, 2, 3 for 1, 2, 4, 8 bytes. */
static unsigned size_index(uint8_t opcode)
{
    static const uint8_t index[] = {2, 1, 0, 3}; /* W, H, B, DW */
    return index[opcode >> 3 & 3];
}

static void decode_load(struct ebpf_op *op, const struct bpf_insn *i)
{
    unsigned mode = i->opcode & 0xe0, size = size_index(i->opcode);
    op->off = i->off;
    if (i->dst == 10)
        bad(op, "a write to r10, which is read-only");
    else if (mode == BPF_MEM)
        decode_set(op, (enum ebpf_opcode)(OP_LDXB + size), 0);
    else if (mode == BPF_MEMSX && size < 3)
        decode_set(op, (enum ebpf_opcode)(OP_LDXSB + size), 0);
    else
        bad(op, "an unknown load");
}

static bool atomic_known(int32_t imm)
{
    int32_t plain = imm & ~BPF_FETCH;
    return imm == BPF_XCHG || imm == BPF_CMPXCHG || plain == BPF_ADD || plain == BPF_OR ||
           plain == BPF_AND || plain == BPF_XOR;
}

static void decode_store(struct ebpf_op *op, const struct bpf_insn *i)
{
    unsigned mode = i->opcode & 0xe0, size = size_index(i->opcode);
    bool x = (i->opcode & 7) == BPF_STX;
    op->off = i->off;
    if (mode == BPF_MEM)
        decode_set(op, (enum ebpf_opcode)((x ? OP_STXB : OP_STB) + size),
                   (uint64_t)(int64_t)i->imm);
    else if (mode != BPF_ATOMIC || !x || size < 2)
        bad(op, "an unknown store");
    else if (!atomic_known(i->imm))
        bad(op, "an unknown atomic operation");
    else if (i->src == 10 && (i->imm & BPF_FETCH) && i->imm != BPF_CMPXCHG)
        bad(op, "a write to r10, which is read-only");
    else
        decode_set(op, size == 2 ? OP_ATOMIC32 : OP_ATOMIC64, (uint64_t)i->imm);
}

/* The 64-bit immediate loads of maps, variables and code (5.4). */
static uint64_t map_address(const struct ebpf_machine *m, uint32_t index, bool value, bool *known)
{
    *known = index < m->image->maps;
    if (!*known)
        return 0;
    if (!value)
        return m->image->map[index].address;
    uint64_t values = ebpf_map_values(m, index);
    *known = values != 0;
    return values;
}

static void decode_lddw(struct ebpf_op *op, const struct ebpf_machine *m, const struct bpf_insn *i,
                        const struct bpf_insn *next, uint32_t slot)
{
    uint64_t imm = (uint32_t)i->imm | (uint64_t)(uint32_t)next->imm << 32;
    bool value = i->src == BPF_MAP_FD_VALUE || i->src == BPF_MAP_IDX_VALUE, known = true;
    switch (i->src) {
    case BPF_IMM64:
        break;
    case BPF_MAP_FD:
    case BPF_MAP_IDX:
    case BPF_MAP_FD_VALUE:
    case BPF_MAP_IDX_VALUE:
        imm = map_address(m, (uint32_t)i->imm, value, &known);
        imm += value ? (uint64_t)(int64_t)next->imm : 0;
        break;
    case BPF_CODE:
        imm = m->text + (uint64_t)((int64_t)slot + 1 + i->imm) * BPF_INSN_SIZE;
        break;
    default:
        known = false;
    }
    if (i->dst == 10)
        bad(op, "a write to r10, which is read-only");
    else if (!known)
        bad(op, "a 64-bit immediate that names a map or variable that does not exist");
    else if (bpf_insn_reserved_half(i, next) != NULL)
        bad(op, bpf_insn_reserved_half(i, next));
    else
        decode_set(op, OP_LDDW, imm);
}

static void decode_ld(struct ebpf_op *op, const struct ebpf_machine *m, const uint8_t *text,
                      uint32_t slot)
{
    struct bpf_insn i = bpf_insn_read(text + (size_t)slot * BPF_INSN_SIZE), next = {0};
    unsigned mode = i.opcode & 0xe0, size = size_index(i.opcode);
    bool last = slot + 1 == m->slots;
    if (!last)
        next = bpf_insn_read(text + (size_t)(slot + 1) * BPF_INSN_SIZE);
    if (i.opcode == BPF_LDDW && !last && next.opcode == 0)
        decode_lddw(op, m, &i, &next, slot);
    else if ((mode == BPF_ABS || mode == BPF_IND) && size < 3) {
        decode_set(op, mode == BPF_ABS ? OP_PACKET_ABS : OP_PACKET_IND, (uint64_t)(int64_t)i.imm);
        op->off = 1 << size;
    } else
        bad(op, i.opcode == BPF_LDDW ? "a 64-bit immediate load without its second half"
                                     : "an unknown instruction");
}

void ebpf_decode_insn(struct ebpf_op *op, const struct ebpf_machine *m, const struct bpf_insn *i)
{
    switch (i->opcode & 7) {
    case BPF_ALU:
    case BPF_ALU64:
        decode_alu(op, i);
        break;
    case BPF_JMP:
    case BPF_JMP32:
        decode_jump(op, m, i);
        break;
    case BPF_LDX:
        decode_load(op, i);
        break;
    default:
        decode_store(op, i);
    }
}

static void decode_one(struct ebpf_op *op, const struct ebpf_machine *m, const uint8_t *text,
                       uint32_t slot)
{
    struct bpf_insn i = bpf_insn_read(text + (size_t)slot * BPF_INSN_SIZE);
    *op = (struct ebpf_op){.dst = i.dst, .src = i.src};
    if (m->image->sbpf != NULL) {
        sbpf_decode(op, m, text, slot);
        return;
    }
    if ((i.opcode & 7) == BPF_LD)
        decode_ld(op, m, text, slot);
    else
        ebpf_decode_insn(op, m, &i);
    if ((i.dst >= BPF_REGISTERS || i.src >= BPF_REGISTERS) && op->code != OP_BAD)
        bad(op, "a register that does not exist");
    const char *reserved = bpf_insn_reserved(&i);
    if (reserved != NULL && op->code != OP_BAD)
        bad(op, reserved);
}

static bool jumps(const struct ebpf_op *op)
{
    return op->code == OP_JA || op->code == OP_CALL ||
           (op->code >= OP_JEQ64_REG && op->code <= OP_JSLE32_IMM);
}

/* The target slot of a jump, or the number of slots if it is out of the code. */
static uint32_t target_of(const struct ebpf_machine *m, const uint8_t *text, uint32_t slot)
{
    struct bpf_insn i = bpf_insn_read(text + (size_t)slot * BPF_INSN_SIZE);
    int64_t target = bpf_jump_target(&i, slot);
    return target < 0 || target >= m->slots ? m->slots : (uint32_t)target;
}

static int32_t distance(uint32_t from, uint32_t to)
{
    return (int32_t)(((int64_t)to - from - 1) * (int64_t)sizeof(struct ebpf_op));
}

/* Sets the distance of each jump. A jump out of the code gets a trampoline, from `free` on. */
static void link_jumps(struct ebpf_machine *m, const uint8_t *text)
{
    uint32_t free_slot = m->slots + 1;
    for (uint32_t slot = 0; slot < m->slots; slot++) {
        struct ebpf_op *op = &m->code[slot];
        if (!jumps(op))
            continue;
        uint32_t to = target_of(m, text, slot);
        if (to == m->slots) {
            to = free_slot++;
            m->code[to] = (struct ebpf_op){.code = OP_OUTSIDE, .imm = slot};
        }
        op->off = distance(slot, to);
    }
}

static uint32_t count_outside(const struct ebpf_machine *m, const uint8_t *text)
{
    uint32_t n = 0;
    for (uint32_t slot = 0; slot < m->slots; slot++) {
        uint8_t class = text[(size_t)slot * BPF_INSN_SIZE] & 7;
        if (class == BPF_JMP || class == BPF_JMP32)
            n += target_of(m, text, slot) == m->slots;
    }
    return n;
}

/* The fused op for two ops, or 0. */
static unsigned fused(const struct ebpf_op *op, const struct ebpf_op *next)
{
    static const uint16_t after_move[OP_COUNT] = {
#define AFTER_MOVE(name)                                                                           \
    [OP_##name##64_REG] = OP_MOV_##name##_REG, [OP_##name##64_IMM] = OP_MOV_##name##_IMM,
        EBPF_FUSED(AFTER_MOVE)
#undef AFTER_MOVE
    };
    static const uint16_t after_add[OP_COUNT] = {
#define AFTER_ADD(name)                                                                            \
    [OP_##name##64_REG] = OP_ADD_##name##_REG, [OP_##name##64_IMM] = OP_ADD_##name##_IMM,
        EBPF_JUMPS(AFTER_ADD)
#undef AFTER_ADD
    };
    if (next->dst != op->dst)
        return 0;
    if (op->code == OP_LSH64_IMM && op->imm == 32 && next->imm == 32)
        return next->code == OP_RSH64_IMM    ? OP_LOW32
               : next->code == OP_ARSH64_IMM ? OP_LOW32_SIGNED
                                             : 0;
    if (op->code == OP_ADD64_IMM)
        return after_add[next->code];
    unsigned form = (next->code - OP_ADD64_REG) & 3;
    if (op->code != OP_MOV64_REG || (form == FORM_64_REG && next->src == op->dst))
        return 0;
    return after_move[next->code];
}

void ebpf_arm(struct ebpf_machine *m, uint32_t slot)
{
    struct ebpf_op *op = &m->code[slot];
    unsigned code = op->code, both = 0;
    if (slot < m->slots && m->breaks[slot + 1] == 0)
        both = fused(op, op + 1);
    if (slot < m->slots && m->breaks[slot] != 0)
        code = OP_BREAKPOINT;
    else if (both != 0)
        code = both;
    op->go = ebpf_op_labels()[code];
}

int ebpf_decode(struct ebpf_machine *m)
{
    const struct ebpf_region *r = ebpf_memory_find(&m->memory, m->text);
    const uint8_t *text = r->host + (m->text - r->base);
    uint32_t count = m->slots + 1 + count_outside(m, text);
    struct ebpf_op *code = calloc(count, sizeof *code);
    if (code == NULL)
        return NETGDB_NOMEM;
    free(m->code);
    m->code = code;
    for (uint32_t slot = 0; slot < m->slots; slot++) {
        decode_one(&code[slot], m, text, slot);
        if (code[slot].code == OP_LDDW && slot + 1 < m->slots) {
            slot++;
            bad(&code[slot], "the second half of a 64-bit immediate load");
        }
    }
    code[m->slots].code = OP_FELL_OFF;
    link_jumps(m, text);
    for (uint32_t i = 0; i < count; i++)
        ebpf_arm(m, i);
    return 0;
}
