/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb node --tls: the stub of a node for debuggers that come over TLS; see node.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockets.h"
#include "proto/err.h"
#include "proto/rsp_server.h"
#include "session/serve.h"
#include "tools/node.h"

enum { CLIENTS_MAX = 32 }; /* that have not asked anything yet */

struct desk {
    struct node *node;
    int listener, control;    /* control: of the helper; -1: it has ended */
    int clients[CLIENTS_MAX]; /* plain streams, the oldest first */
    unsigned n;
    struct log_limit refused;
};

/* ---- clients ---- */

static void forget(struct desk *d, unsigned i)
{
    d->n--;
    memmove(d->clients + i, d->clients + i + 1, (d->n - i) * sizeof d->clients[0]);
}

static void drop_client(struct desk *d, unsigned i)
{
    close(d->clients[i]);
    forget(d, i);
}

static void accept_client(struct desk *d)
{
    int tcp = sockets_tcp_accept(d->listener);
    int plain = tcp >= 0 ? tls_wrap(d->control, tcp) : -1;
    if (plain < 0)
        return;
    if (d->n == CLIENTS_MAX)
        drop_client(d, 0);
    d->clients[d->n++] = plain;
}

/* The oldest client that has sent something, which is the caller's; -1: none. Those that have gone
 * are forgotten. */
static int next_client(struct desk *d)
{
    char byte;
    for (unsigned i = 0; i < d->n;) {
        int fd = d->clients[i];
        ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) {
            forget(d, i);
            return fd;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            drop_client(d, i);
        else
            i++;
    }
    return -1;
}

/* Waits for something new, and takes it. False: the node is to end. */
static bool watch(struct desk *d)
{
    enum { WAKE, LISTENER, CONTROL, CLIENTS };
    struct pollfd fds[CLIENTS + CLIENTS_MAX] = {
        {d->node->io.wake_fd, POLLIN, 0}, {d->listener, POLLIN, 0}, {d->control, POLLIN, 0}};
    for (unsigned i = 0; i < d->n; i++)
        fds[CLIENTS + i] = (struct pollfd){d->clients[i], POLLIN, 0};
    (void)poll(fds, CLIENTS + d->n, -1);
    if (node_told_to_end(d->node) ||
        (fds[CONTROL].revents != 0 && !tls_options_hear(d->control, &d->refused, &d->node->log)))
        return false;
    if (fds[LISTENER].revents != 0)
        accept_client(d);
    return true;
}

/* ---- a session ---- */

/* Serves one until it leaves. Returns as node_judge: one that has gone without a detach leaves the
 * stub for the next. */
static int session(struct desk *d, int client)
{
    struct node *n = d->node;
    const struct serve_options options = {.forward_kill = true,
                                          .keep = true,
                                          .park = n->options->stub_host[0] == '\0',
                                          .ended = node_told_to_end,
                                          .context = n};
    io_fds_set_stream(&n->io, IO_CLIENT, client, client);
    int end = node_take_stub(n);
    struct server *server = end == EXIT_DONE ? rsp_server_new(&n->io.io, &n->log) : NULL;
    if (server != NULL) {
        log_info(&n->log, "a debugger has connected");
        int rc = serve(server, n->target, &options, &n->log);
        end = rc == SERVE_PARKED && !node_told_to_end(n) ? -1 : node_judge(n, rc);
    }
    server_free(server);
    io_fds_set_stream(&n->io, IO_CLIENT, -1, -1);
    return end;
}

static int serve_all(struct desk *d)
{
    int end = -1;
    while (end < 0) {
        int client = next_client(d);
        if (client >= 0)
            end = session(d, client);
        else if (!watch(d))
            end = node_told_to_end(d->node) ? EXIT_DONE : EXIT_FAILED;
    }
    while (d->n != 0)
        drop_client(d, 0);
    return end;
}

/* ---- the beginning ---- */

/* Listens and says so. Returns EXIT_DONE or another exit code. */
static int open_listener(struct desk *d)
{
    const struct node_options *o = d->node->options;
    struct sockaddr_in local;
    char text[SOCKETS_TEXT];
    int rc = sockets_resolve(getaddrinfo, o->listen_host, o->listen_port, &local);
    if (rc != 0) {
        complain("%s: %s", o->listen_host, gai_strerror(rc));
        return EXIT_FAILED;
    }
    d->listener = sockets_tcp_listen(&local);
    if (d->listener < 0 || !sockets_local(d->listener, &local)) {
        complain("%s: cannot listen there: %s", sockets_text(&local, text), strerror(errno));
        return EXIT_FAILED;
    }
    tls_options_defer(d->listener);
    complain("node: (gdb) target remote netgdb:tls:%s", sockets_text(&local, text));
    return EXIT_DONE;
}

int node_tls(struct node *n)
{
    struct desk d = {.node = n, .listener = -1, .control = tls_options_start(&n->options->tls)};
    int end = d.control >= 0 ? open_listener(&d) : EXIT_FAILED;
    if (end == EXIT_DONE)
        end = serve_all(&d);
    if (d.listener >= 0)
        close(d.listener);
    if (d.control >= 0)
        close(d.control);
    return end;
}
