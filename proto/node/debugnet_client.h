/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server in the role of a panicked FreeBSD kernel (sys/net/debugnet.c, sys/gdb/netgdb.c): on the
 * datagrams of IO_CLIENT it sends a HERALD and the first stop to a debugger's server, then takes
 * requests and sends replies. It does not copy the kernel's bugs: duplicates of a request are
 * dropped by seqno, 0x03 and 0xff are allowed inside packets, a request may consist of several
 * DATA, and no-ack mode works.
 *
 * The owner of the socket must filter as a kernel does: it accepts only the server's address, and
 * the server's first ack fixes the port (io_fds_set_peer).
 *
 * In names and comments "ack" is debugnet's acknowledgment of a datagram; '+' and '-' are RSP's.
 */
#ifndef NETGDB_PROTO_DEBUGNET_CLIENT_H
#define NETGDB_PROTO_DEBUGNET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"
#include "proto/log.h"
#include "proto/rsp/server.h"

/* 13.x acknowledges a DATA twice, on arrival and when it is stored; 14.0 and later once. */
enum debugnet_generation { DEBUGNET_OLD, DEBUGNET_NEW };

struct debugnet_options {
    enum debugnet_generation generation;
    uint64_t retry;  /* ns between two transmissions of a message */
    unsigned tries;  /* transmissions before the session ends */
    size_t data_max; /* data bytes in one DATA: path MTU - 52; clamped to WIRE_DATA_MIN …
                        WIRE_DATA_ETHERNET */
    uint64_t poll;   /* ns between polls for acks while sending, and a pause after each message,
                        as in a kernel; 0: no polling and no pause */
};

/* Sets the behaviour of a 14.0 kernel on Ethernet, but without its pauses. */
void debugnet_options_default(struct debugnet_options *options);

/*
 * Returns a server on the io's IO_CLIENT side, or NULL if memory runs out. The caller keeps `io`
 * and `log` (NULL: no log), which must outlive the server; `options` are copied.
 *
 * `next` and `reply` return NETGDB_LOST if a message was not acknowledged in time; a kernel would
 * be back in ddb by then. `next` and `poll` return NETGDB_CLOSED after the server's FINISHED. The
 * reply to qSupported gets the additional features QStartNoAckMode+ and netgdb-node+.
 */
struct server *debugnet_client_new(struct io *io, const struct debugnet_options *options,
                                   const struct log *log);

/*
 * Sends the HERALD and then the stop reply `stop` (content, without framing). Returns 0 once both
 * are acknowledged, NETGDB_LOST if one was not, NETGDB_INTERRUPTED if IO_ON_WAKE ended the wait,
 * NETGDB_TOO_LONG, NETGDB_NOMEM or NETGDB_IO.
 */
int debugnet_client_open(struct server *server, const uint8_t *stop, size_t len);

/*
 * Call it after the reply to D. Waits for the '+' to it, then acknowledges duplicates for 100 ms,
 * so that the server's side ends cleanly. Does nothing in no-ack mode.
 */
void debugnet_client_finish(struct server *server);

/*
 * Call it when the target has closed its connection. Sends FINISHED until it is acknowledged or
 * `tries` are used up. A kernel never does this; a server that knows the peer as a node ends its
 * wait.
 */
void debugnet_client_close(struct server *server);

#endif
