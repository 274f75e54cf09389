/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Serves a debugger's server on the datagrams of IO_CLIENT as a panicked FreeBSD kernel does
 * (sys/net/debugnet.c, sys/gdb/netgdb.c): HERALD, the first stop, then requests and replies. It
 * plays the kernel's role, not its bugs: copies of a request are dropped by their seqno, 0x03 and
 * 0xff inside packets pass, a request may take several DATA, no-ack mode works.
 *
 * Whoever owns the sockets keeps the kernel's rules of addresses: only the server's address
 * counts, and its first ack fixes the port (io_fds_set_peer does that).
 */
#ifndef NETGDB_PROTO_DEBUGNET_CLIENT_H
#define NETGDB_PROTO_DEBUGNET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"
#include "proto/log.h"
#include "proto/server.h"

/* 13.x acks a DATA twice, before it looks at it and when it is stored; 14.0 and later once. */
enum debugnet_generation { DEBUGNET_OLD, DEBUGNET_NEW };

struct debugnet_options {
    enum debugnet_generation generation;
    uint64_t retry;  /* ns between two transmissions of the same message */
    unsigned tries;  /* transmissions before the session is given up */
    size_t data_max; /* data in one DATA: path MTU - 52; brought into WIRE_DATA_MIN … ETHERNET */
    uint64_t poll;   /* ns: a send looks for acks only so often, and sleeps once more at its
                        end, as a kernel does; 0: at once */
};

/* What a kernel of the newer generation does on Ethernet, but without its sleeps. */
void debugnet_options_default(struct debugnet_options *options);

/*
 * A server on the io's IO_CLIENT side; the io and the log (NULL: silent) must outlive it and stay
 * the caller's. NULL when there is no memory.
 *
 * Its `next` and `reply` return NETGDB_LOST when a message was not acked in time: the kernel then
 * is back in ddb without a word. FINISHED from the server is NETGDB_CLOSED. The reply to
 * qSupported gets the entries QStartNoAckMode+ and netgdb-node+.
 */
struct server *debugnet_client_new(struct io *io, const struct debugnet_options *options,
                                   const struct log *log);

/*
 * Announces the kernel and sends the stop reply `stop` (content, without framing). Returns 0 when
 * both were acked; NETGDB_LOST when nobody acked the HERALD or the stop; NETGDB_INTERRUPTED when
 * IO_ON_WAKE holds; NETGDB_TOO_LONG or NETGDB_IO.
 */
int debugnet_client_open(struct server *server, const uint8_t *stop, size_t len);

/*
 * After the reply to D: waits for the '+' to it and answers late copies for a moment, so that
 * the server's side ends in order. Nothing to do in no-ack mode.
 */
void debugnet_client_finish(struct server *server);

/*
 * The target has closed its connection: FINISHED, sent until the server has acked it or the tries
 * are over. A kernel never does this; a server that knows us for a node waits no longer.
 */
void debugnet_client_close(struct server *server);

#endif
