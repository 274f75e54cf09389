/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator that shows an RTOS's threads in front of a stub that knows none of them: lists,
 * names, states, registers, writes and steps. Without an RTOS on the target everything passes as
 * it is.
 */
#ifndef NETGDB_THREADS_THREADS_H
#define NETGDB_THREADS_THREADS_H

#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symbols.h"

struct threads_options {
    const char *rtos;        /* a name of rtos.h, or NULL or "auto": by the program's symbols */
    struct symbols *symbols; /* of the session's ELF file; NULL: the client is asked */
    const struct log *log;
};

/*
 * Stands in front of `next`, which it then owns; symbols and log stay the caller's and must
 * outlive it. NULL: out of memory, `next` is still the caller's.
 */
struct target *threads_new(struct target *next, const struct threads_options *options);

/* How many `m` requests were sent for the threads' sake since the start. */
unsigned threads_reads(const struct target *t);

#endif
