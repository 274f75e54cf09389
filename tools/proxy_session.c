/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session of a debugger with its target; see proxy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/err.h"
#include "session/chain.h"
#include "session/control.h"
#include "session/lldb.h"
#include "session/monitor.h"
#include "session/serve.h"
#include "tools/proxy.h"

/* The wake of an observer would end each wait for a reply of a stub on a stream. A kernel's target
 * clears it, and then looks for a successor. Cleared before the flag is read, as proxy_end wakes
 * after it has set that. */
bool client_told_to_end(void *context)
{
    struct client *c = context;
    if (c->session == NULL && !c->observes)
        io_fds_clear_wake(&c->io);
    return atomic_load(&c->proxy->ending) || (c->stand_in && observe_is_over(c));
}

/* ---- a kernel ---- */

static bool client_has_successor(void *context)
{
    struct client *c = context;
    io_fds_clear_wake(&c->io);
    return listener_waits(c->proxy->listener, &c->watch);
}

/* The running kernel has stopped in a new session, which the endpoint gets. */
static struct link *client_take_successor(void *context)
{
    struct client *c = context;
    struct proxy *p = c->proxy;
    pthread_mutex_lock(&p->lock);
    struct session *next = listener_take(p->listener, &c->watch);
    if (next != NULL)
        endpoint_move(p, c->endpoint, next);
    pthread_mutex_unlock(&p->lock);
    if (next == NULL)
        return NULL;
    proxy_poke(p);
    return session_succeed(c->session, next);
}

/* Waits for a target to stop that was running when its last client left. */
static int await_running_stop(struct client *c, struct server *server, struct target *netgdb)
{
    struct buf reply;
    bool final = false;
    int rc = 0;
    if (!netgdb_target_runs(netgdb))
        return 0;
    log_info(&c->log, "%s is waiting for the target to stop", c->who);
    buf_init(&reply, TARGET_REPLY_MAX);
    while (rc == 0 && !final) {
        rc = server_poll(server);
        if (rc == NETGDB_INTERRUPTED)
            rc = target_interrupt(netgdb);
        if (rc == NETGDB_UNSUPPORTED)
            rc = 0;
        if (rc == 0 && client_told_to_end(c))
            rc = NETGDB_CLOSED;
        if (rc == 0)
            rc = target_recv(netgdb, &reply, &final, IO_ON_CLIENT | IO_ON_WAKE);
        if (rc == NETGDB_AGAIN || rc == NETGDB_REPLACED)
            rc = 0;
    }
    buf_free(&reply);
    return rc == NETGDB_CLOSED ? SERVE_RUNNING : rc;
}

/* A gdb on the control socket has its own decorators, configured by its user's options. */
static struct chain_config config_of(const struct client *c)
{
    return (struct chain_config){.options = c->asked ? NULL : &c->proxy->options->target,
                                 .asked = c->asked,
                                 .observed = &c->endpoint->observed,
                                 .log = &c->log};
}

/* Adds the decorators of a debugger; a stand-in has none. */
static int add_client_decorators(struct client *c, struct chain *chain)
{
    struct endpoint *e = c->endpoint;
    if (c->stand_in)
        return 0;
    int rc = chain_add(chain, lldb_new(chain->target));
    if (rc == 0)
        rc = chain_add(chain, monitor_new(chain, &c->io.io, &e->profile, e->name, &c->log));
    return rc == 0 ? chain_record(chain) : rc;
}

/* Serves the chain until the client leaves. */
static int serve_chain(struct client *c, struct server *server, struct chain *chain)
{
    const struct options *o = &c->proxy->options->target;
    struct observed *observed = &c->endpoint->observed;
    const struct serve_options options = {.forward_kill = chain->forward_kill,
                                          .park = true,
                                          .tell_client = !c->asked,
                                          .observed = observed,
                                          .io = &c->io.io,
                                          .run_timeout = o->run_timeout,
                                          .gone_timeout = c->session == NULL ? TARGET_PATIENCE : 0,
                                          .ended = client_told_to_end,
                                          .context = c};
    int rc = add_client_decorators(c, chain);
    if (rc != 0)
        return rc;
    observed_begin(observed, &c->io, chain->peer, !c->stand_in);
    pthread_mutex_lock(&c->proxy->lock);
    observe_wake(c->proxy); /* those that do not know yet what the target is */
    pthread_mutex_unlock(&c->proxy->lock);
    rc = serve(server, chain->target, &options, &c->log);
    int error = rc == SERVE_PARKED ? observed_park(observed) : 0;
    observed_leave(observed);
    return error != 0 ? error : rc;
}

/* Grants the kernel to a gdb on the control socket. */
static int grant(struct client *c, struct target *netgdb)
{
    struct control_kernel kernel = {.ip = c->session->kernel.ip};
    int rc = netgdb_target_identify(netgdb, &kernel.peer);
    if (rc != 0)
        return rc;
    c->asks = false;
    control_grant(c->fd, &kernel);
    return 0;
}

/* Builds the chain. GDB has asked for features already, and gives up after 6 s. */
static int make_client_chain(struct client *c, struct server *server, struct target *netgdb,
                             struct chain *chain)
{
    const struct chain_config config = config_of(c);
    int rc = c->asks ? grant(c, netgdb) : 0;
    io_keepalive(&c->io.io, !c->asks);
    if (rc == 0)
        rc = await_running_stop(c, server, netgdb);
    if (rc == 0)
        rc = chain_renew(chain, netgdb, &config);
    io_keepalive(&c->io.io, false);
    return rc;
}

/* Serves the kernel until it ends or the client leaves. */
static int serve_kernel(struct client *c, struct server *server, struct target *netgdb)
{
    char why[LOG_LINE_MAX / 2];
    struct chain chain;
    int rc = make_client_chain(c, server, netgdb, &chain);
    if (rc < 0 && !c->stand_in) {
        (void)snprintf(why, sizeof why, "cannot start the session: %s", netgdb_strerror(rc));
        client_refuse(c, server, why);
    }
    if (rc != 0)
        return rc;
    rc = serve_chain(c, server, &chain);
    (void)chain_strip(&chain);
    return rc;
}

static const char *name_of_end(int end)
{
    return end == SERVE_PARKED    ? "parked"
           : end == SERVE_RUNNING ? "left"
           : end > 0              ? "detached"
           : end == NETGDB_CLOSED ? "replaced"
                                  : "lost";
}

/* Returns the session to the listener if it continues, else frees it. */
static void release_session(struct client *c, int end)
{
    struct proxy *p = c->proxy;
    struct session *s = c->session;
    bool keep = end == SERVE_PARKED || end == SERVE_RUNNING;
    profile_note_link(&c->endpoint->profile, s->target);
    s->ended = serve_has_ended(end);
    pthread_mutex_lock(&p->lock);
    c->log.name = NULL; /* the endpoint's */
    say_client(p, c->endpoint, c, name_of_end(end));
    if (end == NETGDB_LOST && p->options->stdio)
        p->exit_code = EXIT_LOST;
    if (keep)
        listener_return(p->listener, s);
    else
        say_profile(p, c->endpoint);
    client_detach(c, !keep);
    pthread_mutex_unlock(&p->lock);
    if (!keep)
        session_free(s);
}

void client_debug_kernel(struct client *c, struct server *server)
{
    struct proxy *p = c->proxy;
    const struct netgdb_successor successor = {client_has_successor, client_take_successor, c};
    c->log.name = c->endpoint->name;
    if (session_adopt(c->session, &c->io, &c->log, &successor) != 0) {
        client_give_up(c, server);
        return;
    }
    c->watch = (struct listener_watch){.hosts = {.ip = {c->session->kernel.ip}, .n = 1},
                                       .fresh = true,
                                       .notify = client_wake,
                                       .context = c};
    bool watching = listener_watch(p->listener, &c->watch) == 0;
    pthread_mutex_lock(&p->lock);
    say_client(p, c->endpoint, c, "attached");
    pthread_mutex_unlock(&p->lock);
    int end = serve_kernel(c, server, c->session->target);
    if (watching)
        listener_unwatch(p->listener, &c->watch);
    release_session(c, end);
}

/* ---- a stub on a stream ---- */

/* Refuses the client: names the stub and the error of the connection. */
static void refuse_without_stub(struct client *c, struct server *server, const char *reason)
{
    const struct options *o = &c->proxy->options->target;
    char why[LOG_LINE_MAX / 2 + TRANSPORT_WHY_MAX], port[8] = "";
    if (o->host[0] != '\0')
        (void)snprintf(port, sizeof port, ":%u", o->port);
    bool brackets = strchr(o->host, ':') != NULL; /* IPv6 */
    (void)snprintf(why, sizeof why, "%s%.300s%s%s: cannot connect to the stub: %s",
                   brackets ? "[" : "", o->host[0] != '\0' ? o->host : o->path, brackets ? "]" : "",
                   port, reason);
    if (c->proxy->options->stdio)
        c->proxy->exit_code = EXIT_NOBODY;
    client_refuse(c, server, why);
}

/* Builds the chain to the stub, or of the recording. Returns whether there is one; else the client
 * was told why. */
static bool open_stub(struct client *c, struct server *server, struct transport_stream *stub,
                      struct chain *chain)
{
    const struct chain_config config = config_of(c);
    struct target *recording = NULL;
    bool recorded = stub->options->transport->target != NULL;
    int fd = recorded ? -1 : transport_open(stub);
    if (recorded ? transport_target(stub, &c->log, &recording) != 0 : fd < 0) {
        refuse_without_stub(c, server, stub->why);
        return false;
    }
    io_fds_set_stream(&c->io, IO_TARGET, fd, fd);
    pthread_mutex_lock(&c->proxy->lock);
    say_client(c->proxy, c->endpoint, c, "attached");
    pthread_mutex_unlock(&c->proxy->lock);
    int rc = recorded ? chain_for_recording(chain, recording, stub->peer, &config)
                      : chain_for_stream(chain, &c->io.io, &config);
    if (rc != 0)
        *chain = (struct chain){.target = NULL};
    return true;
}

void client_debug_stub(struct client *c, struct server *server)
{
    struct proxy *p = c->proxy;
    struct transport_stream stub = p->stub;
    struct chain chain;
    int end = NETGDB_IO;
    if (!open_stub(c, server, &stub, &chain))
        return;
    if (chain.target != NULL) {
        end = serve_chain(c, server, &chain);
        chain_close(&chain);
    }
    if (p->options->stdio && (end == NETGDB_LOST || end == NETGDB_CLOSED))
        p->exit_code = end == NETGDB_LOST ? EXIT_NOBODY : EXIT_LOST;
    io_fds_set_stream(&c->io, IO_TARGET, -1, -1);
    transport_close(&stub, end == SERVE_DETACHED);
    pthread_mutex_lock(&p->lock);
    say_client(p, c->endpoint, c, end == SERVE_DETACHED ? "detached" : "left");
    say_profile(p, c->endpoint);
    pthread_mutex_unlock(&p->lock);
}
