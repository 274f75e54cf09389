/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A link's life, what it knows of the path, and the DATA that it sends; see link.h. */
#include "proto/link.h"

#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/link_parts.h"

/* See waits_for_repeat: found by trying, with an eye on the time of a session. */
#define REPEAT_COSTS 2

/* The second ack of a 13.x kernel is there so soon after the first, if there is one. */
#define SECOND_ACK IO_MS

void link_init(struct link *l, struct io *io, size_t payload_max, const struct log *log)
{
    if (payload_max < WIRE_DATA_MIN)
        payload_max = WIRE_DATA_MIN;
    if (payload_max > WIRE_DATA_ETHERNET)
        payload_max = WIRE_DATA_ETHERNET;
    *l = (struct link){.io = io, .log = log, .payload_max = payload_max};
    l->synced = true;
    l->rx.start = 2; /* 1 was the HERALD */
    l->heard = io_now(io);
    buf_init(&l->rx.data, LINK_MESSAGE_MAX);
    buf_init(&l->stream, 2 * LINK_MESSAGE_MAX);
}

void link_free(struct link *l)
{
    buf_free(&l->rx.data);
    buf_free(&l->stream);
}

void link_keep_mark(struct link *l, struct link_mark *mark)
{
    CHECK(mark != NULL);
    mark->sent = l->tx.seqno;
    mark->next = l->rx.start;
    if (l->mark != mark)
        mark->stop = l->stop;
    l->mark = mark;
}

struct stop *link_stop(struct link *l)
{
    return l->mark != NULL ? &l->mark->stop : &l->stop;
}

void link_take_over(struct link *l, uint32_t last_seqno, uint32_t next_seqno)
{
    CHECK(l->tx.seqno == 0 && l->rx.have == 0); /* nothing was sent or received here */
    l->tx.seqno = l->before = last_seqno;
    l->rx.start = next_seqno;
    l->synced = false;
    l->plus_until = IO_NEVER;
}

/* ---- what is seen of the path ---- */

void link_saw_late(struct link *l, uint64_t by)
{
    if (by > LINK_LATENESS_MAX)
        by = LINK_LATENESS_MAX;
    if (l->evidence++ == 0)
        log_debug(l->log, "this path repeats or reorders datagrams: going carefully");
    if (by > l->lateness)
        l->lateness = by;
}

uint64_t link_lateness(const struct link *l)
{
    if (l->evidence == 0)
        return LINK_LATENESS_CLEAN;
    return l->lateness > LINK_LATENESS_SEEN ? l->lateness : LINK_LATENESS_SEEN;
}

uint64_t link_quiet(const struct link *l)
{
    uint64_t retry = l->kernel_retry != 0 ? l->kernel_retry : LINK_KERNEL_RETRY;
    return 2 * retry + 200 * IO_MS;
}

uint64_t link_gives_up(const struct link *l)
{
    uint64_t retry = l->kernel_retry != 0 ? l->kernel_retry : LINK_KERNEL_RETRY_MAX;
    return 12 * retry + IO_SECOND / 2;
}

void link_measure_round_trip(struct link *l, uint64_t sample, bool guess)
{
    if (sample > LINK_KERNEL_GIVES_UP) /* no path is that long: we, or the kernel, were stopped */
        sample = LINK_KERNEL_GIVES_UP;
    if (l->rtt_least == 0 || sample < l->rtt_least)
        l->rtt_least = sample;
    if (l->srtt == 0 || (l->guessed && !guess)) {
        l->guessed = guess;
        l->srtt = sample;
        l->rttvar = sample / 2;
        return;
    }
    uint64_t off = sample > l->srtt ? sample - l->srtt : l->srtt - sample;
    l->rttvar = (3 * l->rttvar + off) / 4; /* RFC 6298 */
    l->srtt = (7 * l->srtt + sample) / 8;
}

/* ---- sending ---- */

/* First retransmission: after what a round trip may take, and what this path may be late. */
static uint64_t first_retry(const struct link *l)
{
    uint64_t timeout = l->srtt + 4 * l->rttvar;
    if (l->fixed_retry)
        return LINK_RETRY_MIN;
    if (l->guessed && timeout > LINK_RETRY_MAX)
        timeout = LINK_RETRY_MAX;
    if (l->evidence != 0 && timeout < l->srtt + l->lateness)
        timeout = l->srtt + l->lateness;
    return timeout > LINK_RETRY_MIN ? timeout : LINK_RETRY_MIN;
}

/*
 * A request that arrived while its ack and the kernel's '+' were lost is told of once more by that
 * '+', a second later; a copy sent before would be read as well, each byte of it answered by a
 * repeat of the reply, and each of those that is lost takes a second. So where that costs more than
 * waiting costs a request that did not arrive, we wait: with a part p of all lost, p * p of its
 * bytes would; about twice p of what we send is sent again.
 */
static bool waits_for_repeat(const struct link *l)
{
    uint64_t again = l->counters.retransmitted, sent = l->tx.seqno;
    if (l->node || !link_sends_request(l) || sent < LINK_HISTORY)
        return false;
    return (l->tx.len - WIRE_HEADER) * again * again > REPEAT_COSTS * sent * sent;
}

static uint64_t next_retry(const struct link *l)
{
    uint64_t retry = first_retry(l);
    if (waits_for_repeat(l) && retry < LINK_KERNEL_RETRY + LINK_RETRY_MIN)
        retry = LINK_KERNEL_RETRY + LINK_RETRY_MIN;
    uint64_t most = retry > LINK_RETRY_MAX ? retry : LINK_RETRY_MAX;
    for (unsigned i = 1; i < l->tx.transmissions && retry < most; i++)
        retry *= 2;
    retry = retry < most ? retry : most;
    return retry > l->tx.patience ? retry : l->tx.patience;
}

void link_be_patient(struct link *l, uint64_t ns)
{
    l->tx.patience = ns;
    l->tx.retry = l->tx.last + next_retry(l);
}

static int transmit(struct link *l)
{
    CHECK_OR_RETURN(l->tx.active && l->tx.len >= WIRE_HEADER && l->tx.len <= sizeof l->tx.datagram);
    const struct io_msg msg = {.data = l->tx.datagram, .len = l->tx.len};
    uint64_t now = io_now(l->io);
    struct link_trace *trace = link_trace_of(l->out, LINK_SENT_HISTORY, l->tx.seqno);
    if (trace->count++ == 0)
        trace->first = now;
    else {
        l->counters.retransmitted++;
        l->lossy = true;
    }
    trace->last = now;
    l->tx.transmissions++;
    l->tx.last = now;
    l->tx.retry = now + next_retry(l);
    l->counters.sent++;
    l->counters.bytes_out += l->tx.len;
    return io_send(l->io, IO_TARGET, &msg, 1);
}

/*
 * A 13.x kernel acknowledges each DATA twice, a later one once. An ack may be lost or doubled on
 * the way, so the majority of the DATA that were sent once decides. One that the next DATA follows
 * at its first ack says nothing.
 */
static void vote_generation(struct link *l)
{
    if (l->tx.transmissions != 1 || l->tx.acks == 0)
        return;
    if (l->tx.acks >= 2)
        l->votes_old++;
    else if (io_now(l->io) - l->tx.arrived >= SECOND_ACK)
        l->votes_new++;
    if (l->votes_old + l->votes_new == 0)
        return;
    l->generation = l->votes_old > l->votes_new ? LINK_OLD : LINK_NEW;
}

int link_send(struct link *l, const void *data, size_t len, size_t offset, size_t total)
{
    CHECK_OR_RETURN(!l->tx.active); /* one DATA in flight */
    CHECK_OR_RETURN(offset <= total && len <= total - offset);
    if (len > l->payload_max)
        return NETGDB_TOO_LONG;
    vote_generation(l);
    const struct wire_msg msg = {.type = WIRE_DATA,
                                 .seqno = ++l->tx.seqno,
                                 .offset = offset,
                                 .total = (uint32_t)total,
                                 .len = len};
    wire_encode(&msg, l->tx.datagram);
    if (len != 0)
        memcpy(l->tx.datagram + WIRE_HEADER, data, len);
    l->tx.len = WIRE_HEADER + len;
    l->tx.active = true;
    l->tx.transmissions = l->tx.acks = 0;
    l->tx.arrived = l->tx.patience = 0;
    l->stale = l->copied = LINK_COPY_NOTHING;
    if (l->mark != NULL)
        l->mark->sent = l->tx.seqno;
    return transmit(l);
}

bool link_acked(const struct link *l)
{
    return !l->tx.active;
}

bool link_stored(const struct link *l, uint32_t seqno)
{
    const struct link_trace *t = &l->out[seqno % LINK_SENT_HISTORY];
    return t->seqno == seqno && t->acks > (l->generation == LINK_OLD ? t->count : 0);
}

unsigned link_acks(const struct link *l)
{
    return l->tx.acks;
}

void link_proved(struct link *l)
{
    l->tx.active = false;
    if (l->tx.arrived == 0)
        l->tx.arrived = io_now(l->io);
}

/* Whether each transmission of the last DATA was acknowledged: none is on its way. */
static bool all_arrived(const struct link *l)
{
    unsigned acks_each = l->generation == LINK_NEW ? 1 : 2;
    return l->tx.acks >= acks_each * l->tx.transmissions;
}

uint64_t link_copies_gone(const struct link *l, uint64_t late)
{
    uint64_t gone = l->tx.arrived + late;
    if (l->tx.transmissions < 2 || all_arrived(l))
        return gone;
    uint64_t later = late > LINK_LATENESS_SEEN ? late : LINK_LATENESS_SEEN;
    return gone > l->tx.last + 2 * later ? gone : l->tx.last + 2 * later;
}

int link_tick(struct link *l)
{
    int rc = link_send_third_acks(l);
    if (rc != 0 || !l->tx.active || io_now(l->io) < l->tx.retry)
        return rc;
    CHECK_OR_RETURN(l->tx.retry > l->tx.last);
    return transmit(l);
}

uint64_t link_deadline(const struct link *l)
{
    uint64_t retry = l->tx.active ? l->tx.retry : IO_NEVER;
    return l->third.n != 0 && l->third.due < retry ? l->third.due : retry;
}

void link_want_plus(struct link *l, uint64_t until)
{
    l->plus_until = until;
}

void link_to_node(struct link *l)
{
    l->node = true;
}
