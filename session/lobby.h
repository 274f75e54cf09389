/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lobby: kernels that have announced themselves and wait to be taken. It answers a HERALD
 * from a session port of its own, receives and acknowledges the kernel's T (an acknowledged T
 * waits for ever), and keeps the link until somebody takes it. It also holds the sessions that
 * are being taken over from a server that died, until the kernel has answered.
 *
 * Whoever can send datagrams can make it hold something, so that all of it is bounded: sessions
 * whose T has not come yet, of which one host may have LOBBY_SHARE times those that are free; and
 * kernels. When
 * there are too many, one goes that nobody has ever taken, with its record: of those that are asked
 * and have not answered the oldest, else of the host that has most.
 *
 * No socket and no thread: sockets come from the injected operations, and io/listener.c (or the
 * simulated world) says when something has arrived.
 */
#ifndef NETGDB_SESSION_LOBBY_H
#define NETGDB_SESSION_LOBBY_H

#include <sys/queue.h>

#include "session/session.h"

#define LOBBY_HERALD_EXPIRES (15 * IO_SECOND) /* a HERALD that no T follows was a late copy */

#define LOBBY_TELLS (5 * IO_SECOND) /* a host that calls may be about to be asked for */

/* One that has answered is quiet by then: it may send for so long, and be waited for once more. */
#define LOBBY_ANSWERS (2 * LINK_KERNEL_GIVES_UP)

/*
 * How the kernel of a dead server is asked: a 13.x one with INVARIANTS that is back at db> panics
 * at the next `netgdb -s` if a question waits in its network card. The first pause is doubled each
 * time, up to the longest.
 */
#define LOBBY_PROBE_FIRST (IO_SECOND / 2)
#define LOBBY_PROBE_MAX (30 * IO_SECOND)

#define LOBBY_FORGETS (3600 * IO_SECOND) /* one that runs may be heard of at its next stop */

#define LOBBY_AGAIN (10 * IO_MS) /* a HERALD is answered no more often */

#define LOBBY_TICK (20 * IO_MS) /* all kernels are looked after no more often */

#define LOBBY_ASKS                                                                                 \
    (2 * (2 * LINK_KERNEL_RETRY + 200 * IO_MS)) /* a kernel that waits has answered by then */

enum {
    LOBBY_KERNELS_MAX = 2048,  /* kernels that have announced themselves, or are asked */
    LOBBY_HERALDED_MAX = 2048, /* sessions whose T has not come yet */
    LOBBY_SHARE = 8,           /* one host alone gets 8 of 9 of them, a second 8 of 9 of the rest */
    LOBBY_BUCKETS = 1024,
    LOBBY_HOSTS_MAX = 256,    /* hosts and networks whose kernels are let in, unless all are */
    LOBBY_PROBES = 12,        /* in all, within about 3 minutes */
    LOBBY_TRANSMISSIONS = 24, /* of what is under way to a kernel that is given back: 20 s */
};

struct lobby_ops {
    /*
     * A socket for a session: from own->ip and own->port (0: any; filled in) connected to the
     * kernel. *payload is the data that one DATA may have on that path (wire.h). The session
     * arrives at IO_TARGET. Returns NULL with errno when it cannot be had.
     */
    struct io *(*open)(void *context, struct session *k, size_t *payload);
    void (*close)(void *context, struct session *k); /* its socket */

    /* The kernel has just become LOBBY_ANNOUNCED. */
    void (*announced)(void *context, struct session *k);

    /*
     * There is no room for a session of this kernel: its HERALD may be answered without one, from a
     * port whose T is then told by lobby_arrive. May be NULL.
     */
    void (*crowd)(void *context, const struct net_addr *kernel, uint32_t own_ip);
};

/* Hosts that are let in: those whose address is `ip` in the bits of `mask`. */
struct lobby_net {
    uint32_t ip, mask;
};

/* A host that has something in the lobby. */
struct lobby_host {
    LIST_ENTRY(lobby_host) entries;
    uint32_t ip;
    unsigned heralded, kernels; /* the sessions that wait for T; the others */
};

struct lobby {
    const struct lobby_ops *ops;
    void *context;
    const struct log *log;
    uint64_t (*now)(void *context); /* ns, as io_now */
    TAILQ_HEAD(sessions, session) kernels;
    LIST_HEAD(, session) by_kernel[LOBBY_BUCKETS];
    LIST_HEAD(, lobby_host) hosts[LOBBY_BUCKETS];
    unsigned count, heralded;           /* of all; of those that wait for T */
    unsigned kernels_max, heralded_max; /* LOBBY_KERNELS_MAX, LOBBY_HERALDED_MAX; may be lowered */
    uint64_t ticked, due;               /* by lobby_tick, and when it has something to do again */
    unsigned any;                       /* how many want every host's */
    struct lobby_net nets[LOBBY_HOSTS_MAX];
    unsigned net_uses[LOBBY_HOSTS_MAX], net_count;
    struct log_limit unknown, full, evicted, mute; /* lines that the network can cause */
    uint64_t refused, malformed; /* HERALDs of hosts nobody asked for; datagrams that are none */
    uint32_t refused_last;       /* the last of those hosts; 0: none */
    uint64_t refused_at;
    struct {         /* a host that nobody has asked for so far */
        uint32_t ip; /* 0: none */
        uint64_t since;
        bool told; /* of one, in the log: the others are only counted */
    } stranger;
};

void lobby_init(struct lobby *b, const struct lobby_ops *ops, void *context,
                uint64_t (*now)(void *context), const struct log *log);

/* Closes every kernel that nobody took. They stay as they are, waiting for ever. */
void lobby_free(struct lobby *b);

/* Lets in the kernels of this host (of every host: 0) until lobby_dismiss was called as often.
 * Returns 0 or NETGDB_TOO_LONG. */
int lobby_admit(struct lobby *b, uint32_t ip);
int lobby_admit_net(struct lobby *b, struct lobby_net net);
void lobby_dismiss(struct lobby *b, uint32_t ip);
void lobby_dismiss_net(struct lobby *b, struct lobby_net net);

/*
 * A datagram that came to the HERALD port, from `from` to our address `own_ip`. The first host that
 * calls and is not let in within LOBBY_TELLS is told of in the log.
 */
void lobby_datagram(struct lobby *b, const struct net_addr *from, uint32_t own_ip,
                    const uint8_t *datagram, size_t len);

/* A T has come to a port of ours from which a HERALD was answered without a session: the session
 * begins, and the kernel sends its T again. */
void lobby_arrive(struct lobby *b, const struct net_addr *own, const struct net_addr *kernel);

/* Something has arrived on this kernel's socket. The kernel may be gone afterwards. */
void lobby_input(struct lobby *b, struct session *k);

/*
 * Drops what has expired and asks again where an answer is awaited. Returns when to be called
 * next; IO_NEVER when the lobby is quiet.
 */
uint64_t lobby_tick(struct lobby *b);

/*
 * Tries to go on with a session that another server left when it died: from exactly own, to
 * exactly kernel. The kernel is announced once it has answered and then was quiet, so that what
 * the dead server had asked is over; a running one answers when it stops. One that has not answered
 * for LOBBY_FORGETS is forgotten, with its record. Returns it, or NULL with errno (EADDRINUSE,
 * EADDRNOTAVAIL: the address is not this machine's).
 */
struct session *lobby_take_over(struct lobby *b, const struct net_addr *own,
                                const struct net_addr *kernel, const struct link_mark *mark);

/*
 * A kernel that was removed waits again, announced to everybody: `k` as it was then, made by
 * malloc, its target, link and io set. One that has begun another session meanwhile is let go of.
 * Returns 0 or NETGDB_NOMEM: then k is still the caller's.
 */
int lobby_return(struct lobby *b, struct session *k);

/* The kernel of this host (0: of any) that has been announced for the longest time, or NULL. */
struct session *lobby_find(struct lobby *b, uint32_t ip);

/* Whether a session of this host (0: of any) that a dead server left has answered, or may soon. */
bool lobby_is_probing(struct lobby *b, uint32_t ip);

/* Whether such a session has answered: its kernel is here, and announced once it is quiet, which
 * is soon. */
bool lobby_probe_acked(struct lobby *b, uint32_t ip);

/* Takes a kernel out: it, its io and its link are the caller's now. */
void lobby_remove(struct lobby *b, struct session *k);

#endif
