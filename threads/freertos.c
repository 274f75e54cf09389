/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FreeRTOS, V9.0 to V11.3 and later. Sources: include/list.h (struct xLIST, xLIST_ITEM,
 * xMINI_LIST_ITEM), tasks.c (tskTaskControlBlock and the lists), queue.c (struct QueueDefinition,
 * xQUEUE_REGISTRY). A configuration may add members before the list items of a control block (MPU
 * settings, core affinity); memory shows the offset, since an item's owner is its control block.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "threads/engine.h"
#include "threads/freertos_private.h"

enum {
    CURRENT,
    CURRENTS,
    READY,
    DELAYED_1,
    DELAYED_2,
    PENDING,
    DELETED,
    SUSPENDED,
    TASKS,
    STARTED,
    CREATED,
    REGISTRY,
};

static const struct rtos_symbol symbols[] = {
    [CURRENT] = {"pxCurrentTCB", SYMBOL_EITHER},
    [CURRENTS] = {"pxCurrentTCBs", SYMBOL_EITHER}, /* more than one core, since V11 */
    [READY] = {"pxReadyTasksLists", SYMBOL_NEEDED},
    [DELAYED_1] = {"xDelayedTaskList1", SYMBOL_MAY},
    [DELAYED_2] = {"xDelayedTaskList2", SYMBOL_MAY},
    [PENDING] = {"xPendingReadyList", SYMBOL_MAY},
    [DELETED] = {"xTasksWaitingTermination", SYMBOL_MAY},
    [SUSPENDED] = {"xSuspendedTaskList", SYMBOL_MAY},
    [TASKS] = {"uxCurrentNumberOfTasks", SYMBOL_MAY},
    [STARTED] = {"xSchedulerRunning", SYMBOL_MAY},
    [CREATED] = {"uxTaskNumber", SYMBOL_MAY},
    [REGISTRY] = {"xQueueRegistry", SYMBOL_MAY},
    {NULL, SYMBOL_MAY},
};

/* A task that was woken while the scheduler is suspended is on two lists; the pending ready list
 * comes before the others, so that the task is shown as ready. */
static const struct rtos_list lists[] = {
    {READY, LIST_ARRAY, "Ready"},
    {PENDING, LIST_OF_EVENT_ITEMS, "Ready"},
    {DELAYED_1, LIST_PLAIN, "Blocked"},
    {DELAYED_2, LIST_PLAIN, "Blocked"},
    {SUSPENDED, LIST_SUSPENSIONS, "Suspended"},
    {DELETED, LIST_PLAIN, "Deleted"},
    {0, LIST_PLAIN, NULL},
};

#define TCB "tskTaskControlBlock|tskTCB|TCB_t."
#define ITEM "xLIST_ITEM."
#define QUEUE "QueueDefinition|xQUEUE."
#define QUEUE_ENTRY "QUEUE_REGISTRY_ITEM|xQueueRegistryItem"

/* Built-in offsets of 0: set from the variants below. */
static const struct rtos_field fields[] = {
    {TCB_SP, TCB "pxTopOfStack", {0, 0}, 0},
    {TCB_STATE_ITEM, TCB "xStateListItem|xGenericListItem", {4, 8}, 0},
    {TCB_EVENT_ITEM, TCB "xEventListItem", {0, 0}, 0},
    {TCB_PRIORITY, TCB "uxPriority", {0, 0}, 0},
    {TCB_STACK_LOW, TCB "pxStack", {0, 0}, 0},
    {TCB_STACK_HIGH, TCB "pxEndOfStack", {-1, -1}, 0},
    {TCB_NAME, TCB "pcTaskName", {0, 0}, 31}, /* always ends in a NUL */
    {TCB_NUMBER, TCB "uxTCBNumber", {-1, -1}, 0},
    {TCB_BASE_PRIORITY, TCB "uxBasePriority", {-1, -1}, 0},
    {TCB_NOTIFIED, TCB "ucNotifyState|eNotifyState", {-1, -1}, 0},
    {LIST_COUNT, "xLIST.uxNumberOfItems", {0, 0}, 0},
    {LIST_END, "xLIST.xListEnd", {8, 16}, 0},
    {LIST_SIZE, "xLIST", {20, 40}, 0},
    {ITEM_VALUE, ITEM "xItemValue", {0, 0}, 0},
    {ITEM_NEXT, ITEM "pxNext", {4, 8}, 0},
    {ITEM_OWNER, ITEM "pvOwner", {12, 24}, 0},
    {ITEM_CONTAINER, ITEM "pxContainer|pvContainer", {16, 32}, 0},
    {ITEM_SIZE, "xLIST_ITEM", {20, 40}, 0},
    {QUEUE_SENDERS, QUEUE "xTasksWaitingToSend", {16, 32}, 0},
    {QUEUE_RECEIVERS, QUEUE "xTasksWaitingToReceive", {36, 72}, 0},
    {REGISTRY_NAME, QUEUE_ENTRY ".pcQueueName", {0, 0}, 0},
    {REGISTRY_OBJECT, QUEUE_ENTRY ".xHandle", {4, 8}, 0},
    {REGISTRY_SIZE, QUEUE_ENTRY, {8, 16}, 0},
};

/* ---- variants of the lists ---- */

/* Sizes and offsets of list.h in bytes. Integrity bytes have the size of a tick, so 16-bit ticks
 * move the members after them. Of several variants with one size, the one that memory shows is
 * used, else the first. */
static const struct variant {
    const char *name;
    uint8_t word, size, count, end;              /* of List_t */
    uint8_t item, value, next, owner, container; /* of ListItem_t */
    uint8_t tick;                                /* size of TickType_t */
} variants[] = {
    {"32 bits", 4, 20, 0, 8, 20, 0, 4, 12, 16, 4},
    {"32 bits, 16-bit ticks", 4, 20, 0, 8, 20, 0, 4, 12, 16, 2},
    {"32 bits, no mini list item", 4, 28, 0, 8, 20, 0, 4, 12, 16, 4},
    {"32 bits, 16-bit ticks, no mini list item", 4, 28, 0, 8, 20, 0, 4, 12, 16, 2},
    {"32 bits, integrity bytes", 4, 32, 4, 12, 28, 4, 8, 16, 20, 4},
    {"32 bits, integrity bytes, no mini list item", 4, 44, 4, 12, 28, 4, 8, 16, 20, 4},
    {"32 bits, 16-bit ticks, integrity bytes", 4, 28, 4, 12, 24, 2, 4, 12, 16, 2},
    {"32 bits, 16-bit ticks, integrity bytes, no mini list item", 4, 40, 4, 12, 24, 2, 4, 12, 16,
     2},
    {"64 bits", 8, 40, 0, 16, 40, 0, 8, 24, 32, 8},
    {"64 bits, 32-bit ticks", 8, 40, 0, 16, 40, 0, 8, 24, 32, 4},
    {"64 bits, no mini list item", 8, 56, 0, 16, 40, 0, 8, 24, 32, 8},
    {"64 bits, integrity bytes", 8, 64, 8, 24, 56, 8, 16, 32, 40, 8},
    {"64 bits, integrity bytes, no mini list item", 8, 88, 8, 24, 56, 8, 16, 32, 40, 8},
    {"64 bits, 32-bit ticks, integrity bytes", 8, 56, 8, 24, 48, 4, 8, 24, 32, 4},
    {"64 bits, 32-bit ticks, integrity bytes, no mini list item", 8, 80, 8, 24, 48, 4, 8, 24, 32,
     4},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static void set_unless_known(struct engine *e, enum rtos_field_id id, uint64_t offset,
                             enum rtos_origin origin)
{
    if (e->layout[id].origin != ORIGIN_DEBUG_INFO)
        layout_set(e, id, offset, e->layout[id].size, origin);
}

/* Sets the offsets in a control block from its first list item on: both items, priority, stack,
 * [with several cores: run state and attributes,] name. */
static void set_tcb(struct engine *e, uint64_t state_item, enum rtos_origin origin)
{
    unsigned word = e->arch->word;
    uint64_t at = state_item;
    set_unless_known(e, TCB_STATE_ITEM, at, origin);
    at += layout_offset(e, ITEM_SIZE);
    set_unless_known(e, TCB_EVENT_ITEM, at, origin);
    at += layout_offset(e, ITEM_SIZE);
    set_unless_known(e, TCB_PRIORITY, at, origin);
    set_unless_known(e, TCB_STACK_LOW, at + word, origin);
    at += 2 * word + (e->have[CURRENTS] ? 2 * word : 0);
    set_unless_known(e, TCB_NAME, at, origin);
}

static void set_variant(struct engine *e, const struct variant *v, enum rtos_origin origin)
{
    e->variant = v->name;
    set_unless_known(e, LIST_SIZE, v->size, origin);
    set_unless_known(e, LIST_COUNT, v->count, origin);
    set_unless_known(e, LIST_END, v->end, origin);
    set_unless_known(e, ITEM_SIZE, v->item, origin);
    if (e->layout[ITEM_VALUE].origin != ORIGIN_DEBUG_INFO)
        layout_set(e, ITEM_VALUE, v->value, v->tick, origin);
    set_unless_known(e, ITEM_NEXT, v->next, origin);
    set_unless_known(e, ITEM_OWNER, v->owner, origin);
    set_unless_known(e, ITEM_CONTAINER, v->container, origin);
    set_tcb(e, e->arch->word, origin);
    /* after pcHead, pcWriteTo and a union of two words */
    set_unless_known(e, QUEUE_SENDERS, 4 * e->arch->word, origin);
    set_unless_known(e, QUEUE_RECEIVERS, 4 * e->arch->word + v->size, origin);
}

/* The size of a List_t, from a symbol that is a single list; 0: unknown. */
static uint64_t symbol_size(const struct engine *e)
{
    const unsigned which[] = {DELAYED_1, DELAYED_2, PENDING, SUSPENDED, DELETED};
    for (size_t i = 0; i < sizeof which / sizeof which[0]; i++) {
        if (e->have[which[i]] && e->symbols[which[i]].size != 0)
            return e->symbols[which[i]].size;
    }
    return 0;
}

/* ---- detection in memory ---- */

/* Checks the end marker of a list: the highest value and two links (vListInitialise). */
static bool is_end(struct engine *e, const struct variant *v, uint64_t list, uint64_t *next)
{
    uint64_t end = list + v->end, value, back;
    return memory_number(e->memory, end + v->value, v->tick, &value) == 0 &&
           value == UINT64_MAX >> (64 - 8 * v->tick) &&
           memory_pointer(e->memory, end + v->next, next) == 0 && *next % 4 == 0 && *next != 0 &&
           memory_pointer(e->memory, end + v->next + v->word, &back) == 0 && back % 4 == 0;
}

/* … and that the item after the end marker links back. */
static bool is_list(struct engine *e, const struct variant *v, uint64_t list)
{
    uint64_t next, back;
    return is_end(e, v, list, &next) &&
           memory_pointer(e->memory, next + v->next + v->word, &back) == 0 &&
           back == memory_address(e->memory, list + v->end);
}

/* The first variant that memory matches, or NULL. */
static const struct variant *variant_in_memory(struct engine *e)
{
    uint64_t first = e->symbols[READY].address;
    for (size_t i = 0; i < VARIANTS; i++) {
        const struct variant *v = &variants[i];
        if (v->word == e->arch->word && is_list(e, v, first) && is_list(e, v, first + v->size))
            return v;
    }
    return NULL;
}

/* The variant of this size; of several the one that memory matches, else the first. */
static const struct variant *variant_of_size(struct engine *e, uint64_t size)
{
    const struct variant *found = NULL;
    uint64_t next;
    for (size_t i = 0; i < VARIANTS; i++) {
        const struct variant *v = &variants[i];
        if (v->word != e->arch->word || v->size != size)
            continue;
        if (is_end(e, v, e->symbols[READY].address, &next))
            return v;
        found = found == NULL ? v : found;
    }
    return found;
}

/* Prefetches the ready lists. */
static int prefetch_ready(struct engine *e)
{
    uint8_t bytes[512];
    size_t got, size = e->symbols[READY].size != 0 ? (size_t)e->symbols[READY].size : sizeof bytes;
    if (size > sizeof bytes)
        size = sizeof bytes;
    int rc = memory_read_some(e->memory, e->symbols[READY].address, bytes, size,
                              size < 64 ? size : 64, &got);
    return rc == MEMORY_REFUSED ? 0 : rc;
}

static bool is_other_list(const struct engine *e, uint64_t address)
{
    for (unsigned i = 0; i <= REGISTRY; i++) {
        if (i != READY && e->have[i] && e->symbols[i].address == address)
            return true;
    }
    return false;
}

/* Counts the ready lists, for a symbol without a size. */
static unsigned count_lists(struct engine *e, const struct variant *v)
{
    uint64_t at = e->symbols[READY].address;
    unsigned n = 0;
    while (n < ENGINE_LISTS_MAX && !is_other_list(e, at) && is_list(e, v, at)) {
        at += v->size;
        n++;
    }
    return n;
}

/* Finds the offset of the first item of a ready list in its control block; 0: empty list. */
static int find_item_offset(struct engine *e, uint64_t list, uint64_t *offset)
{
    uint64_t end = memory_address(e->memory, list + layout_offset(e, LIST_END)), item, owner = 0;
    *offset = 0;
    int rc = memory_pointer(e->memory, end + layout_offset(e, ITEM_NEXT), &item);
    if (rc != 0 || item == end)
        return rc;
    struct memory_range range = {item, layout_offset(e, ITEM_SIZE)};
    rc = memory_prefetch(e->memory, &range, 1);
    if (rc == 0)
        rc = memory_pointer(e->memory, item + layout_offset(e, ITEM_OWNER), &owner);
    if (rc == 0 && owner < item && item - owner < ENGINE_TCB_MAX && owner % e->arch->word == 0)
        *offset = item - owner;
    return rc;
}

/* Finds the offset of the list items in a control block by a task on a ready list; the running task
 * is on one. */
static int locate_items(struct engine *e)
{
    uint64_t offset = 0, size = layout_offset(e, LIST_SIZE);
    if (e->layout[TCB_STATE_ITEM].origin == ORIGIN_DEBUG_INFO)
        return 0;
    int rc = walk_read_lists(e);
    for (unsigned i = 0; rc == 0 && offset == 0 && i < e->lists; i++)
        rc = find_item_offset(e, e->symbols[READY].address + i * size, &offset);
    if (rc == 0 && offset != 0 && offset != layout_offset(e, TCB_STATE_ITEM))
        set_tcb(e, offset, ORIGIN_SEEN);
    return rc == MEMORY_REFUSED ? 0 : rc;
}

static int freertos_learn(struct engine *e)
{
    uint64_t bytes = e->symbols[READY].size;
    bool known = e->layout[LIST_SIZE].origin == ORIGIN_DEBUG_INFO;
    enum rtos_origin origin = ORIGIN_ELF_SIZE;
    int rc = known ? 0 : prefetch_ready(e);
    if (rc != 0)
        return rc;
    const struct variant *v = variant_of_size(e, symbol_size(e));
    if (v == NULL && !known) {
        v = variant_in_memory(e);
        origin = ORIGIN_SEEN;
    }
    e->guessed = v == NULL && !known;
    if (v == NULL) {
        v = variant_of_size(e, e->arch->word == 8 ? 40 : 20);
        origin = ORIGIN_BUILT_IN;
    }
    set_variant(e, v, origin);
    uint64_t size = layout_offset(e, LIST_SIZE);
    uint64_t n = bytes != 0 && size != 0 ? bytes / size : count_lists(e, v);
    e->lists = n < ENGINE_LISTS_MAX ? (unsigned)n : ENGINE_LISTS_MAX;
    return 0;
}

/* ---- the state and its reason ---- */

/* Finds the registered queue that contains a list; *name_at is 0 if there is none. */
static int find_queue(struct engine *e, uint64_t container, uint64_t *name_at)
{
    uint64_t size = layout_offset(e, REGISTRY_SIZE), queue;
    uint64_t n = e->have[REGISTRY] && size != 0 ? e->symbols[REGISTRY].size / size : 0;
    /* Unknown: entries after its end match no queue. */
    if (e->have[REGISTRY] && e->symbols[REGISTRY].size == 0)
        n = 16;
    *name_at = 0;
    for (uint64_t i = 0; i < n && i < 256; i++) {
        uint64_t entry = e->symbols[REGISTRY].address + i * size;
        int rc = engine_field(e, entry, REGISTRY_OBJECT, &queue);
        if (rc != 0)
            return rc;
        if (queue != 0 && (container == queue + layout_offset(e, QUEUE_SENDERS) ||
                           container == queue + layout_offset(e, QUEUE_RECEIVERS)))
            return engine_field(e, entry, REGISTRY_NAME, name_at);
    }
    return 0;
}

enum { OBJECT_MAX = 256 }; /* bytes of a queue, event group or buffer; a larger object is a heap */

/* The reason: `on queue "rx"`, or the variable that contains the list, or its address. */
static int describe_container(struct engine *e, struct thread *t)
{
    uint64_t name_at;
    char name[32] = "";
    struct symbol object;
    int rc = find_queue(e, t->container, &name_at);
    if (rc == 0 && name_at != 0)
        rc = memory_text(e->memory, name_at, name, sizeof name);
    if (rc != 0 && rc != MEMORY_REFUSED)
        return rc;
    if (name[0] != '\0')
        snprintf(t->reason, sizeof t->reason, "on queue \"%s\"", name);
    else if (program_object_at(e->program, t->container, &object) && object.size <= OBJECT_MAX)
        snprintf(t->reason, sizeof t->reason, "on %.100s", object.name);
    else
        snprintf(t->reason, sizeof t->reason, "on %#" PRIx64, t->container);
    return 0;
}

/* Index of the notification that a task waits for (an array since V10.4); -1: none. */
static int find_notification(struct engine *e, const struct thread *t, int *index)
{
    uint8_t states[64];
    const struct layout_value *v = &e->layout[TCB_NOTIFIED];
    size_t n = v->size == 0 ? 1 : v->size < sizeof states ? v->size : sizeof states;
    *index = -1;
    if (v->origin == ORIGIN_NONE)
        return 0;
    int rc = memory_read(e->memory, t->tcb + v->offset, states, n);
    for (size_t i = 0; rc == 0 && *index < 0 && i < n; i++) {
        if (states[i] == 1) /* taskWAITING_NOTIFICATION */
            *index = (int)i;
    }
    return rc;
}

/* Sets the reason of a task on a list of blocked tasks. */
static int describe_wait(struct engine *e, struct thread *t, bool for_ever)
{
    uint64_t value;
    int notification, rc = find_notification(e, t, &notification);
    if (rc != 0)
        return rc;
    if (t->container != 0) {
        t->state = "Blocked";
        return describe_container(e, t);
    }
    if (notification >= 0) {
        t->state = "Blocked";
        if (notification == 0)
            snprintf(t->reason, sizeof t->reason, "on a notification");
        else
            snprintf(t->reason, sizeof t->reason, "on notification %d", notification);
        return 0;
    }
    if (for_ever)
        return 0;
    rc = engine_field(e, t->tcb + layout_offset(e, TCB_STATE_ITEM), ITEM_VALUE, &value);
    snprintf(t->reason, sizeof t->reason, "until tick %" PRIu64, value);
    return rc;
}

static int freertos_describe(struct engine *e, struct thread *t)
{
    uint64_t item = t->tcb + layout_offset(e, TCB_EVENT_ITEM);
    bool blocked = strcmp(t->state, "Blocked") == 0;
    bool suspended = strcmp(t->state, "Suspended") == 0;
    if (!blocked && !suspended)
        return 0;
    int rc = engine_field(e, item, ITEM_CONTAINER, &t->container);
    return rc != 0 ? rc : describe_wait(e, t, suspended);
}

const struct rtos rtos_freertos = {
    .name = "FreeRTOS",
    .symbols = symbols,
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .frames = freertos_frames,
    .current = CURRENT,
    .currents = CURRENTS,
    .counter = CREATED,
    .started = STARTED,
    .count = TASKS,
    .walk = WALK_LISTS,
    .head = NO_SYMBOL,
    .lists = lists,
    .learn = freertos_learn,
    .locate = locate_items,
    .describe = freertos_describe,
};
