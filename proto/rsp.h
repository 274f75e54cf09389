/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RSP framing (GDB manual, "Overview" of the remote protocol): `$content#cs`, acks, Ctrl-C,
 * notifications, run-lengths, escapes. Bytes in, events out; no I/O and no state but the packet
 * that is being read.
 */
#ifndef NETGDB_PROTO_RSP_H
#define NETGDB_PROTO_RSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"

enum rsp_event {
    RSP_MORE,         /* all bytes are used up and nothing is complete */
    RSP_PACKET,       /* a packet: its content is in parser->content until the next call */
    RSP_NOTIFICATION, /* `%content#cs`, likewise */
    RSP_ACK,          /* '+' */
    RSP_NACK,         /* '-' */
    RSP_INTERRUPT,    /* 0x03, or a BREAK as telnet sends it (0xff 0xf3) */
    RSP_BAD,          /* a packet with a wrong checksum, a bad run-length, or one that is too long
                         (content.error says NETGDB_TOO_LONG): dropped */
};

/* Why the last packet was RSP_BAD. A wrong checksum may be the cause of any other fault. */
enum rsp_fault { RSP_CHECKSUM, RSP_RUN_LENGTH, RSP_SIZE };

/* Which way the bytes go: only a stub's packets have run-lengths, only GDB sends Ctrl-C. */
enum rsp_direction { RSP_FROM_GDB, RSP_FROM_STUB };

struct rsp_parser {
    enum rsp_direction direction;
    struct buf content; /* without framing; run-lengths expanded, escapes kept */
    size_t raw;         /* bytes of the packet being read, as they came: grows for one that
                           never ends, also past the limit of content */
    enum { RSP_IDLE, RSP_BREAK, RSP_BODY, RSP_RUN, RSP_SUM1, RSP_SUM2 } state;
    bool notification, bad;
    uint8_t sum; /* of the bytes so far */
    int digit;   /* first checksum digit, -1 when it is not one */
    enum rsp_fault fault;
};

/* A parser for packets of at most `max` bytes of content. */
void rsp_parser_init(struct rsp_parser *p, enum rsp_direction direction, size_t max);
void rsp_parser_free(struct rsp_parser *p);

/*
 * Reads bytes from *data up to the first event, and moves *data and *len past what it has read.
 * Bytes that mean nothing outside a packet are skipped; a '$' inside one starts it anew.
 */
enum rsp_event rsp_parse(struct rsp_parser *p, const uint8_t **data, size_t *len);

/* The fault in words that follow "the packet has", without a full stop; never NULL. */
const char *rsp_fault_name(enum rsp_fault fault);

/* Appends `$content#cs` to `out`. Returns 0 or the buffer's error. */
int rsp_frame(struct buf *out, const uint8_t *content, size_t len);

/* Two hexadecimal digits to a byte; -1 when they are not. */
int rsp_hex_byte(const uint8_t digits[2]);

/*
 * A hexadecimal number at the start of text[len], at most 16 digits. Returns how many digits
 * were read (0: none, or more than 16) and sets *value.
 */
size_t rsp_hex_number(const uint8_t *text, size_t len, uint64_t *value);

/* Appends `data` escaped as binary packets want it: } $ # * become } and the byte xor 0x20. */
int rsp_escape(struct buf *out, const void *data, size_t len);

/* Appends the bytes that escaped text stands for. Returns 0, or NETGDB_PROTO when it ends in a
 * lone '}', or the buffer's error. */
int rsp_unescape(struct buf *out, const uint8_t *text, size_t len);

/* Appends the bytes that an even number of hexadecimal digits stands for, or NETGDB_PROTO. */
int rsp_unhex(struct buf *out, const uint8_t *text, size_t len);

#endif
