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
 *                 nothing. A breakpoint in a function that the stub itself runs is not written
 *   P, G          sizes checked, G as P's: a wrong size corrupts registers and is answered OK
 *   Z2, Z3, Z4    empty once the stub has said that it has no watchpoints
 *   qXfer:threads, qfThreadInfo, qsThreadInfo
 *                 from a copy, fetched once a stop: the stub reads its list out only once
 *   qSearch       patterns that the stub would mangle are searched for here
 *   other replies must be what the stub can send: no File-I/O, no names of files; NETGDB_FOREIGN
 *   D, k          as `leave`; R and the like do nothing
 *
 * `leave` leaves the kernel at db>, where it stopped and on the thread that stopped: D passes the
 * trap of the last stop to ddb, which ignores a single step, and on some machines moves past a
 * breakpoint (quirks_leave.c). When that cannot be had D is not sent, and the reply is an error
 * whose text says why: "E.text".
 */
#ifndef NETGDB_PROTO_QUIRKS_H
#define NETGDB_PROTO_QUIRKS_H

#include "proto/log.h"
#include "proto/stop.h"
#include "proto/target.h"

/* The session around it. Functions may be NULL; their contexts must outlive the decorator. */
struct quirks_options {
    /* Where it is kept how the kernel stopped last, for whoever leaves it. Asked anew for each
     * request: a kernel that came back in another session has another one. */
    struct stop *(*stop)(void *context);
    /* A resume that is sent now is expected to stop at once: its silence ends, as any other. */
    void (*hurry)(void *context, bool on);
    void *context;

    /* The name of the function at an address in memory, with its NUL in name[size]. False when
     * there is no telling. */
    bool (*function)(void *context, uint64_t address, char *name, size_t size);
    void *function_context;

    const struct log *log;
};

/* Owns `next`. `options` are copied; NULL: none. NULL when memory is short; `next` is then still
 * the caller's. */
struct target *quirks_new(struct target *next, const struct quirks_options *options);

/*
 * Begins with a kernel whose session others had before: asks how it stopped where nobody knows,
 * takes out breakpoints of theirs, and chooses the thread that stopped. Sends nothing to one that
 * nobody had. For a target that is stopped and has no request outstanding. Returns 0 or the
 * target's error.
 */
int quirks_begin(struct target *t);

/* Before the kernel goes to another client, or waits for one: chooses the thread that stopped.
 * Sends nothing while the kernel runs, or when it has been left. Returns as above. */
int quirks_park(struct target *t);

#endif
