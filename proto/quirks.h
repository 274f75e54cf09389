/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator in front of a FreeBSD kernel's stub, and of no other: it mends what that stub
 * answers wrongly, cuts what must not be long, and keeps from it what would harm it. Facts from
 * sys/gdb/gdb_main.c, sys/gdb/gdb_packet.c and sys/ARCH/include/gdb_machdep.h, 13.0 to 15.0.
 *
 * What reaches the kernel comes from a short list (quirks.c), is one request of at most
 * max_request bytes of the target behind and of what the kernel's own buffer holds, and has no
 * byte that the kernel or a stale copy of it could take for something else: 0x03 ends a session,
 * 0xff is swallowed, '+' is an ack, '$' and '#' are framing. All else is answered empty here, as
 * the stub would.
 *
 *   qSupported    asked once, without GDB's own features; the offer is what is safe
 *   m             read in parts of at most 2048 bytes: a longer one overflows a static buffer
 *   M, X          one M or several, each checked: the stub says OK to a wrong length and writes
 *                 nothing
 *   P, G          sizes checked, G as P's: a wrong size corrupts registers and is answered OK
 *   qXfer:threads, qfThreadInfo, qsThreadInfo
 *                 from a copy, fetched once a stop: the stub reads its list out only once
 *   qSearch       patterns that the stub would mangle are searched for here
 *   other replies must be what the stub can send: no File-I/O, no names of files; NETGDB_FOREIGN
 *   D             without a PID; k, R and the like do nothing: a session ends by `leave`
 */
#ifndef NETGDB_PROTO_QUIRKS_H
#define NETGDB_PROTO_QUIRKS_H

#include "proto/target.h"

/* Owns `next`. NULL when memory is short; `next` is then still the caller's. */
struct target *quirks_new(struct target *next);

#endif
