/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The one growing byte buffer. It never grows past the limit it was made with, and an append
 * that does not fit changes nothing but the sticky `error`, so that a run of appends needs one
 * check at its end.
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
    size_t cap;    /* bytes there is room for */
    size_t max;    /* limit for len, in bytes */
    int error;     /* 0, NETGDB_TOO_LONG or NETGDB_NOMEM since the last buf_reset */
};

/* An empty buffer of at most `max` bytes; allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Releases the memory; the buffer is then as after buf_init. */
void buf_free(struct buf *b);

/* Empties the buffer and clears its error, keeps the memory. */
void buf_reset(struct buf *b);

/* Append. Each returns 0, or the buffer's error and leaves the contents as they were. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_addc(struct buf *b, uint8_t byte);
int buf_adds(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends two lower-case hexadecimal digits a byte, as RSP writes memory and registers. */
int buf_addhex(struct buf *b, const void *data, size_t len);

/* Replaces the contents. Returns as buf_add does. */
int buf_set(struct buf *b, const void *data, size_t len);
int buf_sets(struct buf *b, const char *text);

/* Sets the length; bytes that come new are zero. Returns as buf_add does. */
int buf_resize(struct buf *b, size_t len);

/* Removes the first `n` bytes; n <= len. */
void buf_drop(struct buf *b, size_t n);

/* Whether the contents are exactly this text, and whether they begin with it. */
bool buf_is(const struct buf *b, const char *text);
bool buf_starts(const struct buf *b, const char *prefix);

#endif
