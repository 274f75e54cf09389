/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session with a kernel or node, from its HERALD to its end: addresses, socket, link or target,
 * and state file. It has one owner at a time: the lobby while the kernel waits, and otherwise the
 * relay, the client of the proxy, or the thread that took it. Only its owner may touch it.
 */
#ifndef NETGDB_SESSION_SESSION_H
#define NETGDB_SESSION_SESSION_H

#include <sys/queue.h>

#include "proto/addr.h"
#include "proto/kernel/netgdb_target.h"
#include "session/state_file.h"

struct io_fds;

enum { SESSION_STOP_MAX = 4 }; /* "T05" and a NUL */

enum lobby_state {
    LOBBY_HERALDED,  /* the HERALD is acknowledged, its T has not arrived */
    LOBBY_PROBING,   /* taken over: the kernel has not answered, or is not quiet yet */
    LOBBY_ANNOUNCED, /* waits to be taken */
};

struct session {
    struct net_addr own;           /* our address and session port */
    struct net_addr kernel;        /* the kernel's */
    int fd;                        /* the connected socket; -1 while an io has it */
    struct io *io;                 /* the io that has it as IO_TARGET, or NULL */
    struct link *link;             /* allocated; owned by `target` when there is one */
    struct target *target;         /* netgdb_target.h; NULL: no client has had this session */
    struct state_file *state_file; /* or NULL */
    char stop[SESSION_STOP_MAX];   /* how the first stop reply began; empty: unknown */
    bool taken_over;               /* taken over from a dead server */
    bool ended;                    /* session_free removes the state file, too */

    /* The lobby's (lobby.h). */
    TAILQ_ENTRY(session) entries;
    LIST_ENTRY(session) same; /* sessions whose `kernel` has the same hash */
    struct lobby_host *host;
    enum lobby_state state;
    uint64_t since;    /* when it entered this state */
    uint64_t answered; /* when its last HERALD was acknowledged */
    uint64_t silenced; /* LOBBY_PROBING: when probing stopped; 0: it has not */
};

/* A session without socket and state file; its link is zeroed. NULL with errno ENOMEM. */
struct session *session_new(const struct net_addr *own, const struct net_addr *kernel);

/*
 * Moves the socket into `io`, and the link or target along with it. `log` and `successor` (NULL:
 * none) replace those that the target had. All three are the caller's and must outlive the move.
 */
void session_move(struct session *s, struct io_fds *io, const struct log *log,
                  const struct netgdb_successor *successor);

/*
 * The same for an owner that debugs the kernel: makes the target if there is none, and timestamps
 * datagrams. Returns 0, or NETGDB_NOMEM: then nothing has changed.
 */
int session_adopt(struct session *s, struct io_fds *io, const struct log *log,
                  const struct netgdb_successor *successor);

/* Takes the socket out of its io, which sends its queue first. The link has no io then. */
void session_leave_io(struct session *s);

/*
 * The kernel of `s` has begun another session, `next`, which no client has had: s becomes that
 * session, in the same io, and `next` is freed. The state file of the old session is removed.
 * Returns the new link, for netgdb_successor.take; the target frees the old one.
 */
struct link *session_succeed(struct session *s, struct session *next);

/*
 * Frees the session and all that it owns; its socket is closed, also when it is in an io. The state
 * file stays for the next server unless the session has ended. NULL is fine.
 */
void session_free(struct session *s);

#endif
