/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The io of proto/io.h over real descriptors: ppoll, recvmmsg, the monotonic clock. Each side is
 * nothing, a datagram socket or a stream of bytes. Not thread-safe but for io_fds_wake.
 */
#ifndef NETGDB_IO_FDS_H
#define NETGDB_IO_FDS_H

#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"

/* So long io_send_later waits; for less than a tick the system would have to set a timer. */
#define IO_FDS_LATER (5 * IO_MS)

enum {
    IO_FDS_BATCH = 16,               /* datagrams taken or sent by one system call */
    IO_FDS_STREAM_BYTES = 16 * 1024, /* bytes of a stream taken by one system call */
};

enum io_fds_kind { IO_FDS_NONE, IO_FDS_DATAGRAMS, IO_FDS_PEER, IO_FDS_STREAM_SOCKET, IO_FDS_PIPES };

struct io_fds_side {
    enum io_fds_kind kind;
    int in, out;               /* owned; the same one for a socket; -1 for none */
    uint8_t *memory;           /* for the messages of the last recv; mapped when first used */
    bool drained;              /* nothing was left at the last look */
    struct io_fds_held *held;  /* datagrams that wait to be sent; allocated by the first send */
    struct sockaddr_in peer;   /* IO_FDS_PEER */
    bool port_fixed;           /* its port is that of its first ack */
    unsigned long icmp_errors; /* a datagram was refused on the way; it counts as lost */
    unsigned long foreign;     /* datagrams from another address or port: dropped */
    unsigned long too_long;    /* datagrams over WIRE_DATAGRAM_MAX: dropped */
    bool stamps;               /* the system tells when each arrived: io_fds_stamp */
    unsigned long datagrams;   /* received */
    unsigned long batches;     /* system calls that they took */
};

struct io_fds {
    struct io io; /* first: an io_fds is an io */
    struct io_fds_side side[2];
    int wake_fd;
    atomic_int woken;     /* 0 or 1, as wake_fd, for a look that is no system call */
    unsigned long sleeps; /* times that it slept and was woken */
    const sigset_t *wait_mask;
};

/* Both sides nothing. Returns 0, or NETGDB_IO. */
int io_fds_init(struct io_fds *f);

/* The clock of every io_fds: monotonic time in ns. */
uint64_t io_fds_now(void);

/* Closes every descriptor that it holds and releases the memory. */
void io_fds_close(struct io_fds *f);

/*
 * Set a side. The descriptors are owned from here on and made close-on-exec; what the side had
 * before is closed. A datagram socket is connected, and errors that ICMP reports on it are
 * counted and otherwise taken as loss. A stream is one socket (in == out) or a pair of pipes or
 * terminals; no descriptor's blocking mode is changed or relied on.
 */
void io_fds_set_datagrams(struct io_fds *f, enum io_side side, int fd);
void io_fds_set_stream(struct io_fds *f, enum io_side side, int in, int out);

/*
 * From now on each datagram of the target's side has its time of arrival, where the system gives
 * it. This ends when the side is set or taken.
 */
void io_fds_stamp(struct io_fds *f);

/*
 * A datagram socket that is not connected, as a kernel's netgdb has it (sys/net/debugnet.c): what
 * does not come from the peer's address is dropped, and ours goes to the peer's port until the ack
 * of the HERALD (seqno 1) comes: from then on to the port that it came from. Unlike a kernel, which
 * takes any ack for that one and hears every port, it drops what comes before it and what comes
 * from another port later: the last words of the session before, and the probes of a server that
 * looks for it. Setting the side again, also with the descriptor that it has, starts over.
 */
void io_fds_set_peer(struct io_fds *f, enum io_side side, int fd, const struct sockaddr_in *peer);

/*
 * Fewer system calls, for an owner that always waits before it expects anything to have changed,
 * and soon after sending: datagrams are held back until the next wait (or until there is no room
 * for more), so that one call takes all that one turn sends; and a recv behind one that left
 * nothing gives nothing without asking, until a wait has found something there, or has looked at
 * neither side.
 */
void io_fds_save_calls(struct io_fds *f);

/*
 * Makes a side nothing. Its descriptor (`in` of a pair; `out` is closed) is the caller's again.
 * What a wait has said is there should be received before: it may be in our memory already.
 */
int io_fds_take(struct io_fds *f, enum io_side side);

/*
 * Makes every wait that asks for IO_ON_WAKE return with it, from now until io_fds_clear_wake.
 * Async-signal-safe, and safe from any thread while the io_fds lives. Who is woken clears first and
 * looks then for what it was woken for: a wake while it clears may be cleared, too.
 */
void io_fds_wake(struct io_fds *f);
void io_fds_clear_wake(struct io_fds *f);

/*
 * The signal mask in force while a wait that asks for IO_ON_SIGNAL sleeps (NULL, the default:
 * the thread's own). With the signals blocked outside, none is missed between two waits. Not
 * copied.
 */
void io_fds_wait_mask(struct io_fds *f, const sigset_t *mask);

#endif
