/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One target, looked at by several: a first client, which debugs it, and observers, who only read.
 *
 * The thread that serves the target is its owner. It executes the observers' requests, one at a
 * time and only while its own client has no request pending, with the decorator of
 * observed_share_new in its chain. An observer's thread posts a request and waits for the reply
 * (observer.h). The target has an owner while a client is attached; a proxy may also start one for
 * the observers alone.
 *
 * The first client's replies do not depend on the observers:
 * - The stub's selected thread is the first client's whenever a request of it arrives there.
 * - While the stub waits for an answer of the first client, it gets nothing else.
 * - A list of threads, of which the stub knows only one position, is not read while the first
 *   client reads one. If the client leaves one unfinished, observers read theirs; should it go on
 *   later, the parts that it has are read again first.
 * - A request of the first client waits for one request of an observer at most, and only if the
 *   client, or the observers, had paused for OBSERVED_SHARE times as long before: the observers
 *   cost it at most 5 % of its time.
 */
#ifndef NETGDB_SESSION_OBSERVED_H
#define NETGDB_SESSION_OBSERVED_H

#include <pthread.h>
#include <sys/queue.h>

#include "proto/kernel/netgdb_target.h"

enum {
    OBSERVERS_MAX = 8,         /* of one target */
    OBSERVED_SHARE = 30,       /* 3 %, and the work of the proxy */
    OBSERVED_THREAD_MAX = 64,  /* bytes of a thread id with its NUL; a longer one is unknown */
    OBSERVED_STOP_MAX = 4096,  /* bytes of a stop reply that are looked at */
    OBSERVED_FEATURES = 16384, /* bytes of a reply to qSupported */
};

/* A stop that lasts at least so long is reported to observers. A shorter one is within a command of
 * the first client: a step over a breakpoint, the steps of `next`. */
#define OBSERVED_SETTLES (50 * IO_MS)

/* How long an observer's request waits for such a command, before the target counts as running. */
#define OBSERVED_PATIENCE (500 * IO_MS)

/* How long a list that the first client has begun to read keeps observers from reading theirs. */
#define OBSERVED_LIST_TIME (2 * IO_SECOND)

struct io_fds;
struct observed_share;

enum observer_state {
    OBSERVER_IDLE,
    OBSERVER_QUEUED,
    OBSERVER_TAKEN, /* the owner executes it */
    OBSERVER_ANSWERED,
};

/* One observer. Its request and thread belong to the owner while it is TAKEN. */
struct observer {
    TAILQ_ENTRY(observer) entries;
    struct io_fds *io; /* of its thread, which is woken */
    enum observer_state state;
    struct buf request, reply;
    int result;                       /* 0, or the error of the target */
    char thread[OBSERVED_THREAD_MAX]; /* selected; empty: the thread that stopped */
    uint64_t seen;                    /* the stop that its client has seen last */
    unsigned long session;            /* that it looks at */
};

struct observed {
    pthread_mutex_t lock;   /* of what follows; a leaf */
    pthread_cond_t changed; /* a request is not TAKEN any more */
    TAILQ_HEAD(, observer) observers;
    unsigned n;
    struct io_fds *owner;  /* the io of the thread that serves the target; NULL: no thread does */
    enum netgdb_peer peer; /* what the target is, if known */
    bool peer_known;       /* this session had an owner */
    bool has_client;       /* the owner has a client; otherwise it serves only observers */
    bool running;          /* the target was resumed and has not stopped yet */
    unsigned long session; /* changes when a session ends */
    uint64_t stops;        /* stops of this session */
    uint64_t stopped_at;   /* the last one */
    uint64_t resumed_at;   /* the last time that the target was resumed */
    struct buf stop;       /* the last stop reply, for observers; empty: unknown */
    char thread[OBSERVED_THREAD_MAX]; /* that stopped; empty: unknown */
    struct buf features;              /* of the stub, as observers may use them */
    uint64_t served;                  /* requests of observers */
    struct observer *lister;          /* it has read a part of the list of threads; or NULL */

    /* The owner's. */
    struct observed_share *share;
    uint64_t client_done, observers_done; /* when the last request of each was answered */
    uint64_t cost;                        /* ns that an observer's request takes */
};

void observed_init(struct observed *h);
void observed_free(struct observed *h);

/* ---- for the owner ---- */

/*
 * The decorator of the owner's chain, right in front of the target and its corrections. It keeps
 * the first client's selection and learns what observers ask for. NULL: no memory; `next` is
 * still the caller's then.
 */
struct target *observed_share_new(struct target *next, struct observed *h);

/* This thread serves the target now, until observed_leave. A target that was running has stopped.
 */
void observed_begin(struct observed *h, struct io_fds *io, enum netgdb_peer peer, bool has_client);

/* The target stays, stopped, for the next client: the stub gets the first client's selection back.
 * Returns 0, or an error of the target. Before observed_leave. */
int observed_park(struct observed *h);

/* This thread no longer serves the target. Requests stay queued. */
void observed_leave(struct observed *h);

/* The session has ended: all that its observers wait for fails with NETGDB_CLOSED. */
void observed_close(struct observed *h);

/* A request of the first client has been answered. */
void observed_client_done(struct observed *h);

/* When observed_run should be called, by io_now: 0: now; IO_NEVER: no observer waits. */
uint64_t observed_due(struct observed *h);

/* Before observed_run: clears the wake of the owner's io by which an observer announced a request.
 */
void observed_clear(struct observed *h);

/* Executes one request of an observer if one is due. Returns 0, or an error of the target. */
int observed_run(struct observed *h);

/* ---- for observers ---- */

/* Joins. Returns 0, or NETGDB_TOO_LONG: there are OBSERVERS_MAX. */
int observer_join(struct observed *h, struct observer *o, struct io_fds *io);

/* Leaves, after the owner has executed a request that it has taken, and frees the buffers. */
void observer_leave(struct observed *h, struct observer *o);

/* Stores what the target is in *peer. Returns false if no thread has served it in this session. */
bool observed_peer(struct observed *h, enum netgdb_peer *peer);

/* ---- between both parts of the implementation ---- */

/* The first client has resumed the target; the target has stopped or ended, with this reply
 * (`resumed`: after a resume); the stub has refused the resume. */
void observed_resumed(struct observed *h);
void observed_stopped(struct observed *h, const struct buf *reply, bool resumed);
void observed_not_resumed(struct observed *h);

/* This observer reads a list of threads; NULL: none. */
void observed_set_lister(struct observed *h, struct observer *o);

/* Whether this observer reads it. */
bool observed_is_lister(struct observed *h, const struct observer *o);

/* Executes the request of `o` in the owner's chain. Returns 0; 1 when there is more to execute; or
 * an error of the target. */
int observed_share_run(struct observed_share *s, struct observer *o);

/* Whether the stub waits for the first client's answer to a question (qSymbol): gdbserver takes the
 * next request for that (gdbserver/remote-utils.cc, look_up_one_symbol). */
bool observed_share_is_asked(const struct observed_share *s);

/* Whether GDB accepts an error with a text in the reply; it would take it for memory (remote.c,
 * remote_read_bytes_1). */
bool observed_takes_text(const struct packet *packet);

/* Whether the first client is reading a list of threads. */
bool observed_share_lists(const struct observed_share *s);

/* Selects the first client's thread again if an observer's is selected. Returns 0, or an error of
 * the target. */
int observed_share_restore(struct observed_share *s);

/* Whether a thread id of H names no particular thread: 0, -1, pPID, or pPID.TID with one of those.
 */
bool observed_any_thread(const char *id, size_t len);

/* Whether a read of this object (qXfer:OBJECT:…) is known to have no effect. A part of a branch
 * trace, for example, is read only once (qXfer:btrace:read:delta). */
bool observed_knows_object(const uint8_t *text, size_t len);

/* Copies the thread id after `key` in a stop reply (T…thread:ID;); "" when there is none. */
void observed_thread_of(const struct buf *reply, char thread[OBSERVED_THREAD_MAX]);

#endif
