/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One crash from its kernel to its report; see autopsy.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "io/fds.h"
#include "tools/autopsy.h"

#define RETRY_AFTER (10 * IO_SECOND) /* a report that could not be written is tried again */

void crash_fails(struct crash *c, int verdict, const char *format, ...)
{
    va_list args;
    if (c->result.verdict != EXIT_DONE)
        return;
    c->result.verdict = verdict;
    va_start(args, format);
    (void)vsnprintf(c->result.why, sizeof c->result.why, format, args);
    va_end(args);
}

/* ---- the report ---- */

static bool fails_to_write(struct crash *c, const char *what)
{
    int error = errno;
    c->result.verdict = EXIT_DONE; /* this counts more than what went wrong before */
    crash_fails(c, EXIT_FAILED, "%s: %s", what, strerror(error));
    return false;
}

static void judge_panic(struct crash *c)
{
    const struct autopsy_options *o = c->autopsy->options;
    if (!o->expects || c->result.verdict != EXIT_DONE)
        return;
    if (c->result.panic[0] == '\0')
        crash_fails(c, EXIT_OTHER_PANIC, "the panic message is not known, \"%s\" was expected",
                    o->expected);
    else if (regexec(&o->expect, c->result.panic, 0, NULL, 0) != 0)
        crash_fails(c, EXIT_OTHER_PANIC, "\"%s\" was expected", o->expected);
}

static void set_time(struct crash *c)
{
    c->result.seconds = (double)(io_fds_now() - c->began) / (double)IO_SECOND;
}

/* The same panic at the same place may have a directory: that one counts it. */
static bool is_duplicate(struct crash *c)
{
    char first[AUTOPSY_NAME_MAX];
    if (!gdb_examine(c, true) || c->result.verdict != EXIT_DONE || !report_signature(c) ||
        store_claim(c, first))
        return false;
    store_abandon(c, NULL);
    memcpy(c->name, first, sizeof c->name);
    store_note_crash(c);
    judge_panic(c);
    return c->result.duplicate = true;
}

/* A ddb script may call again after each detach. The kernel waits then: releasing it would have it
 * call once more. */
static bool calls_again(struct crash *c)
{
    char first[AUTOPSY_NAME_MAX];
    if (c->identity[0] == '\0' || !store_has_crash(c, first))
        return false;
    store_abandon(c, NULL);
    memcpy(c->name, first, sizeof c->name);
    log_warn(
        &c->autopsy->log,
        "%s: the kernel has connected again after its report %s: it is not examined again, and "
        "waits at the proxy",
        c->kernel.host, first);
    return c->result.again = true;
}

/* While gdb ran, the session may have been replaced, and gdb may have had the new one. */
static void check_crash_session(struct crash *c)
{
    if (c->result.verdict == EXIT_DONE && !autopsy_has(c, NULL))
        crash_fails(c, EXIT_LOST, "the session has ended, and a part of this may be of the next");
}

/* Writes the files and completes the directory. */
static bool write_report(struct crash *c)
{
    if (!autopsy_write_link(c))
        return fails_to_write(c, "link.json");
    if (!report_signature(c))
        return fails_to_write(c, "gdb.log");
    judge_panic(c);
    set_time(c);
    if (!report_write(c))
        return fails_to_write(c, "report");
    store_note_crash(c);
    if (!store_note_waiting(c, false) || !store_complete(c))
        return fails_to_write(c, c->name);
    return c->result.written = true;
}

/* Examines the kernel. False: there is no report, and the kernel is to be kept. */
static bool examine_crash(struct crash *c)
{
    bool reachable = kernel_find_file(c);
    if (reachable && (calls_again(c) || (c->autopsy->options->dedup && is_duplicate(c))))
        return true;
    store_restart(c);
    if (reachable) { /* what the gdb before could not do, this one may */
        c->result.verdict = EXIT_DONE;
        c->result.why[0] = '\0';
        if (!gdb_examine(c, false))
            return false;
    }
    check_crash_session(c);
    return c->result.verdict != EXIT_FAILED && write_report(c);
}

/* ---- after it ---- */

static void judge_command(const struct crash *c, const char *path, enum run_end end, int status)
{
    const struct autopsy_options *o = c->autopsy->options;
    const struct log *log = &c->autopsy->log;
    if (end == RUN_TIMED_OUT)
        log_warn(log, "%s: '%s' did not end within %u s (--limit) and was ended: see on-report.log",
                 path, o->command, (unsigned)(o->limit / IO_SECOND));
    else if (end == RUN_INTERRUPTED)
        log_warn(log, "%s: '%s' was ended with autopsy: see on-report.log", path, o->command);
    else if (end != RUN_ENDED)
        log_warn(log, "%s/on-report.log: %s", path, strerror(errno));
    else if (status != 0)
        log_warn(log, "%s: '%s' failed: see on-report.log", path, o->command);
}

/* Runs COMMAND, while the kernel still waits. */
static void tell(struct crash *c)
{
    const struct autopsy *a = c->autopsy;
    char path[PATH_MAX + AUTOPSY_NAME_MAX], script[PATH_MAX];
    char *argv[] = {"/bin/sh", "-c", script, "sh", path, NULL};
    int status;
    if (a->options->command == NULL || c->told || !store_reopen(c))
        return;
    (void)snprintf(path, sizeof path, "%s/%s", a->options->out, c->name);
    (void)snprintf(script, sizeof script, "%s \"$@\"", a->options->command);
    enum run_end end =
        run_limited(c, argv, "on-report.log", io_fds_now() + a->options->limit, &status);
    judge_command(c, path, end, status);
    close(c->dir);
    c->dir = -1;
    (void)store_note_waiting(c, true);
}

static void release_crash(struct crash *c)
{
    if (kernel_release(c) && !c->result.duplicate && c->autopsy->options->after != AFTER_PARK)
        store_note_gone(c->autopsy, c->name);
}

static void make_nonce(struct crash *c)
{
    uint64_t number = 0;
    (void)!getrandom(&number, sizeof number, GRND_NONBLOCK);
    (void)snprintf(c->nonce, sizeof c->nonce, "%016" PRIx64, number);
}

static void begin_crash(struct crash *c)
{
    c->began = io_fds_now();
    c->date = time(NULL);
    c->dir = -1;
    c->result = (struct crash_result){.verdict = EXIT_DONE};
    c->identity[0] = '\0';
    make_nonce(c);
}

/* Without a report the kernel is kept, and examined again later unless the crash was counted. */
static void give_up(struct crash *c)
{
    if (c->autopsy->options->dedup)
        store_disclaim(c);
    store_abandon(c, atomic_load(&c->autopsy->ending) ? STORE_INTERRUPTED : NULL);
}

static void collect(struct crash *c)
{
    begin_crash(c);
    if (!store_begin(c))
        (void)fails_to_write(c, c->autopsy->options->out);
    else if (!examine_crash(c))
        give_up(c);
    c->retry_at = io_fds_now() + RETRY_AFTER;
    if (c->result.seconds == 0)
        set_time(c);
    if (!c->result.again)
        results_add(c);
}

void *crash_main(void *context)
{
    struct crash *c = context;
    struct autopsy *a = c->autopsy;
    if (!c->reported)
        collect(c);
    bool done = c->reported || c->result.written || c->result.duplicate;
    if (done) {
        if (!c->result.duplicate)
            tell(c);
        release_crash(c);
    }
    free(c->file);
    c->file = NULL;
    pthread_mutex_lock(&a->lock);
    c->state = done || c->result.again || a->options->count != 0 ? CRASH_DONE : CRASH_NEW;
    a->busy--;
    pthread_mutex_unlock(&a->lock);
    autopsy_poke(a);
    return NULL;
}
