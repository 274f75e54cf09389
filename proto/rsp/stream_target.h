/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target for a stub on the byte stream of IO_TARGET: gdbserver, QEMU or OpenOCD, over TCP, a
 * unix socket or a pipe. It handles the acknowledgments between us and the stub.
 */
#ifndef NETGDB_PROTO_STREAM_TARGET_H
#define NETGDB_PROTO_STREAM_TARGET_H

#include "proto/io.h"
#include "proto/log.h"
#include "proto/target.h"

/*
 * Returns a target on the io's IO_TARGET side, or NULL if memory runs out. The caller keeps `io`
 * and `log` (NULL: no log), which must outlive the target.
 *
 * - It starts in ack mode. When the reply to a client's qSupported offers no-ack mode, it selects
 *   that mode immediately; the offer reaches the client unchanged.
 * - In ack mode it answers a wrong checksum with '-', and retransmits its request after a '-', up
 *   to 16 times per request. In no-ack mode it ignores checksums, as GDB does.
 * - It drops notifications and removes the offer of non-stop mode, which needs them.
 * - A reply longer than TARGET_REPLY_MAX, or an endless one, is NETGDB_TOO_LONG. The error is
 *   permanent, because the end of that reply cannot be found.
 * - The longest request is the stub's PacketSize; until it is known, REQUEST_MAX (requests.h).
 * - It drops everything received between two requests.
 */
struct target *stream_target_new(struct io *io, const struct log *log);

/* Makes target_interrupt return NETGDB_UNSUPPORTED, for a stub whose target cannot be interrupted.
 */
void stream_target_no_interrupt(struct target *t);

/*
 * Limits the wait for the stub's first byte: a warning 3 s after the first request, and NETGDB_LOST
 * 30 s after it; GDB gives up as well. Use it if a client waits for the connection, but not for a
 * command, which may ask for a password first, nor for a stub that answers only once its target
 * stops.
 */
void stream_target_give_up(struct target *t);

#endif
