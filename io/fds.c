/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clock, waiting and the life of descriptors; what passes through them is in transfer.c. */
#include "io/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/control.h"
#include "io/held.h"
#include "io/transfer.h"
#include "proto/err.h"

static struct io_fds *of(struct io *io)
{
    return (struct io_fds *)io;
}

uint64_t io_fds_now(void)
{
    struct timespec t;
    clock_read(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * IO_SECOND + (uint64_t)t.tv_nsec;
}

static uint64_t fds_now(struct io *io)
{
    (void)io;
    return io_fds_now();
}

static int fds_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct io_fds *f = of(io);
    return f->io.later != NULL ? held_send(&f->side[side], msgs, n, false)
                               : transfer_send(&f->side[side], msgs, n);
}

static int fds_send_later(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    return held_send(&of(io)->side[side], msgs, n, true);
}

static void fds_drop_later(struct io *io, enum io_side side)
{
    held_drop_later(&of(io)->side[side]);
}

static int fds_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n)
{
    struct io_fds *f = of(io);
    struct io_fds_side *s = &f->side[side];
    if (f->io.later != NULL && s->drained && s->ahead.n == 0)
        return 0;
    return transfer_recv(s, msgs, n);
}

/* One look at what the reasons stand for, for at most `limit` (NULL: for ever). Returns those
 * that hold, or IO_ON_SIGNAL when a signal ended it. */
static unsigned look(struct io_fds *f, unsigned reasons, const struct timespec *limit)
{
    struct pollfd p[3] = {
        {(reasons & IO_ON_TARGET) != 0 ? f->side[IO_TARGET].in : -1, POLLIN, 0},
        {(reasons & IO_ON_CLIENT) != 0 ? f->side[IO_CLIENT].in : -1, POLLIN, 0},
        {(reasons & IO_ON_WAKE) != 0 ? f->wake_fd : -1, POLLIN, 0},
    };
    const sigset_t *mask = (reasons & IO_ON_SIGNAL) != 0 ? f->wait_mask : NULL;
    int n = ppoll(p, 3, limit, mask);
    bool blind = n < 0 || (reasons & (IO_ON_TARGET | IO_ON_CLIENT)) == 0;
    for (int i = 0; i < 2; i++) {
        if (blind || p[i].fd >= 0)
            f->side[i].drained = !blind && p[i].revents == 0;
    }
    if (n < 0)
        return IO_ON_SIGNAL;
    return (p[0].revents != 0 ? (unsigned)IO_ON_TARGET : 0) |
           (p[1].revents != 0 ? (unsigned)IO_ON_CLIENT : 0) |
           (p[2].revents != 0 ? (unsigned)IO_ON_WAKE : 0);
}

static void send_urgent(struct io_fds *f)
{
    for (int i = 0; i < 2; i++)
        held_flush(&f->side[i]);
}

/* What has been received ahead, of the sides that are asked for, and a wake beside it. */
static unsigned received(const struct io_fds *f, unsigned reasons)
{
    unsigned why = 0;
    for (int i = 0; i < 2; i++)
        why |= f->side[i].ahead.n != 0 ? 1U << i : 0;
    why &= reasons;
    return why != 0 && atomic_load(&f->woken) ? why | (reasons & IO_ON_WAKE) : why;
}

/*
 * Receives what a look would find; a wake and signals need a real look. The side that was heard
 * last is asked last, and not at all when the other one has something: in a session they take
 * turns, and of two that always have something both are heard.
 */
static unsigned receive_ahead(struct io_fds *f, unsigned reasons)
{
    const struct timespec none = {0, 0};
    bool woken = (reasons & IO_ON_WAKE) != 0 && atomic_load(&f->woken);
    if (woken || (reasons & (IO_ON_TARGET | IO_ON_CLIENT)) == 0 || (reasons & IO_ON_SIGNAL) != 0)
        return look(f, reasons, &none) & reasons;
    int side = !f->heard;
    for (int i = 0; i < 2; i++, side = !side) {
        if ((reasons & 1U << side) != 0 && transfer_ahead(&f->side[side])) {
            f->heard = side;
            return 1U << side;
        }
    }
    return 0;
}

/* Tries without sleeping until `until`, and longer when others want the CPU. */
static unsigned spin(struct io_fds *f, uint64_t until, unsigned reasons)
{
    unsigned why;
    send_urgent(f); /* whoever gets it may have answered when we are back */
    while ((why = receive_ahead(f, reasons)) == 0 && fds_now(&f->io) < until)
        sched_yield(); /* whom we wait for may wait for this CPU */
    return why;
}

/* What goes out before it sleeps. Returns when more has to, or the deadline. */
static uint64_t send_held(struct io_fds *f, uint64_t deadline)
{
    for (int i = 0; i < 2; i++) {
        uint64_t due = held_flush_due(&f->side[i]);
        deadline = due < deadline ? due : deadline;
    }
    return deadline;
}

/* Sleeps until a reason holds or the deadline has passed. */
static unsigned sleep_until(struct io_fds *f, uint64_t deadline, unsigned reasons)
{
    uint64_t until = send_held(f, deadline);
    for (;;) {
        struct timespec left = {0, 0}, *limit = NULL;
        if (until != IO_NEVER) {
            uint64_t now = fds_now(&f->io), ns = until > now ? until - now : 0;
            left.tv_sec = (time_t)(ns / IO_SECOND);
            left.tv_nsec = (long)(ns % IO_SECOND);
            limit = &left;
        }
        unsigned why = look(f, reasons, limit) & reasons;
        f->sleeps++;
        if (why != 0)
            return why;
        until = send_held(f, deadline);
        if (deadline != IO_NEVER && fds_now(&f->io) >= deadline)
            return 0;
    }
}

/* As sleep_until, but awake when the deadline comes: a sleep ends later than it should. */
static unsigned wait_until(struct io_fds *f, uint64_t deadline, unsigned reasons)
{
    if (f->spin_budget == 0 || deadline == IO_NEVER || deadline < f->spin_budget)
        return sleep_until(f, deadline, reasons);
    unsigned why = sleep_until(f, deadline - f->spin_budget, reasons);
    return why != 0 ? why : spin(f, deadline, reasons);
}

static unsigned fds_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    struct io_fds *f = of(io);
    uint64_t start = f->spin_budget != 0 ? fds_now(io) : 0;
    uint64_t *last = &f->last_wait[deadline == IO_NEVER];
    unsigned why = received(f, reasons);
    if (why != 0) {
        send_urgent(f);
        return why;
    }
    if (f->spin_budget != 0 && *last <= f->spin_budget && deadline > start) {
        uint64_t until = start + f->spin_budget;
        why = spin(f, until < deadline ? until : deadline, reasons);
    }
    if (why == 0)
        why = wait_until(f, deadline, reasons);
    if (f->spin_budget != 0 && deadline > start)
        *last = fds_now(io) - start;
    return why;
}

static const struct io_ops ops = {fds_now, fds_send, fds_recv, fds_wait};
static const struct io_later later = {fds_send_later, fds_drop_later};

int io_fds_init(struct io_fds *f, uint64_t spin_budget)
{
    *f = (struct io_fds){.wake_fd = -1, .last_wait = {IO_NEVER, IO_NEVER}};
    atomic_init(&f->woken, false);
    io_init(&f->io, &ops);
    for (int i = 0; i < 2; i++)
        f->side[i].in = f->side[i].out = -1;
    f->spin_budget = spin_budget;
    f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return f->wake_fd < 0 ? NETGDB_IO : 0;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Puts descriptors in the place of a side's; those that are not kept are closed. */
static void replace(struct io_fds_side *side, enum io_fds_kind kind, int in, int out)
{
    held_flush_all(side);
    if (side->in != in && side->in != out)
        close_fd(side->in);
    if (side->out != in && side->out != out && side->out != side->in)
        close_fd(side->out);
    transfer_free(side);
    held_free(side);
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
    bool socket = in == out && getsockopt(in, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    replace(&f->side[side], socket ? IO_FDS_STREAM_SOCKET : IO_FDS_PIPES, in, out);
}

void io_fds_stamp(struct io_fds *f)
{
    control_ask(&f->side[IO_TARGET]);
}

void io_fds_set_peer(struct io_fds *f, enum io_side side, int fd, const struct sockaddr_in *peer)
{
    replace(&f->side[side], IO_FDS_PEER, fd, fd);
    f->side[side].peer = *peer;
}

void io_fds_save_calls(struct io_fds *f)
{
    f->io.later = &later;
}

int io_fds_take(struct io_fds *f, enum io_side side)
{
    int fd = f->side[side].in;
    held_flush_all(&f->side[side]);
    f->side[side].in = f->side[side].out == fd ? (f->side[side].out = -1) : -1;
    replace(&f->side[side], IO_FDS_NONE, -1, -1);
    return fd;
}

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "io_fds_wake is called in signal handlers");

void io_fds_wake(struct io_fds *f)
{
    const uint64_t one = 1;
    int saved = errno;
    atomic_store(&f->woken, true);
    ssize_t n = write(f->wake_fd, &one, sizeof one);
    (void)n; /* full means woken */
    errno = saved;
}

void io_fds_clear_wake(struct io_fds *f)
{
    uint64_t count;
    atomic_store(&f->woken, false);
    ssize_t n = read(f->wake_fd, &count, sizeof count);
    (void)n;
}

void io_fds_wait_mask(struct io_fds *f, const sigset_t *mask)
{
    f->wait_mask = mask;
}
