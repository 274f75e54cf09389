/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies in the lane: which is whose; see netgdb_lane.h. */
#include "proto/netgdb_lane.h"

#include <string.h>

#include "proto/err.h"
#include "proto/netgdb_parts.h"
#include "proto/replies.h"

enum {
    TRIES = 8,   /* how often a read is sent again because its reply was damaged */
    LOSSES = 32, /* how often any other request, because nothing tells what came of it */
    DONE = 1,    /* a step's result, beside errors: what was waited for is there */
};

static int give_up(struct netgdb_target *t)
{
    log_error(t->log, "the kernel's replies do not tell what is true: given up");
    return NETGDB_PROTO;
}

/* Sends again what was sent last: it only reads. */
static int read_again(struct netgdb_target *t)
{
    if (t->tries++ == TRIES)
        return give_up(t);
    t->stats.asked_again++;
    link_proved(t->link);
    return t->lane.step == LANE_READ ? lane_read_part(t) : lane_send_check(t, t->lane.step);
}

/*
 * The request that was settled, again: it was lost, or what came is not to be told from other
 * replies. When nothing that was asked for before can be answered any more.
 */
static int ask_again(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    if (lane->losses++ == LOSSES)
        return give_up(t);
    t->stats.asked_again++;
    lane_note_gone(t);
    t->outstanding = false;
    int rc = nt_wait_until(t, t->lane.gone);
    (void)nt_read_stream(t);
    t->outstanding = true;
    if (rc != 0)
        return rc;
    return lane->left == 0 ? lane_ask(t, 0) : lane_ask_exactly(t);
}

/* Whether these are `n` bytes of memory, all of them. */
static bool is_memory(const struct buf *content, size_t n)
{
    bool good = content->len == 2 * n;
    for (size_t i = 0; good && i < n; i++)
        good = rsp_hex_byte(content->data + 2 * i) >= 0;
    return good;
}

static bool is_error(const struct buf *content)
{
    return content->len == 3 && content->data[0] == 'E';
}

/* The part has come, its digits from `skip` bytes on; what is left is asked for. */
static int take_part(struct netgdb_target *t, const struct buf *content, size_t skip)
{
    struct lane *lane = &t->lane;
    int rc = buf_add(&lane->reply, content->data + 2 * skip, 2 * lane->part);
    lane->address += lane->part;
    lane->left -= lane->part;
    t->tries = lane->losses = 0;
    if (rc != 0)
        return rc;
    return lane->left == 0 ? DONE : lane_read_part(t);
}

static int take_read(struct netgdb_target *t, const struct buf *content)
{
    struct lane *lane = &t->lane;
    bool error = is_error(content);
    if (!error && !is_memory(content, lane->len))
        return 0; /* of an earlier request */
    link_proved(t->link);
    if (error || lane_is_late(t)) /* or it may be that of a copy, whose ack came just now */
        return lane_ask_exactly(t);
    return take_part(t, content, (size_t)(lane->address - lane->from));
}

/*
 * The reply, or that to a copy of an earlier request. Of a list the stub tells each part once: a
 * copy that came behind the request has got an error.
 */
static int take_candidate(struct netgdb_target *t, const struct buf *content)
{
    struct lane *lane = &t->lane;
    const struct packet *packet = packet_find(lane->text.data, lane->text.len);
    struct buf *found = &lane->found;
    if (!reply_fits(packet, lane->text.data, lane->text.len, content))
        return 0;
    bool list = packet->repeat == REPEAT_LIST, first = !lane->answered;
    lane->answered = true;
    if (first || (list && is_error(found)))
        return buf_set(found, content->data, content->len);
    bool same = found->len == content->len &&
                (found->len == 0 || memcmp(found->data, content->data, found->len) == 0);
    lane->differ |= !same && !(list && is_error(content));
    return 0;
}

/* All that was sent before the check has been answered: so what was found is the reply. */
static int take_found(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    const struct buf *found = &lane->found;
    bool stored = lane->alone || link_stored(t->link, lane->seqno);
    if (lane->differ || !lane->answered || !stored)
        return ask_again(t);
    if (lane->left != 0 && is_memory(found, lane->part))
        return take_part(t, found, 0);
    if (lane->left != 0 && lane->reply.len != 0)
        return DONE; /* the client gets what could be read */
    int rc = buf_set(&lane->reply, found->data, found->len);
    return rc == 0 ? DONE : rc;
}

static int take_checked(struct netgdb_target *t, const struct buf *content)
{
    if (!is_memory(content, t->lane.len))
        return take_candidate(t, content);
    link_proved(t->link);
    return take_found(t);
}

/* '+' has come before the reply: it is in ack mode. Any other answer may be that of a copy. */
static int take_probe(struct netgdb_target *t, const struct buf *content)
{
    return t->plus_seen || is_memory(content, t->lane.len) ? DONE : 0;
}

static int take_last(struct netgdb_target *t, const struct buf *content)
{
    struct lane *lane = &t->lane;
    uint64_t pc;
    if (lane->step == LANE_RUN ? !lane_is_stop(content, &pc) : !buf_is(content, "OK"))
        return 0; /* of an earlier request */
    link_proved(t->link);
    int rc = buf_set(&lane->reply, content->data, content->len);
    return rc == 0 ? DONE : rc;
}

/* The packet in the parser. Returns DONE, 0 when more must come, or an error. */
static int take(struct netgdb_target *t)
{
    const struct buf *content = &t->parser.content;
    switch (t->lane.step) {
    case LANE_PROBE:
        return take_probe(t, content);
    case LANE_RUN:
    case LANE_LEAVE:
        return take_last(t, content);
    case LANE_READ:
        return take_read(t, content);
    case LANE_ASK:
        return take_candidate(t, content);
    case LANE_CHECK:
        return take_checked(t, content);
    case LANE_IDLE:
        break;
    }
    return 0;
}

/* ---- waiting ---- */

/* A late copy of what was changed in the lane runs at once: that was noticed too late. */
static int judge_copies(struct netgdb_target *t)
{
    if (t->link->counters.undoing != t->lane.known && t->lane.on)
        link_refuse(t->link, LINK_RAN_COPY);
    return t->link->refused ? NETGDB_LOST : 0;
}

/*
 * Something damaged came. A stop is told again for every byte but '+': a '-' of ours, or one of the
 * copies of its request, which go on until their ack comes. A stub that still runs skips them.
 */
static int take_damage(struct netgdb_target *t)
{
    t->lane.damaged = true;
    if (t->lane.step == LANE_RUN) {
        lane_note_gone(t);
        return link_acked(t->link) ? link_send(t->link, "-", 1, 0, 1) : 0;
    }
    if (t->lane.step == LANE_ASK)
        return 0; /* the check will tell that there is no reply */
    if (t->lane.step != LANE_LEAVE)
        return read_again(t);
    log_error(t->log, "what arrives is damaged: the reply cannot be had");
    return NETGDB_PROTO;
}

/* When a kernel that is silent all the time has lost what it acknowledged. */
static uint64_t silent_until(const struct netgdb_target *t)
{
    bool reads = t->lane.step != LANE_ASK || t->lane.left != 0;
    return nt_heard_since(t, t->asked) + (reads ? LINK_QUIET : LINK_KERNEL_GIVES_UP);
}

/* When it is time for the check: what it settles has been answered, or will not be. */
static uint64_t check_due(const struct netgdb_target *t)
{
    if (!link_acked(t->link))
        return t->lane.settle_at;
    return t->lane.answered ? 0 : silent_until(t);
}

/*
 * Waits once. A kernel that is silent when it was told to run may do so, and the ack that says so
 * be lost: its stop will tell.
 */
static int wait_once(struct netgdb_target *t, unsigned watch)
{
    struct lane *lane = &t->lane;
    bool is_last = lane->step == LANE_RUN || lane->step == LANE_LEAVE;
    if (lane->step == LANE_RUN && t->silence.warned)
        return nt_pump(t, IO_NEVER, watch);
    if (lane->step == LANE_ASK)
        return nt_pump(t, check_due(t), watch);
    if (is_last || !link_acked(t->link))
        return nt_pump_asking(t, t->asked, watch);
    uint64_t quiet = silent_until(t);
    return io_now(t->io) >= quiet ? read_again(t) : nt_pump(t, quiet, watch);
}

/* The request is settled: whether it came or was lost, it is not sent again before that. */
static int check(struct netgdb_target *t)
{
    link_proved(t->link);
    return lane_send_check(t, LANE_CHECK);
}

int lane_await(struct netgdb_target *t, unsigned watch)
{
    struct lane *lane = &t->lane;
    int rc;
    do {
        rc = nt_read_stream(t);
        if (rc == 1)
            rc = take(t);
        else if (rc == NETGDB_PROTO)
            rc = take_damage(t);
        else if (lane->step == LANE_ASK && io_now(t->io) >= check_due(t))
            rc = check(t);
        else
            rc = wait_once(t, watch);
        if (rc == 0)
            rc = judge_copies(t);
    } while (rc == 0);
    return rc;
}

int lane_recv(struct netgdb_target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct lane *lane = &t->lane;
    int rc = lane_await(t, watch);
    if (rc != DONE)
        return rc;
    lane_note_gone(t);
    holdback_done(&t->holdback, t->link, &t->current, lane->gone);
    *final = true;
    t->outstanding = false;
    t->asked = io_now(t->io);
    t->plus_owed = lane->step == LANE_RUN;
    t->plus_due = lane->gone;
    if (lane->step == LANE_RUN || lane->step == LANE_LEAVE)
        lane_off(t);
    lane->step = LANE_IDLE;
    return buf_set(reply, lane->reply.data, lane->reply.len);
}
