/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine's predecoded operations ("ops"): one list for the decoder and both interpreter loops.
 * The decoder converts each instruction once, so that the loops need not decode.
 */
#ifndef NETGDB_EBPF_OPCODES_H
#define NETGDB_EBPF_OPCODES_H

#include <stdint.h>

/* X(NAME): ALU ops with two operands; each has the forms NAME64_REG, NAME64_IMM, NAME32_REG and
 * NAME32_IMM. */
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

/* X(NAME): conditional jumps, in the same four forms. */
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

/* X(NAME): ops with a single form. */
#define EBPF_SINGLES(X)                                                                            \
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
    X(PACKET_ABS) /* off: bytes; imm: offset in the input */                                       \
    X(PACKET_IND)                                                                                  \
    X(JA)                                                                                          \
    X(CALL)      /* off: to the target */                                                          \
    X(CALLX)     /* src: the register */                                                           \
    X(ROUTINE)   /* imm: ebpf_routine that executes it (sBPF); off: an immediate */                \
    X(HELPER)    /* imm: pointer to the helper */                                                  \
    X(NO_HELPER) /* imm: the number of one that does not exist */                                  \
    X(EXIT)                                                                                        \
    X(BAD)      /* imm: pointer to a text: the reason */                                           \
    X(OUTSIDE)  /* a trampoline; imm: slot of a jump out of the code */                            \
    X(FELL_OFF) /* after the last slot */                                                          \
    X(LOW32)    /* fused: a shift left by 32 and back, unsigned */                                 \
    X(LOW32_SIGNED)                                                                                \
    X(BREAKPOINT) /* runs instead of an op with a breakpoint */

/*
 * Fused ops: two ops that run as one. A fused op exists only as code (`go`); both ops stay in
 * place, for jumps to the second one, steps and breakpoints.
 *
 * An addition of an immediate and a 64-bit jump on the same register, as at the end of loops:
 * ADD_NAME_REG or ADD_NAME_IMM for each NAME of EBPF_JUMPS.
 *
 * X(NAME): ALU ops after a move to the same register: the two run as one op with three operands,
 * MOV_NAME_REG and MOV_NAME_IMM.
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
    EBPF_ALU(EBPF_FORMS_) EBPF_JUMPS(EBPF_FORMS_) EBPF_SINGLES(EBPF_SINGLE_) EBPF_FUSED(EBPF_FUSED_)
        EBPF_JUMPS(EBPF_ADD_JUMP_) OP_COUNT
};

/* The forms follow each other in this order, from NAME64_REG on. */
enum { FORM_64_REG, FORM_64_IMM, FORM_32_REG, FORM_32_IMM };

struct ebpf_op {
    const void *go; /* address of the code that runs it */
    uint8_t dst, src;
    uint16_t code; /* enum ebpf_opcode, also with a breakpoint */
    int32_t off;   /* of a jump: bytes from the next op to the target; else the offset field */
    uint64_t imm;  /* extended as the op requires */
};

#endif
