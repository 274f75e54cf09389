/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tap of one datagram side of an io_fds: passes what crosses its socket to the capture
 * (capture.h). Received datagrams stay here until the side is used again, so that their reader can
 * add notes. Used by fds.c and transfer.c only. Without a capture the functions do nothing.
 */
#ifndef NETGDB_IO_TAP_H
#define NETGDB_IO_TAP_H

#include "io/fds.h"

/* `n` datagrams were sent, or rejected by the system, at capture_time `time`. */
void tap_sent(struct io_fds_side *side, const struct io_msg *msgs, unsigned n, uint64_t time,
              const char *note);

/* A datagram was received; its bytes stay valid until tap_flush. */
void tap_received(struct io_fds_side *side, const struct io_msg *msg,
                  const struct sockaddr_in *from, const char *note);

/* Adds a note to such a datagram. */
void tap_note(struct io_fds_side *side, const struct io_msg *msg, const char *note);

/* Passes on what was received: before the next recv, and before anything that follows it. */
void tap_flush(struct io_fds_side *side);

/* Passes it on and releases the memory. */
void tap_free(struct io_fds_side *side);

#endif
