/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saved contexts as data: in which order a kernel's assembler has put a waiting task's registers
 * into memory. One reader for all of them, and the evidence by which the right one is chosen.
 */
#ifndef NETGDB_THREADS_FRAME_H
#define NETGDB_THREADS_FRAME_H

#include "threads/arch.h"
#include "threads/memory.h"
#include "threads/program.h"

/* What the words of a saved context are, in ascending order from the saved stack pointer. */
enum piece_what {
    PIECE_END,
    PIECE_REGS,        /* registers first, first + 1, …: n of them */
    PIECE_DOWN,        /* registers first, first - 1, …: n of them */
    PIECE_SKIP,        /* n slots that are no registers */
    PIECE_EXC_RETURN,  /* ARMv7-M ARM B1.5.8: bit 4 clear: the frame has an FPU block; `first`: an
                          enum exc_return_side (ARMv8-M ARM, EXC_RETURN.S) */
    PIECE_FPU_FLAG,    /* not zero: an FPU block follows */
    PIECE_KIND,        /* ThreadX on ARM9: 0 solicited, 1 interrupted */
    PIECE_NESTING,     /* FreeRTOS's critical nesting */
    PIECE_SPLIM,       /* a limit of the stack */
    PIECE_SP,          /* the stack pointer itself; else it is what is behind the last piece */
    PIECE_BACK,        /* go on n words before the saved stack pointer */
    PIECE_AT_SP,       /* go on at the saved stack pointer */
    PIECE_AT_FIELD,    /* go on n words before the field of the TCB that holds it … */
    PIECE_AFTER_FIELD, /* … or behind it */
    PIECE_AT_FLOATS, /* go on at the TCB's floating-point block; without one the rest is skipped */
    PIECE_TCB_EXC_RETURN, /* the low byte of EXC_RETURN, in the TCB */
    PIECE_COPY,           /* register `first` is what register `n` was: pc is lr */
    PIECE_PC_AHEAD,       /* a word: pc + 4 */
    PIECE_THUMB,          /* the PSR is not saved, but the task is in Thumb state */
};

enum exc_return_side { EXC_RETURN_EITHER, EXC_RETURN_NON_SECURE, EXC_RETURN_SECURE };

enum piece_when { ALWAYS, WITH_FPU, WITHOUT_FPU, SOLICITED, INTERRUPTED, FS_DIRTY, VS_DIRTY };

struct piece {
    uint8_t what;
    uint8_t first, n;
    uint8_t when;
    uint8_t unit; /* bytes of a slot; 0: a word */
};

/* What must hold when a frame is what it is taken for. */
enum frame_proof {
    PROOF_M_PROFILE = 1, /* xPSR has T, and no exception number */
    PROOF_A_PROFILE = 2, /* CPSR has a mode of tasks */
    PROOF_RISCV = 4,     /* mstatus.MPP = 3, and SD fits FS and XS */
    PROOF_MICROBLAZE = 8,
    PROOF_HARDWARE = 16,           /* the CPU pushed it: bit 9 of xPSR says that a word was added */
    PROOF_HARDWARE_ELSEWHERE = 32, /* the same, and the frame is still at PIECE_SP */
    PROOF_LR_PC = 64,              /* pc was in lr: it tells the instruction set by bit 0 */
    PROOF_SECURE = 128,            /* the pc is out of sight */
    PROOF_V6M = 256,               /* better than its like where CPUID says ARMv6-M */
    PROOF_VECTORS = 512,           /* better than its like where mstatus.VS = 3 */
};

struct frame {
    const char *name;
    enum machine machines[2]; /* whose; MACHINE_NONE: no second */
    unsigned proof;
    const struct piece *pieces;
    uint8_t trailer; /* bytes that are read behind the frame, as evidence */
};

/* A register of a waiting task. */
struct saved_register {
    uint64_t value;
    uint64_t address; /* where it is saved; 0: it is not, and cannot be written */
    uint8_t size;     /* bytes there; 0: not known at all */
    uint8_t ahead;    /* what is saved is so much more than the value */
};

struct context {
    const struct frame *frame;
    struct saved_register reg[REG_MAX];
    bool fpu; /* it has an FPU block */
};

/* What is known of the task. */
struct frame_task {
    uint64_t sp;         /* as its TCB has it */
    uint64_t sp_field;   /* address of that field */
    uint64_t stack_low;  /* 0: not known */
    uint64_t stack_high; /* 0: not known */
    uint64_t floats;     /* address of a block of floating-point registers; 0: none */
    uint64_t exc_return; /* address of EXC_RETURN's low byte; 0: none */
};

enum { FRAME_MAX = 640 }; /* bytes of the longest */

/* Most that a frame may take up, in bytes, from the saved stack pointer on; vectors left out. */
size_t frame_size(const struct frame *f, unsigned word);

/*
 * Reads a task's registers as frame `f` has them. Returns 0; MEMORY_REFUSED when memory cannot be
 * read; NETGDB_PROTO when a flag in it is none; or the target's error. Only the first leaves a
 * whole context.
 */
int frame_read(const struct frame *f, const struct arch *a, struct memory *m,
               const struct frame_task *task, struct context *c);

/* Points for a context that was read; below 0: it is something else. */
int frame_score(const struct context *c, const struct arch *a, struct memory *m, struct program *p,
                const struct frame_task *task);

/* Lists that end in NULL. */
extern const struct frame *const frames_freertos[],
    *const frames_threadx[], *const frames_zephyr[], *const frames_chibios[];

#endif
