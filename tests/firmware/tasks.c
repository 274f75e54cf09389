/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tasks: each yields the CPU two calls deep, with known registers. */
#include "kernel.h"

volatile uintptr_t returned[TASKS];
static uintptr_t stacks[TASKS][WORDS] __attribute__((aligned(16)));

__attribute__((noinline)) void checkpoint(unsigned n)
{
    __asm volatile("" ::"r"(n) : "memory");
}

__attribute__((noinline)) void worker_hook(unsigned i)
{
    __asm volatile("" ::"r"(i) : "memory");
}

__attribute__((noinline)) void second_hook(unsigned i)
{
    __asm volatile("" ::"r"(i) : "memory");
}

__attribute__((noinline)) static uintptr_t inner(unsigned i)
{
    uintptr_t value = yield_with_pattern((uintptr_t)i << 12);
    __asm volatile("" ::: "memory");
    return value;
}

__attribute__((noinline)) static void outer(unsigned i)
{
    returned[i] = inner(i);
    __asm volatile("" ::: "memory");
}

/* Yields repeatedly. */
static void worker(unsigned i)
{
    for (;;) {
        kernel_park(i);
        outer(i);
        worker_hook(i);
    }
}

#ifdef CORES
__attribute__((noinline)) static void second(void)
{
    for (;;)
        second_hook(SECOND);
}
#endif

static void boss(void)
{
    for (unsigned n = 1;; n++) {
        outer(MAIN); /* when this returns, all other tasks have run and parked */
        checkpoint(n);
        kernel_wake_all();
    }
}

__attribute__((noinline)) void task(void *argument)
{
    unsigned i = (unsigned)(uintptr_t)argument;
    if (i == MAIN)
        boss();
#ifdef CORES
    if (i == SECOND)
        second();
#endif
    worker(i);
    __asm volatile("");
}

void main_loop(void)
{
    static const struct {
        const char *name;
        unsigned priority;
    } list[TASKS] = {
        [MAIN] = {"main", 3},       [SPINNER] = {"spinner", 1},  [QUEUE_WAIT] = {"QueueWait", 4},
        [FOREVER] = {"forever", 4}, [SUSPENDED] = {"halted", 2}, [NOTIFIED] = {"notified", 2},
        [FLOATS] = {"floats", 1},   [IDLE] = {"IDLE", 0},
#ifdef CORES
        [SECOND] = {"second", 5},
#endif
    };
    for (unsigned i = 0; i < TASKS; i++)
        kernel_create(i, i >= LAST_NAMED ? "extra" : list[i].name, list[i].priority, stacks[i]);
    checkpoint(0);
    kernel_start();
}

/* Functions that the compiler may call. */
void *memset(void *to, int value, unsigned long n)
{
    volatile unsigned char *at = to;
    while (n-- > 0)
        *at++ = (unsigned char)value;
    return to;
}

void *memcpy(void *to, const void *from, unsigned long n)
{
    volatile unsigned char *at = to;
    const unsigned char *source = from;
    while (n-- > 0)
        *at++ = *source++;
    return to;
}
