/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sends and receives through the descriptors of one side of an io_fds; used by fds.c and txq.c. */
#ifndef NETGDB_IO_TRANSFER_H
#define NETGDB_IO_TRANSFER_H

#include "io/fds.h"

/* Returns whether the side is a datagram socket. */
bool transfer_is_datagrams(const struct io_fds_side *side);

/*
 * Implement send and recv of proto/io.h. On an unset side, send discards the messages and recv
 * returns 0. Received messages are valid until the next transfer_recv or transfer_free. Before send
 * waits for the reader of a stream, it sends the datagrams that are queued on the `other` side
 * (NULL: none), whose peer may wait for them.
 */
int transfer_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n,
                  struct io_fds_side *other);
int transfer_recv(struct io_fds_side *side, struct io_msg *msgs, unsigned n);

/* Releases the receive memory. */
void transfer_free(struct io_fds_side *side);

#endif
