/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Internal interface between the files of the netgdb target: netgdb_wait.c (waiting and reading a
 * packet), netgdb_ready.c (kernel: until a request may be sent), netgdb_ask.c (kernel: a request
 * and its reply), netgdb_node.c (node: all calls), netgdb_target.c (life cycle).
 *
 * A target starts as a kernel's. If the reply to qSupported names a node, nt_begin_node replaces
 * its calls.
 *
 * Names: peer_ack is the kernel's '+', our_ack is ours; "ack" alone is debugnet's.
 *
 * Functions return 0 or an error of the target (err.h), unless they say otherwise. Times are ns by
 * io_now.
 */
#ifndef NETGDB_PROTO_NETGDB_PRIVATE_H
#define NETGDB_PROTO_NETGDB_PRIVATE_H

#include "proto/kernel/netgdb_target.h"
#include "proto/kernel/send_delay.h"
#include "proto/kernel/silence.h"
#include "proto/rsp/rsp.h"

enum {
    NT_FRAMING = 4, /* '$', '#' and two digits */
};

#define NT_NODE_FEATURE "netgdb-node" /* a node's additional feature; hidden from the client */

/* What the client may know of a session. */
enum nt_use {
    NT_UNUSED,
    NT_IDENTIFYING, /* nothing but qSupported was sent: another session can replace it */
    NT_USED,
};

struct netgdb_target {
    struct target base;
    struct link *link;
    struct io *io;
    const struct log *log;
    struct netgdb_successor successor;
    struct netgdb_stats stats;

    enum nt_use use;
    bool identified; /* `peer` is valid */
    enum netgdb_peer peer;
    struct silence silence;
    bool hurry; /* see netgdb_target_hurry */

    struct rsp_parser parser;
    struct buf request;                /* with framing */
    struct send_delay_request current; /* the last request, outstanding or answered */
    bool outstanding;                  /* it waits for its reply */
    bool peer_acked;         /* the kernel's '+' for it was received; for a node: it was sent */
    bool peer_ack_first;     /* that '+' came before the ack: it may be for a duplicate */
    bool undelayed;          /* it was sent without waiting for late duplicates to expire */
    uint64_t reorder_events; /* the link's counter when it was sent */
    uint64_t asked;          /* when it was sent, or the last packet of its reply came */
    unsigned retries;

    bool duplicate_running; /* the kernel executes a late duplicate: its reply must be discarded */
    bool our_ack_pending;   /* our '+' to the last reply is not sent yet */
    uint64_t our_ack_due;   /* the earliest time to send it */
    const struct packet *our_ack_packet; /* the request that it belongs to */

    struct send_delay send_delay;
};

static inline struct netgdb_target *nt_self(struct target *t)
{
    return (struct netgdb_target *)t;
}

/*
 * Returns whether the parts of the target agree with each other, as between any two of its
 * operations.
 */
bool nt_is_sound(const struct netgdb_target *t);

/* ---- netgdb_wait.c ---- */

/*
 * Checks for a new session of the same kernel. Returns 0 if there is none, and NETGDB_REPLACED
 * after switching to it, if the kernel ran or is still being identified. Any other session ends:
 * NETGDB_CLOSED.
 */
int nt_check_successor(struct netgdb_target *t);

/* Returns whether the stub of a node has gone and all of its messages were read. */
bool nt_is_finished(const struct netgdb_target *t);

/*
 * Waits once, at most until `deadline`; handles received datagrams and retransmits what is due.
 * Returns NETGDB_AGAIN if a reason in `watch` (IO_ON_… bits) ended the wait.
 */
int nt_pump(struct netgdb_target *t, uint64_t deadline, unsigned watch);

/* Calls nt_pump until `time`. */
int nt_wait_until(struct netgdb_target *t, uint64_t time);

/*
 * Calls nt_pump once, with a deadline `limit` ns after the peer was last heard or after `since`,
 * whichever is later; without a deadline while the target runs. Sets *quiet to the length of the
 * silence in ns, 0 while the target runs.
 */
int nt_pump_quiet(struct netgdb_target *t, uint64_t since, uint64_t limit, unsigned watch,
                  uint64_t *quiet);

/* Handles received datagrams and retransmits what is due, without waiting. */
int nt_process_input(struct netgdb_target *t);

/*
 * Returns the next event of the stream; RSP_MORE if there is none. After RSP_PACKET the content is
 * in t->parser.
 */
enum rsp_event nt_next_event(struct netgdb_target *t);

/*
 * Copies the packet in the parser to *reply. Sets *final to whether it is the reply rather than
 * console output; if so, the request is no longer outstanding.
 */
int nt_take_reply(struct netgdb_target *t, struct buf *reply, bool *final);

/* After an error that ends the session no request is outstanding. Returns `rc`. */
int nt_note_error(struct netgdb_target *t, int rc);

/* Returns when the peer was last heard, or `since` if that is later. */
uint64_t nt_heard_since(const struct netgdb_target *t, uint64_t since);

/* ---- netgdb_ready.c ---- */

/* Waits once for a kernel that has a request since `since`, as nt_pump_quiet, and checks silence.
 */
int nt_pump_request(struct netgdb_target *t, uint64_t since, unsigned watch);

/*
 * Reads the stream up to the reply. Returns 1 if the reply is in the parser, 0 if it has not
 * arrived, NETGDB_PROTO for a '-' or a damaged reply, which require a retransmission.
 */
int nt_read_stream(struct netgdb_target *t);

/* Waits for one ack of the last DATA, which is enough for a '+' or '-'. */
int nt_wait_for_ack(struct netgdb_target *t);

/* Sends '+'. Not allowed between a request and its reply. */
int nt_send_our_ack(struct netgdb_target *t);

/* If our '+' is pending, waits until it is due, sends it and waits for its ack. */
int nt_flush_our_ack(struct netgdb_target *t);

/* Returns whether the current request needs no delay: it may run twice, and the path is clean. */
bool nt_may_skip_delays(const struct netgdb_target *t);

/*
 * Accepts the '+' of a duplicate of the current request, which is not delayed, for as long as such
 * a duplicate may arrive on this path.
 */
void nt_expect_duplicates(struct netgdb_target *t);

/*
 * Returns until when to wait for a late duplicate that may be running, while its '+' may be lost; 0
 * if none is likely. One is likely after a late duplicate was noticed, or if the path showed its
 * first duplicate after the current request was sent undelayed.
 */
uint64_t nt_duplicates_deadline(struct netgdb_target *t);

/* Waits until the current request may be sent: our '+' is acknowledged, duplicates are harmless. */
int nt_wait_until_ready(struct netgdb_target *t);

/* ---- netgdb_ask.c ---- */

/* Operations of the target for a kernel: see target.h. */
size_t nt_max_request(struct target *base);
int nt_send(struct target *base, const struct request *r);
int nt_recv(struct target *base, struct buf *reply, bool *final, unsigned watch);

/* ---- netgdb_node.c ---- */

/* Switches to a node: puts it into no-ack mode and replaces the target's operations. */
int nt_begin_node(struct netgdb_target *t);

bool nt_is_node(const struct netgdb_target *t);

/* ---- netgdb_target.c ---- */

/* Begins with a link whose kernel waits for our '+' to its T. The target owns the link. */
void nt_begin(struct netgdb_target *t, struct link *link);

/* The operations for a kernel, which every session starts with. */
extern const struct target_ops nt_kernel_ops;

void nt_free(struct target *base);

#endif
