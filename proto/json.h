/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings in JSON (RFC 8259). */
#ifndef NETGDB_PROTO_JSON_H
#define NETGDB_PROTO_JSON_H

#include "proto/buf.h"

enum { JSON_CHARACTER_MAX = 6 }; /* bytes for one of the text */

/*
 * Appends a quoted string. Quotation marks, backslashes, and bytes that are control characters or
 * not ASCII are escaped as \u00NN, so that the output is valid whatever the text is. Returns 0 or
 * the buffer's error.
 */
int json_add_text(struct buf *b, const char *text);

#endif
