/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Building blocks of saved contexts (frame.h) that several RTOSes share: initializers of
 * struct piece, of frame.machines and of frame.proof.
 */
#ifndef NETGDB_THREADS_FRAME_PIECES_H
#define NETGDB_THREADS_FRAME_PIECES_H

#include "threads/frame.h"

/* The end of a list of pieces. */
#define FRAME_END                                                                                  \
    {                                                                                              \
        PIECE_END, 0, 0, ALWAYS, 0                                                                 \
    }

/* n words that are not registers. */
#define FRAME_SKIP(n)                                                                              \
    {                                                                                              \
        PIECE_SKIP, 0, n, ALWAYS, 0                                                                \
    }

/* Callee-saved registers, and EXC_RETURN in a separate word. */
#define ARM_R4_TO_R11                                                                              \
    {                                                                                              \
        PIECE_REGS, ARM_R0 + 4, 8, ALWAYS, 0                                                       \
    }
#define ARM_S16_TO_S31                                                                             \
    {                                                                                              \
        PIECE_REGS, ARM_S0 + 16, 16, WITH_FPU, 0                                                   \
    }
#define ARM_EXC_RETURN                                                                             \
    {                                                                                              \
        PIECE_EXC_RETURN, 0, 1, ALWAYS, 0                                                          \
    }

/* The exception frame that the CPU pushes (ARMv7-M ARM B1.5.6), and the end of the list. */
#define ARM_EXCEPTION_FRAME                                                                        \
    {PIECE_REGS, ARM_R0, 4, ALWAYS, 0}, {PIECE_REGS, 12, 1, ALWAYS, 0},                            \
        {PIECE_REGS, ARM_LR, 3, ALWAYS, 0}, {PIECE_REGS, ARM_S0, 16, WITH_FPU, 0},                 \
        {PIECE_REGS, ARM_FPSCR, 1, WITH_FPU, 0}, {PIECE_SKIP, 0, 1, WITH_FPU, 0}, FRAME_END

/* frame.machines */
#define ON_ARM                                                                                     \
    {                                                                                              \
        MACHINE_ARM, MACHINE_NONE                                                                  \
    }
#define ON_RISCV                                                                                   \
    {                                                                                              \
        MACHINE_RISCV32, MACHINE_RISCV64                                                           \
    }
#define ON_RISCV32                                                                                 \
    {                                                                                              \
        MACHINE_RISCV32, MACHINE_NONE                                                              \
    }
#define ON_MICROBLAZE                                                                              \
    {                                                                                              \
        MACHINE_MICROBLAZE, MACHINE_NONE                                                           \
    }

/* frame.proof of a context that ends in the CPU's exception frame. */
#define PROOF_ARM_M (PROOF_M_PROFILE | PROOF_HARDWARE)

#endif
