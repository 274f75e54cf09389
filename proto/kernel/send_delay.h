/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Computes how long a request, or our '+' to its reply, must be delayed for a stub that executes
 * every duplicate: until no late duplicate of earlier DATA can do harm.
 *
 * Requests that resume the target or advance a list are always delayed. Others are delayed until
 * the path has been clean for SEND_DELAY_CLEAN_EXCHANGES, again after each duplicate or reordered
 * datagram, and permanently on a path that both duplicates and loses: the ack that would reveal a
 * late duplicate may be lost.
 *
 * The functions only compute times, in ns by io_now; the caller waits.
 */
#ifndef NETGDB_PROTO_SEND_DELAY_H
#define NETGDB_PROTO_SEND_DELAY_H

#include "proto/link/link.h"
#include "proto/rsp/packets.h"

enum {
    SEND_DELAY_CLEAN_EXCHANGES = 40, /* exchanges without duplicates that prove a path clean */
    SEND_DELAY_RECENT = 64, /* requests remembered; the oldest is treated as covering all earlier */
};

/* A request and the range that it touches: see request_range. */
struct send_delay_request {
    const struct packet *packet;
    uint64_t low, high;
};

struct send_delay {
    unsigned clean_exchanges;   /* since the last duplicate, up to SEND_DELAY_CLEAN_EXCHANGES */
    uint64_t reorder_events;    /* the link's counter at the end of the last exchange */
    uint64_t our_ack_delivered; /* when our last '+' was known to be delivered */
    uint64_t our_ack_expires;   /* when no retransmission of it can arrive any more */
    unsigned next;              /* counts the entries written */
    struct {
        enum packet_repeat repeat;
        uint64_t low, high;
        uint64_t expires; /* when no duplicate of it can arrive any more; 0: the entry is free */
    } recent[SEND_DELAY_RECENT]; /* a ring of requests that conflict with a later one */
};

/* Starts a session. */
void send_delay_init(struct send_delay *h);

/* Returns whether late duplicates must be expected: the path has not proven clean. */
bool send_delay_path_suspect(const struct send_delay *h, const struct link *l);

/* Returns whether the request must run exactly once: executing it twice always does harm. */
bool send_delay_exactly_once(const struct packet *packet);

/* Returns how late, in ns, a duplicate of such a request may arrive, by all that is known. */
uint64_t send_delay_lateness(const struct send_delay *h, const struct link *l,
                             const struct packet *packet);

/* Records that our '+', the link's last DATA, was acknowledged. */
void send_delay_our_ack_delivered(struct send_delay *h, const struct link *l);

/* Returns the earliest time to send the request. */
uint64_t send_delay_request(const struct send_delay *h, const struct link *l,
                            const struct send_delay_request *r);

/* Returns the earliest time to send our '+' to the reply just received; 0: at once. */
uint64_t send_delay_our_ack(const struct send_delay *h, const struct link *l,
                            const struct send_delay_request *r);

/* Returns the reason for the delay of such a request or of our '+', as text for a log line. */
const char *send_delay_reason(const struct send_delay *h, const struct link *l,
                              const struct packet *packet);

/*
 * Records that the reply was received. `expires`: when no duplicate of the request can arrive any
 * more.
 */
void send_delay_request_done(struct send_delay *h, const struct link *l,
                             const struct send_delay_request *r, uint64_t expires);

#endif
