/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes untrusted bytes safe for a terminal or a log: replaces control characters (ASCII, and C1
 * encoded in UTF-8) and invalid UTF-8 by visible text.
 */
#ifndef NETGDB_PROTO_VISIBLE_H
#define NETGDB_PROTO_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum { VISIBLE_MAX = 4 }; /* characters for one byte: \xNN */

/* Returns whether a byte is a printable ASCII character. */
bool visible_ascii(uint8_t byte);

/*
 * Writes bytes as text into out[size], with a NUL: printable ASCII unchanged, every other byte as
 * \xNN. Stops before the first byte whose text does not fit. Returns how many of the bytes it
 * wrote.
 */
size_t visible_text(char *out, size_t size, const uint8_t *bytes, size_t len);

/* Appends text of several lines: printable UTF-8, \n and \t unchanged, every other byte as \xNN.
 * Returns 0 or the buffer's error. */
int visible_add(struct buf *out, const uint8_t *bytes, size_t len);

/* Replaces each control byte and each byte of invalid UTF-8 in a line by '?'. */
void visible_line(char *line);

/* The same for every byte that is not printable ASCII. */
void visible_ascii_line(char *line);

#endif
