/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel's request and its reply; see netgdb_target.h. */
#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_private.h"
#include "proto/kernel/replies.h"
#include "proto/rsp/features.h"
#include "proto/rsp/rsp.h"

enum {
    RETRIES_MAX = 8,  /* retransmissions of one request, or of a '-' for its reply */
    WAKE_UPS_MAX = 3, /* the same with a '+' before the request: see wake_kernel */
};

size_t nt_max_request(struct target *base)
{
    return nt_self(base)->link->payload_max - NT_FRAMING;
}

/* Returns the effect of a late duplicate of such a request. */
static enum link_dup_effect dup_effect_of(const struct packet *packet)
{
    if (send_delay_exactly_once(packet))
        return LINK_DUP_HARMFUL;
    return packet->repeat == REPEAT_SAFE ? LINK_DUP_HARMLESS : LINK_DUP_CONFLICTS;
}

static enum link_state state_written_by(const struct packet *packet)
{
    switch (packet->repeat) {
    case REPEAT_MEMORY:
        return LINK_MEMORY;
    case REPEAT_REGISTERS:
        return LINK_REGISTERS;
    case REPEAT_POINTS:
        return LINK_BREAKPOINTS;
    default:
        return LINK_STATES;
    }
}

/* Sends the framed request, which is one DATA. */
static int send_request(struct netgdb_target *t)
{
    CHECK_OR_RETURN(t->outstanding && t->current.packet != NULL && t->request.len > NT_FRAMING);
    CHECK_OR_RETURN(!t->our_ack_pending && nt_is_sound(t)); /* the previous reply is acknowledged */
    t->peer_acked = false;
    t->asked = io_now(t->io);
    t->reorder_events = t->link->reorder_events;
    link_expect_peer_ack(t->link, IO_NEVER);
    int rc = link_send(t->link, t->request.data, t->request.len, 0, t->request.len);
    link_set_dup_effect(t->link, dup_effect_of(t->current.packet),
                        state_written_by(t->current.packet));
    return rc;
}

/* Waits until the request is in the kernel's stream. */
static int wait_for_delivery(struct netgdb_target *t)
{
    int rc = 0;
    while (rc == 0 && !link_acked(t->link)) {
        rc = nt_pump_request(t, t->asked, 0);
        /* One ack of a 13.x kernel, or its '+': nt_recv continues from here. */
        if (link_acks(t->link) != 0 || t->link->stream.len != 0)
            break;
    }
    return rc;
}

int nt_send(struct target *base, const struct request *r)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(!t->outstanding && nt_is_sound(t)); /* one request at a time */
    if (r->len > nt_max_request(base))
        return NETGDB_TOO_LONG;
    if (t->use == NT_UNUSED)
        t->use = NT_USED;
    t->current.packet = r->packet;
    request_range(r, &t->current.low, &t->current.high);
    int rc = nt_wait_until_ready(t);
    t->undelayed = nt_may_skip_delays(t);
    CHECK_OR_RETURN(!t->undelayed || !send_delay_exactly_once(r->packet));
    buf_reset(&t->request);
    if (rc != 0 || (rc = rsp_frame(&t->request, r->data, r->len)) != 0)
        return rc;
    t->stats.requests++;
    t->outstanding = true;
    t->silence.warned = false;
    t->retries = 0;
    rc = send_request(t);
    return nt_note_error(t, rc == 0 ? wait_for_delivery(t) : rc);
}

static int give_up_damaged(const struct netgdb_target *t)
{
    const char *name = t->current.packet->name;
    CHECK_OR_RETURN(t->retries > RETRIES_MAX);
    if (t->peer_acked)
        log_error(t->log, "the reply to '%s' has %s, however often it is requested", name,
                  rsp_fault_name(t->parser.fault));
    else
        log_error(t->log, "the stub refuses each copy of '%s' with a '-': it arrives damaged",
                  name);
    return NETGDB_PROTO;
}

/* To the log, and to the reader of a capture. */
static void explain_repeat(struct netgdb_target *t, const char *why)
{
    log_debug(t->log, "'%s': %s", t->current.packet->name, why);
    link_note_next(t->link, "%s", why);
}

/* Sends the request again, or a '-' to have a damaged reply repeated. */
static int retransmit(struct netgdb_target *t)
{
    CHECK_OR_RETURN(t->outstanding);
    if (t->retries++ == RETRIES_MAX)
        return give_up_damaged(t);
    int rc = nt_wait_for_ack(t);
    if (rc != 0)
        return rc;
    t->stats.repeated_requests++;
    explain_repeat(t, t->peer_acked ? "requests the reply again: it arrived damaged"
                                    : "sent again: the stub refused it as damaged");
    return t->peer_acked ? link_send(t->link, "-", 1, 0, 1) : send_request(t);
}

/*
 * Wakes a kernel that has been silent for so long that it must be idle, without a '+' to the
 * request: it skipped the request while it waited for our '+'. Sends the '+', then the request.
 */
static int wake_kernel(struct netgdb_target *t)
{
    CHECK_OR_RETURN(t->outstanding && !t->peer_acked);
    if (t->retries++ >= WAKE_UPS_MAX) {
        log_error(t->log, "acknowledges everything and answers nothing: given up");
        return NETGDB_LOST;
    }
    int rc = nt_wait_for_ack(t);
    if (rc == 0)
        rc = nt_send_our_ack(t);
    if (rc == 0)
        rc = nt_wait_for_ack(t);
    if (rc == 0)
        rc = nt_wait_until(t, link_duplicates_expire(
                                  t->link, link_lateness(t->link))); /* duplicates of that '+' */
    t->stats.repeated_requests++;
    explain_repeat(t, "sent again: the kernel is idle and has not answered");
    return rc == 0 ? send_request(t) : rc;
}

/* Whether the reply does not have the form of a kernel's reply to this request. */
static bool has_foreign_form(const struct netgdb_target *t)
{
    if (!t->identified || t->peer != NETGDB_PEER_KERNEL)
        return false;
    size_t len = t->request.len - NT_FRAMING;
    CHECK(t->request.len > NT_FRAMING);
    return !reply_is_plausible(t->current.packet, t->request.data + 1, len, &t->parser.content);
}

/*
 * Whether the kernel's '+' may be for an earlier duplicate, because it came before the ack of the
 * request. If the ack came between the '+' and the reply, it is. If the ack is still missing, it
 * was lost or is late, which is a reason to repeat the request only on a path without losses so
 * far.
 */
static bool peer_ack_in_doubt(struct netgdb_target *t)
{
    if (!t->peer_ack_first)
        return false;
    CHECK(t->peer_acked && t->outstanding);
    bool between = link_acks(t->link) != 0, first_loss = !t->link->lossy;
    t->link->lossy = true;
    return between || first_loss;
}

/*
 * Whether the reply may be a duplicate's. If the request was not delayed: the path has duplicated
 * or reordered since, or the '+' is in doubt. Always: the reply has another request's form, or a
 * late duplicate was noticed.
 */
static bool reply_in_doubt(struct netgdb_target *t)
{
    return (t->undelayed &&
            (peer_ack_in_doubt(t) || t->reorder_events != t->link->reorder_events)) ||
           has_foreign_form(t) || link_late_duplicate(t->link) != LINK_DUP_NONE;
}

/* Whether repeating the request does harm, or would bring the same reply. */
static bool repeat_is_useless(const struct netgdb_target *t)
{
    if (link_late_duplicate(t->link) == LINK_DUP_HARMFUL)
        return true;
    return has_foreign_form(t) &&
           (!reply_is_freebsds(&t->parser.content) || send_delay_exactly_once(t->current.packet) ||
            (!t->undelayed && !reply_is_of_read(&t->parser.content)));
}

/*
 * Whether the stub itself replies in a foreign form: no reply of FreeBSD's has that form, or each
 * repetition brought it without any other indication of a duplicate.
 */
static bool is_stubs_own_reply(const struct netgdb_target *t)
{
    if (!has_foreign_form(t))
        return false;
    return !reply_is_freebsds(&t->parser.content) ||
           (t->retries > RETRIES_MAX && t->reorder_events == t->link->reorder_events &&
            link_late_duplicate(t->link) == LINK_DUP_NONE);
}

static int give_up_reply(const struct netgdb_target *t)
{
    if (is_stubs_own_reply(t)) {
        log_error(t->log, "the stub's reply to '%s' (%s) has a form that FreeBSD's stub never uses",
                  t->current.packet->name, t->current.packet->explanation);
        return NETGDB_FOREIGN;
    }
    link_fail(t->link, "the network delivered a copy of an earlier request very late, and "
                       "it has run instead of this one, which ends the session");
    return NETGDB_LOST;
}

/* Discards the reply and, if that is harmless, repeats the request, with all delays. */
static int repeat_request(struct netgdb_target *t)
{
    if (repeat_is_useless(t) || t->retries++ == RETRIES_MAX)
        return give_up_reply(t);
    CHECK_OR_RETURN(t->outstanding && t->peer_acked);
    CHECK_OR_RETURN(!send_delay_exactly_once(t->current.packet));
    t->stats.asked_again++;
    t->our_ack_pending = true;
    t->our_ack_packet = t->current.packet;
    t->our_ack_due = link_duplicates_expire(t->link, link_lateness(t->link));
    t->outstanding = false;
    nt_expect_duplicates(t);
    int rc = nt_wait_until_ready(t);
    if (rc != 0)
        return rc;
    t->undelayed = false;
    t->outstanding = true;
    explain_repeat(t, "sent again: its reply may be that of a late duplicate");
    return send_request(t);
}

/* Delivers the packet in the parser. After the final one, our '+' is pending. */
static int deliver_reply(struct netgdb_target *t, struct buf *reply, bool *final)
{
    int rc = nt_take_reply(t, reply, final);
    if (!*final)
        return rc;
    CHECK_OR_RETURN(!t->outstanding && link_acked(t->link));
    uint64_t late = send_delay_lateness(&t->send_delay, t->link, t->current.packet);
    send_delay_request_done(&t->send_delay, t->link, &t->current,
                            link_duplicates_expire(t->link, late));
    t->our_ack_pending = true;
    t->our_ack_packet = t->current.packet;
    t->our_ack_due = send_delay_our_ack(&t->send_delay, t->link, &t->current);
    if (nt_may_skip_delays(t))
        nt_expect_duplicates(t);
    if (rc == 0 && t->our_ack_due <= io_now(t->io))
        rc = nt_send_our_ack(t);
    return rc;
}

/* Switches to a node if the features name one. */
static int detect_node(struct netgdb_target *t, struct buf *features)
{
    if (!features_has(features->data, features->len, NT_NODE_FEATURE))
        return 0;
    int rc = features_set(features, NT_NODE_FEATURE, NULL);
    return rc == 0 ? nt_begin_node(t) : rc;
}

/* Whether the kernel has acknowledged the request without a '+', and must have given up by now. */
static bool is_stuck(const struct netgdb_target *t)
{
    return !t->peer_acked && link_acks(t->link) != 0 &&
           io_now(t->io) - nt_heard_since(t, t->asked) >= link_give_up_time(t->link);
}

static int await_kernel_reply(struct netgdb_target *t, struct buf *reply, bool *final,
                              unsigned watch)
{
    for (;;) {
        int rc = nt_read_stream(t);
        if (rc == 1 && reply_in_doubt(t))
            rc = repeat_request(t);
        else if (rc == 1) {
            rc = deliver_reply(t, reply, final);
            bool features = rc == 0 && t->current.packet->id == PACKET_qSupported;
            return features ? detect_node(t, reply) : rc;
        } else if (rc == NETGDB_PROTO)
            rc = retransmit(t);
        else
            rc = is_stuck(t) ? wake_kernel(t) : nt_pump_request(t, t->asked, watch);
        if (rc != 0)
            return rc;
    }
}

int nt_recv(struct target *base, struct buf *reply, bool *final, unsigned watch)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(t->outstanding && nt_is_sound(t));
    return nt_note_error(t, await_kernel_reply(t, reply, final, watch));
}
