/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target's operations for a netgdb node. A node drops duplicates by seqno, so no delay is
 * needed, and is in no-ack mode, so there is no '+'. A request is delivered once each of its DATA
 * was acknowledged; the next packet is the reply. See netgdb_target.h.
 */
#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_private.h"
#include "proto/rsp/features.h"
#include "proto/rsp/rsp.h"

#define PROBE_INTERVAL (4 * IO_SECOND) /* silence after which a node is probed */

/* ---- waiting ---- */

/*
 * Waits once. A node that has the whole request acknowledges probes while its stub works, however
 * long that takes.
 */
static int pump(struct netgdb_target *t, uint64_t since, unsigned watch)
{
    CHECK_OR_RETURN(nt_is_sound(t));
    bool has_all = t->outstanding && link_acked(t->link);
    uint64_t quiet;
    int rc = nt_pump_quiet(t, since, has_all ? PROBE_INTERVAL : silence_next_check(&t->silence),
                           watch, &quiet);
    if (rc != 0 || quiet == 0)
        return rc;
    if (has_all && quiet >= PROBE_INTERVAL)
        return link_send(t->link, "", 0, 0, 0); /* its ack ends the silence */
    return silence_check(&t->silence, quiet);
}

static int wait_for_ack(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io);
    int rc = 0;
    while (rc == 0 && !link_acked(t->link))
        rc = pump(t, since, 0);
    t->silence.warned = false;
    return rc;
}

/* The same after the last DATA of a request. A reply shows as well that it was delivered. */
static int wait_for_last_ack(struct netgdb_target *t)
{
    int rc = 0;
    while (rc == 0 && !link_acked(t->link) && t->link->stream.len == 0)
        rc = pump(t, t->asked, 0);
    return rc;
}

/* Whether the stub of a node that is alive hangs: nobody but us can end the wait. */
static bool is_hung(const struct netgdb_target *t, unsigned watch)
{
    return watch == 0 && (t->current.packet->effects & PKT_RESUMES) == 0 &&
           io_now(t->io) - t->asked >= TARGET_PATIENCE;
}

/* ---- requests and replies ---- */

/* Returns 1 if the reply is in the parser, 0 if it has not arrived, or NETGDB_PROTO. */
static int read_reply(struct netgdb_target *t)
{
    enum rsp_event event;
    while ((event = nt_next_event(t)) != RSP_MORE) {
        if (event == RSP_PACKET && t->outstanding)
            return 1;
        t->stats.stale_replies += event == RSP_PACKET;
        if (event == RSP_BAD && t->outstanding) {
            log_error(t->log, "the reply to '%s' has %s", t->current.packet->name,
                      rsp_fault_name(t->parser.fault));
            return NETGDB_PROTO;
        }
    }
    return 0;
}

static int transmit_request(struct netgdb_target *t)
{
    size_t at = 0, total = t->request.len, max = t->link->payload_max;
    int rc = 0;
    CHECK_OR_RETURN(max != 0 && total >= NT_FRAMING);
    link_drop_delayed_acks(t->link);
    while (rc == 0 && at < total) {
        size_t n = total - at < max ? total - at : max;
        rc = link_send(t->link, t->request.data + at, n, at, total);
        at += n;
        if (rc == 0)
            rc = at < total ? wait_for_ack(t) : wait_for_last_ack(t);
    }
    return rc;
}

static int node_send(struct target *base, const struct request *r)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(!t->outstanding && nt_is_sound(t) && !t->our_ack_pending);
    if (r->len > NETGDB_NODE_REQUEST_MAX)
        return NETGDB_TOO_LONG;
    (void)read_reply(t);      /* drop unexpected packets */
    int rc = wait_for_ack(t); /* of an interrupt or a probe */
    buf_reset(&t->request);
    if (rc != 0 || (rc = rsp_frame(&t->request, r->data, r->len)) != 0)
        return rc;
    t->current.packet = r->packet;
    t->stats.requests++;
    t->outstanding = t->peer_acked = true; /* a node's ack is enough */
    t->silence.warned = false;
    t->asked = io_now(t->io);
    rc = nt_note_error(t, transmit_request(t));
    t->outstanding = t->outstanding && packet_has_reply(r->packet);
    return rc;
}

static int node_recv(struct target *base, struct buf *reply, bool *final, unsigned watch)
{
    struct netgdb_target *t = nt_self(base);
    int rc;
    CHECK_OR_RETURN(t->outstanding && t->current.packet != NULL);
    while ((rc = read_reply(t)) == 0) {
        rc = is_hung(t, watch) ? NETGDB_LOST : pump(t, t->asked, watch);
        if (rc != 0)
            return nt_note_error(t, rc);
    }
    rc = nt_note_error(t, rc == 1 ? nt_take_reply(t, reply, final) : rc);
    if (rc == 0 && t->current.packet->id == PACKET_qSupported)
        rc = features_set(reply, NT_NODE_FEATURE, NULL);
    return rc;
}

static int node_interrupt(struct target *base)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(t->link->node); /* a kernel never gets it */
    if (!t->outstanding)
        return NETGDB_UNSUPPORTED;
    int rc = wait_for_ack(t);
    t->asked = io_now(t->io); /* its silence so far was legitimate */
    return rc == 0 ? link_send(t->link, "\003", 1, 0, 1) : rc;
}

static int node_idle(struct target *base)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(nt_is_node(t) && nt_is_sound(t));
    int rc = nt_process_input(t);
    if (rc == 0 && !t->outstanding)
        (void)read_reply(t);
    if (rc == 0 && nt_is_finished(t))
        rc = NETGDB_CLOSED;
    return rc == 0 ? nt_check_successor(t) : rc;
}

static int node_leave(struct target *base, const struct request *r, struct buf *reply)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(!t->outstanding);
    t->silence.give_up = NETGDB_LEAVE_SILENCE_LIMIT;
    int rc = target_transact(base, r, reply);
    t->silence.give_up = NETGDB_SILENCE_LIMIT;
    return rc;
}

static size_t node_max_request(struct target *base)
{
    (void)base;
    return NETGDB_NODE_REQUEST_MAX;
}

static const struct target_ops ops = {
    .send = node_send,
    .recv = node_recv,
    .interrupt = node_interrupt,
    .idle = node_idle,
    .leave = node_leave,
    .max_request = node_max_request,
    .free = nt_free,
};

/* ---- switching to a node ---- */

/* Starts no-ack mode. Its OK is the last reply that we answer with '+'. */
static int start_no_ack_mode(struct netgdb_target *t, struct buf *reply)
{
    int rc = target_ask(&t->base, "QStartNoAckMode", reply);
    if (rc == 0 && !buf_is(reply, "OK")) {
        log_error(t->log, "the node does not offer no-ack mode: it is none of ours");
        return NETGDB_PROTO;
    }
    if (rc == 0)
        rc = nt_send_our_ack(t);
    return rc == 0 ? wait_for_ack(t) : rc;
}

int nt_begin_node(struct netgdb_target *t)
{
    struct buf reply;
    CHECK_OR_RETURN(!t->outstanding && !nt_is_node(t));
    t->our_ack_due = 0;
    int rc = nt_flush_our_ack(t); /* the '+' to qSupported */
    link_expect_peer_ack(t->link, IO_NEVER);
    t->base.ops = &ops;
    buf_init(&reply, TARGET_REPLY_MAX);
    if (rc == 0)
        rc = start_no_ack_mode(t, &reply);
    buf_free(&reply);
    link_set_node(t->link);
    return rc;
}

bool nt_is_node(const struct netgdb_target *t)
{
    return t->base.ops == &ops;
}
