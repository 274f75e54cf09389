/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Implements the io interface of proto/io.h with descriptors, ppoll() and the monotonic clock. Each
 * side is unset, a datagram socket, or a byte stream. One thread at a time may use an io_fds; only
 * io_fds_wake may be called from any thread.
 */
#ifndef NETGDB_IO_FDS_H
#define NETGDB_IO_FDS_H

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"

/* Longest delay of io_send_later, in ns. A delay below one tick would cost the system a timer. */
#define IO_FDS_LATER (5 * IO_MS)

enum {
    IO_FDS_BATCH = 16,               /* datagrams received or sent by one system call */
    IO_FDS_STREAM_BYTES = 16 * 1024, /* bytes received from a stream by one system call */
};

enum io_fds_kind { IO_FDS_NONE, IO_FDS_DATAGRAMS, IO_FDS_PEER, IO_FDS_STREAM_SOCKET, IO_FDS_PIPES };

struct io_fds_side {
    enum io_fds_kind kind;
    int in, out;                   /* owned; equal for a socket; -1: none */
    uint8_t *memory;               /* messages of the last recv; mapped when first used */
    bool rx_empty;                 /* the last receive or poll left nothing to read */
    struct io_fds_txq *txq;        /* datagrams to be sent; allocated by the first send */
    struct tap *tap;               /* for a capture; allocated by the first datagram */
    struct sockaddr_in peer;       /* IO_FDS_PEER */
    bool port_fixed;               /* the ack of the HERALD has set the peer's port */
    unsigned long icmp_errors;     /* ICMP errors; each counts as a lost datagram */
    unsigned long unexpected_peer; /* datagrams dropped: from another address or port */
    unsigned long too_long;        /* datagrams dropped: over WIRE_DATAGRAM_MAX */
    bool timestamps;               /* the system stamps received datagrams; see io_fds_stamp */
    unsigned long datagrams;       /* received */
    unsigned long batches;         /* system calls that received them */
};

struct io_fds {
    struct io io; /* first: an io_fds is an io */
    struct io_fds_side side[2];
    int wake_fd;
    atomic_int woken;     /* 0 or 1: the state of wake_fd, readable without a system call */
    unsigned long sleeps; /* calls of ppoll() */
};

/* Initializes with both sides unset. Returns 0 or NETGDB_IO. */
int io_fds_init(struct io_fds *f);

/* Returns the time of every io_fds: monotonic, in ns. */
uint64_t io_fds_now(void);

/* ppoll(2) until `deadline`, by io_fds_now; IO_NEVER: no limit. */
int io_fds_poll(struct pollfd *fds, unsigned n, uint64_t deadline, const sigset_t *mask);

/* Returns the milliseconds until `deadline` for poll(2), rounded up; IO_NEVER: -1. */
int io_fds_timeout(uint64_t deadline);

/* Sends queued datagrams, closes all descriptors and releases the memory. */
void io_fds_close(struct io_fds *f);

/*
 * Set a side's descriptors, take ownership of them and make them close-on-exec; the side's previous
 * descriptors are closed. A datagram socket must be connected; an ICMP error on it is counted and
 * treated as loss. A stream is one socket (in == out), or a pair of pipes or terminals. Neither
 * function changes a descriptor's blocking mode or depends on it.
 */
void io_fds_set_datagrams(struct io_fds *f, enum io_side side, int fd);
void io_fds_set_stream(struct io_fds *f, enum io_side side, int in, int out);

/*
 * Enables receive time stamps on the target's side, where the system supports them: io_recv then
 * sets io_msg.arrived. Setting or taking the side disables them again.
 */
void io_fds_stamp(struct io_fds *f);

/*
 * Sets a side to an unconnected datagram socket, in the role of a kernel's netgdb
 * (sys/net/debugnet.c). Datagrams from other hosts are dropped. Datagrams go to the peer's port
 * until the ack of the HERALD (seqno 1) arrives, then to the port which sent that ack. A kernel
 * accepts any ack as that one and receives from every port. This side drops all datagrams before
 * the ack, and later all from other ports: the end of the previous session, and probes of a server
 * that looks for it. Setting the side again, even with the same descriptor, starts over.
 */
void io_fds_set_peer(struct io_fds *f, enum io_side side, int fd, const struct sockaddr_in *peer);

/*
 * Batches sends to save system calls. For an owner that calls io_wait soon after sending, and
 * before it expects new input. Datagrams are queued until the next wait, or until the queue is
 * full. After a recv that emptied the socket, recv returns 0 without a system call until a wait
 * finds input on that side, or polls neither side.
 */
void io_fds_batch_sends(struct io_fds *f);

/*
 * Unsets a side after sending its queued datagrams, and returns its descriptor to the caller, who
 * then owns it. Of a pair, `in` is returned and `out` is closed. Received messages are released.
 */
int io_fds_release(struct io_fds *f, enum io_side side);

/*
 * Makes every wait for IO_ON_WAKE return, from now until io_fds_clear_wake. io_fds_wake is
 * async-signal-safe and may be called from any thread while the io_fds exists. The woken thread
 * must clear the wake first and then check for the cause, because clearing may remove a wake that
 * arrives at the same time.
 */
void io_fds_wake(struct io_fds *f);
void io_fds_clear_wake(struct io_fds *f);

#endif
