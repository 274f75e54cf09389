/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of queries, and those that print a table; see queries.h. */
#include "freebsd/queries.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freebsd/modules.h"
#include "freebsd/tasks.h"

enum { NUMBER_TEXT = 24 };

static const char *decimal(char text[NUMBER_TEXT], int64_t value)
{
    (void)snprintf(text, NUMBER_TEXT, "%" PRId64, value);
    return text;
}

static const char *hexadecimal(char text[NUMBER_TEXT], uint64_t value)
{
    (void)snprintf(text, NUMBER_TEXT, "0x%" PRIx64, value);
    return text;
}

static const char *cpu_text(char text[NUMBER_TEXT], const struct kernel_thread *t)
{
    return t->cpu >= 0 ? decimal(text, t->cpu) : "";
}

/* ---- processes ---- */

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return x->pid < y->pid ? -1 : x->pid > y->pid;
}

/* Reads all processes and threads, the processes by pid. */
static int read_sorted(struct image *im, struct tasks *tasks)
{
    int rc = tasks_read(im, tasks);
    if (rc == 0 && tasks->n_processes != 0)
        qsort(tasks->processes, tasks->n_processes, sizeof *tasks->processes, by_pid);
    return rc;
}

/* The thread that a process's line shows: one that runs, else the first. */
static const struct kernel_thread *shown_thread(const struct tasks *tasks, const struct process *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (tasks->threads[p->first + i].on_cpu)
            return &tasks->threads[p->first + i];
    }
    return p->n != 0 ? &tasks->threads[p->first] : NULL;
}

static int query_ps(struct image *im, const char *argument, struct output *out)
{
    static const struct output_column columns[] = {{"pid", 6, true},      {"state", -9, false},
                                                   {"wait", -10, false},  {"threads", 7, true},
                                                   {"command", 0, false}, {NULL, 0, false}};
    struct tasks tasks;
    (void)argument;
    int rc = read_sorted(im, &tasks);
    output_begin_table(out, columns);
    for (size_t i = 0; rc == 0 && i < tasks.n_processes; i++) {
        const struct process *p = &tasks.processes[i];
        const struct kernel_thread *t = shown_thread(&tasks, p);
        char pid[NUMBER_TEXT], n[NUMBER_TEXT];
        const char *cells[] = {decimal(pid, p->pid),
                               p->zombie   ? "zombie"
                               : t != NULL ? t->state
                                           : "",
                               t != NULL ? t->wait : "", decimal(n, (int64_t)p->n), p->command};
        output_row(out, cells);
    }
    output_end_table(out);
    output_note(out, tasks.problem);
    tasks_free(&tasks);
    return rc;
}

/* ---- threads ---- */

static void print_thread_row(struct output *out, const struct process *p,
                             const struct kernel_thread *t)
{
    char pid[NUMBER_TEXT], tid[NUMBER_TEXT], cpu[NUMBER_TEXT];
    const char *cells[] = {decimal(tid, t->tid),
                           decimal(pid, p->pid),
                           cpu_text(cpu, t),
                           t->state,
                           t->wait,
                           p->command,
                           t->name};
    output_row(out, cells);
}

static int query_threads(struct image *im, const char *argument, struct output *out)
{
    static const struct output_column columns[] = {
        {"tid", 7, true},     {"pid", 6, true},        {"cpu", 4, true},   {"state", -9, false},
        {"wait", -10, false}, {"command", -19, false}, {"name", 0, false}, {NULL, 0, false}};
    struct tasks tasks;
    (void)argument;
    int rc = read_sorted(im, &tasks);
    output_begin_table(out, columns);
    for (size_t i = 0; rc == 0 && i < tasks.n_processes; i++) {
        const struct process *p = &tasks.processes[i];
        for (size_t j = 0; j < p->n; j++)
            print_thread_row(out, p, &tasks.threads[p->first + j]);
    }
    output_end_table(out);
    output_note(out, tasks.problem);
    tasks_free(&tasks);
    return rc;
}

/* ---- modules ---- */

static int query_modules(struct image *im, const char *argument, struct output *out)
{
    static const struct output_column columns[] = {{"id", 3, true},         {"refs", 4, true},
                                                   {"address", -18, false}, {"size", 10, true},
                                                   {"path", 0, false},      {NULL, 0, false}};
    struct modules modules;
    (void)argument;
    int rc = modules_read(im, &modules);
    output_begin_table(out, columns);
    for (size_t i = 0; rc == 0 && i < modules.n; i++) {
        const struct module *m = &modules.list[i];
        char id[NUMBER_TEXT], refs[NUMBER_TEXT], address[NUMBER_TEXT], size[NUMBER_TEXT];
        const char *cells[] = {decimal(id, (int64_t)m->id), decimal(refs, (int64_t)m->refs),
                               hexadecimal(address, m->address), decimal(size, (int64_t)m->size),
                               m->path};
        output_row(out, cells);
    }
    output_end_table(out);
    output_note(out, modules.problem);
    modules_free(&modules);
    return rc;
}

/* ---- CPUs ---- */

static int print_cpu(struct image *im, struct output *out, uint64_t id, uint64_t pcpu)
{
    uint64_t address, idle, proc;
    struct kernel_thread t;
    struct process p;
    char cpu[NUMBER_TEXT], tid[NUMBER_TEXT], pid[NUMBER_TEXT];
    int rc = image_get(im, pcpu, PCPU_THREAD, &address);
    if (rc == 0)
        rc = image_get(im, pcpu, PCPU_IDLE_THREAD, &idle);
    if (rc == 0)
        rc = task_read_thread(im, address, &t);
    if (rc == 0)
        rc = image_get(im, address, THREAD_PROC, &proc);
    if (rc == 0)
        rc = task_read_process(im, proc, &p);
    if (rc != 0)
        return rc;
    const char *cells[] = {
        decimal(cpu, (int64_t)id),         decimal(tid, t.tid), decimal(pid, p.pid),
        address == idle ? "idle" : "busy", p.command,           t.name};
    output_row(out, cells);
    return 0;
}

static int query_cpus(struct image *im, const char *argument, struct output *out)
{
    static const struct output_column columns[] = {
        {"cpu", 4, true},        {"tid", 7, true},   {"pid", 6, true}, {"state", -5, false},
        {"command", -19, false}, {"name", 0, false}, {NULL, 0, false}};
    uint64_t most = 0, table = 0, pcpu;
    char note[80] = "";
    (void)argument;
    int rc = image_number(im, "mp_maxid", 4, &most);
    if (rc == 0 && !image_variable(im, "cpuid_to_pcpu", &table))
        rc = IMAGE_UNREADABLE;
    output_begin_table(out, columns);
    for (uint64_t id = 0; rc == 0 && id <= most && id < CPUS_MAX; id++) {
        rc = memory_pointer(&im->memory, table + id * im->memory.word, &pcpu);
        if (rc == 0 && pcpu != 0) /* an id without a CPU */
            rc = print_cpu(im, out, id, pcpu);
        if (rc == IMAGE_UNREADABLE)
            (void)snprintf(note, sizeof note, "CPU %" PRIu64 " cannot be read", id);
    }
    output_end_table(out);
    if (rc == IMAGE_UNREADABLE && note[0] == '\0')
        (void)snprintf(note, sizeof note, "the list of CPUs cannot be read");
    output_note(out, note);
    return rc == IMAGE_UNREADABLE ? 0 : rc;
}

/* ---- the table ---- */

const struct query queries[] = {
    {"panic", "", "the panic message, version, host, uptime, CPU and thread", query_panic},
    {"dmesg", "[LINES]", "the kernel's messages, or only the last ones", query_dmesg},
    {"ps", "", "processes", query_ps},
    {"threads", "", "threads of all processes, with CPU and wait message", query_threads},
    {"modules", "", "files that the kernel has loaded", query_modules},
    {"cpus", "", "the thread that each CPU runs", query_cpus},
    {NULL, NULL, NULL, NULL}};

/* The next word of a line, and its length. */
static const char *find_word(const char *line, size_t *len)
{
    line += strspn(line, " ");
    *len = strcspn(line, " ");
    return line;
}

const struct query *query_find(const char *line, bool *json, const char **argument)
{
    size_t len, n;
    const char *name = find_word(line, &len), *rest = find_word(name + len, &n);
    *json = n == 6 && memcmp(rest, "--json", n) == 0;
    *argument = *json ? find_word(rest + n, &n) : rest;
    for (const struct query *q = queries; q->name != NULL; q++) {
        if (strlen(q->name) == len && memcmp(q->name, name, len) == 0)
            return q;
    }
    return NULL;
}

bool query_takes(const struct query *query, const char *argument)
{
    size_t digits = strspn(argument, "0123456789");
    return argument[0] == '\0' || (query->arguments[0] != '\0' && digits != 0 &&
                                   argument[digits + strspn(argument + digits, " ")] == '\0');
}
