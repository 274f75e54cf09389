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
bool listener_is_probing(struct listener *l, const struct listener_watch *w);

/* Whether one has answered: its kernel waits to be taken as soon as it has been quiet. */
bool listener_probe_acked(struct listener *l, const struct listener_watch *w);

/* Takes the session of such a kernel, which is the caller's then. NULL when none waits. */
struct session *listener_take(struct listener *l, const struct listener_watch *w);

/* Takes the session that has this address on our side. */
struct session *listener_take_session(struct listener *l, const struct net_addr *own);

/* Takes any session of any listener of this process, for its end; *log is that listener's. */
struct session *listener_take_any(const struct log **log);

/*
 * For the end of the process: no listener of it hears anything from now on, so that no kernel is
 * acknowledged that nobody could take any more. What waits already can still be taken.
 */
void listener_end(void);

/* Whether this process ever had a listener; takes no lock. */
bool listener_started(void);

/* The last host that called since then (by io_fds_now) and that nobody had asked for; 0: none. */
uint32_t listener_refused(struct listener *l, uint64_t since);

/*
 * Returns a session to the lobby, out of the io that it is in, to wait for the next client. The
 * listener owns it from here on. It is freed, with its state file, if the kernel has begun another
 * session meanwhile; without memory it is freed and the state file stays for the next server.
 */
void listener_return(struct listener *l, struct session *s);

/* Shows each kernel that waits to be taken; `visit` must not call the listener. */
void listener_list(struct listener *l, void (*visit)(void *context, const struct session *k),
                   void *context);

#endif
