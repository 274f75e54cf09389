/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything that must be complete before the next request to a kernel is sent: the stream is read,
 * our '+' is sent and acknowledged, and no late duplicate can do harm. See netgdb_private.h.
 */
#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_private.h"

/* ---- waiting ---- */

int nt_pump_request(struct netgdb_target *t, uint64_t since, unsigned watch)
{
    CHECK_OR_RETURN(!nt_is_node(t) && since <= io_now(t->io));
    uint64_t limit = silence_next_check(&t->silence), gives_up = link_give_up_time(t->link), quiet;
    if (io_now(t->io) - nt_heard_since(t, since) < gives_up && gives_up < limit)
        limit = gives_up; /* then it must be idle: see wake_kernel */
    int rc = nt_pump_quiet(t, since, limit, watch, &quiet);
    return rc == 0 ? silence_check(&t->silence, quiet) : rc;
}

/* ---- reading the stream ---- */

/*
 * Drops an unexpected packet: a repeat of the last reply, or the reply to a harmless late
 * duplicate. The kernel requires a '+' to the latter before it reads another request.
 */
static void drop_packet(struct netgdb_target *t)
{
    CHECK(!t->outstanding || !t->peer_acked);
    t->stats.stale_replies++;
    if (!t->duplicate_running)
        return;
    t->duplicate_running = false;
    t->reorder_events = t->link->reorder_events; /* this duplicate is dealt with */
    t->our_ack_pending = true;
    t->our_ack_packet = t->current.packet;
    t->our_ack_due = io_now(t->io) + link_lateness(t->link);
}

/* Whether the next packet is the reply. */
static bool awaits_reply(const struct netgdb_target *t)
{
    return t->outstanding && t->peer_acked;
}

static void take_peer_ack(struct netgdb_target *t)
{
    if (!t->outstanding) {
        t->duplicate_running = true;
    } else if (!t->peer_acked) {
        t->peer_acked = true;
        CHECK(t->link->tx.seqno != 0); /* it answers a request of this session */
        t->peer_ack_first = link_acks(t->link) == 0;
        link_mark_delivered(t->link);
        link_expect_peer_ack(t->link, 0);
    }
}

static int take_kernel_event(struct netgdb_target *t, enum rsp_event event)
{
    switch (event) {
    case RSP_ACK:
        take_peer_ack(t);
        return 0;
    case RSP_NACK:
        return t->outstanding && !t->peer_acked ? NETGDB_PROTO : 0;
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

int nt_read_stream(struct netgdb_target *t)
{
    enum rsp_event event;
    int found = 0;
    CHECK_OR_RETURN(!nt_is_node(t));
    while (found == 0 && (event = nt_next_event(t)) != RSP_MORE)
        found = take_kernel_event(t, event);
    /* A kernel's message is one whole packet: an unfinished one is damaged. */
    if (found == 0 && t->parser.state != RSP_IDLE) {
        t->parser.state = RSP_IDLE;
        found = take_kernel_event(t, RSP_BAD);
    }
    return found;
}

/* ---- delays ---- */

static void count_delay(struct netgdb_target *t, enum netgdb_delay what, uint64_t start)
{
    CHECK(what < NETGDB_DELAYS && start <= io_now(t->io));
    t->stats.delayed[what].n++;
    t->stats.delayed[what].ns += io_now(t->io) - start;
}

/* ---- our '+' ---- */

int nt_wait_for_ack(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io);
    int rc = 0;
    CHECK_OR_RETURN(nt_is_sound(t));
    while (rc == 0 && !link_acked(t->link) && link_acks(t->link) == 0)
        rc = nt_pump_request(t, since, 0);
    if (rc == 0)
        link_mark_delivered(t->link);
    t->silence.warned = false;
    return rc;
}

int nt_send_our_ack(struct netgdb_target *t)
{
    /* Between a request and its reply, a '+' would make two copies of the request run. */
    CHECK_OR_RETURN(!t->outstanding || !t->peer_acked);
    t->our_ack_pending = false;
    return link_send(t->link, "+", 1, 0, 1);
}

/* Waits until that time; logs the reason and counts the delay. Returns as nt_wait_until does. */
static int delay(struct netgdb_target *t, uint64_t until, enum netgdb_delay what)
{
    static const char *const names[] = {
        [NETGDB_DELAY_REQUEST] = "the request", [NETGDB_DELAY_ACK] = "the '+' to"};
    const struct packet *packet = what == NETGDB_DELAY_ACK ? t->our_ack_packet : t->current.packet;
    uint64_t start = io_now(t->io);
    if (until <= start)
        return 0;
    CHECK_OR_RETURN(until - start <= 3 * LINK_LATENESS_MAX); /* no delay is longer */
    const char *reason = send_delay_reason(&t->send_delay, t->link, packet);
    log_debug(t->log, "%s '%s' waits for %.1f ms: %s", names[what], packet->name,
              (double)(until - start) / 1e6, reason);
    int rc = nt_wait_until(t, until);
    count_delay(t, what, start);
    link_note_next(t->link, "delayed %.1f ms: %s", (double)(io_now(t->io) - start) / 1e6, reason);
    return rc;
}

int nt_flush_our_ack(struct netgdb_target *t)
{
    CHECK_OR_RETURN(nt_is_sound(t) && !t->outstanding);
    /* The previous '+' is in flight if a duplicate has run since. */
    int rc = nt_wait_for_ack(t);
    if (rc == 0 && t->our_ack_pending) {
        rc = delay(t, t->our_ack_due, NETGDB_DELAY_ACK);
        if (rc == 0)
            rc = nt_send_our_ack(t);
        if (rc == 0)
            rc = nt_wait_for_ack(t);
    }
    if (rc == 0)
        send_delay_our_ack_delivered(&t->send_delay, t->link);
    return rc;
}

/* ---- late duplicates ---- */

bool nt_may_skip_delays(const struct netgdb_target *t)
{
    return !send_delay_path_suspect(&t->send_delay, t->link) &&
           !send_delay_exactly_once(t->current.packet);
}

void nt_expect_duplicates(struct netgdb_target *t)
{
    uint64_t late = link_lateness(t->link);
    uint64_t now = io_now(t->io), gone = link_duplicates_expire(t->link, late);
    link_expect_peer_ack(t->link, (gone > now ? gone : now) + late);
}

uint64_t nt_duplicates_deadline(struct netgdb_target *t)
{
    bool possible = t->undelayed && t->reorder_events != t->link->reorder_events;
    if (!possible && link_late_duplicate(t->link) == LINK_DUP_NONE)
        return 0;
    uint64_t quiet = t->link->heard + link_quiet(t->link);
    link_expect_peer_ack(t->link, quiet);
    return quiet;
}

/* Waits until no late duplicate is running or likely to start. */
static int await_duplicates(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io), until;
    bool waited = false;
    int rc = 0;
    (void)nt_read_stream(t);
    while (rc == 0 &&
           ((until = nt_duplicates_deadline(t)) > io_now(t->io) || t->duplicate_running)) {
        if (!waited)
            log_debug(t->log, "'%s' waits: a duplicate of an earlier request may be running",
                      t->current.packet->name);
        waited = true;
        rc = t->duplicate_running ? nt_pump_request(t, since, 0) : nt_pump(t, until, 0);
        (void)nt_read_stream(t);
    }
    if (waited) {
        count_delay(t, NETGDB_DELAY_DUPLICATE, since);
        link_note_next(t->link, "delayed %.1f ms: a duplicate of an earlier request may be running",
                       (double)(io_now(t->io) - since) / 1e6);
    }
    return rc;
}

int nt_wait_until_ready(struct netgdb_target *t)
{
    int rc;
    CHECK_OR_RETURN(!t->outstanding);
    do {
        rc = nt_flush_our_ack(t);
        if (rc == 0)
            rc = delay(t, send_delay_request(&t->send_delay, t->link, &t->current),
                       NETGDB_DELAY_REQUEST);
        if (rc == 0)
            rc = await_duplicates(t);
    } while (rc == 0 && t->our_ack_pending);
    /* All is acknowledged, and the kernel waits for a request. */
    CHECK_OR_RETURN(rc != 0 ||
                    (link_acked(t->link) && !t->our_ack_pending && !t->duplicate_running));
    return rc;
}
