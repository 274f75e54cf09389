/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's side of debugnet's datagrams: messages cut into DATA and sent until they are
 * acked, DATA of the server taken once each and acked. What they hold is debugnet_client's.
 */
#ifndef NETGDB_PROTO_DEBUGNET_TRANSPORT_H
#define NETGDB_PROTO_DEBUGNET_TRANSPORT_H

#include "proto/debugnet_client.h"
#include "proto/requests.h"
#include "proto/target.h"
#include "proto/wire.h"

enum {
    /* DATA of the longest message: a reply of the largest size in the smallest pieces. */
    DEBUGNET_CHUNKS = TARGET_REPLY_MAX / WIRE_DATA_MIN + 2,
    /* DATA on their way at a time. A kernel's longest message is one burst within it; a node's
     * longer ones are not to overrun the receiver's socket. */
    DEBUGNET_WINDOW = 32,
};

struct debugnet_transport {
    struct io *io;
    const struct log *log;
    struct debugnet_options options;
    struct requests requests; /* what came in */
    bool finished;            /* the server sent FINISHED */

    /* A request shows that what we sent before it has arrived: the server asks only when it has
     * its answer. Its acks may then come later. */
    bool request_proves;

    /* Sending: DATA `base` … `base + chunks - 1` are one message. */
    uint32_t base;
    unsigned chunks, sent, unacked; /* of them: sent so far; the first that is not acked */
    bool acked[DEBUGNET_CHUNKS];
    uint8_t burst[DEBUGNET_WINDOW][WIRE_HEADER + WIRE_DATA_ETHERNET];

    /* Receiving. */
    uint32_t last;        /* highest seqno taken */
    uint64_t have, total; /* bytes of the message being received, and of all of it */

    unsigned long copies, dropped; /* DATA taken before; datagrams that do not fit */
};

void debugnet_transport_init(struct debugnet_transport *t, struct io *io,
                             const struct debugnet_options *options, const struct log *log);
void debugnet_transport_free(struct debugnet_transport *t);

/*
 * Sends a message, with the next seqnos, and returns 0 when all of it is acked. Meanwhile takes
 * what comes. NETGDB_LOST after options.tries transmissions without any progress;
 * NETGDB_INTERRUPTED when IO_ON_WAKE holds; NETGDB_TOO_LONG; NETGDB_IO.
 */
int debugnet_transport_send(struct debugnet_transport *t, enum wire_type type, const uint8_t *data,
                            size_t len);

/* Takes and acks all that has come, without blocking. Returns 0 or NETGDB_IO. */
int debugnet_transport_take(struct debugnet_transport *t);

#endif
