/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay thread of a connection; see relay.h. */
#include "shim/relay.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/os.h"
#include "io/thread.h"
#include "proto/err.h"
#include "proto/rsp/rsp_server.h"
#include "session/chain.h"
#include "session/leave.h"
#include "session/monitor.h"
#include "session/report.h"
#include "session/serve.h"
#include "shim/frontend.h"
#include "symbols/find_elf.h"

#define DRAIN (2 * IO_SECOND)
#define DRAIN_LEAVING                                                                              \
    (45 * IO_SECOND) /* a detach after a step on a path that loses half of the datagrams */
#define LOOK_AGAIN (50 * IO_MS) /* fallback: the wake may be missing */
#define DRAIN_LOG_MS 500

struct relay {
    LIST_ENTRY(relay) entries;
    struct io_fds io;
    int client;
    const struct shim_name *name;
    struct listener *listener; /* NULL: a stream */
    struct target *recording;  /* until the chain has it */
    bool proxy;                /* the stream is connected to the proxy, which has `peer` */
    enum netgdb_peer peer;
    struct profile profile;
    struct listener_watch watch;
    struct session *session; /* NULL: a stream, or returned to the listener */
    bool leaving;            /* a detach is in flight, or its chain is being made */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list and of flags */
static int changed = -1; /* a wake while the process ends: signals a change of these */
static LIST_HEAD(, relay) relays = LIST_HEAD_INITIALIZER(relays);
static atomic_bool draining; /* the process ends */

/* ---- the same kernel, in a new session ---- */

static void wake(void *context)
{
    io_fds_wake(&((struct relay *)context)->io);
}

static bool relay_has_successor(void *context)
{
    struct relay *r = context;
    io_fds_clear_wake(&r->io);
    return listener_waits(r->listener, &r->watch);
}

static struct link *relay_take_successor(void *context)
{
    struct relay *r = context;
    struct session *next = listener_take(r->listener, &r->watch);
    return next != NULL ? session_succeed(r->session, next) : NULL;
}

/* Under the lock. */
static void signal_change(void)
{
    if (changed >= 0)
        os_wake(changed);
}

/* Releases the lock until a change. False: the deadline has passed. Uses no condition variable,
 * because another preloaded object may replace its clock. */
static bool wait_changed(uint64_t until)
{
    uint64_t now = io_fds_now(), next = now + LOOK_AGAIN;
    struct pollfd p = {changed, POLLIN, 0};
    pthread_mutex_unlock(&lock);
    if (io_fds_poll(&p, 1, until < next ? until : next, NULL) == 1)
        os_wake_clear(changed);
    pthread_mutex_lock(&lock);
    return now < until;
}

/* ---- the thread ---- */

/* The kernel's target; NULL: a stream. */
static struct target *kernel_target(const struct relay *r)
{
    return r->session != NULL ? r->session->target : NULL;
}

/* The file on gdb's command line certainly belongs to this target only while there is no other
 * target. */
static bool is_only(void *context)
{
    (void)context;
    pthread_mutex_lock(&lock);
    struct relay *first = LIST_FIRST(&relays);
    bool only = first != NULL && LIST_NEXT(first, entries) == NULL;
    pthread_mutex_unlock(&lock);
    return only;
}

static int make_relay_chain(struct relay *r, const char *program, struct chain *chain)
{
    struct chain_config config = {.options = &r->name->options,
                                  .program = program,
                                  .osabi_missing = preload_osabi_missing(),
                                  .only = is_only,
                                  .records = true,
                                  .log = &r->name->log};
    if (r->recording != NULL) {
        struct target *recording = r->recording;
        r->recording = NULL;
        return chain_for_recording(chain, recording, r->peer, &config);
    }
    if (r->listener == NULL && !r->proxy)
        return chain_for_stream(chain, &r->io.io, &config);
    /* GDB has asked for features already, and waits 6 s at most. */
    io_keepalive(&r->io.io, true);
    int rc = r->proxy ? chain_for_proxy(chain, &r->io.io, r->peer, &config)
                      : session_adopt(r->session, &r->io, &r->name->log,
                                      &(struct netgdb_successor){relay_has_successor,
                                                                 relay_take_successor, r});
    if (rc == 0 && !r->proxy)
        rc = chain_renew(chain, r->session->target, &config);
    io_keepalive(&r->io.io, false);
    return rc;
}

/* Whether the end of the process waits long for this relay. */
static void set_leaving(struct relay *r, bool leaving)
{
    pthread_mutex_lock(&lock);
    r->leaving = leaving;
    signal_change();
    pthread_mutex_unlock(&lock);
}

static void leaving(void *context)
{
    set_leaving(context, true);
}

/*
 * Waits until the debugger reads the end of the stream and closes, as with a stub over TCP. If we
 * closed first, its next packet, or its '+' to the reply to D, would raise SIGPIPE. No other thread
 * waits for this.
 */
static void wait_for_close(struct relay *r)
{
    struct pollfd p = {r->client, POLLIN, 0};
    char unread[256];
    (void)shutdown(r->client, SHUT_WR);
    ssize_t n;
    do {
        (void)poll(&p, 1, -1);
        n = recv(r->client, unread, sizeof unread, MSG_DONTWAIT);
    } while (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)));
}

/* A kernel that gdb left without a detach waits for the next connection, or for gdb's exit. */
static void park(struct relay *r)
{
    if (!atomic_load(&draining))
        log_warn(&r->name->log,
                 "gdb disconnected without detaching: the kernel stays connected, and the next "
                 "target remote resumes its session");
    listener_return(r->listener, r->session);
}

/* If the session has not ended, the kernel may still wait: the next connection takes it over by its
 * state file. */
static void release_kernel(struct relay *r, int end)
{
    listener_unwatch(r->listener, &r->watch);
    if (end == SERVE_PARKED && r->session->target != NULL) {
        park(r);
        return;
    }
    r->session->ended = serve_has_ended(end);
    session_free(r->session);
}

/* Releases the target, and takes the relay out of the list. */
static void release_relay(struct relay *r, int end)
{
    if (r->session != NULL)
        release_kernel(r, end);
    else
        io_fds_set_stream(&r->io, IO_TARGET, -1, -1);
    target_free(r->recording);
    profile_free(&r->profile);
    pthread_mutex_lock(&lock);
    LIST_REMOVE(r, entries);
    signal_change();
    pthread_mutex_unlock(&lock);
}

static void free_relay(struct relay *r)
{
    io_fds_close(&r->io);
    free(r);
}

/* Logs the number of system calls of a session, for make bench. */
static void log_waits(const struct relay *r, const struct log *log)
{
    const struct io_fds_side *target = &r->io.side[IO_TARGET];
    log_debug(log, "slept %lu times; %lu datagrams in %lu calls", r->io.sleeps, target->datagrams,
              target->batches);
}

/* Serves the target until the debugger disconnects or the target ends. Returns as serve() does. */
static int serve_target(struct relay *r, struct server *server, struct chain *chain)
{
    const struct serve_options options = {.forward_kill = chain->forward_kill,
                                          .keep = true,
                                          .park = r->proxy,
                                          .observes = r->name->options.observe,
                                          .tell_client = frontend_is_machine(),
                                          .io = &r->io.io,
                                          .run_timeout = r->name->options.run_timeout,
                                          .leaving = leaving,
                                          .context = r};
    struct profile *profile = r->proxy ? NULL : &r->profile;
    const struct log *log = &r->name->log;
    int rc = chain_add(chain, monitor_new(chain, &r->io.io, profile, log->name, log));
    if (rc == 0)
        rc = chain_record(chain);
    if (rc == 0)
        rc = serve(server, chain->target, &options, log);
    if (rc < 0)
        report(REPORT_LOST);
    if (rc == SERVE_PARKED)
        leaving(r); /* delayed requests are sent first */
    return rc;
}

static void *relay_main(void *argument)
{
    struct relay *r = argument;
    const struct log *log = &r->name->log;
    struct server *server = rsp_server_new(&r->io.io, log);
    struct chain chain = {.target = NULL};
    size_t len = 0;
    thread_print_c_numbers();
    char *words = os_arguments(&len);
    char *program = words != NULL ? find_elf_words(words, len) : NULL;
    free(words);
    int rc = server != NULL ? make_relay_chain(r, program, &chain) : NETGDB_NOMEM;
    if (!atomic_load(&draining))
        set_leaving(r, false);
    report(rc == 0 ? REPORT_CONNECTED : REPORT_NOBODY);
    if (rc == 0)
        rc = serve_target(r, server, &chain);
    else if (rc != NETGDB_REFUSED)
        log_error(log, "cannot start the session: %s", netgdb_strerror(rc));
    log_waits(r, log);
    if (kernel_target(r) != NULL && chain.target != NULL)
        (void)chain_strip(&chain);
    else
        chain_close(&chain);
    free(program);
    server_free(server);
    release_relay(r, rc);
    wait_for_close(r);
    free_relay(r);
    return NULL;
}

static void attach_relay(struct relay *r, const struct relay_target *t, int client)
{
    r->client = client;
    r->recording = t->recording;
    r->listener = t->listener;
    r->proxy = t->proxy;
    r->peer = t->peer;
    io_fds_set_stream(&r->io, IO_CLIENT, client, client);
    if (t->stream >= 0)
        io_fds_set_stream(&r->io, IO_TARGET, t->stream, t->stream);
    r->session = t->session;
    r->leaving = r->session != NULL; /* until its chain is made */
    if (r->session != NULL) {
        r->watch = (struct listener_watch){.hosts = {.ip = {r->session->kernel.ip}, .n = 1},
                                           .fresh = true,
                                           .notify = wake,
                                           .context = r};
        (void)listener_watch(r->listener, &r->watch);
    }
    pthread_mutex_lock(&lock);
    LIST_INSERT_HEAD(&relays, r, entries);
    pthread_mutex_unlock(&lock);
}

int relay_start(const struct relay_target *t, int client, const struct shim_name *name)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL || io_fds_init(&r->io) != 0) {
        int error = errno; /* ENOMEM, EMFILE or ENFILE */
        free(r);
        return error;
    }
    r->name = name;
    io_fds_batch_sends(&r->io);
    profile_init(&r->profile);
    attach_relay(r, t, client);
    if (thread_start(relay_main, r) == 0)
        return 0;
    release_relay(r, SERVE_PARKED);
    /* Does not wait for the debugger, because this is its thread. */
    free_relay(r);
    return EAGAIN;
}

bool relay_has_kernel(const struct net_hosts *hosts)
{
    struct relay *r;
    bool found = false;
    pthread_mutex_lock(&lock);
    LIST_FOREACH (r, &relays, entries) {
        for (unsigned i = 0; i < hosts->n; i++)
            found |= r->watch.hosts.n != 0 && r->watch.hosts.ip[0] == hosts->ip[i];
    }
    pthread_mutex_unlock(&lock);
    return found;
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

static bool unclaimed_detached; /* kernels that no connection has taken */

static void *unclaimed_main(void *unused)
{
    (void)unused;
    leave_waiting();
    pthread_mutex_lock(&lock);
    unclaimed_detached = true;
    signal_change();
    pthread_mutex_unlock(&lock);
    return NULL;
}

/* Detaches from kernels that no connection has taken. Runs in its own thread, because a thread that
 * blocks on a full pipe may hold a lock that it needs. */
static void detach_unclaimed(uint64_t began)
{
    uint64_t until = began + DRAIN_LEAVING, least = io_fds_now() + DRAIN;
    if (!listener_started() || thread_start(unclaimed_main, NULL) != 0)
        return;
    pthread_mutex_lock(&lock);
    while (!unclaimed_detached && wait_changed(until > least ? until : least))
        continue;
    bool in_time = unclaimed_detached;
    pthread_mutex_unlock(&lock);
    if (!in_time)
        log_warn(&shim_log, "a kernel was not detached in time: it remains stopped");
}

static void drain_relays(uint64_t began)
{
    struct relay *r;
    bool kept = false;
    pthread_mutex_lock(&lock);
    LIST_FOREACH (r, &relays, entries)
        (void)shutdown(r->client, SHUT_RD); /* its last packets are still read */
    while (!LIST_EMPTY(&relays) && wait_changed(began + (any_leaving() ? DRAIN_LEAVING : DRAIN)))
        continue;
    LIST_FOREACH (r, &relays, entries)
        kept |= r->session != NULL;
    pthread_mutex_unlock(&lock);
    if (kept)
        log_warn(&shim_log, "a kernel was not detached in time: it remains stopped");
}

void relay_drain(void)
{
    uint64_t began = io_fds_now();
    atomic_store(&draining, true);
    pthread_mutex_lock(&lock);
    changed = os_wake_open();
    pthread_mutex_unlock(&lock);
    drain_relays(began);
    detach_unclaimed(began);
    names_drain_log(DRAIN_LOG_MS);
}
