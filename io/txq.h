/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transmit queue of one side of an io_fds: it collects datagrams so that one system call sends
 * them. Has two queues: datagrams for the next wait, and `later` ones that may be delayed up to
 * IO_FDS_LATER. Used by fds.c and transfer.c only.
 */
#ifndef NETGDB_IO_TXQ_H
#define NETGDB_IO_TXQ_H

#include "io/fds.h"

/*
 * Queues datagrams, in the later queue if `later`. A full queue is sent before the next datagram
 * is added. Datagrams over WIRE_DATAGRAM_MAX are dropped. If the side is not a datagram socket, or
 * memory is short, sends at once. Returns as transfer_send does.
 */
int txq_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n, bool later);

/* Sends both queues, the later one first: its datagrams are older. */
void txq_flush_all(struct io_fds_side *side);

/*
 * Sends whatever is due before the caller sleeps: everything, unless only later datagrams are
 * queued and IO_FDS_LATER has not passed since the first of them. Returns the time (monotonic ns)
 * at which the remaining ones are due, or IO_NEVER if none remain.
 */
uint64_t txq_flush_due(struct io_fds_side *side);

/* Discards the later queue. */
void txq_drop_later(struct io_fds_side *side);

/* Discards both queues and releases their memory. */
void txq_free(struct io_fds_side *side);

#endif
