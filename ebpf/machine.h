/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The eBPF machine (RFC 9669): registers, memory, call frames, a budget, and an interpreter that
 * can stop anywhere with everything left to look at. No ELF, no debugger protocol, no system
 * calls: what a program asks of the world goes through `struct ebpf_world`.
 *
 * The interpreter runs ops that were decoded once (opcodes.h), one a slot, so that an op's index
 * is the instruction's slot.
 */
#ifndef NETGDB_EBPF_MACHINE_H
#define NETGDB_EBPF_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ebpf/image.h"
#include "ebpf/insn.h"
#include "ebpf/memory.h"
#include "ebpf/opcodes.h"
#include "proto/buf.h"

enum {
    EBPF_SLOTS_MAX = 1 << 22, /* of code: 32 MiB */
    EBPF_FRAME_SIZE = 512,    /* bytes of stack of a function */
    EBPF_FRAME_MAX = 65536,   /* the most that may be asked for */
    EBPF_DEPTH = 64,          /* functions active at once, the first included */
    EBPF_DEPTH_MAX = 4096,    /* the most that may be asked for */
    EBPF_RECORD_SIZE = 64,    /* bytes of a record of the shadow call stack */
    EBPF_OUTPUT_MAX = 65536,  /* bytes printed and not yet taken */
    EBPF_FAULT_TEXT = 192,
};

/* Where things are. The text is an image's own matter. */
#define EBPF_INPUT_BASE UINT64_C(0x50000000)
#define EBPF_STACK_BASE UINT64_C(0x60000000)
#define EBPF_SHADOW_BASE UINT64_C(0x70000000)
#define EBPF_MAPS_BASE UINT64_C(0x80000000)

#define EBPF_NO_BUDGET UINT64_MAX
/* Instructions in one call, whatever is asked for: the address of an op so far on does not overflow
 * (a system of 32 bits keeps more than 16 MiB above what it allocates). */
#define EBPF_SLICE_MAX (UINT64_C(1) << (sizeof(uintptr_t) > 4 ? 32 : 20))

/* Why run() came back. */
enum ebpf_stop {
    EBPF_RUNNING,    /* the slice is used up, or there is output to take: run on */
    EBPF_EXITED,     /* the first function returned */
    EBPF_BREAKPOINT, /* before the instruction at pc */
    EBPF_STEPPED,    /* as many instructions as asked for, or the range was left */
    EBPF_WATCHPOINT, /* behind an instruction that touched one: memory.hit */
    EBPF_ACCESS,     /* a memory access that is not allowed, at pc: fault.address */
    EBPF_ILLEGAL,    /* what cannot be executed, at pc */
    EBPF_JUMP,       /* a jump out of the code, at pc, or a pc that is not in the code */
    EBPF_TOO_DEEP,   /* a call, at pc, over the bound of the depth */
    EBPF_OVER_BUDGET /* before the instruction at pc */
};

struct ebpf_fault {
    uint64_t address;           /* of an access or a jump */
    char text[EBPF_FAULT_TEXT]; /* one line for a person */
};

struct ebpf_frame {
    uint64_t saved[5]; /* r6 to r10 of the caller */
    uint32_t ret;      /* slot that it returns to */
};

/* What the machine may ask of the world. Any pointer may be NULL. */
struct ebpf_world {
    uint64_t (*now)(void *context); /* ns */
    void *context;
    uint64_t seed; /* of the random numbers: the same seed, the same numbers */
};

struct ebpf_options {
    const struct ebpf_world *world;    /* not owned; NULL: no clock */
    const struct ebpf_helper *helpers; /* not owned; NULL: ebpf_helpers */
    size_t helper_count;
    uint64_t budget;      /* instructions, EBPF_NO_BUDGET for no end */
    unsigned depth;       /* 0: EBPF_DEPTH */
    uint32_t frame_size;  /* 0: EBPF_FRAME_SIZE */
    const uint8_t *input; /* copied: r1 points to it and r2 is its length */
    size_t input_size;
};

struct ebpf_map;

struct ebpf_machine {
    uint64_t reg[16]; /* r0 to r10; the others are 0 and keep indexes harmless */
    struct ebpf_memory memory;
    struct ebpf_op *code; /* `slots` of them, one FELL_OFF, then trampolines */
    uint32_t slots;
    uint64_t text; /* address of slot 0 */
    uint64_t pc;   /* the truth while the machine stands; any number that was written */
    struct ebpf_frame *frames;
    unsigned depth; /* frames in use: 0 in the first function */
    unsigned depth_max;
    uint32_t frame_size;
    uint64_t executed;
    uint64_t budget; /* of `executed` */
    bool exited;
    bool attention; /* a helper wants the loop to come back */
    struct ebpf_fault fault;
    uint8_t *breaks; /* for each slot, how many breakpoints */
    struct buf output;
    struct ebpf_map *maps;
    unsigned map_count;
    uint64_t random;
    uint64_t input_size;
    const struct ebpf_image *image;
    struct ebpf_options options;
};

/*
 * A machine with the image in its memory, before its first instruction. The image and what the
 * options point to must outlive it. Returns 0, NETGDB_NOMEM, or NETGDB_TOO_LONG or NETGDB_PROTO
 * when the image does not fit into the machine.
 */
int ebpf_machine_new(struct ebpf_machine **out, const struct ebpf_image *image,
                     const struct ebpf_options *options);
void ebpf_machine_free(struct ebpf_machine *m); /* NULL is fine */

/* Memory, registers and maps as they were at first. Breakpoints and watchpoints stay. */
int ebpf_machine_reset(struct ebpf_machine *m);

/*
 * Runs at most about `slice` instructions at full speed (careful watchpoints make it slower), and
 * stops for everything in enum ebpf_stop but EBPF_STEPPED. A breakpoint at the first instruction
 * is passed. EBPF_RUNNING: call again.
 */
enum ebpf_stop ebpf_run(struct ebpf_machine *m, uint64_t slice);

/*
 * Runs while pc is in [low, high), at most `limit` instructions (then EBPF_RUNNING), at least one.
 * low = high = 0 makes one step. EBPF_STEPPED when it is done.
 */
enum ebpf_stop ebpf_step(struct ebpf_machine *m, uint64_t low, uint64_t high, uint64_t slice);

/* The op at an address of code, or NULL. */
struct ebpf_op *ebpf_op_at(const struct ebpf_machine *m, uint64_t address);

/* Adds and removes; they count. Returns 0, or NETGDB_PROTO when there is no code (or none set). */
int ebpf_break_add(struct ebpf_machine *m, uint64_t address);
int ebpf_break_remove(struct ebpf_machine *m, uint64_t address);

/*
 * Writes memory for a debugger: as ebpf_memory_poke, and code that was changed is decoded anew.
 * Returns the bytes written.
 */
size_t ebpf_machine_poke(struct ebpf_machine *m, uint64_t address, const void *data, size_t len);

/*
 * Writes the shadow call stack (one record a frame, the layout is in frames.h) and returns the
 * address of the innermost record, the machine's x29.
 */
uint64_t ebpf_machine_shadow(struct ebpf_machine *m);

/* That address alone. */
uint64_t ebpf_shadow_at(const struct ebpf_machine *m);

/* From now on `left` more instructions may run; EBPF_NO_BUDGET: any number. */
void ebpf_machine_budget(struct ebpf_machine *m, uint64_t left);

/* Registers that only a debugger sees: r10 less the frame size of the function at pc. */
uint64_t ebpf_frame_base(const struct ebpf_machine *m, uint64_t pc, uint64_t r10);

/* For helpers: puts the text of a fault and returns the stop. */
enum ebpf_stop ebpf_fault_at(struct ebpf_machine *m, enum ebpf_stop stop, uint64_t address,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The signal of a stop as GDB numbers them (include/gdb/signals.def); 0 for EXITED and RUNNING. */
unsigned ebpf_stop_signal(enum ebpf_stop stop);

/* Between the files of the machine. */
int ebpf_decode(struct ebpf_machine *m);
void ebpf_arm(struct ebpf_machine *m, uint32_t slot); /* chooses the code that runs an op */
const void *const *ebpf_fast_labels(void);
enum ebpf_stop ebpf_fast(struct ebpf_machine *m, uint64_t slice);
enum ebpf_stop ebpf_careful(struct ebpf_machine *m, uint64_t low, uint64_t high, uint64_t slice);

#endif
