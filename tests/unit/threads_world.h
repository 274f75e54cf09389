/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What tests of threads/ stand on: memory images of kernels, laid out here by hand from the
 * kernels' sources (not by the tables under test), and a client that asks as GDB does.
 */
#ifndef NETGDB_TESTS_THREADS_WORLD_H
#define NETGDB_TESTS_THREADS_WORLD_H

#include "tests/unit/unit.h"

#include "tests/rtos_stub.h"
#include "threads/threads.h"

enum { WORLD_SYMBOLS = 24, WORLD_LINES = 16 };

/* One build of FreeRTOS: numbers of list.h and tasks.c as that configuration has them. */
struct build {
    const char *name;
    unsigned word, list, count, end, item, value, next, owner, container, before, name_at;
    unsigned cores; /* 0: pxCurrentTCB */
    unsigned tick;  /* bytes; 0: a word's */
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
    unsigned questions; /* that the client was asked */
};

enum {
    DATA = 0x20000000,   /* lists and variables */
    TCBS = 0x20001000,   /* 0x200 each */
    STACKS = 0x20010000, /* 0x800 each */
    STACK = 0x800,
    TEXT = 0x1000,
    PRIORITIES = 5,
};

/* A stub with memory for all of the above, and no kernel in it. */
struct world *world_new(bool big, unsigned word);
void world_free(struct world *w);

/* The decorator in front of it; the stub must be as the test wants it by now. */
void world_begin(struct world *w, const char *rtos);

/* What the client's program is said to have. */
void world_symbol(struct world *w, const char *name, uint64_t address);
uint64_t world_address(const struct world *w, const char *name);

/* Asks; the reply as text. */
const char *ask(struct world *w, const char *request);

/* As GDB connects: qSupported, ?, and the round of qSymbol with the answers of world_symbol. */
void connect_as_gdb(struct world *w);

/* The whole of qXfer:threads:read, in pieces of `size` bytes. */
const char *list(struct world *w, unsigned size);

/* The id of the thread of this name in the list, in its text form; "" when it is not there. */
const char *id_of(struct world *w, const char *name);

/* The text behind the name in the list: state, reason, priority, stack. */
const char *state_of(struct world *w, const char *name);

/* How many threads the list has. */
unsigned count_threads(struct world *w);

/* ---- FreeRTOS ---- */

/* Empty lists, a started scheduler, no task. */
void freertos(struct world *w, const struct build *b);
uint64_t freertos_ready(const struct world *w, unsigned priority);

/* Creates a task and puts its state item at the end of a list; returns its control block. */
uint64_t freertos_task(struct world *w, const char *name, uint64_t list, unsigned priority,
                       uint64_t sp);

/* Puts its event item at the end of a list. */
void freertos_waits(struct world *w, uint64_t tcb, uint64_t list);
void freertos_runs(struct world *w, unsigned core, uint64_t tcb);
uint64_t freertos_item(const struct world *w, uint64_t tcb, bool event);

/* The top of the stack of the i-th task, in words that are pushed. */
uint64_t stack_top(unsigned task);

#endif
