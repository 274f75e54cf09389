/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb autopsy: watches the kernels of the proxy and has each examined by a thread; see
 * autopsy.h.
 */
#include "tools/autopsy.h"
#include "tools/hold.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/os.h"
#include "io/progress.h"
#include "io/sockets.h"
#include "io/thread.h"
#include "session/control.h"
#include "session/report.h"
#include "session/rundir.h"
#include "session/state_file.h"

enum {
    LOOK_MS = 200, /* between two looks at the proxy's list */
    FIRST_ROWS = 16,
};

#define PROXY_LIMIT (20 * IO_SECOND) /* for a proxy to answer at the start */

void autopsy_poke(struct autopsy *a)
{
    os_wake(a->poke_fd);
}

/* ---- kernels ---- */

static bool autopsy_wants(const struct autopsy *a, const struct waiting *w)
{
    const struct autopsy_options *o = a->options;
    bool net = o->from.n == 0;
    for (unsigned i = 0; i < o->from.n; i++)
        net |= (w->ip & o->from.at[i].mask) == o->from.at[i].ip;
    return w->ip != 0 && net && net_hosts_include(&a->hosts, w->ip);
}

/* The next session of the same host has another port. */
static bool is_same_session(const struct waiting *a, const struct waiting *b)
{
    return strcmp(a->host, b->host) == 0 && a->session_port == b->session_port;
}

static struct crash *find_crash(struct autopsy *a, const struct waiting *w)
{
    struct crash *c;
    LIST_FOREACH (c, &a->crashes, entries) {
        if (is_same_session(&c->kernel, w))
            return c;
    }
    return NULL;
}

/* An earlier autopsy may have a report of it. */
static void recall(struct autopsy *a, struct crash *c)
{
    struct kept *k;
    LIST_FOREACH (k, &a->kept, entries) {
        if (!is_same_session(&k->kernel, &c->kernel))
            continue;
        c->reported = true;
        c->told = k->told;
        memcpy(c->name, k->name, sizeof c->name);
        LIST_REMOVE(k, entries);
        free(k);
        return;
    }
}

static struct crash *new_crash(struct autopsy *a, const struct waiting *w)
{
    struct crash *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->autopsy = a;
    c->kernel = *w;
    c->dir = -1;
    recall(a, c);
    LIST_INSERT_HEAD(&a->crashes, c, entries);
    a->last_kernel = io_fds_now();
    return c;
}

/* Whether one more crash may be begun: --count limits them, too. */
static bool may_begin(const struct autopsy *a)
{
    const struct autopsy_options *o = a->options;
    return a->busy < o->jobs && (o->count == 0 || a->finished_count + a->busy < o->count);
}

static void begin_autopsy(struct autopsy *a, struct crash *c)
{
    c->state = CRASH_BUSY;
    a->busy++;
    int error = thread_start(crash_main, c);
    if (error == 0)
        return;
    log_error(&a->log, "%s: %s", c->kernel.host, strerror(error));
    c->state = CRASH_NEW;
    c->retry_at = io_fds_now() + IO_SECOND;
    a->busy--;
}

/* A kernel of the proxy's list. Under the lock. */
static void take_row(struct autopsy *a, const struct waiting *w)
{
    if (!autopsy_wants(a, w))
        return;
    struct crash *c = find_crash(a, w);
    if (c == NULL && w->parked)
        c = new_crash(a, w);
    if (c == NULL)
        return;
    c->listed = true;
    if (c->state == CRASH_NEW && w->parked && io_fds_now() >= c->retry_at && may_begin(a))
        begin_autopsy(a, c);
}

/* Forgets the kernels that the proxy has no more. */
static void forget_gone(struct autopsy *a)
{
    struct crash *c, *next;
    if (autopsy_takes_over(a))
        return;
    for (c = LIST_FIRST(&a->crashes); c != NULL; c = next) {
        next = LIST_NEXT(c, entries);
        if (c->listed || c->state == CRASH_BUSY)
            continue;
        if (c->state == CRASH_NEW)
            log_warn(&a->log, "%s: the kernel has gone before it could be examined",
                     c->kernel.host);
        else if (c->name[0] != '\0' && !c->result.duplicate)
            store_note_gone(a, c->name);
        LIST_REMOVE(c, entries);
        free(c);
    }
}

/* ---- the proxy's list ---- */

struct rows {
    struct waiting *list; /* owned */
    size_t n, cap;
    bool failed; /* memory is short */
};

static void add_row(void *context, const struct waiting *w, const char *row, size_t len)
{
    struct rows *rows = context;
    (void)row;
    (void)len;
    if (rows->n == rows->cap) {
        size_t cap = rows->cap != 0 ? 2 * rows->cap : FIRST_ROWS;
        struct waiting *list = realloc(rows->list, cap * sizeof *list);
        if (list == NULL) {
            rows->failed = true;
            return;
        }
        rows->list = list;
        rows->cap = cap;
    }
    rows->list[rows->n++] = *w;
}

static bool rows_have(const struct rows *rows, const struct waiting *w)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (is_same_session(&rows->list[i], w))
            return true;
    }
    return false;
}

/* Forgets the kernels of earlier reports whose session has ended: neither the proxy has it, nor a
 * state file from which one could resume it. */
static void forget_kept(struct autopsy *a, const struct rows *rows)
{
    struct kept *k, *next;
    for (k = LIST_FIRST(&a->kept); k != NULL; k = next) {
        next = LIST_NEXT(k, entries);
        if (rows_have(rows, &k->kernel) ||
            state_file_exists(k->kernel.ip, (uint16_t)k->kernel.session_port))
            continue;
        store_note_gone(a, k->name);
        LIST_REMOVE(k, entries);
        free(k);
    }
}

/* The list is read first: a proxy that does not answer must not stop the other threads. */
static bool look(struct autopsy *a)
{
    struct rows rows = {.list = NULL};
    struct crash *c;
    bool answered = autopsy_list(a, add_row, &rows) && !rows.failed;
    if (answered) {
        pthread_mutex_lock(&a->lock);
        LIST_FOREACH (c, &a->crashes, entries)
            c->listed = false;
        for (size_t i = 0; i < rows.n; i++)
            take_row(a, &rows.list[i]);
        forget_gone(a);
        pthread_mutex_unlock(&a->lock);
        forget_kept(a, &rows);
    }
    free(rows.list);
    return answered;
}

/* ---- the loop ---- */

static void wait_for_change(struct autopsy *a)
{
    struct pollfd fds[] = {{a->signal_fd, POLLIN, 0}, {a->poke_fd, POLLIN, 0}};
    (void)poll(fds, 2, LOOK_MS);
    os_wake_clear(a->poke_fd);
    if (os_signals_take(a->signal_fd) == 0)
        return;
    atomic_store(&a->ending, true);
    os_wake(a->stop_fd); /* for all threads: it stays readable */
}

/* Whether the crashes of --count are examined, or no kernel has connected in time. */
static bool autopsy_is_over(struct autopsy *a)
{
    const struct autopsy_options *o = a->options;
    pthread_mutex_lock(&a->lock);
    bool idle = a->busy == 0;
    bool enough = o->count != 0 && a->finished_count >= o->count;
    bool late = o->timeout != IO_NEVER && io_fds_now() - a->last_kernel >= o->timeout;
    bool any = a->finished_count != 0;
    pthread_mutex_unlock(&a->lock);
    if (!idle || (!enough && !late))
        return false;
    if (!enough && (o->count != 0 || !any))
        results_no_kernel(a);
    return true;
}

static void wait_for_threads(struct autopsy *a)
{
    bool idle = false;
    while (!idle) {
        pthread_mutex_lock(&a->lock);
        idle = a->busy == 0;
        pthread_mutex_unlock(&a->lock);
        if (!idle)
            wait_for_change(a);
    }
}

static int autopsy_without_proxy(const struct autopsy *a)
{
    complain("no proxy answers, and none could be started: UDP port %u may be another program's",
             a->options->target.port);
    return EXIT_FAILED;
}

/* What a person at a terminal sees. */
static void tell_progress(struct autopsy *a, struct progress *progress)
{
    pthread_mutex_lock(&a->lock);
    progress_set(progress, "waiting for kernels: %lu examined, %u being examined",
                 a->finished_count, a->busy);
    pthread_mutex_unlock(&a->lock);
}

static int run_loop(struct autopsy *a, struct progress *progress)
{
    uint64_t start = io_fds_now();
    a->last_kernel = start;
    while (!atomic_load(&a->ending)) {
        if (!look(a) && !a->had_proxy && io_fds_now() - start >= PROXY_LIMIT)
            return autopsy_without_proxy(a);
        if (autopsy_is_over(a))
            return a->verdict;
        tell_progress(a, progress);
        wait_for_change(a);
    }
    wait_for_threads(a);
    return a->options->count == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ---- set-up ---- */

static int open_descriptors(struct autopsy *a)
{
    sigset_t set;
    hold_ends(&set);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGCHLD, SIG_DFL);
    a->signal_fd = os_signals_open(&set);
    a->poke_fd = os_wake_open();
    a->stop_fd = os_wake_open();
    if (a->signal_fd >= 0 && a->poke_fd >= 0 && a->stop_fd >= 0)
        return EXIT_DONE;
    complain("%s", strerror(errno));
    return EXIT_FAILED;
}

static int resolve_autopsy_host(struct autopsy *a)
{
    const struct options *o = &a->options->target;
    a->hosts.n = 1;
    if (o->kind == OPTIONS_ANY)
        return EXIT_DONE;
    int rc = sockets_resolve_hosts(getaddrinfo, o->host, &a->hosts);
    if (rc == 0)
        return EXIT_DONE;
    complain("%s: %s", o->host, sockets_resolve_text(rc));
    return EXIT_LOST;
}

/* A proxy of our own has its sockets in the runtime directory. */
static int check_runtime_directory(void)
{
    char path[RUNDIR_MAX];
    int fd = control_connect();
    if (fd >= 0) {
        close(fd);
        return EXIT_DONE;
    }
    const char *why = rundir_sockets_trouble(path);
    if (why == NULL)
        return EXIT_DONE;
    complain("runtime directory %s: %s: name another one in NETGDB_RUNTIME_DIR", path, why);
    return EXIT_FAILED;
}

/* A variable that names a file: gdb runs in another directory. */
static bool make_absolute(const char *variable)
{
    const char *value = getenv(variable);
    char *path = value != NULL && value[0] != '\0' ? realpath(value, NULL) : NULL;
    bool good = path == NULL || setenv(variable, path, 1) == 0;
    free(path);
    return good;
}

/* Debian does not compile the Python files of gdb, which costs a quarter of its start: Python keeps
 * them here, and those of its own library. If it may not write, it would compile both each time. */
static void keep_compiled_python(void)
{
    char directory[RUNDIR_MAX], path[RUNDIR_MAX + 8];
    if (getenv("PYTHONDONTWRITEBYTECODE") != NULL || rundir(directory) != 0)
        return;
    (void)snprintf(path, sizeof path, "%s/python", directory);
    (void)setenv("PYTHONPYCACHEPREFIX", path, 0);
}

/* gdb's environment: it reports to a file in its directory, and waits and logs as it is told. Files
 * that a variable names would be those of all gdbs; o->target has them. */
static int set_environment(struct autopsy_options *o)
{
    static const char *const ours[] = {"NETGDB_LOG_FILE", "NETGDB_TIMEOUT", "NETGDB_DEBUG_DIR",
                                       "NETGDB_CAPTURE", "NETGDB_SAVE"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        (void)unsetenv(ours[i]);
    keep_compiled_python();
    o->out = realpath(o->out, NULL);
    if (o->out != NULL && make_absolute("NETGDB_LIB") && make_absolute("NETGDB_SYMBOLS") &&
        setenv(REPORT_VARIABLE, "events", 1) == 0)
        return EXIT_DONE;
    complain("%s", strerror(errno));
    return EXIT_FAILED;
}

int autopsy_main(int argc, char **argv)
{
    static struct autopsy_options options;
    static struct autopsy a = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .finished = STAILQ_HEAD_INITIALIZER(a.finished)};
    int rc = autopsy_options_parse(argc, argv, &options);
    if (rc >= 0)
        return rc;
    a.options = &options;
    a.log = (struct log){options.log_level, NULL, log_to_stderr, NULL};
    rc = resolve_autopsy_host(&a);
    if (rc == EXIT_DONE)
        rc = check_runtime_directory();
    if (rc == EXIT_DONE)
        rc = store_open(&a);
    if (rc == EXIT_DONE)
        rc = results_begin(&a);
    if (rc == EXIT_DONE)
        rc = set_environment(&options);
    if (rc == EXIT_DONE)
        rc = open_descriptors(&a);
    if (rc != EXIT_DONE)
        return rc;
    progress_permit();
    struct progress *progress = progress_start("waiting for kernels");
    rc = run_loop(&a, progress);
    progress_stop(progress);
    autopsy_end_proxy(&a);
    results_end(&a);
    return rc == EXIT_DONE ? a.verdict : rc;
}
