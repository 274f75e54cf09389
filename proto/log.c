/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats log lines; see log.h. */
#include "proto/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "proto/visible.h"

enum { PACKET_SHOWN = 200 }; /* bytes of a packet that a line shows */

bool log_on(const struct log *log, enum log_level level)
{
    return log != NULL && log->sink != NULL && level <= log->level;
}

void log_at(const struct log *log, enum log_level level, const char *format, ...)
{
    if (!log_on(log, level))
        return;
    char line[LOG_LINE_MAX];
    int used = log->name != NULL ? snprintf(line, sizeof line, "netgdb: %s: ", log->name)
                                 : snprintf(line, sizeof line, "netgdb: ");
    size_t at = used < 0 ? 0 : (size_t)used;
    if (at < sizeof line) {
        va_list args;
        va_start(args, format);
        used = vsnprintf(line + at, sizeof line - at, format, args);
        va_end(args);
        at += used < 0 ? 0 : (size_t)used;
    }
    if (at >= sizeof line)
        memcpy(line + sizeof line - 4, "...", 4);
    /* The line may contain bytes from a target or from the network. */
    visible_line(line);
    log->sink(log->context, level, line);
}

bool log_limit_allows(struct log_limit *limit, uint64_t now, char more[LOG_MORE])
{
    if (limit->since != 0 && now - limit->since < LOG_LIMIT) {
        limit->left_out++;
        return false;
    }
    limit->since = now != 0 ? now : 1;
    more[0] = '\0';
    if (limit->left_out != 0)
        (void)snprintf(more, LOG_MORE, " (%lu more before)", limit->left_out);
    limit->left_out = 0;
    return true;
}

void log_packet(const struct log *log, const char *direction, const uint8_t *content, size_t len,
                const char *explanation)
{
    if (!log_on(log, LOG_PACKET))
        return;
    char text[VISIBLE_MAX * PACKET_SHOWN + 1];
    size_t shown =
        visible_text(text, sizeof text, content, len < PACKET_SHOWN ? len : PACKET_SHOWN);
    log_at(log, LOG_PACKET, "%s %s%s (%zu bytes)%s%s", direction, text, shown < len ? "..." : "",
           len, explanation != NULL ? ": " : "", explanation != NULL ? explanation : "");
}

int log_level_parse(const char *text, enum log_level *level)
{
    static const char *const names[] = {"error", "warn", "info", "debug", "packet"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *level = (enum log_level)i;
            return 0;
        }
    }
    return NETGDB_PROTO;
}
