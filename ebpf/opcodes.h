/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine's own operations, one list for the decoder and both interpreter loops. A program's
 * instruction is turned into one of them once, so that nothing is left to find out when it runs.
 */
#ifndef NETGDB_EBPF_OPCODES_H
#define NETGDB_EBPF_OPCODES_H

#include <stdint.h>

/* X(NAME): two operands; each as NAME64_REG, NAME64_IMM, NAME32_REG, NAME32_IMM. */
#define EBPF_ALU(X)                                                                                \
    X(ADD)                                                                                         \
    X(SUB)                                                                                         \
    X(MUL)                                                                                         \
    X(DIV)                                                                                         \
    X(SDIV)                                                                                        \
    X(MOD)                                                                                         \
    X(SMOD)                                                                                        \
    X(OR)                                                                                          \
    X(AND)                                                                                         \
    X(XOR)                                                                                         \
    X(LSH)                                                                                         \
    X(RSH)                                                                                         \
    X(ARSH)                                                                                        \
    X(MOV)

/* X(NAME): conditions; the same four forms. */
#define EBPF_JUMPS(X)                                                                              \
    X(JEQ)                                                                                         \
    X(JNE)                                                                                         \
    X(JGT)                                                                                         \
    X(JGE)                                                                                         \
    X(JLT)                                                                                         \
    X(JLE)                                                                                         \
    X(JSET)                                                                                        \
    X(JSGT)                                                                                        \
    X(JSGE)                                                                                        \
    X(JSLT)                                                                                        \
    X(JSLE)

/* X(NAME): everything else. */
#define EBPF_OTHERS(X)                                                                             \
    X(NEG64)                                                                                       \
    X(NEG32)                                                                                       \
    X(MOVSX8) /* to 64 bits */                                                                     \
    X(MOVSX16)                                                                                     \
    X(MOVSX32)                                                                                     \
    X(MOVSX8_32) /* to 32 bits */                                                                  \
    X(MOVSX16_32)                                                                                  \
    X(ZEXT16)                                                                                      \
    X(SWAP16)                                                                                      \
    X(SWAP32)                                                                                      \
    X(SWAP64)                                                                                      \
    X(LDDW) /* two slots */                                                                        \
    X(LDXB)                                                                                        \
    X(LDXH)                                                                                        \
    X(LDXW)                                                                                        \
    X(LDXDW)                                                                                       \
    X(LDXSB)                                                                                       \
    X(LDXSH)                                                                                       \
    X(LDXSW)                                                                                       \
    X(STXB)                                                                                        \
    X(STXH)                                                                                        \
    X(STXW)                                                                                        \
    X(STXDW)                                                                                       \
    X(STB)                                                                                         \
    X(STH)                                                                                         \
    X(STW)                                                                                         \
    X(STDW)                                                                                        \
    X(ATOMIC32) /* imm: the operation */                                                           \
    X(ATOMIC64)                                                                                    \
    X(PACKET_ABS) /* off: bytes; imm: where in the input */                                        \
    X(PACKET_IND)                                                                                  \
    X(JA)                                                                                          \
    X(CALL)   /* off: to the target */                                                             \
    X(CALLX)  /* src: the register */                                                              \
    X(HELPER) /* imm: index into the table of helpers */                                           \
    X(EXIT)                                                                                        \
    X(BAD)      /* imm: what is wrong, a pointer to a text */                                      \
    X(OUTSIDE)  /* a trampoline; imm: the slot of the jump that leads out of the code */           \
    X(FELL_OFF) /* behind the last slot */                                                         \
    X(LOW32)    /* fused: a shift left by 32 and back, unsigned */                                 \
    X(LOW32_SIGNED)                                                                                \
    X(BREAKPOINT) /* stands in place of what has a breakpoint */

/*
 * Two ops that run as one. A fused op has only code to run (`go`): the two ops stay where they
 * are, for jumps into the second, steps and breakpoints.
 *
 * An addition of an immediate and a jump on the same register, as at the end of loops, is
 * ADD_NAME_REG or ADD_NAME_IMM for each NAME of EBPF_JUMPS (64 bits).
 *
 * X(NAME): what may follow a move to the same register and run with it as one op with three
 * operands, NAME64_REG and NAME64_IMM.
 */
#define EBPF_FUSED(X)                                                                              \
    X(ADD)                                                                                         \
    X(SUB)                                                                                         \
    X(MUL)                                                                                         \
    X(OR)                                                                                          \
    X(AND)                                                                                         \
    X(XOR)                                                                                         \
    X(LSH)                                                                                         \
    X(RSH)                                                                                         \
    X(ARSH)

#define EBPF_FORMS_(name)                                                                          \
    OP_##name##64_REG, OP_##name##64_IMM, OP_##name##32_REG, OP_##name##32_IMM,
#define EBPF_SINGLE_(name) OP_##name,
#define EBPF_FUSED_(name) OP_MOV_##name##_REG, OP_MOV_##name##_IMM,
#define EBPF_ADD_JUMP_(name) OP_ADD_##name##_REG, OP_ADD_##name##_IMM,

enum ebpf_opcode {
    EBPF_ALU(EBPF_FORMS_) EBPF_JUMPS(EBPF_FORMS_) EBPF_OTHERS(EBPF_SINGLE_) EBPF_FUSED(EBPF_FUSED_)
        EBPF_JUMPS(EBPF_ADD_JUMP_) OP_COUNT
};

/* The forms follow each other in this order, from NAME64_REG on. */
enum { FORM_64_REG, FORM_64_IMM, FORM_32_REG, FORM_32_IMM };

struct ebpf_op {
    const void *go; /* the code that runs it */
    uint8_t dst, src;
    uint16_t code; /* enum ebpf_opcode, also while a breakpoint stands here */
    int32_t off;   /* of a jump: bytes from the next op to the target; else the displacement */
    uint64_t imm;  /* extended as the operation wants it */
};

#endif
