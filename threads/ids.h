/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thread ids as the client sees them: small numbers, never reused in a session. A thread keeps its
 * id as long as its control block has the same address and the same identity (the thread's number
 * or a hash of its name); a new identity at the same address is a new thread. Of IDS_KEPT_MAX
 * threads the older half is forgotten.
 */
#ifndef NETGDB_THREADS_IDS_H
#define NETGDB_THREADS_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IDS_CPU = 1, IDS_FIRST = 2, IDS_KEPT_MAX = 4096 };

struct id_entry {
    uint64_t tcb;
    uint64_t identity; /* the RTOS's number of the thread, or a hash of its name */
    unsigned id;
    bool confirmed; /* identity is valid; else only the address is known */
};

struct ids {
    struct id_entry *list;
    size_t n, cap;
    unsigned next;
    unsigned cpu;   /* id of the CPU when it runs no task; 0: not assigned */
    unsigned taken; /* a stub's id that a thread took over; 0: none */
};

void ids_init(struct ids *ids);
void ids_free(struct ids *ids);

/* Forgets all threads. Their ids are not reused. */
void ids_forget(struct ids *ids);

/* Returns the id of the CPU when it runs no task: 1, unless a thread took that over. */
unsigned ids_cpu(struct ids *ids);

/*
 * Returns the id of the thread at `tcb` when its identity is not known: the id of the most recent
 * thread at that address, else a new one. 0: out of memory.
 */
unsigned ids_at(struct ids *ids, uint64_t tcb);

/* Sets the identity of the most recent thread at `tcb`; it keeps its id. */
void ids_keep(struct ids *ids, uint64_t tcb, uint64_t identity);

/*
 * Returns the id of the thread with this identity at `tcb`, a new id for a new thread. 0: out of
 * memory.
 */
unsigned ids_of(struct ids *ids, uint64_t tcb, uint64_t identity);

/* Assigns `id`, which the client already uses for the thread at `tcb`, to that thread, unless it
 * has one or memory is short. No other thread gets this id. */
void ids_give(struct ids *ids, uint64_t tcb, unsigned id);

#endif
