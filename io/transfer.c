/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending and receiving; see transfer.h. */
#include "io/transfer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "io/control.h"
#include "proto/err.h"
#include "proto/wire.h"

/* Room for the longest datagram and a byte that shows a longer one. */
enum { SLOT = WIRE_DATAGRAM_MAX + 1 };

/* A flood of what is not ours keeps one call of recv no longer than this many system calls. */
enum { TURNS = 16 };

/* A stream that lacks the system's memory to send waits for it, so often and so long each time. */
enum { SHORT_TRIES = 100, SHORT_MS = 10 };

bool transfer_is_datagrams(const struct io_fds_side *side)
{
    return side->kind == IO_FDS_DATAGRAMS || side->kind == IO_FDS_PEER;
}

static bool is_gone(int error)
{
    return error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ETIMEDOUT ||
           error == EHOSTUNREACH || error == ENETUNREACH; /* tcp(7): its keep-alive */
}

/* Whether the system lacks memory for the moment. */
static bool is_short(int error)
{
    return error == ENOMEM || error == ENOBUFS;
}

/* A datagram that could not be sent is a lost one, whatever the reason. */
static void send_datagrams(struct io_fds_side *side, const struct io_msg *msgs, unsigned n)
{
    struct mmsghdr batch[IO_FDS_BATCH] = {0};
    struct iovec parts[IO_FDS_BATCH];
    for (unsigned i = 0; i < n; i++) {
        parts[i] = (struct iovec){msgs[i].data, msgs[i].len};
        batch[i].msg_hdr.msg_iov = &parts[i];
        batch[i].msg_hdr.msg_iovlen = 1;
        if (side->kind == IO_FDS_PEER) {
            batch[i].msg_hdr.msg_name = &side->peer;
            batch[i].msg_hdr.msg_namelen = sizeof side->peer;
        }
    }
    unsigned sent = 0;
    bool again = true; /* the first failure may be an ICMP error of an earlier datagram */
    while (sent < n) {
        int rc = sendmmsg(side->out, batch + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (rc > 0) {
            sent += (unsigned)rc;
            again = true;
            continue;
        }
        side->icmp_errors += errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH;
        sent += again ? 0 : 1;
        again = !again;
    }
}

/* write() without SIGPIPE: a pipe has no MSG_NOSIGNAL. */
static ssize_t write_quietly(int fd, const void *data, size_t len)
{
    const struct timespec none = {0, 0};
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    ssize_t n = write(fd, data, len);
    int error = errno;
    if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
        (void)sigtimedwait(&pipe_signal, NULL, &none);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return n;
}

/* Whether a pipe is; else errno says why not. */
static bool is_ready(int fd, short events)
{
    struct pollfd p = {fd, events, 0};
    int n = poll(&p, 1, 0);
    if (n == 0)
        errno = EAGAIN;
    return n > 0;
}

/* Sends some bytes, as many as go without blocking. */
static ssize_t send_some(struct io_fds_side *side, const uint8_t *data, size_t len)
{
    if (side->kind == IO_FDS_STREAM_SOCKET)
        return send(side->out, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!is_ready(side->out, POLLOUT))
        return -1;
    /* So many bytes a writable pipe takes at once, also one in blocking mode: pipe(7). */
    return write_quietly(side->out, data, len < PIPE_BUF ? len : PIPE_BUF);
}

static int send_stream(struct io_fds_side *side, const uint8_t *data, size_t len)
{
    int tries = SHORT_TRIES;
    while (len > 0) {
        ssize_t n = send_some(side, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd p = {side->out, POLLOUT, 0};
            (void)poll(&p, 1, -1);
        } else if (is_short(errno) && tries-- > 0) {
            (void)poll(NULL, 0, SHORT_MS);
        } else if (errno != EINTR) {
            return is_gone(errno) ? NETGDB_CLOSED : NETGDB_IO;
        }
    }
    return 0;
}

int transfer_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n)
{
    int rc = 0;
    switch (side->kind) {
    case IO_FDS_NONE:
        break;
    case IO_FDS_DATAGRAMS:
    case IO_FDS_PEER:
        for (unsigned i = 0; i < n; i += IO_FDS_BATCH)
            send_datagrams(side, msgs + i, n - i < IO_FDS_BATCH ? n - i : IO_FDS_BATCH);
        break;
    case IO_FDS_STREAM_SOCKET:
    case IO_FDS_PIPES:
        for (unsigned i = 0; rc == 0 && i < n; i++)
            rc = send_stream(side, msgs[i].data, msgs[i].len);
        break;
    }
    return rc;
}

/* Whether this is the ack of a HERALD, whose seqno is 1: no session ends so early that a late ack
 * of another one could look like it. */
static bool acks_herald(const uint8_t *data, size_t len)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(1, ack);
    return len == sizeof ack && memcmp(data, ack, sizeof ack) == 0;
}

/*
 * Whether a datagram is the peer's. The ack of the HERALD fixes the port; what comes before it or
 * from another port belongs to another session.
 */
static bool is_from_peer(struct io_fds_side *side, const struct sockaddr_in *from,
                         const uint8_t *data, size_t len)
{
    bool host = from->sin_family == AF_INET && from->sin_addr.s_addr == side->peer.sin_addr.s_addr;
    if (host && !side->port_fixed && acks_herald(data, len)) {
        side->peer.sin_port = from->sin_port;
        side->port_fixed = true;
    }
    if (host && side->port_fixed && from->sin_port == side->peer.sin_port)
        return true;
    side->foreign++;
    return false;
}

/* Takes the datagrams that the system filled in, leaving out what is not ours. */
static unsigned sort_out(struct io_fds_side *side, struct mmsghdr *batch,
                         const struct sockaddr_in *from, unsigned got, struct io_msg *msgs)
{
    unsigned kept = 0;
    uint64_t offset = side->stamps ? control_offset() : 0;
    for (unsigned i = 0; i < got; i++) {
        size_t len = batch[i].msg_len;
        uint8_t *data = side->memory + (size_t)i * SLOT;
        struct io_msg msg = {.data = data, .len = len};
        if (side->stamps)
            control_read(&batch[i].msg_hdr, offset, &msg);
        if (len > WIRE_DATAGRAM_MAX)
            side->too_long++;
        else if (side->kind != IO_FDS_PEER || is_from_peer(side, &from[i], data, len))
            msgs[kept++] = msg;
    }
    return kept;
}

/* One recvmmsg. Returns how many datagrams the system gave, 0 for none; *kept of them are in
 * msgs. */
static int recv_batch(struct io_fds_side *side, struct io_msg *msgs, unsigned n, unsigned *kept)
{
    struct mmsghdr batch[IO_FDS_BATCH];
    struct iovec parts[IO_FDS_BATCH];
    struct sockaddr_in from[IO_FDS_BATCH];
    union control control[IO_FDS_BATCH];
    bool told = side->stamps;
    for (unsigned i = 0; i < n; i++) {
        parts[i] = (struct iovec){side->memory + (size_t)i * SLOT, SLOT};
        batch[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                           .msg_namelen = sizeof from[i],
                                           .msg_iov = &parts[i],
                                           .msg_iovlen = 1,
                                           .msg_control = told ? &control[i] : NULL,
                                           .msg_controllen = told ? sizeof control[i] : 0};
    }
    int got = recvmmsg(side->in, batch, n, MSG_DONTWAIT, NULL);
    *kept = got > 0 ? sort_out(side, batch, from, (unsigned)got, msgs) : 0;
    side->batches += got > 0;
    side->datagrams += got > 0 ? (unsigned)got : 0;
    return got;
}

/* Whether receiving may go on after this error of a datagram socket: ICMP told of a datagram of
 * ours (udp(7)), a signal came, or the system lacks memory for the moment. */
static bool is_passing(struct io_fds_side *side, int error)
{
    bool icmp = error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
                error == EHOSTDOWN || error == EPROTO || error == EMSGSIZE;
    side->icmp_errors += icmp;
    return icmp || error == EINTR || is_short(error);
}

static int recv_datagrams(struct io_fds_side *side, struct io_msg *msgs, unsigned n)
{
    unsigned kept = 0;
    n = n < IO_FDS_BATCH ? n : IO_FDS_BATCH;
    for (int turn = 0; turn < TURNS; turn++) {
        int got = recv_batch(side, msgs, n, &kept);
        side->drained = got < (int)n;
        if (kept > 0 || got == 0)
            return (int)kept;
        if (got > 0 || is_passing(side, errno))
            continue;
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : NETGDB_IO;
    }
    return 0;
}

static ssize_t recv_some(struct io_fds_side *side)
{
    uint8_t *memory = side->memory;
    if (side->kind == IO_FDS_STREAM_SOCKET)
        return recv(side->in, memory, IO_FDS_STREAM_BYTES, MSG_DONTWAIT);
    if (!is_ready(side->in, POLLIN))
        return -1;
    return read(side->in, memory, IO_FDS_STREAM_BYTES);
}

static int recv_stream(struct io_fds_side *side, struct io_msg *msg)
{
    ssize_t n;
    do {
        n = recv_some(side);
    } while (n < 0 && errno == EINTR);
    side->drained = false;
    if (n > 0) {
        *msg = (struct io_msg){.data = side->memory, .len = (size_t)n};
        side->drained = n < IO_FDS_STREAM_BYTES;
        return 1;
    }
    if (n == 0 || is_gone(errno) || errno == EIO) /* EIO: a terminal was hung up */
        return NETGDB_CLOSED;
    side->drained = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!side->drained && !is_short(errno))
        return NETGDB_IO;
    if (!side->drained)
        (void)poll(NULL, 0, SHORT_MS); /* what is there stays there */
    return 0;
}

/* ---- what is received, and its memory ---- */

static size_t memory_size(const struct io_fds_side *side)
{
    return transfer_is_datagrams(side) ? (size_t)IO_FDS_BATCH * SLOT : (size_t)IO_FDS_STREAM_BYTES;
}

/*
 * The memory for the next receive. It is the system's and not the heap's: of room for so many long
 * datagrams only the pages that some have touched are there, and when it goes no hole is left that
 * would make a process with many sessions grow.
 */
static bool has_memory(struct io_fds_side *side)
{
    if (side->memory != NULL)
        return true;
    void *mapped =
        mmap(NULL, memory_size(side), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED)
        side->memory = mapped;
    return side->memory != NULL;
}

int transfer_recv(struct io_fds_side *side, struct io_msg *msgs, unsigned n)
{
    if (side->kind == IO_FDS_NONE || n == 0)
        return 0;
    if (!has_memory(side))
        return NETGDB_NOMEM;
    return transfer_is_datagrams(side) ? recv_datagrams(side, msgs, n) : recv_stream(side, msgs);
}

void transfer_free(struct io_fds_side *side)
{
    if (side->memory != NULL)
        (void)munmap(side->memory, memory_size(side));
    side->memory = NULL;
}
