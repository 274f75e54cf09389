/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The model of the twin's panicked machine: memory with holes at kernel-like addresses, the
 * registers of FreeBSD's stub (amd64 by default), a few threads, and a program that steps and runs.
 * It has no network and no RSP.
 *
 * For another architecture the breakpoint instruction, the register number of the pc and the
 * debuggers' handling of traps follow sys/ARCH/include/db_machdep.h and gdb_machdep.h.
 *
 * Each change of memory or of a register gets the next number of `change`. The numbers show whether
 * a request executed twice undoes a later change.
 */
#ifndef NETGDB_TESTS_SIM_MACHINE_H
#define NETGDB_TESTS_SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/registers.h"
#include "tests/sim/world.h"

#define MACHINE_TEXT UINT64_C(0xffffffff80200000)  /* 1 MiB of amd64's "code" */
#define MACHINE_DATA UINT64_C(0xffffffff81000000)  /* 2 MiB of data, initially zero */
#define MACHINE_STACK UINT64_C(0xfffffe0000400000) /* 64 KiB, initially zero */
#define MACHINE_BULK                                                                               \
    UINT64_C(0xfffff80000000000) /* empty until machine_bulk; contents like the text's */

enum {
    MACHINE_TEXT_SIZE = 1 << 20,
    MACHINE_DATA_SIZE = 2 << 20,
    MACHINE_STACK_SIZE = 64 << 10,
    MACHINE_REGIONS = 4,
    MACHINE_PAGE = 4096,
    MACHINE_REGS = 512,     /* more than any stub has */
    MACHINE_PC = 16,        /* GDB_REG_PC of amd64 */
    MACHINE_THREADS = 5,    /* the first one panicked, and is the one that runs */
    MACHINE_TID = 100001,   /* tid of the first; the next are +1, +2, … */
    MACHINE_WATCHES = 4,    /* simultaneously */
    MACHINE_POINTS = 64,    /* in total since boot */
    MACHINE_INSTRUCTION = 4 /* bytes that a step advances */
};

/* Offset in the text of the kernel's longjmp(), which the stub runs after a failed access. */
#define MACHINE_LONGJMP 0x800

/* Offsets in arm64's text: of the exception's handler, where it calls do_el1h_sync(); of that; and
 * of its instruction that unmasks debug exceptions. */
#define MACHINE_HANDLER 0x900
#define MACHINE_EL1H_SYNC 0xa00
#define MACHINE_UNMASK (MACHINE_EL1H_SYNC + 0x60)

/* Distances below arm64's sp of the trap frame, and of the frame record of do_el1h_sync(). */
#define MACHINE_TRAP_FRAME 416
#define MACHINE_CALLEE 512

/* The trap that stopped the machine. */
enum machine_trap {
    MACHINE_BREAKPOINT, /* a breakpoint instruction, such as a panic's in kdb_enter() */
    MACHINE_STEP,
    MACHINE_WATCH,
    MACHINE_FAULT
};

struct machine_thread {
    uint32_t tid;
    const char *name, *state;
    int cpu; /* -1: not running on one */
    uint64_t regs[MACHINE_REGS];
    uint64_t changed[MACHINE_REGS]; /* change numbers of the registers */
};

/* A watchpoint that is, or was, set. */
struct machine_point {
    char type; /* '2' write, '3' read, '4' access */
    bool set;
    uint64_t addr, size, changed;
};

/* A page of memory that was written: its bytes, and the change number of each. */
struct machine_page {
    uint8_t bytes[MACHINE_PAGE];
    uint32_t changed[MACHINE_PAGE];
};

struct machine_region {
    uint64_t start;
    size_t size;
    struct machine_page **pages; /* NULL: never written */
};

struct machine {
    const struct registers *registers;
    struct machine_region regions[MACHINE_REGIONS];
    size_t bulk; /* bytes at MACHINE_BULK */
    struct machine_thread threads[MACHINE_THREADS];
    struct machine_thread *sleepers; /* additional ones, after these; machine_crowd */
    unsigned n_sleepers;
    struct machine_point points[MACHINE_POINTS];
    unsigned points_used;
    bool locked; /* the stub cannot write the text */

    /* The last stop. */
    enum machine_trap trap;
    int signal;       /* 5, except for faults */
    uint64_t watched; /* of MACHINE_WATCH: the address */

    /* Duration of a `c` until the program stops by itself (SIM_NEVER: it does not), and of a step.
     */
    uint64_t run_time, step_time; /* ns; defaults 1 ms and 10 us */

    /* Called when the program starts to run (c, C), unless a breakpoint is at its pc. It may write
     * the machine's memory and set the trap that will stop the program (default: a breakpoint). */
    void (*on_run)(struct machine *m, void *context);
    void *context;

    uint64_t change; /* number of the last change */
};

struct machine *machine_new(void);
void machine_free(struct machine *m);

/* Resets memory, registers and watchpoints. */
void machine_boot(struct machine *m);

/* Boots it as another architecture, with the text at that one's address. */
void machine_become(struct machine *m, enum machine_arch arch);

/* arm64: pushes what its exception's handler has pushed on the stack of the first thread when the
 * stub runs: a trap frame with sp and pc, and the frame record of do_el1h_sync. */
void machine_enter_handler(struct machine *m);

/* Whether an exception of the stub unmasks debug exceptions: do_el1h_sync is unchanged (arm64). */
bool machine_fault_unmasks(const struct machine *m);

/* Boots it with `size` bytes (a multiple of MACHINE_PAGE) of additional memory at MACHINE_BULK. */
void machine_bulk(struct machine *m, size_t size);

/*
 * Adds sleeping threads until there are `all`. Each has a stack of its own, of MACHINE_SLEEPER
 * bytes in the bulk, with `frames` frames by amd64's frame pointers; its pc is `pc`, and each
 * return address is `caller`. The bulk must have room for them.
 */
#define MACHINE_SLEEPER UINT64_C(0x4000)
void machine_crowd(struct machine *m, unsigned all, unsigned frames, uint64_t pc, uint64_t caller);

/* The number of threads. Their ids are consecutive, from MACHINE_TID. */
unsigned machine_threads(const struct machine *m);

/* Read or write memory. Return the number of bytes before the first hole. */
size_t machine_read(const struct machine *m, uint64_t addr, void *out, size_t len);
size_t machine_write(struct machine *m, uint64_t addr, const void *data, size_t len);

/* Returns the initial value of a byte of the text or of the bulk. */
uint8_t machine_text_byte(uint64_t addr);

/* Returns the change number of that byte; 0: never written, or a hole. */
uint64_t machine_changed(const struct machine *m, uint64_t addr);

struct machine_thread *machine_thread(struct machine *m, uint64_t tid); /* NULL: none */

/*
 * Registers: size in bytes; value in the machine's byte order (at most 8 bytes are used); whether
 * the stub can read and write it for that thread.
 */
size_t machine_reg_size(const struct machine *m, uint64_t reg);
void machine_reg_bytes(const struct machine *m, const struct machine_thread *t, uint64_t reg,
                       uint8_t bytes[8]);
uint64_t machine_reg_slot(const struct machine *m, const struct machine_thread *t, uint64_t reg);
bool machine_reg_readable(const struct machine *m, const struct machine_thread *t, uint64_t reg);
bool machine_reg_writable(const struct machine *m, const struct machine_thread *t, uint64_t reg);
void machine_set_reg(struct machine *m, struct machine_thread *t, unsigned reg, uint64_t value);

/* Returns the watchpoint, set or not, creating it if necessary; NULL if there are too many. */
struct machine_point *machine_point(struct machine *m, char type, uint64_t addr, uint64_t size);

/* Sets or clears it. Returns false if all watchpoint registers are in use. */
bool machine_set_point(struct machine *m, struct machine_point *point, bool set);

/*
 * Returns whether a breakpoint instruction was written to this address, and sets *past to the
 * distance of the pc from it after the trap.
 */
bool machine_breakpoint_at(const struct machine *m, uint64_t addr, unsigned *past);

/* Executes one instruction of the first thread: advances 4 bytes, or hits a breakpoint. */
void machine_step(struct machine *m);

/* Resumes the program. Returns whether it stopped immediately, at a breakpoint at its pc. */
bool machine_run(struct machine *m);

/* Stops the program with that trap; a fault gets the architecture's signal. */
void machine_trap(struct machine *m, enum machine_trap trap);

#endif
