/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link's life cycle, its measurements of the path, and sending DATA; see link.h. */
#include "proto/link/link.h"

#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/link/link_private.h"

/* Weight in waits_for_peer_ack; the value with the shortest sessions in experiments. */
#define REPEAT_COST_FACTOR 2

/* A 13.x kernel's second ack arrives within this time after the first, unless it was lost. */
#define SECOND_ACK_MAX IO_MS

void link_init(struct link *l, struct io *io, size_t payload_max, const struct log *log)
{
    if (payload_max < WIRE_DATA_MIN)
        payload_max = WIRE_DATA_MIN;
    if (payload_max > WIRE_DATA_ETHERNET)
        payload_max = WIRE_DATA_ETHERNET;
    *l = (struct link){.io = io, .log = log, .payload_max = payload_max};
    l->synced = true;
    l->rx.start = 2; /* the HERALD has seqno 1 */
    l->heard = io_now(io);
    buf_init(&l->rx.data, WIRE_MESSAGE_MAX);
    buf_init(&l->stream, 2 * WIRE_MESSAGE_MAX);
}

void link_free(struct link *l)
{
    buf_free(&l->rx.data);
    buf_free(&l->stream);
}

void link_keep_session_state(struct link *l, struct link_session_state *state)
{
    CHECK(state != NULL);
    state->sent = l->tx.seqno;
    state->next = l->rx.start;
    if (l->session_state != state)
        state->stop = l->stop;
    l->session_state = state;
}

struct stop *link_stop(struct link *l)
{
    return l->session_state != NULL ? &l->session_state->stop : &l->stop;
}

void link_take_over(struct link *l, uint32_t last_seqno, uint32_t next_seqno)
{
    CHECK(l->tx.seqno == 0 && l->rx.have == 0); /* a new link */
    l->tx.seqno = l->inherited_seqno = last_seqno;
    l->rx.start = next_seqno;
    l->synced = false;
    l->peer_ack_until = IO_NEVER;
}

/* ---- invariants ---- */

/* A DATA stays in flight until its delivery is proved, and nothing that was not sent is
 * acknowledged.
 */
static bool sent_is_sound(const struct link *l)
{
    if (l->tx.active && (l->tx.seqno == 0 || l->tx.transmissions == 0))
        return false;
    if (!l->tx.active && l->tx.transmissions != 0 && l->tx.arrived == 0)
        return false;
    if (l->tx.acked > l->tx.seqno || l->inherited_seqno > l->tx.seqno)
        return false;
    return l->tx.len <= sizeof l->tx.datagram && l->payload_max >= WIRE_DATA_MIN &&
           l->payload_max <= WIRE_DATA_ETHERNET &&
           (l->session_state == NULL || l->session_state->sent == l->tx.seqno);
}

static unsigned chunks_seen(const struct link *l)
{
    unsigned n = 0;
    for (size_t i = 0; i < sizeof l->rx.seen; i++)
        n += (unsigned)__builtin_popcount(l->rx.seen[i]);
    return n;
}

/* A complete message is in the stream: `have` counts the chunks of one that is not. */
static bool received_is_sound(const struct link *l)
{
    return (l->node || !l->finished) &&
           (l->rx.have == 0 ||
            (l->synced && l->rx.have < l->rx.chunks && l->rx.chunks <= LINK_CHUNKS_MAX &&
             l->rx.total <= WIRE_MESSAGE_MAX && l->rx.data.len == l->rx.total &&
             l->rx.have == chunks_seen(l)));
}

static bool path_is_sound(const struct link *l)
{
    return l->lateness <= LINK_LATENESS_MAX && (l->lateness == 0 || l->reorder_events != 0) &&
           (l->srtt == 0 || l->rtt_min <= LINK_KERNEL_GIVES_UP) &&
           l->kernel_retry <= LINK_KERNEL_RETRY_MAX && l->third.n <= LINK_THIRD_ACKS_MAX &&
           (l->third.n == 0 || !l->third.disabled);
}

bool link_is_sound(const struct link *l)
{
    return sent_is_sound(l) && received_is_sound(l) && path_is_sound(l);
}

/* ---- the path ---- */

void link_note_reordering(struct link *l, uint64_t by)
{
    CHECK(link_is_sound(l));
    if (by > LINK_LATENESS_MAX)
        by = LINK_LATENESS_MAX;
    if (l->reorder_events++ == 0)
        log_debug(l->log, "this path repeats or reorders datagrams: going carefully");
    if (by > l->lateness)
        l->lateness = by;
}

uint64_t link_lateness(const struct link *l)
{
    CHECK(path_is_sound(l));
    if (l->reorder_events == 0)
        return LINK_LATENESS_CLEAN;
    return l->lateness > LINK_LATENESS_SEEN ? l->lateness : LINK_LATENESS_SEEN;
}

uint64_t link_quiet(const struct link *l)
{
    uint64_t retry = l->kernel_retry != 0 ? l->kernel_retry : LINK_KERNEL_RETRY;
    return 2 * retry + 200 * IO_MS;
}

uint64_t link_give_up_time(const struct link *l)
{
    uint64_t retry = l->kernel_retry != 0 ? l->kernel_retry : LINK_KERNEL_RETRY_MAX;
    return 12 * retry + IO_SECOND / 2;
}

void link_measure_round_trip(struct link *l, uint64_t sample, bool ambiguous)
{
    CHECK(l->tx.transmissions != 0 && (!ambiguous || l->tx.transmissions > 1));
    if (sample > LINK_KERNEL_GIVES_UP) /* we or the kernel were suspended */
        sample = LINK_KERNEL_GIVES_UP;
    if (l->rtt_min == 0 || sample < l->rtt_min)
        l->rtt_min = sample;
    if (l->srtt == 0 || (l->rtt_ambiguous && !ambiguous)) {
        l->rtt_ambiguous = ambiguous;
        l->srtt = sample;
        l->rttvar = sample / 2;
        return;
    }
    uint64_t off = sample > l->srtt ? sample - l->srtt : l->srtt - sample;
    l->rttvar = (3 * l->rttvar + off) / 4; /* RFC 6298 */
    l->srtt = (7 * l->srtt + sample) / 8;
}

/* ---- sending ---- */

/* The first retransmission timeout: a round trip (RFC 6298), and the lateness of this path. */
static uint64_t first_retry(const struct link *l)
{
    uint64_t timeout = l->srtt + 4 * l->rttvar;
    if (l->fixed_retry)
        return LINK_RETRY_MIN;
    if (l->rtt_ambiguous && timeout > LINK_RETRY_MAX)
        timeout = LINK_RETRY_MAX;
    if (l->reorder_events != 0 && timeout < l->srtt + l->lateness)
        timeout = l->srtt + l->lateness;
    return timeout > LINK_RETRY_MIN ? timeout : LINK_RETRY_MIN;
}

/*
 * Whether a request should wait for the kernel's '+' instead of being retransmitted. If its ack and
 * the '+' were lost, the kernel retransmits that '+' a second later. A retransmission of ours would
 * be read too: the stub answers each of its bytes with a repeat of the reply, and each lost repeat
 * costs a second. With a loss rate p that happens to p * p of its bytes, and about 2 * p of our
 * DATA are retransmitted. We wait if retransmitting costs more than the wait for a request that was
 * lost.
 */
static bool waits_for_peer_ack(const struct link *l)
{
    uint64_t again = l->counters.retransmitted, sent = l->tx.seqno;
    if (l->node || !link_last_is_request(l) || sent < LINK_HISTORY)
        return false;
    return (l->tx.len - WIRE_HEADER) * again * again > REPEAT_COST_FACTOR * sent * sent;
}

static uint64_t next_retry(const struct link *l)
{
    uint64_t retry = first_retry(l);
    if (waits_for_peer_ack(l) && retry < LINK_KERNEL_RETRY + LINK_RETRY_MIN)
        retry = LINK_KERNEL_RETRY + LINK_RETRY_MIN;
    uint64_t most = retry > LINK_RETRY_MAX ? retry : LINK_RETRY_MAX;
    for (unsigned i = 1; i < l->tx.transmissions && retry < most; i++)
        retry *= 2;
    retry = retry < most ? retry : most;
    CHECK(retry >= LINK_RETRY_MIN); /* never faster than a pause of a virtual machine */
    return retry > l->tx.retry_min ? retry : l->tx.retry_min;
}

void link_be_patient(struct link *l, uint64_t ns)
{
    CHECK(l->tx.transmissions != 0 && link_is_sound(l));
    l->tx.retry_min = ns;
    l->tx.retry = l->tx.last + next_retry(l);
    CHECK(l->tx.retry - l->tx.last >= ns);
}

static int transmit_datagram(struct link *l)
{
    CHECK_OR_RETURN(l->tx.active && l->tx.len >= WIRE_HEADER && l->tx.len <= sizeof l->tx.datagram);
    const struct io_msg msg = {.data = l->tx.datagram, .len = l->tx.len, .note = link_sent_note(l)};
    uint64_t now = io_now(l->io);
    struct link_trace *trace = link_trace_get(l->out, LINK_SENT_HISTORY, l->tx.seqno);
    CHECK_OR_RETURN(trace->count == l->tx.transmissions);
    if (trace->count++ == 0)
        trace->first = now;
    else {
        l->counters.retransmitted++;
        l->lossy = true;
        log_debug(l->log, "sent %u again: no ack for %.1f ms", l->tx.seqno,
                  (double)(now - trace->first) / 1e6);
    }
    trace->last = now;
    l->tx.transmissions++;
    l->tx.last = now;
    l->tx.retry = now + next_retry(l);
    l->counters.sent++;
    l->counters.bytes_out += l->tx.len;
    int rc = io_send(l->io, IO_TARGET, &msg, 1);
    l->note[0] = 0;
    return rc;
}

/*
 * A 13.x kernel acknowledges each DATA twice, a later kernel once. Acks may be lost or duplicated,
 * so the majority of the DATA transmitted once decides. A DATA that the next one follows
 * immediately after its first ack does not count.
 */
static void vote_generation(struct link *l)
{
    if (l->tx.transmissions != 1 || l->tx.acks == 0)
        return;
    if (l->tx.acks >= 2)
        l->votes_old++;
    else if (io_now(l->io) - l->tx.arrived >= SECOND_ACK_MAX)
        l->votes_new++;
    if (l->votes_old + l->votes_new == 0)
        return;
    l->generation = l->votes_old > l->votes_new ? LINK_OLD : LINK_NEW;
}

int link_send(struct link *l, const void *data, size_t len, size_t offset, size_t total)
{
    CHECK_OR_RETURN(!l->tx.active && link_is_sound(l)); /* at most one DATA is in flight */
    CHECK_OR_RETURN(offset <= total && len <= total - offset && (l->node || len == total));
    /* A server that takes over now would use a seqno again. */
    CHECK_OR_RETURN(l->session_state == NULL || l->session_state->sent == l->tx.seqno);
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
    l->tx.arrived = l->tx.retry_min = 0;
    l->late_duplicate = l->acked_duplicate = LINK_DUP_NONE;
    if (l->session_state != NULL)
        l->session_state->sent = l->tx.seqno;
    return transmit_datagram(l);
}

bool link_acked(const struct link *l)
{
    return !l->tx.active;
}

unsigned link_acks(const struct link *l)
{
    return l->tx.acks;
}

void link_mark_delivered(struct link *l)
{
    CHECK(link_is_sound(l));
    l->tx.active = false;
    if (l->tx.arrived == 0)
        l->tx.arrived = io_now(l->io);
}

/* Whether each transmission of the last DATA was acknowledged, so that none is in flight. */
static bool all_arrived(const struct link *l)
{
    unsigned acks_each = l->generation == LINK_NEW ? 1 : 2;
    return l->tx.acks >= acks_each * l->tx.transmissions;
}

uint64_t link_duplicates_expire(const struct link *l, uint64_t late)
{
    CHECK(!l->tx.active || l->tx.arrived != 0);
    uint64_t gone = l->tx.arrived + late;
    if (l->tx.transmissions < 2 || all_arrived(l))
        return gone;
    uint64_t later = late > LINK_LATENESS_SEEN ? late : LINK_LATENESS_SEEN;
    return gone > l->tx.last + 2 * later ? gone : l->tx.last + 2 * later;
}

int link_tick(struct link *l)
{
    CHECK_OR_RETURN(link_is_sound(l));
    int rc = link_send_third_acks(l);
    if (rc != 0 || !l->tx.active || io_now(l->io) < l->tx.retry)
        return rc;
    CHECK_OR_RETURN(l->tx.retry > l->tx.last);
    return transmit_datagram(l);
}

uint64_t link_deadline(const struct link *l)
{
    CHECK(link_is_sound(l));
    uint64_t retry = l->tx.active ? l->tx.retry : IO_NEVER;
    return l->third.n != 0 && l->third.due < retry ? l->third.due : retry;
}

void link_expect_peer_ack(struct link *l, uint64_t until)
{
    CHECK(!l->node); /* a node in no-ack mode sends none */
    l->peer_ack_until = until;
}

void link_set_node(struct link *l)
{
    CHECK(!l->finished && link_is_sound(l));
    l->node = true;
}
