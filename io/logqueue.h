/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines that a thread of their own writes, so that nobody who makes one waits for whoever reads
 * them: not with a lock held, and not while kernels call.
 */
#ifndef NETGDB_IO_LOGQUEUE_H
#define NETGDB_IO_LOGQUEUE_H

#include <stdbool.h>

#include "proto/log.h"

enum { LOGQUEUE_BYTES = 1024 * 1024 }; /* of all lines that wait: more are lost, and counted */

struct logqueue;

/*
 * A queue whose lines the thread gives to `write`, which may wait. It lives as long as the process.
 * NULL when there is no memory. The thread begins with the first line; where it cannot, and in a
 * forked child, lines are lost.
 */
struct logqueue *logqueue_new(void (*write)(void *context, enum log_level level, const char *line),
                              void *context);

/* The sink of a log; its context is the queue. Never waits for a reader. */
void logqueue_sink(void *context, enum log_level level, const char *line);

/* Waits until all lines are written, for `ms` at most. Returns whether they are. */
bool logqueue_drain(struct logqueue *q, unsigned ms);

#endif
