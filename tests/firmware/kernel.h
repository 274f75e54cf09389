/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Firmware of the tests: a handful of tasks and a scheduler that is no kernel, but whose data is
 * laid out as a real one's. What differs from kernel to kernel is in freertos.c and threadx.c,
 * what differs from machine to machine in start_*.S.
 */
#ifndef FIRMWARE_KERNEL_H
#define FIRMWARE_KERNEL_H

#include <stdint.h>

#define WORDS 256 /* of a stack */

#ifndef EXTRA
#define EXTRA 0 /* tasks that are only more of the same */
#endif

enum {
    MAIN,
    SPINNER,
    QUEUE_WAIT,
    FOREVER,
    SUSPENDED,
    NOTIFIED,
    FLOATS,
    IDLE,
#ifdef CORES
    SECOND, /* on the second core, alone */
#endif
    LAST_NAMED,
    TASKS = LAST_NAMED + EXTRA,
};

/* What every task knows of itself, for the tests to look at. */
extern volatile uintptr_t returned[TASKS];

/* start_*.S: gives the CPU away with a pattern of this seed in all registers, comes back with what
 * is then in a register that calls preserve (r4, s2). */
uintptr_t yield_with_pattern(uintptr_t seed);

/* start_*.S: lays out a new task's first context below `top` and returns where it begins. */
uintptr_t *first_context(uintptr_t *top, void (*entry)(void *), void *argument);
void start_first(void);

/* The kernel's part: creates the tasks, and chooses the next one with the CPU saved. */
void kernel_create(unsigned i, const char *name, unsigned priority, uintptr_t *stack);
void kernel_start(void);
void kernel_park(unsigned i);
void kernel_wake_all(void);
void kernel_next(void); /* called by start_*.S between two tasks */

void task(void *argument);
void checkpoint(unsigned n);
void worker_hook(unsigned i);
void second_hook(unsigned i);
void main_loop(void);

#endif
