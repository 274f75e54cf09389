/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request, parsed once where it enters a chain of targets. Every target of the chain gets the
 * same one, and none parses it again.
 */
#ifndef NETGDB_PROTO_REQUEST_H
#define NETGDB_PROTO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/packets.h"

struct request {
    const uint8_t *data; /* the content, not copied: valid until the call that takes it returns */
    size_t len;
    const struct packet *packet; /* never NULL */

    /*
     * Hexadecimal numbers of m, x, M, X (address, length), Z, z (address, kind), p, P (register)
     * and of a read of an object, qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH (offset, length).
     * `numbers` says how many could be read: 0, 1 or 2. `rest` is what comes after them, for M and
     * X the ':' and the data; of an object it is the annex.
     */
    unsigned numbers;
    uint64_t address, length;
    const uint8_t *rest;
    size_t rest_len;
};

/* Parses data[len]. Whatever the bytes are, the result can be used. */
void request_parse(struct request *r, const void *data, size_t len);

/* The same of a text; r.data is the text. */
struct request request_of(const char *text);

/*
 * Copies the bytes into `bytes` and makes *copy the same request there. Returns 0 or the buffer's
 * error; *copy is not set then.
 */
int request_copy(struct request *copy, struct buf *bytes, const struct request *r);

/*
 * What a request that is not REPEAT_SAFE touches, as a range [*low, *high) of addresses, register
 * numbers or breakpoint addresses, by its entry's `repeat`. What cannot be read, and requests
 * that choose a thread or move a list, touch everything (0 to UINT64_MAX).
 */
void request_range(const struct request *r, uint64_t *low, uint64_t *high);

/* Whether it is `m` or `x` with an address and a length, and nothing after them. */
bool request_reads_memory(const struct request *r);

#endif
