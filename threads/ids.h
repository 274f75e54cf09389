/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thread ids as GDB sees them: small, dense, never used twice in a session. A thread is known
 * again by its control block together with what tells it from a later one at the same address.
 */
#ifndef NETGDB_THREADS_IDS_H
#define NETGDB_THREADS_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IDS_CPU = 1, IDS_FIRST = 2, IDS_KEPT_MAX = 4096 };

struct id_entry {
    uint64_t tcb;
    uint64_t identity; /* number, or hash of the name */
    unsigned id;
    bool confirmed; /* its identity was read; else only the address is known */
};

struct ids {
    struct id_entry *list;
    size_t n, cap;
    unsigned next;
    unsigned cpu;   /* id of the stub's own execution */
    unsigned given; /* taken over from the stub; 0: none */
};

void ids_init(struct ids *ids);
void ids_free(struct ids *ids);

/* Threads are forgotten; their ids are not used again. */
void ids_forget(struct ids *ids);

/* An id that was never used. */
unsigned ids_fresh(struct ids *ids);

/*
 * The id of the thread at `tcb` when only the address is known: that of the youngest there, else a
 * new one. 0: out of memory.
 */
unsigned ids_at(struct ids *ids, uint64_t tcb);

/* The id of the thread at `tcb` with this identity; a new one for a new thread. 0: no memory. */
unsigned ids_of(struct ids *ids, uint64_t tcb, uint64_t identity);

/* The thread at `tcb` takes over the id that the client knows it by already. */
void ids_give(struct ids *ids, uint64_t tcb, unsigned id);

#endif
