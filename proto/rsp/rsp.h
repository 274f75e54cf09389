/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RSP framing (GDB manual, "Overview" of the remote protocol): `$content#cs`, '+' and '-', Ctrl-C,
 * notifications, run-lengths, escapes. The parser turns bytes into events. It does no I/O, and its
 * only state is the packet being read.
 */
#ifndef NETGDB_PROTO_RSP_H
#define NETGDB_PROTO_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum rsp_event {
    RSP_MORE,         /* all bytes were read without an event */
    RSP_PACKET,       /* a packet; its content is in parser->content until the next call */
    RSP_NOTIFICATION, /* `%content#cs`, likewise */
    RSP_ACK,          /* '+' */
    RSP_NACK,         /* '-' */
    RSP_INTERRUPT,    /* 0x03, or telnet's BREAK (0xff 0xf3) */
    RSP_BAD,          /* a packet dropped for a wrong checksum, an invalid run-length or its size
                         (content.error is NETGDB_TOO_LONG) */
};

/* The fault of the last RSP_BAD. A wrong checksum takes precedence, as it may explain the others.
 */
enum rsp_fault { RSP_CHECKSUM, RSP_RUN_LENGTH, RSP_SIZE };

/* The sender: only a stub sends run-lengths and notifications, only GDB sends Ctrl-C. */
enum rsp_direction { RSP_FROM_GDB, RSP_FROM_STUB };

struct rsp_parser {
    enum rsp_direction direction;
    struct buf content; /* without framing; run-lengths are expanded, escapes are not */
    size_t raw;         /* bytes received of the packet being read; not limited by content.max,
                           so that an endless packet can be detected */
    enum { RSP_IDLE, RSP_BREAK, RSP_BODY, RSP_RUN, RSP_SUM1, RSP_SUM2 } state;
    bool notification, bad;
    uint8_t sum; /* checksum so far, modulo 256 */
    int digit;   /* value of the first checksum digit, -1 if invalid */
    enum rsp_fault fault;
};

/* Initializes a parser for packets of at most `max` bytes of content. Free it with rsp_parser_free.
 */
void rsp_parser_init(struct rsp_parser *p, enum rsp_direction direction, size_t max);
void rsp_parser_free(struct rsp_parser *p);

/*
 * Reads bytes from *data up to the first event and advances *data and *len past them. Skips bytes
 * without a meaning outside packets; a '$' inside a packet starts a new one.
 */
enum rsp_event rsp_parse(struct rsp_parser *p, const uint8_t **data, size_t *len);

/* Returns text for the fault that continues "the packet has", without a full stop; never NULL. */
const char *rsp_fault_name(enum rsp_fault fault);

/* Appends `$content#cs` to `out`. Returns 0 or the buffer's error. */
int rsp_frame(struct buf *out, const uint8_t *content, size_t len);

/*
 * The same for the reply of a stub, with run-lengths for the longer runs (GDB manual, "Overview";
 * LLDB expands them too). The byte after an escape begins none: GDB expands before it removes
 * escapes, LLDB after that. Takes O(len).
 */
int rsp_frame_runs(struct buf *out, const uint8_t *content, size_t len);

/* Returns the value of two hexadecimal digits, -1 if they are not digits. */
int rsp_hex_byte(const uint8_t digits[2]);

/*
 * Parses the hexadecimal number at the start of text[len] into *value. Returns the number of its
 * digits, 0 if there are none or more than 16.
 */
size_t rsp_hex_number(const uint8_t *text, size_t len, uint64_t *value);

/*
 * Appends `data` with the escapes of binary packets (GDB manual, "Binary Data"): each of } $ # *
 * becomes } and the byte xor 0x20. Returns 0 or the buffer's error.
 */
int rsp_escape(struct buf *out, const void *data, size_t len);

/*
 * Appends the reply to a read of an object of `size` bytes (GDB manual, qXfer): 'm', or 'l' at its
 * end, and at most `len` bytes from `offset` on, escaped. An offset after the end counts as the
 * end. Returns 0 or the buffer's error.
 */
int rsp_add_piece(struct buf *reply, const uint8_t *object, size_t size, uint64_t offset,
                  uint64_t len);

/*
 * Appends the bytes that escaped text represents. Returns 0, NETGDB_PROTO if the text ends with a
 * lone '}', or the buffer's error.
 */
int rsp_unescape(struct buf *out, const uint8_t *text, size_t len);

/*
 * Appends the bytes that hexadecimal digits represent. Returns 0, NETGDB_PROTO if the text has an
 * odd length or another character, or the buffer's error.
 */
int rsp_unhex(struct buf *out, const uint8_t *text, size_t len);

#endif
