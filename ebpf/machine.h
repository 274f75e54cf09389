/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The eBPF machine (RFC 9669): registers, memory, call frames, a budget of instructions, and an
 * interpreter that can stop at any instruction with its state intact. It does not use ELF or
 * debugger protocols and makes no system calls; a program gets the time through `struct
 * ebpf_world`.
 *
 * The interpreter runs predecoded ops (opcodes.h), one per slot: the index of an op is the slot of
 * its instruction.
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
    EBPF_SLOTS_MAX = 1 << 22, /* slots of code: 32 MiB */
    EBPF_FRAME_SIZE = 512,    /* bytes of a function's stack frame */
    EBPF_FRAME_MAX = 65536,   /* largest configurable frame size */
    EBPF_DEPTH = 64,          /* maximum call depth, with the first function */
    EBPF_DEPTH_MAX = 4096,    /* largest configurable depth */
    EBPF_RECORD_SIZE = 64,    /* bytes of a record of the shadow call stack */
    EBPF_OUTPUT_MAX = 65536,  /* bytes of output that is not yet read */
    EBPF_FAULT_TEXT = 192,
    EBPF_RAW_SIZE = 512,   /* bytes of a context without an input */
    EBPF_FRAME_BYTES = 64, /* of a packet without an input: the smallest of Ethernet */
    EBPF_TAIL_CALLS = 33,  /* at most, as in Linux */
    EBPF_LOOPS_MAX = 8,    /* helpers that call functions of the program, inside each other */
    EBPF_LOOP_KEY = 512    /* bytes of a key for such a function */
};

enum { EBPF_ERROR_TEXT = 256 }; /* bytes of a line about a program that cannot be loaded or run */

/* Addresses of regions; those of the segments are in image.h. */
#define EBPF_INPUT_BASE UINT64_C(0x50000000)
#define EBPF_CONTEXT_BASE UINT64_C(0x58000000)
#define EBPF_KEYS_BASE UINT64_C(0x5c000000)
#define EBPF_STACK_BASE UINT64_C(0x60000000)
#define EBPF_SHADOW_BASE UINT64_C(0x70000000)
#define EBPF_MAPS_BASE UINT64_C(0x80000000)

#define EBPF_NO_BUDGET UINT64_MAX
/* Upper limit of instructions in one call: the address of an op that far ahead does not overflow (a
 * 32-bit system keeps more than 16 MiB above its allocations). */
#define EBPF_SLICE_MAX (UINT64_C(1) << (sizeof(uintptr_t) > 4 ? 32 : 20))

/* The reason why ebpf_run() or ebpf_step() returned. */
enum ebpf_stop {
    EBPF_RUNNING,     /* the slice is used up, or there is output: call again */
    EBPF_EXITED,      /* the first function returned */
    EBPF_BREAKPOINT,  /* before the instruction at pc */
    EBPF_STEPPED,     /* the step has ended, or pc has left the range */
    EBPF_WATCHPOINT,  /* after an instruction that hit one: memory.hit */
    EBPF_ACCESS,      /* pc is at a memory access that is not allowed: fault.address */
    EBPF_ILLEGAL,     /* pc is at an illegal instruction */
    EBPF_JUMP,        /* pc is at a jump out of the code, or is itself not in the code */
    EBPF_TOO_DEEP,    /* pc is at a call that would exceed the maximum depth */
    EBPF_OVER_BUDGET, /* before the instruction at pc */
    EBPF_DIVISION,    /* sBPF: pc is at a division by 0, or one that overflows */
    EBPF_ABORTED      /* sBPF: pc is at a call of abort or sol_panic_ */
};

struct ebpf_fault {
    uint64_t address;           /* of an access or a jump */
    char text[EBPF_FAULT_TEXT]; /* one line for the user */
};

struct ebpf_frame {
    uint64_t saved[5]; /* r6 to r10 of the caller */
    uint32_t ret;      /* slot of the return address */
};

/* The environment of a program. Any pointer may be NULL. */
struct ebpf_world {
    uint64_t (*now)(void *context); /* ns */
    void *context;
    uint64_t seed; /* of the pseudo-random numbers */
};

/* What r1 points to. */
enum ebpf_context_kind {
    EBPF_CONTEXT_NONE, /* the input, with its length in r2; or 0 */
    EBPF_CONTEXT_RAW,  /* the same; without an input, EBPF_RAW_SIZE zeros */
    EBPF_CONTEXT_XDP,  /* struct xdp_md with the input as its packet; without one, a frame of zeros
                        */
    EBPF_CONTEXT_SKB   /* struct __sk_buff, likewise */
};

struct ebpf_options {
    const struct ebpf_world *world;    /* not owned; NULL: no clock */
    const struct ebpf_helper *helpers; /* not owned; NULL: ebpf_helpers */
    size_t helper_count;
    const struct ebpf_helper *stubs; /* not owned; come before them, by number or name */
    size_t stub_count;
    enum ebpf_context_kind context;
    uint64_t budget;      /* instructions; EBPF_NO_BUDGET: unlimited */
    unsigned depth;       /* 0: EBPF_DEPTH */
    uint32_t frame_size;  /* 0: EBPF_FRAME_SIZE, of sBPF SBPF_FRAME_SIZE */
    const uint8_t *input; /* copied; r1 is its address and r2 its length */
    size_t input_size;
    char *error; /* EBPF_ERROR_TEXT bytes, for the reason if the machine cannot be made; or NULL */
};

struct ebpf_map;
struct ebpf_machine;

/*
 * A helper that calls a function of the program repeatedly. The function returns to the call of the
 * helper, which runs again and continues here: so every instruction can be stopped at.
 */
struct ebpf_loop {
    uint32_t call; /* slot of the call of the helper, at this depth */
    unsigned depth;
    uint64_t function, context; /* r2, r3 of the helper */
    uint64_t done, count;       /* calls so far; of bpf_loop: how many at most */
    struct ebpf_map *map;       /* of bpf_for_each_map_elem */
    uint32_t next;              /* the entry of the map from which on it continues */
};

/* Executes an op that has no code of its own in the loop. Returns EBPF_RUNNING or a fault. */
typedef enum ebpf_stop ebpf_routine(struct ebpf_machine *m, const struct ebpf_op *op);

struct ebpf_machine {
    uint64_t reg[16]; /* r0 to r10; the others are 0, so that every 4-bit index is valid */
    struct ebpf_memory memory;
    struct ebpf_op *code; /* `slots` of them, one FELL_OFF, then trampolines */
    uint32_t slots;
    uint64_t text; /* address of slot 0 */
    uint64_t pc;   /* valid while the machine is stopped; may be any number that a debugger wrote */
    struct ebpf_frame *frames;
    unsigned depth; /* frames in use: 0 in the first function */
    unsigned depth_max;
    uint32_t frame_size;
    uint64_t frame_step; /* what a call adds to r10 */
    uint64_t executed;
    uint64_t budget; /* limit of `executed` */
    bool exited;
    bool attention; /* a helper asks the loop to return, and perhaps to continue at `next` */
    struct ebpf_fault fault;
    uint8_t *breaks; /* number of breakpoints by slot */
    struct buf output;
    struct ebpf_map *maps;
    unsigned map_count;
    struct buf events; /* events.h */
    unsigned event_count;
    uint64_t events_lost;
    unsigned tail_calls;
    const struct ebpf_op *calling; /* of a helper that is running */
    uint64_t slice;                /* of the loop that runs; ops of it left at `calling` */
    uint64_t slice_left;
    struct ebpf_loop loop[EBPF_LOOPS_MAX];
    unsigned loops;
    uint64_t heap_used;         /* sBPF: bytes that sol_alloc_free_ has allocated */
    struct buf return_data;     /* sBPF */
    const struct ebpf_op *next; /* where a helper continues the program; NULL: after the call */
    uint64_t random;
    uint64_t input_size;
    uint64_t packet_at, packet_end; /* of the context */
    const struct ebpf_image *image;
    struct ebpf_options options;
};

/*
 * Makes a machine with the image loaded, before its first instruction. The image and everything
 * that the options point to, except the input, must outlive it. Returns 0, NETGDB_NOMEM, or
 * NETGDB_TOO_LONG or NETGDB_PROTO if the image exceeds the machine's limits, with options->error.
 * The caller frees *out.
 */
int ebpf_machine_new(struct ebpf_machine **out, const struct ebpf_image *image,
                     const struct ebpf_options *options);
void ebpf_machine_free(struct ebpf_machine *m); /* NULL is fine */

/*
 * Runs about `slice` instructions at most (slower if there are watchpoints). Returns any reason but
 * EBPF_STEPPED. Ignores a breakpoint at the first instruction. EBPF_RUNNING: call again.
 */
enum ebpf_stop ebpf_run(struct ebpf_machine *m, uint64_t slice);

/*
 * Runs while pc is in [low, high), at least one and at most `slice` instructions; then returns
 * EBPF_RUNNING. low = high = 0 makes one step. EBPF_STEPPED: pc has left the range.
 */
enum ebpf_stop ebpf_step(struct ebpf_machine *m, uint64_t low, uint64_t high, uint64_t slice);

/* Returns the op at a code address, or NULL. */
struct ebpf_op *ebpf_op_at(const struct ebpf_machine *m, uint64_t address);

/*
 * Add and remove a breakpoint; up to 255 at one address are counted. Return 0, NETGDB_PROTO if the
 * address has no code or no breakpoint, or NETGDB_TOO_LONG.
 */
int ebpf_break_add(struct ebpf_machine *m, uint64_t address);
int ebpf_break_remove(struct ebpf_machine *m, uint64_t address);

/*
 * Writes memory for a debugger, as ebpf_memory_poke(), and decodes changed code again. Returns the
 * number of bytes written. 0, too, if memory is short: then code was written, but runs as it was.
 */
size_t ebpf_machine_poke(struct ebpf_machine *m, uint64_t address, const void *data, size_t len);

/*
 * Writes the shadow call stack, one record per call frame (frames.h), and returns the address of
 * the innermost record, which debuggers see as x29.
 */
uint64_t ebpf_machine_shadow(struct ebpf_machine *m);

/* Returns that address without writing the records. */
uint64_t ebpf_shadow_at(const struct ebpf_machine *m);

/* For helpers: the number of instructions before the call that is running. */
static inline uint64_t ebpf_executed(const struct ebpf_machine *m)
{
    return m->executed + m->slice - m->slice_left;
}

/* Sets the number of instructions that may still run; EBPF_NO_BUDGET: unlimited. */
void ebpf_machine_budget(struct ebpf_machine *m, uint64_t left);

/* Returns the frame base for debuggers: r10 minus the frame size of the function at pc. */
uint64_t ebpf_frame_base(const struct ebpf_machine *m, uint64_t pc, uint64_t r10);

/* For helpers and the loops: records a fault and its text, one visible line, and returns `stop`. */
enum ebpf_stop ebpf_fault_at(struct ebpf_machine *m, enum ebpf_stop stop, uint64_t address,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Returns GDB's signal number of a stop (include/gdb/signals.def); 0 for EXITED and RUNNING. */
unsigned ebpf_stop_signal(enum ebpf_stop stop);

/* ---- for the files of the machine ---- */

/* Sets r1, r2 and the input up (context.c). Returns 0, or an error as ebpf_machine_new(). */
int ebpf_context_set_up(struct ebpf_machine *m);

/* Sets the fields `data` and `data_end` of the context to these addresses (context.c). */
void ebpf_context_packet(struct ebpf_machine *m, uint64_t data, uint64_t end);

/* Returns the stub or helper for a number that a program calls, or NULL. */
const struct ebpf_helper *ebpf_machine_helper(const struct ebpf_machine *m, uint32_t id);

/* Says why an access is not allowed: ebpf_memory_reason(), or the import at the address. */
void ebpf_machine_reason(const struct ebpf_machine *m, uint64_t address, uint64_t size, bool write,
                         char text[EBPF_REASON]);

/* Maps a region, as ebpf_memory_map(). Returns 0, or its error with a line in options.error. */
int ebpf_map_region(struct ebpf_machine *m, const char *name, uint64_t base, const void *data,
                    uint64_t size, unsigned flags);

/* Writes options.error, for a machine that cannot be made; returns rc. */
int ebpf_machine_error(struct ebpf_machine *m, int rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Decodes all instructions into m->code. Returns 0 or NETGDB_NOMEM. */
int ebpf_decode(struct ebpf_machine *m);

/*
 * Decodes an instruction of a class other than BPF_LD to *op, whose dst and src are set. Does not
 * check registers above r10 and reserved fields.
 */
void ebpf_decode_insn(struct ebpf_op *op, const struct ebpf_machine *m, const struct bpf_insn *i);

void ebpf_arm(struct ebpf_machine *m,
              uint32_t slot); /* sets op->go: a breakpoint, a fused op or the op itself */

/* Addresses of the code of each op in the unchecked loop, by enum ebpf_opcode. */
const void *const *ebpf_op_labels(void);

/* The interpreter loops, see exec_unchecked.c and exec_checked.c. */
enum ebpf_stop ebpf_run_unchecked(struct ebpf_machine *m, uint64_t slice);
enum ebpf_stop ebpf_run_checked(struct ebpf_machine *m, uint64_t low, uint64_t high,
                                uint64_t slice);

#endif
