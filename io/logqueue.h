/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A queue of log lines with a writer thread, so that a thread which logs never waits for a slow
 * reader of the log: it may hold a lock, or serve kernels that connect.
 */
#ifndef NETGDB_IO_LOGQUEUE_H
#define NETGDB_IO_LOGQUEUE_H

#include <stdbool.h>

#include "proto/log.h"

enum { LOGQUEUE_BYTES = 1024 * 1024 }; /* of all queued lines; more lines are dropped and counted */

struct logqueue;

/*
 * Creates a queue whose thread passes each line to `write`, which may block. The queue exists until
 * the process ends. Returns NULL if memory is short. The first line starts the thread; if that
 * fails, and in a forked child, lines are dropped.
 */
struct logqueue *logqueue_new(void (*write)(void *context, enum log_level level, const char *line),
                              void *context);

/* Log sink; `context` is the queue. Thread-safe, never waits for a reader, preserves errno. */
void logqueue_sink(void *context, enum log_level level, const char *line);

/* Waits at most `ms` milliseconds until all lines are written. Returns whether they are. */
bool logqueue_drain(struct logqueue *q, unsigned ms);

#endif
