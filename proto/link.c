/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The netgdb link in the server's role; see link.h. */
#include "proto/link.h"

#include <string.h>

#include "proto/err.h"
#include "proto/link_parts.h"

/* Below a kernel's own retransmission interval, a second arrival is the network's work. */
#define COPY_BELOW (LINK_KERNEL_RETRY * 9 / 10)

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
    l->synced = l->runs_copies = true;
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

void link_resume(struct link *l, struct link_mark *mark)
{
    l->tx.seqno = l->before = mark->sent;
    l->rx.start = mark->next;
    l->mark = mark;
}

void link_take_over(struct link *l, uint32_t last_seqno, uint32_t next_seqno)
{
    l->tx.seqno = l->before = last_seqno;
    l->rx.start = next_seqno;
    l->synced = false;
    l->plus_until = IO_NEVER;
}

/* ---- what is seen of the path ---- */

static void saw_late(struct link *l, uint64_t by)
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

/* A guess holds until the first round trip of a DATA that was sent once. */
static void measure_round_trip(struct link *l, uint64_t sample, bool guess)
{
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

/* ---- acks ---- */

/* Console output: there is more to come behind it, when it is acknowledged. */
static bool is_output(const struct buf *message)
{
    return message->len > 3 && message->data[0] == '$' && message->data[1] == 'O' &&
           message->data[2] != 'K';
}

/* Whether the peer may wait for acks: in the middle of a message, or of several. */
static bool has_more(const struct link *l)
{
    return l->rx.have != 0 || is_output(&l->rx.data);
}

/* Sends each ack `times` (1 to 3), one round of all behind the other. */
static int transmit_acks(struct link *l, const uint32_t *seqnos, unsigned n, unsigned times)
{
    uint8_t acks[LINK_BATCH][WIRE_ACK];
    struct io_msg msgs[3 * LINK_BATCH];
    if (n == 0)
        return 0;
    for (unsigned i = 0; i < n; i++) {
        wire_encode_ack(seqnos[i], acks[i]);
        for (unsigned round = 0; round < times; round++)
            msgs[round * n + i] = (struct io_msg){.data = acks[i], .len = WIRE_ACK};
    }
    l->counters.sent += times * n;
    l->counters.bytes_out += times * n * WIRE_ACK;
    bool may_wait = l->lazy_acks && !has_more(l);
    return (may_wait ? io_send_later : io_send)(l->io, IO_TARGET, msgs, times * n);
}

/* Where datagrams get lost they do so in bursts: the third ack goes out a little later. */
static void keep_third_acks(struct link *l, const uint32_t *seqnos, unsigned n)
{
    if (l->third.n == 0)
        l->third.due = io_now(l->io) + LINK_THIRD_ACK;
    for (unsigned i = 0; i < n && l->third.n < LINK_THIRD_ACKS; i++)
        l->third.seqnos[l->third.n++] = seqnos[i];
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
    if (!l->runs_copies || l->lane || !link_sends_request(l) || sent < LINK_HISTORY)
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

void link_lane(struct link *l, bool on)
{
    l->lane = on;
    l->plus_until = 0;
    if (l->mark != NULL && !on)
        l->mark->lane = 0;
}

static int transmit(struct link *l)
{
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
    if (len > l->payload_max || l->tx.active)
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
    l->stale = LINK_COPY_NOTHING;
    if (l->mark != NULL)
        l->mark->sent = l->tx.seqno;
    return transmit(l);
}

bool link_acked(const struct link *l)
{
    return !l->tx.active;
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

uint64_t link_copies_gone(const struct link *l)
{
    uint64_t late = link_lateness(l), gone = l->tx.arrived + late;
    if (l->tx.transmissions > 1 && gone < l->tx.last + 2 * late)
        gone = l->tx.last + 2 * late;
    return gone;
}

static int send_third_acks(struct link *l)
{
    unsigned n = l->third.n;
    if (n == 0 || io_now(l->io) < l->third.due)
        return 0;
    l->third.n = 0;
    return transmit_acks(l, l->third.seqnos, n, 1);
}

int link_tick(struct link *l)
{
    int rc = send_third_acks(l);
    if (rc != 0 || !l->tx.active || io_now(l->io) < l->tx.retry)
        return rc;
    return transmit(l);
}

uint64_t link_deadline(const struct link *l)
{
    uint64_t retry = l->tx.active ? l->tx.retry : IO_NEVER;
    return l->third.n != 0 && l->third.due < retry ? l->third.due : retry;
}

/* ---- receiving ---- */

/* How long after `then` the datagram arrived that is being taken; 0: before. */
static uint64_t since(const struct link *l, uint64_t then)
{
    return l->at > then ? l->at - then : 0;
}

/*
 * Whether an ack of `t` shows a duplicate, or came later than this path's round trips are: also
 * when it comes after that of a later DATA, which was sent when this one had been acknowledged.
 */
static void judge_ack(struct link *l, const struct link_trace *t)
{
    uint64_t age = since(l, t->last);
    unsigned per_arrival = l->generation == LINK_NEW ? 1 : 2;
    if (t->acks > per_arrival * t->count || t->seqno < l->tx.acked)
        saw_late(l, age);
    else if (l->srtt != 0 && age > l->srtt + 4 * l->rttvar + LINK_LATENESS_CLEAN)
        saw_late(l, age - l->srtt);
}

/*
 * Ours may be stored, and the kernel reads it when it is through with what it sends: until it has
 * been quiet, another copy would only have to be read, too. A node drops copies unread.
 */
static void wait_for_quiet(struct link *l)
{
    uint64_t quiet = io_now(l->io) + LINK_QUIET;
    if (l->runs_copies && l->tx.retry < quiet)
        l->tx.retry = quiet;
}

static void take_ack(struct link *l, uint32_t seqno)
{
    struct link_trace *t = &l->out[seqno % LINK_SENT_HISTORY];
    if (t->count == 0 || t->seqno != seqno) {
        bool nobodys = seqno == 0 || seqno > l->tx.seqno;
        l->counters.stray_acks += nobodys;
        if (!nobodys && seqno > l->before)
            link_judge_old(l);
        return;
    }
    t->acks++;
    link_judge_order(l, t);
    judge_ack(l, t);
    if (seqno > l->tx.acked)
        l->tx.acked = seqno;
    if (seqno != l->tx.seqno)
        return;
    if (l->tx.acks++ == 0)
        l->tx.arrived = l->at;
    /* Which one of several transmissions is answered is not known: good enough for a start. */
    if (t->acks == 1 && (t->count == 1 || l->srtt == 0))
        measure_round_trip(l, since(l, t->first), t->count > 1);
    if (l->generation != LINK_OLD || l->tx.acks > l->tx.transmissions)
        l->tx.active = false;
    else
        wait_for_quiet(l);
}

/* A datagram that had come before: the kernel's retransmission, or a copy made by the network. */
static void judge_copy(struct link *l, uint32_t seqno)
{
    struct link_trace *t = link_trace_of(l->in, LINK_HISTORY, seqno);
    l->counters.duplicates++;
    if (t->count++ == 0) {
        t->first = l->at; /* older than the history */
        return;
    }
    uint64_t age = since(l, t->first);
    l->lossy |= age >= COPY_BELOW;
    if (age < COPY_BELOW)
        saw_late(l, age);
    else if (t->count - 1 > age / COPY_BELOW)
        saw_late(l, age % COPY_BELOW);
}

/*
 * Where this DATA belongs in the message being received: its index, or -1 for what cannot be:
 * a seqno that fits no chunk, or sizes that contradict what came before. The chunk size is not
 * known beforehand (it is the kernel's MTU - 52) but follows from any chunk.
 */
static int place_of(const struct link *l, const struct wire_msg *msg, size_t *chunk)
{
    uint32_t index = msg->seqno - l->rx.start;
    size_t total = msg->total;
    if (total == 0 || total > LINK_MESSAGE_MAX || msg->offset >= total || msg->len == 0 ||
        msg->len > total - msg->offset || index >= LINK_CHUNKS_MAX)
        return -1;
    if (index == 0 ? msg->offset != 0 : msg->offset == 0 || msg->offset % index != 0)
        return -1;
    *chunk = index == 0 ? msg->len : (size_t)msg->offset / index;
    size_t rest = total - (size_t)msg->offset;
    if (msg->len != (rest < *chunk ? rest : *chunk))
        return -1;
    if (l->rx.have != 0 && (total != l->rx.total || *chunk != l->rx.chunk))
        return -1;
    return (total + *chunk - 1) / *chunk > LINK_CHUNKS_MAX ? -1 : (int)index;
}

static void begin_message(struct link *l, size_t total, size_t chunk)
{
    l->rx.total = total;
    l->rx.chunk = chunk;
    l->rx.chunks = (unsigned)((total + chunk - 1) / chunk);
    l->rx.highest = 0;
    l->rx.began = l->at;
    memset(l->rx.seen, 0, sizeof l->rx.seen);
}

/* The message was handed to the reader: the next one may begin. */
static void end_message(struct link *l)
{
    l->rx.start += l->rx.chunks;
    l->rx.have = 0;
    if (l->mark != NULL)
        l->mark->next = l->rx.start;
}

/*
 * Puts a chunk in its place; the last one hands the message to the reader. Without memory nothing
 * has happened: it is not acknowledged, and the peer sends it again.
 */
static int keep_chunk(struct link *l, const struct wire_msg *msg)
{
    l->rx.data.error = l->stream.error = 0; /* there may be memory again */
    int rc = buf_resize(&l->rx.data, l->rx.total);
    if (rc != 0)
        return rc;
    memcpy(l->rx.data.data + msg->offset, msg->data, msg->len);
    return l->rx.have + 1 == l->rx.chunks ? buf_add(&l->stream, l->rx.data.data, l->rx.total) : 0;
}

static int store_chunk(struct link *l, const struct wire_msg *msg, unsigned index)
{
    struct link_trace *t = link_trace_of(l->in, LINK_HISTORY, msg->seqno);
    int rc = keep_chunk(l, msg);
    if (rc != 0)
        return rc;
    l->rx.seen[index / 8] |= (uint8_t)(1 << index % 8);
    t->count = 1;
    t->first = l->at;
    if (index < l->rx.highest && since(l, l->rx.began) < COPY_BELOW)
        saw_late(l, since(l, l->rx.began));
    if (index > l->rx.highest)
        l->rx.highest = index;
    if (++l->rx.have == l->rx.chunks)
        end_message(l);
    return 0;
}

/*
 * In a session that was taken over, the first message of one DATA is where we join in: a '+', if
 * nothing else. Of one with several the dead server may have had a part, so they are acknowledged
 * and of no use.
 */
static bool synchronise(struct link *l, const struct wire_msg *msg)
{
    if (l->synced)
        return true;
    l->synced = msg->offset == 0 && msg->len == msg->total;
    if (l->synced)
        l->rx.start = msg->seqno;
    return l->synced;
}

/*
 * A kernel's packet of one byte is '+' or '-'. A '+' that nobody waits for, or that comes behind
 * the sign of a late copy, says that such a copy is about to run; unacknowledged, it does not, and
 * the kernel gives up after 12 s.
 */
static bool is_welcome(struct link *l, const struct wire_msg *msg)
{
    if (msg->total != 1)
        return true;
    enum link_copy stale = link_stale(l);
    bool awaited = l->at < l->plus_until || stale == LINK_COPY_HARMLESS;
    if (msg->data[0] == '+' && (!awaited || stale == LINK_COPY_HARMFUL)) {
        l->counters.unwanted_plus++;
        link_refuse(l, LINK_REFUSED_COPY);
        return false;
    }
    bool known = msg->data[0] == '+' || msg->data[0] == '-';
    l->counters.impossible += !known;
    return known;
}

/*
 * DATA of the kernel. Returns 1 when it is to be acknowledged, 0 when not: an ack for what the
 * kernel cannot have sent would end the session after 12 s.
 */
static int take_data(struct link *l, const struct wire_msg *msg)
{
    size_t chunk;
    if ((int32_t)(msg->seqno - l->rx.start) < 0) {
        judge_copy(l, msg->seqno);
        return 1;
    }
    if (!synchronise(l, msg))
        return 1;
    int index = place_of(l, msg, &chunk);
    if (index < 0) {
        l->counters.impossible++;
        return 0;
    }
    if (l->refused || !is_welcome(l, msg))
        return 0;
    if (l->stream.len + msg->total > l->stream.max)
        return 0; /* the reader is behind: the kernel sends it again */
    if (l->rx.have == 0)
        begin_message(l, msg->total, chunk);
    if ((l->rx.seen[index / 8] & 1 << index % 8) != 0) {
        judge_copy(l, msg->seqno);
        return 1;
    }
    bool told = l->tx.acks != 0 || (link_sends_request(l) && msg->total > 1);
    if (l->tx.active && told && !l->lane)
        wait_for_quiet(l);
    int rc = store_chunk(l, msg, (unsigned)index);
    return rc == 0 ? 1 : rc;
}

/* FINISHED of a node, which sends it when all before it was acknowledged. Returns as take_data. */
static int take_finished(struct link *l, const struct wire_msg *msg)
{
    if (l->finished && msg->seqno + 1 == l->rx.start)
        return 1;
    if (!l->may_finish || msg->seqno != l->rx.start || msg->len != 0 || l->rx.have != 0) {
        l->counters.impossible++; /* a kernel never sends it */
        return 0;
    }
    l->finished = true;
    l->rx.start++;
    return 1;
}

/* One datagram. Returns 1 when its seqno is to be acknowledged, 0 when not, or an error. */
static int take(struct link *l, const struct io_msg *datagram, struct wire_msg *msg)
{
    l->counters.received++;
    l->counters.bytes_in += datagram->len;
    if (wire_decode(datagram->data, datagram->len, msg) != 0) {
        l->counters.malformed++;
        return 0;
    }
    l->heard = io_now(l->io);
    l->at = datagram->arrived != 0 && datagram->arrived < l->heard ? datagram->arrived : l->heard;
    switch (msg->type) {
    case WIRE_IS_ACK:
        take_ack(l, msg->seqno);
        return 0;
    case WIRE_HERALD: /* a copy: the kernel heralds to the session port, too */
        if (msg->seqno == 1 && msg->len == 0)
            return 1;
        break;
    case WIRE_DATA:
        return take_data(l, msg);
    case WIRE_FINISHED:
        return take_finished(l, msg);
    case WIRE_NONE:
        break;
    }
    l->counters.impossible++; /* a kernel sends one kind of HERALD only */
    return 0;
}

/* Two go out at once: the second costs microseconds, a lost one costs a second. */
static int send_acks(struct link *l, const uint32_t *seqnos, unsigned n, bool repeats)
{
    /* A kernel that repeats itself may be about to give up. */
    bool at_once = repeats && l->lossy;
    if (l->lossy && !l->lazy_acks)
        keep_third_acks(l, seqnos, n);
    return transmit_acks(l, seqnos, n, at_once ? 3 : 2);
}

void link_ack_herald(struct link *l)
{
    static const uint32_t herald = 1;
    (void)transmit_acks(l, &herald, 1, 2); /* a lost one is asked for again */
}

int link_input(struct link *l)
{
    struct io_msg msgs[LINK_BATCH];
    int n, error = 0;
    do {
        uint32_t acks[LINK_BATCH];
        unsigned owed = 0;
        uint64_t repeats = l->counters.duplicates;
        n = io_recv(l->io, IO_TARGET, msgs, LINK_BATCH);
        for (int i = 0; i < n; i++) {
            struct wire_msg msg;
            int rc = take(l, &msgs[i], &msg);
            if (rc > 0)
                acks[owed++] = msg.seqno;
            else if (rc < 0)
                error = rc;
        }
        int rc = send_acks(l, acks, owed, l->counters.duplicates != repeats);
        if (rc < 0 && error == 0)
            error = rc;
    } while (n == LINK_BATCH);
    if (l->heard >= l->look_due)
        link_look(l);
    return n < 0 ? n : error;
}

void link_want_plus(struct link *l, uint64_t until)
{
    l->plus_until = until;
}

void link_allow_finished(struct link *l)
{
    l->may_finish = true;
}

void link_lazy_acks(struct link *l)
{
    l->lazy_acks = true;
}

void link_request_acks(struct link *l)
{
    if (l->lazy_acks)
        io_drop_later(l->io, IO_TARGET);
}
