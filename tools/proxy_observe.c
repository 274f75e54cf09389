/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients that only look at a kernel, and the stand-in: a client without a debugger that serves
 * their requests while no debugger has the kernel; see proxy.h and session/observed.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/thread.h"
#include "proto/err.h"
#include "session/chain.h"
#include "session/control.h"
#include "session/lldb.h"
#include "session/monitor.h"
#include "session/observer.h"
#include "session/serve.h"
#include "tools/proxy.h"

/* ---- the stand-in ---- */

/* A server without a client, which never has a request. */
struct no_client {
    struct server server; /* first */
    struct client *client;
};

static int no_client_next(struct server *s, struct buf *request, unsigned watch)
{
    (void)request;
    if (client_told_to_end(((struct no_client *)s)->client)) /* also without a kernel, and a wake */
        return NETGDB_CLOSED;
    (void)io_wait(&((struct no_client *)s)->client->io.io, IO_NEVER, watch);
    return client_told_to_end(((struct no_client *)s)->client) ? NETGDB_CLOSED : NETGDB_AGAIN;
}

static int no_client_poll(struct server *s)
{
    return client_told_to_end(((struct no_client *)s)->client) ? NETGDB_CLOSED : 0;
}

static int no_client_reply(struct server *s, const uint8_t *content, size_t len, bool final)
{
    (void)s;
    (void)content;
    (void)len;
    (void) final;
    return 0;
}

static void no_client_free(struct server *s)
{
    (void)s;
}

static void *stand_in_main(void *argument)
{
    static const struct server_ops ops = {no_client_next, no_client_poll, no_client_reply,
                                          no_client_free};
    struct client *c = argument;
    struct proxy *p = c->proxy;
    struct no_client no_client = {.server = {&ops}, .client = c};
    client_debug_kernel(c, &no_client.server);
    client_free(c);
    proxy_poke(p);
    return NULL;
}

/* Whether a client waits for the kernel of this endpoint. Under the lock. */
static bool is_awaited(const struct proxy *p, const struct endpoint *e)
{
    const struct client *c;
    LIST_FOREACH (c, &p->clients, entries) {
        bool wanted =
            c->via != NULL ? c->via == e : net_hosts_include(&c->wants.hosts, e->kernel.ip);
        if (c->waits && wanted)
            return true;
    }
    return false;
}

void observe_stand_in(struct proxy *p, struct endpoint *e)
{
    bool needed = e->client == NULL && e->observers != 0 && e->kernel.port != 0 && !e->ended;
    if (!needed || atomic_load(&p->ending) || is_awaited(p, e))
        return;
    struct session *session = listener_take_session(p->listener, &e->own);
    if (session == NULL)
        return;
    struct client *c = client_make(p, -1, -1, "the observers' stand-in");
    if (c == NULL) {
        listener_return(p->listener, session);
        return;
    }
    c->stand_in = c->asked = true; /* the observers have the options */
    c->endpoint = e;
    c->session = session;
    e->client = c;
    if (thread_start(stand_in_main, c) == 0)
        return;
    e->client = NULL;
    listener_return(p->listener, session);
    LIST_REMOVE(c, entries);
    io_fds_close(&c->io);
    free(c);
}

bool observe_is_over(struct client *c)
{
    pthread_mutex_lock(&c->proxy->lock);
    bool over =
        c->endpoint == NULL || c->endpoint->observers == 0 || is_awaited(c->proxy, c->endpoint);
    pthread_mutex_unlock(&c->proxy->lock);
    return over;
}

void observe_yield(struct endpoint *e)
{
    if (e->client != NULL && e->client->stand_in)
        io_fds_wake(&e->client->io);
}

void observe_wake(struct proxy *p)
{
    struct client *c;
    LIST_FOREACH (c, &p->clients, entries) {
        if (c->observes)
            io_fds_wake(&c->io);
    }
}

/* ---- an observer's kernel ---- */

/* Whether the client wants to look at the kernel of `e`. */
static bool may_observe(const struct client *c, const struct endpoint *e)
{
    const struct net_hosts *hosts = &c->wants.hosts; /* none: TARGET is a stub */
    bool wanted = hosts->n == 0 || net_hosts_include(hosts, e->kernel.ip);
    return wanted && !e->ended && e->kernel.port != 0;
}

/* The kernel to look at: one with a client, else any; NULL: there is none yet. Under the lock. */
static struct endpoint *find_observed(const struct client *c)
{
    struct endpoint *e, *found = NULL;
    if (c->via != NULL)
        return c->via;
    if (c->proxy->listener == NULL)
        return c->proxy->stub_endpoint;
    for (unsigned i = 0; i < PROXY_BUCKETS; i++) {
        LIST_FOREACH (e, &c->proxy->endpoints[i], entries) {
            if (may_observe(c, e) && (found == NULL || endpoint_client(e) != NULL))
                found = e;
        }
    }
    return found;
}

/* Joins the observers of a kernel if there is one. Returns whether there is. */
static bool join_observers(struct client *c)
{
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    struct endpoint *e = find_observed(c);
    if (e != NULL) {
        e->observers++;
        c->observed = e;
        c->log.name = e->name;
        client_end_pending(c);
    }
    pthread_mutex_unlock(&p->lock);
    return e != NULL;
}

static void leave_observers(struct client *c)
{
    pthread_mutex_lock(&c->proxy->lock);
    c->log.name = NULL; /* the endpoint's */
    c->observed->observers--;
    observe_yield(c->observed);
    c->observed = NULL;
    pthread_mutex_unlock(&c->proxy->lock);
    proxy_poke(c->proxy);
}

/* For the observer's target when no thread serves it. */
static int need_service(void *context)
{
    struct client *c = context;
    struct endpoint *e = c->observed;
    pthread_mutex_lock(&c->proxy->lock);
    bool never =
        atomic_load(&c->proxy->ending) || e->ended || (e->kernel.port == 0 && e->client == NULL);
    observe_stand_in(c->proxy, e);
    pthread_mutex_unlock(&c->proxy->lock);
    return never ? NETGDB_CLOSED : 0;
}

/* Waits for an event of the debugger, or a wake. Returns 0, or an error when it has left. */
static int await_event(struct client *c, struct server *server)
{
    (void)io_wait(&c->io.io, IO_NEVER, IO_ON_CLIENT | IO_ON_WAKE);
    int rc = server_poll(server);
    if (rc == NETGDB_INTERRUPTED)
        rc = 0;
    return rc == 0 && !client_should_continue(c) ? NETGDB_CLOSED : rc;
}

/* Waits until a kernel is there and it is known what it is. Returns 0, or an error: then the client
 * may have been told why. */
static int await_observed(struct client *c, struct server *server, enum netgdb_peer *peer)
{
    int rc = 0;
    io_keepalive(&c->io.io, !c->asks);
    while (rc == 0 && !join_observers(c))
        rc = await_event(c, server);
    while (rc == 0 && !observed_peer(&c->observed->observed, peer)) {
        rc = need_service(c);
        if (rc != 0)
            client_refuse(c, server,
                          "no debugger is connected to the target: there is nothing to "
                          "observe");
        else
            rc = await_event(c, server);
    }
    io_keepalive(&c->io.io, false);
    return rc;
}

/* ---- the session ---- */

static int serve_observer_chain(struct client *c, struct server *server, struct chain *chain)
{
    const struct serve_options options = {.park = true,
                                          .observes = true,
                                          .tell_client = !c->asked,
                                          .io = &c->io.io,
                                          .run_timeout = IO_NEVER,
                                          .ended = client_told_to_end,
                                          .context = c};
    struct profile profile;
    profile_init(&profile);
    int rc = chain_add(chain, lldb_new(chain->target));
    if (rc == 0)
        rc = chain_add(chain, monitor_new(chain, &c->io.io, &profile, c->observed->name, &c->log));
    if (rc == 0)
        rc = serve(server, chain->target, &options, &c->log);
    profile_free(&profile);
    return rc;
}

static void say_observer(struct client *c, const char *event)
{
    struct endpoint *e = c->observed;
    pthread_mutex_lock(&c->proxy->lock);
    profile_observers(&e->profile, e->observers - (event[0] == 's'));
    say_client(c->proxy, e, c, event);
    pthread_mutex_unlock(&c->proxy->lock);
}

static void refuse_observer_session(struct client *c, struct server *server, int error)
{
    char why[LOG_LINE_MAX / 2];
    (void)snprintf(why, sizeof why, "cannot start the session: %s", netgdb_strerror(error));
    client_refuse(c, server, why);
}

/* Builds the observer's chain, and serves it. */
static void observe(struct client *c, struct server *server, enum netgdb_peer peer,
                    const struct options *o)
{
    const struct chain_config config = {
        .options = c->asked ? NULL : o, .asked = c->asked, .log = &c->log};
    struct target *observer = NULL;
    struct chain chain = {.target = NULL};
    int rc = observer_new(&c->observed->observed, &c->io, need_service, c, &observer);
    if (rc != 0) {
        client_refuse(c, server,
                      rc == NETGDB_TOO_LONG ? "it has as many observers as are possible"
                                            : netgdb_strerror(rc));
        return;
    }
    say_observer(c, "observes");
    if (c->asks)
        control_grant(c->fd, &(struct control_kernel){peer, c->observed->kernel.ip});
    c->asks = false;
    io_keepalive(&c->io.io, true);
    rc = chain_for_target(&chain, observer, peer, &config);
    io_keepalive(&c->io.io, false);
    if (rc == 0)
        (void)serve_observer_chain(c, server, &chain);
    chain_close(&chain);
    if (rc != 0)
        refuse_observer_session(c, server, rc);
    say_observer(c, "stops observing");
}

void client_observe(struct client *c, struct server *server)
{
    enum netgdb_peer peer;
    struct options *o = malloc(sizeof *o);
    int rc = o != NULL ? await_observed(c, server, &peer) : NETGDB_NOMEM;
    if (rc == 0) {
        *o = c->proxy->options->target;
        o->observe = true; /* no cache: the first client changes what it would have */
        o->save[0] = '\0';
        observe(c, server, peer, o);
    }
    if (c->observed != NULL)
        leave_observers(c);
    free(o);
}
