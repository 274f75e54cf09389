/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The output of a query; see output.h. */
#include "freebsd/output.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/json.h"

static void add_json_value(struct output *o, const char *value, bool number)
{
    if (!number)
        (void)json_add_text(o->text, value);
    else
        (void)buf_adds(o->text, value[0] == '\0' ? "null" : value);
}

static void add_cell(struct output *o, const struct output_column *c, const char *cell)
{
    bool last = c->width == 0;
    cell = cell[0] != '\0' ? cell : "-";
    (void)buf_printf(o->text, last ? "%*s\n" : "%*s ", c->width, cell);
}

void output_begin_table(struct output *o, const struct output_column *columns)
{
    o->columns = columns;
    o->rows = false;
    if (o->json) {
        (void)buf_adds(o->text, "[");
        return;
    }
    for (const struct output_column *c = columns; c->name != NULL; c++) {
        char heading[32];
        (void)snprintf(heading, sizeof heading, "%s", c->name);
        for (char *at = heading; *at != '\0'; at++)
            *at = (char)toupper((unsigned char)*at);
        add_cell(o, c, heading);
    }
}

void output_row(struct output *o, const char *const *cells)
{
    if (o->json)
        (void)buf_adds(o->text, o->rows ? ",\n{" : "\n{");
    o->rows = true;
    for (size_t i = 0; o->columns[i].name != NULL; i++) {
        const struct output_column *c = &o->columns[i];
        if (!o->json) {
            add_cell(o, c, cells[i]);
            continue;
        }
        (void)buf_printf(o->text, "%s\"%s\":", i != 0 ? "," : "", c->name);
        add_json_value(o, cells[i], c->number);
    }
    if (o->json)
        (void)buf_adds(o->text, "}");
}

void output_end_table(struct output *o)
{
    if (o->json)
        (void)buf_adds(o->text, "]\n");
}

void output_begin_list(struct output *o)
{
    o->rows = false;
    if (o->json)
        (void)buf_adds(o->text, "{");
}

void output_pair(struct output *o, const char *name, const char *value, bool number)
{
    if (o->json) {
        (void)buf_printf(o->text, "%s\"%s\":", o->rows ? "," : "", name);
        add_json_value(o, value, number);
    } else {
        (void)buf_printf(o->text, "%-12s %s\n", name, value);
    }
    o->rows = true;
}

void output_end_list(struct output *o)
{
    if (o->json)
        (void)buf_adds(o->text, "}\n");
}

void output_note(struct output *o, const char *line)
{
    if (line[0] == '\0')
        return;
    if (o->json)
        log_warn(o->log, "%s", line);
    else
        (void)buf_printf(o->text, "%s\n", line);
}
