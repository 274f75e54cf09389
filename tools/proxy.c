/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb proxy: start, then the loop over sockets and signals; see proxy.h. */
#include "tools/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/herald.h"
#include "io/os.h"
#include "io/sockets.h"
#include "io/thread.h"
#include "session/control.h"
#include "tools/confine.h"

enum {
    EVENTS = 32,
    LISTEN_FDS_START = 3, /* sd_listen_fds(3) */
    LINES_MS = 1000,      /* at exit, for the readers of our output */
    ACCEPTS = 16,         /* connections accepted at a time */
    REST_NS = 100000000,  /* pause at the descriptor limit, as in OpenSSH */
};

/* ---- set-up ---- */

/* A kernel needs four descriptors, and two more with a client. */
static void raise_limits(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

/* Returns the exit code for the result of a name look-up. */
static int judge(const char *host, int result)
{
    if (result == 0)
        return EXIT_DONE;
    complain("%s: %s", host, sockets_resolve_text(result));
    return EXIT_FAILED;
}

/* A recording that cannot be read is found before a debugger connects. With --stdio one has. */
static int check_recording(const struct proxy *p)
{
    const struct log quiet = {.level = LOG_ERROR, .sink = log_to_stderr};
    struct transport_stream s = p->stub;
    struct target *t;
    if (p->options->stdio || s.options->transport->target == NULL)
        return EXIT_DONE;
    if (transport_target(&s, &quiet, &t) != 0) {
        complain("%s: %s", s.options->path, s.why);
        return EXIT_FAILED;
    }
    target_free(t);
    return EXIT_DONE;
}

static int resolve_target(struct proxy *p)
{
    const struct options *o = &p->options->target;
    if (o->kind == OPTIONS_STREAM) {
        p->stub = (struct transport_stream){
            .options = o, .resolver = getaddrinfo, .timeout = o->transport->proxy_wait};
        int rc = check_recording(p);
        return rc != EXIT_DONE ? rc : judge(o->host, transport_look_up(&p->stub));
    }
    p->hosts.n = o->kind == OPTIONS_ANY;
    if (o->kind != OPTIONS_KERNEL)
        return EXIT_DONE;
    return judge(o->host, sockets_resolve_hosts(getaddrinfo, o->host, &p->hosts));
}

static bool is_for_kernels(const struct proxy_options *o)
{
    return o->target.kind == OPTIONS_KERNEL || o->target.kind == OPTIONS_ANY;
}

static int resolve_names(struct proxy *p)
{
    const struct proxy_options *o = p->options;
    int rc = resolve_target(p);
    if (rc != EXIT_DONE || o->stdio || o->unix_path[0] != '\0')
        return rc;
    const char *listen = o->listen[0] != '\0' ? o->listen : "127.0.0.1";
    if (o->listen[0] != '\0' || o->has_port || o->first_port != 0)
        return judge(listen, sockets_resolve_own(getaddrinfo, listen, 0, AF_UNSPEC, &p->listen));
    const char *why = rundir_sockets_trouble(p->directory);
    if (why == NULL)
        return EXIT_DONE;
    complain("no unix sockets in runtime directory %s: %s: give --listen for others, or -p",
             p->directory, why);
    return EXIT_FAILED;
}

/* Returns the socket of the HERALD port that systemd has opened (sd_listen_fds(3)), or -1. */
static int inherited_port(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    bool ours = pid != NULL && strtol(pid, NULL, 10) == getpid() && fds != NULL &&
                strtol(fds, NULL, 10) > 0;
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return ours ? LISTEN_FDS_START : -1;
}

static int open_herald(struct proxy *p, uint16_t *port)
{
    *port = p->options->target.port;
    p->herald_fd = inherited_port();
    if (p->herald_fd >= 0 && herald_adopt(p->herald_fd, port) != 0) {
        complain("the inherited socket is not a UDP socket: %s", strerror(errno));
        return EXIT_FAILED;
    }
    if (p->herald_fd < 0)
        p->herald_fd = herald_open(*port);
    p->herald_port = *port;
    if (p->herald_fd >= 0)
        return EXIT_DONE;
    return complain_herald_port(*port);
}

static int proxy_watch(struct proxy *p, int fd, void *what)
{
    return fd < 0 ? -1 : os_events_add(p->events_fd, fd, what);
}

/* A signal that is ignored, as in a shell's background jobs, stays ignored. */
static int open_signals(struct proxy *p)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    struct sigaction old;
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaddset(&set, signals[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    p->signal_fd = os_signals_open(&set);
    return p->signal_fd;
}

static int open_loop(struct proxy *p)
{
    p->events_fd = os_events_open();
    p->poke_fd = os_wake_open();
    if (p->events_fd < 0 || open_signals(p) < 0 ||
        proxy_watch(p, p->signal_fd, &p->signal_fd) != 0 ||
        proxy_watch(p, p->poke_fd, &p->poke_fd) != 0) {
        complain("%s", strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

/* Whether TARGET has a listening socket of its own. */
static bool has_target_socket(const struct proxy_options *o)
{
    return !o->stdio && (o->has_target || o->has_port || o->unix_path[0] != '\0');
}

static void confine_us(struct proxy *p)
{
    char dir[RUNDIR_MAX];
    const struct transport *transport = p->options->target.transport;
    /* A command may need any file, and a core may be anywhere. */
    if ((transport != NULL && transport->needs_files) || p->options->target.save[0] != '\0')
        return;
    if (rundir(dir) != 0)
        dir[0] = '\0';
    tzset();
    if (!confine(dir, p->options->unix_path, p->options->target.symbols, p->options->target.modules,
                 p->options->capture.file))
        log_warn(&p->log, "the proxy is not confined to its files: Landlock: %s", strerror(errno));
}

/* From here on, log lines go through the queue, which has a thread. */
static bool queue_lines(struct proxy *p)
{
    p->lines = logqueue_new(log_to_stderr, NULL);
    p->printed = logqueue_new(say_out, p->out);
    if (p->lines == NULL || p->printed == NULL) {
        complain("%s", strerror(ENOMEM));
        return false;
    }
    p->log.sink = logqueue_sink;
    p->log.context = p->lines;
    return true;
}

/* A reader that has not read by now never will, and exit() would wait for it. */
static void drain_lines(struct proxy *p)
{
    bool all = logqueue_drain(p->lines, LINES_MS);
    if (!logqueue_drain(p->printed, LINES_MS) || !all)
        _exit(p->exit_code);
}

static void notify_proxy(void *context)
{
    proxy_poke(context);
}

static int start_listener(struct proxy *p, uint16_t port)
{
    p->watch = (struct listener_watch){.hosts = p->hosts,
                                       .nets = p->options->from.at,
                                       .nets_n = p->options->from.n,
                                       .notify = notify_proxy,
                                       .context = p};
    p->listener = listener_adopt(p->herald_fd, port, &p->watch, &p->log);
    if (p->listener != NULL)
        return EXIT_DONE;
    complain("%s", strerror(errno));
    return EXIT_FAILED;
}

static int open_proxy(struct proxy *p)
{
    const struct proxy_options *o = p->options;
    uint16_t port = 0;
    bool kernels = is_for_kernels(o);
    int rc = resolve_names(p);
    if (rc == EXIT_DONE && !proxy_check_address(p))
        rc = EXIT_FAILED;
    if (rc == EXIT_DONE)
        rc = open_loop(p);
    if (rc == EXIT_DONE && kernels)
        rc = open_herald(p, &port);
    if (rc == EXIT_DONE)
        rc = proxy_tls_open(p);
    if (rc == EXIT_DONE && has_target_socket(o))
        rc = proxy_open_target_socket(p);
    if (rc != EXIT_DONE)
        return rc;
    if (!o->stdio)
        p->control_fd = control_open(p);
    say_who(p);
    confine_us(p);
    if (!queue_lines(p) || !capture_options_open(&o->capture, &p->log))
        return EXIT_FAILED;
    if (has_target_socket(o))
        say_target_socket(p);
    if (!kernels) {
        p->stub_endpoint = endpoint_for_stub(p);
        return p->stub_endpoint != NULL ? EXIT_DONE : EXIT_FAILED;
    }
    say_herald(p);
    return start_listener(p, port);
}

/* ---- the loop ---- */

static void rest(void)
{
    const struct timespec time = {0, REST_NS};
    (void)nanosleep(&time, NULL);
}

/* Accepts the next connection; -1: none. At the descriptor limit it stays in the queue, and the
 * loop pauses, because the connection would wake it again at once. */
int proxy_accept(struct proxy *p, int listen_fd)
{
    int fd = sockets_tcp_accept(listen_fd);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
        log_refusal(p, strerror(errno));
        rest();
    }
    return fd;
}

bool proxy_admits(struct proxy *p, const struct listen_socket *socket, int fd)
{
    char more[LOG_MORE];
    const char *path = socket != NULL ? socket->address : NULL;
    if ((socket != NULL && socket->port != 0) || control_allows(fd, path))
        return true;
    if (log_limit_allows(&p->rejected, io_fds_now(), more))
        log_info(&p->log, "rejected a process of another user at %s%s",
                 path != NULL ? path : "the control socket", more);
    return false;
}

/* With --tls, no plain TCP connection is served. */
static void take_client(struct proxy *p, struct listen_socket *socket, int fd)
{
    char who[PROXY_WHO];
    client_name(p, fd, who);
    if (p->options->tls.on && socket->port != 0)
        fd = proxy_tls_wrap(p, fd);
    if (fd >= 0)
        client_start(p, socket, fd, fd, who);
}

static void accept_clients(struct proxy *p, struct listen_socket *socket)
{
    if (!proxy_tls_takes(p)) {
        /* The clients stay in the queue, and would wake the loop again at once. */
        rest();
        return;
    }
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = proxy_accept(p, socket->fd);
        if (fd < 0)
            return;
        if (proxy_admits(p, socket, fd))
            take_client(p, socket, fd);
        else
            close(fd);
    }
}

/* The first signal ends the proxy in order; a later one, after that moment, at once. */
static void take_signals(struct proxy *p)
{
    int number;
    while ((number = os_signals_take(p->signal_fd)) != 0) {
        if (number == SIGUSR1)
            say_profiles(p);
        else
            atomic_store(&p->ending, true);
    }
}

/* Another thread has added or removed sessions, or the proxy ends. */
static void take_poke(struct proxy *p)
{
    os_wake_clear(p->poke_fd);
    proxy_sync(p);
}

static void handle_event(struct proxy *p, void *what)
{
    if (what == &p->signal_fd)
        take_signals(p);
    else if (what == &p->control_fd)
        control_accept(p);
    else if (what == &p->tls_fd)
        proxy_tls_hear(p);
    else if (what != &p->poke_fd) /* before proxy_sync, which may free the socket */
        accept_clients(p, what);
}

/* Whether the deadline has passed. It is extended for an inherited session that has answered. */
static bool no_kernel_in_time(struct proxy *p, uint64_t *deadline)
{
    uint64_t now = io_fds_now();
    if (p->endpoints_ever != 0 || now < *deadline)
        return false;
    if (p->options->target.timeout == 0 || p->listener == NULL ||
        !listener_probe_acked(p->listener, &p->watch))
        return true;
    *deadline = now + IO_SECOND;
    return false;
}

static void proxy_loop(struct proxy *p)
{
    void *events[EVENTS];
    uint64_t timeout = p->options->target.timeout, deadline = IO_NEVER;
    if (timeout != IO_NEVER)
        deadline = io_fds_now() + timeout;
    while (!atomic_load(&p->ending)) {
        int wait = p->endpoints_ever == 0 ? io_fds_timeout(deadline) : -1;
        int n = os_events_take(p->events_fd, events, EVENTS, wait);
        bool poked = false;
        for (int i = 0; i < n; i++) {
            handle_event(p, events[i]);
            poked |= events[i] == &p->poke_fd;
        }
        if (poked)
            take_poke(p);
        if (no_kernel_in_time(p, &deadline)) {
            log_error(&p->log, "no kernel connected within %u s: is netgdb running at its db>?",
                      (unsigned)(timeout / IO_SECOND));
            p->exit_code = EXIT_NOBODY;
            break;
        }
    }
    atomic_store(&p->ending, true);
}

/*
 * A later signal ends the process at once. Signals at the same moment count as one: timeout(1)
 * sends its signal twice.
 */
static void *await_second_signal(void *context)
{
    const struct timespec moment = {1, 0};
    struct proxy *p = context;
    struct pollfd fd = {p->signal_fd, POLLIN, 0};
    (void)nanosleep(&moment, NULL);
    while (os_signals_take(p->signal_fd) != 0)
        continue;
    while (poll(&fd, 1, -1) < 0)
        continue;
    log_error(&p->log, "exiting now: kernels not yet detached remain stopped");
    p->exit_code = EXIT_FAILED;
    drain_lines(p);
    _exit(p->exit_code);
}

int proxy_main(int argc, char **argv)
{
    struct proxy_options options;
    int end = proxy_options_parse(argc, argv, &options);
    if (end >= 0)
        return end;
    static struct proxy p;
    p = (struct proxy){.options = &options,
                       .log = {options.log_level, NULL, log_to_stderr, NULL},
                       .out = options.stdio ? stderr : stdout,
                       .herald_fd = -1,
                       .events_fd = -1,
                       .signal_fd = -1,
                       .poke_fd = -1,
                       .control_fd = -1,
                       .tls_fd = -1,
                       .target_socket = {.fd = -1},
                       .target_observers = {.fd = -1},
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .said.left = PROXY_BURST};
    clock_condition(&p.changed);
    raise_limits();
    end = open_proxy(&p);
    if (end != EXIT_DONE) {
        listen_socket_close(&p.target_socket);
        listen_socket_close(&p.target_observers);
        return end;
    }
    if (options.stdio)
        client_start(&p, &p.target_socket, STDIN_FILENO, STDOUT_FILENO, "stdin");
    proxy_loop(&p);
    (void)thread_start(await_second_signal, &p);
    control_close(&p);
    proxy_close_sockets(&p);
    if (is_for_kernels(&options)) /* that of a stub was logged when its client left */
        say_profiles(&p);
    proxy_end(&p);
    drain_lines(&p);
    return p.exit_code;
}
