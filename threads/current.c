/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The running threads. A stop costs one short read: the current pointer, and after more than one
 * instruction also the counter of created threads. While the scheduler is not known to run, a
 * longer read also covers the variables that the list needs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "threads/engine.h"

enum {
    STOP_SPAN_MAX = 512,   /* bytes of the read at a stop */
    FIRST_SPAN_MAX = 1536, /* bytes of the read before the scheduler is known to run */
};

const struct program_symbol *engine_symbol(const struct engine *e, unsigned which)
{
    return which != NO_SYMBOL && e->have[which] ? &e->symbols[which] : NULL;
}

/* Without a file, the value of the flag also shows the byte order. */
int engine_read_started(struct engine *e)
{
    const struct program_symbol *s = engine_symbol(e, e->rtos->started);
    uint64_t value = 1, slide;
    int rc = s != NULL ? memory_number(e->memory, s->address, 4, &value) : 0;
    if (rc == 0 && value == 0x01000000 && program_table(e->program, &slide) == NULL) {
        e->memory->big = !e->memory->big;
        value = 1;
    }
    e->started = rc == 0 && value == 1;
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* ---- reads ---- */

/* A range of memory, and its bytes once it is read. */
struct span {
    uint64_t low, high;
    uint8_t bytes[STOP_SPAN_MAX];
};

/* Extends a span by `len` bytes at an address, if it stays within `most` bytes. */
static bool span_add(struct span *s, uint64_t address, size_t len, size_t most)
{
    uint64_t low = address < s->low ? address : s->low;
    uint64_t high = address + len > s->high ? address + len : s->high;
    if (high - low > most)
        return false;
    s->low = low;
    s->high = high;
    return true;
}

/* Reads a span by one request, of exactly its bytes. Returns as memory_read(). */
static int span_read(struct engine *e, struct span *s)
{
    struct memory *m = e->memory;
    size_t len = (size_t)(s->high - s->low);
    char text[48];
    CHECK_OR_RETURN(len <= sizeof s->bytes);
    (void)snprintf(text, sizeof text, "m%" PRIx64 ",%zx", s->low, len);
    struct request r = request_of(text);
    r.exact = true;
    int rc = target_transact(m->target, &r, &m->reply);
    m->reads++;
    for (size_t i = 0; rc == 0 && i < len; i++) {
        int byte = m->reply.len == 2 * len ? rsp_hex_byte(m->reply.data + 2 * i) : -1;
        s->bytes[i] = (uint8_t)byte;
        rc = byte < 0 ? MEMORY_REFUSED : 0;
    }
    return rc;
}

static uint64_t span_pointer(const struct engine *e, const struct span *s, uint64_t address)
{
    return memory_decode(e->memory, s->bytes + (address - s->low), e->arch->word);
}

/* Prefetches the variables that the first stop and its list need. */
static int prefetch_variables(struct engine *e, uint64_t at, size_t len)
{
    const unsigned extra[] = {e->rtos->started, e->rtos->counter, e->rtos->head, e->rtos->count};
    size_t most = e->memory->read_max < FIRST_SPAN_MAX ? e->memory->read_max : FIRST_SPAN_MAX;
    struct span span = {.low = at, .high = at + len};
    for (size_t i = 0; i < sizeof extra / sizeof extra[0]; i++) {
        const struct program_symbol *s = engine_symbol(e, extra[i]);
        if (s != NULL)
            (void)span_add(&span, s->address, e->arch->word, most);
    }
    struct memory_range range = {span.low, (size_t)(span.high - span.low)};
    return memory_prefetch(e->memory, &range, 1);
}

/* The first read, while the scheduler is not known to run. */
static int read_first(struct engine *e, uint64_t at)
{
    int rc = prefetch_variables(e, at, e->cores * e->arch->word);
    if (rc == 0)
        rc = engine_read_started(e);
    for (unsigned i = 0; rc == 0 && i < e->cores; i++)
        rc = memory_pointer(e->memory, at + i * e->arch->word, &e->running[i]);
    return rc;
}

/* Each later read. */
static int read_again(struct engine *e, uint64_t at)
{
    const struct program_symbol *counter = engine_symbol(e, e->rtos->counter);
    struct span span = {.low = at, .high = at + e->cores * e->arch->word};
    e->counted = !e->stepped && counter != NULL &&
                 span_add(&span, counter->address, e->arch->word, STOP_SPAN_MAX);
    int rc = span_read(e, &span);
    for (unsigned i = 0; rc == 0 && i < e->cores; i++)
        e->running[i] = span_pointer(e, &span, at + i * e->arch->word);
    if (rc == 0 && e->counted && counter != NULL)
        e->counter = span_pointer(e, &span, counter->address);
    e->counted = e->counted && rc == 0;
    return rc;
}

static int read_running(struct engine *e)
{
    const struct program_symbol *s = engine_symbol(e, e->rtos->currents);
    int rc = e->rtos->current_is_member ? engine_learn(e) : 0;
    uint64_t at = s != NULL
                      ? s->address
                      : e->symbols[e->rtos->current].address + layout_offset(e, KERNEL_CURRENT);
    memset(e->running, 0, sizeof e->running);
    if (rc == 0 && e->rtos->current_is_member && !layout_has(e, KERNEL_CURRENT))
        return engine_read_started(e);
    if (rc == 0)
        rc = e->started ? read_again(e, at) : read_first(e, at);
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* True if an address can be one of a control block. */
static bool plausible(const struct engine *e, uint64_t tcb)
{
    return tcb != 0 && tcb % 4 == 0 && tcb != memory_address(e->memory, UINT64_MAX - 3);
}

int engine_read_cpu(struct engine *e)
{
    uint64_t before = e->running[0];
    if (e->have_current)
        return 0;
    int rc = read_running(e);
    if (rc != 0)
        return rc;
    for (unsigned i = 0; i < e->cores; i++) {
        if (!e->started || !plausible(e, e->running[i]))
            e->running[i] = 0;
    }
    e->same_thread = e->stepped && e->running[0] == before;
    e->cpu_idle = e->running[0] == 0;
    e->was_running = 0;
    e->have_current = true;
    return 0;
}

/* ---- ids ---- */

int engine_read_counter(struct engine *e, uint64_t *value, bool *known)
{
    const struct program_symbol *s = engine_symbol(e, e->rtos->counter);
    int rc = MEMORY_REFUSED;
    if (s != NULL && e->created != 0)
        rc = e->counted ? 0 : memory_pointer(e->memory, s->address, &e->counter);
    *known = rc == 0;
    *value = e->counter;
    return rc == MEMORY_REFUSED ? 0 : rc;
}

unsigned engine_cpu_id(const struct engine *e, unsigned core)
{
    if (core > 0)
        return ids_of(e->ids, UINT64_MAX - core, 0);
    return e->was_running != 0 ? ids_at(e->ids, e->was_running) : ids_cpu(e->ids);
}

int engine_current(struct engine *e, unsigned core, unsigned *id)
{
    uint64_t now = 0;
    bool known = false;
    int rc = engine_read_cpu(e);
    if (rc == 0 && !e->same_thread) /* one instruction does not create a thread */
        rc = engine_read_counter(e, &now, &known);
    if (rc != 0)
        return rc;
    if (known && now != e->created && !e->listed) /* a control block may have been reused */
        rc = engine_list(e);
    uint64_t tcb = core < e->cores ? e->running[core] : 0;
    for (size_t i = 0; e->listed && i < e->n; i++) {
        if (e->threads[i].kind == THREAD_TASK && e->threads[i].tcb == tcb) {
            *id = e->threads[i].id;
            return rc;
        }
    }
    *id = tcb == 0 ? engine_cpu_id(e, core) : ids_at(e->ids, tcb);
    e->id_exposed = true;
    return rc;
}
