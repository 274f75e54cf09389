/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An io in memory with its own clock, for unit tests. Input is queued in advance, or by a hook that
 * is called for each message sent; output can be read afterwards. No test waits in real time.
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
    uint64_t at; /* time of arrival or of sending */
    uint8_t *data;
    size_t len;
    bool eof; /* the stream ends here */
    bool read;
};

struct fake_side {
    struct fake_item in[FAKE_ITEMS], out[FAKE_ITEMS];
    unsigned n_in, n_out;
    struct buf sent; /* all of out[], concatenated */
    int error;       /* not 0: result of every send */
};

struct fake_io {
    struct io io; /* first */
    uint64_t now;
    struct fake_side side[2];
    uint64_t wake_at; /* IO_ON_WAKE from this time on; IO_NEVER: never */
    uint64_t waited;  /* calls of wait that had to sleep */

    /* Called for each message sent; may push input. */
    void (*on_send)(struct fake_io *f, enum io_side side, const uint8_t *data, size_t len);
    void *context;
};

void fake_io_init(struct fake_io *f);
void fake_io_free(struct fake_io *f);

/* Queues one message, or bytes of a stream, that arrives `delay` ns from now. */
void fake_push(struct fake_io *f, enum io_side side, uint64_t delay, const void *data, size_t len);
void fake_text(struct fake_io *f, enum io_side side, uint64_t delay, const char *text);
void fake_eof(struct fake_io *f, enum io_side side, uint64_t delay);

/* Queues `$text#cs`. */
void fake_packet(struct fake_io *f, enum io_side side, uint64_t delay, const char *text);

/* Drops the queued input. */
void fake_forget(struct fake_io *f, enum io_side side);

/* Clears the recorded output. */
void fake_clear(struct fake_io *f, enum io_side side);

/* Fails the test unless exactly this was sent since the last clear; then clears the output. */
void fake_assert_sent(struct fake_io *f, enum io_side side, const char *text);

#endif
