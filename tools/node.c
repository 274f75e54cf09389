/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb node: offers a stub to a debugger's server as a panicked kernel does. node_options.c
 * parses its command line. */
#include "tools/node.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/os.h"
#include "io/port_owner.h"
#include "io/sockets.h"
#include "proto/err.h"
#include "proto/link/wire.h"
#include "proto/node/debugnet_client.h"
#include "proto/rsp/stream_target.h"
#include "session/serve.h"

enum {
    CONNECT_SECONDS = 5,  /* for the stub's TCP */
    RECONNECT_TRIES = 40, /* to a stub that was just left: it opens its port anew */
    RECONNECT_MS = 50,
};

static struct io_fds *to_wake; /* for the signal handler */

/*
 * The first signal ends the process in order, a later one at once. Signals within a second count as
 * one: timeout(1) sends its signal twice.
 */
static void on_node_signal(int number)
{
    static volatile sig_atomic_t first; /* in seconds */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (first != 0 && (sig_atomic_t)now.tv_sec - first > 1) {
        signal(number, SIG_DFL);
        raise(number);
    }
    if (first == 0)
        first = (sig_atomic_t)now.tv_sec;
    io_fds_wake(to_wake);
}

/* A signal that is ignored, as in a shell's background jobs, stays ignored. */
static void catch_node_signals(struct io_fds *io)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction old, action = {.sa_handler = on_node_signal, .sa_flags = SA_RESTART};
    to_wake = io;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

bool node_told_to_end(void *context)
{
    struct node *n = context;
    return io_wait(&n->io.io, 0, IO_ON_WAKE) != 0;
}

/* Returns the socket, or -1 with errno. A stub that was left may need a moment. */
static int connect_stub(struct node *n, const struct sockets_streams *stub)
{
    for (unsigned i = 0;; i++) {
        int fd = sockets_tcp(stub, CONNECT_SECONDS * IO_SECOND);
        if (fd >= 0 || errno != ECONNREFUSED || n->stubs == 0 || i == RECONNECT_TRIES)
            return fd;
        if (io_wait(&n->io.io, io_now(&n->io.io) + RECONNECT_MS * IO_MS, IO_ON_WAKE) != 0)
            return fd;
    }
}

/* Returns the descriptor of a new stub, or -1 after an error message. */
static int reach_stub(struct node *n)
{
    const struct node_options *o = n->options;
    char text[SOCKETS_STREAM_TEXT];
    if (o->command != NULL) {
        int fd = child_start(&n->child, o->command);
        if (fd < 0)
            complain("%s: %s", o->command[0], strerror(errno));
        return fd;
    }
    struct sockets_streams stub;
    int rc = sockets_resolve_streams(getaddrinfo, o->stub_host, o->stub_port, &stub);
    if (rc != 0) {
        complain("%s: %s", o->stub_host, sockets_resolve_text(rc));
        return -1;
    }
    int fd = connect_stub(n, &stub);
    if (fd < 0)
        complain("%s: cannot connect to the stub: %s", sockets_stream_text(&stub.at[0], text),
                 strerror(errno));
    return fd;
}

/* Releases the stub. A detached stub may exit by itself; any other is terminated, together with its
 * program, before its stream closes: gdbserver spins if the stream closes first. */
static void drop_stub(struct node *n, bool left)
{
    target_free(n->target);
    n->target = NULL;
    child_end(&n->child, left);
    io_fds_set_stream(&n->io, IO_TARGET, -1, -1);
}

/* Starts the built-in machine with its program. */
static int start_machine(struct node *n)
{
    const struct bpf_programs *p = &n->options->programs;
    const struct ebpf_target_options options = {.images = p->image,
                                                .count = p->count,
                                                .machine = p->machine,
                                                .arch = p->arch,
                                                .io = &n->io.io,
                                                .log = &n->log};
    int rc = ebpf_target_new(&n->target, &options);
    if (rc != 0)
        bpf_programs_no_machine(p, p->image[0]);
    return rc == 0 ? EXIT_DONE : EXIT_FAILED;
}

int node_take_stub(struct node *n)
{
    if (n->target != NULL)
        return EXIT_DONE;
    if (n->options->ebpf != NULL)
        return start_machine(n);
    int fd = reach_stub(n);
    if (fd < 0)
        return n->options->command != NULL ? EXIT_FAILED : EXIT_NOBODY;
    n->stubs++;
    io_fds_set_stream(&n->io, IO_TARGET, fd, fd);
    n->target = stream_target_new(&n->io.io, &n->log);
    if (n->target == NULL)
        complain("%s", netgdb_strerror(NETGDB_NOMEM));
    return n->target != NULL ? EXIT_DONE : EXIT_FAILED;
}

/* Waits for the stop to announce, or for a signal to end. Returns as node_take_stub
 * does. */
static int take_stop(struct node *n)
{
    const struct request stop_reason = request_of("?");
    bool final = false;
    buf_reset(&n->stop);
    int rc = target_send(n->target, &stop_reason);
    while (rc == 0 && !final)
        rc = target_recv(n->target, &n->stop, &final, IO_ON_WAKE);
    if (rc == 0 || rc == NETGDB_AGAIN)
        return EXIT_DONE;
    if (!node_told_to_end(n))
        complain("the stub does not say why it stopped: %s", netgdb_strerror(rc));
    return EXIT_FAILED;
}

/* Announces the stub's stop, with data limited by the path to the server. */
static struct server *new_server(struct node *n)
{
    struct debugnet_options options = n->options->debugnet;
    int fd = sockets_udp(NULL, &n->server);
    unsigned mtu = fd >= 0 ? os_path_mtu(fd) : 0;
    if (fd >= 0)
        close(fd);
    if (mtu > WIRE_OVERHEAD)
        options.data_max = mtu - WIRE_OVERHEAD;
    io_fds_set_peer(&n->io, IO_CLIENT, n->socket, &n->server);
    return debugnet_client_new(&n->io.io, &options, &n->log);
}

/* Sends the HERALD and the first stop. */
static int announce_stop(struct node *n, struct server *server)
{
    int rc = debugnet_client_open(server, n->stop.data, n->stop.len);
    char text[SOCKETS_TEXT];
    if (rc == NETGDB_LOST && n->options->again)
        log_info(&n->log, "%s does not answer: trying again", sockets_text(&n->server, text));
    else if (rc == NETGDB_LOST)
        complain("%s does not answer", sockets_text(&n->server, text));
    return rc;
}

/* No debugger came, and the node ends. Detaches from a stub that it did not start. */
static void leave_stub(struct node *n)
{
    const struct request detach = request_of("D");
    if (n->options->stub_host[0] != '\0' && target_leave(n->target, &detach, &n->stop) != 0)
        complain("the stub could not be detached");
}

/* A detached program runs to its end, as in `netgdb bpf debug`, unless a signal comes. */
static void finish_program(struct node *n)
{
    if (n->options->ebpf == NULL)
        return;
    while (ebpf_target_run_on(n->target, IO_ON_WAKE, bpf_print, NULL) == NETGDB_AGAIN &&
           !node_told_to_end(n))
        ;
}

void node_say_attached(const struct node *n)
{
    log_info(&n->log, "a debugger has attached");
}

void node_say_gone(const struct node *n, int end)
{
    if (end == SERVE_DETACHED)
        log_info(&n->log, "the debugger has detached, or the program has ended");
    else if (end == SERVE_PARKED)
        log_info(&n->log, "the debugger has gone without a detach: the target waits, stopped");
    else if (end == SERVE_RUNNING)
        log_info(&n->log, "the debugger has gone: the target runs");
}

int node_judge(struct node *n, int end)
{
    if (end == SERVE_DETACHED) {
        finish_program(n);
        drop_stub(n, true);
    }
    bool again = n->options->again && !node_told_to_end(n);
    if (end > 0)
        return again ? -1 : EXIT_DONE;
    if (end == NETGDB_LOST) {
        if (!again)
            complain("the server is no longer responding");
        return again ? -1 : EXIT_LOST;
    }
    return EXIT_FAILED; /* serve has logged the reason */
}

/* Serves one session, from HERALD to its end. Returns as node_judge does. */
static int node_session(struct node *n)
{
    const struct serve_options options = {.forward_kill = true,
                                          .park = n->options->stub_host[0] == '\0',
                                          .end_with_program = true,
                                          .ended = node_told_to_end,
                                          .context = n};
    struct server *server = new_server(n);
    if (server == NULL) {
        complain("%s", netgdb_strerror(NETGDB_NOMEM));
        return EXIT_FAILED;
    }
    int end, rc = announce_stop(n, server);
    if (rc == NETGDB_INTERRUPTED || (rc == NETGDB_LOST && !n->options->again)) {
        leave_stub(n);
        end = rc == NETGDB_LOST ? EXIT_NOBODY : EXIT_DONE;
    } else if (rc == NETGDB_LOST) {
        end = -1;
    } else if (rc != 0) {
        complain("%s", netgdb_strerror(rc));
        end = EXIT_FAILED;
    } else {
        node_say_attached(n);
        rc = serve(server, n->target, &options, &n->log);
        node_say_gone(n, rc);
        if (rc == SERVE_DETACHED)
            debugnet_client_finish(server);
        else if (rc < 0 && rc != NETGDB_LOST) /* the server is alive, and waits */
            debugnet_client_close(server);
        end = node_judge(n, rc);
    }
    server_free(server);
    return end;
}

/* Serves sessions until the node ends. */
static int node_loop(struct node *n)
{
    int end;
    do {
        end = node_take_stub(n);
        if (end == EXIT_DONE)
            end = take_stop(n);
        if (end == EXIT_DONE && node_told_to_end(n)) {
            /* A silent stub would not answer a detach either. */
            if (n->stop.len != 0)
                leave_stub(n);
            break;
        }
        if (end == EXIT_DONE)
            end = node_session(n);
        else if (node_told_to_end(n))
            end = EXIT_DONE;
    } while (end < 0);
    return end;
}

/* Resolves the addresses, binds the socket and reports it. Returns EXIT_DONE or another exit code.
 */
static int open_node(struct node *n)
{
    const struct node_options *o = n->options;
    struct sockets_address bind_to;
    struct sockaddr_in local;
    char from[SOCKETS_TEXT], to[SOCKETS_TEXT];
    int rc = sockets_resolve(getaddrinfo, o->server_host, o->server_port, &n->server);
    if (rc != 0) {
        complain("%s: %s", o->server_host, sockets_resolve_text(rc));
        return EXIT_FAILED;
    }
    rc = sockets_resolve_own(getaddrinfo, o->bind_host, o->bind_port, AF_INET, &bind_to);
    if (rc != 0) {
        complain("%s: %s", o->bind_host, gai_strerror(rc));
        return EXIT_FAILED;
    }
    local = bind_to.is.in;
    n->socket = sockets_udp(&local, NULL);
    if (n->socket < 0 || !sockets_local(n->socket, &local)) {
        char owner[PORT_OWNER_TEXT];
        int error = errno;
        complain("%s: cannot send from there: %s%s: see --bind", sockets_text(&local, from),
                 strerror(error), port_owner(error, false, ntohs(local.sin_port), owner));
        return EXIT_FAILED;
    }
    io_fds_set_peer(&n->io, IO_CLIENT, n->socket, &n->server);
    complain("node: sending from %s to %s", sockets_text(&local, from),
             sockets_text(&n->server, to));
    return EXIT_DONE;
}

/* Starts the capture, and the node or its server. */
static int start_node(struct node *n)
{
    if (!capture_options_open(&n->options->capture, &n->log))
        return EXIT_FAILED;
    return n->options->tls.on ? node_tls(n) : open_node(n);
}

int node_main(int argc, char **argv)
{
    struct node_options options;
    int end = node_options_parse(argc, argv, &options);
    if (end < 0 && options.ebpf != NULL && !bpf_programs_load(&options.programs, options.ebpf))
        end = EXIT_FAILED;
    if (end >= 0) {
        bpf_programs_free(&options.programs);
        return end;
    }
    struct node n = {
        .options = &options, .log = {options.log_level, "node", log_to_stderr, NULL}, .socket = -1};
    buf_init(&n.stop, TARGET_REPLY_MAX);
    if (io_fds_init(&n.io) != 0) {
        complain("%s", strerror(errno));
        return EXIT_FAILED;
    }
    io_fds_batch_sends(&n.io);
    /* Makes polls as exact as a kernel's. */
    if (options.debugnet.poll != 0)
        os_exact_timers();
    catch_node_signals(&n.io);
    end = start_node(&n);
    if (end == EXIT_DONE && !options.tls.on)
        end = node_loop(&n);
    drop_stub(&n, false);
    buf_free(&n.stop);
    io_fds_close(&n.io);
    bpf_programs_free(&options.programs);
    return end;
}
