/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the netgdb target share, and nothing else includes. From the link up:
 * netgdb_wait.c (waiting, a reply), then for a kernel netgdb_ready.c (until a request may go out)
 * and netgdb_ask.c (a request and its reply), for a node netgdb_node.c, and netgdb_target.c (life).
 *
 * A target begins as a kernel's; qSupported tells whether it is a node's (nt_begin_node).
 *
 * Functions return 0 or an error of the target (err.h), unless they say otherwise.
 */
#ifndef NETGDB_PROTO_NETGDB_PARTS_H
#define NETGDB_PROTO_NETGDB_PARTS_H

#include "proto/holdback.h"
#include "proto/netgdb_target.h"
#include "proto/rsp.h"
#include "proto/silence.h"

enum {
    NT_FRAMING = 4, /* '$', '#' and two digits */
};

#define NT_NODE_FEATURE "netgdb-node" /* what a node adds to its features; GDB does not see it */

struct netgdb_target {
    struct target base;
    struct link *link;
    struct io *io;
    const struct log *log;
    struct netgdb_successor successor;
    struct netgdb_stats stats;

    bool identified;
    enum netgdb_peer peer;
    struct silence silence;
    bool hurried; /* see netgdb_target_hurry */

    struct rsp_parser parser;
    struct buf request;              /* framed */
    struct holdback_request current; /* the last one, outstanding or answered */
    bool outstanding;                /* a request waits for its reply */
    bool plus_seen;    /* it is being executed: a kernel's '+' for it has come, a node's ack */
    bool fast;         /* it went out without waiting for late copies of what came before */
    uint64_t evidence; /* of the link, when it went out */
    bool plus_first;   /* the kernel's '+' came before its ack: is it for this request? */
    uint64_t asked;    /* when it went out, or what came last in reply */
    unsigned tries;    /* how often it was sent again */

    bool copy_runs;    /* the kernel runs a copy that came late: its reply is nobody's */
    bool plus_owed;    /* to the last reply */
    uint64_t plus_due; /* not before */
    const struct packet *plus_packet; /* the request of that reply */

    struct holdback holdback;
};

static inline struct netgdb_target *nt_self(struct target *t)
{
    return (struct netgdb_target *)t;
}

/* ---- netgdb_wait.c ---- */

/*
 * Whether the target runs: it has taken the request and what we sent after it, and says nothing
 * until it stops.
 */
bool nt_running(const struct netgdb_target *t);

/* The kernel waits in a new session: NETGDB_REPLACED or NETGDB_CLOSED; 0 when it does not. */
int nt_meet_successor(struct netgdb_target *t);

/* Whether the stub behind a node has gone, and all that it said was read. */
bool nt_is_finished(const struct netgdb_target *t);

/*
 * Waits once, until `deadline` at most; takes what came, retransmits what is due. NETGDB_AGAIN when
 * what is watched (as target_recv's) came first.
 */
int nt_pump(struct netgdb_target *t, uint64_t deadline, unsigned watch);
int nt_wait_until(struct netgdb_target *t, uint64_t time);

/*
 * Waits once, at most until the peer has been silent for `limit` ns since `since` and since it was
 * heard last; without a limit while the target runs. *quiet is how long it has been silent, 0 while
 * it runs.
 */
int nt_pump_quiet(struct netgdb_target *t, uint64_t since, uint64_t limit, unsigned watch,
                  uint64_t *quiet);

/* Takes what has arrived, retransmits what is due. */
int nt_take_arrivals(struct netgdb_target *t);

/* The next event of the stream; RSP_MORE when there is none. A packet is in the parser. */
enum rsp_event nt_next_event(struct netgdb_target *t);

/* The reply is in the parser: puts it into *reply. The request is not outstanding any more when
 * it is *final. */
int nt_take_reply(struct netgdb_target *t, struct buf *reply, bool *final);

/* When the peer was heard last, or `since` when that is later. */
uint64_t nt_heard_since(const struct netgdb_target *t, uint64_t since);

/* ---- netgdb_ready.c ---- */

/* Waits once for a kernel that was asked at `since`; as nt_pump_quiet, and judges its silence. */
int nt_pump_asking(struct netgdb_target *t, uint64_t since, unsigned watch);

/*
 * Reads the stream up to the reply. Returns 1 when it is in the parser, 0 when it has not come,
 * NETGDB_PROTO for a '-' or for a reply that is damaged: something must be sent again.
 */
int nt_read_stream(struct netgdb_target *t);

/* Waits for an ack of the last DATA: of a '+' and the like one is enough. */
int nt_wait_for_ack(struct netgdb_target *t);

int nt_send_plus(struct netgdb_target *t);

/* Sends the '+' that is owed, when it may go, and sees it acknowledged. */
int nt_settle(struct netgdb_target *t);

/* Whether a copy of this request that came late would do no harm, and is reckoned with. */
bool nt_goes_fast(const struct netgdb_target *t);

/*
 * A request that is not held back may come again, late as this path is: that copy does no harm,
 * and the kernel's '+' for it is let through.
 */
void nt_expect_copies(struct netgdb_target *t);

/*
 * When a path that looked clean has just shown copies, one of a request that went out fast may be
 * running, or one that came behind our '+', and the kernel's '+' for it be lost: until when to
 * wait for that.
 */
uint64_t nt_copies_until(struct netgdb_target *t);

/* Until a request may go out: everything before it is settled and no late copy can disturb it. */
int nt_get_ready(struct netgdb_target *t);

/* ---- netgdb_ask.c ---- */

/* What a late copy of a request does. */
enum link_copy nt_copy_does(const struct packet *packet);

/* The calls of a target. */
size_t nt_max_request(struct target *base);
int nt_send(struct target *base, const struct request *r);
int nt_recv(struct target *base, struct buf *reply, bool *final, unsigned watch);

/* The calls of a kernel's target, until it is found to be a node's. */
extern const struct target_ops nt_kernel_ops;

/* ---- netgdb_node.c ---- */

/* The peer has said in its features that it is a node: puts it into no-ack mode. */
int nt_begin_node(struct netgdb_target *t);

bool nt_is_node(const struct netgdb_target *t);

/* ---- netgdb_target.c ---- */

void nt_free(struct target *base);

#endif
