/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The netgdb target: creation, identification, detach, release; see netgdb_target.h. */
#include "proto/kernel/netgdb_target.h"

#include <stdlib.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_private.h"
#include "proto/rsp/features.h"

#define LAST_OUR_ACK_TIMEOUT (3 * IO_SECOND) /* the kernel has left once it receives it */
#define NODE_REPLY_TIMEOUT IO_SECOND         /* a node answers sooner unless its program runs */

/* A kernel never gets Ctrl-C: it may resume the machine and lose the panic. */
static int nt_interrupt(struct target *base)
{
    (void)base;
    return NETGDB_UNSUPPORTED;
}

static int nt_idle(struct target *base)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(nt_is_sound(t));
    (void)nt_duplicates_deadline(t);
    int rc = nt_process_input(t);
    if (rc == 0 && !t->outstanding)
        (void)nt_read_stream(t);
    return rc == 0 ? nt_check_successor(t) : rc;
}

/*
 * Keeps acknowledging after D. A duplicate of D makes the kernel repeat its OK, and it leaves once
 * all repeats are acknowledged. If we retransmitted D there is a duplicate, and a kernel on a
 * paused machine may repeat as late as it retransmits.
 */
static void linger(struct netgdb_target *t, bool retransmitted)
{
    uint64_t end = io_now(t->io) + LAST_OUR_ACK_TIMEOUT, quiet;
    uint64_t pause = retransmitted ? link_quiet(t->link) : LINK_LATENESS_SEEN;
    int rc = 0;
    while (rc == 0 && io_now(t->io) < end && (quiet = t->link->heard + pause) > io_now(t->io))
        rc = nt_pump(t, quiet, 0);
}

/* Detaches: the kernel leaves after our '+' to the OK, and then acknowledges nothing. */
static int nt_leave(struct target *base, const struct request *r, struct buf *reply)
{
    struct netgdb_target *t = nt_self(base);
    const struct log *log = t->log;
    CHECK_OR_RETURN(!t->outstanding && (r->packet->effects & PKT_LEAVES) != 0);
    t->silence.give_up = NETGDB_LEAVE_SILENCE_LIMIT;
    uint64_t before = t->link->counters.retransmitted;
    link_set_leaving(t->link, true);
    int rc = target_transact(base, r, reply);
    if (rc == 0) {
        t->silence.give_up = LAST_OUR_ACK_TIMEOUT;
        t->log = t->silence.log = NULL; /* do not report a lost last ack */
        bool retransmitted = t->link->counters.retransmitted != before;
        if (nt_flush_our_ack(t) == 0)
            linger(t, retransmitted);
        t->log = t->silence.log = log;
    }
    link_set_leaving(t->link, rc == 0);
    t->silence.give_up = NETGDB_SILENCE_LIMIT;
    return rc;
}

void nt_free(struct target *base)
{
    struct netgdb_target *t = nt_self(base);
    link_free(t->link);
    free(t->link);
    rsp_parser_free(&t->parser);
    buf_free(&t->request);
    free(t);
}

const struct target_ops nt_kernel_ops = {
    .send = nt_send,
    .recv = nt_recv,
    .interrupt = nt_interrupt,
    .idle = nt_idle,
    .leave = nt_leave,
    .max_request = nt_max_request,
    .free = nt_free,
};

void nt_begin(struct netgdb_target *t, struct link *link)
{
    CHECK(link != NULL);
    t->link = link;
    t->io = link->io;
    t->current.packet = t->our_ack_packet = packet_of(PACKET_stop_reason);
    t->our_ack_pending = true;
    t->our_ack_due = 0;
    t->outstanding = t->peer_acked = t->duplicate_running = t->undelayed = false;
    t->parser.state = RSP_IDLE;
    send_delay_init(&t->send_delay);
}

struct target *netgdb_target_new(struct link *link, const struct log *log,
                                 const struct netgdb_successor *successor)
{
    struct netgdb_target *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->base.ops = &nt_kernel_ops;
    t->log = log;
    if (successor != NULL)
        t->successor = *successor;
    t->silence = (struct silence){.log = log, .give_up = NETGDB_SILENCE_LIMIT};
    rsp_parser_init(&t->parser, RSP_FROM_STUB, TARGET_REPLY_MAX);
    buf_init(&t->request, NETGDB_NODE_REQUEST_MAX + NT_FRAMING);
    nt_begin(t, link);
    return &t->base;
}

/*
 * After qSupported, in a session whose state says that the peer is a node: interrupts the node's
 * program if it runs. Such a node acknowledges the request and does not answer; a kernel either
 * answers or does not acknowledge, so no kernel gets the 0x03.
 */
static int stop_running_node(struct netgdb_target *t)
{
    uint64_t until = io_now(t->io) + NODE_REPLY_TIMEOUT;
    int rc = 0;
    CHECK_OR_RETURN(t->link->session_state != NULL && t->link->session_state->node != 0);
    while (rc == 0 && t->link->stream.len == 0 && io_now(t->io) < until)
        rc = nt_pump(t, until, 0);
    if (rc != 0 || t->link->stream.len != 0 || !link_acked(t->link))
        return rc;
    log_info(t->log, "what this node debugs runs: stopping it");
    return link_send(t->link, "\003", 1, 0, 1);
}

/* Sends qSupported; *reply gets the features. */
static int ask_features(struct netgdb_target *t, struct buf *reply)
{
    bool final;
    const struct request features = request_of("qSupported");
    int rc = target_send(&t->base, &features);
    if (rc == 0 && t->link->session_state != NULL && t->link->session_state->node != 0)
        rc = stop_running_node(t);
    return rc == 0 ? target_recv(&t->base, reply, &final, 0) : rc;
}

int netgdb_target_identify(struct target *base, enum netgdb_peer *peer)
{
    struct netgdb_target *t = nt_self(base);
    struct buf reply;
    *peer = t->peer;
    if (t->identified)
        return 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    if (t->use == NT_UNUSED)
        t->use = NT_IDENTIFYING;
    int rc;
    do {
        rc = ask_features(t, &reply);
    } while (rc == NETGDB_REPLACED && t->use == NT_IDENTIFYING);
    t->use = NT_USED;
    t->identified = rc == 0;
    CHECK_OR_RETURN(nt_is_sound(t));
    if (rc == 0 && t->link->session_state != NULL)
        t->link->session_state->node = nt_is_node(t);
    *peer = t->peer = nt_is_node(t)                                  ? NETGDB_PEER_NODE
                      : features_are_freebsds(reply.data, reply.len) ? NETGDB_PEER_KERNEL
                                                                     : NETGDB_PEER_OTHER;
    buf_free(&reply);
    return rc;
}

/* Frees empty buffers, which may be large after a long session, while the target waits. */
static void trim(struct netgdb_target *t)
{
    CHECK(nt_is_sound(t));
    if (!t->outstanding && t->parser.state == RSP_IDLE) {
        buf_free(&t->request);
        buf_free(&t->parser.content);
    }
    if (t->link->rx.have == 0)
        buf_free(&t->link->rx.data);
    if (t->link->stream.len == 0)
        buf_free(&t->link->stream);
}

void netgdb_target_move(struct target *base, struct io *io, const struct log *log,
                        const struct netgdb_successor *successor)
{
    struct netgdb_target *t = nt_self(base);
    t->io = t->link->io = io;
    t->log = t->link->log = t->silence.log = log;
    t->successor = successor != NULL ? *successor : (struct netgdb_successor){0};
    trim(t);
}

void netgdb_target_hurry(struct target *base, bool on)
{
    struct netgdb_target *t = nt_self(base);
    t->hurry = on;
    t->silence.give_up = on ? NETGDB_LEAVE_SILENCE_LIMIT : NETGDB_SILENCE_LIMIT;
    CHECK(nt_is_sound(t));
}

bool netgdb_target_runs(const struct target *base)
{
    return ((const struct netgdb_target *)base)->outstanding;
}

struct link *netgdb_target_link(const struct target *t)
{
    return ((const struct netgdb_target *)t)->link;
}

const struct netgdb_stats *netgdb_target_stats(const struct target *t)
{
    return &((const struct netgdb_target *)t)->stats;
}
