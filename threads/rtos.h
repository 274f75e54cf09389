/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an RTOS is to us: a descriptor. Which symbols it has, where in its structures is what, how
 * its threads are found, what its states are called, how it saves contexts. One engine
 * (engine.h) reads them all.
 */
#ifndef NETGDB_THREADS_RTOS_H
#define NETGDB_THREADS_RTOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "threads/frame.h"

enum { RTOS_SYMBOLS_MAX = 16 };

/* What the engine asks of structures. Offsets in bytes, from the start of the structure. */
enum rtos_field_id {
    /* of a thread's control block */
    TCB_SP,   /* saved stack pointer */
    TCB_NAME, /* text, or a pointer to it */
    TCB_PRIORITY,
    TCB_STATE,
    TCB_STACK_LOW,
    TCB_STACK_HIGH, /* the last byte's address, or a word's */
    TCB_STACK_SIZE,
    TCB_NUMBER, /* counts created threads */
    TCB_MAGIC,
    TCB_NEXT,
    TCB_PREVIOUS,
    TCB_STATE_ITEM, /* FreeRTOS: the two list items */
    TCB_EVENT_ITEM,
    TCB_BASE_PRIORITY, /* what it has without inheritance */
    TCB_NOTIFIED,      /* FreeRTOS: ucNotifyState */
    TCB_WAITS_FOR,     /* ThreadX: the object that it waits for */
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
    QUEUE_SENDERS, /* a list in the queue */
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

/* Where a number came from, best first. */
enum rtos_origin {
    ORIGIN_NONE, /* not known: what needs it is left out */
    ORIGIN_DEBUG_INFO,
    ORIGIN_TABLE,    /* the RTOS's own */
    ORIGIN_ELF_SIZE, /* the size of a symbol names the variant */
    ORIGIN_BUILT_IN,
    ORIGIN_SEEN, /* in the target's memory: pointers that must agree did so only there */
};

struct rtos_field {
    enum rtos_field_id id;
    const char *path;  /* "STRUCTURE.MEMBER", see dwarf.h; "STRUCTURE" for its size */
    int16_t number[2]; /* on 32 and on 64 bits; -1: not known */
    uint8_t size;      /* bytes of a number; 0: a pointer's */
};

struct rtos_symbol {
    const char *name;
    enum {
        SYMBOL_NEEDED,
        SYMBOL_EITHER, /* one of those marked so is needed */
        SYMBOL_MAY
    } need;
};

/* The symbols of an RTOS are known by their place in its table. */
enum { NO_SYMBOL = 0xff };

/* How to get from thread to thread. */
enum rtos_walk {
    WALK_LISTS,    /* lists of the kernel, of items inside the control blocks */
    WALK_RING,     /* a pointer to a thread, on until it comes again */
    WALK_CHAIN,    /* a pointer to a thread, on until 0 */
    WALK_REGISTRY, /* a structure that has its own links, on until it comes again */
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
    const char *name;
    const struct rtos_symbol *symbols; /* ends in a NULL name */
    const struct rtos_field *fields;
    size_t n_fields;
    const struct frame *const *frames;

    /* The running threads: the pointer at `current` plus KERNEL_CURRENT, or `currents`[]. */
    uint8_t current, currents;
    uint8_t counter;        /* counts created threads: unchanged, no control block was used anew */
    uint8_t started;        /* 1 once threads run; NO_SYMBOL: cannot be told */
    uint8_t count;          /* how many threads there are */
    bool idles;             /* current 0 is a rest, not an error */
    bool current_is_member; /* KERNEL_CURRENT must be known to find it */

    enum rtos_walk walk;
    uint8_t head;                  /* RING, CHAIN, REGISTRY: at KERNEL_THREADS */
    const struct rtos_list *lists; /* LISTS: ends in a NULL state */
    const struct rtos_state *states;
    size_t n_states;
    bool states_are_bits; /* the first that is in the number; 0: `at_rest` */
    const char *at_rest;
    bool name_is_pointer;
    uint32_t magic; /* TCB_MAGIC */

    /*
     * More than the table can say; each may be NULL. `learn` completes the layout before the
     * first walk, `locate` looks at a running thread once one runs; `describe` makes the state
     * and its reason. They return 0 or the target's error.
     */
    int (*learn)(struct engine *e);
    int (*locate)(struct engine *e);
    int (*describe)(struct engine *e, struct thread *t);
};

/* All there are; ends in NULL. */
extern const struct rtos *const rtos_all[];
extern const struct rtos rtos_freertos, rtos_threadx, rtos_zephyr, rtos_chibios;

/* By its name, in any case of letters; NULL: none. */
const struct rtos *rtos_find(const char *name);

/* "TCB.stack pointer" and "debug info", for those who read a layout. */
const char *rtos_field_name(enum rtos_field_id id);
const char *rtos_origin_name(enum rtos_origin origin);

#endif
