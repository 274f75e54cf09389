/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in the lane, as they go out; see netgdb_lane.h. */
#include "proto/netgdb_lane.h"

#include <inttypes.h>

#include "proto/netgdb_parts.h"

void lane_note_length(struct lane *lane, size_t len)
{
    lane->lengths[lane->requests++ % LANE_LENGTHS] = len <= LANE_EXACT_MAX ? (uint16_t)len : 0;
}

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

bool lane_is_late(const struct netgdb_target *t)
{
    return link_lateness(t->link) > LANE_LATENESS_MAX;
}

void lane_note_gone(struct netgdb_target *t)
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
    lane_note_gone(t);
    lane->fed += t->link->tx.len * t->link->tx.transmissions - t->link->tx.len;
    buf_reset(&t->request);
    int rc = content->error;
    if (rc == 0)
        rc = rsp_frame(&t->request, content->data, content->len);
    if (rc != 0)
        return rc;
    lane->fed += t->request.len;
    t->asked = io_now(t->io);
    rc = link_send(t->link, t->request.data, t->request.len, 0, t->request.len);
    link_tell_copy(t->link, copy);
    lane->settle_at = t->link->tx.retry;
    link_be_patient(t->link, patience);
    lane_note_length(lane, reads);
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

/*
 * Sends lane->text, whose reply only the read behind it will tell; and once, for it may have come
 * although its ack did not: that read will tell, too.
 */
int lane_ask(struct netgdb_target *t, size_t reads)
{
    struct lane *lane = &t->lane;
    const struct packet *packet = packet_find(lane->text.data, lane->text.len);
    bool changes = (packet->does & PKT_CHANGES) != 0;
    lane->step = LANE_ASK;
    lane->answered = lane->differ = false;
    int rc = make_room(t, lane->text.len, changes ? LANE_FED_CHANGES : LANE_FED_READS);
    if (rc != 0)
        return rc;
    rc = put(t, &lane->text, reads, copy_does(packet), LANE_ONCE);
    lane->seqno = t->link->tx.seqno;
    return rc;
}

/* A part of the client's read as it asked for it. */
int lane_ask_exactly(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    lane->part = lane->left < LANE_EXACT_MAX ? lane->left : LANE_EXACT_MAX;
    buf_reset(&lane->text);
    (void)buf_printf(&lane->text, "m%" PRIx64 ",%zx", lane->address, lane->part);
    return lane->text.error != 0 ? lane->text.error : lane_ask(t, lane->part);
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
int lane_read_part(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    uint64_t from;
    lane->part = lane->left < NETGDB_LANE_READ ? lane->left : NETGDB_LANE_READ;
    size_t len = pick_length(lane, lane->part);
    if (lane_is_late(t) || !find_room(lane, len, &from))
        return lane_ask_exactly(t);
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
    lane_note_gone(t);
    int rc = nt_wait_until(t, lane->gone);
    if (rc == 0)
        rc = make_room(t, lane->text.len, 0);
    t->outstanding = true;
    lane->step = step;
    return rc == 0 ? put(t, &lane->text, 0, LINK_COPY_HARMFUL, LANE_RESUME_RETRY) : rc;
}

/*
 * A watchpoint that is set twice takes two of few registers. So it goes out when no copy of
 * anything can come: a reply is its own then, whether its ack comes or not.
 */
static bool is_once(const struct netgdb_target *t)
{
    return t->current.packet->repeat == REPEAT_POINTS;
}

/* When a change may go out: no copy of an earlier one can undo it. */
static uint64_t change_due(struct netgdb_target *t)
{
    uint64_t due = holdback_request(&t->holdback, t->link, &t->current);
    lane_note_gone(t);
    return is_once(t) && due < t->lane.gone ? t->lane.gone : due;
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
    lane->losses = 0;
    if (rc == 0 && (does & (PKT_RESUMES | PKT_LEAVES)) != 0)
        return send_last(t, (does & PKT_RESUMES) != 0 ? LANE_RUN : LANE_LEAVE);
    if (rc == 0 && (does & PKT_CHANGES) != 0)
        rc = nt_wait_until(t, change_due(t));
    t->outstanding = true;
    lane->alone = is_once(t);
    if (rc != 0)
        return rc;
    return is_read(request, len, &lane->address, &lane->left) ? lane_read_part(t) : lane_ask(t, 0);
}
