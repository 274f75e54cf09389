/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.txt, for people; see autopsy.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "proto/visible.h"
#include "tools/autopsy_report.h"

enum { CELL_MAX = 1100, COLUMNS_MAX = 6 };

const char *report_date(const struct crash *c, char text[DATE_TEXT])
{
    struct tm tm;
    (void)strftime(text, DATE_TEXT, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&c->date, &tm));
    return text;
}

static void print_heading(FILE *to, const char *text)
{
    (void)fprintf(to, "\n==== %s\n\n", text);
}

static void print_part(FILE *to, const char *heading, struct part rest)
{
    struct part line;
    if (rest.len == 0)
        return;
    print_heading(to, heading);
    while (next_line(&rest, &line)) {
        if (line.len != 0)
            (void)fprintf(to, "%.*s\n", (int)line.len, line.text);
    }
}

/* A string or number in visible form. */
static const char *cell(const struct json_value *value, char text[CELL_MAX])
{
    if (!json_text(value, text, CELL_MAX))
        (void)snprintf(text, CELL_MAX, "%.*s", (int)value->len, value->text);
    visible_line(text);
    return text;
}

/* ---- documents ---- */

static void print_strings(FILE *to, const char *heading, const struct gdb_log *log,
                          enum section section)
{
    struct json_value array, item;
    char text[CELL_MAX];
    size_t at = 0;
    if (!log_document(log, section, &array))
        return;
    print_heading(to, heading);
    while (json_item(&array, &at, &item))
        (void)fprintf(to, "%s\n", cell(&item, text));
}

struct table_column {
    const char *name;
    int width; /* negative: to the left */
};

static void print_row(FILE *to, const struct table_column *columns, const struct json_value *item)
{
    struct json_value value;
    char text[CELL_MAX];
    for (unsigned i = 0; columns[i].name != NULL; i++) {
        (void)json_member(item, columns[i].name, &value);
        (void)fprintf(to, "%s%*s", i == 0 ? "" : "  ", columns[i].width, cell(&value, text));
    }
    (void)fputc('\n', to);
}

static void print_table(FILE *to, const char *heading, const struct gdb_log *log,
                        enum section section, const struct table_column *columns)
{
    struct json_value array, item;
    size_t at = 0;
    if (!log_document(log, section, &array))
        return;
    print_heading(to, heading);
    for (unsigned i = 0; columns[i].name != NULL; i++)
        (void)fprintf(to, "%s%*s", i == 0 ? "" : "  ", columns[i].width, columns[i].name);
    (void)fputc('\n', to);
    while (json_item(&array, &at, &item))
        print_row(to, columns, &item);
}

/* ---- the first lines ---- */

static void print_fact(FILE *to, const struct json_value *panic, const char *name)
{
    struct json_value value;
    char text[CELL_MAX];
    if (json_member(panic, name, &value))
        (void)fprintf(to, "%-10s %s\n", name, cell(&value, text));
}

static void print_file(FILE *to, const struct crash *c)
{
    if (c->file != NULL)
        (void)fprintf(to, "%-10s %s\n", "symbols", c->file);
    else if (c->autopsy->options->debug != NULL)
        (void)fprintf(to,
                      "%-10s none: no file in %s is this kernel's; this is what is known "
                      "without symbols\n",
                      "symbols", c->autopsy->options->debug);
    else
        (void)fprintf(to,
                      "%-10s none: --debug DIR names a directory of kernels; this is what is "
                      "known without symbols\n",
                      "symbols");
}

static void print_head(FILE *to, const struct crash *c, const struct gdb_log *log,
                       const char *signature)
{
    static const char *const facts[] = {"panic", "reason", "version", "kernel",  "host", "uptime",
                                        "tid",   "thread", "pid",     "command", "cpu"};
    struct json_value panic;
    char date[DATE_TEXT];
    (void)fprintf(to, "Panic of %s, found %s, examined in %.1f s\n\n", c->kernel.host,
                  report_date(c, date), c->result.seconds);
    (void)log_document(log, SECTION_PANIC, &panic);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        print_fact(to, &panic, facts[i]);
    print_file(to, c);
    if (c->result.signature[0] != '\0')
        (void)fprintf(to, "%-10s %s (%s)\n", "signature", c->result.signature, signature);
    if (c->result.why[0] != '\0')
        (void)fprintf(to, "%-10s %s\n", "problem", c->result.why);
}

bool report_write_text(struct crash *c, const struct gdb_log *log, const char *signature)
{
    static const struct table_column modules[] = {{"id", 3},    {"refs", 4},  {"address", -18},
                                                  {"size", 10}, {"path", -1}, {NULL, 0}};
    static const struct table_column processes[] = {{"pid", 6},     {"state", -9},   {"wait", -10},
                                                    {"threads", 7}, {"command", -1}, {NULL, 0}};
    FILE *to = store_file(c, "report.txt");
    if (to == NULL)
        return false;
    print_head(to, c, log, signature);
    print_part(to, "Backtrace of the thread that panicked", log->parts[SECTION_BACKTRACE]);
    print_part(to, "Registers", log->parts[SECTION_REGISTERS]);
    print_strings(to, "Last console messages", log, SECTION_MESSAGES);
    print_table(to, "Processes", log, SECTION_PROCESSES, processes);
    print_table(to, "Modules", log, SECTION_MODULES, modules);
    print_part(to, "Script", log->parts[SECTION_SCRIPT]);
    print_part(to, "All threads", log->parts[SECTION_THREADS]);
    return store_close(to);
}
