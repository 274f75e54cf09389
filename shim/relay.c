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
#include "symbols/find_elf.h"

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
    struct link *link; /* until the chain has it */
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
    k->link->io = &r->io.io;
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

/* A file of gdb's command line is sure to be this target's only while there is no other. */
static bool is_only(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    struct relay *first = LIST_FIRST(&relays);
    bool only = first != NULL && LIST_NEXT(first, entries) == NULL;
    pthread_mutex_unlock(&lock);
    return only;
}

static int make_chain(struct relay *r, const char *program, struct chain *chain)
{
    const struct netgdb_successor successor = {successor_waits, successor_take, r};
    const struct chain_config config = {
        .options = &r->name->options, .program = program, .only = is_only, .log = &r->name->log};
    struct link *link = r->link;
    if (r->listener == NULL)
        return chain_for_stream(chain, &r->io.io, &config);
    r->link = NULL; /* the chain's from here on */
    return chain_for_kernel(chain, link, &successor, &config);
}

static void leaving(void *context)
{
    pthread_mutex_lock(&lock);
    ((struct relay *)context)->leaving = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

/* Releases what a relay holds. The record goes with a session that has ended. */
static void destroy(struct relay *r, bool ended)
{
    if (r->listener != NULL)
        listener_unwatch(r->listener, &r->watch);
    if (r->link != NULL)
        link_free(r->link);
    free(r->link);
    if (ended)
        record_remove(r->record);
    else
        record_close(r->record);
    pthread_mutex_lock(&lock);
    io_fds_close(&r->io);
    LIST_REMOVE(r, entries);
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    free(r);
}

static void *run(void *argument)
{
    struct relay *r = argument;
    const struct log *log = &r->name->log;
    const struct serve_options options = {
        .forward_kill = r->name->options.kill_forward, .leaving = leaving, .context = r};
    struct server *server = rsp_server_new(&r->io.io, log);
    struct chain chain = {NULL, NULL};
    char *program = find_elf_self();
    int rc = server != NULL ? make_chain(r, program, &chain) : NETGDB_NOMEM;
    if (rc == 0)
        rc = serve(server, chain.target, &options, log);
    else
        log_error(log, "the session could not begin: %s", netgdb_strerror(rc));
    chain_close(&chain);
    free(program);
    server_free(server);
    destroy(r, rc != SERVE_RUNNING && rc != SERVE_PARKED && rc != NETGDB_LOST);
    return NULL;
}

static uint64_t spin_budget(void)
{
    const char *text = getenv("NETGDB_SPIN");
    return text != NULL ? strtoull(text, NULL, 10) * 1000 : SPIN_DEFAULT;
}

static void attach(struct relay *r, const struct relay_target *t, int client)
{
    r->client = client;
    r->listener = t->listener;
    io_fds_set_stream(&r->io, IO_CLIENT, client, client);
    if (t->listener == NULL) {
        io_fds_set_stream(&r->io, IO_TARGET, t->stream, t->stream);
    } else {
        adopt(r, &t->kernel);
        r->link = t->kernel.link;
        r->watch = (struct listener_watch){
            .ips = {t->kernel.kernel.ip}, .n = 1, .notify = wake, .context = r};
        (void)listener_watch(r->listener, &r->watch);
    }
    pthread_mutex_lock(&lock);
    LIST_INSERT_HEAD(&relays, r, entries);
    pthread_mutex_unlock(&lock);
}

int relay_start(const struct relay_target *t, int client, const struct shim_name *name)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL || io_fds_init(&r->io, spin_budget()) != 0) {
        free(r);
        return ENOMEM;
    }
    r->name = name;
    attach(r, t, client);
    int error = thread_start(run, r);
    if (error != 0)
        destroy(r, false);
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
    struct timespec began, until;
    struct relay *r;
    clock_gettime(CLOCK_REALTIME, &began);
    pthread_mutex_lock(&lock);
    LIST_FOREACH (r, &relays, entries)
        (void)shutdown(r->client, SHUT_RD); /* what the debugger has sent is still read */
    int rc = 0;
    while (!LIST_EMPTY(&relays) && rc != ETIMEDOUT) {
        until = began;
        until.tv_sec += any_leaving() ? DRAIN_LEAVING_SECONDS : DRAIN_SECONDS;
        rc = pthread_cond_timedwait(&changed, &lock, &until);
    }
    pthread_mutex_unlock(&lock);
}
