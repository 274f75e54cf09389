/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks the form of replies: whether a reply can belong to a request, by the forms that FreeBSD's
 * stub uses. A reply that cannot is that of a duplicate of another request. The checks do not show
 * that a reply is correct.
 */
#ifndef NETGDB_PROTO_REPLIES_H
#define NETGDB_PROTO_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/rsp/packets.h"

/*
 * Returns whether `reply` has the form of a reply to `request`, whose entry is `packet`. An empty
 * reply always has.
 */
bool reply_is_plausible(const struct packet *packet, const uint8_t *request, size_t len,
                        const struct buf *reply);

/*
 * Returns whether the reply shows that the executed request changed nothing: it is neither OK nor a
 * stop. (The stop that answers '?' counts as a stop.)
 */
bool reply_is_of_read(const struct buf *reply);

/*
 * Returns whether FreeBSD's stub can send this reply to any request: digits, letters and some
 * punctuation, or a piece of an object ('m' or 'l', then any bytes). Source: sys/gdb/gdb_main.c.
 */
bool reply_is_freebsds(const struct buf *reply);

#endif
