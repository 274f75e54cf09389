/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An io in memory that a fuzzer's input drives: datagrams of a peer, bytes of a client, and time.
 * The peer may send anything, and can also send valid datagrams, so that the input need not contain
 * correct checksums and seqnos. The io checks the datagrams that we send: valid debugnet, acks only
 * of received seqnos, and own seqnos that increase by one.
 */
#ifndef NETGDB_TESTS_FUZZ_SCRIPT_H
#define NETGDB_TESTS_FUZZ_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"
#include "proto/link/wire.h"

enum { SCRIPT_QUEUE = 64, SCRIPT_HEARD = 4096 };
/* Longer than any finite wait. */
#define SCRIPT_SILENCE (900 * IO_SECOND)

struct script {
    struct io io; /* first: an io is cast to it */
    enum io_side side;
    bool stream;      /* a byte stream; else datagrams */
    uint64_t now;     /* ns */
    bool ended;       /* the input is consumed: every recv fails, or the stream ends */
    bool endless;     /* the peer was then silent for SCRIPT_SILENCE */
    uint64_t used_up; /* time when the input was consumed, ns */
    const uint8_t *data;
    size_t size;

    uint8_t datagram[SCRIPT_QUEUE][WIRE_HEADER + 300]; /* received datagrams */
    size_t len[SCRIPT_QUEUE];
    unsigned queued;

    uint32_t peer;                /* seqno of the peer's next DATA */
    uint32_t own;                 /* seqno of our last DATA */
    uint32_t heard[SCRIPT_HEARD]; /* received seqnos, which may be acknowledged */
    unsigned heard_count;
    uint64_t sent; /* bytes */
    unsigned read; /* bytes of memory that our last request reads, up to the limit of a reply */
};

/* `own` and `peer`: our last seqno and the peer's next one. The input stays the caller's. */
void script_init(struct script *s, enum io_side side, const uint8_t *data, size_t size,
                 uint32_t own, uint32_t peer);

/* Takes a byte of the input, for a choice of the fuzz target; 0 at its end. */
uint8_t script_byte(struct script *s);

#endif
