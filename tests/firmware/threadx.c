/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ThreadX's data: TX_THREAD with the members, order and sizes of tx_api.h, the ring of created
 * threads, and the objects that threads are suspended on.
 */
#include "kernel.h"

void *memset(void *to, int value, unsigned long n);

#if __SIZEOF_POINTER__ == 4
typedef unsigned long ULONG;
#else
typedef unsigned int ULONG; /* 32 bits in the port to RISC-V with 64 bits */
#endif
typedef unsigned int UINT;
typedef char CHAR;

struct TX_THREAD_STRUCT;
typedef struct TX_TIMER_INTERNAL_STRUCT {
    ULONG tx_timer_internal_remaining_ticks;
    ULONG tx_timer_internal_re_initialize_ticks;
    void (*tx_timer_internal_timeout_function)(ULONG);
    ULONG tx_timer_internal_timeout_param;
    struct TX_TIMER_INTERNAL_STRUCT *tx_timer_internal_active_next;
    struct TX_TIMER_INTERNAL_STRUCT *tx_timer_internal_active_previous;
    struct TX_TIMER_INTERNAL_STRUCT **tx_timer_internal_list_head;
} TX_TIMER_INTERNAL;

typedef struct TX_THREAD_STRUCT {
    ULONG tx_thread_id;
    ULONG tx_thread_run_count;
    void *tx_thread_stack_ptr;
    void *tx_thread_stack_start;
    void *tx_thread_stack_end;
    ULONG tx_thread_stack_size;
    ULONG tx_thread_time_slice;
    ULONG tx_thread_new_time_slice;
    struct TX_THREAD_STRUCT *tx_thread_ready_next;
    struct TX_THREAD_STRUCT *tx_thread_ready_previous;
    CHAR *tx_thread_name;
    UINT tx_thread_priority;
    UINT tx_thread_state;
    UINT tx_thread_delayed_suspend;
    UINT tx_thread_suspending;
    UINT tx_thread_preempt_threshold;
    void (*tx_thread_schedule_hook)(struct TX_THREAD_STRUCT *, ULONG);
    void (*tx_thread_entry)(ULONG);
    ULONG tx_thread_entry_parameter;
    TX_TIMER_INTERNAL tx_thread_timer;
    void (*tx_thread_suspend_cleanup)(struct TX_THREAD_STRUCT *, ULONG);
    void *tx_thread_suspend_control_block;
    struct TX_THREAD_STRUCT *tx_thread_suspended_next;
    struct TX_THREAD_STRUCT *tx_thread_suspended_previous;
    ULONG tx_thread_suspend_info;
    void *tx_thread_additional_suspend_info;
    UINT tx_thread_suspend_option;
    UINT tx_thread_suspend_status;
    struct TX_THREAD_STRUCT *tx_thread_created_next;
    struct TX_THREAD_STRUCT *tx_thread_created_previous;
    ULONG tx_thread_vfp_enable; /* ARM9, Cortex-A */
} TX_THREAD;

#if __SIZEOF_POINTER__ == 4
_Static_assert(__builtin_offsetof(TX_THREAD, tx_thread_name) == 40, "name");
_Static_assert(__builtin_offsetof(TX_THREAD, tx_thread_created_next) == 136, "created next");
#endif

typedef struct TX_QUEUE_STRUCT {
    ULONG tx_queue_id;
    CHAR *tx_queue_name;
} TX_QUEUE;

TX_THREAD *_tx_thread_current_ptr;
TX_THREAD *_tx_thread_created_ptr;
ULONG _tx_thread_created_count;
volatile ULONG _tx_thread_system_state;

static TX_THREAD blocks[TASKS];
static TX_QUEUE rx = {0x51554555, "rx"}, mutex = {0x4d555445, "bus lock"};

void kernel_create(unsigned i, const char *name, unsigned priority, uintptr_t *stack)
{
    TX_THREAD *t = &blocks[i], *first = &blocks[0];
    memset(stack, 0xef, WORDS * sizeof *stack);
    t->tx_thread_id = 0x54485244;
    t->tx_thread_stack_start = stack;
    t->tx_thread_stack_size = WORDS * sizeof *stack;
    t->tx_thread_stack_end = (char *)stack + t->tx_thread_stack_size - 1;
    t->tx_thread_name = (CHAR *)name;
    t->tx_thread_priority = priority;
    t->tx_thread_vfp_enable = i == FLOATS;
    t->tx_thread_stack_ptr = first_context(stack + WORDS, task, (void *)(uintptr_t)i);
    t->tx_thread_created_next = first;
    t->tx_thread_created_previous = i == 0 ? t : &blocks[i - 1];
    t->tx_thread_created_previous->tx_thread_created_next = t;
    first->tx_thread_created_previous = t;
    _tx_thread_created_ptr = first;
    _tx_thread_created_count++;
}

void kernel_start(void)
{
    _tx_thread_current_ptr = &blocks[MAIN];
    start_first();
}

void kernel_park(unsigned i)
{
    static const UINT states[TASKS] = {
        [QUEUE_WAIT] = 5, [FOREVER] = 13, [SUSPENDED] = 3, [NOTIFIED] = 7, [IDLE] = 4};
    blocks[i].tx_thread_state = states[i];
    if (i == QUEUE_WAIT)
        blocks[i].tx_thread_suspend_control_block = &rx;
    if (i == FOREVER)
        blocks[i].tx_thread_suspend_control_block = &mutex;
}

void kernel_wake_all(void)
{
    for (unsigned i = 0; i < TASKS; i++)
        blocks[i].tx_thread_state = 0;
}

void kernel_next(void)
{
    unsigned i = (unsigned)(_tx_thread_current_ptr - blocks) + 1;
    blocks[i % TASKS].tx_thread_run_count++;
    _tx_thread_current_ptr = &blocks[i % TASKS];
}

/* The idle CPU: no thread is ready, and the current pointer is 0. */
void kernel_idle(void)
{
    _tx_thread_current_ptr = 0;
}
