/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads of a stopped target; see engine.h. The running threads are in current.c, the walks in
 * walk.c, contexts in contexts.c.
 */
#include "threads/engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

enum {
    NAMES_AHEAD = 64, /* names that are prefetched together */
    NAME_AHEAD = 32,  /* bytes of each */
};

/* ---- detection ---- */

static bool has_symbols(struct program *p, const struct rtos *r)
{
    struct program_symbol symbol;
    bool either = false, one = false;
    for (const struct rtos_symbol *s = r->symbols; s->name != NULL; s++) {
        bool found = program_find(p, s->name, &symbol);
        if (s->need == SYMBOL_NEEDED && !found)
            return false;
        either = either || s->need == SYMBOL_EITHER;
        one = one || (s->need == SYMBOL_EITHER && found);
    }
    return !either || one;
}

const struct rtos *engine_detect(struct program *p, const struct rtos *only)
{
    for (const struct rtos *const *r = rtos_all; *r != NULL; r++) {
        if ((only == NULL || only == *r) && has_symbols(p, *r))
            return *r;
    }
    return NULL;
}

int engine_init(struct engine *e, const struct rtos *rtos, const struct arch *arch,
                struct memory *memory, struct program *program, struct ids *ids,
                const struct log *log)
{
    *e = (struct engine){.rtos = rtos,
                         .arch = arch,
                         .memory = memory,
                         .program = program,
                         .ids = ids,
                         .log = log,
                         .cores = 1};
    e->threads = calloc(ENGINE_THREADS_MAX + 1 + ENGINE_CORES_MAX, sizeof *e->threads);
    if (e->threads == NULL)
        return NETGDB_NOMEM;
    size_t i = 0;
    for (const struct rtos_symbol *s = rtos->symbols; s->name != NULL; s++, i++)
        e->have[i] = program_find(program, s->name, &e->symbols[i]);
    if (rtos->currents != NO_SYMBOL && e->have[rtos->currents]) {
        uint64_t cores = e->symbols[rtos->currents].size / arch->word;
        e->cores = cores == 0 ? 2 : cores < ENGINE_CORES_MAX ? (unsigned)cores : ENGINE_CORES_MAX;
    }
    return 0;
}

void engine_free(struct engine *e)
{
    free(e->threads);
    e->threads = NULL;
}

void engine_resumed(struct engine *e)
{
    e->have_current = e->listed = e->id_exposed = e->stepped = false;
    memory_forget(e->memory);
}

void engine_restarted(struct engine *e)
{
    e->started = false;
    engine_resumed(e);
}

int engine_learn(struct engine *e)
{
    if (e->learned)
        return 0;
    layout_from_program(e);
    int rc = e->rtos->learn != NULL ? e->rtos->learn(e) : 0;
    e->learned = rc == 0 && !e->guessed;
    return rc == MEMORY_REFUSED ? 0 : rc; /* tried again at the next stop */
}

/* ---- inconsistencies ---- */

void engine_corrupt(struct engine *e, const char *where, const char *format, ...)
{
    va_list args;
    if (e->corrupt[0] != '\0') {
        e->corrupt_more++;
        return;
    }
    snprintf(e->corrupt, sizeof e->corrupt, "%s", where);
    va_start(args, format);
    vsnprintf(e->corrupt_why, sizeof e->corrupt_why, format, args);
    va_end(args);
    if (!e->complained)
        log_warn(e->log, "%s: corrupt list %s: %s", e->rtos->name, where, e->corrupt_why);
    e->complained = true;
}

/* ---- the list ---- */

static uint64_t hash_name(const char *text)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *text != '\0'; text++)
        h = (h ^ (uint8_t)*text) * 1099511628211u;
    return h;
}

static int read_name(struct engine *e, struct thread *t)
{
    const struct layout_value *v = &e->layout[TCB_NAME];
    uint64_t at = t->tcb + v->offset;
    size_t size = v->size != 0 && v->size < sizeof t->name ? v->size + 1u : 32;
    int rc = 0;
    if (v->origin == ORIGIN_NONE)
        return 0;
    if (e->rtos->name_is_pointer) {
        rc = memory_pointer(e->memory, at, &at);
        size = 32;
    }
    if (rc == 0 && at != 0)
        rc = memory_text(e->memory, at, t->name, size);
    return rc;
}

static int read_priority(struct engine *e, struct thread *t)
{
    uint64_t value, base;
    int rc = engine_field(e, t->tcb, TCB_PRIORITY, &value);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_BASE_PRIORITY, &base);
    if (rc != 0)
        return rc;
    t->has_priority = layout_has(e, TCB_PRIORITY);
    t->priority = e->rtos->priority_is_signed ? (int8_t)value : (int64_t)value;
    t->base_priority = layout_has(e, TCB_BASE_PRIORITY) ? (int64_t)base : t->priority;
    return 0;
}

static int read_stack(struct engine *e, struct thread *t)
{
    uint64_t size;
    int rc = engine_field(e, t->tcb, TCB_SP, &t->sp);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_STACK_LOW, &t->stack_low);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_STACK_HIGH, &t->stack_high);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_STACK_SIZE, &size);
    if (rc == 0 && t->stack_high == 0 && size != 0 && t->stack_low != 0)
        t->stack_high = t->stack_low + size - 1;
    if (t->stack_high < t->stack_low)
        t->stack_high = 0;
    return rc;
}

static const char *state_name(const struct rtos *r, uint64_t value)
{
    for (size_t i = 0; i < r->n_states; i++) {
        uint32_t v = r->states[i].value;
        if (r->states_are_bits ? (value & v) != 0 : value == v)
            return r->states[i].name;
    }
    return r->states_are_bits ? r->at_rest : "Unknown";
}

static int read_rtos_thread(struct engine *e, struct thread *t)
{
    uint64_t state, number = 0;
    int rc = read_stack(e, t);
    if (rc == 0)
        rc = read_name(e, t);
    if (rc == 0)
        rc = read_priority(e, t);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_STATE, &state);
    if (rc == 0)
        rc = engine_field(e, t->tcb, TCB_NUMBER, &number);
    if (rc != 0)
        return rc;
    if (layout_has(e, TCB_STATE))
        t->state = state_name(e->rtos, state);
    if (e->rtos->describe != NULL)
        rc = e->rtos->describe(e, t);
    uint64_t identity = layout_has(e, TCB_NUMBER) ? number : hash_name(t->name);
    if (t->core >= 0 && e->id_exposed)
        ids_keep(e->ids, t->tcb, identity);
    t->id = ids_of(e->ids, t->tcb, identity);
    return rc;
}

/* Prefetches a control block in one read; at the end of memory, the bytes that exist. */
static int read_tcb_bytes(struct engine *e, uint64_t tcb)
{
    uint8_t bytes[ENGINE_TCB_MAX];
    size_t got, size = layout_tcb_size(e);
    return memory_read_some(e->memory, tcb, bytes, size, size < 32 ? size : 32, &got);
}

struct thread *engine_add(struct engine *e, uint64_t tcb, const char *state)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->threads[i].tcb == tcb && e->threads[i].kind == THREAD_TASK)
            return &e->threads[i];
    }
    if (e->n >= ENGINE_THREADS_MAX)
        return NULL;
    struct thread *t = &e->threads[e->n++];
    *t = (struct thread){.kind = THREAD_TASK, .tcb = tcb, .core = -1, .state = state};
    return t;
}

/* Checks a control block by the magic number or by the owner of its list item. */
static int is_control_block(struct engine *e, uint64_t tcb, bool *yes)
{
    uint64_t value = 0;
    int rc = read_tcb_bytes(e, tcb);
    if (rc == 0 && layout_has(e, TCB_MAGIC))
        rc = engine_field(e, tcb, TCB_MAGIC, &value);
    *yes = rc == 0 && (!layout_has(e, TCB_MAGIC) || value == e->rtos->magic);
    if (*yes && layout_has(e, TCB_STATE_ITEM)) {
        rc = memory_pointer(e->memory,
                            tcb + layout_offset(e, TCB_STATE_ITEM) + layout_offset(e, ITEM_OWNER),
                            &value);
        *yes = rc == 0 && value == tcb;
    }
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* Adds the running threads. A core whose current pointer is no control block runs no task. */
static int add_running(struct engine *e)
{
    for (unsigned i = 0; i < e->cores; i++) {
        bool yes = false;
        int rc = e->running[i] != 0 ? is_control_block(e, e->running[i], &yes) : 0;
        if (rc != 0)
            return rc;
        if (e->running[i] != 0 && !yes)
            engine_corrupt(e, e->rtos->symbols[e->rtos->current].name,
                           "%#" PRIx64 " is not a thread", e->running[i]);
        struct thread *t = yes ? engine_add(e, e->running[i], "Running") : NULL;
        if (t != NULL) {
            t->core = (int)i;
            continue;
        }
        if (i == 0)
            e->was_running = e->running[0];
        e->running[i] = 0;
    }
    e->cpu_idle = e->running[0] == 0;
    return 0;
}

static void add_special(struct engine *e, enum thread_kind kind, unsigned id, const char *name,
                        const char *state)
{
    if (!CHECK(e->n < ENGINE_THREADS_MAX + 1 + ENGINE_CORES_MAX)) /* one corrupt list, the CPUs */
        return;
    struct thread *t = &e->threads[e->n++];
    *t = (struct thread){.kind = kind, .id = id, .core = -1, .state = state};
    snprintf(t->name, sizeof t->name, "%s", name);
}

static void add_corrupt(struct engine *e)
{
    char name[ENGINE_NAME_MAX];
    snprintf(name, sizeof name, "corrupt list %.50s", e->corrupt);
    add_special(e, THREAD_CORRUPT, ids_of(e->ids, UINT64_MAX, hash_name(e->corrupt)), name,
                e->corrupt_why);
    if (e->corrupt_more != 0)
        snprintf(e->threads[e->n - 1].reason, ENGINE_TEXT_MAX, "and %u more", e->corrupt_more);
}

/* A running thread cannot be read: its core runs no task, and keeps the id of the thread. */
static void drop_running(struct engine *e, const struct thread *t)
{
    if (t->core < 0 || !CHECK(t->core < ENGINE_CORES_MAX))
        return;
    e->running[t->core] = 0;
    if (t->core == 0) {
        e->was_running = t->tcb;
        e->cpu_idle = true;
    }
}

/* Prefetches the names of an RTOS whose control blocks point to them: often they are adjacent. */
static int prefetch_names(struct engine *e)
{
    struct memory_range ranges[NAMES_AHEAD];
    size_t n = 0;
    for (size_t i = 0; i < e->n && n < NAMES_AHEAD; i++) {
        uint64_t at = 0;
        int rc = engine_field(e, e->threads[i].tcb, TCB_NAME, &at);
        if (rc != 0 && rc != MEMORY_REFUSED)
            return rc;
        if (rc == 0 && at != 0)
            ranges[n++] = (struct memory_range){at, NAME_AHEAD};
    }
    return memory_prefetch(e->memory, ranges, n);
}

/* Reads name, state, stack and priority of each thread; drops threads that cannot be read. */
static int read_rtos_threads(struct engine *e)
{
    size_t kept = 0;
    int rc = e->rtos->name_is_pointer ? prefetch_names(e) : 0;
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < e->n; i++) {
        struct thread t = e->threads[i];
        rc = read_rtos_thread(e, &t);
        if (rc == MEMORY_REFUSED) {
            engine_corrupt(e, "of threads", "%#" PRIx64 " cannot be read", t.tcb);
            drop_running(e, &t);
            continue;
        }
        if (rc != 0)
            return rc;
        if (t.core >= 0) {
            t.state = "Running";
            t.reason[0] = '\0';
        }
        e->threads[kept++] = t;
    }
    e->n = kept;
    return 0;
}

/* Finds the layout, and completes it by a running thread once there is one. */
static int complete_layout(struct engine *e)
{
    int rc = engine_learn(e);
    if (rc == 0 && !e->located && e->rtos->locate != NULL && e->running[0] != 0)
        rc = e->rtos->locate(e);
    e->located = rc == 0 && e->running[0] != 0;
    return rc;
}

/* Reads the flag again, with all lists: the target may have been reset. */
static int check_started(struct engine *e)
{
    int rc = complete_layout(e);
    if (rc == 0 && e->rtos->walk == WALK_LISTS)
        rc = walk_read_lists(e);
    if (rc == 0)
        rc = engine_read_started(e);
    if (rc == 0 && !e->started) {
        memset(e->running, 0, sizeof e->running);
        e->cpu_idle = true;
    }
    return rc;
}

static int make_list(struct engine *e)
{
    const struct program_symbol *s = engine_symbol(e, e->rtos->counter);
    int rc = add_running(e);
    if (rc == 0)
        rc = e->rtos->walk == WALK_LISTS   ? walk_lists(e)
             : e->rtos->walk == WALK_TABLE ? walk_table(e)
                                           : walk_links(e);
    if (rc == 0)
        rc = read_rtos_threads(e);
    if (rc == 0 && s != NULL && memory_pointer(e->memory, s->address, &e->created) != 0)
        e->created = 0;
    return rc;
}

/* Prefetches the counter of created threads and the number of threads, in one read if possible. */
static int prefetch_counts(struct engine *e)
{
    const unsigned which[] = {e->rtos->counter, e->rtos->count};
    struct memory_range ranges[2];
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct program_symbol *s = engine_symbol(e, which[i]);
        if (s != NULL)
            ranges[n++] = (struct memory_range){s->address, e->arch->word};
    }
    return memory_prefetch(e->memory, ranges, n);
}

/* Reads the kernel's number of threads; *known is false without one. */
static int read_count(struct engine *e, uint64_t *count, bool *known)
{
    const struct program_symbol *s = engine_symbol(e, e->rtos->count);
    if (e->rtos->counter == NO_SYMBOL)
        s = NULL; /* of no use alone */
    int rc = s != NULL ? memory_pointer(e->memory, s->address, count) : MEMORY_REFUSED;
    *known = rc == 0;
    return rc == MEMORY_REFUSED ? 0 : rc;
}

int engine_same_threads(struct engine *e, bool *same)
{
    uint64_t created = 0, count = 0;
    bool known = false, listed = false;
    *same = false;
    int rc = engine_read_cpu(e);
    for (size_t i = 0; i < e->n; i++)
        listed = listed || (e->running[0] != 0 && e->threads[i].tcb == e->running[0]);
    if (rc != 0 || !e->stepped || !e->started || e->created == 0 || e->tasks == 0 || !listed)
        return rc;
    rc = prefetch_counts(e);
    if (rc == 0)
        rc = engine_read_counter(e, &created, &known);
    if (rc == 0 && known && created == e->created)
        rc = read_count(e, &count, same);
    *same = *same && count == e->tasks;
    return rc;
}

/* Adds the cores after the first that run no task, as the kernel has not started them yet. */
static void add_other_cores(struct engine *e)
{
    for (unsigned i = 1; i < e->cores; i++) {
        char name[16];
        if (e->running[i] != 0)
            continue;
        snprintf(name, sizeof name, "CPU %u", i);
        add_special(e, THREAD_CPU, engine_cpu_id(e, i), name, "No task runs");
        e->threads[e->n - 1].core = (int)i;
    }
}

int engine_list(struct engine *e)
{
    if (e->listed)
        return 0;
    e->n = 0;
    e->corrupt[0] = e->corrupt_why[0] = '\0';
    e->corrupt_more = 0;
    int rc = engine_read_cpu(e);
    if (rc == 0 && e->started)
        rc = check_started(e);
    if (rc == 0 && e->started)
        rc = make_list(e);
    if (rc != 0)
        return rc;
    if (e->cpu_idle)
        add_special(e, THREAD_CPU, engine_cpu_id(e, 0), "CPU",
                    e->rtos->idles ? "Idle, or no thread yet" : "No task runs");
    add_other_cores(e);
    bool sound = e->corrupt[0] == '\0', counted;
    if (!sound)
        add_corrupt(e);
    e->complained = e->complained && !sound;
    e->listed = true;
    rc = read_count(e, &e->tasks, &counted);
    if (!counted || !sound || e->cpu_idle || e->tasks != e->n)
        e->tasks = 0;
    return rc;
}

int engine_thread(struct engine *e, unsigned id, struct thread **t)
{
    int rc = engine_list(e);
    *t = NULL;
    for (size_t i = 0; rc == 0 && i < e->n; i++) {
        if (e->threads[i].id == id)
            *t = &e->threads[i];
    }
    return rc;
}

void engine_describe(const struct engine *e, const struct thread *t, char *text, size_t size)
{
    const char *state = t->state != NULL ? t->state : "";
    int n = snprintf(text, size, "%s%s%s", state, *state != '\0' && t->reason[0] != '\0' ? " " : "",
                     t->reason);
    size_t at = n < 0 || (size_t)n >= size ? size : (size_t)n;
    if (t->has_priority && at < size) {
        n = snprintf(text + at, size - at, ", priority %" PRId64, t->priority);
        at = n < 0 || (size_t)n >= size - at ? size : at + (size_t)n;
    }
    if (t->base_priority != t->priority && at < size) {
        n = snprintf(text + at, size - at, " (inherited, else %" PRId64 ")", t->base_priority);
        at = n < 0 || (size_t)n >= size - at ? size : at + (size_t)n;
    }
    if (at == size || t->kind != THREAD_TASK || t->core >= 0 || t->stack_low == 0 || t->sp == 0)
        return;
    bool inside = t->sp >= t->stack_low && (t->stack_high == 0 || t->sp <= t->stack_high);
    if (inside)
        snprintf(text + at, size - at, ", %" PRIu64 " bytes of stack left", t->sp - t->stack_low);
    else if (e->frame == NULL || (e->frame->proof & PROOF_HARDWARE_ELSEWHERE) == 0)
        snprintf(text + at, size - at, ", stack pointer outside its stack");
}
