/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Into the lane and out of it; see netgdb_lane.h. */
#include "proto/netgdb_lane.h"

#include <inttypes.h>

#include "proto/features.h"
#include "proto/netgdb_parts.h"

enum { PC_BYTES = 8 }; /* of the widest machine */

void lane_init(struct lane *lane)
{
    *lane = (struct lane){.step = LANE_IDLE};
    buf_init(&lane->text, NETGDB_NODE_REQUEST_MAX);
    buf_init(&lane->read, NETGDB_NODE_REQUEST_MAX);
    buf_init(&lane->reply, TARGET_REPLY_MAX);
    buf_init(&lane->found, TARGET_REPLY_MAX);
}

void lane_free(struct lane *lane)
{
    buf_free(&lane->text);
    buf_free(&lane->read);
    buf_free(&lane->reply);
    buf_free(&lane->found);
}

/* ---- stops ---- */

/*
 * `TssNN:PC;`: the stub's own stop begins with the pc (gdb_trap, sys/gdb/gdb_main.c). It is read as
 * little-endian; where that is wrong, the page it names cannot be read.
 */
bool lane_is_stop(const struct buf *content, uint64_t *pc)
{
    uint64_t number;
    if (!buf_starts(content, "T") || content->len < 4)
        return false;
    const uint8_t *at = content->data + 3, *end = content->data + content->len;
    size_t n = rsp_hex_number(at, (size_t)(end - at), &number);
    at += n;
    if (n == 0 || at == end || *at++ != ':')
        return false;
    *pc = 0;
    for (unsigned i = 0; i < PC_BYTES && end - at >= 2 && rsp_hex_byte(at) >= 0; i++, at += 2)
        *pc |= (uint64_t)rsp_hex_byte(at) << 8 * i;
    return at < end && *at == ';';
}

void lane_note_packet(struct netgdb_target *t, const struct buf *content)
{
    struct lane *lane = &t->lane;
    uint64_t pc;
    if (!lane_is_stop(content, &pc))
        return;
    if (lane->on && lane->step != LANE_RUN)
        link_refuse(t->link, LINK_RAN_COPY);
    if (lane->on)
        return;
    lane->good = pc & ~(uint64_t)(LANE_PAGE - 1);
    lane->run = 0;
    lane->barred = false;
}

/* ---- into it ---- */

static void begin(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    lane->on = true;
    lane->fed = 0;
    lane->known = t->link->counters.undoing;
    t->stats.lanes++;
    link_want_plus(t->link, 0);
    log_debug(t->log, "long reads: without acks of the stub until it stops again");
}

/* The stub is in ack mode, and has answered the probe. */
static void stay_out(struct netgdb_target *t)
{
    lane_off(t);
    t->lane.barred = true;
    t->plus_owed = true;
    t->plus_due = link_copies_gone(t->link);
}

/*
 * Finds out which mode the stub is in: in ack mode its '+' comes before the reply to a read. Our
 * own '+' goes first, for whatever it may have said, and until no copy of that can come.
 */
static int probe(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    t->current = (struct holdback_request){packet_find((const uint8_t *)"QStartNoAckMode", 15), 0,
                                           UINT64_MAX};
    int rc = nt_get_ready(t);
    if (rc != 0)
        return rc;
    lane->unsure = false;
    link_lane(t->link, true);
    link_want_plus(t->link, IO_NEVER);
    lane->left = 0;
    t->tries = 0;
    t->outstanding = true;
    t->plus_seen = false;
    rc = lane_send_check(t, LANE_PROBE);
    if (rc == 0)
        rc = lane_await(t, 0);
    t->outstanding = false;
    lane->step = LANE_IDLE;
    if (rc < 0)
        return rc;
    link_proved(t->link);
    if (t->plus_seen)
        stay_out(t);
    else
        begin(t);
    return 0;
}

/* Whether the page of the last stop's pc can be read. It is asked as ever. */
static int try_page(struct netgdb_target *t, bool *good)
{
    const size_t len = 2 * LANE_LENGTHS + 3; /* no check asks for more */
    struct lane *lane = &t->lane;
    buf_reset(&lane->text);
    (void)buf_printf(&lane->text, "m%" PRIx64 ",%zx", lane->good, len);
    int rc = target_transact(&t->base, lane->text.data, lane->text.len, &lane->reply);
    *good = rc == 0 && lane->reply.len == 2 * len;
    return rc;
}

static int enter(struct netgdb_target *t)
{
    struct lane *lane = &t->lane;
    bool good;
    lane->run = 0;
    lane->barred = true; /* once between two stops */
    int rc = try_page(t, &good);
    if (rc != 0 || !good)
        return rc;
    if (t->link->mark != NULL)
        t->link->mark->lane = lane->good;
    rc = target_ask(&t->base, "QStartNoAckMode", &lane->reply);
    return rc == 0 ? probe(t) : rc;
}

void lane_learn(struct lane *lane, const struct buf *features)
{
    const uint8_t *value;
    size_t len;
    uint64_t size = 0;
    if (features_find(features->data, features->len, "PacketSize", &value, &len) && len > 1)
        (void)rsp_hex_number(value + 1, len - 1, &size);
    lane->fits = size >= LANE_PACKET_SIZE;
}

/* Whether the path and the stub allow it now. */
static bool may_enter(const struct netgdb_target *t)
{
    const struct lane *lane = &t->lane;
    bool kernel = t->identified && t->peer == NETGDB_PEER_KERNEL;
    bool clean = !holdback_careful(&t->holdback, t->link) && !lane_is_late(t);
    return kernel && lane->fits && lane->config.may_read != NULL && !lane->barred &&
           !lane->damaged && lane->good != 0 && (clean || lane->config.anywhere);
}

/* Counts long reads in a run of reads. */
static bool is_time(struct netgdb_target *t, const uint8_t *request, size_t len)
{
    struct lane *lane = &t->lane;
    uint64_t address, size = 0;
    size_t n = len > 1 && request[0] == 'm' ? rsp_hex_number(request + 1, len - 1, &address) : 0;
    if (n != 0 && n + 2 < len)
        (void)rsp_hex_number(request + n + 2, len - n - 2, &size);
    lane_note_length(lane, (size_t)size);
    lane->run = size == 0 ? 0 : lane->run + (size >= NETGDB_LANE_LONG);
    return lane->run >= (lane->config.after != 0 ? lane->config.after : NETGDB_LANE_AFTER);
}

int lane_consider(struct netgdb_target *t, const uint8_t *request, size_t len)
{
    struct lane *lane = &t->lane;
    if (lane->unsure)
        return probe(t);
    if (lane->on || !is_time(t, request, len) || !may_enter(t))
        return 0;
    return enter(t);
}

/* ---- out of it ---- */

void lane_off(struct netgdb_target *t)
{
    t->lane.on = t->lane.unsure = false;
    t->lane.step = LANE_IDLE;
    t->lane.run = 0;
    link_lane(t->link, false);
}
