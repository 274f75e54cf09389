/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Test firmware: the structures of RIOT or NuttX (-DNUTTX), with three threads that never run, for
 * Cortex-M. Its symbols are those of an image whose linker drops unused constants (RIOT), and whose
 * table of state names is a static of a function (NuttX).
 */
#include <stdint.h>

enum { WORDS = 64, THREADS = 3 };

/* r4 to r11, EXC_RETURN, the exception frame, and for NuttX the stack pointer. */
static uint32_t stacks[THREADS][WORDS];
enum { SAVED = WORDS - 18 };

void checkpoint(void)
{
    __asm__ volatile("" ::: "memory");
}

void waiting_place(void)
{
    __asm__ volatile("nop\n nop\n nop");
}

#ifdef NUTTX

struct tcb {
    struct tcb *next;
    uint32_t *regs;
    uint16_t pid;
    uint8_t priority, state;
    void *stack;
    char name[24];
};
static struct tcb tcbs[THREADS], *hash[4];
struct tcb *g_running_tasks[1], **g_pidhash;
int g_npidhash;

#define WORD(n) (4 * (n))
static const uint16_t offsets[17] = {WORD(9),  WORD(10), WORD(11), WORD(12), WORD(0), WORD(1),
                                     WORD(2),  WORD(3),  WORD(4),  WORD(5),  WORD(6), WORD(7),
                                     WORD(13), WORD(17), WORD(14), WORD(15), WORD(16)};
const struct {
    uint16_t pid, state, priority, name, stack, size, regs, n;
    const uint16_t *table;
    uint32_t high;
} g_tcbinfo = {8, 11, 10, 16, 12, 0xffff, 4, 17, offsets, 0};

/* Its names are found as a static of this function. */
const char *state_name(unsigned i)
{
    static const char *const g_statenames[] = {"Invalid", "Locked",   "Ready",
                                               "Running", "Inactive", "Waiting,Example"};
    static volatile unsigned zero;
    return g_statenames[i + zero];
}

static void put_thread(unsigned i, const char *name)
{
    struct tcb *t = &tcbs[i];
    t->regs = &stacks[i][SAVED];
    t->pid = (uint16_t)i;
    t->priority = i == 0 ? 100 : 224;
    t->state = i == 0 ? 3 : 5;
    t->stack = stacks[i];
    for (unsigned n = 0; name[n] != '\0'; n++)
        t->name[n] = name[n];
    hash[i] = t;
}

static void start_kernel(void)
{
    (void)state_name(0);
    g_pidhash = hash;
    g_running_tasks[0] = &tcbs[0];
    g_npidhash = 4;
}

#else /* RIOT */

struct _thread {
    uint32_t *sp;
    uint8_t status, priority;
    int16_t pid;
    void *stack_start;
    const char *name;
    int stack_size;
};
static struct _thread tcbs[THREADS];
struct _thread *sched_threads[5], *sched_active_thread;

static void put_thread(unsigned i, const char *name)
{
    tcbs[i] = (struct _thread){.sp = &stacks[i][SAVED],
                               .status = i == 0 ? 11 : 3,
                               .priority = i == 0 ? 7 : 224,
                               .pid = (int16_t)(i + 1),
                               .stack_start = stacks[i],
                               .name = name,
                               .stack_size = sizeof stacks[i]};
    sched_threads[i + 1] = &tcbs[i];
}

static void start_kernel(void)
{
    sched_active_thread = &tcbs[0];
}

#endif

void reset(void)
{
    static const char *const names[THREADS] = {"main", "first", "second"};
    for (unsigned i = 0; i < THREADS; i++) {
        for (unsigned n = 0; n < 8; n++)
            stacks[i][SAVED + n] = 0x100 * i + 4 + n;
        stacks[i][SAVED + 8] = 0xfffffffd;
        stacks[i][SAVED + 15] = ((uint32_t)waiting_place & ~1u) + 2;
        stacks[i][SAVED + 16] = 0x01000000;
        stacks[i][SAVED + 17] = (uint32_t)&stacks[i][WORDS];
        put_thread(i, names[i]);
    }
    start_kernel();
    for (;;)
        checkpoint();
}

extern uint32_t stack_of_main[];
__attribute__((section(".vectors"), used)) const void *const vectors[2] = {stack_of_main, reset};
