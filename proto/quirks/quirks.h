/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator for a FreeBSD kernel's stub, and only for that: it works around the stub's bugs,
 * splits requests that are too long for it, and blocks requests that would harm the kernel. Facts
 * from sys/gdb/gdb_main.c, sys/gdb/gdb_packet.c and sys/ARCH/include/gdb_machdep.h, 13.0 to 15.0.
 *
 * Only requests of a short list (quirks.c) reach the kernel. Each fits in the next target's
 * max_request and in the kernel's buffer. None contains a byte that the kernel could misinterpret,
 * now or in a late duplicate: 0x03 ends a session, 0xff is discarded, '+' is an ack, '$' and '#'
 * are framing. Every other request gets an empty reply here, as it would from the stub.
 *
 *   qSupported    sent once, without GDB's features; the reply offers only safe features
 *   m             split into reads of at most 2048 bytes: a longer one overflows a static buffer
 *                 at the first or last page, it is an error: the kernel would fault (64 bits)
 *   M, X          converted to one or more M, with checked lengths: if the length is wrong, the
 *                 stub answers OK and writes nothing. A breakpoint in the stub's own code is
 *                 refused
 *   P, G          sizes checked, G converted to P: a wrong size corrupts registers and gets an OK
 *                 each P is read back: the stub answers OK, too, if it does not write the register
 *   g, p, P, G    t3 to t6 of riscv64's current thread, for which the stub takes other registers:
 *                 they are unavailable, and a write is an error
 *   s, S          an error on riscv, whose stub cannot step and would resume the machine
 *   Z2, Z3, Z4    empty reply once the stub has shown that it has no watchpoints
 *   qXfer:threads, qfThreadInfo, qsThreadInfo
 *                 answered from a copy, fetched once for each stop: the stub can send its list
 *                 only once
 *   qSearch       patterns that the stub would corrupt are searched for by reading
 *   D, k          the same as `leave`; R and similar requests do nothing
 *
 * A reply that this stub cannot send (File-I/O, file names) is the error NETGDB_FOREIGN.
 *
 * `leave` returns the kernel to db>, at the pc and on the thread where it stopped. D passes the
 * trap of the last stop to ddb, which ignores a single step and on some machines advances the pc
 * past a breakpoint (quirks_leave.c). If this cannot be corrected, D is not sent, and the reply is
 * an error with the reason: "E.text".
 */
#ifndef NETGDB_PROTO_QUIRKS_H
#define NETGDB_PROTO_QUIRKS_H

#include "proto/log.h"
#include "proto/stop.h"
#include "proto/target.h"

/* Callbacks into the session. Each may be NULL; the contexts must outlive the decorator. */
struct quirks_options {
    /* Returns the record of how the kernel stopped last, which the session keeps so that another
     * process can detach. Called for each request, because a kernel that reboots into a new session
     * has a new record. */
    struct stop *(*stop)(void *context);
    /* on: the next resume is expected to stop at once, so the usual limit of silence applies to it.
     * off: a resume may run without a limit again. */
    void (*hurry)(void *context, bool on);
    void *context;

    /* Stores the name of the function at a run-time address in name[size], with a NUL. Returns
     * false if it is unknown. */
    bool (*function)(void *context, uint64_t address, char *name, size_t size);
    void *function_context;

    const struct log *log;
};

/*
 * Creates the decorator and takes ownership of `next`. `options` are copied; NULL: all are zero.
 * Returns NULL if memory is short; `next` then still belongs to the caller.
 */
struct target *quirks_new(struct target *next, const struct quirks_options *options);

/*
 * Takes over a kernel from a previous client: queries how it stopped if that is unknown, selects
 * the thread that stopped, restores a pc that was moved for a detach, and removes the previous
 * client's breakpoints. Sends nothing to a kernel
 * that had no client. The target must be stopped, without an outstanding request. Returns 0 or the
 * target's error.
 */
int quirks_attach(struct target *t);

/*
 * Prepares the kernel for its next client: receives an outstanding reply and selects the thread
 * that stopped. Does nothing if the kernel runs, was detached, or has failed; that is not an error.
 * Returns 0 or the target's error.
 */
int quirks_hand_off(struct target *t);

#endif
