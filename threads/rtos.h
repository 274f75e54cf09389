/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The descriptor of an RTOS: its symbols, the layout of its structures, how to find its threads,
 * the names of thread states, and its saved contexts. One engine (engine.h) interprets all
 * descriptors.
 *
 * A new RTOS takes a file threads/NAME.c that defines `const struct rtos rtos_NAME`, and a line in
 * RTOS_DESCRIPTORS in local.mk.
 */
#ifndef NETGDB_THREADS_RTOS_H
#define NETGDB_THREADS_RTOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/frame.h"

enum { RTOS_SYMBOLS_MAX = 16 };

/* The fields that the engine reads. Offsets are in bytes from the start of the structure. */
enum rtos_field_id {
    /* of a thread's control block */
    TCB_SP,   /* saved stack pointer */
    TCB_NAME, /* a string, or a pointer to one */
    TCB_PRIORITY,
    TCB_STATE,
    TCB_STACK_LOW,
    TCB_STACK_HIGH, /* address of the last byte or word */
    TCB_STACK_SIZE,
    TCB_NUMBER, /* serial number of the thread */
    TCB_MAGIC,
    TCB_NEXT,
    TCB_PREVIOUS,
    TCB_STATE_ITEM, /* FreeRTOS: the two list items */
    TCB_EVENT_ITEM,
    TCB_BASE_PRIORITY, /* without inheritance */
    TCB_NOTIFIED,      /* FreeRTOS: ucNotifyState */
    TCB_WAITS_FOR,     /* ThreadX: the object it is suspended on */
    TCB_FLOATS,        /* Zephyr: s16 to s31 */
    TCB_EXC_RETURN,    /* Zephyr: its low byte */
    /* of a list, an item of it, and an entry of a registry of objects */
    LIST_COUNT,
    LIST_END,
    LIST_SIZE,
    ITEM_VALUE,
    ITEM_NEXT,
    ITEM_OWNER,
    ITEM_CONTAINER,
    ITEM_SIZE,
    QUEUE_SENDERS, /* lists of waiting tasks in a queue */
    QUEUE_RECEIVERS,
    REGISTRY_NAME,
    REGISTRY_OBJECT,
    REGISTRY_SIZE,
    OBJECT_NAME, /* ThreadX: in every object */
    /* of the kernel's own structure */
    KERNEL_CURRENT,
    KERNEL_THREADS,
    RTOS_FIELDS
};

/* Where a number of the layout came from, most reliable first. */
enum rtos_origin {
    ORIGIN_NONE, /* unknown: the engine omits what depends on it */
    ORIGIN_DEBUG_INFO,
    ORIGIN_TABLE,    /* the RTOS's own */
    ORIGIN_ELF_SIZE, /* the size of a symbol identifies the variant */
    ORIGIN_BUILT_IN,
    ORIGIN_SEEN, /* found in the target's memory: the only offset with consistent pointers */
};

struct rtos_field {
    enum rtos_field_id id;
    const char *path;  /* of symbols/types.h; "STRUCTURE" for its size */
    int16_t number[2]; /* built-in offset on 32 and on 64 bits; -1: unknown */
    uint8_t size;      /* bytes; 0: a pointer */
};

struct rtos_symbol {
    const char *name;
    enum {
        SYMBOL_NEEDED,
        SYMBOL_EITHER, /* at least one of the symbols with this value is needed */
        SYMBOL_MAY
    } need;
};

/* A descriptor refers to a symbol by its index in the table. */
enum { NO_SYMBOL = 0xff };

/* How the engine finds all threads. */
enum rtos_walk {
    WALK_LISTS,    /* lists of the kernel, linking items inside the control blocks */
    WALK_RING,     /* from a pointer to a thread through TCB_NEXT to the same thread */
    WALK_CHAIN,    /* from a pointer to a thread through TCB_NEXT to 0 */
    WALK_REGISTRY, /* from a structure with links like a thread's back to it */
    WALK_TABLE,    /* an array of pointers, by the thread's number modulo its length */
};

struct rtos_list {
    uint8_t symbol;
    enum { LIST_PLAIN, LIST_ARRAY, LIST_OF_EVENT_ITEMS, LIST_SUSPENSIONS } kind;
    const char *state;
};

struct rtos_state {
    uint32_t value;
    const char *name;
};

struct engine;
struct thread;

struct rtos {
    const char *name;                  /* for users and the option rtos= */
    const struct rtos_symbol *symbols; /* ends in a NULL name */
    const struct rtos_field *fields;
    size_t n_fields;
    const struct frame *const *frames; /* saved contexts, see frame.h; ends in NULL */

    /* Symbols. The running threads: the pointer at `current` plus KERNEL_CURRENT, or `currents`[].
     */
    uint8_t current, currents;
    uint8_t counter;        /* of created threads; if unchanged, no control block was reused */
    uint8_t started;        /* 1 once the scheduler runs; NO_SYMBOL: unknown */
    uint8_t count;          /* the number of threads; TABLE: of entries */
    uint8_t count_size;     /* TABLE: bytes of `count` */
    bool table_is_pointer;  /* TABLE: `head` is a pointer to the array */
    bool idles;             /* a current pointer of 0 means an idle CPU */
    bool current_is_member; /* the current pointer is a member, at KERNEL_CURRENT */

    enum rtos_walk walk;
    uint8_t head;                  /* RING, CHAIN, REGISTRY: at KERNEL_THREADS; TABLE: the array */
    const struct rtos_list *lists; /* LISTS: ends in a NULL state */
    const struct rtos_state *states;
    size_t n_states;
    bool states_are_bits; /* the first of `states` whose bit is set; none: `at_rest` */
    const char *at_rest;
    bool name_is_pointer;
    bool priority_is_signed; /* a signed byte */
    uint32_t magic;          /* TCB_MAGIC */

    /*
     * Code for what the table cannot express; each may be NULL. `learn` completes the layout before
     * the first walk; `locate` completes it by a running thread once there is one; `describe` sets
     * a thread's state, reason and container. They return 0 or the target's error.
     */
    int (*learn)(struct engine *e);
    int (*locate)(struct engine *e);
    int (*describe)(struct engine *e, struct thread *t);
};

/* All descriptors, in the order in which they are tried; ends in NULL. */
extern const struct rtos *const rtos_all[];

/* Finds a descriptor by name, ignoring case. NULL: none. */
const struct rtos *rtos_find(const char *name);

/* Names for `netgdb rtos show`: "thread: saved stack pointer", "debug info". */
const char *rtos_field_name(enum rtos_field_id id);
const char *rtos_origin_name(enum rtos_origin origin);

#endif
