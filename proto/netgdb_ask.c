/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request and its reply; see netgdb_target.h. */
#include "proto/check.h"
#include "proto/err.h"
#include "proto/features.h"
#include "proto/netgdb_parts.h"
#include "proto/replies.h"
#include "proto/rsp.h"

enum {
    TRIES = 8,    /* how often one request is sent again, or its reply asked for again */
    WAKE_UPS = 3, /* the same behind a '+', for a kernel that must be idle */
};

size_t nt_max_request(struct target *base)
{
    return nt_self(base)->link->payload_max - NT_FRAMING;
}

enum link_copy nt_copy_does(const struct packet *packet)
{
    if (holdback_runs_once(packet))
        return LINK_COPY_HARMFUL;
    return packet->repeat == REPEAT_SAFE ? LINK_COPY_HARMLESS : LINK_COPY_UNDOES;
}

static enum link_state state_of(const struct packet *packet)
{
    switch (packet->repeat) {
    case REPEAT_MEMORY:
        return LINK_MEMORY;
    case REPEAT_REGISTERS:
        return LINK_REGISTERS;
    case REPEAT_POINTS:
        return LINK_POINTS;
    default:
        return LINK_STATES;
    }
}

/* Sends the framed request, which is one DATA. */
static int send_request(struct netgdb_target *t)
{
    CHECK_OR_RETURN(t->outstanding && t->current.packet != NULL && t->request.len > NT_FRAMING);
    CHECK_OR_RETURN(!t->plus_owed); /* the reply before it is acknowledged */
    t->plus_seen = false;
    t->asked = io_now(t->io);
    t->evidence = t->link->evidence;
    link_want_plus(t->link, IO_NEVER);
    int rc = link_send(t->link, t->request.data, t->request.len, 0, t->request.len);
    link_tell_copy(t->link, nt_copy_does(t->current.packet), state_of(t->current.packet));
    return rc;
}

/* Until the request is known to be in the kernel's stream. */
static int wait_until_sent(struct netgdb_target *t)
{
    int rc = 0;
    while (rc == 0 && !link_acked(t->link)) {
        rc = nt_pump_asking(t, t->asked, 0);
        if (link_acks(t->link) != 0 || t->link->stream.len != 0)
            break; /* one ack of a 13.x kernel, or its '+' already: recv goes on from here */
    }
    return rc;
}

int nt_send(struct target *base, const struct request *r)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(!t->outstanding); /* one request at a time */
    if (r->len > nt_max_request(base))
        return NETGDB_TOO_LONG;
    t->current.packet = r->packet;
    request_range(r, &t->current.low, &t->current.high);
    int rc = nt_get_ready(t);
    t->fast = nt_goes_fast(t);
    buf_reset(&t->request);
    if (rc != 0 || (rc = rsp_frame(&t->request, r->data, r->len)) != 0)
        return rc;
    t->stats.requests++;
    t->outstanding = true;
    t->silence.warned = false;
    t->tries = 0;
    rc = send_request(t);
    return rc == 0 ? wait_until_sent(t) : rc;
}

static int give_up_damaged(const struct netgdb_target *t)
{
    const char *name = t->current.packet->name;
    if (t->plus_seen)
        log_error(t->log, "the reply to '%s' has %s, however often it is requested", name,
                  rsp_fault_name(t->parser.fault));
    else
        log_error(t->log, "the stub refuses each copy of '%s' with a '-': it arrives damaged",
                  name);
    return NETGDB_PROTO;
}

/* Asks for the reply, or the request, again: a '-' when the reply was damaged on its way. */
static int send_again(struct netgdb_target *t)
{
    if (t->tries++ == TRIES)
        return give_up_damaged(t);
    int rc = nt_wait_for_ack(t);
    if (rc != 0)
        return rc;
    t->stats.repeated_requests++;
    return t->plus_seen ? link_send(t->link, "-", 1, 0, 1) : send_request(t);
}

/*
 * Nothing came for so long that the kernel must be idle, and its '+' was never seen: what it got
 * of the request was eaten while it waited for a '+'. Now it gets that, and the request again.
 */
static int wake_up(struct netgdb_target *t)
{
    if (t->tries++ >= WAKE_UPS) {
        log_error(t->log, "acknowledges everything and answers nothing: given up");
        return NETGDB_LOST;
    }
    int rc = nt_wait_for_ack(t);
    if (rc == 0)
        rc = nt_send_plus(t);
    if (rc == 0)
        rc = nt_wait_for_ack(t);
    if (rc == 0)
        rc = nt_wait_until(t, link_copies_gone(t->link, link_lateness(t->link))); /* of that '+' */
    t->stats.repeated_requests++;
    return rc == 0 ? send_request(t) : rc;
}

/* Whether the reply has not the form that a kernel gives the replies to this request. */
static bool misfits(const struct netgdb_target *t)
{
    if (!t->identified || t->peer != NETGDB_PEER_KERNEL)
        return false;
    size_t len = t->request.len - NT_FRAMING;
    return !reply_fits(t->current.packet, t->request.data + 1, len, &t->parser.content);
}

/*
 * The kernel's '+' came before its ack of the request: it may be for something before that. So it
 * is when the ack came between the '+' and the reply. One that is still missing was lost, or is
 * late: that is a reason to ask again only on a path that has lost nothing yet.
 */
static bool has_doubtful_plus(struct netgdb_target *t)
{
    if (!t->plus_first)
        return false;
    bool between = link_acks(t->link) != 0, first_loss = !t->link->lossy;
    t->link->lossy = true;
    return between || first_loss;
}

/*
 * Whether the reply may be that of a copy. Of a request that went out fast: the path does not look
 * clean any more, or its '+' is doubtful. Of any: there was a sign of such a copy.
 */
static bool doubtful(struct netgdb_target *t)
{
    return (t->fast && (has_doubtful_plus(t) || t->evidence != t->link->evidence)) || misfits(t) ||
           link_stale(t->link) != LINK_COPY_NOTHING;
}

/* Whether asking again does not help: it would do harm, or the stub would reply the same. */
static bool too_late(const struct netgdb_target *t)
{
    if (link_stale(t->link) == LINK_COPY_HARMFUL)
        return true;
    return misfits(t) &&
           (!reply_of_kernel(&t->parser.content) || holdback_runs_once(t->current.packet) ||
            (!t->fast && !reply_of_read(&t->parser.content)));
}

/*
 * Whether the stub itself gives such a reply: no request of a kernel's has it, or it came again
 * and again while nothing else hinted at a copy.
 */
static bool is_stubs_own(const struct netgdb_target *t)
{
    if (!misfits(t))
        return false;
    return !reply_of_kernel(&t->parser.content) ||
           (t->tries > TRIES && t->evidence == t->link->evidence &&
            link_stale(t->link) == LINK_COPY_NOTHING);
}

static int give_up_reply(const struct netgdb_target *t)
{
    if (is_stubs_own(t)) {
        log_error(t->log, "the stub's reply to '%s' (%s) has a form that FreeBSD's stub never uses",
                  t->current.packet->name, t->current.packet->explanation);
        return NETGDB_FOREIGN;
    }
    link_refuse(t->link, "the network delivered a copy of an earlier request very late, and "
                         "it has run instead of this one, which ends the session");
    return NETGDB_LOST;
}

/* The reply is of no use. When the request does no harm, it is asked again, carefully. */
static int ask_again(struct netgdb_target *t)
{
    if (too_late(t) || t->tries++ == TRIES)
        return give_up_reply(t);
    t->stats.asked_again++;
    t->plus_owed = true;
    t->plus_packet = t->current.packet;
    t->plus_due = link_copies_gone(t->link, link_lateness(t->link));
    t->outstanding = false;
    nt_expect_copies(t);
    int rc = nt_get_ready(t);
    t->fast = false;
    t->outstanding = true;
    return rc == 0 ? send_request(t) : rc;
}

/* The reply is in the parser. */
static int finish(struct netgdb_target *t, struct buf *reply, bool *final)
{
    int rc = nt_take_reply(t, reply, final);
    if (!*final)
        return rc;
    uint64_t late = holdback_lateness(&t->holdback, t->link, t->current.packet);
    holdback_done(&t->holdback, t->link, &t->current, link_copies_gone(t->link, late));
    t->plus_owed = true;
    t->plus_packet = t->current.packet;
    t->plus_due = holdback_plus(&t->holdback, t->link, &t->current);
    if (nt_goes_fast(t))
        nt_expect_copies(t);
    if (rc == 0 && t->plus_due <= io_now(t->io))
        rc = nt_send_plus(t);
    return rc;
}

/* A node says so in its features. */
static int look_for_node(struct netgdb_target *t, struct buf *features)
{
    if (!features_has(features->data, features->len, NT_NODE_FEATURE))
        return 0;
    int rc = features_set(features, NT_NODE_FEATURE, NULL);
    return rc == 0 ? nt_begin_node(t) : rc;
}

/* Whether the kernel has taken the request, says nothing to it, and must be idle by now. */
static bool sleeps(const struct netgdb_target *t)
{
    return !t->plus_seen && link_acks(t->link) != 0 &&
           io_now(t->io) - nt_heard_since(t, t->asked) >= link_gives_up(t->link);
}

int nt_recv(struct target *base, struct buf *reply, bool *final, unsigned watch)
{
    struct netgdb_target *t = nt_self(base);
    CHECK_OR_RETURN(t->outstanding);
    for (;;) {
        int rc = nt_read_stream(t);
        if (rc == 1 && doubtful(t))
            rc = ask_again(t);
        else if (rc == 1) {
            rc = finish(t, reply, final);
            bool features = rc == 0 && t->current.packet->id == PACKET_qSupported;
            return features ? look_for_node(t, reply) : rc;
        } else if (rc == NETGDB_PROTO)
            rc = send_again(t);
        else
            rc = sleeps(t) ? wake_up(t) : nt_pump_asking(t, t->asked, watch);
        if (rc != 0)
            return rc;
    }
}
