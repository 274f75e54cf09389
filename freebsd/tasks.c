/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processes and threads; see tasks.h. */
#include "freebsd/tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of td_inhibitors (sys/sys/proc.h), the same in every release since 5.0. */
enum { TDI_SUSPENDED = 0x01, TDI_SLEEPING = 0x02, TDI_LOCK = 0x08, TDI_IWAIT = 0x10 };

static const enum image_field process_fields[] = {PROC_NEXT, PROC_PID, PROC_STATE, PROC_COMMAND,
                                                  PROC_THREADS};

static const enum image_field thread_fields[] = {
    THREAD_NEXT,         THREAD_PROC,     THREAD_TID,        THREAD_NAME,
    THREAD_ON_CPU,       THREAD_STATE,    THREAD_INHIBITORS, THREAD_WAIT_CHANNEL,
    THREAD_WAIT_MESSAGE, THREAD_LAST_CPU, THREAD_LOCK_NAME};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *inhibited_state(uint64_t inhibitors)
{
    if ((inhibitors & TDI_LOCK) != 0)
        return "lock";
    if ((inhibitors & TDI_SLEEPING) != 0)
        return "sleep";
    if ((inhibitors & TDI_SUSPENDED) != 0)
        return "suspend";
    return (inhibitors & TDI_IWAIT) != 0 ? "iwait" : "inhibit";
}

/* The state in a word, by the kernel's name for it. */
static const char *state_of_thread(struct image *im, uint64_t state, uint64_t inhibitors)
{
    static const struct {
        const char *kernels, *ours;
    } states[] = {
        {"INACTIVE", "inactive"}, {"CAN_RUN", "canrun"}, {"RUNQ", "runq"}, {"RUNNING", "run"}};
    const char *name = image_enumerator(im, THREAD_STATE, state);
    if (name != NULL && strcmp(name, "INHIBITED") == 0)
        return inhibited_state(inhibitors);
    for (size_t i = 0; name != NULL && i < COUNT(states); i++) {
        if (strcmp(name, states[i].kernels) == 0)
            return states[i].ours;
    }
    return "?";
}

/* The CPU number of a member that has 1 to 4 bytes; all bits set: none (NOCPU). */
static int cpu_of(struct image *im, const struct image_object *o, enum image_field field)
{
    uint64_t cpu;
    struct types_member m;
    if (object_get(im, o, field, &cpu) != 0 || !image_member(im, field, &m) || m.size > 4)
        return -1;
    uint64_t none = (UINT64_C(1) << (8 * m.size)) - 1;
    return cpu == none || cpu > INT16_MAX ? -1 : (int)cpu;
}

static int read_wait(struct image *im, const struct image_object *o, struct kernel_thread *t)
{
    bool lock = strcmp(t->state, "lock") == 0;
    if (!lock && strcmp(t->state, "sleep") != 0)
        return 0;
    int rc = object_string(im, o, lock ? THREAD_LOCK_NAME : THREAD_WAIT_MESSAGE, t->wait,
                           sizeof t->wait);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

static int read_kernel_thread(struct image *im, uint64_t address, struct kernel_thread *t,
                              uint64_t *next)
{
    struct image_object o;
    uint64_t tid, state, inhibitors = 0;
    *t = (struct kernel_thread){.address = address, .state = "?"};
    int rc = object_read(im, &o, address, thread_fields, COUNT(thread_fields));
    if (rc == 0)
        rc = object_get(im, &o, THREAD_NEXT, next);
    if (rc == 0)
        rc = object_get(im, &o, THREAD_TID, &tid);
    if (rc == 0)
        rc = object_get(im, &o, THREAD_STATE, &state);
    if (rc == 0)
        rc = object_get(im, &o, THREAD_INHIBITORS, &inhibitors);
    if (rc == 0)
        rc = object_text(im, &o, THREAD_NAME, t->name, sizeof t->name);
    if (rc != 0)
        return rc;
    t->tid = (int32_t)tid;
    t->state = state_of_thread(im, state, inhibitors);
    t->cpu = cpu_of(im, &o, THREAD_ON_CPU);
    t->on_cpu = t->cpu >= 0;
    if (!t->on_cpu)
        t->cpu = cpu_of(im, &o, THREAD_LAST_CPU);
    return read_wait(im, &o, t);
}

/* `threads` and `next` are the first thread and the next process. */
static int read_process(struct image *im, uint64_t address, struct process *p, uint64_t *threads,
                        uint64_t *next)
{
    struct image_object o;
    uint64_t pid, state = 0;
    *p = (struct process){.address = address};
    int rc = object_read(im, &o, address, process_fields, COUNT(process_fields));
    if (rc == 0)
        rc = object_get(im, &o, PROC_NEXT, next);
    if (rc == 0)
        rc = object_get(im, &o, PROC_THREADS, threads);
    if (rc == 0)
        rc = object_get(im, &o, PROC_PID, &pid);
    if (rc == 0)
        rc = object_get(im, &o, PROC_STATE, &state);
    if (rc == 0)
        rc = object_text(im, &o, PROC_COMMAND, p->command, sizeof p->command);
    if (rc != 0)
        return rc;
    const char *name = image_enumerator(im, PROC_STATE, state);
    p->pid = (int32_t)pid;
    p->zombie = name != NULL && strcmp(name, "ZOMBIE") == 0;
    return 0;
}

int task_read_thread(struct image *im, uint64_t address, struct kernel_thread *thread)
{
    uint64_t next;
    return read_kernel_thread(im, address, thread, &next);
}

int task_read_process(struct image *im, uint64_t address, struct process *process)
{
    uint64_t threads, next;
    return read_process(im, address, process, &threads, &next);
}

/* Makes room for one more element. NULL: no memory. */
static void *grow(void *list, size_t n, size_t size)
{
    /* The capacity is the next power of two. */
    if (n != 0 && (n & (n - 1)) != 0)
        return list;
    return realloc(list, (n != 0 ? 2 * n : 1) * size);
}

static int append_thread(struct image *im, struct tasks *tasks, uint64_t address, uint64_t *next)
{
    struct kernel_thread *more = grow(tasks->threads, tasks->n_threads, sizeof *more);
    if (more == NULL)
        return NETGDB_NOMEM;
    tasks->threads = more;
    int rc = read_kernel_thread(im, address, &more[tasks->n_threads], next);
    if (rc != 0)
        return rc;
    more[tasks->n_threads++].process = tasks->n_processes;
    return 0;
}

/* Reads the threads of a process. Sets its `first` and `n`; a list that cannot be read or does not
 * end is a problem, not an error. */
static int read_process_threads(struct image *im, struct tasks *tasks, struct process *p,
                                uint64_t next)
{
    struct image_walk walk = {0};
    bool repeats = false;
    int rc = 0;
    p->first = tasks->n_threads;
    while (rc == 0 && next != 0 && !repeats) {
        repeats = walk_repeats(&walk, next) || tasks->n_threads == TASKS_THREADS_MAX;
        if (!repeats)
            rc = append_thread(im, tasks, next, &next);
    }
    p->n = tasks->n_threads - p->first;
    if (repeats || rc == IMAGE_UNREADABLE)
        (void)snprintf(tasks->problem, sizeof tasks->problem,
                       "the list of threads of process %lld %s after %zu of them",
                       (long long)p->pid, repeats ? "does not end" : "cannot be read", p->n);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

static int add_process(struct image *im, struct tasks *tasks, uint64_t address, uint64_t *next)
{
    uint64_t threads;
    struct process *more = grow(tasks->processes, tasks->n_processes, sizeof *more);
    if (more == NULL)
        return NETGDB_NOMEM;
    tasks->processes = more;
    int rc = read_process(im, address, &more[tasks->n_processes], &threads, next);
    if (rc == 0)
        rc = read_process_threads(im, tasks, &more[tasks->n_processes], threads);
    tasks->n_processes += rc == 0;
    return rc;
}

int tasks_read(struct image *im, struct tasks *tasks)
{
    struct image_walk walk = {0};
    bool repeats = false;
    uint64_t next;
    *tasks = (struct tasks){.processes = NULL};
    int rc = image_pointer(im, "allproc", &next);
    while (rc == 0 && next != 0 && !repeats) {
        repeats = walk_repeats(&walk, next) || tasks->n_processes == TASKS_PROCESSES_MAX ||
                  tasks->n_threads == TASKS_THREADS_MAX;
        if (!repeats)
            rc = add_process(im, tasks, next, &next);
    }
    if (repeats || rc == IMAGE_UNREADABLE)
        (void)snprintf(tasks->problem, sizeof tasks->problem,
                       "the list of processes %s after %zu of them",
                       repeats ? "does not end" : "cannot be read", tasks->n_processes);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

void tasks_free(struct tasks *tasks)
{
    free(tasks->processes);
    free(tasks->threads);
    *tasks = (struct tasks){.processes = NULL};
}

int cpu_thread(struct image *im, uint64_t cpu, uint64_t *thread)
{
    uint64_t table, pcpu;
    *thread = 0;
    if (!image_variable(im, "cpuid_to_pcpu", &table))
        return IMAGE_UNREADABLE;
    int rc = memory_pointer(&im->memory, table + cpu * im->memory.word, &pcpu);
    return rc == 0 && pcpu != 0 ? image_get(im, pcpu, PCPU_THREAD, thread) : rc;
}

const struct kernel_thread *tasks_find(const struct tasks *tasks, int64_t tid)
{
    for (size_t i = 0; i < tasks->n_threads; i++) {
        if (tasks->threads[i].tid == tid)
            return &tasks->threads[i];
    }
    return NULL;
}
