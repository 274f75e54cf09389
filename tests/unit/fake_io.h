/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An io in memory with a clock of its own, for unit tests: what arrives is written down before,
 * or by a hook that hears what is sent; what was sent can be read afterwards. No test waits.
 */
#ifndef NETGDB_TESTS_FAKE_IO_H
#define NETGDB_TESTS_FAKE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/io.h"

enum { FAKE_ITEMS = 512 };

struct fake_item {
    uint64_t at; /* when it arrives, or was sent */
    uint8_t *data;
    size_t len;
    bool eof; /* the end of the stream, from then on */
    bool read;
};

struct fake_side {
    struct fake_item in[FAKE_ITEMS], out[FAKE_ITEMS];
    unsigned n_in, n_out;
    struct buf sent; /* all of out[], one after the other */
    int error;       /* not 0: what a send returns */
};

struct fake_io {
    struct io io; /* first */
    uint64_t now;
    struct fake_side side[2];
    uint64_t wake_at; /* IO_ON_WAKE from then on; IO_NEVER: not */
    uint64_t waited;  /* calls of wait that had to sleep */

    /* Hears each message that is sent; may push. */
    void (*on_send)(struct fake_io *f, enum io_side side, const uint8_t *data, size_t len);
    void *context;
};

void fake_io_init(struct fake_io *f);
void fake_io_free(struct fake_io *f);

/* One message or run of bytes arrives `delay` ns from now. */
void fake_push(struct fake_io *f, enum io_side side, uint64_t delay, const void *data, size_t len);
void fake_text(struct fake_io *f, enum io_side side, uint64_t delay, const char *text);
void fake_eof(struct fake_io *f, enum io_side side, uint64_t delay);

/* `$text#cs` arrives. */
void fake_packet(struct fake_io *f, enum io_side side, uint64_t delay, const char *text);

/* What was pushed and not yet received never arrives. */
void fake_forget(struct fake_io *f, enum io_side side);

/* Forgets what was sent. */
void fake_clear(struct fake_io *f, enum io_side side);

/* Fails the test unless exactly this was sent since the last clear; then clears. */
void fake_assert_sent(struct fake_io *f, enum io_side side, const char *text);

#endif
