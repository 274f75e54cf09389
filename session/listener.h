/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The owner of the HERALD port in a process: a thread with the port, the lobby (lobby.h) and the
 * sockets of the sessions in it. It lives from the first use of a port to the end of the process,
 * because a kernel may come back at any time.
 *
 * Every call is safe from any thread. Calls take one lock, in turns; notify and the log's sink are
 * called under it, and the sink must not block (io/logqueue.h).
 */
#ifndef NETGDB_SESSION_LISTENER_H
#define NETGDB_SESSION_LISTENER_H

#include <sys/queue.h>

#include "io/fds.h"
#include "io/sockets.h"
#include "session/lobby.h"

enum {
    LISTENER_KERNELS = 64,  /* of listener_get: gdb's process has few descriptors */
    LISTENER_HERALDED = 16, /* (lobby.h: kernels_max, heralded_max) */
};

struct listener;

/* A client's interest in kernels. Owned by the caller. */
struct listener_watch {
    LIST_ENTRY(listener_watch) entries;
    struct net_hosts hosts;
    bool fresh;                   /* only sessions that no client has had */
    const struct lobby_net *nets; /* of these networks; nets_n 0: of all */
    unsigned nets_n;
    bool lasting;                  /* the hosts stay admitted: gdb may want them again */
    void (*notify)(void *context); /* a kernel of such a host waits; also called
                                      for one that waited before the watch */
    void *context;
};

/*
 * The listener of this port, made and started by the first call. NULL with errno: EADDRINUSE
 * when another process has the port. `log` is copied; its name and context must live as long as the
 * process. The limits are LISTENER_KERNELS and LISTENER_HERALDED.
 */
struct listener *listener_get(uint16_t port, const struct log *log);

/*
 * A listener on a socket that is bound to this port already (herald_adopt in io/herald.h), which it
 * owns, with its first watch, which gets HERALDs that are in the socket, too. NULL with errno; the
 * socket is closed then.
 */
struct listener *listener_adopt(int fd, uint16_t port, struct listener_watch *first,
                                const struct log *log);

/*
 * Begins to watch: admits kernels of these hosts until listener_unwatch, and probes the sessions of
 * theirs whose server died. Returns 0 or NETGDB_TOO_LONG (too many hosts).
 */
int listener_watch(struct listener *l, struct listener_watch *w);
void listener_unwatch(struct listener *l, struct listener_watch *w);

/* Whether a kernel waits for this watch. */
bool listener_waits(struct listener *l, const struct listener_watch *w);

/* Whether an inherited session has answered a probe, or may do so soon. */
bool listener_is_probing(struct listener *l, const struct listener_watch *w);

/* Whether one has answered: its kernel is announced as soon as it has been quiet. */
bool listener_probe_acked(struct listener *l, const struct listener_watch *w);

/* Takes the session of such a kernel, which is the caller's then. NULL when none waits. */
struct session *listener_take(struct listener *l, const struct listener_watch *w);

/* Takes the session that has this address on our side. */
struct session *listener_take_session(struct listener *l, const struct net_addr *own);

/* Takes any session of any listener of this process, for its end; *log is that listener's. */
struct session *listener_take_any(const struct log **log);

/*
 * For the end of the process: no listener receives anything from now on, so that no kernel is
 * acknowledged without a client. Kernels that wait already can still be taken.
 */
void listener_end(void);

/* Whether this process ever had a listener; takes no lock. */
bool listener_started(void);

/* The address, in host byte order, of the last host that sent a HERALD since then (io_fds_now) and
 * was not admitted; 0: none. */
uint32_t listener_refused(struct listener *l, uint64_t since);

/*
 * Returns a session to the lobby, out of the io that it is in, to wait for the next client. The
 * listener owns it from here on. It is freed, with its state file, if the kernel has begun another
 * session meanwhile; without memory it is freed and the state file stays for the next server.
 */
void listener_return(struct listener *l, struct session *s);

/* Calls `visit` for each session that waits; it must not call the listener. */
void listener_list(struct listener *l, void (*visit)(void *context, const struct session *k),
                   void *context);

#endif
