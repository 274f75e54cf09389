/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The RSP exchanges in captured debugnet datagrams, which need not be complete and are hostile.
 * Each direction of a session is put into the order of its seqnos, copies are left out, and chunks
 * are joined. A request and a reply belong together only if that is certain: no seqno is missing
 * around them, and between this request and the next one the kernel sent one reply and at most one
 * '+'.
 *
 * A session begins with a HERALD, or where the capture begins. A HERALD after which the seqnos go
 * on is a late copy. The kernel (or node) is the endpoint with its port 20026 or a HERALD.
 */
#ifndef NETGDB_RECORD_FROM_WIRE_H
#define NETGDB_RECORD_FROM_WIRE_H

#include <stdbool.h>

#include "proto/buf.h"
#include "proto/capture/udp_read.h"

enum {
    FROM_WIRE_SESSIONS_MAX = 64,           /* the last ones of a capture */
    FROM_WIRE_DATAGRAMS_MAX = 4 * 1 << 20, /* of all sessions: 100 bytes of memory for each */
};

struct from_wire;

/* What wire_exchanges finds, in order. Each returns 0 or an error, which ends it. */
struct wire_events {
    void *context;
    /* A packet with its framing, of a request or of its replies. */
    int (*packet)(void *context, bool request, const struct buf *bytes);
    /* This request was sent; its reply is missing or not certain. */
    int (*doubtful)(void *context, const struct buf *request);
    /* Requests may be missing here. */
    int (*gap)(void *context);
};

struct from_wire *from_wire_new(void); /* NULL: memory is short */
void from_wire_free(struct from_wire *w);

/* Takes the next datagram of the capture, which must stay in memory; one that is not debugnet's is
 * ignored. Returns 0, NETGDB_NOMEM or NETGDB_TOO_LONG. */
int from_wire_add(struct from_wire *w, const struct udp_datagram *d);

unsigned from_wire_sessions(const struct from_wire *w);

/* Passes on the exchanges of session `n`, from 0. Returns 0 or an error. */
int from_wire_exchanges(struct from_wire *w, unsigned n, const struct wire_events *events);

#endif
