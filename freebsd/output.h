/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The output of a query: a table with aligned columns or a list of names and values as text, or
 * the same as JSON. In text, control characters and bytes that are not ASCII must have been
 * replaced before; JSON escapes them.
 */
#ifndef NETGDB_FREEBSD_OUTPUT_H
#define NETGDB_FREEBSD_OUTPUT_H

#include "proto/buf.h"
#include "proto/log.h"

enum { OUTPUT_COLUMNS_MAX = 8, OUTPUT_CELL_MAX = 1100 };

struct output_column {
    const char *name; /* lower case; the heading is in upper case */
    int width;        /* characters, negative: aligned to the left; 0: the rest of the line */
    bool number;      /* JSON: a number, null if the cell is "" */
};

struct output {
    struct buf *text; /* what is printed is appended to it; not owned */
    bool json;
    const struct log *log;
    const struct output_column *columns; /* of the table; ends in a NULL name */
    bool rows;                           /* JSON: a row or a pair was printed */
};

/*
 * A table: begin, rows of one string for each column, end. An empty string is '-' in text. JSON: an
 * array of objects; numbers must be decimal.
 */
void output_begin_table(struct output *o, const struct output_column *columns);
void output_row(struct output *o, const char *const *cells);
void output_end_table(struct output *o);

/* A list of names and values: JSON: an object. In text a name has at most 12 characters. */
void output_begin_list(struct output *o);
void output_pair(struct output *o, const char *name, const char *value, bool number);
void output_end_list(struct output *o);

/* A line about missing or inconsistent data; "": none. It follows the text, and goes to the log if
 * the output is JSON, which has no place for it. */
void output_note(struct output *o, const char *line);

#endif
