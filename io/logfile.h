/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Log output: stderr, or the file that NETGDB_LOG_FILE names; never stdout. */
#ifndef NETGDB_IO_LOGFILE_H
#define NETGDB_IO_LOGFILE_H

#include "proto/log.h"

/*
 * Log sink: writes the line and a newline with one writev(). Thread-safe; preserves errno. Writes
 * to stderr if no file is open or the file cannot be written.
 */
void logfile_sink(void *context, enum log_level level, const char *line);

/*
 * Appends all further lines to this file, which is created with mode 0600 if missing: a log at
 * level packet contains kernel memory. NULL switches back to stderr. Never blocks on a FIFO:
 * without a reader the call fails with ENXIO, and lines that do not fit go to stderr. Returns 0, or
 * NETGDB_IO with errno.
 */
int logfile_open(const char *path);

/* Returns whether the current log file is readable by its group or by others. */
bool logfile_is_readable_by_others(void);

#endif
