/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proxy, which has the kernels: the running one, or one of our own; see autopsy.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/os.h"
#include "proto/json_read.h"
#include "session/control.h"
#include "tools/autopsy.h"

enum {
    LIST_MAX = 8 << 20, /* bytes of the proxy's list */
    LIST_SECONDS = 10,  /* for the proxy to answer */
    PROXY_ARGS = 12 + 2 * TOOL_NETS_MAX,
    NET_TEXT = INET_ADDRSTRLEN + 4,
    STATE_MAX = 16,
};

/* Between two starts of a proxy: the second is twice the first, and so on. */
#define RETRY (2 * IO_SECOND)
#define RETRY_MAX (60 * IO_SECOND)

/* For a proxy to take over the kernels of one that has ended. */
#define TAKEOVER (LOBBY_PROBE_TIME + LOBBY_QUIET_TIME)

/* ---- the list ---- */

static bool read_row(const char *row, size_t len, struct waiting *w)
{
    char state[STATE_MAX];
    struct json_value object;
    struct in_addr in;
    *w = (struct waiting){.ip = 0};
    if (!json_read(row, len, &object) ||
        !json_member_text(&object, "host", w->host, sizeof w->host) ||
        !json_member_text(&object, "state", state, sizeof state) ||
        !json_member_number(&object, "session_port", &w->session_port))
        return false;
    w->parked = strcmp(state, "parked") == 0;
    w->attached = strcmp(state, "attached") == 0;
    w->running = strcmp(state, "running") == 0;
    if (inet_pton(AF_INET, w->host, &in) == 1)
        w->ip = ntohl(in.s_addr);
    return true;
}

static void read_rows(const struct buf *list, autopsy_row *each, void *context)
{
    const char *at = (const char *)list->data, *end = at + list->len, *newline;
    struct waiting w;
    for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL; at = newline + 1) {
        if (read_row(at, (size_t)(newline - at), &w))
            each(context, &w, at, (size_t)(newline - at));
    }
}

/* Sends a line and reads the answer to its end. */
static bool ask_list(int fd, const char *request, struct buf *list)
{
    const struct timeval limit = {LIST_SECONDS, 0};
    char data[4096];
    ssize_t n;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return false;
    while ((n = recv(fd, data, sizeof data, 0)) > 0)
        (void)buf_add(list, data, (size_t)n);
    return n == 0 && list->error == 0;
}

static bool list_kernels(const char *request, autopsy_row *each, void *context)
{
    struct buf list;
    int fd = control_connect();
    if (fd < 0)
        return false;
    buf_init(&list, LIST_MAX);
    bool good = ask_list(fd, request, &list);
    if (good)
        read_rows(&list, each, context);
    buf_free(&list);
    close(fd);
    return good;
}

/* ---- a proxy of our own ---- */

struct proxy_args {
    char *argv[PROXY_ARGS];
    char target[32], nets[TOOL_NETS_MAX][NET_TEXT];
};

static void make_proxy_args(const struct autopsy *a, struct proxy_args *args)
{
    static char name[] = "netgdb", proxy[] = "proxy", leave[] = "--leave", parked[] = "parked",
                log[] = "--log", warn[] = "warn", from[] = "--from", capture[] = "--capture";
    const struct autopsy_options *o = a->options;
    char *const fixed[] = {name, proxy, leave, parked, log, warn};
    size_t n = sizeof fixed / sizeof fixed[0];
    memcpy(args->argv, fixed, sizeof fixed);
    for (unsigned i = 0; i < o->from.n; i++) {
        char ip[NET_ADDR_TEXT];
        (void)snprintf(args->nets[i], sizeof args->nets[i], "%s/%d",
                       net_ip_text(o->from.at[i].ip, ip), __builtin_popcount(o->from.at[i].mask));
        args->argv[n++] = from;
        args->argv[n++] = args->nets[i];
    }
    if (o->target.capture[0] != '\0' && !a->had_proxy) { /* a second one would replace the file */
        args->argv[n++] = capture;
        args->argv[n++] = (char *)(uintptr_t)o->target.capture;
    }
    (void)snprintf(args->target, sizeof args->target, "any:%u", o->target.port);
    args->argv[n++] = args->target;
    args->argv[n] = NULL;
}

static void become_proxy(pid_t us, const struct proxy_args *args)
{
    sigset_t none;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setpgid(0, 0); /* a terminal's Ctrl-C is for autopsy, which ends it */
    (void)os_die_with_parent(SIGTERM);
    if (getppid() == us && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0)
        (void)execv(os_program(), args->argv);
    _exit(EXIT_FAILED);
}

/* Our proxy has ended, and has said why; or there is none. */
static void note_proxy_end(struct autopsy *a)
{
    uint64_t pause = RETRY;
    a->proxy = 0;
    a->proxy_ends = io_fds_now() - a->proxy_started < RETRY_MAX ? a->proxy_ends + 1 : 1;
    for (unsigned i = 1; i < a->proxy_ends && pause < RETRY_MAX; i++)
        pause *= 2;
    a->proxy_retry = a->proxy_started + (pause < RETRY_MAX ? pause : RETRY_MAX);
    if (a->had_proxy && a->proxy_ends == 1)
        log_warn(&a->log, "the proxy has ended; starting another");
    else if (a->had_proxy && a->proxy_ends == 2)
        log_error(&a->log,
                  "the proxy has ended again: it is started at growing intervals, of %u s at most",
                  (unsigned)(RETRY_MAX / IO_SECOND));
}

static void start_proxy(struct autopsy *a)
{
    struct proxy_args args;
    uint64_t now = io_fds_now();
    if (a->proxy != 0 || now < a->proxy_retry)
        return;
    pid_t us = getpid();
    make_proxy_args(a, &args);
    a->proxy = fork();
    a->proxy_started = now;
    if (a->proxy == 0)
        become_proxy(us, &args);
    if (a->proxy < 0) {
        log_error(&a->log, "cannot start a proxy: %s", strerror(errno));
        note_proxy_end(a);
    }
}

static void watch_proxy(struct autopsy *a)
{
    int status;
    if (a->proxy != 0 && waitpid(a->proxy, &status, WNOHANG) == a->proxy)
        note_proxy_end(a);
}

void autopsy_end_proxy(struct autopsy *a)
{
    if (a->proxy == 0)
        return;
    (void)kill(a->proxy, SIGTERM);
    while (waitpid(a->proxy, NULL, 0) < 0 && errno == EINTR)
        continue;
    a->proxy = 0;
}

bool autopsy_list(struct autopsy *a, autopsy_row *each, void *context)
{
    watch_proxy(a);
    if (!list_kernels("ls json\n", each, context)) {
        atomic_store(&a->lost_proxy, a->had_proxy);
        start_proxy(a);
        return false;
    }
    if (atomic_load(&a->lost_proxy))
        atomic_store(&a->proxy_back, io_fds_now());
    atomic_store(&a->lost_proxy, false);
    return a->had_proxy = true;
}

bool autopsy_takes_over(const struct autopsy *a)
{
    /* Another thread may ask the new proxy before autopsy_list() does. */
    if (atomic_load(&a->lost_proxy))
        return true;
    uint64_t back = atomic_load(&a->proxy_back);
    return back != 0 && io_fds_now() - back < TAKEOVER;
}

/* ---- one kernel of it ---- */

struct row_search {
    const struct waiting *kernel;
    bool found, attached, running;
    struct buf row;
};

static void find_row(void *context, const struct waiting *w, const char *row, size_t len)
{
    struct row_search *s = context;
    if (strcmp(w->host, s->kernel->host) != 0 || w->session_port != s->kernel->session_port)
        return;
    s->found = true;
    s->attached = w->attached;
    s->running = w->running;
    (void)buf_set(&s->row, row, len);
}

bool autopsy_has(const struct crash *c, bool *attached)
{
    struct row_search s = {.kernel = &c->kernel};
    buf_init(&s.row, LIST_MAX);
    bool answered = list_kernels("ls json\n", find_row, &s);
    buf_free(&s.row);
    if (attached != NULL)
        *attached = s.attached;
    return s.found || !answered || autopsy_takes_over(c->autopsy);
}

bool autopsy_runs(const struct waiting *kernel)
{
    struct row_search s = {.kernel = kernel};
    buf_init(&s.row, LIST_MAX);
    (void)list_kernels("ls json\n", find_row, &s);
    buf_free(&s.row);
    return s.running;
}

bool autopsy_write_link(struct crash *c)
{
    struct row_search s = {.kernel = &c->kernel};
    FILE *file = store_file(c, "link.json");
    if (file == NULL)
        return false;
    buf_init(&s.row, LIST_MAX);
    (void)list_kernels("ls json verbose\n", find_row, &s);
    if (s.row.len != 0)
        (void)fprintf(file, "%.*s\n", (int)s.row.len, (const char *)s.row.data);
    else
        (void)fputs("null\n", file); /* the session has ended */
    buf_free(&s.row);
    return store_close(file);
}
