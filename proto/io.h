/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The I/O interface: a clock, two sides to send to and receive from, and a wait. Code in proto/
 * does all I/O through it, so that it runs over sockets as well as in a simulation with a virtual
 * clock.
 *
 * IO_TARGET is the side of the stub or kernel. IO_CLIENT is the side of the client: GDB, or for a
 * node the debugger's server. Each side carries datagrams or a byte stream.
 */
#ifndef NETGDB_PROTO_IO_H
#define NETGDB_PROTO_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/addr.h"

#define IO_MS UINT64_C(1000000) /* all times are in nanoseconds */
#define IO_SECOND UINT64_C(1000000000)
#define IO_NEVER UINT64_MAX /* as a deadline: none */

enum io_side { IO_TARGET, IO_CLIENT };

/* Bits: the reasons for the end of a wait. 0: the deadline has passed. */
enum {
    IO_ON_TARGET = 1 << IO_TARGET, /* data, or the end of the stream, on that side */
    IO_ON_CLIENT = 1 << IO_CLIENT,
    IO_ON_WAKE = 4,  /* another thread, or a signal handler, requested attention */
    IO_ON_ALARM = 8, /* the io's alarm is due; may accompany another reason */
};

/* One datagram, or consecutive bytes of a stream. */
struct io_msg {
    uint8_t *data;
    size_t len;
    uint64_t arrived; /* of a received datagram: its arrival, by now(); 0: unknown */
    const char *note; /* to be sent: an explanation for a capture (io_note), or NULL */
};

struct io;

struct io_ops {
    /* Returns the monotonic time in ns. */
    uint64_t (*now)(struct io *io);

    /*
     * Sends all `n` messages in order. A datagram side never blocks; a datagram that the system
     * rejects is lost. A stream side sends every byte or fails. The caller keeps the memory.
     * Returns 0, NETGDB_CLOSED or NETGDB_IO.
     */
    int (*send)(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);

    /*
     * Receives up to `n` pending messages; never blocks. msgs[] point into memory owned by the io,
     * valid until the next recv on that side. Returns their number, 0 if none is pending,
     * NETGDB_CLOSED at the end of a stream, NETGDB_IO or NETGDB_NOMEM.
     */
    int (*recv)(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n);

    /*
     * Blocks until one of `reasons` (IO_ON_… bits) occurs or `deadline` (by now()) has passed.
     * Returns the reasons that occurred, 0 for the deadline.
     */
    unsigned (*wait)(struct io *io, uint64_t deadline, unsigned reasons);
};

/* Optional operations: see io_send_later and io_drop_later. */
struct io_later {
    int (*send)(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);
    void (*drop)(struct io *io, enum io_side side);
};

struct io {
    const struct io_ops *ops;
    const struct io_later *later; /* NULL: io_send_later sends at once */

    /* Attaches a note to a message of the last recv; NULL: nothing is captured. See io_note. */
    void (*note)(struct io *io, enum io_side side, const struct io_msg *msg, const char *text);

    /* Time of the next keepalive, see io_keepalive; IO_NEVER: off. */
    uint64_t keepalive_next;

    /* When a wait for IO_ON_ALARM ends, by now(); IO_NEVER, the default: no alarm. */
    uint64_t alarm;
};

/* Sets the operations and the defaults. */
void io_init(struct io *io, const struct io_ops *ops);

uint64_t io_now(struct io *io);
int io_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);

/*
 * Queues datagrams that may be delayed, by up to 5 ms of waiting (IO_FDS_LATER). An io without such
 * a queue sends them at once. io_drop_later drops the queued ones, which another datagram makes
 * redundant. Returns as io_send does.
 */
int io_send_later(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n);
void io_drop_later(struct io *io, enum io_side side);

int io_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n);

/*
 * Notes: explanations of single datagrams for the person who reads a capture of the traffic.
 * io_captures returns whether there is one. io_note explains a message of the last recv; a message
 * to be sent carries its own. A longer note than IO_NOTE_MAX is cut off.
 */
enum { IO_NOTE_MAX = 160 }; /* bytes with the NUL */
bool io_captures(const struct io *io);
void io_note(struct io *io, enum io_side side, const struct io_msg *msg, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * While on, io_wait sends '+' to the client once a second, so that GDB waits as long as the target
 * needs: in no-ack mode GDB restarts its timeout for each byte that it skips before '$'
 * (gdb/remote.c, getpkt). Turn it off before sending the reply.
 */
void io_keepalive(struct io *io, bool on);

/* Calls the operation and, meanwhile, sends keepalives. Handles the alarm. */
unsigned io_wait(struct io *io, uint64_t deadline, unsigned reasons);

#endif
