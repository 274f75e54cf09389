/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One logger: a level, a name that leads each line, and a sink that the edge injects. A line is
 * `netgdb: NAME: text`; whoever owns a sink adds the newline. Bytes that a terminal would obey are
 * shown as '?' (visible.h). Nothing here does I/O.
 */
#ifndef NETGDB_PROTO_LOG_H
#define NETGDB_PROTO_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_PACKET };

enum { LOG_LINE_MAX = 1024 }; /* longer lines are cut and end in "..." */

struct log {
    enum log_level level; /* lines above it are not made */
    const char *name;     /* host or role; NULL for none; not owned */
    void (*sink)(void *context, enum log_level level, const char *line); /* NULL: silent */
    void *context;
};

/* Whether a line of this level would go anywhere. A NULL log is silent. */
bool log_on(const struct log *log, enum log_level level);

void log_at(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define log_error(log, ...) log_at(log, LOG_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_at(log, LOG_WARN, __VA_ARGS__)
#define log_info(log, ...) log_at(log, LOG_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_at(log, LOG_DEBUG, __VA_ARGS__)

/*
 * For lines that the network can cause: the first is made at once, then one a minute. Returns
 * whether one is to be made now (ns, of any clock), and how many were left out since the last.
 */
struct log_limit {
    uint64_t since; /* of the last line; 0: there was none */
    unsigned long left_out;
};

#define LOG_LIMIT UINT64_C(60000000000) /* ns */

bool log_passes(struct log_limit *limit, uint64_t now, unsigned long *left_out);

/*
 * At level packet: one RSP packet with its explanation from the table (packets.h). `direction`
 * is "->" towards the target or "<-" from it; content that is not printable is shown as \xNN.
 * A reply is explained by the request that it answers: pass that, or NULL.
 */
void log_packet(const struct log *log, const char *direction, const uint8_t *content, size_t len,
                const char *explanation);

/* "error" … "packet" to the level. Returns 0 or NETGDB_PROTO. */
int log_level_parse(const char *text, enum log_level *level);

#endif
