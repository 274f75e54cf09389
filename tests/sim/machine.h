/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The panicked machine behind the twin: memory with holes at kernel-like addresses, registers as
 * FreeBSD's stub has them on amd64, a few threads, and a program that steps and runs. No network
 * and no RSP here.
 *
 * Final: everything in this header.
 */
#ifndef NETGDB_TESTS_SIM_MACHINE_H
#define NETGDB_TESTS_SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/world.h"

#define MACHINE_TEXT UINT64_C(0xffffffff80200000)  /* 1 MiB of "code": a pattern of the address */
#define MACHINE_DATA UINT64_C(0xffffffff81000000)  /* 2 MiB of data: zero at first */
#define MACHINE_STACK UINT64_C(0xfffffe0000400000) /* 64 KiB */

enum {
    MACHINE_TEXT_SIZE = 1 << 20,
    MACHINE_DATA_SIZE = 2 << 20,
    MACHINE_STACK_SIZE = 64 << 10,
    MACHINE_REGS = 56,    /* GDB_NREGS of amd64 */
    MACHINE_PC = 16,      /* GDB_REG_PC */
    MACHINE_THREADS = 5,  /* the first is the one that panicked */
    MACHINE_TID = 100001, /* tid of the first; the next are +1, +2, … */
    MACHINE_WATCHES = 4
};

struct machine_thread {
    uint32_t tid;
    const char *name, *state;
    int cpu; /* -1: not running on one */
    uint64_t regs[MACHINE_REGS];
};

struct machine_watch {
    char type; /* '2' write, '3' read, '4' access; 0: free */
    uint64_t addr, size;
};

struct machine {
    struct machine_thread threads[MACHINE_THREADS];
    struct machine_watch watches[MACHINE_WATCHES];
    int signal; /* of the last stop: 5 after a step or breakpoint */

    /* How the program runs after a `c`: stops by itself after run_time (SIM_NEVER: not). */
    uint64_t run_time, step_time; /* ns; defaults 1 ms and 10 us */

    /* Called when the program starts to run (c or C); it may write its own memory. */
    void (*on_run)(struct machine *m, void *context);
    void *context;

    uint64_t steps, runs; /* done so far */
    uint64_t change;      /* number of the last change of memory: see machine_changed */
    struct machine_region *regions;
};

struct machine *machine_new(void);
void machine_free(struct machine *m);

/* Memory and registers as after boot; counters stay. */
void machine_boot(struct machine *m);

/* Return how many of the bytes could be read or written before the first hole. */
size_t machine_read(const struct machine *m, uint64_t addr, void *out, size_t len);
size_t machine_write(struct machine *m, uint64_t addr, const void *data, size_t len);

/*
 * The program itself changes memory, as from on_run: a write of the debugger that was sent
 * before this and is executed again after it undoes it.
 */
void machine_program_writes(struct machine *m, uint64_t addr, const void *data, size_t len);

/* Number of the last change of that byte (0: never): compares with m->change. */
uint64_t machine_changed(const struct machine *m, uint64_t addr);

struct machine_thread *machine_thread(struct machine *m, uint32_t tid); /* NULL: none */

/* Bytes of a register; whether the stub can show and set it for that thread. */
size_t machine_reg_size(unsigned reg);
bool machine_reg_readable(const struct machine *m, const struct machine_thread *t, unsigned reg);
bool machine_reg_writable(const struct machine *m, const struct machine_thread *t, unsigned reg);

/* Runs one instruction of the first thread: 4 bytes further. */
void machine_step(struct machine *m);

#endif
