/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saved contexts as tables: the order in which an RTOS port stores the registers of a task that is
 * switched out. One reader interprets all tables, and scores how plausible the result is; the
 * engine uses the table with the best score.
 */
#ifndef NETGDB_THREADS_FRAME_H
#define NETGDB_THREADS_FRAME_H

#include "proto/target_memory.h"
#include "threads/arch.h"
#include "threads/program.h"

/* The kinds of words in a saved context, in ascending order from the saved stack pointer. */
enum piece_what {
    PIECE_END,
    PIECE_REGS,       /* n registers: first, first + 1, … */
    PIECE_DOWN,       /* n registers: first, first - 1, … */
    PIECE_SKIP,       /* n slots that are not registers */
    PIECE_EXC_RETURN, /* bit 4 clear: the frame has FPU registers (ARMv7-M ARM B1.5.8); `first`: an
                         enum exc_return_side, the required EXC_RETURN.S (ARMv8-M ARM) */
    PIECE_FPU_FLAG,   /* not zero: FPU registers follow */
    PIECE_KIND,       /* ThreadX on ARM9: 0 solicited, 1 interrupted */
    PIECE_NESTING,    /* FreeRTOS's critical nesting count */
    PIECE_SPLIM,      /* the stack limit (PSPLIM) */
    PIECE_SP,    /* the task's stack pointer; without this piece, the address after the last one */
    PIECE_BACK,  /* continue n words below the saved stack pointer */
    PIECE_AT_SP, /* continue at the saved stack pointer */
    PIECE_AT_FIELD,    /* continue n words below the TCB field that contains it */
    PIECE_AFTER_FIELD, /* continue after that field */
    PIECE_AT_FLOATS,   /* continue at the TCB's floating-point registers; without them skip to the
                           next address piece */
    PIECE_TCB_EXC_RETURN, /* the low byte of EXC_RETURN, in the TCB */
    PIECE_COPY,           /* register `first` has the value of register `n`: pc is lr */
    PIECE_PC_AHEAD,       /* a word with pc + 4 */
    PIECE_THUMB,          /* the context has no PSR; the task runs in Thumb state */
    PIECE_TABLE,          /* the registers of the kernel's own table */
};

enum exc_return_side { EXC_RETURN_EITHER, EXC_RETURN_NON_SECURE, EXC_RETURN_SECURE };

/* The condition under which a piece is present. */
enum piece_when { ALWAYS, WITH_FPU, WITHOUT_FPU, SOLICITED, INTERRUPTED, FS_DIRTY, VS_DIRTY };

struct piece {
    uint8_t what;
    uint8_t first, n;
    uint8_t when;
    uint8_t unit; /* bytes of a slot; 0: a word */
};

/* Checks on a context that was read, and preferences among contexts; bits of frame.proof. */
enum frame_proof {
    PROOF_M_PROFILE = 1, /* xPSR: T is set, the exception number is 0 */
    PROOF_A_PROFILE = 2, /* CPSR: a mode that tasks run in */
    PROOF_RISCV = 4,     /* mstatus.MPP = 3, and SD agrees with FS and XS */
    PROOF_MICROBLAZE = 8,
    PROOF_HARDWARE = 16, /* ends in the CPU's exception frame: bit 9 of xPSR: plus a padding word */
    PROOF_HARDWARE_ELSEWHERE = 32, /* the same, but the exception frame is at PIECE_SP */
    PROOF_LR_PC = 64,              /* pc is a saved lr: bit 0 is the instruction set */
    PROOF_SECURE = 128,            /* the pc is on the secure stack and cannot be read */
    PROOF_V6M = 256,     /* preferred over otherwise equal contexts on an ARMv6-M CPU (by CPUID) */
    PROOF_VECTORS = 512, /* preferred over otherwise equal contexts if mstatus.VS = 3 */
    PROOF_RISCV_ABI = 1024, /* sp is aligned, and fcsr, if it is saved, has eight bits */
};

struct frame {
    const char *name;           /* shown by `netgdb rtos list` */
    enum machine machines[2];   /* MACHINE_NONE: no second one */
    unsigned proof;             /* bits of enum frame_proof */
    const struct piece *pieces; /* ends in PIECE_END */
    uint8_t trailer;            /* bytes after the context that are read for the score */
};

/* A register of a waiting task. */
struct saved_register {
    uint64_t value;
    uint64_t address; /* of the saved value; 0: not in memory, so not writable */
    uint8_t size;     /* bytes in memory; 0: unknown */
    uint8_t ahead;    /* the saved word is the value plus this (PIECE_PC_AHEAD) */
};

struct context {
    const struct frame *frame;
    struct saved_register reg[REG_MAX];
    bool fpu;    /* it has FPU registers */
    bool secure; /* bit 6 of its EXC_RETURN is set: an ARMv8-M CPU was in the secure state */
};

/* NuttX's own table: the offset of each saved register, by its number in arch.h. */
enum { FRAME_TABLE_MAX = 33, FRAME_TABLE_NONE = UINT16_MAX };
struct frame_table {
    uint16_t n;
    uint16_t offset[FRAME_TABLE_MAX]; /* bytes; FRAME_TABLE_NONE: not saved */
    bool in_tcb; /* from the control block, else from the saved stack pointer */
};

/* The addresses of a task that contexts refer to. */
struct frame_task {
    uint64_t sp;         /* the stack pointer in its TCB */
    uint64_t sp_field;   /* address of that field */
    uint64_t stack_low;  /* 0: not known */
    uint64_t stack_high; /* 0: not known */
    uint64_t floats;     /* address of a block of floating-point registers; 0: none */
    uint64_t exc_return; /* address of EXC_RETURN's low byte; 0: none */
    uint64_t tcb;
    const struct frame_table *table; /* not owned */
};

enum { FRAME_MAX = 640 }; /* bytes of the longest context that is prefetched */

/*
 * Returns the largest size of a context in bytes from the saved stack pointer on, with its trailer
 * and without vector registers. `word`: bytes of a register.
 */
size_t frame_size(const struct frame *f, unsigned word);

/*
 * Reads a task's registers from a saved context of type `f`. Returns 0; MEMORY_REFUSED if memory
 * cannot be read; NETGDB_PROTO if a flag in it has an impossible value; or the target's error. *c
 * is complete only after 0.
 */
int frame_read(const struct frame *f, const struct arch *a, struct memory *m,
               const struct frame_task *task, struct context *c);

/* Scores a context that was read: higher is more plausible, below 0 is impossible. */
int frame_score(const struct context *c, const struct arch *a, struct memory *m, struct program *p,
                const struct frame_task *task);

#endif
