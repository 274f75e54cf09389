/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb doctor: the path to a kernel that waits. DATA without content is acknowledged and has no
 * effect, so the path can be measured without a request. See doctor.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/progress.h"
#include "proto/err.h"
#include "session/leave.h"
#include "tools/await.h"
#include "tools/doctor.h"

enum { MEASURED = 50 /* round trips */, ROUND_TRIP_SECONDS = 3 };

/* Round trips, in ns. */
struct measured {
    unsigned sent, lost;
    uint64_t least, most, sum;
};

/* Waits for the ack of the last DATA, if it is in flight. Returns 0 or an error of the target. */
static int await_ack(struct link *l)
{
    uint64_t give_up = io_now(l->io) + ROUND_TRIP_SECONDS * IO_SECOND;
    int rc = 0;
    while (rc == 0 && l->tx.active && link_acks(l) == 0 && io_now(l->io) < give_up) {
        uint64_t next = link_deadline(l);
        unsigned why = io_wait(l->io, next < give_up ? next : give_up, IO_ON_TARGET);
        rc = (why & IO_ON_TARGET) != 0 ? link_input(l) : link_tick(l);
    }
    if (rc == 0 && l->tx.active && link_acks(l) == 0)
        rc = NETGDB_LOST;
    if (rc == 0)
        link_mark_delivered(l);
    return rc;
}

/* Sends one DATA without content and waits for its ack. Returns 0 or an error of the target. */
static int measure_once(struct link *l, struct measured *m)
{
    uint64_t start = io_now(l->io), repeats = l->counters.retransmitted;
    int rc = link_send(l, "", 0, 0, 0);
    if (rc == 0)
        rc = await_ack(l);
    if (rc != 0)
        return rc;
    uint64_t took = io_now(l->io) - start;
    m->sent++;
    m->lost += l->counters.retransmitted != repeats;
    m->least = m->least == 0 || took < m->least ? took : m->least;
    m->most = took > m->most ? took : m->most;
    m->sum += took;
    return 0;
}

static void report_path(struct doctor *d, const struct link *l, const struct measured *m)
{
    static const char *const generations[] = {[LINK_GENERATION_UNKNOWN] =
                                                  "a kernel of unknown generation",
                                              [LINK_OLD] = "a kernel of FreeBSD 13.x",
                                              [LINK_NEW] = "a kernel of FreeBSD 14.0 or later"};
    doctor_find(d, "kernel", DOCTOR_OK, NULL, "%s has connected", generations[l->generation]);
    doctor_find(d, "path", m->lost != 0 ? DOCTOR_WARNING : DOCTOR_OK,
                m->lost != 0 ? "the session will be slower: check cables, duplex and load" : NULL,
                "%u round trips: %.3f ms on average, %.3f to %.3f ms, %u of them lost a datagram",
                m->sent, (double)m->sum / m->sent / 1e6, (double)m->least / 1e6,
                (double)m->most / 1e6, m->lost);
    if (l->counters.duplicates != 0 || l->reorder_events != 0)
        doctor_find(d, "path", DOCTOR_WARNING,
                    "the session will wait before each step and write, so that nothing runs twice",
                    "the network duplicates or reorders datagrams");
}

static const char *stub_name(enum netgdb_peer peer)
{
    return peer == NETGDB_PEER_KERNEL ? "FreeBSD's stub"
           : peer == NETGDB_PEER_NODE ? "a netgdb node"
                                      : "a stub that is not FreeBSD's";
}

/* Before the first request, so that none is in flight. */
static int examine_path(struct doctor *d, struct session *s)
{
    struct measured m = {0};
    enum netgdb_peer peer;
    struct link *l = netgdb_target_link(s->target);
    int rc = await_ack(l); /* a session that was taken over */
    while (rc == 0 && m.sent < MEASURED)
        rc = measure_once(l, &m);
    if (rc == 0)
        rc = netgdb_target_identify(s->target, &peer);
    if (rc != 0)
        return rc;
    report_path(d, netgdb_target_link(s->target), &m);
    doctor_find(d, "stub", DOCTOR_OK, NULL, "%s answers", stub_name(peer));
    return 0;
}

/* Measures the path to a kernel that called, and returns the kernel to db>. */
static void check_waiting_kernel(struct doctor *d, struct session *s)
{
    struct io_fds io;
    int rc = io_fds_init(&io);
    if (rc != 0) {
        session_free(s);
        doctor_find(d, "kernel", DOCTOR_PROBLEM, NULL, "not examined: %s", strerror(errno));
        return;
    }
    rc = session_adopt(s, &io, &d->log, NULL);
    if (rc == 0)
        rc = examine_path(d, s);
    if (rc != 0)
        doctor_find(d, "kernel", DOCTOR_PROBLEM, "type netgdb again at db>",
                    "a kernel connected, but the session ended: %s", netgdb_strerror(rc));
    session_leave_io(s);
    leave_kernel(s, &d->log);
    io_fds_close(&io);
}

void doctor_check_kernel(struct doctor *d)
{
    if (d->hosts.n == 0)
        return;
    struct hold hold;
    if (hold_begin(&hold) != 0) {
        doctor_find(d, "kernel", DOCTOR_PROBLEM, NULL, "not examined: %s", strerror(errno));
        return;
    }
    struct listener *l = listener_get(d->options.port, &d->log);
    struct session *s = NULL;
    struct progress *progress = progress_start("waiting for the kernel of %s", d->options.host);
    int error = l != NULL ? await_session(l, &d->hosts, d->options.timeout, &hold, &s) : 0;
    progress_stop(progress);
    if (s != NULL)
        check_waiting_kernel(d, s);
    else if (error == ETIMEDOUT)
        doctor_find(d, "kernel", DOCTOR_WARNING, "type netgdb at its db> prompt and run this again",
                    "no kernel connected within %u s", (unsigned)(d->options.timeout / IO_SECOND));
    else if (error != 0 && error != EINTR)
        doctor_find(d, "kernel", DOCTOR_PROBLEM, NULL, "not examined: %s", strerror(error));
    leave_waiting(); /* others that called meanwhile */
    hold_finish(&hold);
}
