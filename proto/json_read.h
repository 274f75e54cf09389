/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads JSON (RFC 8259) in place: nothing is copied or allocated, and each value is a part of the
 * text. For documents that netgdb itself has written and another program may have cut off.
 */
#ifndef NETGDB_PROTO_JSON_READ_H
#define NETGDB_PROTO_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 16 }; /* arrays and objects within each other */

/* A value: its text without spaces around it. Not owned. */
struct json_value {
    const char *text;
    size_t len; /* bytes */
};

/*
 * Reads the one value in text[len]; spaces around it are permitted. Returns false, and an empty
 * value, if the text is anything else, or nested deeper than JSON_DEPTH_MAX.
 */
bool json_read(const char *text, size_t len, struct json_value *value);

/* Finds a member of a value that json_read has found. False: it is no object, or has none. */
bool json_member(const struct json_value *object, const char *name, struct json_value *value);

/*
 * Iterates over an array: finds the item after *at, which starts at 0. False: there are no more, or
 * it is no array.
 */
bool json_item(const struct json_value *array, size_t *at, struct json_value *item);

/*
 * Copies a string into text[size], with a NUL; a longer one is cut off. \u0001 to \u00ff become one
 * byte each, as json_add_text has written them, and any other \uNNNN becomes '?'. Returns false,
 * and "", if the value is no string.
 */
bool json_text(const struct json_value *value, char *text, size_t size);

/* The same for a member. False, and "": there is no such string. */
bool json_member_text(const struct json_value *object, const char *name, char *text, size_t size);

/* Reads a member that is an integer of at most 18 digits. False: there is none. */
bool json_member_number(const struct json_value *object, const char *name, int64_t *number);

#endif
