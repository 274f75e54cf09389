/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must be over before the next request goes out: what came is read, our '+' is sent and
 * acknowledged, and no late copy can do harm. See netgdb_parts.h.
 */
#include "proto/check.h"
#include "proto/err.h"
#include "proto/netgdb_parts.h"

/* ---- waiting ---- */

int nt_pump_asking(struct netgdb_target *t, uint64_t since, unsigned watch)
{
    uint64_t limit = silence_limit(&t->silence), gives_up = link_gives_up(t->link), quiet;
    if (io_now(t->io) - nt_heard_since(t, since) < gives_up && gives_up < limit)
        limit = gives_up; /* it must be idle then: see netgdb_ask.c */
    int rc = nt_pump_quiet(t, since, limit, watch, &quiet);
    return rc == 0 ? silence_judge(&t->silence, quiet) : rc;
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
    t->plus_packet = t->current.packet;
    t->plus_due = io_now(t->io) + link_lateness(t->link);
}

/* Whether the next packet is the reply. */
static bool awaits_reply(const struct netgdb_target *t)
{
    return t->outstanding && t->plus_seen;
}

static void take_plus(struct netgdb_target *t)
{
    if (!t->outstanding) {
        t->copy_runs = true;
    } else if (!t->plus_seen) {
        t->plus_seen = true;
        t->plus_first = link_acks(t->link) == 0;
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
        return t->outstanding && !t->plus_seen ? NETGDB_PROTO : 0;
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
    while (found == 0 && (event = nt_next_event(t)) != RSP_MORE)
        found = take_event(t, event);
    /* A kernel's message is a whole packet: half a one has lost its end to some damage. */
    if (found == 0 && t->parser.state != RSP_IDLE) {
        t->parser.state = RSP_IDLE;
        found = take_event(t, RSP_BAD);
    }
    return found;
}

/* ---- delays ---- */

static void count_delay(struct netgdb_target *t, enum netgdb_delay what, uint64_t start)
{
    t->stats.delayed[what].n++;
    t->stats.delayed[what].ns += io_now(t->io) - start;
}

/* ---- our '+' ---- */

int nt_wait_for_ack(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io);
    int rc = 0;
    while (rc == 0 && !link_acked(t->link) && link_acks(t->link) == 0) {
        rc = nt_pump_asking(t, since, 0);
    }
    if (rc == 0)
        link_proved(t->link);
    t->silence.warned = false;
    return rc;
}

int nt_send_plus(struct netgdb_target *t)
{
    /* Between a request and its reply a '+' would make two copies of the request run. */
    CHECK_OR_RETURN(!t->outstanding || !t->plus_seen);
    t->plus_owed = false;
    return link_send(t->link, "+", 1, 0, 1);
}

/* Waits until then, says why, and counts it. Returns as nt_wait_until. */
static int delay(struct netgdb_target *t, uint64_t until, enum netgdb_delay what)
{
    static const char *const names[] = {
        [NETGDB_DELAY_REQUEST] = "the request", [NETGDB_DELAY_ACK] = "the '+' to"};
    const struct packet *packet = what == NETGDB_DELAY_ACK ? t->plus_packet : t->current.packet;
    uint64_t start = io_now(t->io);
    if (until <= start)
        return 0;
    log_debug(t->log, "%s '%s' waits for %.1f ms: %s", names[what], packet->name,
              (double)(until - start) / 1e6, holdback_reason(&t->holdback, t->link, packet));
    int rc = nt_wait_until(t, until);
    count_delay(t, what, start);
    return rc;
}

int nt_settle(struct netgdb_target *t)
{
    int rc = nt_wait_for_ack(t); /* of the '+' before, when a copy has run since */
    if (rc == 0 && t->plus_owed) {
        rc = delay(t, t->plus_due, NETGDB_DELAY_ACK);
        if (rc == 0)
            rc = nt_send_plus(t);
        if (rc == 0)
            rc = nt_wait_for_ack(t);
    }
    holdback_plus_arrived(&t->holdback, t->link);
    return rc;
}

/* ---- holding back ---- */

bool nt_goes_fast(const struct netgdb_target *t)
{
    return !holdback_careful(&t->holdback, t->link) && !holdback_runs_once(t->current.packet);
}

void nt_expect_copies(struct netgdb_target *t)
{
    uint64_t late = link_lateness(t->link);
    uint64_t now = io_now(t->io), gone = link_copies_gone(t->link, late);
    link_want_plus(t->link, (gone > now ? gone : now) + late);
}

uint64_t nt_copies_until(struct netgdb_target *t)
{
    bool fast = t->fast && t->evidence != t->link->evidence;
    if (!fast && link_stale(t->link) == LINK_COPY_NOTHING)
        return 0;
    uint64_t quiet = t->link->heard + link_quiet(t->link);
    link_want_plus(t->link, quiet);
    return quiet;
}

/* Sees a copy that runs to its end. */
static int await_copies(struct netgdb_target *t)
{
    uint64_t since = io_now(t->io), until;
    bool waited = false;
    int rc = 0;
    (void)nt_read_stream(t);
    while (rc == 0 && ((until = nt_copies_until(t)) > io_now(t->io) || t->copy_runs)) {
        if (!waited)
            log_debug(t->log, "'%s' waits: a duplicate of an earlier request may be running",
                      t->current.packet->name);
        waited = true;
        rc = t->copy_runs ? nt_pump_asking(t, since, 0) : nt_pump(t, until, 0);
        (void)nt_read_stream(t);
    }
    if (waited)
        count_delay(t, NETGDB_DELAY_DUPLICATE, since);
    return rc;
}

int nt_get_ready(struct netgdb_target *t)
{
    int rc;
    do {
        rc = nt_settle(t);
        if (rc == 0)
            rc = delay(t, holdback_request(&t->holdback, t->link, &t->current),
                       NETGDB_DELAY_REQUEST);
        if (rc == 0)
            rc = await_copies(t);
    } while (rc == 0 && t->plus_owed);
    return rc;
}
