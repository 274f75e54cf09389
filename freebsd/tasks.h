/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's processes and threads. Source: sys/sys/proc.h, sys/kern/kern_proc.c (allproc).
 */
#ifndef NETGDB_FREEBSD_TASKS_H
#define NETGDB_FREEBSD_TASKS_H

#include "freebsd/image.h"

enum {
    TASKS_PROCESSES_MAX = 100000, /* FreeBSD: PID_MAX is 99999 */
    TASKS_THREADS_MAX = 400000,
    TASK_NAME_MAX = 32, /* bytes of a name with its NUL (FreeBSD: MAXCOMLEN + 1 is 20) */
    TASK_WAIT_MAX = 40, /* the same of a wait message or a lock's name */
    TASK_PROBLEM_MAX = 200,
    CPUS_MAX = 4096,
};

struct kernel_thread {
    uint64_t address; /* of its struct thread */
    size_t process;   /* index in tasks.processes */
    int64_t tid;
    char name[TASK_NAME_MAX];
    char wait[TASK_WAIT_MAX]; /* wait message or lock; "": none */
    const char *state;        /* run, runq, canrun, sleep, lock, iwait (an idle interrupt thread),
                                 suspend, inactive; "?": unknown */
    int cpu;                  /* on which it runs, or ran last; -1: none */
    bool on_cpu;
};

struct process {
    uint64_t address; /* of its struct proc */
    int64_t pid;
    char command[TASK_NAME_MAX];
    bool zombie;
    size_t first, n; /* its threads in tasks.threads */
};

struct tasks {
    struct process *processes; /* in the kernel's order, the youngest first */
    size_t n_processes;
    struct kernel_thread *threads;
    size_t n_threads;
    char problem[TASK_PROBLEM_MAX]; /* why the lists are incomplete; "": they are complete */
};

/*
 * Reads all processes and threads, with one request for each structure. Inconsistent lists end
 * early, with the reason in `problem`. Returns 0, the target's error, or NETGDB_NOMEM. The caller
 * frees the tasks, also after an error.
 */
int tasks_read(struct image *im, struct tasks *tasks);
void tasks_free(struct tasks *tasks);

/* Reads one thread, without its process. Returns 0, IMAGE_UNREADABLE, or the target's error. */
int task_read_thread(struct image *im, uint64_t address, struct kernel_thread *thread);

/* Reads one process, without its threads. Returns as above. */
int task_read_process(struct image *im, uint64_t address, struct process *process);

/* Sets *thread to the address of the thread that a CPU runs; 0: there is no CPU of that id. Returns
 * as above. */
int cpu_thread(struct image *im, uint64_t cpu, uint64_t *thread);

/* Returns the thread with an id. NULL: there is none. */
const struct kernel_thread *tasks_find(const struct tasks *tasks, int64_t tid);

#endif
