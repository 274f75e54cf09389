/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay thread of a connection; see relay.h. */
#include "shim/relay.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/thread.h"
#include "proto/err.h"
#include "proto/rsp_server.h"
#include "session/chain.h"
#include "session/serve.h"

enum {
    DRAIN_SECONDS = 2,
    DRAIN_LEAVING_SECONDS = 15,
};

#define SPIN_DEFAULT (50 * UINT64_C(1000)) /* ns */

struct relay {
    LIST_ENTRY(relay) entries;
    struct io_fds io;
    int client;
    const struct shim_name *name;
    struct listener *listener; /* NULL: a stream */
    struct listener_watch watch;
    struct link *link;
    struct record *record;
    bool leaving; /* a detach is on its way */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list, and `leaving` */
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static LIST_HEAD(, relay) relays = LIST_HEAD_INITIALIZER(relays);

/* ---- the same kernel, in a new session ---- */

static void wake(void *context)
{
    io_fds_wake(&((struct relay *)context)->io);
}

static bool successor_waits(void *context)
{
    struct relay *r = context;
    io_fds_clear_wake(&r->io);
    return listener_waits(r->listener, &r->watch);
}

static void adopt(struct relay *r, const struct listener_kernel *k)
{
    r->link = k->link;
    r->link->io = &r->io.io;
    r->record = k->record;
    io_fds_set_datagrams(&r->io, IO_TARGET, k->fd);
}

static struct link *successor_take(void *context)
{
    struct relay *r = context;
    struct listener_kernel k;
    if (!listener_take(r->listener, &r->watch, &k))
        return NULL;
    record_remove(r->record);
    adopt(r, &k);
    return k.link;
}

/* ---- the thread ---- */

static int make_target(struct relay *r, struct target **target)
{
    const struct netgdb_successor successor = {successor_waits, successor_take, r};
    if (r->listener == NULL)
        return chain_for_stream(&r->io.io, &r->name->options, &r->name->log, target);
    return chain_for_kernel(r->link, &successor, &r->name->options, &r->name->log, target);
}

static void leaving(void *context)
{
    pthread_mutex_lock(&lock);
    ((struct relay *)context)->leaving = true;
    pthread_mutex_unlock(&lock);
}

/* A session that ended leaves no record; one whose kernel still waits or runs does. */
static void end_record(struct relay *r, int rc)
{
    if (rc == SERVE_RUNNING || rc == SERVE_PARKED || rc == NETGDB_LOST)
        record_close(r->record);
    else
        record_remove(r->record);
}

static void *run(void *argument)
{
    struct relay *r = argument;
    const struct options *o = &r->name->options;
    const struct serve_options options = {
        .forward_kill = o->kill == OPTIONS_KILL_FORWARD, .leaving = leaving, .context = r};
    struct server *server = rsp_server_new(&r->io.io, &r->name->log);
    struct target *target = NULL;
    int rc = server != NULL ? make_target(r, &target) : NETGDB_NOMEM;
    if (rc == 0)
        rc = serve(server, target, &r->io.io, &options, &r->name->log);
    else
        log_error(&r->name->log, "the session could not begin: %s", netgdb_strerror(rc));
    if (r->listener != NULL)
        listener_unwatch(r->listener, &r->watch);
    target_free(target);
    server_free(server);
    end_record(r, rc);

    pthread_mutex_lock(&lock);
    io_fds_close(&r->io);
    LIST_REMOVE(r, entries);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    free(r);
    return NULL;
}

static uint64_t spin_budget(void)
{
    const char *text = getenv("NETGDB_SPIN");
    return text != NULL ? strtoull(text, NULL, 10) * 1000 : SPIN_DEFAULT;
}

/* What could not be started is given up; a kernel's record stays for the next attempt. */
static int fail(struct relay *r, const struct relay_target *t, int client, int error)
{
    close(client);
    if (t->listener != NULL) {
        link_free(t->kernel.link);
        free(t->kernel.link);
        close(t->kernel.fd);
        record_close(t->kernel.record);
    } else {
        close(t->stream);
    }
    free(r);
    return error;
}

int relay_start(const struct relay_target *t, int client, const struct shim_name *name)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL || io_fds_init(&r->io, spin_budget()) != 0)
        return fail(r, t, client, r == NULL ? ENOMEM : errno);
    r->name = name;
    r->listener = t->listener;
    r->client = client;
    io_fds_set_stream(&r->io, IO_CLIENT, client, client);
    if (t->listener != NULL) {
        adopt(r, &t->kernel);
        r->watch = (struct listener_watch){
            .ips = {t->kernel.kernel.ip}, .n = 1, .notify = wake, .context = r};
        (void)listener_watch(r->listener, &r->watch);
    } else {
        io_fds_set_stream(&r->io, IO_TARGET, t->stream, t->stream);
    }
    pthread_mutex_lock(&lock);
    LIST_INSERT_HEAD(&relays, r, entries);
    pthread_mutex_unlock(&lock);
    int error = thread_start(run, r);
    if (error == 0)
        return 0;
    pthread_mutex_lock(&lock);
    LIST_REMOVE(r, entries);
    pthread_mutex_unlock(&lock);
    if (r->listener != NULL)
        listener_unwatch(r->listener, &r->watch);
    record_close(r->record);
    if (r->link != NULL)
        link_free(r->link);
    free(r->link);
    io_fds_close(&r->io);
    free(r);
    return error;
}

/* ---- the end of the process ---- */

static bool any_leaving(void)
{
    struct relay *r;
    LIST_FOREACH (r, &relays, entries) {
        if (r->leaving)
            return true;
    }
    return false;
}

void relay_drain(void)
{
    struct timespec now, until;
    struct relay *r;
    clock_gettime(CLOCK_REALTIME, &now);
    pthread_mutex_lock(&lock);
    LIST_FOREACH (r, &relays, entries)
        (void)shutdown(r->client, SHUT_RD); /* what the debugger sent is still read */
    while (!LIST_EMPTY(&relays)) {
        until = now;
        until.tv_sec += any_leaving() ? DRAIN_LEAVING_SECONDS : DRAIN_SECONDS;
        if (pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT && !any_leaving())
            break;
        clock_gettime(CLOCK_REALTIME, &until);
        if (until.tv_sec - now.tv_sec >= DRAIN_LEAVING_SECONDS)
            break;
    }
    pthread_mutex_unlock(&lock);
}
