/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Common code of every io: calls of its operations, the keepalive to GDB, the alarm. */
#include "proto/io.h"

#include <stdarg.h>
#include <stdio.h>

void io_init(struct io *io, const struct io_ops *ops)
{
    io->ops = ops;
    io->later = NULL;
    io->note = NULL;
    io->keepalive_next = IO_NEVER;
    io->alarm = IO_NEVER;
}

uint64_t io_now(struct io *io)
{
    return io->ops->now(io);
}

int io_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    return io->ops->send(io, side, msgs, n);
}

int io_send_later(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    return (io->later != NULL ? io->later->send : io->ops->send)(io, side, msgs, n);
}

void io_drop_later(struct io *io, enum io_side side)
{
    if (io->later != NULL)
        io->later->drop(io, side);
}

int io_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n)
{
    return io->ops->recv(io, side, msgs, n);
}

bool io_captures(const struct io *io)
{
    return io->note != NULL;
}

void io_note(struct io *io, enum io_side side, const struct io_msg *msg, const char *format, ...)
{
    char text[IO_NOTE_MAX];
    va_list args;
    if (!io_captures(io))
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    io->note(io, side, msg, text);
}

void io_keepalive(struct io *io, bool on)
{
    io->keepalive_next = on ? io_now(io) + IO_SECOND : IO_NEVER;
}

static void send_keepalive(struct io *io)
{
    static uint8_t plus[] = "+";
    const struct io_msg msg = {.data = plus, .len = 1};

    /* Ignore errors: the reader notices a client that has left. */
    (void)io_send(io, IO_CLIENT, &msg, 1);
    io->keepalive_next = io_now(io) + IO_SECOND;
}

unsigned io_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    uint64_t alarm = (reasons & IO_ON_ALARM) != 0 ? io->alarm : IO_NEVER;
    uint64_t end = deadline < alarm ? deadline : alarm;
    for (;;) {
        /* Before the wait too: a target that sends all the time would end each wait at once. */
        if (io->keepalive_next != IO_NEVER && io_now(io) >= io->keepalive_next)
            send_keepalive(io);
        uint64_t until = end < io->keepalive_next ? end : io->keepalive_next;
        unsigned why = io->ops->wait(io, until, reasons & ~(unsigned)IO_ON_ALARM);
        if (alarm != IO_NEVER && io_now(io) >= alarm)
            why |= IO_ON_ALARM;
        if (why != 0 || until == end)
            return why;
    }
}
