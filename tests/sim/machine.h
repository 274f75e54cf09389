/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The panicked machine behind the twin: memory with holes at kernel-like addresses, registers as
 * FreeBSD's stub has them (on amd64, unless chosen), a few threads, and a program that steps and
 * runs. No network and no RSP here.
 *
 * It can be another machine: then its breakpoint instruction, the number of its pc and what its
 * debuggers do with a trap are that one's (sys/ARCH/include/db_machdep.h, gdb_machdep.h).
 *
 * Every change of memory or of a register takes the next number of `change`; what was changed
 * later has the higher number. So it can be told whether something that is executed again undoes
 * what came after it.
 *
 * Final: everything in this header.
 */
#ifndef NETGDB_TESTS_SIM_MACHINE_H
#define NETGDB_TESTS_SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/registers.h"
#include "tests/sim/world.h"

#define MACHINE_TEXT UINT64_C(0xffffffff80200000)  /* 1 MiB of amd64's "code" */
#define MACHINE_DATA UINT64_C(0xffffffff81000000)  /* 2 MiB of data: zero at first */
#define MACHINE_STACK UINT64_C(0xfffffe0000400000) /* 64 KiB, zero at first */
#define MACHINE_BULK UINT64_C(0xfffff80000000000)  /* nothing, until machine_bulk; as the text */

enum {
    MACHINE_TEXT_SIZE = 1 << 20,
    MACHINE_DATA_SIZE = 2 << 20,
    MACHINE_STACK_SIZE = 64 << 10,
    MACHINE_REGIONS = 4,
    MACHINE_PAGE = 4096,
    MACHINE_REGS = 512,     /* more than the numbers that any stub knows */
    MACHINE_PC = 16,        /* GDB_REG_PC of amd64 */
    MACHINE_THREADS = 5,    /* the first is the one that panicked, and the one that runs */
    MACHINE_TID = 100001,   /* tid of the first; the next are +1, +2, … */
    MACHINE_WATCHES = 4,    /* at once */
    MACHINE_POINTS = 64,    /* ever, since it was booted */
    MACHINE_INSTRUCTION = 4 /* bytes that a step moves on */
};

/* The kernel's longjmp(), which its stub runs when memory cannot be read or written; from the start
 * of its code. */
#define MACHINE_LONGJMP 0x800

/* What the machine stopped by. */
enum machine_trap {
    MACHINE_BREAKPOINT, /* a breakpoint instruction: also a panic's own, in kdb_enter() */
    MACHINE_STEP,
    MACHINE_WATCH,
    MACHINE_FAULT
};

struct machine_thread {
    uint32_t tid;
    const char *name, *state;
    int cpu; /* -1: not running on one */
    uint64_t regs[MACHINE_REGS];
    uint64_t changed[MACHINE_REGS]; /* numbers of their last changes */
};

/* A watchpoint that is set, or was once. */
struct machine_point {
    char type; /* '2' write, '3' read, '4' access */
    bool set;
    uint64_t addr, size, changed;
};

/* Memory that was written: what is in it, and the number of each byte's last change. */
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
    struct machine_point points[MACHINE_POINTS];
    unsigned points_used;
    bool locked; /* its stub cannot write the code */

    /* The last stop. */
    enum machine_trap trap;
    int signal;       /* 5 unless it is a fault */
    uint64_t watched; /* of MACHINE_WATCH: the address */

    /* How the program runs after a `c`: stops by itself after run_time (SIM_NEVER: not). */
    uint64_t run_time, step_time; /* ns; defaults 1 ms and 10 us */

    /* Called when the program starts to run (c, C), unless a breakpoint is at its pc; it may write
     * its own memory, and say what it will stop by: a breakpoint, unless it does. */
    void (*on_run)(struct machine *m, void *context);
    void *context;

    uint64_t change; /* number of the last change */
};

struct machine *machine_new(void);
void machine_free(struct machine *m);

/* Memory, registers and watchpoints as after boot. */
void machine_boot(struct machine *m);

/* Boots it as another machine, with its code where that has it. */
void machine_become(struct machine *m, enum machine_arch arch);

/* Boots it with so many bytes (a multiple of MACHINE_PAGE) of memory more, from MACHINE_BULK on. */
void machine_bulk(struct machine *m, size_t size);

/* Return how many of the bytes could be read or written before the first hole. */
size_t machine_read(const struct machine *m, uint64_t addr, void *out, size_t len);
size_t machine_write(struct machine *m, uint64_t addr, const void *data, size_t len);

/* What a byte of the code, and of the bulk, is until it is written. */
uint8_t machine_text_byte(uint64_t addr);

/* Number of the last change of that byte; 0: never, or a hole. */
uint64_t machine_changed(const struct machine *m, uint64_t addr);

struct machine_thread *machine_thread(struct machine *m, uint64_t tid); /* NULL: none */

/*
 * Bytes of a register, and its value in the machine's byte order, of which a value has at most 8;
 * whether the stub can show and set it for that thread.
 */
size_t machine_reg_size(const struct machine *m, uint64_t reg);
void machine_reg_bytes(const struct machine *m, const struct machine_thread *t, uint64_t reg,
                       uint8_t bytes[8]);
bool machine_reg_readable(const struct machine *m, const struct machine_thread *t, uint64_t reg);
bool machine_reg_writable(const struct machine *m, const struct machine_thread *t, uint64_t reg);
void machine_set_reg(struct machine *m, struct machine_thread *t, unsigned reg, uint64_t value);

/* The watchpoint, set or not; a new one that is not set; NULL when there is no more room. */
struct machine_point *machine_point(struct machine *m, char type, uint64_t addr, uint64_t size);

/* Sets or clears it. False when all watchpoint registers are in use. */
bool machine_set_point(struct machine *m, struct machine_point *point, bool set);

/*
 * Whether a breakpoint instruction was written to this address: the pc is then `past` bytes behind
 * it when it has trapped.
 */
bool machine_breakpoint_at(const struct machine *m, uint64_t addr, unsigned *past);

/* Runs one instruction of the first thread: 4 bytes further, or into the breakpoint there. */
void machine_step(struct machine *m);

/* Lets it run. Returns whether it has stopped already, at a breakpoint at its pc. */
bool machine_run(struct machine *m);

/* Stops it as said; a fault has the signal of its machine. */
void machine_trap(struct machine *m, enum machine_trap trap);

#endif
