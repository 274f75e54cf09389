/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of RTOSes, and names for the fields of a layout; see rtos.h. */
#include "threads/rtos.h"

#include <strings.h>

/* rtos_list.h has a line RTOS(name) for each descriptor; local.mk generates it. */
#define RTOS(name) extern const struct rtos rtos_##name;
#include "threads/rtos_list.h"
#undef RTOS

#define RTOS(name) &rtos_##name,
const struct rtos *const rtos_all[] = {
#include "threads/rtos_list.h"
    NULL};
#undef RTOS

const struct rtos *rtos_find(const char *name)
{
    for (const struct rtos *const *r = rtos_all; *r != NULL; r++) {
        if (strcasecmp((*r)->name, name) == 0)
            return *r;
    }
    return NULL;
}

const char *rtos_field_name(enum rtos_field_id id)
{
    static const char *const names[RTOS_FIELDS] = {
        [TCB_SP] = "thread: saved stack pointer",
        [TCB_NAME] = "thread: name",
        [TCB_PRIORITY] = "thread: priority",
        [TCB_STATE] = "thread: state",
        [TCB_STACK_LOW] = "thread: stack start",
        [TCB_STACK_HIGH] = "thread: stack end",
        [TCB_STACK_SIZE] = "thread: stack size",
        [TCB_NUMBER] = "thread: number",
        [TCB_MAGIC] = "thread: magic number",
        [TCB_NEXT] = "thread: next",
        [TCB_PREVIOUS] = "thread: previous",
        [TCB_STATE_ITEM] = "thread: state list item",
        [TCB_EVENT_ITEM] = "thread: event list item",
        [TCB_BASE_PRIORITY] = "thread: priority without inheritance",
        [TCB_NOTIFIED] = "thread: notification state",
        [TCB_WAITS_FOR] = "thread: object waited for",
        [TCB_FLOATS] = "thread: floating-point registers",
        [TCB_EXC_RETURN] = "thread: EXC_RETURN",
        [LIST_COUNT] = "list: number of items",
        [LIST_END] = "list: end marker",
        [LIST_SIZE] = "list: size",
        [ITEM_VALUE] = "list item: value",
        [ITEM_NEXT] = "list item: next",
        [ITEM_OWNER] = "list item: owner",
        [ITEM_CONTAINER] = "list item: container",
        [ITEM_SIZE] = "list item: size",
        [QUEUE_SENDERS] = "queue: waiting to send",
        [QUEUE_RECEIVERS] = "queue: waiting to receive",
        [REGISTRY_NAME] = "queue registry: name",
        [REGISTRY_OBJECT] = "queue registry: queue",
        [REGISTRY_SIZE] = "queue registry: size of an entry",
        [OBJECT_NAME] = "object: name",
        [KERNEL_CURRENT] = "kernel: current thread",
        [KERNEL_THREADS] = "kernel: first thread",
    };
    return id < RTOS_FIELDS ? names[id] : "";
}

const char *rtos_origin_name(enum rtos_origin origin)
{
    static const char *const names[] = {
        [ORIGIN_NONE] = "not known",         [ORIGIN_DEBUG_INFO] = "debug info",
        [ORIGIN_TABLE] = "the RTOS's table", [ORIGIN_ELF_SIZE] = "ELF symbol size",
        [ORIGIN_BUILT_IN] = "built in",      [ORIGIN_SEEN] = "seen in memory",
    };
    return names[origin];
}
