/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb run --check: gdb as a batch with a reliable exit status; see run.h. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/os.h"
#include "session/report.h"
#include "symbols/elf_file.h"
#include "symbols/find_elf.h"
#include "symbols/gdb_args.h"
#include "tools/run.h"
#include "tools/tools.h"

enum { OWN_ARGS = 8, BY_SIGNAL = 128 };

/* A file that gdb can open by its path while this process runs. */
struct paper {
    FILE *file;
    char path[OS_SCRATCH_PATH];
};

struct check {
    struct paper init, script, report;
    const char *dir; /* where gdb goes first (--cd), or NULL */
    char **argv;
};

static bool paper_open(struct paper *p, const char *name)
{
    p->file = os_scratch_open(name, p->path);
    if (p->file == NULL)
        complain("%s: %s", name, strerror(errno));
    return p->file != NULL;
}

/* ---- what gdb would pass over ---- */

/* Returns the path of a file on gdb's command line, to be freed; NULL after an error message. */
static char *find_file(const char *file, const char *dir, const char *path)
{
    char *found = gdb_files_resolve(file, dir, getenv("HOME"), path);
    char *absolute = found != NULL ? realpath(found, NULL) : NULL;
    if (found == NULL && access(file, F_OK) == 0) {
        complain("%s: it is not a regular file", file);
    } else if (found == NULL) {
        complain("%s: no such file", file);
    } else if (absolute == NULL || access(absolute, R_OK) != 0) {
        complain("%s: %s", file, strerror(errno));
    } else if (strchr(absolute, '\n') != NULL) {
        complain("%s: gdb takes no file with a line feed in its name", file);
    } else {
        free(found);
        return absolute;
    }
    free(found);
    free(absolute);
    return NULL;
}

static bool is_program(const char *file, const char *dir)
{
    const char *why;
    char *path = find_file(file, dir, getenv("PATH"));
    int rc = path != NULL ? elf_file_check(path, &why) : -1;
    if (path != NULL && rc != 0)
        complain("%s: not a program with symbols: %s", file, why);
    free(path);
    return rc == 0;
}

static bool has_programs(const struct gdb_files *files)
{
    const char *exec = files->exec, *symbols = files->symbols;
    return (symbols == NULL || is_program(symbols, files->dir)) &&
           (exec == NULL || exec == symbols || is_program(exec, files->dir));
}

/* ---- one script ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* gdb (13.1: python_run_simple_file) prints an exception of a file and ignores it, but not an
 * exception of its command `python`. */
static void write_python(FILE *to, const char *path)
{
    fprintf(to, "python __file__ = \"");
    for (; *path != '\0'; path++)
        fprintf(to, "%s%c", *path == '"' || *path == '\\' ? "\\" : "", *path);
    fprintf(to, "\"; exec(compile(open(__file__, \"rb\").read(), __file__, \"exec\"))\n");
}

void check_write_source(FILE *to, const char *path)
{
    if (ends_with(path, ".py"))
        write_python(to, path);
    else
        fprintf(to, "source %s\n", path);
}

static bool write_source(FILE *to, const char *file, const char *dir)
{
    char *path = find_file(file, dir, NULL);
    if (path != NULL)
        check_write_source(to, path);
    free(path);
    return path != NULL;
}

/* Moves a command or a script into a script of ours; anything else stays an argument. */
static bool take_argument(struct check *c, const struct gdb_arg *arg, char **argv, int *argc)
{
    switch (arg->kind) {
    case GDB_ARG_COMMAND:
        fprintf(c->script.file, "%s\n", arg->value);
        return true;
    case GDB_ARG_INIT_COMMAND:
        fprintf(c->init.file, "%s\n", arg->value);
        return true;
    case GDB_ARG_SCRIPT:
        return write_source(c->script.file, arg->value, c->dir);
    case GDB_ARG_INIT_SCRIPT:
        return write_source(c->init.file, arg->value, c->dir);
    default:
        for (int i = 0; i < arg->n; i++)
            c->argv[(*argc)++] = argv[arg->first + i];
        return true;
    }
}

/*
 * Combines gdb's arguments with ours. After a script that ends early, `quit 1` follows, or the flag
 * of the script before it is not set. Returns 0 or an exit code.
 */
static int make_arguments(struct check *c, int argc, char **argv)
{
    struct gdb_args args = {.argc = argc, .argv = (const char *const *)argv, .next = 1};
    struct gdb_arg arg;
    char *const ours[] = {argv[0], "-batch",       "-ix", c->init.path,
                          "-x",    c->script.path, "-ex", "quit 1"};
    int n = 0, rc;
    if (gdb_args_is_kgdb(argv[0]))
        return complain_usage("run", "--check: kgdb takes no commands: give gdb, with -iex 'set "
                                     "osabi FreeBSD/kernel' for its kernel support");
    memcpy(c->argv, ours, sizeof ours);
    n += (int)(sizeof ours / sizeof ours[0]);
    fprintf(c->script.file, "if $_isvoid($netgdb_init_done)\nquit 1\nend\n");
    while ((rc = gdb_args_next(&args, &arg)) > 0) {
        if (!take_argument(c, &arg, argv, &n))
            return EXIT_FAILED;
    }
    if (rc < 0)
        return complain_usage("run", "'%s' is not an option of gdb, or its value is missing",
                              argv[arg.first]);
    fprintf(c->init.file, "set $netgdb_init_done = 1\n");
    fprintf(c->script.file, "quit 0\n");
    if (fflush(c->init.file) == 0 && fflush(c->script.file) == 0)
        return 0;
    complain("cannot write the script for gdb: %s", strerror(errno));
    return EXIT_FAILED;
}

/* ---- gdb ---- */

static pid_t start_gdb(const struct check *c, const sigset_t *before)
{
    pid_t us = getpid(), gdb = fork();
    if (gdb != 0)
        return gdb;
    (void)os_die_with_parent(SIGTERM); /* the reader of the status has ended */
    (void)sigprocmask(SIG_SETMASK, before, NULL);
    if (getppid() != us)
        raise(SIGTERM);
    _exit(run_execute(c->argv));
}

/* Waits for gdb's end; forwards signals that end this process. A terminal sends Ctrl-C to gdb as
 * well. */
static int wait_for(pid_t gdb, const sigset_t *signals)
{
    int status = 0, number;
    for (;;) {
        (void)sigwait(signals, &number);
        if (number == SIGTERM || number == SIGHUP)
            (void)kill(gdb, number);
        if (number == SIGCHLD && waitpid(gdb, &status, WNOHANG) == gdb)
            return status;
    }
}

/* FreeBSD discards a blocked signal that would be ignored, as SIGCHLD is by default. */
static void on_child(int number)
{
    (void)number;
}

static int run_gdb(const struct check *c)
{
    sigset_t signals, before;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGQUIT);
    (void)signal(SIGCHLD, on_child);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    pid_t gdb = start_gdb(c, &before);
    if (gdb > 0)
        return wait_for(gdb, &signals);
    complain("fork: %s", strerror(errno));
    return EXIT_FAILED << 8;
}

/* ---- how it went ---- */

static int verdict(int status, const char *events)
{
    bool connected = strchr(events, REPORT_CONNECTED) != NULL,
         nobody = strchr(events, REPORT_NOBODY) != NULL;
    int code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) {
        complain("check: gdb was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
        return BY_SIGNAL + WTERMSIG(status);
    }
    if (strchr(events, REPORT_LOST) != NULL) {
        complain("check: the connection was lost");
        return EXIT_LOST;
    }
    if (code == 0 ? !connected : nobody) {
        complain("check: no target was connected");
        return EXIT_NOBODY;
    }
    if (code != 0 && code != NOT_FOUND && code != CANNOT_EXECUTE)
        complain("check: failed (exit status %d)", code);
    return code;
}

static int check(struct check *c, int argc, char **argv)
{
    struct gdb_files files;
    char events[4096];
    gdb_files_parse(argc, (const char *const *)argv, &files);
    c->dir = files.dir;
    if (!has_programs(&files))
        return EXIT_FAILED;
    int rc = make_arguments(c, argc, argv);
    if (rc != 0)
        return rc;
    if (setenv(REPORT_VARIABLE, c->report.path, 1) != 0) {
        complain("%s: %s", REPORT_VARIABLE, strerror(errno));
        return EXIT_FAILED;
    }
    int status = run_gdb(c);
    events[fread(events, 1, sizeof events - 1, c->report.file)] = '\0';
    return verdict(status, events);
}

static void paper_close(struct paper *p)
{
    if (p->file != NULL)
        os_scratch_close(p->file, p->path);
}

int check_run(int argc, char **argv)
{
    struct check c = {.argv = calloc((size_t)argc + OWN_ARGS, sizeof *c.argv)};
    int rc = EXIT_FAILED;
    if (c.argv == NULL)
        complain("%s", strerror(errno));
    else if (paper_open(&c.init, "init") && paper_open(&c.script, "script") &&
             paper_open(&c.report, "report"))
        rc = check(&c, argc, argv);
    paper_close(&c.init);
    paper_close(&c.script);
    paper_close(&c.report);
    free(c.argv);
    return rc;
}
