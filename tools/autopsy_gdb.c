/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gdb and its commands; see autopsy.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/os.h"
#include "session/report.h"
#include "tools/autopsy.h"
#include "tools/run.h"

enum {
    ARGS_MAX = 64,
    COMMANDS_MAX = 16 * 1024, /* bytes of all commands */
    CONNECT_SECONDS = 30,     /* for gdb to get the kernel from the proxy */
    EVENTS_SIZE = 64,
};

#define EVENTS "events" /* the file of session/report.h; see autopsy_main */
#define SCRIPT "script.gdb"

struct gdb {
    const struct crash *crash;
    const char *argv[ARGS_MAX];
    size_t n;
    struct buf text; /* the commands, each with its NUL; never moves */
};

/*
 * What each section runs. `needs_file`: only with the kernel's file. `signature`: what the
 * signature is made of, so that it comes first.
 */
static const struct {
    const char *command;
    enum section section;
    bool needs_file, signature;
} commands[] = {
    {"monitor netgdb panic --json", SECTION_PANIC, true, true},
    {"backtrace", SECTION_BACKTRACE, false, true},
    {"info registers", SECTION_REGISTERS, false, false},
    {"monitor netgdb dmesg --json 100", SECTION_MESSAGES, true, false},
    {"monitor netgdb modules --json", SECTION_MODULES, true, false},
    {"monitor netgdb ps --json", SECTION_PROCESSES, true, false},
};

static void add(struct gdb *g, const char *argument)
{
    if (g->n < ARGS_MAX - 1)
        g->argv[g->n++] = argument;
}

static void add_command(struct gdb *g, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void add_command(struct gdb *g, const char *format, ...)
{
    char line[COMMANDS_MAX / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    size_t at = g->text.len;
    if (buf_add(&g->text, line, strlen(line) + 1) == 0) {
        add(g, "-ex");
        add(g, (const char *)g->text.data + at);
    }
}

static void add_section(struct gdb *g, enum section section)
{
    char marker[AUTOPSY_NONCE_MAX + 32];
    section_marker(g->crash, section, marker, sizeof marker);
    add_command(g, "echo \\n%s\\n", marker);
}

/* gdb runs in the crash's directory, which gets the core. */
static void add_connect(struct gdb *g)
{
    const struct crash *c = g->crash;
    const struct autopsy *a = c->autopsy;
    add_section(g, SECTION_CONNECT);
    add_command(g, "target remote netgdb:%s:%u%s,timeout=%d,save=session.core", c->kernel.host,
                a->options->target.port, a->options->name_options, CONNECT_SECONDS);
}

/*
 * A script of the user's ends with 0, by its own `quit`, or by an error, after which gdb goes on to
 * the next argument.
 */
static bool write_script(const struct crash *c)
{
    FILE *file = store_file(c, SCRIPT);
    if (file == NULL)
        return false;
    check_write_source(file, c->autopsy->options->script);
    (void)fputs("quit 0\n", file);
    return store_close(file);
}

static void add_commands(struct gdb *g, bool only_signature)
{
    const struct crash *c = g->crash;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if ((commands[i].needs_file && c->file == NULL) ||
            (only_signature && !commands[i].signature))
            continue;
        add_section(g, commands[i].section);
        add_command(g, "%s", commands[i].command);
    }
    if (only_signature)
        return;
    if (c->autopsy->options->script == NULL) {
        add_section(g, SECTION_THREADS);
        add_command(g, "thread apply all backtrace");
        return;
    }
    add_section(g, SECTION_SCRIPT);
    add(g, "-x");
    add(g, SCRIPT);
    add_command(g, "quit 1");
}

static void make_gdb_arguments(struct gdb *g, bool only_signature)
{
    const char *const fixed[] = {os_program(), "run", "--", "", "-nx", "-batch"};
    static const char *const settings[] = {"set pagination off",
                                           "set height 0",
                                           "set width 0",
                                           "set confirm off",
                                           "set sysroot /",
                                           "set debuginfod enabled off",
                                           "set may-call-functions off",
                                           "set style enabled off",
                                           "set backtrace limit 100",
                                           "set dcache line-size 1024"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        add(g, fixed[i][0] != '\0' ? fixed[i] : g->crash->autopsy->options->gdb);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        add(g, "-iex");
        add(g, settings[i]);
    }
    add_connect(g);
    add_commands(g, only_signature);
    if (g->crash->autopsy->options->script == NULL || only_signature)
        add_command(g, "quit 0");
    if (g->crash->file != NULL)
        add(g, g->crash->file);
    g->argv[g->n] = NULL;
}

/* ---- how it went ---- */

static bool empty_events(const struct crash *c)
{
    FILE *file = store_file(c, EVENTS);
    return file != NULL && fclose(file) == 0;
}

/* Reads and removes the events of session/report.h. */
static void take_events(const struct crash *c, char events[EVENTS_SIZE])
{
    int fd = openat(c->dir, EVENTS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? read(fd, events, EVENTS_SIZE - 1) : 0;
    events[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    (void)unlinkat(c->dir, EVENTS, 0);
}

/* gdb could not be loaded with our object, or another debugger was faster: the kernel is kept. */
static void judge_unconnected(struct crash *c)
{
    char line[AUTOPSY_WHY_MAX / 2];
    if (!autopsy_has(c, NULL)) {
        crash_fails(c, EXIT_LOST, "the session ended before gdb had it");
        return;
    }
    report_last_line(c, line, sizeof line);
    crash_fails(c, EXIT_FAILED, "gdb was not connected: %s",
                line[0] != '\0' ? line : "it printed nothing");
}

static void judge_exit(struct crash *c, const char *events)
{
    int code = WEXITSTATUS(c->gdb_status);
    if (WIFSIGNALED(c->gdb_status))
        crash_fails(c, EXIT_SCRIPT, "gdb was ended by signal %d (%s)", WTERMSIG(c->gdb_status),
                    strsignal(WTERMSIG(c->gdb_status)));
    else if (code == NOT_FOUND || code == CANNOT_EXECUTE)
        crash_fails(c, EXIT_FAILED, "%s cannot be executed", c->autopsy->options->gdb);
    else if (strchr(events, REPORT_LOST) != NULL)
        crash_fails(c, EXIT_LOST, "the connection was lost");
    else if (strchr(events, REPORT_CONNECTED) == NULL)
        judge_unconnected(c);
    else if (code != 0)
        crash_fails(c, EXIT_SCRIPT,
                    code == 1 ? "a command of the script failed (exit status %d)"
                              : "the script ended with exit status %d",
                    code);
}

/* False: there is nothing to report from. */
static bool judge_gdb(struct crash *c, enum run_end end, int error, const char *events)
{
    switch (end) {
    case RUN_ENDED:
        judge_exit(c, events);
        return true;
    case RUN_TIMED_OUT:
        crash_fails(c, EXIT_SCRIPT, "gdb did not end within %u s",
                    (unsigned)(c->autopsy->options->limit / IO_SECOND));
        return true;
    case RUN_INTERRUPTED:
        crash_fails(c, EXIT_FAILED, "interrupted");
        return false;
    default:
        crash_fails(c, EXIT_FAILED, "gdb.log: %s", strerror(error));
        return false;
    }
}

bool gdb_examine(struct crash *c, bool only_signature)
{
    struct gdb g = {.crash = c};
    char events[EVENTS_SIZE];
    buf_init(&g.text, COMMANDS_MAX);
    bool script = c->autopsy->options->script != NULL && !only_signature;
    bool ready = buf_resize(&g.text, COMMANDS_MAX) == 0; /* so that it never moves */
    buf_reset(&g.text);
    if (!ready || !empty_events(c) || (script && !write_script(c))) {
        crash_fails(c, EXIT_FAILED, "%s", strerror(errno));
        buf_free(&g.text);
        return false;
    }
    make_gdb_arguments(&g, only_signature);
    enum run_end end = run_limited(c, (char *const *)g.argv, "gdb.log",
                                   io_fds_now() + c->autopsy->options->limit, &c->gdb_status);
    int error = errno;
    take_events(c, events);
    buf_free(&g.text);
    return judge_gdb(c, end, error, events);
}
