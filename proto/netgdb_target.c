/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exactly-once requests to a stub that runs every copy; see netgdb_target.h. */
#include "proto/netgdb_target.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/features.h"
#include "proto/holdback.h"
#include "proto/replies.h"
#include "proto/rsp.h"
#include "proto/silence.h"

#define LAST_PLUS_PATIENCE (3 * IO_SECOND) /* the kernel that got it has gone already */
#define NODE_SILENCE IO_SECOND             /* a node whose program is stopped answers sooner */
#define NODE_PROBE (4 * IO_SECOND)         /* so often a node is asked whether it is still there */

#define OVERSLEPT IO_SECOND /* a wait that ends so late did not wait */

enum {
    FRAMING = 4, /* '$', '#' and two digits */
    TRIES = 8,   /* how often one request is sent again, or its reply asked for again */
};

struct netgdb_target {
    struct target base;
    struct link *link;
    struct io *io;
    const struct log *log;
    struct netgdb_successor successor;
    struct netgdb_stats stats;

    bool node;   /* drops copies itself, can be interrupted */
    bool no_ack; /* a node after QStartNoAckMode */
    bool identified;
    enum netgdb_peer peer;
    struct silence silence;

    struct rsp_parser parser;
    struct buf request;              /* framed */
    struct holdback_request current; /* the last one, outstanding or answered */
    bool outstanding;                /* a request waits for its reply */
    bool plus_seen;                  /* the kernel's '+' for it has come: it is being executed */
    bool fast;         /* it went out without waiting for late copies of what came before */
    uint64_t evidence; /* of the link, when it went out */
    bool suspect;      /* the kernel's '+' came before its ack: is it for this request? */
    uint64_t asked;    /* when it went out, or what came last in reply */
    unsigned tries;    /* how often it was sent again */

    bool copy_runs;    /* the kernel runs a copy that came late: its reply is nobody's */
    bool plus_owed;    /* to the last reply */
    uint64_t plus_due; /* not before */

    struct holdback holdback;
};

static struct netgdb_target *self(struct target *t)
{
    return (struct netgdb_target *)t;
}

/* ---- waiting ---- */

/*
 * Whether the target runs: it has taken the request and what we sent after it, and says nothing
 * until it stops.
 */
static bool running(const struct netgdb_target *t)
{
    bool taken = (t->plus_seen || t->no_ack) && link_acked(t->link);
    return t->outstanding && taken && (t->current.packet->does & PKT_RESUMES) != 0;
}

/* The kernel waits in a new session. One that ran goes on there; one that was stopped is over. */
static int meet_successor(struct netgdb_target *t)
{
    if (t->successor.waits == NULL || !t->successor.waits(t->successor.context))
        return 0;
    if (!running(t)) {
        log_error(t->log, "the kernel left this session and waits in a new one: connect again");
        return NETGDB_CLOSED;
    }
    link_look(t->link); /* it loses its io */
    struct link *link = t->successor.take(t->successor.context);
    if (link == NULL)
        return 0;
    link_tell_tampering(t->link, t->log);
    link_free(t->link);
    free(t->link);
    t->link = link;
    t->io = link->io;
    t->node = t->no_ack = t->identified = false;
    t->plus_seen = true;
    holdback_init(&t->holdback);
    log_warn(t->log, "the kernel rebooted, or was sent here again, and stopped in a new session");
    return NETGDB_REPLACED; /* its T is in the stream: the next recv gives it */
}

/* Whether the stub behind a node has gone, and all that it said was read. */
static bool is_finished(const struct netgdb_target *t)
{
    return t->link->finished && t->link->stream.len == 0;
}

/* Waits once, until `deadline` at most; takes what came, retransmits what is due. */
static int pump(struct netgdb_target *t, uint64_t deadline, unsigned watch)
{
    if (is_finished(t))
        return NETGDB_CLOSED;
    uint64_t retry = link_deadline(t->link);
    unsigned reasons = IO_ON_TARGET | watch | (t->successor.waits != NULL ? IO_ON_WAKE : 0);
    unsigned why = io_wait(t->io, deadline < retry ? deadline : retry, reasons);
    int rc = (why & IO_ON_TARGET) != 0 ? link_input(t->link) : 0;
    if (rc == 0 && t->link->refused)
        rc = NETGDB_LOST;
    if (rc == 0)
        rc = link_tick(t->link);
    if (rc == 0 && (why & IO_ON_WAKE) != 0)
        rc = meet_successor(t);
    if (rc == 0 && (why & watch) != 0)
        rc = NETGDB_AGAIN;
    return rc;
}

static int wait_until(struct netgdb_target *t, uint64_t time)
{
    int rc = 0;
    while (rc == 0 && io_now(t->io) < time)
        rc = pump(t, time, 0);
    return rc;
}

/* When the peer was heard last, or `since` when that is later. */
static uint64_t heard_since(const struct netgdb_target *t, uint64_t since)
{
    return t->link->heard > since ? t->link->heard : since;
}

/* Whether a node has all that we sent: it hears us while its stub works, which may take long. */
static bool can_probe(const struct netgdb_target *t)
{
    return t->node && t->outstanding && link_acked(t->link);
}

/* Waits once for what was asked for at `since`: for ever while the target runs. */
static int pump_asking(struct netgdb_target *t, uint64_t since, unsigned watch)
{
    uint64_t limit = can_probe(t) ? NODE_PROBE : silence_limit(&t->silence);
    uint64_t deadline = heard_since(t, since) + limit;
    int rc = pump(t, running(t) ? IO_NEVER : deadline, watch);
    if (rc != 0 || running(t))
        return rc;
    if (io_now(t->io) >= deadline + OVERSLEPT)
        t->link->heard = io_now(t->io); /* we were stopped: nobody has listened */
    uint64_t quiet = io_now(t->io) - heard_since(t, since);
    if (can_probe(t) && quiet >= NODE_PROBE)
        return link_send(t->link, "", 0, 0, 0); /* its ack ends the silence */
    return silence_judge(&t->silence, quiet);
}

/* ---- reading what came ---- */

/*
 * A packet that nobody waits for: a repeat of the last reply, or the reply to a copy that came late
 * and did no harm. The kernel waits for a '+' to the latter before it looks at another request.
 */
static void drop_packet(struct netgdb_target *t)
{
    t->stats.stale_replies++;
    if (!t->copy_runs)
        return;
    t->copy_runs = false;
    t->evidence = t->link->evidence; /* what was feared has come */
    t->plus_owed = true;
    t->plus_due = io_now(t->io) + link_lateness(t->link);
}

/* Whether the next packet is the reply. */
static bool awaits_reply(const struct netgdb_target *t)
{
    return t->outstanding && (t->plus_seen || t->no_ack);
}

static void take_plus(struct netgdb_target *t)
{
    if (t->no_ack) /* a stub behind a node that sends them all the same */
        return;
    if (!t->outstanding) {
        t->copy_runs = true;
    } else if (!t->plus_seen) {
        t->plus_seen = true;
        t->suspect = link_acks(t->link) == 0;
        link_proved(t->link);
        link_want_plus(t->link, 0);
    }
}

static int take_event(struct netgdb_target *t, enum rsp_event event)
{
    switch (event) {
    case RSP_ACK:
        take_plus(t);
        return 0;
    case RSP_NACK:
        return t->outstanding && !t->plus_seen && !t->no_ack ? NETGDB_PROTO : 0;
    case RSP_PACKET:
        if (awaits_reply(t))
            return 1;
        drop_packet(t);
        return 0;
    case RSP_BAD:
        return awaits_reply(t) ? NETGDB_PROTO : 0;
    default:
        return 0;
    }
}

/*
 * Reads the stream up to the reply. Returns 1 when it is in the parser, 0 when it has not come,
 * NETGDB_PROTO for a '-' or for a reply that is damaged: something must be sent again.
 */
static int read_stream(struct netgdb_target *t)
{
    const uint8_t *data = t->link->stream.data;
    size_t left = t->link->stream.len, all = left;
    enum rsp_event event;
    int found = 0;
    while (found == 0 && (event = rsp_parse(&t->parser, &data, &left)) != RSP_MORE)
        found = take_event(t, event);
    buf_drop(&t->link->stream, all - left);
    /* A kernel's message is a whole packet: half a one has lost its end to some damage. */
    if (found == 0 && !t->node && t->parser.state != RSP_IDLE) {
        t->parser.state = RSP_IDLE;
        found = take_event(t, RSP_BAD);
    }
    return found;
}

/* ---- our '+' ---- */

static int wait_for_ack(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io);
    int rc = 0;
    while (rc == 0 && !link_acked(t->link) && link_acks(t->link) == 0) {
        rc = pump_asking(t, since, 0);
    }
    if (rc == 0)
        link_proved(t->link);
    t->silence.warned = false;
    return rc;
}

static int send_plus(struct netgdb_target *t)
{
    t->plus_owed = false;
    return link_send(t->link, "+", 1, 0, 1);
}

/* Sends the '+' that is owed, when it may go, and sees it acknowledged. */
static int settle(struct netgdb_target *t)
{
    int rc = 0;
    if (t->plus_owed) {
        rc = wait_until(t, t->plus_due);
        if (rc == 0)
            rc = send_plus(t);
    }
    if (rc == 0)
        rc = wait_for_ack(t);
    t->holdback.plus_gone = link_copies_gone(t->link);
    return rc;
}

/* ---- holding back ---- */

/* Whether a copy of this request that came late would do no harm, and is reckoned with. */
static bool goes_fast(const struct netgdb_target *t)
{
    return !holdback_careful(&t->holdback, t->link) && !holdback_runs_once(t->current.packet);
}

/*
 * A request that is not held back may come again, late as this path is: that copy does no harm,
 * and the kernel's '+' for it is let through.
 */
static void expect_copies(struct netgdb_target *t)
{
    uint64_t now = io_now(t->io), gone = link_copies_gone(t->link);
    link_want_plus(t->link, (gone > now ? gone : now) + link_lateness(t->link));
}

/*
 * When a path that looked clean has just shown copies, one of a request that went out fast may be
 * running, or one that came behind our '+', and the kernel's '+' for it be lost: until when to
 * wait for that.
 */
static uint64_t copies_until(struct netgdb_target *t)
{
    bool fast = t->fast && t->evidence != t->link->evidence;
    if (!fast && link_stale(t->link) == LINK_COPY_NOTHING)
        return 0;
    link_want_plus(t->link, t->link->heard + LINK_QUIET);
    return t->link->heard + LINK_QUIET;
}

/* Sees a copy that runs to its end. */
static int await_copies(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io), until;
    int rc = 0;
    (void)read_stream(t);
    while (rc == 0 && ((until = copies_until(t)) > io_now(t->io) || t->copy_runs)) {
        rc = t->copy_runs ? pump_asking(t, since, 0) : pump(t, until, 0);
        (void)read_stream(t);
    }
    return rc;
}

/* Until a request may go out: everything before it is settled and no late copy can disturb it. */
static int get_ready(struct netgdb_target *t)
{
    int rc;
    do {
        rc = settle(t);
        if (rc == 0)
            rc = wait_until(t, t->node ? 0 : holdback_request(&t->holdback, t->link, &t->current));
        if (rc == 0)
            rc = await_copies(t);
    } while (rc == 0 && t->plus_owed);
    return rc;
}

/* ---- requests ---- */

static size_t nt_max_request(struct target *base)
{
    const struct netgdb_target *t = self(base);
    return t->node ? NETGDB_NODE_REQUEST_MAX : t->link->payload_max - FRAMING;
}

static enum link_copy copy_does(const struct packet *packet)
{
    if (holdback_runs_once(packet))
        return LINK_COPY_HARMFUL;
    return packet->repeat == REPEAT_SAFE ? LINK_COPY_HARMLESS : LINK_COPY_UNDOES;
}

/* Sends the framed request; only a node takes one of several DATA. */
static int send_request(struct netgdb_target *t)
{
    size_t at = 0, total = t->request.len;
    int rc;
    t->plus_seen = false;
    t->asked = io_now(t->io);
    t->evidence = t->link->evidence;
    link_want_plus(t->link, IO_NEVER);
    link_request_acks(t->link);
    do {
        size_t n = total - at < t->link->payload_max ? total - at : t->link->payload_max;
        rc = link_send(t->link, t->request.data + at, n, at, total);
        link_tell_copy(t->link, copy_does(t->current.packet));
        at += n;
        if (rc == 0 && at < total)
            rc = wait_for_ack(t);
    } while (rc == 0 && at < total);
    return rc;
}

/* Until the request is known to be in the kernel's stream. */
static int wait_until_sent(struct netgdb_target *t)
{
    int rc = 0;
    while (rc == 0 && !link_acked(t->link)) {
        rc = pump_asking(t, t->asked, 0);
        if (link_acks(t->link) != 0 || t->link->stream.len != 0)
            break; /* one ack of a 13.x kernel, or its '+' already: recv goes on from here */
    }
    return rc;
}

static int nt_send(struct target *base, const uint8_t *request, size_t len)
{
    struct netgdb_target *t = self(base);
    if (len > nt_max_request(base))
        return NETGDB_TOO_LONG;
    t->current.packet = packet_find(request, len);
    packet_range(t->current.packet, request, len, &t->current.low, &t->current.high);
    int rc = get_ready(t);
    t->fast = !t->node && goes_fast(t);
    buf_reset(&t->request);
    if (rc != 0 || (rc = rsp_frame(&t->request, request, len)) != 0)
        return rc;
    t->stats.requests++;
    t->outstanding = true;
    t->silence.warned = false;
    t->tries = 0;
    rc = send_request(t);
    return rc == 0 ? wait_until_sent(t) : rc;
}

/* Asks for the reply, or the request, again: a '-' when the reply was damaged on its way. */
static int send_again(struct netgdb_target *t)
{
    if (t->no_ack || t->tries++ == TRIES) {
        log_error(t->log, "what arrives is damaged: the reply cannot be had");
        return NETGDB_PROTO;
    }
    int rc = wait_for_ack(t);
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
    if (t->tries++ == TRIES) {
        log_error(t->log, "acknowledges everything and answers nothing: given up");
        return NETGDB_LOST;
    }
    int rc = wait_for_ack(t);
    if (rc == 0)
        rc = send_plus(t);
    if (rc == 0)
        rc = wait_for_ack(t);
    if (rc == 0)
        rc = wait_until(t, link_copies_gone(t->link)); /* of that '+' */
    t->stats.repeated_requests++;
    return rc == 0 ? send_request(t) : rc;
}

/* Whether the reply has not the form that a kernel gives the replies to this request. */
static bool misfits(const struct netgdb_target *t)
{
    if (t->node || !t->identified || t->peer != NETGDB_PEER_KERNEL)
        return false;
    size_t len = t->request.len - FRAMING;
    return !reply_fits(t->current.packet, t->request.data + 1, len, &t->parser.content);
}

/*
 * Whether the reply may be that of a copy. Of a request that went out fast: the path does not look
 * clean any more, or the ack of the request is missing. Of any: there was a sign of such a copy.
 */
static bool doubtful(const struct netgdb_target *t)
{
    return (t->fast && (t->suspect || t->evidence != t->link->evidence)) || misfits(t) ||
           link_stale(t->link) != LINK_COPY_NOTHING;
}

/* Whether it is not enough to ask again: what ran, or what would, does harm when it runs twice. */
static bool too_late(const struct netgdb_target *t)
{
    if (link_stale(t->link) == LINK_COPY_HARMFUL)
        return true;
    return misfits(t) && (holdback_runs_once(t->current.packet) ||
                          (!t->fast && !reply_of_read(&t->parser.content)));
}

/* The reply is of no use. When the request does no harm, it is asked again, carefully. */
static int ask_again(struct netgdb_target *t)
{
    if (too_late(t) || t->tries++ == TRIES) {
        link_refuse(t->link, "the network delivered a copy of an earlier request very late, and "
                             "it has run instead of this one, which ends the session");
        return NETGDB_LOST;
    }
    t->stats.asked_again++;
    t->plus_owed = true;
    t->plus_due = link_copies_gone(t->link);
    t->outstanding = false;
    expect_copies(t);
    int rc = get_ready(t);
    t->fast = false;
    t->outstanding = true;
    return rc == 0 ? send_request(t) : rc;
}

/* Console output, which precedes the reply of what runs and of a monitor command. */
static bool is_output(const struct netgdb_target *t, const struct buf *content)
{
    bool may =
        (t->current.packet->does & PKT_RESUMES) != 0 || packet_is(t->current.packet, "qRcmd");
    return may && content->len > 1 && content->data[0] == 'O' && content->len % 2 == 1;
}

/* The reply is in the parser. */
static int finish(struct netgdb_target *t, struct buf *reply, bool *final)
{
    int rc = buf_set(reply, t->parser.content.data, t->parser.content.len);
    link_proved(t->link); /* a node's reply comes without a '+', and its ack may be lost */
    *final = !is_output(t, reply);
    t->asked = io_now(t->io);
    if (!*final)
        return rc;
    t->outstanding = false;
    holdback_done(&t->holdback, t->link, &t->current);
    if (t->no_ack)
        return rc;
    t->plus_owed = true;
    t->plus_due = t->node ? 0 : holdback_plus(&t->holdback, t->link, &t->current);
    if (goes_fast(t))
        expect_copies(t);
    if (rc == 0 && t->plus_due <= io_now(t->io))
        rc = send_plus(t);
    return rc;
}

/* A node says so in its features. GDB need not know. */
static void look_for_node(struct netgdb_target *t, struct buf *features)
{
    t->node |= features_has(features->data, features->len, "netgdb-node");
    t->link->runs_copies = !t->node;
    if (t->node)
        link_allow_finished(t->link);
    (void)features_set(features, "netgdb-node", NULL);
}

/* Whether the kernel has taken the request, says nothing to it, and must be idle by now. */
static bool sleeps(const struct netgdb_target *t)
{
    return !t->plus_seen && !t->no_ack && link_acks(t->link) != 0 &&
           io_now(t->io) - heard_since(t, t->asked) >= LINK_KERNEL_GIVES_UP;
}

static int nt_recv(struct target *base, struct buf *reply, bool *final, unsigned watch)
{
    struct netgdb_target *t = self(base);
    for (;;) {
        int rc = read_stream(t);
        if (rc == 1 && doubtful(t))
            rc = ask_again(t);
        else if (rc == 1) {
            rc = finish(t, reply, final);
            if (packet_is(t->current.packet, "qSupported"))
                look_for_node(t, reply);
            return rc;
        } else if (rc == NETGDB_PROTO)
            rc = send_again(t);
        else
            rc = sleeps(t) ? wake_up(t) : pump_asking(t, t->asked, watch);
        if (rc != 0)
            return rc;
    }
}

static int nt_interrupt(struct target *base)
{
    struct netgdb_target *t = self(base);
    if (!t->node || !t->outstanding)
        return NETGDB_UNSUPPORTED;
    int rc = wait_for_ack(t);
    t->asked = io_now(t->io); /* it may have been silent for long before, and rightly */
    return rc == 0 ? link_send(t->link, "\003", 1, 0, 1) : rc;
}

static int nt_idle(struct target *base)
{
    struct netgdb_target *t = self(base);
    (void)copies_until(t);
    int rc = link_input(t->link);
    if (rc == 0 && t->link->refused)
        rc = NETGDB_LOST;
    if (rc == 0)
        rc = link_tick(t->link);
    if (rc == 0 && !t->outstanding)
        (void)read_stream(t);
    if (rc == 0 && is_finished(t))
        rc = NETGDB_CLOSED;
    return rc == 0 ? meet_successor(t) : rc;
}

/* A copy of D made the kernel repeat its OK: it lets go when we have acknowledged all of that. */
static void linger(struct netgdb_target *t)
{
    uint64_t end = io_now(t->io) + LAST_PLUS_PATIENCE, quiet;
    int rc = 0;
    while (rc == 0 && io_now(t->io) < end &&
           (quiet = t->link->heard + LINK_LATENESS_SEEN) > io_now(t->io))
        rc = pump(t, quiet, 0);
}

/* D: the kernel lets go only after our '+' to its OK, and then acknowledges nothing more. */
static int nt_leave(struct target *base, const uint8_t *request, size_t len, struct buf *reply)
{
    struct netgdb_target *t = self(base);
    const struct log *log = t->log;
    t->silence.patience = NETGDB_LEAVE_PATIENCE;
    int rc = target_transact(base, request, len, reply);
    if (rc == 0 && !t->no_ack) {
        t->silence.patience = LAST_PLUS_PATIENCE;
        t->log = t->silence.log = NULL; /* a lost last ack is no news */
        if (settle(t) == 0)
            linger(t);
        t->log = t->silence.log = log;
    }
    t->silence.patience = NETGDB_PATIENCE;
    return rc;
}

static void nt_free(struct target *base)
{
    struct netgdb_target *t = self(base);
    link_look(t->link);
    link_tell_tampering(t->link, t->log);
    link_free(t->link);
    free(t->link);
    rsp_parser_free(&t->parser);
    buf_free(&t->request);
    free(t);
}

static const struct target_ops ops = {
    .send = nt_send,
    .recv = nt_recv,
    .interrupt = nt_interrupt,
    .idle = nt_idle,
    .leave = nt_leave,
    .max_request = nt_max_request,
    .free = nt_free,
};

struct target *netgdb_target_new(struct link *link, const struct log *log,
                                 const struct netgdb_successor *successor)
{
    struct netgdb_target *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->base.ops = &ops;
    t->link = link;
    t->io = link->io;
    t->log = log;
    if (successor != NULL)
        t->successor = *successor;
    t->silence = (struct silence){.log = log, .patience = NETGDB_PATIENCE};
    t->current.packet = packet_find((const uint8_t *)"?", 1);
    t->plus_owed = true; /* to the T that began the session */
    rsp_parser_init(&t->parser, RSP_FROM_STUB, TARGET_REPLY_MAX);
    buf_init(&t->request, NETGDB_NODE_REQUEST_MAX + FRAMING);
    return &t->base;
}

/*
 * The qSupported is on its way to what the dead server's record calls a node. One whose program
 * runs takes it and is silent, where a kernel would either answer or not even take it: so 0x03
 * goes to no kernel.
 */
static int stop_running_node(struct netgdb_target *t)
{
    uint64_t until = io_now(t->io) + NODE_SILENCE;
    int rc = 0;
    while (rc == 0 && t->link->stream.len == 0 && io_now(t->io) < until)
        rc = pump(t, until, 0);
    if (rc != 0 || t->link->stream.len != 0 || !link_acked(t->link))
        return rc;
    log_info(t->log, "what this node debugs runs: stopping it");
    return link_send(t->link, "\003", 1, 0, 1);
}

/* Asks for the features; *reply has them. */
static int ask_features(struct netgdb_target *t, struct buf *reply)
{
    bool final;
    int rc = target_send(&t->base, (const uint8_t *)"qSupported", 10);
    if (rc == 0 && t->link->mark != NULL && t->link->mark->node != 0)
        rc = stop_running_node(t);
    return rc == 0 ? target_recv(&t->base, reply, &final, 0) : rc;
}

int netgdb_target_identify(struct target *base, enum netgdb_peer *peer)
{
    struct netgdb_target *t = self(base);
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = ask_features(t, &reply);
    t->identified = rc == 0;
    if (rc == 0 && t->link->mark != NULL)
        t->link->mark->node = t->node;
    *peer = t->peer = t->node                                        ? NETGDB_PEER_NODE
                      : features_are_freebsds(reply.data, reply.len) ? NETGDB_PEER_KERNEL
                                                                     : NETGDB_PEER_OTHER;
    if (rc == 0 && t->node) {
        rc = target_ask(base, "QStartNoAckMode", &reply);
        if (rc == 0)
            rc = settle(t);
        t->no_ack = rc == 0 && buf_is(&reply, "OK");
        link_want_plus(t->link, IO_NEVER);
        if (t->no_ack)
            link_lazy_acks(t->link);
    }
    buf_free(&reply);
    return rc;
}

bool netgdb_target_peer(const struct target *base, enum netgdb_peer *peer)
{
    const struct netgdb_target *t = (const struct netgdb_target *)base;
    *peer = t->peer;
    return t->identified;
}

/* What a long session left in the buffers is not kept by one that waits. */
static void trim(struct netgdb_target *t)
{
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
    struct netgdb_target *t = self(base);
    t->io = t->link->io = io;
    t->log = t->link->log = t->silence.log = log;
    t->successor = successor != NULL ? *successor : (struct netgdb_successor){0};
    trim(t);
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
