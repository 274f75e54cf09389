/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread that owns the HERALD port; see listener.h. */
#include "session/listener.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/capture.h"
#include "io/herald.h"
#include "io/herald_responder.h"
#include "io/os.h"
#include "io/thread.h"
#include "proto/check.h"
#include "proto/err.h"
#include "session/rundir.h"

struct listener {
    struct listener *next;
    uint16_t port;
    int herald_fd, events_fd, poke_fd;
    pthread_mutex_t
        turn; /* taken before `lock`, and released once `lock` is taken: a queue of two */
    pthread_mutex_t lock; /* of all below */
    pthread_t holder;     /* owner of `lock`, if `locked` */
    bool locked;
    bool ended; /* see listener_end */
    struct lobby lobby;
    struct herald_responder responder;
    LIST_HEAD(, listener_watch) watches;
    struct log log; /* writes to a queue, never under the lock */
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct listener *all;
static atomic_bool used;

/* A mutex is not fair, and a flood of datagrams keeps the thread busy: `turn` makes the lock fair.
 */
static void lock_listener(struct listener *l)
{
    pthread_mutex_lock(&l->turn);
    pthread_mutex_lock(&l->lock);
    pthread_mutex_unlock(&l->turn);
    l->holder = pthread_self();
    l->locked = true;
}

static bool holds_lock(const struct listener *l)
{
    return l->locked && pthread_equal(l->holder, pthread_self());
}

static void unlock_listener(struct listener *l)
{
    CHECK(holds_lock(l));
    l->locked = false;
    pthread_mutex_unlock(&l->lock);
}

/* ---- the lobby's sockets ---- */

/* Moves the socket into an io of its own, in the set of events. False with errno: nothing has
 * changed. */
static bool watch_socket(struct listener *l, struct session *s)
{
    CHECK(holds_lock(l) && s->io == NULL);
    struct io_fds *f = malloc(sizeof *f);
    if (f == NULL)
        return false;
    if (io_fds_init(f) == 0 && os_events_add(l->events_fd, s->fd, s) == 0) {
        session_move(s, f, &l->log, NULL);
        return true;
    }
    int error = errno;
    io_fds_close(f);
    free(f);
    errno = error;
    return false;
}

static struct io *open_session(void *context, struct session *s, size_t *payload)
{
    s->fd = session_socket(&s->own, &s->kernel, payload);
    if (s->fd >= 0)
        (void)watch_socket(context, s);
    return s->io;
}

static void close_taken(void *context, struct session *s)
{
    /* Closing the socket takes it out of the set of events. */
    (void)context;
    io_fds_close((struct io_fds *)s->io);
    free(s->io);
}

static bool concerns(const struct listener_watch *w, const struct session *k)
{
    return (!w->fresh || k->target == NULL) && net_hosts_include(&w->hosts, k->kernel.ip);
}

/* Logs, once in a process, why there is no state file. */
static void no_state_file(const struct log *log, int error)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    char dir[RUNDIR_MAX];
    const char *why = rundir_trouble(dir);
    if (!atomic_flag_test_and_set(&said))
        log_warn(log,
                 "runtime directory %s: %s: a kernel whose debugger is killed cannot be taken over",
                 dir, why != NULL ? why : strerror(error));
}

static void announced(void *context, struct session *k)
{
    struct listener *l = context;
    struct listener_watch *w;
    CHECK(holds_lock(l));
    if (k->state_file == NULL && (k->state_file = state_file_create(&k->own, &k->kernel)) == NULL)
        no_state_file(&l->log, errno);
    if (k->state_file != NULL)
        link_keep_session_state(k->link, state_file_session_state(k->state_file));
    LIST_FOREACH (w, &l->watches, entries) {
        if (concerns(w, k))
            w->notify(w->context);
    }
}

static uint64_t now(void *context)
{
    (void)context;
    return io_fds_now();
}

static void crowd(void *context, const struct net_addr *kernel, uint32_t own_ip)
{
    struct listener *l = context;
    CHECK(holds_lock(l)); /* of the responder, too */
    int opened = herald_responder_answer(&l->responder, kernel, own_ip);
    if (opened >= 0 &&
        os_events_add(l->events_fd, l->responder.fd[opened], &l->responder.fd[opened]) != 0)
        herald_responder_close(&l->responder);
}

static const struct lobby_ops lobby_ops = {open_session, close_taken, announced, crowd};

/* ---- the thread ---- */

/* Reads one batch: other threads get the lock before the next one. */
static void take_heralds(struct listener *l)
{
    struct herald heralds[HERALD_BATCH];
    CHECK(holds_lock(l));
    int n = herald_receive(l->herald_fd, heralds);
    for (int i = 0; i < n; i++) {
        size_t len = heralds[i].len <= HERALD_BYTES ? heralds[i].len : HERALD_BYTES;
        lobby_datagram(&l->lobby, &heralds[i].from, heralds[i].own_ip, heralds[i].data, len);
    }
}

/* Handles an event of a socket of the responder; false: it is another socket. */
static bool take_responder(struct listener *l, void *what)
{
    struct net_addr own, kernel;
    CHECK(holds_lock(l));
    for (unsigned i = 0; i < HERALD_RESPONDER_PORTS; i++) {
        if (what != &l->responder.fd[i])
            continue;
        if (herald_responder_take(&l->responder, i, &own, &kernel))
            lobby_arrive(&l->lobby, &own, &kernel);
        return true;
    }
    return false;
}

static void take_listener_event(struct listener *l, void *what)
{
    if (what == &l->herald_fd)
        take_heralds(l);
    else if (what == &l->poke_fd)
        os_wake_clear(l->poke_fd);
    else if (!take_responder(l, what))
        lobby_input(&l->lobby, what);
}

/*
 * Takes events under the lock, one at a time, so that none belongs to a session that was taken or
 * freed in between. The poll without the lock only detects that there are events.
 */
static void *listener_main(void *context)
{
    struct listener *l = context;
    struct pollfd any = {l->events_fd, POLLIN, 0};
    void *what;
    for (;;) {
        lock_listener(l);
        if (l->ended) {
            unlock_listener(l);
            return NULL;
        }
        int n = os_events_take(l->events_fd, &what, 1, 0);
        if (n == 1)
            take_listener_event(l, what);
        uint64_t next = lobby_tick(&l->lobby);
        int timeout = n == 1 ? 0 : io_fds_timeout(next);
        unlock_listener(l);
        capture_flush();
        (void)poll(&any, 1, timeout);
    }
}

static struct listener *listener_fail(struct listener *l, int error)
{
    const int fds[] = {l->herald_fd, l->events_fd, l->poke_fd};
    lobby_free(&l->lobby);
    herald_responder_close(&l->responder);
    for (unsigned i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    free(l);
    errno = error;
    return NULL;
}

/* `fd` is the HERALD port, or -1 to open it; the watch `first`, if not NULL, is added before the
 * first datagram is read. */
static struct listener *create_listener(uint16_t port, int fd, struct listener_watch *first,
                                        const struct log *log)
{
    struct listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        if (fd >= 0)
            close(fd);
        errno = ENOMEM;
        return NULL;
    }
    l->port = port;
    l->log = *log;
    l->events_fd = l->poke_fd = -1;
    lobby_init(&l->lobby, &lobby_ops, l, now, &l->log);
    herald_responder_init(&l->responder);
    l->herald_fd = fd >= 0 ? fd : herald_open(port);
    if (l->herald_fd < 0)
        return listener_fail(l, errno);
    l->events_fd = os_events_open();
    l->poke_fd = os_wake_open();
    if (l->events_fd < 0 || l->poke_fd < 0 ||
        os_events_add(l->events_fd, l->herald_fd, &l->herald_fd) != 0 ||
        os_events_add(l->events_fd, l->poke_fd, &l->poke_fd) != 0)
        return listener_fail(l, errno);
    pthread_mutex_init(&l->turn, NULL);
    pthread_mutex_init(&l->lock, NULL);
    LIST_INIT(&l->watches);
    if (first != NULL && listener_watch(l, first) != 0)
        return listener_fail(l, ENOSPC);
    int error = thread_start(listener_main, l);
    return error != 0 ? listener_fail(l, error) : l;
}

/* Under the lock of all. */
static struct listener *add_listener(struct listener *l)
{
    if (l != NULL) {
        l->next = all;
        all = l;
        atomic_store(&used, true);
    }
    return l;
}

struct listener *listener_adopt(int fd, uint16_t port, struct listener_watch *first,
                                const struct log *log)
{
    pthread_mutex_lock(&all_lock);
    struct listener *l = add_listener(create_listener(port, fd, first, log));
    pthread_mutex_unlock(&all_lock);
    return l;
}

struct listener *listener_get(uint16_t port, const struct log *log)
{
    pthread_mutex_lock(&all_lock);
    struct listener *l = all;
    while (l != NULL && l->port != port)
        l = l->next;
    if (l == NULL && (l = add_listener(create_listener(port, -1, NULL, log))) != NULL) {
        l->lobby.kernels_max = LISTENER_KERNELS;
        l->lobby.heralded_max = LISTENER_HERALDED;
    }
    pthread_mutex_unlock(&all_lock);
    return l;
}

/* ---- watches ---- */

/*
 * Takes over a dead server's session. If that fails, its state file stays for another attempt: the
 * kernel knows no other port. A port in use, or an address that this machine does not have at the
 * moment, concerns only this session: the search continues.
 */
static bool claim_session(void *context, struct state_file *r)
{
    struct listener *l = context;
    const struct net_addr own = state_file_own(r), kernel = state_file_kernel(r);
    struct session *k = lobby_take_over(&l->lobby, &own, &kernel, state_file_session_state(r));
    if (k != NULL) {
        k->state_file = r;
        return true;
    }
    bool only_this = errno == EADDRINUSE || errno == EADDRNOTAVAIL;
    state_file_close(r);
    return only_this;
}

static struct session *find_waiting(struct listener *l, const struct listener_watch *w)
{
    struct session *k;
    CHECK(holds_lock(l));
    TAILQ_FOREACH (k, &l->lobby.kernels, entries) {
        if (k->state == LOBBY_ANNOUNCED && concerns(w, k))
            break;
    }
    return k;
}

/* Removes the first `n` networks of a watch, or of its hosts. */
static void dismiss(struct listener *l, const struct listener_watch *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (w->nets_n != 0)
            lobby_dismiss_net(&l->lobby, w->nets[i]);
        else
            lobby_dismiss(&l->lobby, w->hosts.ip[i]);
    }
}

/* Returns 0, or NETGDB_TOO_LONG: then nothing has changed. */
static int admit(struct listener *l, const struct listener_watch *w)
{
    unsigned n = w->nets_n != 0 ? w->nets_n : w->hosts.n;
    CHECK(holds_lock(l));
    for (unsigned i = 0; i < n; i++) {
        int rc = w->nets_n != 0 ? lobby_admit_net(&l->lobby, w->nets[i])
                                : lobby_admit(&l->lobby, w->hosts.ip[i]);
        if (rc == 0)
            continue;
        dismiss(l, w, i);
        return rc;
    }
    return 0;
}

static bool is_listed(struct listener *l, const struct listener_watch *w)
{
    const struct listener_watch *other;
    LIST_FOREACH (other, &l->watches, entries) {
        if (other == w)
            break;
    }
    return other != NULL;
}

int listener_watch(struct listener *l, struct listener_watch *w)
{
    lock_listener(l);
    CHECK(!is_listed(l, w) && w->notify != NULL);
    int rc = admit(l, w);
    for (unsigned i = 0; i < w->hosts.n && rc == 0; i++)
        state_file_claim_all(w->hosts.ip[i], claim_session, l);
    if (rc == 0)
        LIST_INSERT_HEAD(&l->watches, w, entries);
    if (rc == 0 && find_waiting(l, w) != NULL)
        w->notify(w->context);
    unlock_listener(l);
    os_wake(l->poke_fd);
    return rc;
}

void listener_unwatch(struct listener *l, struct listener_watch *w)
{
    lock_listener(l);
    CHECK(is_listed(l, w));
    LIST_REMOVE(w, entries);
    if (!w->lasting)
        dismiss(l, w, w->nets_n != 0 ? w->nets_n : w->hosts.n);
    unlock_listener(l);
}

bool listener_waits(struct listener *l, const struct listener_watch *w)
{
    lock_listener(l);
    bool waits = find_waiting(l, w) != NULL;
    unlock_listener(l);
    return waits;
}

/* Returns whether `question` is true for a host of the watch. */
static bool ask_lobby(struct listener *l, const struct listener_watch *w,
                      bool (*question)(struct lobby *b, uint32_t ip))
{
    bool yes = false;
    lock_listener(l);
    for (unsigned i = 0; i < w->hosts.n && !yes; i++)
        yes = question(&l->lobby, w->hosts.ip[i]);
    unlock_listener(l);
    return yes;
}

bool listener_is_probing(struct listener *l, const struct listener_watch *w)
{
    return ask_lobby(l, w, lobby_is_probing);
}

bool listener_probe_acked(struct listener *l, const struct listener_watch *w)
{
    return ask_lobby(l, w, lobby_probe_acked);
}

uint32_t listener_refused(struct listener *l, uint64_t since)
{
    lock_listener(l);
    uint32_t ip = l->lobby.refused_at >= since ? l->lobby.refused_last : 0;
    unlock_listener(l);
    return ip;
}

/* Takes the session out of the lobby and its io; NULL is fine. */
static struct session *remove_session(struct listener *l, struct session *s)
{
    if (s == NULL)
        return NULL;
    struct io_fds *f = (struct io_fds *)s->io;
    CHECK(holds_lock(l) && s->state == LOBBY_ANNOUNCED);
    lobby_remove(&l->lobby, s);
    os_events_remove(l->events_fd, f->side[IO_TARGET].in);
    session_leave_io(s);
    io_fds_close(f);
    free(f);
    return s;
}

struct session *listener_take(struct listener *l, const struct listener_watch *w)
{
    lock_listener(l);
    struct session *s = remove_session(l, find_waiting(l, w));
    unlock_listener(l);
    return s;
}

struct session *listener_take_session(struct listener *l, const struct net_addr *own)
{
    struct session *s;
    lock_listener(l);
    TAILQ_FOREACH (s, &l->lobby.kernels, entries) {
        if (s->state == LOBBY_ANNOUNCED && net_addr_equal(&s->own, own))
            break;
    }
    (void)remove_session(l, s);
    unlock_listener(l);
    return s;
}

static const struct listener_watch any_host = {.hosts = {.n = 1}};

/* Returns the first listener with a waiting kernel; NULL: none. */
static struct listener *first_with_kernel(void)
{
    pthread_mutex_lock(&all_lock);
    struct listener *l = all;
    while (l != NULL && !listener_waits(l, &any_host))
        l = l->next;
    pthread_mutex_unlock(&all_lock);
    return l;
}

struct session *listener_take_any(const struct log **log)
{
    struct session *s = NULL;
    struct listener *l;
    while (s == NULL && (l = first_with_kernel()) != NULL) {
        s = listener_take(l, &any_host);
        *log = &l->log;
    }
    return s;
}

void listener_end(void)
{
    pthread_mutex_lock(&all_lock);
    for (struct listener *l = all; l != NULL; l = l->next) {
        lock_listener(l);
        l->ended = true;
        unlock_listener(l);
        os_wake(l->poke_fd);
    }
    pthread_mutex_unlock(&all_lock);
}

bool listener_started(void)
{
    return atomic_load(&used);
}

void listener_list(struct listener *l, void (*visit)(void *context, const struct session *k),
                   void *context)
{
    const struct session *k;
    lock_listener(l);
    TAILQ_FOREACH (k, &l->lobby.kernels, entries) {
        if (k->state == LOBBY_ANNOUNCED)
            visit(context, k);
    }
    unlock_listener(l);
}

/* ---- kernels that come back ---- */

void listener_return(struct listener *l, struct session *s)
{
    /* The session has one owner: it is not in the lobby. */
    CHECK(s->host == NULL);
    session_leave_io(s);
    lock_listener(l);
    if (watch_socket(l, s)) {
        (void)lobby_return(&l->lobby, s);
    } else {
        log_error(&l->log, "cannot keep a kernel: %s", strerror(errno));
        session_free(s);
    }
    unlock_listener(l);
    /* A datagram of ours may be in flight: it needs retransmission. */
    os_wake(l->poke_fd);
}
