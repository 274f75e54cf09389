/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target behind a netgdb link: a panicked FreeBSD kernel, or a node that plays one. It makes
 * exactly-once out of a stub that runs whatever arrives, by keeping the kernel in ack mode:
 *
 *   - a request is one DATA; the kernel runs it only after its own '+' for it was acknowledged;
 *   - the reply is the first packet after that '+'; what comes before is a stale repeat;
 *   - between a request and its reply no '+' is sent, because a '+' between two copies of the
 *     request makes both run; until our '+' to the reply the kernel eats copies;
 *   - our '+' travels alone and is acknowledged before the next request is sent. It is held back,
 *     and so is the next request after it, for as long as this path may deliver a copy late.
 *
 * What is held back, and for how long: holdback.h. What is not may run twice when the first late
 * copy comes, which does no harm, and is asked again when its reply may be that of a copy. A node
 * drops copies by their seqno: nothing is held back, and no '+' is exchanged at all.
 */
#ifndef NETGDB_PROTO_NETGDB_TARGET_H
#define NETGDB_PROTO_NETGDB_TARGET_H

#include "proto/link.h"
#include "proto/target.h"

#define NETGDB_PATIENCE (40 * IO_SECOND)       /* silence that ends a session, when asking */
#define NETGDB_LEAVE_PATIENCE (14 * IO_SECOND) /* the same for a detach */

enum {
    NETGDB_NODE_REQUEST_MAX = 48 * 1024,
};

enum netgdb_peer {
    NETGDB_PEER_KERNEL, /* FreeBSD's stub: its three features and nothing else */
    NETGDB_PEER_NODE,   /* `netgdb node`: says so */
    NETGDB_PEER_OTHER,  /* something else: neither mended nor interrupted */
};

/* Who knows of a kernel that came back with a new HERALD. NULL members: nobody does. */
struct netgdb_successor {
    /* Whether a new session of the same kernel waits, its T received. */
    bool (*waits)(void *context);
    /*
     * Takes it: returns its link (now the caller's to free) and puts its socket behind the io of
     * the old one, or NULL.
     */
    struct link *(*take)(void *context);
    void *context;
};

/* What was delayed, because a late duplicate could have done harm. */
enum netgdb_delay {
    NETGDB_DELAY_REQUEST,   /* a request */
    NETGDB_DELAY_ACK,       /* our '+' to a reply */
    NETGDB_DELAY_DUPLICATE, /* a request, until a duplicate of an earlier one had run */
    NETGDB_DELAYS
};

struct netgdb_stats {
    uint64_t requests, stale_replies, repeated_requests, asked_again;
    struct {
        uint64_t n, ns;
    } delayed[NETGDB_DELAYS];
};

/*
 * A target on a link whose T has been received, or that was taken over from a dead server (its
 * mark, if there is one, then tells of a node). Owns the link (made by malloc); `log` and the
 * successor's context stay the caller's. NULL when memory is short (the link is not freed).
 */
struct target *netgdb_target_new(struct link *link, const struct log *log,
                                 const struct netgdb_successor *successor);

/*
 * Asks qSupported and tells what is behind the link; a node is put into no-ack mode. Call it
 * before the first request. Returns 0 or an error of the target.
 */
int netgdb_target_identify(struct target *t, enum netgdb_peer *peer);

/* The same without asking: what it told for this session. False when it was not called yet. */
bool netgdb_target_peer(const struct target *t, enum netgdb_peer *peer);

/*
 * The target goes to another owner: `io`, `log` and `successor` (NULL: none) take the place of
 * those that it had. The peer's socket must be behind `io`.
 */
void netgdb_target_move(struct target *t, struct io *io, const struct log *log,
                        const struct netgdb_successor *successor);

/*
 * A resume that is sent now is expected to stop at once: silence ends it as it ends any request,
 * and both after NETGDB_LEAVE_PATIENCE. For whoever leaves.
 */
void netgdb_target_hurry(struct target *t, bool on);

/* Whether its last request, which let the peer run, still waits for the stop: target_recv it. */
bool netgdb_target_runs(const struct target *t);

struct link *netgdb_target_link(const struct target *t);
const struct netgdb_stats *netgdb_target_stats(const struct target *t);

#endif
