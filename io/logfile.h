/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where log lines go: stderr, or the file that NETGDB_LOG_FILE names. Never stdout. */
#ifndef NETGDB_IO_LOGFILE_H
#define NETGDB_IO_LOGFILE_H

#include "proto/log.h"

/*
 * The sink: each line by one write, with a newline. Safe from every thread. Without a file, and
 * when it cannot be written to, lines go to stderr.
 */
void logfile_sink(void *context, enum log_level level, const char *line);

/*
 * Sends all further lines to this file (appended to, made when it is missing, mode 0600: a log at
 * level packet holds kernel memory). A FIFO is never waited for: without a reader it is ENXIO, and
 * what it does not take goes to stderr. NULL: back to stderr. Returns 0, or NETGDB_IO with errno.
 */
int logfile_open(const char *path);

/* Whether other users can read the file that lines go to now. */
bool logfile_is_readable_by_others(void);

#endif
