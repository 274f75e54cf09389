/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The encoding of eBPF instructions, with the names of RFC 9669; numbers in parentheses are its
 * sections. decode.c gives instructions their meaning, disasm.h their text.
 */
#ifndef NETGDB_EBPF_INSN_H
#define NETGDB_EBPF_INSN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Classes: opcode bits 0-2 (RFC 9669, 3.1). */
enum { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_JMP32, BPF_ALU64 };

/* The source operand of ALU and JMP: opcode bit 3 (4). */
enum { BPF_K = 0x00, BPF_X = 0x08 };

/* Arithmetic: opcode bits 4-7 (4.1). */
enum {
    BPF_ADD = 0x00,
    BPF_SUB = 0x10,
    BPF_MUL = 0x20,
    BPF_DIV = 0x30, /* offset 1: signed */
    BPF_OR = 0x40,
    BPF_AND = 0x50,
    BPF_LSH = 0x60,
    BPF_RSH = 0x70,
    BPF_NEG = 0x80,
    BPF_MOD = 0x90, /* offset 1: signed */
    BPF_XOR = 0xa0,
    BPF_MOV = 0xb0, /* offset 8, 16, 32: sign-extending */
    BPF_ARSH = 0xc0,
    BPF_END = 0xd0
};

/* Jumps: opcode bits 4-7 (4.3). */
enum {
    BPF_JA = 0x00,
    BPF_JEQ = 0x10,
    BPF_JGT = 0x20,
    BPF_JGE = 0x30,
    BPF_JSET = 0x40,
    BPF_JNE = 0x50,
    BPF_JSGT = 0x60,
    BPF_JSGE = 0x70,
    BPF_CALL = 0x80,
    BPF_EXIT = 0x90,
    BPF_JLT = 0xa0,
    BPF_JLE = 0xb0,
    BPF_JSLT = 0xc0,
    BPF_JSLE = 0xd0
};

/* Loads and stores: size in bits 3-4, mode in bits 5-7 (5). */
enum { BPF_W = 0x00, BPF_H = 0x08, BPF_B = 0x10, BPF_DW = 0x18 };
enum {
    BPF_IMM = 0x00,
    BPF_ABS = 0x20,
    BPF_IND = 0x40,
    BPF_MEM = 0x60,
    BPF_MEMSX = 0x80,
    BPF_ATOMIC = 0xc0
};

/* imm of an atomic operation (5.3): these, or BPF_ADD, BPF_OR, BPF_AND, BPF_XOR. */
enum { BPF_FETCH = 0x01, BPF_XCHG = 0xe0 | BPF_FETCH, BPF_CMPXCHG = 0xf0 | BPF_FETCH };

/* src of a call (4.3.1). */
enum { BPF_CALL_HELPER, BPF_CALL_LOCAL, BPF_CALL_BTF };

/* src of the 64-bit immediate load (5.4, Table 12). */
enum {
    BPF_IMM64,
    BPF_MAP_FD,
    BPF_MAP_FD_VALUE,
    BPF_VARIABLE,
    BPF_CODE,
    BPF_MAP_IDX,
    BPF_MAP_IDX_VALUE
};

enum {
    BPF_INSN_SIZE = 8,  /* bytes of a slot; the 64-bit immediate load takes two */
    BPF_REGISTERS = 11, /* r0 to r10 */
    BPF_LDDW = BPF_LD | BPF_DW | BPF_IMM,
    BPF_CALLX = BPF_JMP | BPF_CALL | BPF_X
};

struct bpf_insn {
    uint8_t opcode;
    uint8_t dst, src;
    int16_t off;
    int32_t imm;
};

/* Decodes one slot of 8 bytes, little-endian (3). */
static inline struct bpf_insn bpf_insn_read(const uint8_t *p)
{
    return (struct bpf_insn){
        .opcode = p[0],
        .dst = p[1] & 15,
        .src = p[1] >> 4,
        .off = (int16_t)(p[2] | p[3] << 8),
        .imm = (int32_t)((uint32_t)p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16 |
                         (uint32_t)p[7] << 24),
    };
}

/*
 * The register that a callx jumps to: dst (gcc, LLVM 19 and later), or imm with dst and src 0
 * (earlier clang).
 */
static inline unsigned bpf_callx_register(const struct bpf_insn *i)
{
    if (i->dst != 0 || i->imm <= 0 || i->imm >= BPF_REGISTERS)
        return i->dst;
    return (unsigned)i->imm;
}

/*
 * Fields that an instruction does not use must be 0 (3). Returns a text, a constant, that names the
 * first one that is not; NULL: all are. For an unknown instruction the result is undefined. The
 * second one is for the second half of a 64-bit immediate load.
 */
const char *bpf_insn_reserved(const struct bpf_insn *i);
const char *bpf_insn_reserved_half(const struct bpf_insn *i, const struct bpf_insn *next);

/* The target of a jump or program-local call at `slot`, in slots from the start; may be negative
 * (4.3). */
static inline int64_t bpf_jump_target(const struct bpf_insn *i, int64_t slot)
{
    int op = i->opcode & 0xf0, class = i->opcode & 7;
    if (op == BPF_CALL || (op == BPF_JA && class == BPF_JMP32))
        return slot + 1 + i->imm;
    return slot + 1 + i->off;
}

#endif
