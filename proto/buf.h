/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growable byte buffer with a limit. An append that does not fit leaves the contents unchanged
 * and sets a sticky `error`, so that a series of appends needs only one check at its end.
 */
#ifndef NETGDB_PROTO_BUF_H
#define NETGDB_PROTO_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data; /* owned; NULL until the first append */
    size_t len;    /* bytes in use */
    size_t cap;    /* bytes that fit without reallocation */
    size_t max;    /* limit for len, in bytes */
    int error;     /* first error since the last buf_reset; 0: none */
};

/* Initializes an empty buffer of at most `max` bytes without allocating. */
void buf_init(struct buf *b, size_t max);

/* Releases the memory; the buffer is then as after buf_init. */
void buf_free(struct buf *b);

/* Empties the buffer and clears its error; keeps the memory. */
void buf_reset(struct buf *b);

/*
 * Append bytes, a byte, a text without its NUL, or formatted text. Return 0, or the buffer's error
 * with the contents unchanged: NETGDB_TOO_LONG, NETGDB_NOMEM, or NETGDB_PROTO if the format is
 * invalid.
 */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_addc(struct buf *b, uint8_t byte);
int buf_adds(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends two lower-case hexadecimal digits for each byte, as RSP encodes memory and registers.
 * Returns as buf_add does. */
int buf_addhex(struct buf *b, const void *data, size_t len);

/* Replace the contents and clear the error first. Return as buf_add does. */
int buf_set(struct buf *b, const void *data, size_t len);
int buf_sets(struct buf *b, const char *text);

/* Sets the length; new bytes are zero. Returns as buf_add does. */
int buf_resize(struct buf *b, size_t len);

/* Removes the first `n` bytes; n <= len. */
void buf_drop(struct buf *b, size_t n);

/* Return whether the contents equal this text, or begin with it. */
bool buf_is(const struct buf *b, const char *text);
bool buf_starts(const struct buf *b, const char *prefix);

#endif
