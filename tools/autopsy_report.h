/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of gdb.log, for the two files of autopsy_report.c and autopsy_text.c. */
#ifndef NETGDB_TOOLS_AUTOPSY_REPORT_H
#define NETGDB_TOOLS_AUTOPSY_REPORT_H

#include "proto/json_read.h"
#include "tools/autopsy.h"

enum { DATE_TEXT = 24 };

/* A part of gdb.log. Not owned, not terminated. */
struct part {
    const char *text;
    size_t len;
};

struct gdb_log {
    const char *text; /* mapped; NULL: empty, or gdb was not run */
    size_t len;
    struct part parts[SECTIONS]; /* len 0: there is none */
};

/* Takes the next line, without its newline, from *rest. False: there is none. */
bool next_line(struct part *rest, struct part *line);

/* The JSON document that a section consists of, without lines of libnetgdb.so's log around it.
 * False, and an empty value: there is none, or it was cut off. */
bool log_document(const struct gdb_log *log, enum section section, struct json_value *value);

/* When the crash was found, in UTC, by RFC 3339. Returns `text`. */
const char *report_date(const struct crash *c, char text[DATE_TEXT]);

/* Writes report.txt. False with errno. */
bool report_write_text(struct crash *c, const struct gdb_log *log, const char *signature);

#endif
