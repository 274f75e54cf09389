/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a reply can be the answer to a request: by its form alone, as a FreeBSD kernel's stub
 * writes it. One that cannot is the reply to a copy of another request. Nothing here says that a
 * reply is right.
 */
#ifndef NETGDB_PROTO_REPLIES_H
#define NETGDB_PROTO_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/packets.h"

/* What `packet`, the entry of this request, may be answered with. An empty reply fits all. */
bool reply_fits(const struct packet *packet, const uint8_t *request, size_t len,
                const struct buf *reply);

/*
 * Whether the reply says that what was executed for it did nothing but read: it is neither an OK
 * nor a stop. (The stop that answers '?' is taken for one.)
 */
bool reply_of_read(const struct buf *reply);

/*
 * Whether FreeBSD's stub gives this reply to any request: digits, words and punctuation, or a piece
 * of an object ('m' or 'l' and any bytes). Source: sys/gdb/gdb_main.c.
 */
bool reply_of_kernel(const struct buf *reply);

#endif
