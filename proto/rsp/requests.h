/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Queue of the requests in a client's byte stream. A client that waits too long for a reply
 * retransmits its request; such a retransmission is dropped while the reply is outstanding, so that
 * no request runs twice. Other requests that arrive early are queued.
 */
#ifndef NETGDB_PROTO_REQUESTS_H
#define NETGDB_PROTO_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/rsp/rsp.h"

enum {
    REQUEST_MAX = 160 * 1024, /* bytes of content in one request: LLDB's largest, with a margin */
    REQUESTS_PENDING_MAX = 2 * REQUEST_MAX, /* bytes of all queued requests */
};

struct requests {
    struct rsp_parser parser;
    struct buf current; /* the request being served, while `outstanding` */
    bool outstanding;
    struct buf pending; /* queued requests, each a size_t length and the content */
    size_t last;        /* offset of the youngest entry in `pending` */

    /* Events received; the reader resets each to 0 once it has handled it. */
    unsigned acks_due, nacks_due; /* packets to acknowledge with '+' and with '-' */
    unsigned acks, nacks;         /* '+' and '-' received */
    unsigned too_long; /* requests dropped: over REQUEST_MAX, or the queue is full; to be refused */
    int drop_error;    /* of the last one dropped: NETGDB_TOO_LONG or NETGDB_NOMEM */
    bool interrupt;    /* Ctrl-C, for the outstanding request or the queued ones */

    unsigned long retransmissions; /* dropped since requests_init */
};

/* Initializes an empty queue. requests_free frees its buffers. */
void requests_init(struct requests *r);
void requests_free(struct requests *r);

/* Parses all `len` bytes. */
void requests_feed(struct requests *r, const void *data, size_t len);

/* Drops a packet received in part; complete requests stay queued. */
void requests_drop_partial(struct requests *r);

/* Returns whether a request is queued. */
bool requests_has_pending(const struct requests *r);

/*
 * Removes the oldest request from the queue, makes it the outstanding one and copies its content
 * to *content. Returns 1, 0 if the queue is empty, or NETGDB_NOMEM.
 */
int requests_next(struct requests *r, struct buf *content);

/*
 * Ends the outstanding request: its reply is sent, or it has none. The same bytes are a new request
 * from now on.
 */
void requests_done(struct requests *r);

#endif
