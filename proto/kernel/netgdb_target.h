/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target on a netgdb link: a panicked FreeBSD kernel, or a node in its role. A kernel's stub
 * executes every request that it reads, duplicates too. This target makes it execute each request
 * exactly once, by keeping it in RSP's ack mode:
 *
 *   - A request is one DATA. The kernel executes it once its '+' for the request was acknowledged.
 *   - The reply is the first packet after that '+'. Packets before it are repeats, and dropped.
 *   - No '+' is sent between a request and its reply: a '+' between two copies of the request would
 *     make the kernel execute both. Until our '+' to the reply the kernel skips duplicates.
 *   - Our '+' is a DATA of its own, acknowledged before the next request is sent. It is delayed,
 *     and so is the next request, while this path may deliver a late duplicate.
 *
 * send_delay.h decides which requests are delayed and how long. One that is not delayed may run
 * twice if a late duplicate of it arrives; that does no harm, and if its reply may be the
 * duplicate's, it is repeated. A node drops duplicates by seqno, so it needs no delay and no '+'.
 */
#ifndef NETGDB_PROTO_NETGDB_TARGET_H
#define NETGDB_PROTO_NETGDB_TARGET_H

#include "proto/link/link.h"
#include "proto/target.h"

#define NETGDB_SILENCE_LIMIT (40 * IO_SECOND)       /* silence that ends a session */
#define NETGDB_LEAVE_SILENCE_LIMIT (14 * IO_SECOND) /* the same during a detach */

enum {
    NETGDB_NODE_REQUEST_MAX = 48 * 1024, /* bytes in one request to a node, without framing */
};

enum netgdb_peer {
    NETGDB_PEER_KERNEL, /* its features are exactly FreeBSD's three */
    NETGDB_PEER_NODE,   /* its features include netgdb-node+ */
    NETGDB_PEER_OTHER,  /* any other stub: neither corrected nor interrupted */
};

/* Callbacks that provide the next session of a kernel that sent a new HERALD. Each may be NULL. */
struct netgdb_successor {
    /* Returns whether a new session of the same kernel is waiting, with its T received. */
    bool (*waits)(void *context);
    /*
     * Hands over that session: connects its socket to the io of the old link and returns its link,
     * which the caller must free. Returns NULL if there is none.
     */
    struct link *(*take)(void *context);
    void *context;
};

/* The kinds of delay because of late duplicates. */
enum netgdb_delay {
    NETGDB_DELAY_REQUEST,   /* of a request */
    NETGDB_DELAY_ACK,       /* of our '+' to a reply */
    NETGDB_DELAY_DUPLICATE, /* of a request, until a duplicate of an earlier one has run */
    NETGDB_DELAYS
};

struct netgdb_stats {
    uint64_t requests;
    uint64_t stale_replies;     /* packets dropped: repeats, and replies to late duplicates */
    uint64_t repeated_requests; /* requests sent again because they, or their reply, were damaged
                                   or lost; the link counts its retransmissions itself */
    uint64_t asked_again;       /* requests sent again because their reply was in doubt */
    struct {
        uint64_t n, ns;
    } delayed[NETGDB_DELAYS];
};

/*
 * Returns a target on a link whose T was received, or that was taken over from a dead server (its
 * session state then records a node). It owns `link`, which was allocated by malloc; the caller
 * keeps `log` and the successor's context. Returns NULL, without freeing the link, if memory runs
 * out.
 */
struct target *netgdb_target_new(struct link *link, const struct log *log,
                                 const struct netgdb_successor *successor);

/*
 * Sends qSupported and sets *peer from the reply; puts a node into no-ack mode. Call it before the
 * first request; in the same session it sends nothing again. Returns 0 or an error of the target.
 */
int netgdb_target_identify(struct target *t, enum netgdb_peer *peer);

/*
 * Moves the target to another owner: replaces its `io`, `log` and `successor` (NULL: none). The
 * peer's socket must be connected to `io`.
 */
void netgdb_target_move(struct target *t, struct io *io, const struct log *log,
                        const struct netgdb_successor *successor);

/*
 * While `on`, a resumed target is expected to stop at once: silence ends the session as for any
 * other request, after NETGDB_LEAVE_SILENCE_LIMIT. Used for detaching.
 */
void netgdb_target_hurry(struct target *t, bool on);

/* Returns whether the last request still waits for its reply; if so, call target_recv. */
bool netgdb_target_runs(const struct target *t);

/* The target keeps ownership of both; the link changes with NETGDB_REPLACED. */
struct link *netgdb_target_link(const struct target *t);
const struct netgdb_stats *netgdb_target_stats(const struct target *t);

#endif
