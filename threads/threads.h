/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A target decorator that adds the threads of an RTOS to a stub that does not report them: lists,
 * names, states, registers, writes to registers, and steps. Without an RTOS on the target it passes
 * all requests and replies unchanged.
 */
#ifndef NETGDB_THREADS_THREADS_H
#define NETGDB_THREADS_THREADS_H

#include "proto/log.h"
#include "proto/target.h"
#include "symbols/symbols.h"

struct threads_options {
    const char *rtos;        /* a name of rtos.h; NULL or "auto": detect by the program's symbols */
    struct symbols *symbols; /* of the session's ELF file; NULL: ask the client by qSymbol */
    const struct log *log;
};

/*
 * Wraps `next` and takes ownership of it; symbols and log stay the caller's and must outlive the
 * decorator. Returns NULL if out of memory; then `next` stays the caller's.
 */
struct target *threads_new(struct target *next, const struct threads_options *options);

/* Returns the number of `m` requests that the decorator has sent on its own. */
unsigned threads_reads(const struct target *t);

#endif
