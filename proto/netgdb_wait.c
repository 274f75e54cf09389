/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for the peer, and for the kernel that takes its place; see netgdb_parts.h. */
#include <stdlib.h>

#include "proto/err.h"
#include "proto/netgdb_parts.h"

#define NODE_PROBE (4 * IO_SECOND) /* so often a node is asked whether it is still there */

#define OVERSLEPT IO_SECOND /* a wait that ends so late did not wait */

bool nt_running(const struct netgdb_target *t)
{
    bool taken = (t->plus_seen || t->no_ack) && link_acked(t->link);
    return !t->hurried && t->outstanding && taken && (t->current.packet->does & PKT_RESUMES) != 0;
}

int nt_meet_successor(struct netgdb_target *t)
{
    if (t->successor.waits == NULL || !t->successor.waits(t->successor.context))
        return 0;
    if (!nt_running(t)) {
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
    holdback_init(&t->holdback);
    log_warn(t->log, "the kernel rebooted, or was sent here again, and stopped in a new session");
    return NETGDB_REPLACED; /* its T is in the stream: the next recv gives it */
}

bool nt_is_finished(const struct netgdb_target *t)
{
    return t->link->finished && t->link->stream.len == 0;
}

int nt_pump(struct netgdb_target *t, uint64_t deadline, unsigned watch)
{
    if (nt_is_finished(t))
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
        rc = nt_meet_successor(t);
    if (rc == 0 && (why & watch) != 0)
        rc = NETGDB_AGAIN;
    return rc;
}

int nt_wait_until(struct netgdb_target *t, uint64_t time)
{
    int rc = 0;
    while (rc == 0 && io_now(t->io) < time)
        rc = nt_pump(t, time, 0);
    return rc;
}

uint64_t nt_heard_since(const struct netgdb_target *t, uint64_t since)
{
    return t->link->heard > since ? t->link->heard : since;
}

/* Whether a node has all that we sent: it hears us while its stub works, which may take long. */
static bool can_probe(const struct netgdb_target *t)
{
    return t->node && t->outstanding && link_acked(t->link);
}

int nt_pump_asking(struct netgdb_target *t, uint64_t since, unsigned watch)
{
    uint64_t limit = can_probe(t) ? NODE_PROBE : silence_limit(&t->silence);
    uint64_t gives_up = link_gives_up(t->link), heard = nt_heard_since(t, since);
    if (io_now(t->io) - heard < gives_up && gives_up < limit)
        limit = gives_up; /* it must be idle then: see netgdb_ask.c */
    uint64_t deadline = heard + limit;
    int rc = nt_pump(t, nt_running(t) ? IO_NEVER : deadline, watch);
    if (rc != 0 || nt_running(t))
        return rc;
    if (io_now(t->io) >= deadline + OVERSLEPT)
        t->link->heard = io_now(t->io); /* we were stopped: nobody has listened */
    uint64_t quiet = io_now(t->io) - nt_heard_since(t, since);
    if (can_probe(t) && quiet >= NODE_PROBE)
        return link_send(t->link, "", 0, 0, 0); /* its ack ends the silence */
    return silence_judge(&t->silence, quiet);
}
