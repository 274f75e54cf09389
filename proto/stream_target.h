/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target that is a stub on the byte stream of IO_TARGET: gdbserver, QEMU, OpenOCD, by TCP, a
 * unix socket or a pipe. It owns the acks towards the stub.
 */
#ifndef NETGDB_PROTO_STREAM_TARGET_H
#define NETGDB_PROTO_STREAM_TARGET_H

#include "proto/io.h"
#include "proto/log.h"
#include "proto/target.h"

/*
 * A target on the io's IO_TARGET side; the io and the log (NULL: silent) must outlive it and stay
 * the caller's. NULL when there is no memory.
 *
 * - Ack mode, until a reply to qSupported that passes through offers no-ack mode: then it is
 *   chosen at once, without the client's doing. The offer itself is passed on as it is.
 * - In ack mode a packet with a wrong checksum is asked for again, and a request that the stub
 *   wants again is sent again; without acks the checksum is not looked at, as GDB does it.
 * - Notifications are dropped, and non-stop mode, which needs them, is not offered.
 * - A reply of more than TARGET_REPLY_MAX bytes, or one that never ends, is NETGDB_TOO_LONG, and
 *   so is everything after it: what follows cannot be told from the rest of it.
 * - The stub's PacketSize is the longest request; before it is known, REQUEST_MAX (requests.h).
 * - Between two requests everything that comes is dropped.
 */
struct target *stream_target_new(struct io *io, const struct log *log);

/* From now on Ctrl-C is NETGDB_UNSUPPORTED: behind the stream is what cannot be interrupted. */
void stream_target_no_interrupt(struct target *t);

/*
 * From now on a stub that has never sent a byte is mentioned 3 s after the first request, and
 * NETGDB_LOST 30 s after it, as GDB gives up on one, too. For a stub that was connected to for
 * somebody who waits: not for a command, which may ask for a password first, and not for one that
 * answers when its target stops.
 */
void stream_target_give_up(struct target *t);

#endif
