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

#include "io/capture.h"
#include "io/os.h"
#include "io/tap.h"
#include "io/timestamp.h"
#include "io/txq.h"
#include "proto/check.h"
#include "proto/err.h"
#include "proto/link/wire.h"

/* Bytes for the longest datagram, and one more that detects a longer one. */
enum { SLOT = WIRE_DATAGRAM_MAX + 1 };

/* recv gives up after so many batches of dropped datagrams, so that a flood cannot hold it. */
enum { EMPTY_BATCHES_MAX = 16 };

/* If the system is out of memory, a stream retries so many times, waiting so long in between. */
enum { NOMEM_RETRIES = 100, NOMEM_WAIT_MS = 10 };

bool transfer_is_datagrams(const struct io_fds_side *side)
{
    return side->kind == IO_FDS_DATAGRAMS || side->kind == IO_FDS_PEER;
}

static bool is_disconnected(int error)
{
    return error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ETIMEDOUT ||
           error == EHOSTUNREACH || error == ENETUNREACH; /* from a TCP keep-alive, tcp(7) */
}

/* Whether the system is temporarily out of memory. */
static bool is_out_of_memory(int error)
{
    return error == ENOMEM || error == ENOBUFS;
}

/* Sends datagrams. One that cannot be sent, for whatever reason, counts as lost. */
static void send_datagrams(struct io_fds_side *side, const struct io_msg *msgs, unsigned n)
{
    struct mmsghdr batch[IO_FDS_BATCH] = {0};
    struct iovec parts[IO_FDS_BATCH];
    if (!CHECK(n <= IO_FDS_BATCH))
        return;
    for (unsigned i = 0; i < n; i++) {
        parts[i] = (struct iovec){msgs[i].data, msgs[i].len};
        batch[i].msg_hdr.msg_iov = &parts[i];
        batch[i].msg_hdr.msg_iovlen = 1;
        if (side->kind == IO_FDS_PEER) {
            batch[i].msg_hdr.msg_name = &side->peer;
            batch[i].msg_hdr.msg_namelen = sizeof side->peer;
        }
    }
    uint64_t time = capture_on() ? capture_time(0) : 0;
    unsigned sent = 0;
    /* Retry once: the error may be an ICMP error for an earlier datagram. */
    bool again = true;
    while (sent < n) {
        int rc = (int)sendmmsg(side->out, batch + sent, n - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (rc > 0) {
            tap_sent(side, msgs + sent, (unsigned)rc, time, NULL);
            sent += (unsigned)rc;
            again = true;
            continue;
        }
        side->icmp_errors += errno == ECONNREFUSED || errno == EHOSTUNREACH || errno == ENETUNREACH;
        if (!again)
            tap_sent(side, msgs + sent++, 1, time, "rejected by the system: not sent");
        again = !again;
    }
}

/* Calls write() without raising SIGPIPE: pipes have no MSG_NOSIGNAL. */
static ssize_t write_without_sigpipe(int fd, const void *data, size_t len)
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

/* Whether a descriptor is ready for `events`; if not, errno says why. */
static bool is_fd_ready(int fd, short events)
{
    struct pollfd p = {fd, events, 0};
    int n = poll(&p, 1, 0);
    if (n == 0)
        errno = EAGAIN;
    return n > 0;
}

/* Sends as many bytes as possible without blocking. Returns how many, or -1 with errno. */
static ssize_t send_some(struct io_fds_side *side, const uint8_t *data, size_t len)
{
    if (side->kind == IO_FDS_STREAM_SOCKET)
        return send(side->out, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (!is_fd_ready(side->out, POLLOUT))
        return -1;
    /* A writable pipe accepts PIPE_BUF bytes at once, even in blocking mode: pipe(7). */
    return write_without_sigpipe(side->out, data, len < PIPE_BUF ? len : PIPE_BUF);
}

static void await_reader(struct io_fds_side *side, struct io_fds_side *other)
{
    struct pollfd p = {side->out, POLLOUT, 0};
    if (other != NULL)
        txq_flush_all(other);
    (void)poll(&p, 1, -1);
}

static int send_stream(struct io_fds_side *side, const uint8_t *data, size_t len,
                       struct io_fds_side *other)
{
    int tries = NOMEM_RETRIES;
    while (len > 0) {
        ssize_t n = send_some(side, data, len);
        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            await_reader(side, other);
        } else if (is_out_of_memory(errno) && tries-- > 0) {
            (void)poll(NULL, 0, NOMEM_WAIT_MS);
        } else if (errno != EINTR) {
            return is_disconnected(errno) ? NETGDB_CLOSED : NETGDB_IO;
        }
    }
    return 0;
}

int transfer_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n,
                  struct io_fds_side *other)
{
    int rc = 0;
    CHECK(side->kind == IO_FDS_NONE || side->out >= 0);
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
            rc = send_stream(side, msgs[i].data, msgs[i].len, other);
        break;
    }
    return rc;
}

/* Whether this is the ack of a HERALD, whose seqno is 1. A late ack of a previous session cannot be
 * mistaken for it, because no session ends at so low a seqno. */
static bool is_herald_ack(const uint8_t *data, size_t len)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(1, ack);
    return len == sizeof ack && memcmp(data, ack, sizeof ack) == 0;
}

/*
 * Whether a datagram is the peer's. The ack of the HERALD fixes the port; a datagram before that
 * ack, or from another port, belongs to another session.
 */
static bool is_from_peer(struct io_fds_side *side, const struct sockaddr_in *from,
                         const uint8_t *data, size_t len)
{
    bool host = from->sin_family == AF_INET && from->sin_addr.s_addr == side->peer.sin_addr.s_addr;
    if (host && !side->port_fixed && is_herald_ack(data, len)) {
        side->peer.sin_port = from->sin_port;
        side->port_fixed = true;
    }
    if (host && side->port_fixed && from->sin_port == side->peer.sin_port)
        return true;
    side->unexpected_peer++;
    return false;
}

/* Returns why a datagram is dropped; NULL: it is not. */
static const char *why_dropped(struct io_fds_side *side, const struct io_msg *msg,
                               const struct sockaddr_in *from)
{
    if (msg->len > WIRE_DATAGRAM_MAX) {
        side->too_long++;
        return "dropped: too long";
    }
    if (side->kind == IO_FDS_PEER && !is_from_peer(side, from, msg->data, msg->len))
        return "dropped: of another session or host";
    return NULL;
}

/* Stores in msgs the datagrams that are the peer's and not too long. Returns how many. */
static unsigned filter_batch(struct io_fds_side *side, struct mmsghdr *batch,
                             const struct sockaddr_in *from, unsigned got, struct io_msg *msgs)
{
    unsigned kept = 0;
    uint64_t offset = side->timestamps ? timestamp_offset() : 0;
    for (unsigned i = 0; i < got; i++) {
        size_t len = (size_t)batch[i].msg_len;
        uint8_t *data = side->memory + (size_t)i * SLOT;
        struct io_msg msg = {.data = data, .len = len};
        if (side->timestamps)
            timestamp_read(&batch[i].msg_hdr, offset, &msg);
        const char *dropped = why_dropped(side, &msg, &from[i]);
        tap_received(side, &msg, &from[i], dropped);
        if (dropped == NULL)
            msgs[kept++] = msg;
    }
    return kept;
}

/* Calls recvmmsg() once. Returns its result; *kept of the datagrams were accepted into msgs. */
static int recv_batch(struct io_fds_side *side, struct io_msg *msgs, unsigned n, unsigned *kept)
{
    struct mmsghdr batch[IO_FDS_BATCH];
    struct iovec parts[IO_FDS_BATCH];
    struct sockaddr_in from[IO_FDS_BATCH];
    union os_control control[IO_FDS_BATCH];
    bool stamped = side->timestamps;
    tap_flush(side);
    for (unsigned i = 0; i < n; i++) {
        parts[i] = (struct iovec){side->memory + (size_t)i * SLOT, SLOT};
        batch[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                           .msg_namelen = sizeof from[i],
                                           .msg_iov = &parts[i],
                                           .msg_iovlen = 1,
                                           .msg_control = stamped ? &control[i] : NULL,
                                           .msg_controllen = stamped ? sizeof control[i] : 0};
    }
    int got = (int)recvmmsg(side->in, batch, n, MSG_DONTWAIT, NULL);
    *kept = got > 0 ? filter_batch(side, batch, from, (unsigned)got, msgs) : 0;
    CHECK(got <= (int)n && *kept <= n);
    side->batches += got > 0;
    side->datagrams += got > 0 ? (unsigned)got : 0;
    return got;
}

/* Whether receiving may be retried after this error: an ICMP error for a datagram that we sent
 * (udp(7)), a signal, or a temporary lack of memory. */
static bool is_transient(struct io_fds_side *side, int error)
{
    bool icmp = error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
                error == EHOSTDOWN || error == EPROTO || error == EMSGSIZE;
    side->icmp_errors += icmp;
    return icmp || error == EINTR || is_out_of_memory(error);
}

static int recv_datagrams(struct io_fds_side *side, struct io_msg *msgs, unsigned n)
{
    unsigned kept = 0;
    CHECK(side->in >= 0 && side->memory != NULL);
    n = n < IO_FDS_BATCH ? n : IO_FDS_BATCH;
    for (int turn = 0; turn < EMPTY_BATCHES_MAX; turn++) {
        int got = recv_batch(side, msgs, n, &kept);
        side->rx_empty = got < (int)n;
        if (kept > 0 || got == 0)
            return (int)kept;
        if (got > 0 || is_transient(side, errno))
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
    if (!is_fd_ready(side->in, POLLIN))
        return -1;
    return read(side->in, memory, IO_FDS_STREAM_BYTES);
}

static int recv_stream(struct io_fds_side *side, struct io_msg *msg)
{
    ssize_t n;
    do {
        n = recv_some(side);
    } while (n < 0 && errno == EINTR);
    side->rx_empty = false;
    if (n > 0) {
        *msg = (struct io_msg){.data = side->memory, .len = (size_t)n};
        side->rx_empty = n < IO_FDS_STREAM_BYTES;
        return 1;
    }
    if (n == 0 || is_disconnected(errno) || errno == EIO) /* EIO: the terminal hung up */
        return NETGDB_CLOSED;
    side->rx_empty = errno == EAGAIN || errno == EWOULDBLOCK;
    if (!side->rx_empty && !is_out_of_memory(errno))
        return NETGDB_IO;
    if (!side->rx_empty)
        (void)poll(NULL, 0, NOMEM_WAIT_MS); /* the data stays in the socket */
    return 0;
}

/* ---- receive memory ---- */

static size_t memory_size(const struct io_fds_side *side)
{
    return transfer_is_datagrams(side) ? (size_t)IO_FDS_BATCH * SLOT : (size_t)IO_FDS_STREAM_BYTES;
}

/*
 * Maps the receive memory if necessary. mmap() instead of malloc(): only pages that datagrams have
 * touched use memory, and releasing it does not fragment the heap of a process with many sessions.
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
