/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * debugnet's datagrams in the kernel's role: divides messages into DATA, which are retransmitted
 * until acknowledged, and accepts each DATA of the server once. debugnet_client interprets them.
 */
#ifndef NETGDB_PROTO_DEBUGNET_TRANSPORT_H
#define NETGDB_PROTO_DEBUGNET_TRANSPORT_H

#include "proto/link/wire.h"
#include "proto/node/debugnet_client.h"
#include "proto/rsp/requests.h"

enum {
    DEBUGNET_CHUNKS = WIRE_MESSAGE_MAX / WIRE_DATA_MIN + 1, /* DATA in the longest message */
    /* DATA in flight. A kernel's longest message fits; the longer ones of a node must not overflow
     * the receiver's socket buffer. */
    DEBUGNET_WINDOW = 32,
};

struct debugnet_transport {
    struct io *io;
    const struct log *log;
    struct debugnet_options options;
    struct requests requests; /* received */
    bool finished;            /* the server sent FINISHED */

    /* A new request acknowledges our reply, because the server sends it only after the reply. The
     * server may then delay or omit its acks. */
    bool request_implies_ack;

    /* Sending: one message is the DATA with seqnos `base` to `base + chunks - 1`. */
    uint32_t base;
    unsigned chunks;
    unsigned sent;    /* chunks transmitted at least once */
    unsigned unacked; /* index of the first chunk not acknowledged */
    bool acked[DEBUGNET_CHUNKS];
    uint8_t burst[DEBUGNET_WINDOW][WIRE_HEADER + WIRE_DATA_ETHERNET];

    /* Receiving. */
    uint32_t last;        /* highest seqno accepted */
    uint64_t have, total; /* bytes received of the current message, and its size */

    unsigned long duplicates; /* DATA received again */
    unsigned long dropped;    /* invalid or unexpected datagrams */
};

/* Initializes; the caller keeps `io` and `log`. debugnet_transport_free frees the buffers. */
void debugnet_transport_init(struct debugnet_transport *t, struct io *io,
                             const struct debugnet_options *options, const struct log *log);
void debugnet_transport_free(struct debugnet_transport *t);

/*
 * Sends the bytes with the next seqnos and returns 0 once all of them are acknowledged; handles
 * received datagrams meanwhile. More than WIRE_MESSAGE_MAX bytes are several messages: RSP is a
 * stream of bytes, and the server drops a longer message. Returns NETGDB_LOST after options.tries
 * transmissions without a new ack, NETGDB_INTERRUPTED if IO_ON_WAKE ended the wait, or NETGDB_IO.
 */
int debugnet_transport_send(struct debugnet_transport *t, enum wire_type type, const uint8_t *data,
                            size_t len);

/* Handles and acknowledges all received datagrams, without blocking. Returns 0 or NETGDB_IO. */
int debugnet_transport_take(struct debugnet_transport *t);

#endif
