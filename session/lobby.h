/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lobby: kernels that wait for a client. It acknowledges a HERALD from a session port, receives
 * and acknowledges the kernel's T (after which the kernel waits for ever), and owns the session
 * until a client takes it. It also probes the sessions of dead servers until the kernel answers.
 *
 * Anyone who can send datagrams can create sessions here. So the lobby limits the sessions without
 * a T, of which one host gets at most LOBBY_SHARE times the number that is free, and the kernels.
 * Above the limit it drops one that no client has had, with its state file: the oldest probed one
 * without an answer, else one of the host that has most.
 *
 * It makes no system call and no thread: sockets come from the injected operations, and
 * session/listener.c (or the simulated world) calls it when a datagram has arrived.
 */
#ifndef NETGDB_SESSION_LOBBY_H
#define NETGDB_SESSION_LOBBY_H

#include <sys/queue.h>

#include "session/session.h"

#define LOBBY_HERALD_EXPIRES (15 * IO_SECOND) /* without a T it was a late copy */

/* Grace period before a HERALD of an unexpected host is logged: a client may ask for it soon. */
#define LOBBY_STRANGER_GRACE (5 * IO_SECOND)

/* A kernel that has acknowledged a probe is quiet after this: it may retransmit for so long, twice.
 */
#define LOBBY_QUIET_TIME (2 * LINK_KERNEL_GIVES_UP)

/*
 * Intervals between probes, doubled each time. Probes are few, because a 13.x kernel with
 * INVARIANTS that is back at db> panics at the next `netgdb -s` if a probe waits in its network
 * card.
 */
#define LOBBY_PROBE_FIRST (IO_SECOND / 2)
#define LOBBY_PROBE_MAX (30 * IO_SECOND)

#define LOBBY_PROBE_EXPIRES (3600 * IO_SECOND) /* a running kernel answers at its next stop */

#define LOBBY_HERALD_INTERVAL (10 * IO_MS) /* minimum interval between acks of a HERALD */

#define LOBBY_TICK (20 * IO_MS) /* minimum interval between passes over all kernels */

#define LOBBY_PROBE_TIME                                                                           \
    (2 * (2 * LINK_KERNEL_RETRY + 200 * IO_MS)) /* a waiting kernel answers within this time */

enum {
    LOBBY_KERNELS_MAX = 2048,  /* kernels that are announced or probed */
    LOBBY_HERALDED_MAX = 2048, /* sessions without a T */
    LOBBY_SHARE = 8,           /* one host alone gets 8 of 9 of them, a second 8 of 9 of the rest */
    LOBBY_BUCKETS = 1024,
    LOBBY_HOSTS_MAX = 256,    /* hosts and networks whose kernels are admitted, unless all are */
    LOBBY_PROBES = 12,        /* in all, within about 3 minutes */
    LOBBY_TRANSMISSIONS = 24, /* of what is in flight to a returned kernel: 20 s */
};

struct lobby_ops {
    /*
     * Opens a socket for a session, from k->own (port 0: any; it is filled in) connected to
     * k->kernel, as IO_TARGET of the io that it returns. Sets *payload to the maximum bytes of data
     * in one DATA on that path (wire.h). NULL with errno.
     */
    struct io *(*open)(void *context, struct session *k, size_t *payload);
    void (*close)(void *context, struct session *k); /* its socket */

    /* The kernel has just become LOBBY_ANNOUNCED. */
    void (*announced)(void *context, struct session *k);

    /*
     * There is no room for a session of this kernel. Its HERALD may be acknowledged without one,
     * from a port whose T is then reported by lobby_arrive. May be NULL.
     */
    void (*crowd)(void *context, const struct net_addr *kernel, uint32_t own_ip);
};

/* Admitted hosts: those whose address is `ip` in the bits of `mask`; both in host byte order. */
struct lobby_net {
    uint32_t ip, mask;
};

/* A host with sessions in the lobby. */
struct lobby_host {
    LIST_ENTRY(lobby_host) entries;
    uint32_t ip;
    unsigned heralded, kernels; /* its sessions without and with a T */
};

struct lobby {
    const struct lobby_ops *ops;
    void *context;
    const struct log *log;
    uint64_t (*now)(void *context); /* ns, as io_now */
    TAILQ_HEAD(sessions, session) kernels;
    LIST_HEAD(, session) by_kernel[LOBBY_BUCKETS];
    LIST_HEAD(, lobby_host) hosts[LOBBY_BUCKETS];
    unsigned count, heralded;           /* all sessions; those without a T */
    unsigned kernels_max, heralded_max; /* LOBBY_KERNELS_MAX, LOBBY_HERALDED_MAX; may be lowered */
    uint64_t ticked, due;               /* last pass of lobby_tick, and the next deadline */
    unsigned any;                       /* number of uses of "every host" */
    struct lobby_net nets[LOBBY_HOSTS_MAX];
    unsigned net_uses[LOBBY_HOSTS_MAX], net_count;
    struct log_limit unknown, full, evicted, mute; /* lines that the network can cause */
    uint64_t refused, malformed; /* HERALDs of hosts that are not admitted; other datagrams */
    uint32_t refused_last;       /* the last of those hosts; 0: none */
    uint64_t refused_at;
    struct {         /* a host that is not admitted, to be logged */
        uint32_t ip; /* 0: none */
        uint64_t since;
        bool logged; /* one was logged: all later ones are only counted */
    } stranger;
};

void lobby_init(struct lobby *b, const struct lobby_ops *ops, void *context,
                uint64_t (*now)(void *context), const struct log *log);

/* Frees all sessions in the lobby. Their kernels still wait. */
void lobby_free(struct lobby *b);

/* Admits kernels of this host (0: of every host) until as many calls of lobby_dismiss.
 * Returns 0 or NETGDB_TOO_LONG. */
int lobby_admit(struct lobby *b, uint32_t ip);
int lobby_admit_net(struct lobby *b, struct lobby_net net);
void lobby_dismiss(struct lobby *b, uint32_t ip);
void lobby_dismiss_net(struct lobby *b, struct lobby_net net);

/*
 * Handles a datagram to the HERALD port, from `from` to our address `own_ip`. The first host that
 * is not admitted within LOBBY_STRANGER_GRACE is logged.
 */
void lobby_datagram(struct lobby *b, const struct net_addr *from, uint32_t own_ip,
                    const uint8_t *datagram, size_t len);

/* Begins a session whose T has arrived at a port from which its HERALD was acknowledged without a
 * session; the kernel retransmits the T. */
void lobby_arrive(struct lobby *b, const struct net_addr *own, const struct net_addr *kernel);

/* Reads datagrams from the session's socket. May free the session. */
void lobby_input(struct lobby *b, struct session *k);

/*
 * Drops expired sessions and sends probes and retransmissions that are due. Returns the next
 * deadline, or IO_NEVER.
 */
uint64_t lobby_tick(struct lobby *b);

/*
 * Takes over a session of a dead server, from exactly own to exactly kernel, by probes. The kernel
 * is announced once it has answered and then was quiet, so that the dead server's last request is
 * over; a running kernel answers when it stops. One that has not answered within
 * LOBBY_PROBE_EXPIRES is dropped, with its state file. Returns it, or NULL with errno (EADDRINUSE,
 * EADDRNOTAVAIL: the address is not this machine's).
 */
struct session *lobby_take_over(struct lobby *b, const struct net_addr *own,
                                const struct net_addr *kernel,
                                const struct link_session_state *saved);

/*
 * Returns a session that was removed: it is announced, and waits again. Its io must be set. It is
 * freed if its kernel has begun another session meanwhile. Returns 0, or NETGDB_NOMEM: then it was
 * freed as well.
 */
int lobby_return(struct lobby *b, struct session *k);

/* Whether an inherited session of this host (0: of any) has answered a probe, or may soon. */
bool lobby_is_probing(struct lobby *b, uint32_t ip);

/* Whether such a session has answered: its kernel is announced as soon as it is quiet. */
bool lobby_probe_acked(struct lobby *b, uint32_t ip);

/* Removes a session, which the caller then owns, with its io. */
void lobby_remove(struct lobby *b, struct session *k);

#endif
