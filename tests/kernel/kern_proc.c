/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Five processes with nine threads: see kernel.h. */
#include "tests/kernel/kernel.h"

static const char sleeping[] = "select", locked[] = "vm object";
static int channel;

/* Two stacks of two pages; the other threads are swapped out. */
u_long stack_of_panicked[1024] = {1, 2, 3}, stack_of_init[1024] = {4, 5, 6};

extern struct proc proc0, init, shell, idle, interrupts, dead;

#define THREAD(who, next, id, of, ...)                                                             \
    struct thread who = {.td_tid = (id),                                                           \
                         .td_proc = &(of),                                                         \
                         .td_plist = {.tqe_next = (next)},                                         \
                         .td_oncpu = -1,                                                           \
                         .td_lastcpu = -1,                                                         \
                         __VA_ARGS__}

#pragma clang diagnostic ignored "-Winitializer-overrides"

THREAD(thread0, &kernel_thread2, 100000, proc0, .td_name = "swapper", .td_lastcpu = 0,
       .td_state = TDS_INHIBITED, .td_inhibitors = 2, .td_wmesg = sleeping, .td_wchan = &channel);
THREAD(kernel_thread2, 0, 100003, proc0, .td_name = "softirq_0", .td_lastcpu = 1,
       .td_state = TDS_RUNQ);
THREAD(panicked, 0, 100001, shell, .td_name = "sh", .td_oncpu = 0, .td_lastcpu = 0,
       .td_state = TDS_RUNNING, .td_kstack = (u_long)stack_of_panicked, .td_kstack_pages = 2);
THREAD(waiting, &blocked, 100002, init, .td_name = "init", .td_lastcpu = 1,
       .td_state = TDS_INHIBITED, .td_inhibitors = 2, .td_wmesg = sleeping, .td_wchan = &channel,
       .td_kstack = (u_long)stack_of_init, .td_kstack_pages = 2);
THREAD(blocked, 0, 100004, init, .td_name = "worker", .td_lastcpu = 1, .td_state = TDS_INHIBITED,
       .td_inhibitors = 8, .td_lockname = locked);
THREAD(idle0, &idle1, 100005, idle, .td_name = "idle: cpu0", .td_lastcpu = 0,
       .td_state = TDS_CAN_RUN);
THREAD(idle1, 0, 100006, idle, .td_name = "idle: cpu1", .td_oncpu = 1, .td_lastcpu = 1,
       .td_state = TDS_RUNNING);
THREAD(swi, 0, 100007, interrupts, .td_name = "swi4: clock (0)", .td_state = TDS_INHIBITED,
       .td_inhibitors = 16);

#define PROC(who, next, id, first, ...)                                                            \
    struct proc who = {.p_pid = (id),                                                              \
                       .p_list = {.le_next = (next)},                                              \
                       .p_threads = {.tqh_first = (first)},                                        \
                       .p_state = PRS_NORMAL,                                                      \
                       __VA_ARGS__}

PROC(dead, &shell, 620, 0, .p_comm = "cron", .p_state = PRS_ZOMBIE);
PROC(shell, &interrupts, 612, &panicked, .p_comm = "sh\033[31m", .p_pptr = &init);
PROC(interrupts, &idle, 12, &swi, .p_comm = "intr");
PROC(idle, &init, 11, &idle0, .p_comm = "idle");
PROC(init, &proc0, 1, &waiting, .p_comm = "init");
PROC(proc0, 0, 0, &thread0, .p_comm = "kernel");

struct {
    struct proc *lh_first;
} allproc = {&dead};
