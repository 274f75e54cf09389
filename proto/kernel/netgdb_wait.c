/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for the peer, its packets, and a rebooted kernel's session; see netgdb_private.h. */
#include <stdlib.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_private.h"

/* A wait that ends this late shows that we were suspended (SIGSTOP, a laptop's sleep). */
#define SUSPEND_THRESHOLD IO_SECOND

bool nt_is_sound(const struct netgdb_target *t)
{
    if (t->link == NULL || t->link->io != t->io || t->silence.give_up == 0)
        return false;
    if (t->outstanding && (t->current.packet == NULL || t->use == NT_UNUSED))
        return false;
    /* The kernel gets a request only when it waits for one. */
    if (t->outstanding && (t->our_ack_pending || t->duplicate_running))
        return false;
    return t->our_ack_packet != NULL && t->current.low <= t->current.high &&
           (!t->identified || t->use == NT_USED);
}

/*
 * Returns whether the target runs: it has a request that resumes it, and everything we sent after
 * it. It is silent until it stops.
 */
static bool is_running(const struct netgdb_target *t)
{
    bool delivered = t->peer_acked && link_acked(t->link);
    return !t->hurry && t->outstanding && delivered &&
           (t->current.packet->effects & PKT_RESUMES) != 0;
}

static void switch_session(struct netgdb_target *t, struct link *link)
{
    CHECK(link->tx.seqno == 0 || link->inherited_seqno != 0); /* nothing was sent in it */
    t->base.ops = &nt_kernel_ops;
    t->identified = false;
    if (t->use == NT_IDENTIFYING) {
        nt_begin(t, link);
        log_info(t->log, "the kernel called again: its new session replaces the old one");
        return;
    }
    t->link = link;
    t->io = link->io;
    /* Its T is in the stream, for the next recv. */
    t->peer_acked = true;
    send_delay_init(&t->send_delay);
    log_warn(t->log, "the kernel rebooted, or was sent here again, and stopped in a new session");
}

int nt_check_successor(struct netgdb_target *t)
{
    if (t->successor.waits == NULL || !t->successor.waits(t->successor.context))
        return 0;
    if (!is_running(t) && t->use != NT_IDENTIFYING) {
        log_error(t->log, "the kernel left this session and waits in a new one: connect again");
        return NETGDB_CLOSED;
    }
    struct link *link = t->successor.take(t->successor.context);
    if (link == NULL)
        return 0;
    CHECK_OR_RETURN(link != t->link && link->io != NULL);
    link_free(t->link);
    free(t->link);
    switch_session(t, link);
    return NETGDB_REPLACED;
}

bool nt_is_finished(const struct netgdb_target *t)
{
    return t->link->finished && t->link->stream.len == 0;
}

int nt_process_input(struct netgdb_target *t)
{
    CHECK_OR_RETURN(nt_is_sound(t));
    int rc = link_input(t->link);
    if (rc == 0 && t->link->failed)
        rc = NETGDB_LOST;
    return rc == 0 ? link_tick(t->link) : rc;
}

int nt_pump(struct netgdb_target *t, uint64_t deadline, unsigned watch)
{
    CHECK_OR_RETURN(nt_is_sound(t) && (watch & IO_ON_TARGET) == 0);
    if (nt_is_finished(t))
        return NETGDB_CLOSED;
    uint64_t retry = link_deadline(t->link);
    unsigned reasons = IO_ON_TARGET | watch | (t->successor.waits != NULL ? IO_ON_WAKE : 0);
    unsigned why = io_wait(t->io, deadline < retry ? deadline : retry, reasons);
    int rc = (why & IO_ON_TARGET) != 0 ? nt_process_input(t) : link_tick(t->link);
    if (rc == 0 && (why & IO_ON_WAKE) != 0)
        rc = nt_check_successor(t);
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

int nt_pump_quiet(struct netgdb_target *t, uint64_t since, uint64_t limit, unsigned watch,
                  uint64_t *quiet)
{
    CHECK_OR_RETURN(limit != 0);
    uint64_t deadline = nt_heard_since(t, since) + limit;
    *quiet = 0;
    int rc = nt_pump(t, is_running(t) ? IO_NEVER : deadline, watch);
    if (rc != 0 || is_running(t))
        return rc;
    if (io_now(t->io) >= deadline + SUSPEND_THRESHOLD)
        t->link->heard = io_now(t->io); /* we were suspended: restart the period */
    *quiet = io_now(t->io) - nt_heard_since(t, since);
    return 0;
}

/* ---- replies ---- */

enum rsp_event nt_next_event(struct netgdb_target *t)
{
    const uint8_t *data = t->link->stream.data;
    size_t left = t->link->stream.len, all = left;
    enum rsp_event event = rsp_parse(&t->parser, &data, &left);
    CHECK(left <= all && (event != RSP_MORE || left == 0));
    buf_drop(&t->link->stream, all - left);
    return event;
}

/* Console output, which precedes the reply to a resume or a monitor command. */
static bool is_kernel_output(const struct netgdb_target *t, const struct buf *content)
{
    bool possible =
        (t->current.packet->effects & PKT_RESUMES) != 0 || t->current.packet->id == PACKET_qRcmd;
    return possible && content->len > 1 && content->data[0] == 'O' && content->len % 2 == 1;
}

int nt_take_reply(struct netgdb_target *t, struct buf *reply, bool *final)
{
    CHECK_OR_RETURN(t->outstanding && t->peer_acked && t->current.packet != NULL);
    int rc = buf_set(reply, t->parser.content.data, t->parser.content.len);
    link_mark_delivered(t->link);
    *final = !is_kernel_output(t, reply);
    t->asked = io_now(t->io);
    if (*final)
        t->outstanding = false;
    return rc;
}

int nt_note_error(struct netgdb_target *t, int rc)
{
    if (rc < 0 && rc != NETGDB_AGAIN && rc != NETGDB_REPLACED)
        t->outstanding = false;
    return rc;
}
