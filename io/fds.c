/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clock, waits and ownership of descriptors; sending and receiving are in transfer.c. */
#include "io/fds.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/capture.h"
#include "io/clock.h"
#include "io/os.h"
#include "io/tap.h"
#include "io/timestamp.h"
#include "io/transfer.h"
#include "io/txq.h"
#include "proto/check.h"
#include "proto/err.h"

#define SPIN (100 * UINT64_C(1000)) /* ns before a deadline in which fds_wait polls */

static struct io_fds *fds_of(struct io *io)
{
    return (struct io_fds *)io;
}

uint64_t io_fds_now(void)
{
    struct timespec t;
    clock_read(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * IO_SECOND + (uint64_t)t.tv_nsec;
}

int io_fds_poll(struct pollfd *fds, unsigned n, uint64_t deadline, const sigset_t *mask)
{
    uint64_t now = io_fds_now(), ns = deadline > now ? deadline - now : 0;
    const struct timespec limit = {(time_t)(ns / IO_SECOND), (long)(ns % IO_SECOND)};
    return ppoll(fds, n, deadline == IO_NEVER ? NULL : &limit, mask);
}

int io_fds_timeout(uint64_t deadline)
{
    uint64_t now = io_fds_now();
    if (deadline == IO_NEVER)
        return -1;
    uint64_t wait = deadline <= now ? 0 : (deadline - now) / IO_MS + 1;
    return wait < INT_MAX ? (int)wait : INT_MAX;
}

static uint64_t fds_now(struct io *io)
{
    (void)io;
    return io_fds_now();
}

static int fds_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct io_fds *f = fds_of(io);
    struct io_fds_side *s = &f->side[side];
    if (side == IO_TARGET) /* the link has handled what it received */
        tap_flush(s);
    if (f->io.later != NULL && transfer_is_datagrams(s))
        return txq_send(s, msgs, n, false);
    return transfer_send(s, msgs, n, &f->side[side == IO_TARGET ? IO_CLIENT : IO_TARGET]);
}

static int fds_send_later(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    return txq_send(&fds_of(io)->side[side], msgs, n, true);
}

static void fds_drop_later(struct io *io, enum io_side side)
{
    txq_drop_later(&fds_of(io)->side[side]);
}

static int fds_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n)
{
    struct io_fds *f = fds_of(io);
    struct io_fds_side *s = &f->side[side];
    if (f->io.later != NULL && s->rx_empty)
        return 0;
    return transfer_recv(s, msgs, n);
}

static void fds_note(struct io *io, enum io_side side, const struct io_msg *msg, const char *text)
{
    tap_note(&fds_of(io)->side[side], msg, text);
}

/* Polls once for the reasons, for at most `limit` (NULL: forever). Returns the reasons that hold; 0
 * also if a signal interrupted it. */
static unsigned poll_once(struct io_fds *f, unsigned reasons, const struct timespec *limit)
{
    struct pollfd p[3] = {
        {(reasons & IO_ON_TARGET) != 0 ? f->side[IO_TARGET].in : -1, POLLIN, 0},
        {(reasons & IO_ON_CLIENT) != 0 ? f->side[IO_CLIENT].in : -1, POLLIN, 0},
        {(reasons & IO_ON_WAKE) != 0 ? f->wake_fd : -1, POLLIN, 0},
    };
    int n = ppoll(p, 3, limit, NULL);
    bool unknown = n < 0 || (reasons & (IO_ON_TARGET | IO_ON_CLIENT)) == 0;
    for (int i = 0; i < 2; i++) {
        if (unknown || p[i].fd >= 0)
            f->side[i].rx_empty = !unknown && p[i].revents == 0;
    }
    if (n < 0)
        return 0;
    return (p[0].revents != 0 ? (unsigned)IO_ON_TARGET : 0) |
           (p[1].revents != 0 ? (unsigned)IO_ON_CLIENT : 0) |
           (p[2].revents != 0 ? (unsigned)IO_ON_WAKE : 0);
}

/* Sends the datagrams that are due. Returns the earlier of `deadline` and the next due time. */
static uint64_t flush_before_sleep(struct io_fds *f, uint64_t deadline)
{
    for (int i = 0; i < 2; i++) {
        uint64_t due = txq_flush_due(&f->side[i]);
        tap_flush(&f->side[i]);
        deadline = due < deadline ? due : deadline;
    }
    capture_flush();
    return deadline;
}

/*
 * Sleeps until a reason holds or the deadline has passed. A sleep may end late and delay a request
 * whose deadline this is, so the last SPIN ns are spent polling.
 */
static unsigned fds_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    struct io_fds *f = fds_of(io);
    uint64_t until = flush_before_sleep(f, deadline);
    f->io.note = capture_on() ? fds_note : NULL;
    for (;;) {
        struct timespec left = {0, 0}, *limit = NULL;
        if (until != IO_NEVER) {
            uint64_t end = fds_now(io) + SPIN, ns = until > end ? until - end : 0;
            left.tv_sec = (time_t)(ns / IO_SECOND);
            left.tv_nsec = (long)(ns % IO_SECOND);
            limit = &left;
        }
        unsigned why = poll_once(f, reasons, limit);
        f->sleeps++;
        if (why != 0)
            return why;
        until = flush_before_sleep(f, deadline);
        if (deadline != IO_NEVER && fds_now(io) >= deadline)
            return 0;
    }
}

static const struct io_ops ops = {fds_now, fds_send, fds_recv, fds_wait};
static const struct io_later later = {fds_send_later, fds_drop_later};

int io_fds_init(struct io_fds *f)
{
    *f = (struct io_fds){.wake_fd = -1};
    atomic_init(&f->woken, false);
    io_init(&f->io, &ops);
    f->io.note = capture_on() ? fds_note : NULL;
    for (int i = 0; i < 2; i++)
        f->side[i].in = f->side[i].out = -1;
    f->wake_fd = os_wake_open();
    return f->wake_fd < 0 ? NETGDB_IO : 0;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Replaces a side's descriptors, closing the old ones unless they are also the new ones. */
static void replace(struct io_fds_side *side, enum io_fds_kind kind, int in, int out)
{
    txq_flush_all(side);
    tap_free(side);
    if (side->in != in && side->in != out)
        close_fd(side->in);
    if (side->out != in && side->out != out && side->out != side->in)
        close_fd(side->out);
    transfer_free(side);
    txq_free(side);
    *side = (struct io_fds_side){.kind = kind, .in = in, .out = out};
    if (in >= 0)
        (void)fcntl(in, F_SETFD, FD_CLOEXEC);
    if (out >= 0 && out != in)
        (void)fcntl(out, F_SETFD, FD_CLOEXEC);
}

void io_fds_close(struct io_fds *f)
{
    for (int i = 0; i < 2; i++)
        replace(&f->side[i], IO_FDS_NONE, -1, -1);
    capture_flush();
    close_fd(f->wake_fd);
    f->wake_fd = -1;
}

void io_fds_set_datagrams(struct io_fds *f, enum io_side side, int fd)
{
    replace(&f->side[side], IO_FDS_DATAGRAMS, fd, fd);
}

void io_fds_set_stream(struct io_fds *f, enum io_side side, int in, int out)
{
    int type;
    socklen_t len = sizeof type;
    CHECK((in < 0) == (out < 0)); /* both, or none */
    bool socket = in == out && getsockopt(in, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    replace(&f->side[side], socket ? IO_FDS_STREAM_SOCKET : IO_FDS_PIPES, in, out);
}

void io_fds_stamp(struct io_fds *f)
{
    CHECK(transfer_is_datagrams(&f->side[IO_TARGET]));
    timestamp_enable(&f->side[IO_TARGET]);
}

void io_fds_set_peer(struct io_fds *f, enum io_side side, int fd, const struct sockaddr_in *peer)
{
    CHECK(fd >= 0 && peer->sin_family == AF_INET);
    replace(&f->side[side], IO_FDS_PEER, fd, fd);
    f->side[side].peer = *peer;
}

void io_fds_batch_sends(struct io_fds *f)
{
    f->io.later = &later;
}

int io_fds_release(struct io_fds *f, enum io_side side)
{
    int fd = f->side[side].in;
    CHECK((f->side[side].kind == IO_FDS_NONE) == (fd < 0));
    txq_flush_all(&f->side[side]);
    f->side[side].in = f->side[side].out == fd ? (f->side[side].out = -1) : -1;
    replace(&f->side[side], IO_FDS_NONE, -1, -1);
    return fd;
}

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "io_fds_wake is called in signal handlers");

void io_fds_wake(struct io_fds *f)
{
    atomic_store(&f->woken, true);
    os_wake(f->wake_fd);
}

void io_fds_clear_wake(struct io_fds *f)
{
    atomic_store(&f->woken, false);
    os_wake_clear(f->wake_fd);
}
