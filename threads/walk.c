/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds all threads: by FreeRTOS's lists of items, or by control blocks that are linked. A walk
 * ends at the end of the list or after the counted number of items, whichever comes first. It
 * reports an inconsistency and ends that list there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "threads/engine.h"

enum {
    RANGES_MAX = RTOS_SYMBOLS_MAX,
    TABLE_PIECE = 128, /* entries of a table that are prefetched together */
};

/* ---- lists of items ---- */

struct list {
    uint64_t address;
    const struct rtos_list *of;
    char name[ENGINE_NAME_MAX];
};

static uint64_t list_end(const struct engine *e, uint64_t list)
{
    return list + layout_offset(e, LIST_END);
}

/* Offset of this list's items in the control blocks. */
static uint64_t item_offset(const struct engine *e, const struct list *l)
{
    return layout_offset(e, l->of->kind == LIST_OF_EVENT_ITEMS ? TCB_EVENT_ITEM : TCB_STATE_ITEM);
}

/* Prefetches a control block. */
static int prefetch_listed_tcb(struct engine *e, uint64_t tcb)
{
    struct memory_range range = {tcb, layout_tcb_size(e)};
    return memory_prefetch(e->memory, &range, 1);
}

/* Checks one item and adds its owner. An inconsistent item is reported and *sound is false; that is
 * not an error. */
static int take_item(struct engine *e, const struct list *l, uint64_t item, bool *sound)
{
    uint64_t owner = 0, container = 0, tcb = item - item_offset(e, l);
    *sound = false;
    int rc = item % 4 == 0 ? prefetch_listed_tcb(e, tcb) : MEMORY_REFUSED;
    if (rc == 0)
        rc = memory_pointer(e->memory, item + layout_offset(e, ITEM_OWNER), &owner);
    if (rc == 0)
        rc = memory_pointer(e->memory, item + layout_offset(e, ITEM_CONTAINER), &container);
    if (rc != 0 && rc != MEMORY_REFUSED)
        return rc;
    if (rc != 0)
        engine_corrupt(e, l->name, "%#" PRIx64 " cannot be read", item);
    else if (container != l->address)
        engine_corrupt(e, l->name, "%#" PRIx64 " is not in this list", item);
    else if (owner != memory_address(e->memory, tcb))
        engine_corrupt(e, l->name, "%#" PRIx64 " is not in a control block", item);
    else if (engine_add(e, owner, l->of->state) == NULL)
        engine_corrupt(e, l->name, "more than %d threads", ENGINE_THREADS_MAX);
    else
        *sound = true;
    return 0;
}

static int walk_list(struct engine *e, const struct list *l)
{
    uint64_t count, item, end = memory_address(e->memory, list_end(e, l->address));
    int rc = engine_field(e, l->address, LIST_COUNT, &count);
    if (rc == 0)
        rc = memory_pointer(e->memory, end + layout_offset(e, ITEM_NEXT), &item);
    for (uint64_t i = 0; rc == 0 && item != end; i++) {
        bool sound;
        if (i >= count || i >= ENGINE_THREADS_MAX) {
            engine_corrupt(e, l->name, "has more than its %" PRIu64 " items", count);
            return 0;
        }
        rc = take_item(e, l, item, &sound);
        if (rc == 0 && !sound)
            return 0;
        if (rc == 0)
            rc = memory_pointer(e->memory, item + layout_offset(e, ITEM_NEXT), &item);
        if (rc == 0 && item == end && i + 1 < count)
            engine_corrupt(e, l->name, "counts %" PRIu64 " items and has %" PRIu64, count, i + 1);
    }
    if (rc == MEMORY_REFUSED)
        engine_corrupt(e, l->name, "cannot be read");
    return rc == MEMORY_REFUSED ? 0 : rc;
}

static unsigned lists_in(const struct engine *e, const struct rtos_list *l)
{
    return l->kind == LIST_ARRAY ? e->lists : 1;
}

static int walk_symbol(struct engine *e, const struct rtos_list *of)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < lists_in(e, of); i++) {
        struct list l = {e->symbols[of->symbol].address + i * layout_offset(e, LIST_SIZE), of, ""};
        const char *name = e->rtos->symbols[of->symbol].name;
        if (of->kind == LIST_ARRAY)
            snprintf(l.name, sizeof l.name, "%s[%u]", name, i);
        else
            snprintf(l.name, sizeof l.name, "%s", name);
        rc = walk_list(e, &l);
    }
    return rc;
}

int walk_read_lists(struct engine *e)
{
    struct memory_range ranges[RANGES_MAX];
    size_t n = 0;
    bool array[RTOS_SYMBOLS_MAX] = {false}, list[RTOS_SYMBOLS_MAX] = {false};
    for (const struct rtos_list *l = e->rtos->lists; l->state != NULL; l++) {
        list[l->symbol] = true;
        array[l->symbol] = l->kind == LIST_ARRAY;
    }
    for (unsigned i = 0; e->rtos->symbols[i].name != NULL; i++) {
        if (!e->have[i])
            continue;
        size_t len = list[i] ? layout_offset(e, LIST_SIZE) * (array[i] ? e->lists : 1)
                     : e->symbols[i].size != 0 && e->symbols[i].size < MEMORY_READ_MAX
                         ? (size_t)e->symbols[i].size
                         : e->arch->word;
        ranges[n++] = (struct memory_range){e->symbols[i].address, len};
    }
    return memory_prefetch(e->memory, ranges, n);
}

int walk_lists(struct engine *e)
{
    int rc = walk_read_lists(e);
    for (const struct rtos_list *l = e->rtos->lists; rc == 0 && l->state != NULL; l++) {
        if (e->have[l->symbol])
            rc = walk_symbol(e, l);
    }
    return rc;
}

/* ---- linked control blocks ---- */

struct chain {
    uint64_t stop;  /* link of the last thread: the first one, 0, or the registry */
    uint64_t limit; /* threads */
    const char *name;
};

/* Reads the maximum number of threads: the kernel's count, if it has one. */
static int limit_of(struct engine *e, uint64_t *limit)
{
    int rc = 0;
    *limit = ENGINE_THREADS_MAX;
    if (e->rtos->count != NO_SYMBOL && e->have[e->rtos->count]) {
        rc = memory_number(e->memory, e->symbols[e->rtos->count].address, 4, limit);
        if (rc == 0 && *limit > ENGINE_THREADS_MAX) {
            engine_corrupt(e, e->rtos->symbols[e->rtos->count].name, "says %" PRIu64 " threads",
                           *limit);
            *limit = ENGINE_THREADS_MAX;
        }
    }
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* Reads a link of a control block; *to is the control block it points to. */
static int read_link(struct engine *e, uint64_t tcb, enum rtos_field_id id, uint64_t *to)
{
    int rc = engine_field(e, tcb, id, to);
    if (rc == 0 && *to != 0)
        *to = memory_address(e->memory, *to - e->link_bias);
    return rc;
}

/* Checks a control block: readable, with the magic number, linked back to `previous`. */
static int check_link(struct engine *e, const struct chain *c, uint64_t tcb, uint64_t previous,
                      bool *sound)
{
    uint64_t magic = 0, back = previous;
    *sound = false;
    int rc = tcb % 4 == 0 ? prefetch_listed_tcb(e, tcb) : MEMORY_REFUSED;
    if (rc == 0)
        rc = engine_field(e, tcb, TCB_MAGIC, &magic);
    if (rc == 0 && layout_has(e, TCB_PREVIOUS) && previous != 0)
        rc = read_link(e, tcb, TCB_PREVIOUS, &back);
    if (rc != 0 && rc != MEMORY_REFUSED)
        return rc;
    if (rc != 0)
        engine_corrupt(e, c->name, "%#" PRIx64 " cannot be read", tcb);
    else if (layout_has(e, TCB_MAGIC) && magic != e->rtos->magic)
        engine_corrupt(e, c->name, "%#" PRIx64 " is not a thread", tcb);
    else if (back != previous)
        engine_corrupt(e, c->name, "%#" PRIx64 " is not linked back", tcb);
    else
        *sound = true;
    return 0;
}

static bool already_seen(const struct engine *e, uint64_t tcb, size_t before)
{
    for (size_t i = before; i < e->n; i++) {
        if (e->threads[i].tcb == tcb)
            return true;
    }
    return false;
}

/* Finds the first control block, and the link that ends the walk. */
static int find_first(struct engine *e, struct chain *c, uint64_t *tcb)
{
    uint64_t head = e->symbols[e->rtos->head].address + layout_offset(e, KERNEL_THREADS);
    uint64_t at = memory_address(e->memory, head - e->link_bias);
    *c = (struct chain){.stop = at, .name = e->rtos->symbols[e->rtos->head].name};
    int rc = limit_of(e, &c->limit);
    if (rc == 0 && e->rtos->walk == WALK_REGISTRY)
        return read_link(e, at, TCB_NEXT, tcb);
    if (rc == 0)
        rc = memory_pointer(e->memory, head, tcb);
    c->stop = e->rtos->walk == WALK_RING ? *tcb : 0;
    return rc;
}

/* Moves to the next thread after `n`. Sets *more; returns 0 or an error. */
static int next_thread(struct engine *e, const struct chain *c, size_t before, uint64_t n,
                       uint64_t *tcb, bool *more)
{
    int rc = read_link(e, *tcb, TCB_NEXT, tcb);
    *more = rc == 0 && *tcb != c->stop;
    if (*more && (n >= c->limit || already_seen(e, *tcb, before)))
        engine_corrupt(e, c->name, "does not end after %" PRIu64 " threads", n);
    else if (*more && *tcb == 0)
        engine_corrupt(e, c->name, "ends with 0");
    else
        return rc;
    *more = false;
    return rc;
}

int walk_links(struct engine *e)
{
    struct chain c;
    uint64_t tcb = 0, previous = 0;
    /* The running threads, which the walk finds again. */
    size_t before = e->n;
    int rc = find_first(e, &c, &tcb);
    bool more = rc == 0 && tcb != 0 && (e->rtos->walk != WALK_REGISTRY || tcb != c.stop);
    if (e->rtos->walk == WALK_REGISTRY)
        previous = c.stop;
    for (uint64_t n = 1; more; n++) {
        bool sound;
        uint64_t here = tcb;
        rc = check_link(e, &c, tcb, previous, &sound);
        if (rc != 0 || !sound)
            break;
        (void)engine_add(e, tcb, "");
        rc = next_thread(e, &c, before, n, &tcb, &more);
        previous = here;
    }
    if (rc == MEMORY_REFUSED)
        engine_corrupt(e, c.name, "cannot be read");
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* ---- a table of pointers to control blocks ---- */

/* The array's length: of its symbol, else in a variable of the kernel, which may not be linked. */
static int table_length(struct engine *e, uint64_t *length)
{
    const struct rtos *r = e->rtos;
    const struct program_symbol *count = engine_symbol(e, r->count);
    int rc = 0;
    *length = r->table_is_pointer ? 0 : e->symbols[r->head].size / e->arch->word;
    if (*length == 0 && count != NULL)
        rc = memory_number(e->memory, count->address, r->count_size, length);
    else if (*length == 0)
        engine_corrupt(e, r->symbols[r->head].name, "has an unknown length; symbols=FILE gives it");
    if (rc == 0 && *length > ENGINE_THREADS_MAX) {
        engine_corrupt(e, r->symbols[r->head].name, "has %" PRIu64 " entries", *length);
        *length = ENGINE_THREADS_MAX;
    }
    return rc;
}

/* Finds the array and its length, which is 0 before the kernel starts. */
static int find_table(struct engine *e, uint64_t *at, uint64_t *length)
{
    *at = e->symbols[e->rtos->head].address;
    int rc = table_length(e, length);
    if (rc == 0 && e->rtos->table_is_pointer)
        rc = memory_pointer(e->memory, *at, at);
    for (uint64_t i = 0; rc == 0 && i < *length; i += TABLE_PIECE) {
        uint64_t n = *length - i < TABLE_PIECE ? *length - i : TABLE_PIECE;
        struct memory_range range = {*at + i * e->arch->word, (size_t)n * e->arch->word};
        rc = memory_prefetch(e->memory, &range, 1);
    }
    return rc;
}

/* Adds the thread of one entry. An inconsistent one is reported; that is not an error. */
static int take_entry(struct engine *e, uint64_t tcb, uint64_t i, uint64_t length)
{
    const char *name = e->rtos->symbols[e->rtos->head].name;
    uint64_t number = i;
    int rc = tcb % 4 == 0 ? prefetch_listed_tcb(e, tcb) : MEMORY_REFUSED;
    if (rc == 0 && layout_has(e, TCB_NUMBER))
        rc = engine_field(e, tcb, TCB_NUMBER, &number);
    if (rc != 0 && rc != MEMORY_REFUSED)
        return rc;
    if (rc != 0)
        engine_corrupt(e, name, "%#" PRIx64 " cannot be read", tcb);
    else if (number % length != i)
        engine_corrupt(e, name, "%#" PRIx64 " has number %" PRIu64 " at %" PRIu64, tcb, number, i);
    else if (engine_add(e, tcb, "") == NULL)
        engine_corrupt(e, name, "more than %d threads", ENGINE_THREADS_MAX);
    return 0;
}

int walk_table(struct engine *e)
{
    uint64_t at = 0, length = 0, tcb;
    int rc = find_table(e, &at, &length);
    for (uint64_t i = 0; rc == 0 && i < length; i++) {
        rc = memory_pointer(e->memory, at + i * e->arch->word, &tcb);
        if (rc == 0 && tcb != 0)
            rc = take_entry(e, tcb, i, length);
    }
    if (rc == MEMORY_REFUSED)
        engine_corrupt(e, e->rtos->symbols[e->rtos->head].name, "cannot be read");
    return rc == MEMORY_REFUSED ? 0 : rc;
}
