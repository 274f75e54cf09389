/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Macros that encode instructions for tests: one 64-bit word per slot, as in memory. */
#ifndef NETGDB_TESTS_EBPF_ASM_H
#define NETGDB_TESTS_EBPF_ASM_H

#include <stdint.h>

#include "ebpf/insn.h"

#define INSN(opcode, dst, src, off, imm)                                                           \
    ((uint64_t)(uint8_t)(opcode) | (uint64_t)(dst) << 8 | (uint64_t)(src) << 12 |                  \
     (uint64_t)(uint16_t)(off) << 16 | (uint64_t)(uint32_t)(imm) << 32)

#define ALU_K(op, dst, imm) INSN(BPF_ALU64 | (op), dst, 0, 0, imm)
#define ALU_X(op, dst, src) INSN(BPF_ALU64 | BPF_X | (op), dst, src, 0, 0)
#define MOV_K(dst, imm) ALU_K(BPF_MOV, dst, imm)
#define MOV_X(dst, src) ALU_X(BPF_MOV, dst, src)
#define LDDW(dst, value) INSN(BPF_LDDW, dst, 0, 0, (uint32_t)(value)), LDDW_HIGH(value)
#define LDDW_HIGH(value) INSN(0, 0, 0, 0, (uint32_t)((uint64_t)(value) >> 32))
#define LDX(size, dst, src, off) INSN(BPF_LDX | BPF_MEM | (size), dst, src, off, 0)
#define STX(size, dst, off, src) INSN(BPF_STX | BPF_MEM | (size), dst, src, off, 0)
#define ST(size, dst, off, imm) INSN(BPF_ST | BPF_MEM | (size), dst, 0, off, imm)
#define JMP_K(op, dst, imm, off) INSN(BPF_JMP | (op), dst, 0, off, imm)
#define JMP_X(op, dst, src, off) INSN(BPF_JMP | BPF_X | (op), dst, src, off, 0)
#define JA(off) INSN(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define CALL_HELPER(id) INSN(BPF_JMP | BPF_CALL, 0, BPF_CALL_HELPER, 0, id)
#define CALL_LOCAL(distance) INSN(BPF_JMP | BPF_CALL, 0, BPF_CALL_LOCAL, 0, distance)
#define CALLX(reg) INSN(BPF_CALLX, reg, 0, 0, 0)
#define EXIT INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#endif
