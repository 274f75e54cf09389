/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread of a debugger: from the door to a kernel, and what becomes of that; see proxy.h. */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockets.h"
#include "io/thread.h"
#include "proto/err.h"
#include "proto/rsp_server.h"
#include "session/chain.h"
#include "session/lldb.h"
#include "session/monitor.h"
#include "session/serve.h"
#include "tools/child.h"
#include "tools/proxy.h"

enum {
    CONNECT_SECONDS = 5,  /* to a stub over TCP */
    PREDECESSOR_MS = 500, /* a client that has gone is noticed by its thread within this */
};

/* A client whose cable was cut is noticed after 30 + 4 * 10 s. */
static const struct {
    int level, name, value;
} client_socket[] = {
    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_KEEPIDLE, 30},
    {IPPROTO_TCP, TCP_KEEPINTVL, 10},
    {IPPROTO_TCP, TCP_KEEPCNT, 4},
};

static bool is_ending(const struct client *c)
{
    return atomic_load(&c->proxy->ending);
}

static bool told_to_end(void *context)
{
    return is_ending(context);
}

void client_wake(void *context)
{
    io_fds_wake(&((struct client *)context)->io);
}

/* ---- the seat ---- */

/* Whether the debugger has closed its end, noticed by its thread or not. */
static bool has_hung_up(const struct client *c)
{
    struct pollfd p = {c->fd, POLLRDHUP, 0};
    return poll(&p, 1, 0) != 0;
}

/*
 * Takes the seat, under the lock. NULL on success, else who has it. A client that has gone gets a
 * moment to leave: the next one may come before its thread has seen it.
 */
static const struct client *sit(struct client *c, struct seat *s)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PREDECESSOR_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (s->client != NULL && rc == 0 && has_hung_up(s->client))
        rc = pthread_cond_timedwait(&c->proxy->changed, &c->proxy->lock, &until);
    if (s->client != NULL)
        return s->client;
    s->client = c;
    c->seat = s;
    return NULL;
}

void client_stand_up(struct client *c, bool gone)
{
    c->seat->client = NULL;
    c->seat->gone |= gone;
    c->seat = NULL;
    pthread_cond_broadcast(&c->proxy->changed);
    proxy_poke(c->proxy);
}

static void end_visit(struct client *c)
{
    if (c->visits != NULL)
        c->visits->visitors--;
    c->visits = NULL;
}

/* ---- those who cannot be served ---- */

/* Says why in the reply to the first request, which debuggers show, and waits until they close. */
static void refuse(struct client *c, struct server *server, const char *why)
{
    char text[LOG_LINE_MAX];
    struct buf request;
    int n = snprintf(text, sizeof text, "E.netgdb: %s", why);
    log_info(&c->log, "%s was told: %s", c->who, why);
    buf_init(&request, TARGET_REPLY_MAX);
    if (server_next(server, &request, IO_ON_WAKE) == 0) {
        (void)server_reply(server, (const uint8_t *)text, (size_t)n, true);
        (void)shutdown(c->fd, SHUT_WR);
        while (server_next(server, &request, IO_ON_WAKE) == 0)
            continue;
    }
    buf_free(&request);
}

static void refuse_taken(struct client *c, struct server *server, const char *name, const char *by)
{
    char why[LOG_LINE_MAX / 2];
    (void)snprintf(why, sizeof why, "%s is taken by %s", name, by);
    refuse(c, server, why);
}

/* ---- a kernel ---- */

/* Takes the kernel behind the door; false when somebody has it, or it went meanwhile. */
static bool take_from_seat(struct client *c, struct server *server, struct seat *s,
                           struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    char by[PROXY_WHO] = "";
    bool taken = false;
    pthread_mutex_lock(&p->lock);
    const struct client *other = sit(c, s);
    if (other != NULL)
        memcpy(by, other->who, sizeof by);
    else if (!(taken = listener_take_session(p->listener, &s->own, k)))
        client_stand_up(c, false);
    pthread_mutex_unlock(&p->lock);
    if (other != NULL)
        refuse_taken(c, server, s->name, by);
    else if (!taken)
        refuse(c, server, "this kernel has gone");
    return taken;
}

void client_find_holder(struct client *c, const struct listener_watch *watch, char by[PROXY_WHO])
{
    struct proxy *p = c->proxy;
    struct seat *s;
    by[0] = '\0';
    pthread_mutex_lock(&p->lock);
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (s, &p->seats[i], entries) {
            for (unsigned k = 0; k < watch->n; k++) {
                if (s->kernel.ip == watch->ips[k] && s->client != NULL && !has_hung_up(s->client))
                    memcpy(by, s->client->who, PROXY_WHO);
            }
        }
    }
    pthread_mutex_unlock(&p->lock);
}

bool client_take(struct client *c, const struct listener_watch *watch, struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    bool taken = listener_take(p->listener, watch, k);
    struct seat *s = taken ? proxy_seat(p, &k->own, &k->kernel, k->stop) : NULL;
    if (s != NULL) {
        s->client = c; /* nobody else can: the kernel was not taken */
        c->seat = s;
    }
    pthread_mutex_unlock(&p->lock);
    return taken && s != NULL;
}

/* Waits for a kernel of TARGET; the client is kept waiting. */
static bool take_at_front(struct client *c, struct server *server, struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    struct listener_watch watch = p->watch;
    char by[PROXY_WHO] = "";
    bool taken = false;
    int rc = 0;
    watch.notify = client_wake;
    watch.context = c;
    if (listener_watch(p->listener, &watch) != 0)
        return false;
    io_keepalive(&c->io.io, true);
    while (rc == 0 && !is_ending(c)) {
        io_fds_clear_wake(&c->io);
        taken = client_take(c, &watch, k);
        if (!taken)
            client_find_holder(c, &watch, by);
        if (taken || by[0] != '\0')
            break;
        (void)io_wait(&c->io.io, IO_NEVER, IO_ON_CLIENT | IO_ON_WAKE);
        rc = server_poll(server);
        rc = rc == NETGDB_INTERRUPTED ? 0 : rc;
    }
    listener_unwatch(p->listener, &watch);
    if (by[0] != '\0')
        refuse_taken(c, server, p->options->target.host, by);
    return taken;
}

static bool successor_waits(void *context)
{
    struct client *c = context;
    if (!is_ending(c))
        io_fds_clear_wake(&c->io);
    return listener_waits(c->proxy->listener, &c->watch);
}

/* The kernel that was let run has stopped in a new session: the seat is that one's now. */
static struct link *successor_take(void *context)
{
    struct client *c = context;
    struct proxy *p = c->proxy;
    struct listener_kernel k;
    pthread_mutex_lock(&p->lock);
    bool taken = listener_take(p->listener, &c->watch, &k);
    if (taken)
        proxy_move_seat(p, c->seat, &k);
    pthread_mutex_unlock(&p->lock);
    if (!taken)
        return NULL;
    record_remove(c->record);
    c->record = k.record;
    c->own = k.own;
    k.link->io = &c->io.io;
    io_fds_set_datagrams(&c->io, IO_TARGET, k.fd);
    proxy_poke(p);
    return k.link;
}

/* A target that was left while it ran: the client waits until it has stopped. */
static int await_stop(struct client *c, struct server *server, struct target *netgdb)
{
    struct buf reply;
    bool final = false;
    int rc = 0;
    if (!netgdb_target_runs(netgdb))
        return 0;
    log_info(&c->log, "%s waits until it stops", c->who);
    buf_init(&reply, TARGET_REPLY_MAX);
    io_keepalive(&c->io.io, true);
    while (rc == 0 && !final) {
        rc = server_poll(server);
        if (rc == NETGDB_INTERRUPTED)
            rc = target_interrupt(netgdb);
        if (rc == NETGDB_UNSUPPORTED)
            rc = 0;
        if (rc == 0 && is_ending(c))
            rc = NETGDB_CLOSED;
        if (rc == 0)
            rc = target_recv(netgdb, &reply, &final, IO_ON_CLIENT | IO_ON_WAKE);
        if (rc == NETGDB_AGAIN || rc == NETGDB_REPLACED)
            rc = 0;
    }
    buf_free(&reply);
    return rc == NETGDB_CLOSED ? SERVE_RUNNING : rc;
}

static struct chain_config config_of(const struct client *c)
{
    return (struct chain_config){.options = &c->proxy->options->target, .log = &c->log};
}

/* Serves the chain until the client leaves. `netgdb` is its bottom when that has a link. */
static int serve_chain(struct client *c, struct server *server, struct chain *chain,
                       const struct target *netgdb)
{
    const struct serve_options options = {.forward_kill = c->proxy->options->target.kill_forward,
                                          .park = true,
                                          .ended = told_to_end,
                                          .context = c};
    struct seat *s = c->seat;
    struct target *front = lldb_new(chain->target);
    if (front == NULL)
        return NETGDB_NOMEM;
    chain->target = front;
    front = monitor_new(front, netgdb, chain->cache, &c->io.io, &s->profile, s->name, &c->log);
    if (front == NULL)
        return NETGDB_NOMEM;
    chain->target = front;
    return serve(server, front, &options, &c->log);
}

/* From the kernel to its end or the client's. */
static int serve_kernel(struct client *c, struct server *server, struct target *netgdb)
{
    const struct chain_config config = config_of(c);
    struct chain chain;
    int rc = await_stop(c, server, netgdb);
    if (rc != 0)
        return rc;
    rc = chain_renew(&chain, netgdb, &config);
    if (rc == 0) {
        rc = serve_chain(c, server, &chain, netgdb);
        (void)chain_strip(&chain);
    } else {
        log_error(&c->log, "the session could not begin: %s", netgdb_strerror(rc));
    }
    return rc;
}

/* What becomes of a kernel whose client has gone. */
static void part(struct client *c, struct listener_kernel *k, int end)
{
    struct proxy *p = c->proxy;
    bool keep = end == SERVE_PARKED || end == SERVE_RUNNING;
    profile_note_link(&c->seat->profile, k->target);
    k->own = c->own;
    k->record = c->record;
    k->fd = io_fds_take(&c->io, IO_TARGET);
    pthread_mutex_lock(&p->lock);
    say_client(p, c->seat, c,
               end == SERVE_PARKED    ? "parked"
               : end == SERVE_RUNNING ? "left"
               : end > 0              ? "detached"
               : end == NETGDB_CLOSED ? "replaced"
                                      : "lost");
    if (end == NETGDB_LOST && p->options->stdio)
        p->exit_code = EXIT_LOST;
    if (keep)
        listener_give(p->listener, k);
    else
        say_profile(p, c->seat);
    client_stand_up(c, !keep);
    pthread_mutex_unlock(&p->lock);
    if (keep)
        return;
    target_free(k->target);
    close(k->fd);
    if (end == NETGDB_LOST)
        record_close(k->record);
    else
        record_remove(k->record);
}

/* There is no memory to serve it; its record stays, for the next server. */
static void give_up(struct client *c, struct listener_kernel *k)
{
    log_error(&c->log, "%s", netgdb_strerror(NETGDB_NOMEM));
    link_free(k->link);
    free(k->link);
    close(k->fd);
    record_close(k->record);
    pthread_mutex_lock(&c->proxy->lock);
    client_stand_up(c, true);
    pthread_mutex_unlock(&c->proxy->lock);
}

/* Puts the kernel behind the client's io. False: it was given up. */
static bool adopt(struct client *c, struct listener_kernel *k,
                  const struct netgdb_successor *successor)
{
    c->record = k->record;
    c->own = k->own;
    k->link->io = &c->io.io;
    if (k->target == NULL)
        k->target = netgdb_target_new(k->link, &c->log, successor);
    if (k->target == NULL) {
        give_up(c, k);
        return false;
    }
    io_fds_set_datagrams(&c->io, IO_TARGET, k->fd);
    netgdb_target_move(k->target, &c->io.io, &c->log, successor);
    return true;
}

static void debug_kernel(struct client *c, struct server *server, struct listener_kernel *k)
{
    struct proxy *p = c->proxy;
    const struct netgdb_successor successor = {successor_waits, successor_take, c};
    pthread_mutex_lock(&p->lock);
    end_visit(c);
    pthread_mutex_unlock(&p->lock);
    c->log.name = c->seat->name;
    if (!adopt(c, k, &successor))
        return;
    c->watch =
        (struct listener_watch){.ips = {k->kernel.ip}, .n = 1, .notify = client_wake, .context = c};
    bool watching = listener_watch(p->listener, &c->watch) == 0;
    pthread_mutex_lock(&p->lock);
    say_client(p, c->seat, c, "attached");
    pthread_mutex_unlock(&p->lock);
    int end = serve_kernel(c, server, k->target);
    if (watching)
        listener_unwatch(p->listener, &c->watch);
    c->log.name = NULL;
    part(c, k, end);
}

/* ---- a stub on a stream ---- */

static int reach_stub(struct client *c, struct child *child)
{
    const struct options *o = &c->proxy->options->target;
    char *command[] = {(char *)"sh", (char *)"-c", (char *)o->path, NULL};
    switch (o->kind) {
    case OPTIONS_UNIX:
        return sockets_unix(o->path);
    case OPTIONS_STDIO:
        return child_start(child, command);
    default:
        return sockets_tcp(&c->proxy->stub, CONNECT_SECONDS * IO_SECOND);
    }
}

static void debug_stub(struct client *c, struct server *server)
{
    struct proxy *p = c->proxy;
    struct child child = {0};
    const struct chain_config config = config_of(c);
    struct chain chain;
    int fd = reach_stub(c, &child), end = NETGDB_IO;
    if (fd < 0) {
        if (p->options->stdio)
            p->exit_code = EXIT_NOBODY;
        refuse(c, server, "no stub answers there");
        return;
    }
    io_fds_set_stream(&c->io, IO_TARGET, fd, fd);
    pthread_mutex_lock(&p->lock);
    say_client(p, c->seat, c, "attached");
    pthread_mutex_unlock(&p->lock);
    if (chain_for_stream(&chain, &c->io.io, &config) == 0) {
        end = serve_chain(c, server, &chain, NULL);
        chain_close(&chain);
    }
    io_fds_set_stream(&c->io, IO_TARGET, -1, -1);
    child_end(&child, end == SERVE_DETACHED);
    pthread_mutex_lock(&p->lock);
    say_client(p, c->seat, c, end == SERVE_DETACHED ? "detached" : "left");
    say_profile(p, c->seat);
    pthread_mutex_unlock(&p->lock);
}

static void take_stub(struct client *c, struct server *server, struct seat *s)
{
    struct proxy *p = c->proxy;
    char by[PROXY_WHO] = "";
    pthread_mutex_lock(&p->lock);
    const struct client *other = sit(c, s);
    if (other != NULL)
        memcpy(by, other->who, sizeof by);
    pthread_mutex_unlock(&p->lock);
    if (other != NULL) {
        refuse_taken(c, server, s->name, by);
        return;
    }
    debug_stub(c, server);
    pthread_mutex_lock(&p->lock);
    client_stand_up(c, false);
    pthread_mutex_unlock(&p->lock);
}

/* ---- the thread ---- */

static void debug(struct client *c, struct server *server)
{
    struct listener_kernel k;
    struct seat *s = c->visits;
    if (c->proxy->listener == NULL)
        take_stub(c, server, c->proxy->stream_seat);
    else if (s != NULL ? take_from_seat(c, server, s, &k) : take_at_front(c, server, &k))
        debug_kernel(c, server, &k);
}

void client_free(struct client *c)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    io_fds_close(&c->io);
    end_visit(c);
    LIST_REMOVE(c, entries);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    free(c);
}

/* With the only client the proxy ends, too. */
static void leave(struct client *c)
{
    struct proxy *p = c->proxy;
    if (p->options->stdio)
        atomic_store(&p->ending, true);
    client_free(c);
    proxy_poke(p);
}

static void *run(void *argument)
{
    struct client *c = argument;
    struct server *server = rsp_server_new(&c->io.io, &c->log);
    if (server != NULL)
        debug(c, server);
    server_free(server);
    leave(c);
    return NULL;
}

static void name_client(struct client *c)
{
    struct sockaddr_storage name;
    struct ucred who;
    char text[SOCKETS_TEXT];
    socklen_t len = sizeof name;
    if (c->proxy->options->stdio || getpeername(c->fd, (struct sockaddr *)&name, &len) != 0) {
        (void)snprintf(c->who, sizeof c->who, "stdin");
    } else if (name.ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, &name, sizeof in);
        (void)snprintf(c->who, sizeof c->who, "%s", sockets_text(&in, text));
    } else {
        len = sizeof who;
        if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0)
            who.pid = 0;
        (void)snprintf(c->who, sizeof c->who, "process %ld", (long)who.pid);
    }
}

/* Many are served by few CPUs, and the client may be on one of them: no spinning unless asked. */
static uint64_t spin_budget(void)
{
    const char *text = getenv("NETGDB_SPIN");
    return text != NULL ? strtoull(text, NULL, 10) * 1000 : 0;
}

struct client *client_new(struct proxy *p, int in, int out)
{
    struct client *c = calloc(1, sizeof *c);
    if (c == NULL || io_fds_init(&c->io, spin_budget()) != 0) {
        log_error(&p->log, "a client cannot be served: %s", strerror(errno));
        free(c);
        return NULL;
    }
    c->proxy = p;
    c->fd = in;
    c->log = p->log;
    io_fds_save_calls(&c->io);
    io_fds_set_stream(&c->io, IO_CLIENT, in, out);
    name_client(c);
    pthread_mutex_lock(&p->lock);
    LIST_INSERT_HEAD(&p->clients, c, entries);
    pthread_mutex_unlock(&p->lock);
    return c;
}

void client_start(struct proxy *p, struct door *door, int in, int out)
{
    struct client *c = client_new(p, in, out);
    if (c == NULL) {
        close(in);
        return;
    }
    for (unsigned i = 0; i < sizeof client_socket / sizeof client_socket[0]; i++)
        (void)setsockopt(in, client_socket[i].level, client_socket[i].name, &client_socket[i].value,
                         sizeof client_socket[i].value);
    pthread_mutex_lock(&p->lock);
    c->visits = door->seat;
    if (c->visits != NULL)
        c->visits->visitors++;
    pthread_mutex_unlock(&p->lock);
    if (thread_start(run, c) != 0) {
        log_error(&p->log, "a client cannot be served: no thread");
        leave(c);
    }
}
