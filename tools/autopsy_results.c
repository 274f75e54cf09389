/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What autopsy says at the end of each crash: a line, TAP, JUnit, its exit status; see autopsy.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/xml.h"
#include "tools/autopsy.h"

enum { LINE_MAX_BYTES = 2048, XML_MAX = 1 << 20 };

/* ---- a line each ---- */

/* The later one counts more. */
static int rank(int verdict)
{
    static const int order[] = {EXIT_DONE,   EXIT_NOBODY, EXIT_OTHER_PANIC,
                                EXIT_SCRIPT, EXIT_LOST,   EXIT_FAILED};
    int i = 0;
    while (order[i] != verdict && order[i] != EXIT_FAILED)
        i++;
    return i;
}

static void count_verdict(struct autopsy *a, int verdict)
{
    if (rank(verdict) > rank(a->verdict))
        a->verdict = verdict;
}

static const char *title_of(const struct crash_result *r)
{
    return r->panic[0] != '\0' ? r->panic : "unknown panic";
}

/* TAP's description: '#' would begin a directive. */
static void print_tap(unsigned long n, bool good, const char *text)
{
    printf("%sok %lu - ", good ? "" : "not ", n);
    for (; *text != '\0'; text++)
        printf("%s%c", *text == '#' || *text == '\\' ? "\\" : "", *text);
    putchar('\n');
}

/* `name`: of its directory, or "". */
static void print_tap_result(const struct autopsy *a, const struct crash *c, const char *name)
{
    const struct crash_result *r = &c->result;
    char line[LINE_MAX_BYTES], where[PATH_MAX + AUTOPSY_NAME_MAX + 32] = "";
    int n = snprintf(line, sizeof line, "%s: %s", c->kernel.host, title_of(r));
    if (r->why[0] != '\0')
        (void)snprintf(line + n, sizeof line - (size_t)n, ": %s", r->why);
    if (name[0] != '\0')
        (void)snprintf(where, sizeof where, "%s%s/%s", r->duplicate ? "the same as " : "",
                       a->options->out, name);
    if (a->options->tap)
        print_tap(a->finished_count, r->verdict == EXIT_DONE, line);
    else
        printf("%s%s%s\n", line, where[0] != '\0' ? ": " : "", where);
    if (a->options->tap && where[0] != '\0')
        printf("# %s\n", where);
    (void)fflush(stdout);
}

/* ---- JUnit ---- */

static void junit_attribute(struct buf *b, const char *name, const char *value)
{
    (void)buf_printf(b, " %s=\"", name);
    (void)xml_add_text(b, value);
    (void)buf_adds(b, "\"");
}

/* <failure> is for what the run has found out, <error> for what kept it from that. */
static void xml_problem(struct buf *b, const struct crash_result *r)
{
    bool failure = r->verdict == EXIT_OTHER_PANIC || r->verdict == EXIT_SCRIPT;
    if (r->verdict == EXIT_DONE)
        return;
    (void)buf_adds(b, failure ? "<failure" : "<error");
    junit_attribute(b, "message", r->why);
    (void)buf_adds(b, "/>");
}

static void xml_case(struct buf *b, const struct autopsy *a, const struct finished *f)
{
    char name[OPTIONS_HOST_MAX + AUTOPSY_PANIC_MAX + 4];
    (void)snprintf(name, sizeof name, "%s: %s", f->host, title_of(&f->result));
    (void)buf_adds(b, "<testcase classname=\"netgdb.autopsy\"");
    junit_attribute(b, "name", f->host[0] != '\0' ? name : "a kernel connects");
    (void)buf_printf(b, " time=\"%.3f\">", f->result.seconds);
    xml_problem(b, &f->result);
    if (f->name[0] != '\0') {
        (void)buf_adds(b, "<system-out>");
        (void)xml_add_text(b, a->options->out);
        (void)buf_adds(b, "/");
        (void)xml_add_text(b, f->name);
        (void)buf_adds(b, "</system-out>");
    }
    (void)buf_adds(b, "</testcase>\n");
}

static void write_suite(const struct autopsy *a, FILE *to)
{
    const struct finished *f;
    unsigned tests = 0, failures = 0, errors = 0;
    double seconds = 0;
    STAILQ_FOREACH (f, &a->finished, entries) {
        bool failure = f->result.verdict == EXIT_OTHER_PANIC || f->result.verdict == EXIT_SCRIPT;
        tests++;
        failures += failure;
        errors += !failure && f->result.verdict != EXIT_DONE;
        seconds += f->result.seconds;
    }
    (void)fprintf(to,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
                  "<testsuite name=\"netgdb autopsy\" tests=\"%u\" failures=\"%u\" errors=\"%u\" "
                  "time=\"%.3f\">\n",
                  tests, failures, errors, seconds);
    STAILQ_FOREACH (f, &a->finished, entries) {
        struct buf b;
        buf_init(&b, XML_MAX);
        xml_case(&b, a, f);
        (void)fwrite(b.data, 1, b.len, to);
        buf_free(&b);
    }
    (void)fputs("</testsuite>\n</testsuites>\n", to);
}

/* Replaces the file, also one that a symbolic link names, but no device or pipe. False with errno.
 */
static bool write_junit(struct autopsy *a)
{
    char path[PATH_MAX], temporary[PATH_MAX + 4];
    struct stat st;
    if (a->options->junit == NULL)
        return true;
    if (realpath(a->options->junit, path) == NULL)
        (void)snprintf(path, sizeof path, "%s", a->options->junit);
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        errno = EINVAL;
        return false;
    }
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *to = fopen(temporary, "we");
    if (to != NULL)
        write_suite(a, to);
    return to != NULL && store_close(to) && rename(temporary, path) == 0;
}

/* Remembers it for JUnit. */
static void keep_result(struct autopsy *a, const char *host, const char *name,
                        const struct crash_result *r)
{
    struct finished *f = a->options->junit != NULL ? calloc(1, sizeof *f) : NULL;
    if (f == NULL)
        return;
    (void)snprintf(f->host, sizeof f->host, "%s", host);
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    f->result = *r;
    STAILQ_INSERT_TAIL(&a->finished, f, entries);
    if (!write_junit(a)) {
        log_error(&a->log, "%s: %s", a->options->junit, strerror(errno));
        count_verdict(a, EXIT_FAILED);
    }
}

/* ---- what is called ---- */

int results_begin(struct autopsy *a)
{
    if (write_junit(a))
        return EXIT_DONE;
    complain("%s: %s: name a file with --junit", a->options->junit,
             errno == EINVAL ? "it is not a regular file" : strerror(errno));
    return EXIT_FAILED;
}

void results_add(struct crash *c)
{
    struct autopsy *a = c->autopsy;
    const struct crash_result *r = &c->result;
    bool again = !r->written && !r->duplicate;
    if (again)
        log_error(&a->log, "%s: no report: %s: the kernel still waits", c->kernel.host, r->why);
    if (again && (a->options->count == 0 || atomic_load(&a->ending)))
        return;
    pthread_mutex_lock(&a->lock);
    a->finished_count++;
    count_verdict(a, r->verdict);
    const char *name = again ? "" : c->name; /* without a report, its directory is removed */
    print_tap_result(a, c, name);
    keep_result(a, c->kernel.host, name, r);
    pthread_mutex_unlock(&a->lock);
}

void results_no_kernel(struct autopsy *a)
{
    struct crash_result r = {.verdict = EXIT_NOBODY};
    (void)snprintf(r.why, sizeof r.why, "no kernel connected within %u s",
                   (unsigned)(a->options->timeout / IO_SECOND));
    log_error(&a->log, "%s: is netgdb running at its db>?", r.why);
    pthread_mutex_lock(&a->lock);
    a->finished_count++;
    count_verdict(a, r.verdict);
    if (a->options->tap)
        print_tap(a->finished_count, false, r.why);
    keep_result(a, "", "", &r);
    pthread_mutex_unlock(&a->lock);
}

void results_end(struct autopsy *a)
{
    struct finished *f;
    if (a->options->tap)
        printf("1..%lu\n", a->finished_count);
    if (fflush(stdout) != 0)
        count_verdict(a, EXIT_FAILED);
    while ((f = STAILQ_FIRST(&a->finished)) != NULL) {
        STAILQ_REMOVE_HEAD(&a->finished, entries);
        free(f);
    }
}
