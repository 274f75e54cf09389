/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The injected world: a clock, two sides to talk to, and a wait. Whoever must wait calls it, so
 * that the same code runs over sockets and in the simulated world with its virtual clock.
 *
 * An assembly has two sides. IO_TARGET is where the stub or kernel is; IO_CLIENT is whom we
 * serve: GDB, or (in a node) the debugger's server. A side is datagrams or a stream of bytes.
 */
#ifndef NETGDB_PROTO_IO_H
#define NETGDB_PROTO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/addr.h"

#define IO_MS UINT64_C(1000000) /* times are nanoseconds */
#define IO_SECOND UINT64_C(1000000000)
#define IO_NEVER UINT64_MAX /* a deadline that does not come */

enum io_side { IO_TARGET, IO_CLIENT };

/* Why a wait ended: bits. None of them: the deadline has passed. */
enum {
    IO_ON_TARGET = 1 << IO_TARGET, /* something to receive (or the end of it) on that side */
    IO_ON_CLIENT = 1 << IO_CLIENT,
    IO_ON_WAKE = 4,   /* another thread asked for attention: see session/ */
    IO_ON_SIGNAL = 8, /* a signal came while waiting */
    IO_ON_ALARM = 16, /* the io's alarm is due; also beside another reason */
};

/* One datagram, or a run of bytes of a stream. */
struct io_msg {
    uint8_t *data;
    size_t len;
    uint64_t arrived; /* of a datagram received: when, by now(); 0: not known */
};

struct io;

struct io_ops {
    /* Monotonic time in ns. */
    uint64_t (*now)(struct io *io);

    /*
     * Sends all `n` messages in order, without blocking on a datagram side (a datagram that the
     * system does not take is a lost datagram). A stream side takes every byte or fails.
     * Returns 0, NETGDB_CLOSED or NETGDB_IO. The memory stays the caller's.
     */
    int (*send)(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);

    /*
     * Takes at most `n` messages that have arrived; never blocks. Fills msgs[] with memory owned
     * by the io and valid until its next recv on that side. Returns how many, 0 when there is
     * nothing now, NETGDB_CLOSED at the end of a stream, NETGDB_IO or NETGDB_NOMEM.
     */
    int (*recv)(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n);

    /*
     * Blocks until one of `reasons` (IO_ON_… bits) holds or `deadline` (by now()) has passed.
     * Returns the reasons that hold, 0 for the deadline.
     */
    unsigned (*wait)(struct io *io, uint64_t deadline, unsigned reasons);
};

/* What an io may have besides: see io_send_later and io_drop_later. */
struct io_later {
    int (*send)(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);
    void (*drop)(struct io *io, enum io_side side);
};

struct io {
    const struct io_ops *ops;
    const struct io_later *later; /* NULL: nothing is sent later than at once */

    /* While a reply to the client is outstanding: see io_keepalive. */
    uint64_t keepalive_next; /* IO_NEVER: off */

    /* When waits that ask for IO_ON_ALARM end, by now(); IO_NEVER, the default: never. */
    uint64_t alarm;
};

/* Sets the operations and the defaults. */
void io_init(struct io *io, const struct io_ops *ops);

uint64_t io_now(struct io *io);
int io_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);

/*
 * Sends what the other end can do without for a moment: it goes out within 5 ms of waits.
 * io_drop_later takes back what has not gone out, because something else that is sent says the
 * same.
 */
int io_send_later(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);
void io_drop_later(struct io *io, enum io_side side);

int io_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n);

/*
 * While on, io_wait sends the client a lone '+' once a second, so that GDB, which in no-ack mode
 * starts its timer anew for every byte that it skips before '$', waits as long as the target
 * needs (gdb/remote.c, getpkt). Turn it off before the reply goes out.
 */
void io_keepalive(struct io *io, bool on);

/* As the operation; keeps the client alive meanwhile. */
unsigned io_wait(struct io *io, uint64_t deadline, unsigned reasons);

#endif
