/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields that instructions use; see insn.h. */
#include "ebpf/insn.h"

#include <stddef.h>

enum { DST = 1, SRC = 2, OFF = 4, IMM = 8 };

static unsigned alu_fields(const struct bpf_insn *i)
{
    unsigned code = i->opcode & 0xf0;
    if (code == BPF_NEG)
        return DST;
    if (code == BPF_END)
        return DST | IMM;
    unsigned signed_or_not = code == BPF_DIV || code == BPF_MOD || code == BPF_MOV ? OFF : 0;
    return DST | (i->opcode & BPF_X ? SRC : IMM) | signed_or_not;
}

static unsigned call_fields(const struct bpf_insn *i)
{
    if (i->opcode & BPF_X)
        return bpf_callx_register(i) == i->dst ? DST : IMM;
    return i->src == BPF_CALL_BTF ? SRC | OFF | IMM : SRC | IMM;
}

static unsigned jump_fields(const struct bpf_insn *i)
{
    switch (i->opcode & 0xf0) {
    case BPF_JA:
        return (i->opcode & 7) == BPF_JMP ? OFF : IMM;
    case BPF_CALL:
        return call_fields(i);
    case BPF_EXIT:
        return 0;
    default:
        return DST | OFF | (i->opcode & BPF_X ? SRC : IMM);
    }
}

static unsigned fields_used(const struct bpf_insn *i)
{
    unsigned mode = i->opcode & 0xe0;
    switch (i->opcode & 7) {
    case BPF_ALU:
    case BPF_ALU64:
        return alu_fields(i);
    case BPF_JMP:
    case BPF_JMP32:
        return jump_fields(i);
    case BPF_LDX:
        return DST | SRC | OFF;
    case BPF_ST:
        return DST | OFF | IMM;
    case BPF_STX:
        return DST | SRC | OFF | (mode == BPF_ATOMIC ? IMM : 0);
    default: /* BPF_LD */
        return mode == BPF_ABS ? IMM : mode == BPF_IND ? SRC | IMM : DST | SRC | IMM;
    }
}

static const char *dirty(const struct bpf_insn *i, unsigned used)
{
    return !(used & DST) && i->dst != 0   ? "its field dst is not used and must be 0"
           : !(used & SRC) && i->src != 0 ? "its field src is not used and must be 0"
           : !(used & OFF) && i->off != 0 ? "its field offset is not used and must be 0"
           : !(used & IMM) && i->imm != 0 ? "its field imm is not used and must be 0"
                                          : NULL;
}

const char *bpf_insn_reserved(const struct bpf_insn *i)
{
    return dirty(i, fields_used(i));
}

const char *bpf_insn_reserved_half(const struct bpf_insn *i, const struct bpf_insn *next)
{
    bool wide = i->src == BPF_IMM64 || i->src == BPF_MAP_FD_VALUE || i->src == BPF_MAP_IDX_VALUE;
    if (dirty(next, wide ? IMM : 0) == NULL)
        return NULL;
    return next->dst != 0   ? "the field dst of its second half is not used and must be 0"
           : next->src != 0 ? "the field src of its second half is not used and must be 0"
           : next->off != 0 ? "the field offset of its second half is not used and must be 0"
                            : "the field imm of its second half is not used and must be 0";
}
