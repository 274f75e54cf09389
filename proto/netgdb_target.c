/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exactly-once requests to a stub that runs every copy; see netgdb_target.h. */
#include "proto/netgdb_target.h"

#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/packets.h"
#include "proto/rsp.h"

#define LAST_PLUS_PATIENCE (3 * IO_SECOND) /* the kernel that got it has gone already */

enum {
    RECENT = 64,
    FRAMING = 4, /* '$', '#' and two digits */
    TRIES = 8,   /* how often one request is sent again, or its reply asked for again */
};

/* A request that must not be overtaken by a late copy of itself. */
struct recent {
    enum packet_repeat repeat;
    uint64_t low, high; /* what it touched */
    uint64_t gone;      /* when no copy of it can come any more; 0: no entry */
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
    bool resync; /* taken over from a dead server: replies that it asked for may still come */
    bool identified;
    enum netgdb_peer peer;
    uint64_t patience;

    struct rsp_parser parser;
    struct buf request; /* framed */
    const struct packet *packet;
    uint64_t low, high;
    bool outstanding;  /* a request waits for its reply */
    bool plus_seen;    /* the kernel's '+' for it has come: it is being executed */
    bool fast;         /* it went out without waiting for late copies of what came before */
    uint64_t evidence; /* of the link, when it went out */
    uint64_t asked;    /* when it went out, or what came last in reply */
    unsigned tries;    /* how often it was sent again */
    bool warned;       /* the silence was mentioned */

    bool copy_runs;     /* the kernel runs a copy that came late: its reply is nobody's */
    bool plus_owed;     /* to the last reply */
    uint64_t plus_due;  /* not before */
    uint64_t plus_gone; /* when no copy of the last one can come any more */

    unsigned clean; /* exchanges since the session began, up to NETGDB_CLEAN_EXCHANGES */
    struct recent recent[RECENT];
    unsigned next_recent;
};

static struct netgdb_target *self(struct target *t)
{
    return (struct netgdb_target *)t;
}

/* ---- waiting ---- */

/* Whether the target runs: a kernel has taken the request, and says nothing until it stops. */
static bool running(const struct netgdb_target *t)
{
    bool taken = t->plus_seen || (t->no_ack && link_acked(t->link));
    return t->outstanding && taken && (t->packet->does & PKT_RESUMES) != 0;
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
    struct link *link = t->successor.take(t->successor.context);
    if (link == NULL)
        return 0;
    link_free(t->link);
    free(t->link);
    t->link = link;
    t->io = link->io;
    t->node = t->no_ack = t->identified = false;
    t->plus_seen = true;
    t->clean = 0;
    memset(t->recent, 0, sizeof t->recent);
    log_warn(t->log, "the kernel rebooted, or was sent here again, and stopped in a new session");
    return NETGDB_REPLACED; /* its T is in the stream: the next recv gives it */
}

/* Silence while something is asked for: mentioned once, and the end when it lasts. */
static int judge_silence(struct netgdb_target *t, uint64_t since)
{
    uint64_t heard = t->link->heard > since ? t->link->heard : since;
    uint64_t quiet = io_now(t->io) - heard;
    if (quiet >= t->patience) {
        log_error(t->log,
                  "no answer for %u s: the machine is down, unreachable, or back at db> (type "
                  "netgdb there again)",
                  (unsigned)(quiet / IO_SECOND));
        return NETGDB_LOST;
    }
    if (quiet >= LINK_KERNEL_GIVES_UP && !t->warned) {
        t->warned = true;
        log_warn(t->log, "no answer for 12 s; still asking");
    }
    return 0;
}

/* Waits once, until `deadline` at most; takes what came, retransmits what is due. */
static int pump(struct netgdb_target *t, uint64_t deadline, unsigned watch)
{
    uint64_t retry = link_deadline(t->link);
    unsigned reasons = IO_ON_TARGET | watch | (t->successor.waits != NULL ? IO_ON_WAKE : 0);
    unsigned why = io_wait(t->io, deadline < retry ? deadline : retry, reasons);
    int rc = 0;
    if ((why & IO_ON_TARGET) != 0)
        rc = link_input(t->link);
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

/* When a silence that has lasted since `since` must be judged again. */
static uint64_t silence_deadline(const struct netgdb_target *t, uint64_t since)
{
    if (running(t))
        return IO_NEVER;
    uint64_t heard = t->link->heard > since ? t->link->heard : since;
    uint64_t warning = heard + LINK_KERNEL_GIVES_UP;
    return !t->warned && warning < heard + t->patience ? warning : heard + t->patience;
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
    case RSP_NOTIFICATION:
    case RSP_INTERRUPT:
    case RSP_MORE:
        break;
    }
    return 0;
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

/* What the next server must know, should this one die. */
static void mark(struct netgdb_target *t)
{
    if (t->link->mark == NULL)
        return;
    t->link->mark->no_ack = t->no_ack;
    t->link->mark->running = t->outstanding && (t->packet->does & PKT_RESUMES) != 0;
}

/* ---- our '+' ---- */

static int wait_for_ack(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io);
    int rc = 0;
    while (rc == 0 && !link_acked(t->link) && link_acks(t->link) == 0) {
        rc = pump(t, silence_deadline(t, since), 0);
        if (rc == 0)
            rc = judge_silence(t, since);
    }
    if (rc == 0)
        link_proved(t->link);
    t->warned = false;
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
    t->plus_gone = link_copies_gone(t->link);
    return rc;
}

/* ---- holding back ---- */

/* Whether this path has not yet shown itself free of late copies. */
static bool careful(const struct netgdb_target *t)
{
    return t->link->evidence != 0 || t->clean < NETGDB_CLEAN_EXCHANGES;
}

/* Whether a second execution does harm whatever was done in between. */
static bool runs_once(const struct packet *packet)
{
    return packet->repeat == REPEAT_NEVER || packet->repeat == REPEAT_LIST;
}

static void remember(struct netgdb_target *t)
{
    if (t->packet->repeat == REPEAT_SAFE || t->packet->repeat == REPEAT_NEVER)
        return;
    t->recent[t->next_recent++ % RECENT] =
        (struct recent){t->packet->repeat, t->low, t->high, link_copies_gone(t->link)};
}

/*
 * The earliest time at which this request may go out: not while a late copy of our last '+' could
 * come between two copies of it, nor while a late copy of an earlier request could undo it.
 */
static uint64_t not_before(const struct netgdb_target *t)
{
    uint64_t gone = 0;
    if (t->node)
        return 0;
    if (runs_once(t->packet) || careful(t))
        gone = t->plus_gone;
    for (unsigned i = 0; i < RECENT; i++) {
        const struct recent *r = &t->recent[i];
        /* The oldest entry stands for what was pushed out before it. */
        bool oldest = i == t->next_recent % RECENT && t->next_recent >= RECENT;
        if (oldest || (r->repeat == t->packet->repeat && r->low < t->high && t->low < r->high))
            gone = r->gone > gone ? r->gone : gone;
    }
    return gone;
}

/* When our '+' to the reply that has just come may go out. */
static uint64_t plus_due(const struct netgdb_target *t)
{
    bool hold = runs_once(t->packet) || careful(t) || t->link->tx.transmissions > 1;
    return hold && !t->node ? link_copies_gone(t->link) : 0;
}

/*
 * A request whose '+' was not held back may come again, late as this path is: that copy does no
 * harm, and the kernel's '+' for it is let through.
 */
static void expect_copies(struct netgdb_target *t)
{
    link_want_plus(t->link, link_copies_gone(t->link) + link_lateness(t->link));
}

/* Until a request may go out: everything before it is settled and no late copy can disturb it. */
static int get_ready(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io);
    int rc;
    do {
        rc = settle(t);
        if (rc == 0)
            rc = wait_until(t, not_before(t));
        (void)read_stream(t);
        while (rc == 0 && t->copy_runs) {
            rc = pump(t, silence_deadline(t, since), 0);
            if (rc == 0)
                rc = judge_silence(t, since);
            (void)read_stream(t);
        }
    } while (rc == 0 && t->plus_owed);
    return rc;
}

/* ---- requests ---- */

static size_t nt_max_request(struct target *base)
{
    const struct netgdb_target *t = self(base);
    return t->node ? NETGDB_NODE_REQUEST_MAX : t->link->payload_max - FRAMING;
}

/* Sends the framed request; only a node takes one of several DATA. */
static int send_request(struct netgdb_target *t)
{
    size_t at = 0, total = t->request.len;
    int rc = 0;
    t->plus_seen = false;
    t->asked = io_now(t->io);
    t->evidence = t->link->evidence;
    link_want_plus(t->link, IO_NEVER);
    while (rc == 0) {
        size_t n = total - at < t->link->payload_max ? total - at : t->link->payload_max;
        rc = link_send(t->link, t->request.data + at, n, at, total);
        at += n;
        if (rc != 0 || at == total)
            break;
        rc = wait_for_ack(t);
    }
    return rc;
}

/* Until the request is known to be in the kernel's stream. */
static int wait_until_sent(struct netgdb_target *t)
{
    int rc = 0;
    while (rc == 0 && !link_acked(t->link)) {
        rc = pump(t, silence_deadline(t, t->asked), 0);
        if (rc == 0)
            rc = judge_silence(t, t->asked);
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
    t->packet = packet_find(request, len);
    packet_range(t->packet, request, len, &t->low, &t->high);
    int rc = get_ready(t);
    t->fast = !t->node && !careful(t) && !runs_once(t->packet);
    buf_reset(&t->request);
    if (rc == 0)
        rc = rsp_frame(&t->request, request, len);
    if (rc != 0)
        return rc;
    t->stats.requests++;
    t->outstanding = true;
    mark(t);
    t->warned = false;
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

/*
 * The exchange began on a path that looked clean and ended on one that does not: the reply may be
 * that of a copy. The request does no harm, so it is asked again, carefully.
 */
static int ask_again(struct netgdb_target *t)
{
    t->stats.asked_again++;
    t->fast = false;
    t->plus_owed = true;
    t->plus_due = link_copies_gone(t->link);
    t->outstanding = false;
    expect_copies(t);
    int rc = get_ready(t);
    t->outstanding = true;
    return rc == 0 ? send_request(t) : rc;
}

/* Console output, which precedes the reply of what runs and of a monitor command. */
static bool is_output(const struct netgdb_target *t, const struct buf *content)
{
    bool may = (t->packet->does & PKT_RESUMES) != 0 || packet_is(t->packet, "qRcmd");
    return may && content->len > 1 && content->data[0] == 'O' && content->len % 2 == 1;
}

/* The reply is in the parser. */
static int finish(struct netgdb_target *t, struct buf *reply, bool *final)
{
    int rc = buf_set(reply, t->parser.content.data, t->parser.content.len);
    *final = !is_output(t, reply);
    t->asked = io_now(t->io);
    if (!*final)
        return rc;
    t->outstanding = false;
    mark(t);
    t->clean += t->clean < NETGDB_CLEAN_EXCHANGES;
    remember(t);
    if (t->no_ack)
        return rc;
    t->plus_owed = true;
    t->plus_due = plus_due(t);
    if (t->plus_due == 0)
        expect_copies(t);
    if (rc == 0 && t->plus_due <= io_now(t->io))
        rc = send_plus(t);
    return rc;
}

static const char node_feature[] = ";netgdb-node+";

/* Where a node says so in its features. */
static uint8_t *find_node(const struct buf *reply)
{
    const size_t n = sizeof node_feature - 1;
    return reply->len >= n ? memmem(reply->data, reply->len, node_feature, n) : NULL;
}

/* Takes the node's word for itself out of its features: GDB need not know. */
static bool hide_node(struct buf *reply)
{
    const size_t n = sizeof node_feature - 1;
    uint8_t *at = find_node(reply);
    if (at == NULL)
        return false;
    size_t behind = (size_t)(reply->data + reply->len - (at + n));
    memmove(at, at + n, behind);
    reply->len -= n;
    return true;
}

/* What a wait for the reply means when nothing has come: see the strategy in protocol.md. */
static int judge_wait(struct netgdb_target *t)
{
    if (running(t))
        return 0;
    uint64_t heard = t->link->heard > t->asked ? t->link->heard : t->asked;
    if (!t->plus_seen && !t->no_ack && link_acks(t->link) != 0 &&
        io_now(t->io) - heard >= LINK_KERNEL_GIVES_UP)
        return wake_up(t);
    return judge_silence(t, t->asked);
}

static int nt_recv(struct target *base, struct buf *reply, bool *final, unsigned watch)
{
    struct netgdb_target *t = self(base);
    for (;;) {
        int rc = read_stream(t);
        if (rc == 1 && t->resync && find_node(&t->parser.content) == NULL) {
            t->stats.stale_replies++;
            continue;
        }
        if (rc == 1 && t->fast && t->evidence != t->link->evidence)
            rc = ask_again(t);
        else if (rc == 1) {
            rc = finish(t, reply, final);
            if (packet_is(t->packet, "qSupported"))
                t->node |= hide_node(reply);
            return rc;
        } else if (rc == NETGDB_PROTO)
            rc = send_again(t);
        else
            rc = pump(t, silence_deadline(t, t->asked), watch);
        if (rc == 0)
            rc = judge_wait(t);
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
    return rc == 0 ? link_send(t->link, "\003", 1, 0, 1) : rc;
}

static int nt_idle(struct target *base)
{
    struct netgdb_target *t = self(base);
    int rc = link_input(t->link);
    if (rc == 0 && t->link->refused)
        rc = NETGDB_LOST;
    if (rc == 0)
        rc = link_tick(t->link);
    if (rc == 0 && !t->outstanding)
        (void)read_stream(t);
    return rc == 0 ? meet_successor(t) : rc;
}

/* A copy of D made the kernel repeat its OK: it lets go when we have acknowledged all of that. */
static void linger(struct netgdb_target *t)
{
    uint64_t end = io_now(t->io) + LAST_PLUS_PATIENCE;
    int rc = 0;
    while (rc == 0 && io_now(t->io) < end) {
        uint64_t quiet = t->link->heard + LINK_LATENESS_SEEN;
        if (io_now(t->io) >= quiet)
            break;
        rc = pump(t, quiet, 0);
    }
}

/* D: the kernel lets go only after our '+' to its OK, and then acknowledges nothing more. */
static int nt_leave(struct target *base, const uint8_t *request, size_t len, struct buf *reply)
{
    struct netgdb_target *t = self(base);
    t->patience = NETGDB_LEAVE_PATIENCE;
    int rc = target_transact(base, request, len, reply);
    if (rc == 0 && !t->no_ack) {
        const struct log *log = t->log;
        t->patience = LAST_PLUS_PATIENCE;
        t->log = NULL; /* a lost last ack is no news */
        if (settle(t) == 0)
            linger(t);
        t->log = log;
    }
    t->patience = NETGDB_PATIENCE;
    return rc;
}

static void nt_free(struct target *base)
{
    struct netgdb_target *t = self(base);
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
    t->patience = NETGDB_PATIENCE;
    t->packet = packet_find((const uint8_t *)"?", 1);
    t->node = t->no_ack = t->resync = link->mark != NULL && link->mark->no_ack != 0;
    t->plus_owed = !t->no_ack; /* to the T that began the session */
    if (t->no_ack)
        link_want_plus(link, IO_NEVER);
    rsp_parser_init(&t->parser, RSP_FROM_STUB, TARGET_REPLY_MAX);
    buf_init(&t->request, NETGDB_NODE_REQUEST_MAX + FRAMING);
    return &t->base;
}

/* Whether these are FreeBSD's features, all of them and no others. */
static bool is_freebsd(const struct buf *features)
{
    static const char *const known[] = {"PacketSize=", "qXfer:threads:read+", "QStartNoAckMode+"};
    unsigned found = 0;
    size_t at = 0;
    while (at < features->len) {
        const uint8_t *word = features->data + at;
        const uint8_t *end = memchr(word, ';', features->len - at);
        size_t len = end != NULL ? (size_t)(end - word) : features->len - at;
        unsigned before = found;
        for (unsigned i = 0; i < 3; i++) {
            size_t n = strlen(known[i]);
            if (len >= n && memcmp(word, known[i], n) == 0 && (i == 0 || len == n))
                found |= 1U << i;
        }
        if (found == before)
            return false;
        at += len + 1;
    }
    return found == 7;
}

static int start_no_ack_mode(struct netgdb_target *t, struct buf *reply)
{
    int rc = target_ask(&t->base, "QStartNoAckMode", reply);
    if (rc == 0)
        rc = settle(t);
    t->no_ack = rc == 0 && buf_is(reply, "OK");
    mark(t);
    link_want_plus(t->link, IO_NEVER);
    return rc;
}

/* A node that a dead server let run answers nothing before it has stopped. */
static int stop_node(struct netgdb_target *t)
{
    if (!t->resync || t->link->mark->running == 0)
        return 0;
    int rc = settle(t);
    return rc == 0 ? link_send(t->link, "\003", 1, 0, 1) : rc;
}

int netgdb_target_identify(struct target *base, enum netgdb_peer *peer)
{
    struct netgdb_target *t = self(base);
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = stop_node(t);
    if (rc == 0)
        rc = target_ask(base, "qSupported", &reply);
    t->resync = false;
    t->identified = rc == 0;
    *peer = t->peer = t->node              ? NETGDB_PEER_NODE
                      : is_freebsd(&reply) ? NETGDB_PEER_KERNEL
                                           : NETGDB_PEER_OTHER;
    if (rc == 0 && t->node && !t->no_ack)
        rc = start_no_ack_mode(t, &reply);
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
    t->log = t->link->log = log;
    t->successor = successor != NULL ? *successor : (struct netgdb_successor){0};
    trim(t);
}

bool netgdb_target_runs(const struct target *base)
{
    return ((const struct netgdb_target *)base)->outstanding;
}

const struct link *netgdb_target_link(const struct target *t)
{
    return ((const struct netgdb_target *)t)->link;
}

const struct netgdb_stats *netgdb_target_stats(const struct target *t)
{
    return &((const struct netgdb_target *)t)->stats;
}
