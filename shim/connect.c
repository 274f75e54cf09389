/* SPDX-License-Identifier: GPL-3.0-or-later */
/* connect() for one of our names: waits for the kernel, then starts a relay for the descriptor. */
#include "shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/herald.h"
#include "io/logfile.h"
#include "io/os.h"
#include "io/port_owner.h"
#include "io/progress.h"
#include "io/sockets.h"
#include "session/control.h"
#include "session/report.h"
#include "session/transport.h"
#include "shim/frontend.h"
#include "shim/relay.h"

#define NOTICE_AFTER IO_SECOND
#define PROXY_ANSWERS (500 * IO_MS)     /* whether a kernel waits */
#define STREAM_TIMEOUT (10 * IO_SECOND) /* for a stub, without timeout= */

/* ---- our descriptors ---- */

enum { OURS_MAX = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    dev_t device;
    ino_t inode; /* 0: free */
} ours[OURS_MAX];
static unsigned next_ours;

static void remember_ours(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return;
    pthread_mutex_lock(&lock);
    ours[next_ours].device = st.st_dev;
    ours[next_ours].inode = st.st_ino;
    next_ours = (next_ours + 1) % OURS_MAX;
    pthread_mutex_unlock(&lock);
}

bool connect_is_ours(int fd)
{
    struct stat st;
    int error = errno;
    bool found = false;
    if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
        pthread_mutex_lock(&lock);
        for (unsigned i = 0; i < OURS_MAX && !found; i++)
            found = ours[i].inode == st.st_ino && ours[i].device == st.st_dev;
        pthread_mutex_unlock(&lock);
    }
    errno = error;
    return found;
}

/* ---- waiting for a kernel ---- */

static void signal_event(void *context)
{
    os_wake(*(int *)context);
}

/* Logs the command for db>, with our address as this kernel can reach it. It does not help if the
 * kernel is another inferior's. */
static void log_notice(const struct shim_name *n, uint64_t timeout)
{
    char address[NET_ADDR_TEXT] = "this machine's address", limit[48] = "";
    uint32_t own = n->hosts.ip[0] != 0 ? local_address_towards(n->hosts.ip[0]) : local_address();
    if (own != 0)
        net_ip_text(own, address);
    if (timeout != IO_NEVER)
        snprintf(limit, sizeof limit, "; gives up after %u s", (unsigned)(timeout / IO_SECOND));
    /* The user must see this at every log level. */
    if (relay_has_kernel(&n->hosts))
        log_error(&n->log,
                  "this gdb is already connected to the kernel (\"info connections\"): waiting "
                  "for another session of it (Ctrl-C ends the wait%s)",
                  limit);
    else
        log_error(&n->log,
                  "waiting for the kernel: type \"netgdb -s %s\" at its db> prompt (Ctrl-C "
                  "ends the wait%s)",
                  address, limit);
}

/* Blocks signals that must not end the wait: SIGWINCH, SIGCHLD, SIGCONT. */
static void wait_mask(sigset_t *mask)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, mask);
    sigaddset(mask, SIGWINCH);
    sigaddset(mask, SIGCHLD);
    sigaddset(mask, SIGCONT);
}

/* Waits for the event, `deadline`, an event of the front end, or a signal. Returns as ppoll() does.
 */
static int sleep_until(int event, uint64_t deadline, const struct frontend *frontend,
                       const sigset_t *mask)
{
    struct pollfd fds[1 + FRONTEND_FDS] = {{.fd = event, .events = POLLIN}};
    uint64_t longest = frontend_look_again(frontend);
    uint64_t next = longest == IO_NEVER ? IO_NEVER : io_fds_now() + longest;
    frontend_poll(frontend, fds + 1);
    return io_fds_poll(fds, 1 + FRONTEND_FDS, deadline < next ? deadline : next, mask);
}

/* A source of kernels: `take` returns EAGAIN when there is none yet. */
struct source {
    int (*take)(struct source *s, const struct shim_name *n, struct relay_target *target);
    int event;         /* readable when `take` may succeed */
    uint64_t min_wait; /* at least this long, in ns, even with a shorter timeout */
    struct listener *listener;
    struct listener_watch watch;
};

static int take_from_listener(struct source *s, const struct shim_name *n,
                              struct relay_target *target)
{
    (void)n;
    os_wake_clear(s->event);
    target->session = listener_take(s->listener, &s->watch);
    return target->session != NULL ? 0 : EAGAIN;
}

static int take_from_proxy(struct source *s, const struct shim_name *n, struct relay_target *target)
{
    struct pollfd p = {s->event, POLLIN, 0};
    char why[CONTROL_LINE_MAX];
    if (poll(&p, 1, 0) <= 0)
        return EAGAIN;
    struct control_kernel kernel = {.ip = 0};
    int error = control_answer(s->event, &kernel, why);
    target->peer = kernel.peer;
    if (error == EBUSY)
        log_error(&n->log, "%s", why);
    return error;
}

/* True if an inherited session has answered its probe: then the wait exceeds the deadline. */
static bool is_answered(const struct source *s, uint64_t timeout)
{
    return timeout != 0 && s->listener != NULL && listener_probe_acked(s->listener, &s->watch);
}

static void log_timeout(const struct source *s, const struct shim_name *n, uint64_t began,
                        uint64_t timeout)
{
    uint32_t other = s->listener != NULL ? listener_refused(s->listener, began) : 0;
    unsigned seconds = (unsigned)(timeout / IO_SECOND);
    char ip[NET_ADDR_TEXT];
    if (other != 0)
        log_error(&n->log, "no kernel connected within %u s, but %s did: is that its address?",
                  seconds, net_ip_text(other, ip));
    else
        log_error(&n->log, "no kernel connected within %u s: is netgdb running at its db>?",
                  seconds);
}

/* True if the front end has ended or cancelled the wait. */
static bool is_cancelled(struct frontend *f, const struct shim_name *n)
{
    const char *why = frontend_ended(f);
    if (why != NULL)
        log_error(&n->log, "stopped waiting for the kernel: %s", why);
    return why != NULL;
}

/* Returns 0 if a kernel was taken, else an errno value. */
static int wait_with(struct frontend *f, struct source *s, const struct shim_name *n,
                     struct relay_target *target)
{
    uint64_t began = io_fds_now(), timeout = n->options.timeout;
    uint64_t limit = timeout > s->min_wait ? timeout : s->min_wait;
    uint64_t deadline = timeout == IO_NEVER ? IO_NEVER : began + limit;
    uint64_t notice = began + NOTICE_AFTER;
    sigset_t mask;
    wait_mask(&mask);
    for (;;) {
        int rc = s->take(s, n, target);
        if (rc != EAGAIN)
            return rc;
        uint64_t now = io_fds_now();
        if (now >= deadline && is_answered(s, timeout)) {
            deadline = now + NOTICE_AFTER;
        } else if (now >= deadline) {
            log_timeout(s, n, began, timeout);
            return ETIMEDOUT;
        }
        if (now >= notice && s->listener != NULL && listener_is_probing(s->listener, &s->watch)) {
            notice = now + NOTICE_AFTER; /* a kernel may answer without a command */
        } else if (now >= notice) {
            log_notice(n, timeout);
            notice = IO_NEVER;
        }
        if (is_cancelled(f, n))
            return EINTR;
        if (sleep_until(s->event, notice < deadline ? notice : deadline, f, &mask) < 0)
            return errno;
    }
}

static int wait_for_kernel(struct source *s, const struct shim_name *n, struct relay_target *target)
{
    struct frontend f;
    struct progress *progress = progress_start("waiting for the kernel of %s", n->log.name);
    frontend_begin(&f, STDIN_FILENO);
    int error = wait_with(&f, s, n, target);
    frontend_end(&f);
    progress_stop(progress);
    return error;
}

/*
 * Asks the proxy of this machine, which then owns the HERALD port. ECONNRESET: there is none, or it
 * has ended meanwhile.
 */
static int wait_for_proxy(const struct shim_name *n, struct relay_target *target)
{
    struct source source = {.take = take_from_proxy, .min_wait = PROXY_ANSWERS};
    source.event = control_take(&n->hosts, n->options.port, n->options.observe);
    if (source.event < 0)
        return ECONNRESET;
    int error = wait_for_kernel(&source, n, target);
    if (error != 0) {
        close(source.event);
        return error;
    }
    target->stream = source.event;
    target->proxy = true;
    return 0;
}

/* The text of EAGAIN, "Resource temporarily unavailable", would not explain pthread_create's error.
 */
static const char *start_error_text(int error)
{
    return error == EAGAIN ? "no thread can be started: memory is short, or there are too many"
                           : strerror(error);
}

static bool is_shortage(int error)
{
    return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

/* Logs why there is no listener. Returns the error. */
static int no_listener(const struct shim_name *n, int error)
{
    char owner[PORT_OWNER_TEXT];
    if (is_shortage(error))
        log_error(&n->log, "cannot listen for kernels: %s", start_error_text(error));
    else
        log_error(&n->log, "UDP port %u, to which kernels connect, is unavailable: %s%s%s",
                  n->options.port, strerror(error),
                  port_owner(error, false, n->options.port, owner),
                  error == EADDRINUSE ? ": use that one, or end it" : "");
    return error;
}

static int find_kernel(const struct shim_name *n, struct relay_target *target)
{
    struct source source = {.take = take_from_listener,
                            .watch = {.hosts = n->hosts, .lasting = true, .notify = signal_event}};
    uint16_t port = n->options.port;
    int error = wait_for_proxy(n, target);
    if (error == ECONNRESET && n->options.observe) {
        log_error(&n->log,
                  "observe is for kernels of netgdb proxy: none that has UDP port %u is "
                  "running on this machine",
                  port);
        return ENXIO;
    }
    if (error != ECONNRESET)
        return error;
    const struct log log = names_queued_log();
    target->listener = listener_get(port, &log);
    if (target->listener == NULL)
        return no_listener(n, errno);
    source.event = os_wake_open();
    if (source.event < 0)
        return errno;
    source.listener = target->listener;
    source.watch.context = &source.event;
    error = listener_watch(target->listener, &source.watch) != 0 ? ENOSPC : 0;
    if (error == 0) {
        error = wait_for_kernel(&source, n, target);
        listener_unwatch(target->listener, &source.watch);
    }
    close(source.event);
    return error;
}

/* ---- a stub on a stream ---- */

/* A recording is read here, so that connect() fails if that is impossible. */
static int find_recording(const struct shim_name *n, struct transport_stream *s,
                          struct relay_target *target)
{
    if (transport_target(s, &n->log, &target->recording) != 0) {
        log_error(&n->log, "cannot read %s: %s", n->options.path, s->why);
        return ENOENT; /* GDB would retry after others */
    }
    target->peer = s->peer;
    return 0;
}

static int find_stream(const struct shim_name *n, struct relay_target *target)
{
    uint64_t timeout = n->options.timeout;
    sigset_t mask;
    struct transport_stream stub = {.options = &n->options,
                                    .resolver = shim_libc.getaddrinfo,
                                    .timeout = timeout == IO_NEVER ? STREAM_TIMEOUT : timeout,
                                    .mask = &mask};
    wait_mask(&mask);
    if (n->options.transport->target != NULL)
        return find_recording(n, &stub, target);
    target->stream = transport_open(&stub);
    if (target->stream >= 0)
        return 0;
    /* ECONNREFUSED would make GDB retry for 15 s without a message. */
    int error = errno == ECONNREFUSED ? ENXIO : errno;
    log_error(&n->log, "cannot connect to the stub: %s", stub.why);
    return error;
}

static int find_target(const struct shim_name *n, struct relay_target *target)
{
    return n->options.kind == OPTIONS_STREAM ? find_stream(n, target) : find_kernel(n, target);
}

/* ---- the descriptor ---- */

/* A kernel of the proxy waits there for the next client; the next connect() takes over any other
 * kernel by its state file. */
static void release_target(const struct relay_target *t)
{
    session_free(t->session);
    target_free(t->recording);
    if (t->stream >= 0)
        close(t->stream);
}

static int start_relay(int fd, const struct relay_target *target, const struct shim_name *n)
{
    int ends[2], flags = fcntl(fd, F_GETFL);
    if (flags < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        int error = errno;
        release_target(target);
        return error;
    }
    if (fcntl(ends[0], F_SETFL, flags & O_NONBLOCK) != 0 || dup3(ends[0], fd, O_CLOEXEC) < 0) {
        int error = errno;
        release_target(target);
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    close(ends[0]);
    remember_ours(fd);
    int error = relay_start(target, ends[1], n);
    if (error != 0)
        log_error(&n->log, "cannot serve the connection: %s", start_error_text(error));
    if (error != 0 && error != EAGAIN) { /* the relay owns nothing */
        release_target(target);
        close(ends[1]);
    }
    return error;
}

int connect_name(int fd, struct shim_name *name)
{
    struct relay_target target = {.stream = -1};
    if (name->error != 0) {
        errno = name->error;
        return -1;
    }
    int error = find_target(name, &target);
    if (error == 0)
        error = start_relay(fd, &target, name);
    if (error == 0)
        return 0;
    report(REPORT_NOBODY);
    errno = error;
    return -1;
}
