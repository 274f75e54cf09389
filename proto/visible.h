/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Bytes of others on their way to a terminal or a log. What a terminal would obey is made visible:
 * control bytes (ASCII, and C1 as UTF-8 has them), and bytes that are no UTF-8.
 */
#ifndef NETGDB_PROTO_VISIBLE_H
#define NETGDB_PROTO_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum { VISIBLE_MAX = 4 }; /* characters that a byte may become: \xNN */

/* Whether a byte is a printable ASCII character. */
bool visible_ascii(uint8_t byte);

/*
 * The text of some bytes, with a NUL, in out[size]: printable ASCII as it is, every other byte as
 * \xNN. Cut at a whole byte when it does not fit. Returns the bytes that it stands for.
 */
size_t visible_text(char *out, size_t size, const uint8_t *bytes, size_t len);

/* Appends text that may have several lines: printable UTF-8, \n and \t as they are, and every other
 * byte as \xNN. Returns 0 or the buffer's error. */
int visible_add(struct buf *out, const uint8_t *bytes, size_t len);

/* Puts a '?' in place of each control byte of a line, and of each byte that is no UTF-8. */
void visible_line(char *line);

#endif
