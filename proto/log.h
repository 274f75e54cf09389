/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The logger: a level, a name in front of each line, and a sink that the caller provides. A line is
 * `netgdb: NAME: text`, without a newline. Control bytes are replaced by '?' (visible.h). The
 * logger itself does no I/O.
 */
#ifndef NETGDB_PROTO_LOG_H
#define NETGDB_PROTO_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_PACKET };

enum { LOG_LINE_MAX = 1024 }; /* bytes with the NUL; a longer line is truncated, ending in "..." */

struct log {
    enum log_level level; /* less important lines are dropped */
    const char *name;     /* host or role; NULL: none; not owned */
    void (*sink)(void *context, enum log_level level, const char *line); /* NULL: silent */
    void *context;                                                       /* passed to sink */
};

/* Returns whether a line of this level would reach the sink. A NULL log is silent. */
bool log_on(const struct log *log, enum log_level level);

/* Formats a line and passes it to the sink, if log_on. */
void log_at(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(log, ...) log_at(log, LOG_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_at(log, LOG_WARN, __VA_ARGS__)
#define log_info(log, ...) log_at(log, LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_at(log, LOG_DEBUG, __VA_ARGS__)

/*
 * Limits the rate of lines that a peer can cause: the first is logged at once, then one a minute.
 */
struct log_limit {
    uint64_t since;         /* time of the last line; 0: none yet */
    unsigned long left_out; /* lines suppressed since then */
};

#define LOG_LIMIT UINT64_C(60000000000) /* ns between two lines */

enum { LOG_MORE = 40 /* bytes */ };

/* Returns whether to log a line at the time `now` (ns, any clock). If so, sets more to the end of
 * the line: " (N more before)" if N lines were suppressed since the last one, "" if none was. */
bool log_limit_allows(struct log_limit *limit, uint64_t now, char more[LOG_MORE]);

/*
 * Logs one RSP packet at level packet. `direction` is "->" to the target or "<-" from it. Bytes
 * that are not printable are shown as \xNN. `explanation` is from the table (packets.h), for a
 * reply that of its request; NULL: none.
 */
void log_packet(const struct log *log, const char *direction, const uint8_t *content, size_t len,
                const char *explanation);

/* Parses the name of a level, "error" to "packet". Returns 0 or NETGDB_PROTO. */
int log_level_parse(const char *text, enum log_level *level);

#endif
