/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one owner of the HERALD port in a process: a thread with the port, the lobby (lobby.h) and
 * the session sockets of the kernels in it. It lives from the first use of a port to the end of
 * the process, because a kernel that is already known may come back at any time.
 *
 * All calls are safe from any thread. They take one lock, in turns; the notify calls are made under
 * it, and so are the lines of the log: its sink must not wait (io/logqueue.h).
 */
#ifndef NETGDB_SESSION_LISTENER_H
#define NETGDB_SESSION_LISTENER_H

#include <sys/queue.h>

#include "io/fds.h"
#include "session/lobby.h"
#include "session/record.h"

enum {
    LISTENER_IPS = 16,      /* addresses of one host */
    LISTENER_KERNELS = 64,  /* of listener_get: what gdb's process has descriptors for */
    LISTENER_HERALDED = 16, /* (lobby.h: kernels_max, heralded_max) */
};

struct listener;

/* Somebody who wants to know of kernels. Owned by the caller; ips[0] 0: those of any host. */
struct listener_watch {
    LIST_ENTRY(listener_watch) entries;
    uint32_t ips[LISTENER_IPS];
    unsigned n;
    bool fresh; /* only of sessions that nobody had: a kernel that begins a new one */
    const struct lobby_net *nets; /* any host of these networks; nets_n 0: of all */
    unsigned nets_n;
    bool lasting;                  /* the hosts are let in for good: gdb may want them again */
    void (*notify)(void *context); /* a kernel of such a host has announced itself; also when it
                                      had before the watch began */
    void *context;
};

/* A kernel that was taken: all of it belongs to the taker. */
struct listener_kernel {
    struct net_addr own, kernel;
    int fd;                    /* the session's socket, connected */
    struct link *link;         /* made by malloc; its io is to be set, NULL till then */
    struct target *target;     /* netgdb_target.h, owns the link; NULL: nobody had it before */
    struct record *record;     /* or NULL */
    char stop[LOBBY_STOP_MAX]; /* how the first T began; empty when it is not known */
    bool taken_over;
};

/*
 * The listener of this port, made and started by the first call. NULL with errno: EADDRINUSE
 * when another process has the port. `log` is copied; its name and context must live as long as the
 * process. No more kernels are kept than a debugger's process has room for.
 */
struct listener *listener_get(uint16_t port, const struct log *log);

/*
 * A listener on a socket that somebody else has bound to this port (herald_adopt in io/herald.h),
 * which it owns, and its first watch: HERALDs that came before are for that one, too. NULL with
 * errno; the socket is closed then.
 */
struct listener *listener_adopt(int fd, uint16_t port, struct listener_watch *first,
                                const struct log *log);

/*
 * Begins to watch: kernels of these hosts are let in as long as it lasts, and a session of theirs
 * whose server died is asked whether it goes on. End it with listener_unwatch. Returns 0 or
 * NETGDB_TOO_LONG (too many hosts).
 */
int listener_watch(struct listener *l, struct listener_watch *w);
void listener_unwatch(struct listener *l, struct listener_watch *w);

/* Whether a kernel that the watch is for waits to be taken. */
bool listener_waits(struct listener *l, const struct listener_watch *w);

/* Whether a session that a dead server left has answered, or is asked and may do so soon. */
bool listener_asks(struct listener *l, const struct listener_watch *w);

/* Whether one has answered: its kernel waits to be taken as soon as it has been quiet. */
bool listener_answers(struct listener *l, const struct listener_watch *w);

/* Takes it. False when there is none. */
bool listener_take(struct listener *l, const struct listener_watch *w, struct listener_kernel *out);

/* The same for the session with this address on our side. */
bool listener_take_session(struct listener *l, const struct net_addr *own,
                           struct listener_kernel *out);

/*
 * The same for any host of any listener of this process: for its end. Returns the listener's log;
 * NULL when no kernel waits.
 */
const struct log *listener_take_any(struct listener_kernel *out);

/*
 * For the end of the process: no listener of it hears anything from now on, so that no kernel is
 * acknowledged that nobody could take any more. What waits already can still be taken.
 */
void listener_end(void);

/* Whether this process ever had a listener; takes no lock. */
bool listener_was_used(void);

/* The last host that called since then (by io_fds_now) and that nobody had asked for; 0: none. */
uint32_t listener_refused(struct listener *l, uint64_t since);

/* Releases the target, or the link, of a kernel that was taken; nothing else of it. */
void listener_drop_link(const struct listener_kernel *k);

/*
 * Gives a kernel back, to wait for the next taker: all of it is the listener's again. One that has
 * begun another session meanwhile is let go of.
 */
void listener_give(struct listener *l, const struct listener_kernel *k);

/* Shows each kernel that waits to be taken; `visit` must not call the listener. */
void listener_list(struct listener *l, void (*visit)(void *context, const struct lobby_kernel *k),
                   void *context);

#endif
