/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb doctor: options, the order of the checks, and their output; see doctor.h. */
#include "tools/doctor.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/progress.h"
#include "proto/json.h"
#include "proto/visible.h"
#include "session/child.h"
#include "session/transport.h"
#include "tools/run.h"
#include "tools/tools.h"

enum { KERNEL_SECONDS = 3 }; /* to wait for a kernel, without timeout= */

static void (*const checks[])(struct doctor *d) = {
    doctor_check_gdb,   doctor_check_files,     doctor_check_directory,
    doctor_check_proxy, doctor_check_namespace, doctor_check_addresses,
    doctor_check_port,  doctor_check_firewall,  doctor_check_kernel,
};

static const char *const verdicts[] = {"ok", "warning", "problem"};

static int doctor_help(void)
{
    printf(
        "Usage: netgdb doctor [OPTION...] [NAME]\n"
        "Check whether this machine can debug a kernel, and say what to do where it cannot.\n"
        "NAME is HOST[:PORT] with options as after 'target remote netgdb:'. If a kernel of that\n"
        "host connects, it is examined and returned to db>.\n\n"
        "  --gdb PROGRAM  the debugger (gdb)\n"
        "  --lib PATH     the object to preload; as for 'netgdb run'\n"
        "  --json         print a JSON array of findings\n"
        "  -h, --help     print this and exit\n\n"
        "Exit codes: 0 no problem found (warnings may be), 1 a problem, 2 usage.\n");
    return EXIT_DONE;
}

/* ---- output ---- */

static void print_text(const char *name, enum doctor_verdict verdict, const char *text,
                       const char *advice)
{
    struct buf shown;
    buf_init(&shown, VISIBLE_MAX * strlen(text) + 1);
    (void)visible_add(&shown, (const uint8_t *)text, strlen(text));
    if (buf_addc(&shown, '\0') == 0)
        printf("%-8s %-10s %s\n", verdicts[verdict], name, (const char *)shown.data);
    buf_free(&shown);
    if (advice != NULL)
        printf("%-8s %-10s -> %s\n", "", "", advice);
}

static void print_member(const char *name, const char *value)
{
    struct buf text;
    buf_init(&text, JSON_CHARACTER_MAX * strlen(value) + 2);
    bool made = json_add_text(&text, value) == 0;
    printf(",\"%s\":%.*s", name, made ? (int)text.len : 2, made ? (const char *)text.data : "\"\"");
    buf_free(&text);
}

static void print_json(const struct doctor *d, const char *name, enum doctor_verdict verdict,
                       const char *text, const char *advice)
{
    bool first =
        d->findings[DOCTOR_OK] + d->findings[DOCTOR_WARNING] + d->findings[DOCTOR_PROBLEM] == 1;
    printf("%s\n{\"check\":\"%s\"", first ? "[" : ",", name);
    print_member("verdict", verdicts[verdict]);
    print_member("text", text);
    if (advice != NULL)
        print_member("advice", advice);
    printf("}");
}

void doctor_find(struct doctor *d, const char *name, enum doctor_verdict verdict,
                 const char *advice, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    int len = vasprintf(&text, format, list);
    va_end(list);
    d->findings[verdict]++;
    if (d->json)
        print_json(d, name, verdict, len >= 0 ? text : "memory is short", advice);
    else
        print_text(name, verdict, len >= 0 ? text : "memory is short", advice);
    if (len >= 0)
        free(text);
}

bool doctor_run(char *const argv[], char *text, size_t size)
{
    struct child child = {0};
    size_t have = 0;
    ssize_t n = 1;
    bool silent = false;
    int fd = child_start(&child, argv);
    text[0] = '\0';
    if (fd < 0)
        return false;
    struct pollfd p = {fd, POLLIN, 0};
    while (n > 0 && have < size - 1 && !silent) {
        silent = poll(&p, 1, DOCTOR_PROGRAM_SECONDS * 1000) != 1;
        n = silent ? 0 : read(fd, text + have, size - 1 - have);
        have += n > 0 ? (size_t)n : 0;
    }
    text[have] = '\0';
    close(fd);
    child_end(&child, !silent);
    errno = ETIMEDOUT;
    return !silent;
}

static int finish_report(const struct doctor *d)
{
    unsigned problems = d->findings[DOCTOR_PROBLEM];
    if (d->json)
        printf("\n]\n");
    else
        printf("%u problem%s, %u warning%s\n", problems, problems == 1 ? "" : "s",
               d->findings[DOCTOR_WARNING], d->findings[DOCTOR_WARNING] == 1 ? "" : "s");
    return problems != 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- options ---- */

static int parse_doctor_name(struct doctor *d, const char *text)
{
    char error[OPTIONS_ERROR_MAX];
    const struct options_source source = {
        .tool = true, .transports = transports_all, .env = getenv};
    if (options_parse(&d->options, text != NULL ? text : "any", &source, error, sizeof error) != 0)
        return complain_usage("doctor", "%s", error);
    if (d->options.kind == OPTIONS_STREAM)
        return complain_usage("doctor", "'%s': takes HOST[:PORT]", text);
    d->has_host = d->options.kind == OPTIONS_KERNEL;
    if (d->options.timeout == IO_NEVER)
        d->options.timeout = KERNEL_SECONDS * IO_SECOND;
    return EXIT_DONE;
}

static const struct tool_option known[] = {OPTION("gdb", take_file_name, struct doctor, gdb),
                                           OPTION("lib", take_file_name, struct doctor, library),
                                           FLAG("json", struct doctor, json),
                                           {0}};

int doctor_main(int argc, char **argv)
{
    static const struct command_line line = {"doctor", doctor_help, {{known, 0}}};
    struct doctor d = {.gdb = "gdb", .log = {.level = LOG_WARN, .sink = log_to_stderr}};
    progress_permit();
    int rc = parse_options(argc, argv, &line, &d);
    if (rc >= 0)
        return rc;
    if (optind + 1 < argc)
        return complain_usage("doctor", "only one NAME is possible: unexpected '%s'",
                              argv[optind + 1]);
    rc = parse_doctor_name(&d, argv[optind]);
    if (rc != EXIT_DONE)
        return rc;
    char *found = run_find_library(d.library);
    d.library = found;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        checks[i](&d);
    free(found);
    return finish_report(&d);
}
