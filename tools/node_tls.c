/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb node --tls: serves the stub of a node to debuggers that connect by TLS; see node.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockets.h"
#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/serve.h"
#include "tools/node.h"

enum { CLIENTS_MAX = 32 }; /* that have not sent a request yet */

struct tls_node {
    struct node *node;
    int listener, control;    /* control: of the helper; -1: it has ended */
    int clients[CLIENTS_MAX]; /* plain streams, the oldest first */
    unsigned n;
    struct log_limit refused;
};

/* ---- clients ---- */

static void forget(struct tls_node *t, unsigned i)
{
    t->n--;
    memmove(t->clients + i, t->clients + i + 1, (t->n - i) * sizeof t->clients[0]);
}

static void drop_client(struct tls_node *t, unsigned i)
{
    close(t->clients[i]);
    forget(t, i);
}

static void accept_client(struct tls_node *t)
{
    int tcp = sockets_tcp_accept(t->listener);
    int plain = tcp >= 0 ? tls_wrap(t->control, tcp) : -1;
    if (plain < 0)
        return;
    if (t->n == CLIENTS_MAX)
        drop_client(t, 0);
    t->clients[t->n++] = plain;
}

/* Returns the oldest client that has sent data, which the caller then owns; -1: none. Drops clients
 * that have disconnected. */
static int next_client(struct tls_node *t)
{
    char byte;
    for (unsigned i = 0; i < t->n;) {
        int fd = t->clients[i];
        ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) {
            forget(t, i);
            return fd;
        }
        if (got == 0 || (errno != EAGAIN && errno != EINTR))
            drop_client(t, i);
        else
            i++;
    }
    return -1;
}

/* Waits for an event and handles it. False: the node must end. */
static bool watch_fd(struct tls_node *t)
{
    enum { WAKE, LISTENER, CONTROL, CLIENTS };
    struct pollfd fds[CLIENTS + CLIENTS_MAX] = {
        {t->node->io.wake_fd, POLLIN, 0}, {t->listener, POLLIN, 0}, {t->control, POLLIN, 0}};
    for (unsigned i = 0; i < t->n; i++)
        fds[CLIENTS + i] = (struct pollfd){t->clients[i], POLLIN, 0};
    (void)poll(fds, CLIENTS + t->n, -1);
    if (node_told_to_end(t->node) ||
        (fds[CONTROL].revents != 0 && !tls_options_hear(t->control, &t->refused, &t->node->log)))
        return false;
    if (fds[LISTENER].revents != 0)
        accept_client(t);
    return true;
}

/* ---- a session ---- */

/* Serves one client until it disconnects. Returns as node_judge does. After a disconnect without a
 * detach, the next client gets the stub. */
static int tls_session(struct tls_node *t, int client)
{
    struct node *n = t->node;
    const struct serve_options options = {.forward_kill = true,
                                          .keep = true,
                                          .park = n->options->stub_host[0] == '\0',
                                          .ended = node_told_to_end,
                                          .context = n};
    io_fds_set_stream(&n->io, IO_CLIENT, client, client);
    int end = node_take_stub(n);
    struct server *server = end == EXIT_DONE ? rsp_server_new(&n->io.io, &n->log) : NULL;
    if (end == EXIT_DONE && server == NULL) {
        complain("%s", netgdb_strerror(NETGDB_NOMEM));
        end = EXIT_FAILED;
    } else if (server != NULL) {
        node_say_attached(n);
        int rc = serve(server, n->target, &options, &n->log);
        node_say_gone(n, rc);
        end = rc == SERVE_PARKED && !node_told_to_end(n) ? -1 : node_judge(n, rc);
    }
    server_free(server);
    io_fds_set_stream(&n->io, IO_CLIENT, -1, -1);
    return end;
}

static int serve_clients(struct tls_node *t)
{
    int end = -1;
    while (end < 0) {
        int client = next_client(t);
        if (client >= 0)
            end = tls_session(t, client);
        else if (!watch_fd(t))
            end = node_told_to_end(t->node) ? EXIT_DONE : EXIT_FAILED;
    }
    while (t->n != 0)
        drop_client(t, 0);
    return end;
}

/* ---- the beginning ---- */

/* Listens and reports the address. Returns EXIT_DONE or another exit code. */
static int open_tls_listener(struct tls_node *t)
{
    const struct node_options *o = t->node->options;
    char text[SOCKETS_STREAM_TEXT];
    t->listener = listen_on(o->listen_host, o->listen_port, text);
    if (t->listener < 0)
        return EXIT_FAILED;
    tls_options_defer(t->listener);
    complain("node: (gdb) target remote netgdb:tls:%s", text);
    return EXIT_DONE;
}

int node_tls(struct node *n)
{
    struct tls_node t = {.node = n, .listener = -1, .control = tls_options_start(&n->options->tls)};
    int end = t.control >= 0 ? open_tls_listener(&t) : EXIT_FAILED;
    if (end == EXIT_DONE)
        end = serve_clients(&t);
    if (t.listener >= 0)
        close(t.listener);
    if (t.control >= 0)
        close(t.control);
    return end;
}
