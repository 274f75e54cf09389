/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Support for the tests of threads/: memory images of kernels, laid out by hand from the kernels'
 * sources and not by the tables under test, and a client that sends requests as GDB does.
 */
#ifndef NETGDB_TESTS_THREADS_WORLD_H
#define NETGDB_TESTS_THREADS_WORLD_H

#include "tests/unit/unit.h"

#include "tests/rtos_stub.h"
#include "threads/threads.h"

enum { WORLD_SYMBOLS = 24, WORLD_LINES = 16 };

/* A configuration of FreeRTOS: sizes and offsets of list.h and tasks.c in bytes. */
struct build {
    const char *name;
    unsigned word, list, count, end, item, value, next, owner, container, before, name_at;
    unsigned cores; /* 0: pxCurrentTCB */
    unsigned tick;  /* bytes; 0: those of a word */
};

extern const struct build builds[];
extern const size_t n_builds;

struct world {
    struct rtos_stub *stub;
    struct target *target;
    struct log log;
    char lines[WORLD_LINES][256];
    unsigned n_lines;
    struct buf reply;
    struct {
        char name[48];
        uint64_t address;
    } symbols[WORLD_SYMBOLS];
    size_t n_symbols;
    const struct build *build;
    unsigned tasks;
    bool multiprocess;
    unsigned questions; /* qSymbol questions that the client got */
};

enum {
    DATA = 0x20000000,   /* lists and variables */
    TCBS = 0x20001000,   /* 0x200 each */
    STACKS = 0x20010000, /* 0x800 each */
    STACK = 0x800,
    TEXT = 0x1000,
    PRIORITIES = 5,
};

/* Makes a stub with the memory above and without a kernel. The caller frees it. */
struct world *world_new(bool big, unsigned word);
void world_free(struct world *w);

/* Wraps the stub in the threads decorator; the stub must be complete. */
void world_begin(struct world *w, const char *rtos);

/* Define a symbol of the client's program, and look one up. */
void world_symbol(struct world *w, const char *name, uint64_t address);
uint64_t world_address(const struct world *w, const char *name);

/* Sends a request; returns the reply as text, valid until the next call. */
const char *ask(struct world *w, const char *request);

/* Connects as GDB does: qSupported, ?, and a qSymbol round with the symbols of world_symbol(). */
void connect_as_gdb(struct world *w);

/* Reads qXfer:threads:read in chunks of `size` bytes. */
const char *list(struct world *w, unsigned size);

/* Returns the id of the thread with this name as text; "" if it is not in the list. */
const char *id_of(struct world *w, const char *name);

/* Returns the description of a thread in the list: state, reason, priority, stack. */
const char *state_of(struct world *w, const char *name);

/* Returns the number of threads in the list. */
unsigned count_threads(struct world *w);

/* ---- FreeRTOS ---- */

/* Writes empty lists and a running scheduler without tasks. */
void freertos(struct world *w, const struct build *b);
uint64_t freertos_ready(const struct world *w, unsigned priority);

/* Creates a task and appends its state item to a list; returns its control block. */
uint64_t freertos_task(struct world *w, const char *name, uint64_t list, unsigned priority,
                       uint64_t sp);

/* Append a task's event item to a list; make a task the running one of a core. */
void freertos_waits(struct world *w, uint64_t tcb, uint64_t list);
void freertos_runs(struct world *w, unsigned core, uint64_t tcb);
uint64_t freertos_item(const struct world *w, uint64_t tcb, bool event);

/* Pushes the context of the i-th task for a Cortex-M3, without FPU, and returns its stack pointer.
 */
uint64_t frame_of(struct world *w, unsigned task);

/* Three tasks, the first of which runs, and a client that has connected. */
struct world *three_tasks(bool multiprocess);

/* The initial stack pointer of the i-th task. */
uint64_t stack_top(unsigned task);

#endif
