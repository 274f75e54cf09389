/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An io in memory; see fake_io.h. */
#include "tests/unit/fake_io.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "tests/unit/unit.h"

static struct fake_io *of(struct io *io)
{
    return (struct fake_io *)io;
}

static uint64_t fake_now(struct io *io)
{
    return of(io)->now;
}

static int fake_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct fake_io *f = of(io);
    struct fake_side *s = &f->side[side];
    if (s->error != 0)
        return s->error;
    for (unsigned i = 0; i < n; i++) {
        assert_true(s->n_out < FAKE_ITEMS);
        struct fake_item *item = &s->out[s->n_out++];
        *item = (struct fake_item){.at = f->now, .data = malloc(msgs[i].len + 1)};
        assert_non_null(item->data);
        if (msgs[i].len != 0)
            memcpy(item->data, msgs[i].data, msgs[i].len);
        item->len = msgs[i].len;
        assert_int_equal(buf_add(&s->sent, msgs[i].data, msgs[i].len), 0);
        if (f->on_send != NULL)
            f->on_send(f, side, msgs[i].data, msgs[i].len);
    }
    return 0;
}

/* Returns the oldest event that has arrived by `when`. */
static struct fake_item *first(struct fake_side *s, uint64_t when)
{
    struct fake_item *best = NULL;
    for (unsigned i = 0; i < s->n_in; i++) {
        struct fake_item *item = &s->in[i];
        if (!item->read && item->at <= when && (best == NULL || item->at < best->at))
            best = item;
    }
    return best;
}

static int fake_recv(struct io *io, enum io_side side, struct io_msg *msgs, unsigned n)
{
    struct fake_io *f = of(io);
    unsigned got = 0;
    while (got < n) {
        struct fake_item *item = first(&f->side[side], f->now);
        if (item == NULL)
            break;
        if (item->eof)
            return got != 0 ? (int)got : NETGDB_CLOSED;
        item->read = true;
        msgs[got++] = (struct io_msg){.data = item->data, .len = item->len, .arrived = item->at};
    }
    return (int)got;
}

static unsigned ready(struct fake_io *f, uint64_t when, unsigned reasons)
{
    unsigned why = f->wake_at <= when ? (unsigned)IO_ON_WAKE : 0;
    why |= first(&f->side[IO_TARGET], when) != NULL ? (unsigned)IO_ON_TARGET : 0;
    why |= first(&f->side[IO_CLIENT], when) != NULL ? (unsigned)IO_ON_CLIENT : 0;
    return why & reasons;
}

/* Returns the time of the next event that ends a wait for these reasons. */
static uint64_t next_time(struct fake_io *f, unsigned reasons)
{
    uint64_t next = (reasons & IO_ON_WAKE) != 0 ? f->wake_at : IO_NEVER;
    for (unsigned side = 0; side < 2; side++) {
        struct fake_item *item = first(&f->side[side], IO_NEVER - 1);
        if ((reasons & 1u << side) != 0 && item != NULL && item->at < next)
            next = item->at;
    }
    return next;
}

static unsigned fake_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    struct fake_io *f = of(io);
    unsigned why = ready(f, f->now, reasons);
    if (why != 0)
        return why;
    uint64_t next = next_time(f, reasons);
    if (next == IO_NEVER && deadline == IO_NEVER)
        fail_msg("an endless wait");
    f->waited++;
    if (next > deadline) {
        f->now = deadline > f->now ? deadline : f->now;
        return 0;
    }
    f->now = next;
    return ready(f, f->now, reasons);
}

void fake_io_init(struct fake_io *f)
{
    static const struct io_ops ops = {fake_now, fake_send, fake_recv, fake_wait};
    memset(f, 0, sizeof *f);
    io_init(&f->io, &ops);
    f->now = 1000 * IO_SECOND;
    f->wake_at = IO_NEVER;
    for (int i = 0; i < 2; i++)
        buf_init(&f->side[i].sent, 4 * 1024 * 1024);
}

void fake_io_free(struct fake_io *f)
{
    for (enum io_side side = IO_TARGET; side <= IO_CLIENT; side++) {
        fake_clear(f, side);
        buf_free(&f->side[side].sent);
        for (unsigned i = 0; i < f->side[side].n_in; i++)
            free(f->side[side].in[i].data);
    }
}

void fake_push(struct fake_io *f, enum io_side side, uint64_t delay, const void *data, size_t len)
{
    struct fake_side *s = &f->side[side];
    assert_true(s->n_in < FAKE_ITEMS);
    struct fake_item *item = &s->in[s->n_in++];
    *item = (struct fake_item){.at = f->now + delay, .data = malloc(len + 1), .len = len};
    assert_non_null(item->data);
    if (len != 0)
        memcpy(item->data, data, len);
}

void fake_text(struct fake_io *f, enum io_side side, uint64_t delay, const char *text)
{
    fake_push(f, side, delay, text, strlen(text));
}

void fake_eof(struct fake_io *f, enum io_side side, uint64_t delay)
{
    fake_push(f, side, delay, "", 0);
    f->side[side].in[f->side[side].n_in - 1].eof = true;
}

void fake_packet(struct fake_io *f, enum io_side side, uint64_t delay, const char *text)
{
    struct buf frame;
    buf_init(&frame, 1024 * 1024);
    assert_int_equal(rsp_frame(&frame, (const uint8_t *)text, strlen(text)), 0);
    fake_push(f, side, delay, frame.data, frame.len);
    buf_free(&frame);
}

void fake_forget(struct fake_io *f, enum io_side side)
{
    for (unsigned i = 0; i < f->side[side].n_in; i++)
        f->side[side].in[i].read = true;
}

void fake_clear(struct fake_io *f, enum io_side side)
{
    struct fake_side *s = &f->side[side];
    for (unsigned i = 0; i < s->n_out; i++)
        free(s->out[i].data);
    s->n_out = 0;
    buf_reset(&s->sent);
}

void fake_assert_sent(struct fake_io *f, enum io_side side, const char *text)
{
    const struct buf *sent = &f->side[side].sent;
    if (!buf_is(sent, text))
        fail_msg("sent \"%.*s\" instead of \"%s\"", (int)sent->len, (const char *)sent->data, text);
    fake_clear(f, side);
}
