/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Test firmware: a few tasks and a minimal scheduler whose data is laid out as in a real RTOS.
 * freertos.c and threadx.c have the data of each RTOS, start_*.S the code of each architecture.
 */
#ifndef FIRMWARE_KERNEL_H
#define FIRMWARE_KERNEL_H

#include <stdint.h>

#define WORDS 256 /* words of a stack */

#ifndef EXTRA
#define EXTRA 0 /* additional tasks */
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
    SECOND, /* the only task of the second core */
#endif
    LAST_NAMED,
    TASKS = LAST_NAMED + EXTRA,
};

/* The last return value of yield_with_pattern() of each task, for the tests. */
extern volatile uintptr_t returned[TASKS];

/* start_*.S: fills all registers with a pattern of this seed and yields the CPU. Returns the value
 * of a callee-saved register (r4, s2) when the task runs again. */
uintptr_t yield_with_pattern(uintptr_t seed);

/* start_*.S: writes a new task's initial context below `top` and returns its address. */
uintptr_t *first_context(uintptr_t *top, void (*entry)(void *), void *argument);
void start_first(void);

/* freertos.c, threadx.c: create the tasks, start the scheduler, change task states, and select the
 * next task after the context is saved. */
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
