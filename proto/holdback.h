/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long to hold a request, or our '+' to its reply, back on the way to a stub that runs every
 * copy: until no late copy of what went before can do harm. What runs the target or moves a list
 * on is held back always; the rest until the path has shown itself clean for a while, again after
 * each sign of copies, and for good on a path that repeats and loses: it may lose the ack that
 * tells of a copy. No waiting here: only times, in ns as io_now.
 */
#ifndef NETGDB_PROTO_HOLDBACK_H
#define NETGDB_PROTO_HOLDBACK_H

#include "proto/link.h"
#include "proto/packets.h"

enum {
    HOLDBACK_CLEAN_EXCHANGES = 40, /* without a sign of copies, before going fast */
    HOLDBACK_RECENT = 64,          /* requests remembered; the oldest stands for those before it */
};

/* A request, and what it touches (request_range). */
struct holdback_request {
    const struct packet *packet;
    uint64_t low, high;
};

struct holdback {
    unsigned clean;        /* exchanges without a sign of copies, up to HOLDBACK_CLEAN_EXCHANGES */
    uint64_t evidence;     /* of the link, when the last exchange ended */
    uint64_t plus_arrived; /* when our last '+' is known to have arrived */
    uint64_t plus_gone;    /* and when no copy of it can come any more, if it was sent again */
    unsigned next;
    struct {
        enum packet_repeat repeat;
        uint64_t low, high;
        uint64_t gone; /* when no copy of it can come any more; 0: no entry */
    } recent[HOLDBACK_RECENT];
};

/* A session begins. */
void holdback_init(struct holdback *h);

/* Whether this path has not yet shown itself free of late copies. */
bool holdback_careful(const struct holdback *h, const struct link *l);

/* Whether a second execution does harm whatever was done in between. */
bool holdback_runs_once(const struct packet *packet);

/* How late, in ns, a copy of such a request may come as far as this path has shown. */
uint64_t holdback_lateness(const struct holdback *h, const struct link *l,
                           const struct packet *packet);

/* Our '+' has been acknowledged: the last DATA of the link. */
void holdback_plus_arrived(struct holdback *h, const struct link *l);

/* When the request may go out. */
uint64_t holdback_request(const struct holdback *h, const struct link *l,
                          const struct holdback_request *r);

/* When our '+' to its reply, which has just come, may go out; 0 for at once. */
uint64_t holdback_plus(const struct holdback *h, const struct link *l,
                       const struct holdback_request *r);

/* Why such a request, or the '+' to its reply, waits: words for a log. */
const char *holdback_reason(const struct holdback *h, const struct link *l,
                            const struct packet *packet);

/* The reply to a request has come, of which no copy can come any more at `gone`. */
void holdback_done(struct holdback *h, const struct link *l, const struct holdback_request *r,
                   uint64_t gone);

#endif
