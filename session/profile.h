/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The profile of a session: time spent waiting for replies, for stops and for the client's
 * requests, and the counters of the link. The serving thread fills it; any thread may read it.
 */
#ifndef NETGDB_SESSION_PROFILE_H
#define NETGDB_SESSION_PROFILE_H

#include <pthread.h>

#include "proto/kernel/netgdb_target.h"
#include "proto/rsp/packets.h"

#define PROFILE_SLOW_AFTER IO_SECOND /* a slower request is logged */

enum {
    PROFILE_SLOWEST = 5,    /* requests that are kept */
    PROFILE_SHOWN = 40,     /* bytes kept of each, with the NUL */
    PROFILE_LINES = 20,     /* more are not in the text */
    PROFILE_LINE_MAX = 240, /* bytes of a line */
};

/* Why a request took long: what its exchanges with the kernel went through. */
struct profile_cause {
    uint64_t delayed;       /* ns, so that nothing runs twice */
    uint64_t retransmitted; /* DATA of ours */
    uint64_t repeated;      /* requests: they, or their replies, were damaged or in doubt */
};

struct profile_request {
    uint64_t took;            /* ns; 0: no entry */
    char text[PROFILE_SHOWN]; /* how it began */
    const char *explanation;  /* packets.h */
    struct profile_cause cause;
};

struct profile {
    pthread_mutex_t lock; /* of all below */
    uint64_t answering;   /* ns from a request to its reply, of requests that do not resume */
    uint64_t running;     /* ns from a resume to the stop */
    uint64_t asking;      /* ns from a reply to the next request of the same client */
    uint64_t requests;    /* of the client */
    unsigned clients;
    unsigned observers;                              /* clients that only look, now */
    struct profile_request slowest[PROFILE_SLOWEST]; /* the slowest first */

    /* Of the link, by the last profile_note_link. */
    bool has_link;
    enum link_generation generation;
    struct netgdb_stats stats;
    uint64_t asked_again;    /* requests that were sent again, for whatever reason */
    uint64_t srtt, lateness; /* ns */
    struct link_counters link;
    struct profile_cause before; /* all causes, when the last request had ended */
};

void profile_init(struct profile *p);
void profile_free(struct profile *p);

/* A client has attached. */
void profile_client(struct profile *p);

/* Sets the number of clients that only look at the target. */
void profile_observers(struct profile *p, unsigned observers);

/* Records a request of `len` bytes that came `asked` ns after the previous reply (0: the client's
 * first) and took `took` ns. Call it after profile_note_link: the counters that have changed since
 * the previous request are the causes of the delay. */
void profile_request(struct profile *p, uint64_t asked, uint64_t took, const uint8_t *request,
                     size_t len, const struct packet *packet);

/* Copies the counters of a netgdb_target's link. Only for the thread that owns the target. */
void profile_note_link(struct profile *p, const struct target *netgdb);

/* Retransmissions per 1000 of our DATA. */
unsigned profile_loss(const struct profile *p);

/* Appends it as text: lines that each end in a newline. */
void profile_text(struct profile *p, struct buf *out);

/* Appends it as the members of a JSON object, without braces. */
void profile_json(struct profile *p, struct buf *out);

#endif
