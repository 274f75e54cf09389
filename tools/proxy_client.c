/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread of a client: attaches it to a kernel, or refuses it; see proxy.h. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/os.h"
#include "io/sockets.h"
#include "io/thread.h"
#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/control.h"
#include "tools/proxy.h"

enum { CLOSE_GRACE_MS = 500 }; /* for the thread of a client to notice that it has hung up */

/* Detects a client whose cable was cut, after 30 + 4 * 10 s. */
static const struct {
    int level, name, value;
} client_socket[] = {
    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, 30},
    {IPPROTO_TCP, TCP_KEEPINTVL, 10},
    {IPPROTO_TCP, TCP_KEEPCNT, 4},
};

/* In this order: proxy_end sets the flag before it wakes. */
bool client_should_continue(struct client *c)
{
    io_fds_clear_wake(&c->io);
    return !atomic_load(&c->proxy->ending);
}

void client_wake(void *context)
{
    io_fds_wake(&((struct client *)context)->io);
}

/* ---- endpoints ---- */

/* True if the debugger has closed its end, even if the thread of its client has not noticed. */
static bool has_hung_up(const struct client *c)
{
    struct pollfd p = {c->fd, POLLRDHUP, 0};
    return poll(&p, 1, 0) != 0;
}

/*
 * Waits for an attached client that will detach: a stand-in, or one that has hung up, whose thread
 * may not have noticed. Returns 0 or ETIMEDOUT.
 */
static int await_detach(struct client *c, const struct client *other, const struct timespec *grace)
{
    const struct timespec patience = clock_after(PROXY_GRACE);
    if (other->stand_in)
        observe_yield(other->endpoint);
    return pthread_cond_timedwait(&c->proxy->changed, &c->proxy->lock,
                                  other->stand_in ? &patience : grace);
}

/* Attaches the client, under the lock. Returns NULL, or the client that is attached already. */
static const struct client *attach_client(struct client *c, struct endpoint *e)
{
    const struct timespec grace = clock_after(CLOSE_GRACE_MS * IO_MS);
    int rc = 0;
    c->waits = true;
    while (e->client != NULL && rc == 0 && (e->client->stand_in || has_hung_up(e->client)))
        rc = await_detach(c, e->client, &grace);
    c->waits = false;
    if (e->client != NULL)
        return e->client;
    e->client = c;
    c->endpoint = e;
    return NULL;
}

void client_detach(struct client *c, bool ended)
{
    struct endpoint *e = c->endpoint;
    e->client = NULL;
    e->ended |= ended;
    c->endpoint = NULL;
    if (ended)
        observed_close(&e->observed);
    else
        observe_stand_in(c->proxy, e);
    c->session = NULL;
    pthread_cond_broadcast(&c->proxy->changed);
    proxy_poke(c->proxy);
}

void client_end_pending(struct client *c)
{
    if (c->via != NULL)
        c->via->pending--;
    c->via = NULL;
}

/* ---- refusals ---- */

/* Receives the next request. Returns 0, or the error that ends the client. */
static int receive_request(struct client *c, struct server *server, struct buf *request)
{
    int rc = NETGDB_AGAIN;
    while (rc == NETGDB_AGAIN && client_should_continue(c))
        rc = server_next(server, request, IO_ON_WAKE);
    return rc;
}

static void log_refused_client(struct client *c, const char *why)
{
    struct proxy *p = c->proxy;
    char more[LOG_MORE];
    pthread_mutex_lock(&p->lock);
    bool passes = log_limit_allows(&p->refused, io_fds_now(), more);
    pthread_mutex_unlock(&p->lock);
    if (passes)
        log_info(&c->log, "refused %s: %s%s", c->who, why, more);
}

/* Waits until the client has closed the connection, up to `patience` ns. */
static void await_close(struct client *c, struct server *server, uint64_t patience)
{
    const uint64_t deadline = io_fds_now() + patience;
    int rc = 0;
    while ((rc == 0 || rc == NETGDB_INTERRUPTED) && client_should_continue(c) &&
           io_fds_now() < deadline) {
        (void)io_wait(&c->io.io, deadline, IO_ON_CLIENT | IO_ON_WAKE);
        rc = server_poll(server);
    }
}

/* Debuggers show the reply to their first request, and then close the connection. */
void client_refuse(struct client *c, struct server *server, const char *why)
{
    char text[LOG_LINE_MAX];
    struct buf request;
    int n = snprintf(text, sizeof text, "E.netgdb: %s", why);
    log_refused_client(c, why);
    if (c->asks) {
        control_refuse(c->fd, why);
        return;
    }
    buf_init(&request, TARGET_REPLY_MAX);
    if (receive_request(c, server, &request) == 0) {
        (void)server_reply(server, (const uint8_t *)text, (size_t)n, true);
        (void)shutdown(c->fd, SHUT_WR);
        await_close(c, server, PROXY_GRACE);
    }
    buf_free(&request);
}

/* A client that asks by name can ask to look at the kernel meanwhile. */
static void refuse_taken(struct client *c, struct server *server, const char *name, const char *by)
{
    char why[LOG_LINE_MAX / 2];
    (void)snprintf(why, sizeof why, "%s is taken by %s%s", name, by,
                   c->asks ? ": add ,observe to the name to look at it" : "");
    client_refuse(c, server, why);
}

/* ---- a kernel ---- */

void client_give_up(struct client *c, struct server *server)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    listener_return(p->listener, c->session);
    c->session = NULL;
    c->log.name = NULL; /* the endpoint's */
    if (c->endpoint != NULL)
        client_detach(c, false);
    pthread_mutex_unlock(&p->lock);
    client_refuse(c, server, netgdb_strerror(NETGDB_NOMEM));
}

/* Takes the kernel of the endpoint; false: another client has it, or it is gone. */
static bool take_from_endpoint(struct client *c, struct server *server, struct endpoint *e)
{
    struct proxy *p = c->proxy;
    char by[PROXY_WHO] = "";
    pthread_mutex_lock(&p->lock);
    const struct client *other = attach_client(c, e);
    if (other != NULL)
        memcpy(by, other->who, sizeof by);
    else if ((c->session = listener_take_session(p->listener, &e->own)) == NULL)
        client_detach(c, false);
    else
        client_end_pending(c);
    pthread_mutex_unlock(&p->lock);
    if (other != NULL)
        refuse_taken(c, server, e->name, by);
    else if (c->session == NULL)
        client_refuse(c, server, "this kernel is no longer here");
    return c->session != NULL;
}

/* Copies the name of the client that has the kernel of a host of the watch to `by`; "" if there is
 * none. A stand-in returns the kernel. */
static void find_owner(struct client *c, const struct listener_watch *watch, char by[PROXY_WHO])
{
    struct proxy *p = c->proxy;
    struct endpoint *s;
    by[0] = '\0';
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (s, &p->endpoints[i], entries) {
            for (unsigned k = 0; k < watch->hosts.n; k++) {
                if (s->kernel.ip != watch->hosts.ip[k] || s->client == NULL ||
                    has_hung_up(s->client))
                    continue;
                if (s->client->stand_in)
                    observe_yield(s);
                else
                    memcpy(by, s->client->who, PROXY_WHO);
            }
        }
    }
    pthread_mutex_unlock(&p->lock);
}

/* Takes a waiting kernel and attaches the client to its endpoint, if memory allows. */
static void take_waiting(struct client *c, const struct listener_watch *watch)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    c->session = listener_take(p->listener, watch);
    c->endpoint = c->session != NULL ? endpoint_for(p, c->session) : NULL;
    /* The endpoint has no other client: the kernel was not taken. */
    if (c->endpoint != NULL)
        c->endpoint->client = c;
    pthread_mutex_unlock(&p->lock);
}

/* Whether the client waits for a kernel, which the stand-ins of observers respect. */
static void set_waits(struct client *c, bool waits)
{
    pthread_mutex_lock(&c->proxy->lock);
    c->waits = waits;
    if (!waits)
        observe_wake(c->proxy);
    pthread_mutex_unlock(&c->proxy->lock);
}

/* Waits for a kernel of the wanted hosts, and keeps the client waiting. */
static bool await_kernel(struct client *c, struct server *server)
{
    struct proxy *p = c->proxy;
    struct listener_watch watch = c->wants;
    char by[PROXY_WHO] = "";
    int rc = 0;
    watch.notify = client_wake;
    watch.context = c;
    if (listener_watch(p->listener, &watch) != 0) {
        client_refuse(c, server, "too many hosts");
        return false;
    }
    io_keepalive(&c->io.io, !c->asks);
    set_waits(c, true);
    while (rc == 0 && client_should_continue(c)) {
        take_waiting(c, &watch);
        if (c->session == NULL)
            find_owner(c, &watch, by);
        if (c->session != NULL || by[0] != '\0')
            break;
        (void)io_wait(&c->io.io, IO_NEVER, IO_ON_CLIENT | IO_ON_WAKE);
        rc = server_poll(server);
        rc = rc == NETGDB_INTERRUPTED ? 0 : rc;
    }
    set_waits(c, false);
    listener_unwatch(p->listener, &watch);
    if (by[0] != '\0')
        refuse_taken(c, server, c->asks ? "the kernel" : p->options->target.host, by);
    else if (c->session != NULL && c->endpoint == NULL)
        client_give_up(c, server);
    return c->session != NULL;
}

/* ---- a stub on a stream ---- */

static void take_stub(struct client *c, struct server *server, struct endpoint *e)
{
    struct proxy *p = c->proxy;
    char by[PROXY_WHO] = "";
    pthread_mutex_lock(&p->lock);
    const struct client *other = attach_client(c, e);
    if (other != NULL)
        memcpy(by, other->who, sizeof by);
    pthread_mutex_unlock(&p->lock);
    if (other != NULL) {
        refuse_taken(c, server, e->name, by);
        return;
    }
    client_debug_stub(c, server);
    pthread_mutex_lock(&p->lock);
    observed_close(&e->observed);
    client_detach(c, false);
    observe_wake(p); /* those that wait for this debugger's connection to the stub */
    pthread_mutex_unlock(&p->lock);
}

/* ---- the thread ---- */

/* Waits for the first request, because a silent client gets no kernel. False: it has disconnected.
 */
static bool await_request(struct client *c, struct server *server)
{
    const uint64_t deadline = io_fds_now() + PROXY_GRACE;
    int rc = 0;
    if (c->asked || c->proxy->options->stdio)
        return true;
    while ((rc == 0 || rc == NETGDB_INTERRUPTED) && !rsp_server_has_request(server)) {
        if (!client_should_continue(c) || io_fds_now() >= deadline)
            return false;
        (void)io_wait(&c->io.io, deadline, IO_ON_CLIENT | IO_ON_WAKE);
        rc = server_poll(server);
    }
    if (rc == NETGDB_NOMEM)
        log_refusal(c->proxy, netgdb_strerror(rc));
    pthread_mutex_lock(&c->proxy->lock);
    c->silent = false;
    pthread_mutex_unlock(&c->proxy->lock);
    return rsp_server_has_request(server);
}

static void serve_debugger(struct client *c, struct server *server)
{
    if (!await_request(c, server))
        return;
    if (c->observes)
        client_observe(c, server);
    else if (c->proxy->listener == NULL)
        take_stub(c, server, c->proxy->stub_endpoint);
    else if (c->via != NULL ? take_from_endpoint(c, server, c->via) : await_kernel(c, server))
        client_debug_kernel(c, server);
    (void)shutdown(c->fd, SHUT_WR);
    /* A debugger acknowledges the reply to its detach. */
    await_close(c, server, PROXY_CLOSE_GRACE);
}

void client_free(struct client *c)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    io_fds_close(&c->io);
    client_end_pending(c);
    LIST_REMOVE(c, entries);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    free(c);
}

/* With --stdio the proxy ends with its only client. */
static void end_client(struct client *c)
{
    struct proxy *p = c->proxy;
    if (p->options->stdio)
        atomic_store(&p->ending, true);
    client_free(c);
    proxy_poke(p);
}

void client_serve(struct client *c)
{
    struct server *server = rsp_server_new(&c->io.io, &c->log);
    if (server != NULL)
        serve_debugger(c, server);
    else
        log_refusal(c->proxy, netgdb_strerror(NETGDB_NOMEM));
    server_free(server);
    end_client(c);
}

static void *client_main(void *argument)
{
    client_serve(argument);
    return NULL;
}

void client_name(const struct proxy *p, int fd, char who[PROXY_WHO])
{
    struct sockets_address name = {.len = sizeof name.is};
    struct os_peer process = {.pid = 0};
    char text[SOCKETS_STREAM_TEXT];
    if (p->options->stdio || getpeername(fd, &name.is.any, &name.len) != 0) {
        (void)snprintf(who, PROXY_WHO, "stdin");
    } else if (name.is.any.sa_family != AF_UNIX) {
        (void)snprintf(who, PROXY_WHO, "%s", sockets_stream_text(&name, text));
    } else {
        (void)os_peer(fd, &process);
        (void)snprintf(who, PROXY_WHO, "process %ld", (long)process.pid);
    }
}

struct client *client_make(struct proxy *p, int in, int out, const char *who)
{
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL || io_fds_init(&c->io) != 0) {
        free(c);
        return NULL;
    }
    c->proxy = p;
    c->fd = in;
    c->log = p->log;
    /* A copy: p->watch itself is in the listener's list. */
    c->wants.hosts = p->hosts;
    c->wants.nets = p->options->from.at;
    c->wants.nets_n = p->options->from.n;
    io_fds_batch_sends(&c->io);
    io_fds_set_stream(&c->io, IO_CLIENT, in, out);
    (void)snprintf(c->who, sizeof c->who, "%s", who);
    LIST_INSERT_HEAD(&p->clients, c, entries);
    return c;
}

struct client *client_new(struct proxy *p, int in, int out, const char *who)
{
    pthread_mutex_lock(&p->lock);
    struct client *c = client_make(p, in, out, who);
    int error = errno;
    pthread_mutex_unlock(&p->lock);
    if (c == NULL)
        log_refusal(p, strerror(error));
    return c;
}

/* True if two clients are on the same host, or are the same process on a unix socket. */
static bool is_same_host(const struct client *a, const struct client *b)
{
    const char *port = strrchr(a->who, ':'); /* also after an IPv6 address */
    size_t n = port != NULL ? (size_t)(port - a->who) + 1 : strlen(a->who) + 1;
    return strncmp(a->who, b->who, n) == 0;
}

/* Returns the number of silent clients on its host. */
static unsigned silent_of_host(const struct proxy *p, const struct client *c)
{
    const struct client *other;
    unsigned n = 0;
    LIST_FOREACH (other, &p->clients, entries)
        n += other->silent && is_same_host(c, other);
    return n;
}

/* Above the limit of silent clients, closes the oldest one of the host that has most of them. */
static void limit_silent(struct proxy *p)
{
    struct client *c, *chosen = NULL;
    unsigned n = 0, most = 0;
    LIST_FOREACH (c, &p->clients, entries)
        n += c->silent;
    if (n <= PROXY_SILENT_MAX)
        return;
    LIST_FOREACH (c, &p->clients, entries) { /* the youngest is the first */
        unsigned beside = c->silent ? silent_of_host(p, c) : 0;
        if (beside >= most && c->silent) {
            most = beside;
            chosen = c;
        }
    }
    if (chosen == NULL)
        return;
    chosen->silent = false;
    (void)shutdown(chosen->fd, SHUT_RDWR);
}

/* With --stdio there will be no other client. */
static void fail_stdio(struct proxy *p)
{
    if (!p->options->stdio)
        return;
    p->exit_code = EXIT_FAILED;
    atomic_store(&p->ending, true);
}

void client_start(struct proxy *p, struct listen_socket *socket, int in, int out, const char *who)
{
    struct client *c = client_new(p, in, out, who);
    if (c == NULL) {
        close(in);
        fail_stdio(p);
        return;
    }
    for (unsigned i = 0; i < sizeof client_socket / sizeof client_socket[0]; i++)
        (void)setsockopt(in, client_socket[i].level, client_socket[i].name, &client_socket[i].value,
                         sizeof client_socket[i].value);
    pthread_mutex_lock(&p->lock);
    c->silent = !p->options->stdio;
    limit_silent(p);
    c->observes = socket->observes;
    c->via = socket->endpoint;
    if (c->via != NULL)
        c->via->pending++;
    pthread_mutex_unlock(&p->lock);
    if (thread_start(client_main, c) != 0) {
        log_refusal(p, "no thread");
        fail_stdio(p);
        end_client(c);
    }
}
