/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The feature list in a reply to qSupported: entries `name+`, `name-`, `name?` or `name=value`,
 * separated by ';' (GDB manual, "General Query Packets", qSupported).
 */
#ifndef NETGDB_PROTO_FEATURES_H
#define NETGDB_PROTO_FEATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

/*
 * Finds the first entry of this name. Sets *value and *value_len to the bytes after the name ("+",
 * "=1000", …), which point into the list. Returns whether the entry exists.
 */
bool features_find(const uint8_t *list, size_t len, const char *name, const uint8_t **value,
                   size_t *value_len);

/* Returns whether the list has the entry `name+`. */
bool features_has(const uint8_t *list, size_t len, const char *name);

/*
 * Returns whether the list has exactly the three features of FreeBSD's stub (sys/gdb/gdb_main.c):
 * PacketSize=, qXfer:threads:read+ and QStartNoAckMode+.
 */
bool features_are_freebsds(const uint8_t *list, size_t len);

/* Returns the value of PacketSize=, in bytes; 0: there is none, or it is not a number. */
uint64_t features_packet_size(const uint8_t *list, size_t len);

/*
 * Removes all entries of this name and, unless `value` is NULL, appends `name` and `value` ("+",
 * "=1000"). Returns 0 or the buffer's error.
 */
int features_set(struct buf *list, const char *name, const char *value);

#endif
