/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target that several look at: its queue of requests and its state; see observed.h. */
#include "session/observed.h"

#include <string.h>

#include "io/clock.h"
#include "io/fds.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/packets.h"
#include "proto/stop.h"

/* Forgets a session. */
static void forget_session(struct observed *h)
{
    h->running = h->peer_known = false;
    h->stops = 1;
    h->thread[0] = '\0';
    buf_reset(&h->stop);
    buf_reset(&h->features);
}

void observed_init(struct observed *h)
{
    *h = (struct observed){.lock = PTHREAD_MUTEX_INITIALIZER};
    clock_condition(&h->changed);
    TAILQ_INIT(&h->observers);
    buf_init(&h->stop, OBSERVED_STOP_MAX);
    buf_init(&h->features, OBSERVED_FEATURES);
    forget_session(h);
}

void observed_free(struct observed *h)
{
    CHECK(h->owner == NULL && TAILQ_EMPTY(&h->observers) && h->share == NULL);
    buf_free(&h->stop);
    buf_free(&h->features);
    (void)pthread_cond_destroy(&h->changed);
    (void)pthread_mutex_destroy(&h->lock);
}

/* Under the lock. */
static void wake_observers(struct observed *h)
{
    struct observer *o;
    TAILQ_FOREACH (o, &h->observers, entries)
        io_fds_wake(o->io);
}

bool observed_peer(struct observed *h, enum netgdb_peer *peer)
{
    pthread_mutex_lock(&h->lock);
    bool known = h->peer_known;
    *peer = h->peer;
    pthread_mutex_unlock(&h->lock);
    return known;
}

/* ---- stops ---- */

bool observed_knows_object(const uint8_t *text, size_t len)
{
    static const char siginfo[] = "qXfer:siginfo:"; /* without an entry in the table of packets */
    return packet_find(text, len)->id != PACKET_qXfer ||
           (len >= sizeof siginfo - 1 && memcmp(text, siginfo, sizeof siginfo - 1) == 0);
}

/* 0 or -1. */
static bool is_any(const char *number, size_t len)
{
    return len == 0 || number[0] == '-' || (len == 1 && number[0] == '0');
}

bool observed_any_thread(const char *id, size_t len)
{
    if (len == 0 || id[0] != 'p')
        return is_any(id, len);
    const char *process = id + 1, *end = id + len, *dot = memchr(id, '.', len);
    if (dot == NULL) /* all threads of the process */
        return true;
    return is_any(process, (size_t)(dot - process)) || is_any(dot + 1, (size_t)(end - dot) - 1);
}

void observed_thread_of(const struct buf *reply, char thread[OBSERVED_THREAD_MAX])
{
    size_t len;
    const uint8_t *id = stop_thread(reply->data, reply->len, &len);
    thread[0] = '\0';
    if (id == NULL || len >= OBSERVED_THREAD_MAX || memchr(id, '\0', len) != NULL)
        return;
    memcpy(thread, id, len);
    thread[len] = '\0';
}

/*
 * Keeps what an observer needs of a stop: the signal and the thread. Not the registers, which the
 * first client may have changed since, nor swbreak: GDB resumes without a word after a breakpoint
 * that it has not inserted itself (gdb/infrun.c, "delayed software breakpoint trap").
 */
static void keep_stop(struct observed *h, const struct buf *reply)
{
    observed_thread_of(reply, h->thread);
    buf_reset(&h->stop);
    if (reply->len < 3 || memchr("TSWX", reply->data[0], 4) == NULL)
        return;
    bool with_thread = reply->data[0] == 'T';
    (void)buf_add(&h->stop, reply->data, with_thread ? 3 : reply->len);
    if (with_thread && h->thread[0] != '\0')
        (void)buf_printf(&h->stop, "thread:%s;", h->thread);
    if (h->stop.error != 0)
        buf_reset(&h->stop);
}

void observed_stopped(struct observed *h, const struct buf *reply, bool resumed)
{
    pthread_mutex_lock(&h->lock);
    keep_stop(h, reply);
    if (resumed || h->running) /* otherwise the first client has only asked for it again */
        h->stopped_at = io_fds_now();
    h->running = false;
    h->stops += resumed;
    wake_observers(h);
    pthread_mutex_unlock(&h->lock);
}

void observed_resumed(struct observed *h)
{
    pthread_mutex_lock(&h->lock);
    h->running = true;
    h->resumed_at = io_fds_now();
    h->lister = NULL;
    wake_observers(h);
    pthread_mutex_unlock(&h->lock);
}

void observed_not_resumed(struct observed *h)
{
    pthread_mutex_lock(&h->lock);
    h->running = false;
    pthread_mutex_unlock(&h->lock);
}

/* ---- the owner ---- */

void observed_begin(struct observed *h, struct io_fds *io, enum netgdb_peer peer, bool has_client)
{
    pthread_mutex_lock(&h->lock);
    CHECK(h->owner == NULL); /* one thread serves the target */
    h->owner = io;
    h->peer = peer;
    h->peer_known = true;
    h->has_client = has_client;
    if (h->running) {
        h->running = false;
        h->stops++;
        h->stopped_at = io_fds_now();
        h->thread[0] = '\0';
        buf_reset(&h->stop);
    }
    h->client_done = h->observers_done = h->cost = 0;
    wake_observers(h);
    pthread_mutex_unlock(&h->lock);
}

int observed_park(struct observed *h)
{
    CHECK_OR_RETURN(h->share != NULL);
    return observed_share_restore(h->share);
}

void observed_leave(struct observed *h)
{
    pthread_mutex_lock(&h->lock);
    CHECK(h->owner != NULL);
    h->owner = NULL;
    h->has_client = false;
    wake_observers(h);
    pthread_mutex_unlock(&h->lock);
}

void observed_close(struct observed *h)
{
    pthread_mutex_lock(&h->lock);
    h->session++;
    forget_session(h);
    wake_observers(h);
    pthread_mutex_unlock(&h->lock);
}

void observed_set_lister(struct observed *h, struct observer *o)
{
    pthread_mutex_lock(&h->lock);
    h->lister = o;
    pthread_mutex_unlock(&h->lock);
}

bool observed_is_lister(struct observed *h, const struct observer *o)
{
    pthread_mutex_lock(&h->lock);
    bool is = h->lister == o;
    pthread_mutex_unlock(&h->lock);
    return is;
}

void observed_client_done(struct observed *h)
{
    CHECK(h->owner != NULL); /* this thread's io */
    h->client_done = io_fds_now();
}

/* The next queued request, under the lock; NULL: none. */
static struct observer *next_queued(struct observed *h)
{
    struct observer *o;
    if (h->lister != NULL && h->lister->state == OBSERVER_QUEUED)
        return h->lister;
    TAILQ_FOREACH (o, &h->observers, entries) {
        if (o->state == OBSERVER_QUEUED)
            return o;
    }
    return NULL;
}

uint64_t observed_due(struct observed *h)
{
    pthread_mutex_lock(&h->lock);
    const struct observer *o = next_queued(h);
    bool waits = o != NULL && !h->running && !observed_share_is_asked(h->share);
    bool excluded = waits && packet_lists_threads(packet_find(o->request.data, o->request.len)) &&
                    observed_share_lists(h->share);
    pthread_mutex_unlock(&h->lock);
    if (!waits)
        return IO_NEVER;
    if (!h->has_client)
        return 0;
    uint64_t paused = h->client_done < h->observers_done ? h->client_done : h->observers_done;
    uint64_t due = paused + OBSERVED_SHARE * h->cost, listed = h->client_done + OBSERVED_LIST_TIME;
    return excluded && due < listed ? listed : due;
}

void observed_clear(struct observed *h)
{
    io_fds_clear_wake(h->owner);
}

/* The next request to be executed, which is TAKEN then; NULL: none. */
static struct observer *take_queued(struct observed *h)
{
    pthread_mutex_lock(&h->lock);
    struct observer *o = next_queued(h);
    if (o != NULL)
        o->state = OBSERVER_TAKEN;
    pthread_mutex_unlock(&h->lock);
    return o;
}

/* Ends the request of `o`, whose reply is in o->reply and o->result; with `more`, queues it again
 * for the rest of the reply. */
static void answer_observer(struct observed *h, struct observer *o, bool more)
{
    pthread_mutex_lock(&h->lock);
    CHECK(o->state == OBSERVER_TAKEN); /* one reply to each request */
    o->state = more ? OBSERVER_QUEUED : OBSERVER_ANSWERED;
    h->served += !more;
    TAILQ_REMOVE(&h->observers, o, entries); /* the others are next */
    TAILQ_INSERT_TAIL(&h->observers, o, entries);
    if (!more)
        io_fds_wake(o->io);
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

int observed_run(struct observed *h)
{
    uint64_t now = io_fds_now();
    struct observer *o = observed_due(h) <= now ? take_queued(h) : NULL;
    if (o == NULL)
        return 0;
    int rc = observed_share_run(h->share, o);
    o->result = rc < 0 ? rc : 0;
    h->observers_done = io_fds_now();
    h->cost = h->observers_done - now;
    answer_observer(h, o, rc == 1);
    return rc < 0 ? rc : 0;
}

/* ---- observers ---- */

int observer_join(struct observed *h, struct observer *o, struct io_fds *io)
{
    pthread_mutex_lock(&h->lock);
    bool room = h->n < OBSERVERS_MAX;
    if (room) {
        *o = (struct observer){.io = io, .session = h->session};
        buf_init(&o->request, TARGET_REPLY_MAX);
        buf_init(&o->reply, TARGET_REPLY_MAX);
        TAILQ_INSERT_TAIL(&h->observers, o, entries);
        h->n++;
    }
    pthread_mutex_unlock(&h->lock);
    return room ? 0 : NETGDB_TOO_LONG;
}

void observer_leave(struct observed *h, struct observer *o)
{
    pthread_mutex_lock(&h->lock);
    while (o->state == OBSERVER_TAKEN)
        (void)pthread_cond_wait(&h->changed, &h->lock);
    if (h->lister == o)
        h->lister = NULL;
    TAILQ_REMOVE(&h->observers, o, entries);
    h->n--;
    pthread_mutex_unlock(&h->lock);
    buf_free(&o->request);
    buf_free(&o->reply);
}
