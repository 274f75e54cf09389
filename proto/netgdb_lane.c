/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and replies in the lane; see netgdb_lane.h. */
#include "proto/netgdb_lane.h"

#include <inttypes.h>
#include <string.h>

#include "proto/err.h"
#include "proto/netgdb_parts.h"
#include "proto/replies.h"
#include "proto/rsp.h"

enum {
    TRIES = 8, /* how often a part of a request is asked for again */
    DONE = 1,  /* a step's result, beside errors: what was waited for is there */
};

/* ---- sending ---- */

static bool is_recent(const struct lane *lane, size_t len)
{
    for (size_t i = 0; i < LANE_LENGTHS; i++) {
        if (lane->lengths[i] == len)
            return true;
    }
    return false;
}

/*
 * The shortest length from `least` on that tells a read from those before it; never 1. It is odd,
 * so that it is told from registers, too.
 */
static size_t pick_length(const struct lane *lane, size_t least)
{
    size_t len = least > 1 ? least | 1 : 3;
    while (is_recent(lane, len))
        len += 2;
    return len;
}

static void note_gone(struct netgdb_target *t)
{
    uint64_t gone = link_copies_gone(t->link);
    if (gone > t->lane.gone)
        t->lane.gone = gone;
}

/*
 * Bytes that the kernel has read stay in its buffer until it finds that empty, which a request that
 * comes while it still sends prevents. A pause lets it.
 */
static int make_room(struct netgdb_target *t, size_t len, size_t most)
{
    struct lane *lane = &t->lane;
    if (lane->fed + len <= most)
        return 0;
    lane->fed = 0;
    return nt_wait_until(t, io_now(t->io) + LANE_PAUSE);
}

/* Sends a request as one DATA. `reads` bytes of memory are what it asks for, 0: it is no read. */
static int put(struct netgdb_target *t, const struct buf *content, size_t reads,
               enum link_copy copy, uint64_t patience)
{
    struct lane *lane = &t->lane;
    note_gone(t);
    lane->fed += t->link->tx.len * t->link->tx.transmissions - t->link->tx.len;
    buf_reset(&t->request);
    int rc = content->error != 0 ? content->error : 0;
    if (rc == 0)
        rc = rsp_frame(&t->request, content->data, content->len);
    if (rc != 0)
        return rc;
    lane->fed += t->request.len;
    t->asked = io_now(t->io);
    rc = link_send(t->link, t->request.data, t->request.len, 0, t->request.len);
    link_tell_copy(t->link, copy);
    link_be_patient(t->link, patience);
    lane->lengths[t->link->tx.seqno % LANE_LENGTHS] = (uint16_t)reads;
    return rc;
}

static int send_read(struct netgdb_target *t, enum lane_step step, uint64_t from, size_t len)
{
    struct lane *lane = &t->lane;
    lane->step = step;
    lane->from = from;
    lane->len = len;
    buf_reset(&lane->read);
    (void)buf_printf(&lane->read, "m%" PRIx64 ",%zx", from, len);
    return put(t, &lane->read, len, LINK_COPY_HARMLESS, 0);
}

int lane_send_check(struct netgdb_target *t, enum lane_step step)
{
    return send_read(t, step, t->lane.good, pick_length(&t->lane, 1));
}

/*
 * What a late copy does here. Of a list's part it does no harm: it gets an error, or the list is
 * asked for from its start again.
 */
static enum link_copy copy_does(const struct packet *packet)
{
    return packet->repeat == REPEAT_LIST ? LINK_COPY_HARMLESS : nt_copy_does(packet);
}

/* Sends lane->text, whose reply only the read behind it will tell. */
static int ask(struct netgdb_target *t, size_t reads)
{
    struct lane *lane = &t->lane;
    const struct packet *packet = packet_find(lane->text.data, lane->text.len);
    bool changes = (packet->does & PKT_CHANGES) != 0;
    lane->step = LANE_ASK;
    lane->answered = lane->differ = false;
    int rc = make_room(t, lane->text.len, changes ? LANE_FED_CHANGES : LANE_FED_READS);
    if (rc != 0)
        return rc;
    return put(t, &lane->text, reads, copy_does(packet), changes ? LANE_CHANGE_RETRY : 0);
}

/* A part of the client's read as it asked for it. */
static int ask_exactly(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    lane->part = lane->left < LANE_EXACT_MAX ? lane->left : LANE_EXACT_MAX;
    buf_reset(&lane->text);
    (void)buf_printf(&lane->text, "m%" PRIx64 ",%zx", lane->address, lane->part);
    return lane->text.error != 0 ? lane->text.error : ask(t, lane->part);
}

/* Where to read `len` bytes so that the part's are among them: on from it, or up to its end. */
static bool find_room(const struct lane *lane, size_t len, uint64_t *from)
{
    const struct netgdb_lane *config = &lane->config;
    size_t more = len - lane->part;
    if (config->may_read == NULL)
        return false;
    *from = lane->address;
    if (*from <= UINT64_MAX - len && config->may_read(config->context, *from, len))
        return true;
    *from = lane->address - more;
    return lane->address >= more && config->may_read(config->context, *from, len);
}

/* The next part of what the client reads. */
static int read_part(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    uint64_t from;
    lane->part = lane->left < NETGDB_LANE_READ ? lane->left : NETGDB_LANE_READ;
    size_t len = pick_length(lane, lane->part);
    if (!find_room(lane, len, &from))
        return ask_exactly(t);
    int rc = make_room(t, 0, LANE_FED_READS);
    t->stats.lane_reads++;
    return rc == 0 ? send_read(t, LANE_READ, from, len) : rc;
}

/* `mADDRESS,LENGTH` and nothing else; of no more than one reply has. */
static bool is_read(const uint8_t *request, size_t len, uint64_t *address, size_t *size)
{
    uint64_t n = 0;
    size_t at = 1, digits;
    if (request[0] != 'm' || (digits = rsp_hex_number(request + at, len - at, address)) == 0)
        return false;
    at += digits;
    if (at == len || request[at] != ',')
        return false;
    digits = rsp_hex_number(request + at + 1, len - at - 1, &n);
    *size = (size_t)n;
    return digits != 0 && at + 1 + digits == len && n != 0 && n <= TARGET_REPLY_MAX / 2 &&
           n - 1 <= UINT64_MAX - *address;
}

/* Resumes the target, or leaves it: nothing sent before may come behind this. */
static int send_last(struct netgdb_target *t, enum lane_step step)
{
    struct lane *lane = &t->lane;
    note_gone(t);
    int rc = nt_wait_until(t, lane->gone);
    if (rc == 0)
        rc = make_room(t, lane->text.len, 0);
    t->outstanding = true;
    lane->step = step;
    return rc == 0 ? put(t, &lane->text, 0, LINK_COPY_HARMFUL, LANE_RESUME_RETRY) : rc;
}

int lane_send(struct netgdb_target *t, const uint8_t *request, size_t len)
{
    struct lane *lane = &t->lane;
    unsigned does = t->current.packet->does;
    int rc = buf_set(&lane->text, request, len);
    buf_reset(&lane->reply);
    t->fast = t->suspect = false;
    t->plus_seen = true; /* no '+' will come */
    t->silence.warned = false;
    t->tries = 0;
    t->stats.requests++;
    lane->left = 0;
    if (rc == 0 && (does & (PKT_RESUMES | PKT_LEAVES)) != 0)
        return send_last(t, (does & PKT_RESUMES) != 0 ? LANE_RUN : LANE_LEAVE);
    if (rc == 0 && (does & PKT_CHANGES) != 0)
        rc = nt_wait_until(t, holdback_request(&t->holdback, t->link, &t->current));
    t->outstanding = true;
    if (rc != 0)
        return rc;
    return is_read(request, len, &lane->address, &lane->left) ? read_part(t) : ask(t, 0);
}

/* ---- what comes back ---- */

/* What was asked for last, again: a reply was damaged, or is not to be told from another one. */
static int again(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    if (t->tries++ == TRIES) {
        log_error(t->log, "the kernel's replies do not tell what is true: given up");
        return NETGDB_PROTO;
    }
    t->stats.asked_again++;
    link_proved(t->link);
    if (lane->step == LANE_PROBE)
        return lane_send_check(t, LANE_PROBE);
    if (lane->left == 0)
        return ask(t, 0);
    return lane->step == LANE_READ ? read_part(t) : ask_exactly(t);
}

/* The same when nothing that was asked for before can be answered any more. */
static int ask_in_quiet(struct netgdb_target *t)
{
    note_gone(t);
    t->outstanding = false;
    int rc = nt_wait_until(t, t->lane.gone);
    (void)nt_read_stream(t);
    t->outstanding = true;
    return rc == 0 ? again(t) : rc;
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
    t->tries = 0;
    if (rc != 0)
        return rc;
    return lane->left == 0 ? DONE : read_part(t);
}

static int take_read(struct netgdb_target *t, const struct buf *content)
{
    struct lane *lane = &t->lane;
    bool error = is_error(content);
    if (!error && !is_memory(content, lane->len))
        return 0; /* of an earlier request */
    link_proved(t->link);
    if (error)
        return ask_exactly(t);
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
    if (lane->differ || !lane->answered)
        return ask_in_quiet(t);
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
    uint64_t pc;
    switch (t->lane.step) {
    case LANE_PROBE:
        return take_probe(t, content);
    case LANE_RUN:
    case LANE_LEAVE:
        return take_last(t, content);
    default:
        break;
    }
    if (lane_is_stop(content, &pc)) {
        link_refuse(t->link, LINK_RAN_COPY);
        return NETGDB_LOST;
    }
    switch (t->lane.step) {
    case LANE_READ:
        return take_read(t, content);
    case LANE_ASK:
        return take_candidate(t, content);
    case LANE_CHECK:
        return take_checked(t, content);
    default:
        return 0;
    }
}

/* ---- waiting ---- */

/* A late copy of what was changed in the lane runs at once: that was noticed too late. */
static int judge_copies(struct netgdb_target *t)
{
    if (t->link->counters.undoing == t->lane.known)
        return 0;
    link_refuse(t->link, LINK_RAN_COPY);
    return NETGDB_LOST;
}

/* Something damaged came. The stop is told twice more, for the digits of its request's sum. */
static int take_damage(struct netgdb_target *t)
{
    t->lane.damaged = true;
    if (t->lane.step == LANE_RUN)
        return 0;
    if (t->lane.step != LANE_LEAVE)
        return again(t);
    log_error(t->log, "what arrives is damaged: the reply cannot be had");
    return NETGDB_PROTO;
}

/* Waits once. A kernel that has a read, and is silent for so long, has lost it. */
static int wait_once(struct netgdb_target *t, unsigned watch)
{
    struct lane *lane = &t->lane;
    bool is_plain = lane->step == LANE_READ || lane->step == LANE_CHECK ||
                    lane->step == LANE_PROBE || lane->left != 0;
    bool is_last = lane->step == LANE_RUN || lane->step == LANE_LEAVE;
    uint64_t limit = is_plain ? LINK_QUIET : LINK_KERNEL_GIVES_UP;
    uint64_t quiet = nt_heard_since(t, t->asked) + limit;
    if (is_last || !link_acked(t->link))
        return nt_pump_asking(t, t->asked, watch);
    return io_now(t->io) >= quiet ? again(t) : nt_pump(t, quiet, watch);
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
        else if (lane->step == LANE_ASK && lane->answered && link_acked(t->link))
            rc = lane_send_check(t, LANE_CHECK);
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
    note_gone(t);
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
