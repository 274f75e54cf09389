/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Internal interface between link.c (life cycle, path measurements, sending), link_acks.c (outgoing
 * acks), link_input.c (received datagrams) and link_late.c (late duplicates).
 */
#ifndef NETGDB_PROTO_LINK_PRIVATE_H
#define NETGDB_PROTO_LINK_PRIVATE_H

#include "proto/link/link.h"

/* Returns the ring entry for seqno, resetting it if the slot held another. `size`: entries. */
struct link_trace *link_trace_get(struct link_trace *ring, unsigned size, uint32_t seqno);

/*
 * Returns whether the parts of the link agree with each other, as between any two calls of link.h.
 */
bool link_is_sound(const struct link *l);

/* Returns whether the last DATA is longer than a '+', and therefore a request. */
bool link_last_is_request(const struct link *l);

/*
 * Adds a round-trip sample (ns) to srtt and rttvar. The first unambiguous sample replaces the
 * ambiguous ones, which are of DATA transmitted several times.
 */
void link_measure_round_trip(struct link *l, uint64_t sample, bool ambiguous);

/*
 * Acknowledges `n` datagrams (at most LINK_BATCH), each twice: a second ack costs microseconds, a
 * lost one a second. `retransmitted`: the kernel had to retransmit. After a loss a third ack
 * follows. Returns as io_send does.
 */
int link_send_acks(struct link *l, const uint32_t *seqnos, unsigned n, bool retransmitted);

/* Sends the third acks that are due. Returns as io_send does. */
int link_send_third_acks(struct link *l);

/*
 * Returns whether a duplicate that the kernel is about to execute is harmless: the one that was
 * acknowledged since our last DATA, or else every recent request.
 */
bool link_duplicate_is_harmless(const struct link *l);

/*
 * Checks whether an ack of our DATA `t` was caused by a late duplicate. Call it before the ack
 * updates anything but t->acks. The second function is for a DATA that has left the history.
 */
void link_check_ack_order(struct link *l, const struct link_trace *t);
void link_check_forgotten_ack(struct link *l);

/* ---- link_notes.c: see io_note; nothing happens unless the io captures ---- */

/* The state before a datagram is handled. */
struct link_note {
    struct link_counters counters;
    uint64_t reorder_events;
};
struct link_note link_note_begin(const struct link *l);

/* Notes what became of a datagram. `result`: 1 if it is acknowledged, 0 if not, or an error. */
void link_note_received(const struct link *l, const struct link_note *before,
                        const struct io_msg *datagram, const struct wire_msg *msg, int result);

/* Returns the note of the DATA that is about to be sent. */
const char *link_sent_note(struct link *l);

#endif
