/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A parsed request. It is parsed once, where it enters a chain of targets; every target of the
 * chain gets a pointer to it.
 */
#ifndef NETGDB_PROTO_REQUEST_H
#define NETGDB_PROTO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/rsp/packets.h"

struct request {
    const uint8_t *data; /* the content; not owned, valid during the call that gets the request */
    size_t len;
    const struct packet *packet; /* never NULL */

    /*
     * Hexadecimal numbers of m, x, M, X (address, length), Z, z (address, kind), p, P (register),
     * and of the read of an object, qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH (offset, length).
     * `numbers` is the number of them that were parsed: 0, 1 or 2. `rest` points into data: for an
     * object, at the annex; otherwise after the numbers, for M and X at the ':' before the data.
     */
    unsigned numbers;
    uint64_t address, length;
    const uint8_t *rest;
    size_t rest_len;

    bool exact; /* of our own: no decorator may read more than these bytes */
};

/* Parses data[len], which is not copied; NULL if len is 0. Never fails; malformed numbers are not
 * counted. r->data is never NULL. */
void request_parse(struct request *r, const void *data, size_t len);

/* Parses a NUL-terminated text, which is not copied. */
struct request request_of(const char *text);

/*
 * Copies the content into `bytes`, to which *copy then points. Returns 0, or the buffer's error
 * with *copy unchanged.
 */
int request_copy(struct request *copy, struct buf *bytes, const struct request *r);

/*
 * Returns the range [*low, *high) that a request affects: memory addresses, register numbers or
 * breakpoint addresses, depending on its entry's `repeat`, which is not REPEAT_SAFE. For a
 * malformed request, and one that selects a thread or advances a list, the range is 0 to
 * UINT64_MAX.
 */
void request_range(const struct request *r, uint64_t *low, uint64_t *high);

/* Returns whether this is `m` or `x` with exactly an address and a length. */
bool request_reads_memory(const struct request *r);

#endif
