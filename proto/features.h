/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list of features in a reply to qSupported: entries `name+`, `name-`, `name?` or
 * `name=value` with ';' between them (GDB manual, "General Query Packets", qSupported).
 */
#ifndef NETGDB_PROTO_FEATURES_H
#define NETGDB_PROTO_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

/*
 * Finds the first entry of this name. *value and *value_len are then what follows the name ('+',
 * '=1000', …), inside the list. Returns whether there is one.
 */
bool features_find(const uint8_t *list, size_t len, const char *name, const uint8_t **value,
                   size_t *value_len);

/* Whether the list has the entry `name+`. */
bool features_has(const uint8_t *list, size_t len, const char *name);

/*
 * Whether these are the three features of FreeBSD's stub and no others (sys/gdb/gdb_main.c):
 * PacketSize=, qXfer:threads:read+ and QStartNoAckMode+.
 */
bool features_are_freebsds(const uint8_t *list, size_t len);

/*
 * Takes out every entry of this name and, unless `value` is NULL, appends one of `name` and
 * `value` ("+", "=1000"). Returns 0 or the buffer's error.
 */
int features_set(struct buf *list, const char *name, const char *value);

#endif
