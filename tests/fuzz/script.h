/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An io in memory that plays an input of a fuzzer: datagrams of a peer, bytes of a client, and
 * time. The peer may be as wrong as it likes and knows enough to be right, so that the input need
 * not guess checksums and seqnos. What we send is looked at: it must be debugnet, acknowledge only
 * what came, and count up by one.
 */
#ifndef NETGDB_TESTS_FUZZ_SCRIPT_H
#define NETGDB_TESTS_FUZZ_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/io.h"
#include "proto/wire.h"

enum { SCRIPT_QUEUE = 64, SCRIPT_HEARD = 4096 };
/* Longer than anybody waits who does not wait for ever. */
#define SCRIPT_SILENCE (900 * IO_SECOND)

struct script {
    struct io io; /* first */
    enum io_side side;
    bool stream;      /* of bytes; else datagrams */
    uint64_t now;     /* ns */
    bool ended;       /* the input is used up: every recv fails, or the stream ends */
    bool endless;     /* the peer was silent from then on, and SCRIPT_SILENCE long */
    uint64_t used_up; /* when, ns */
    const uint8_t *data;
    size_t size;

    uint8_t datagram[SCRIPT_QUEUE][WIRE_HEADER + 300]; /* that arrived */
    size_t len[SCRIPT_QUEUE];
    unsigned queued;

    uint32_t peer;                /* seqno of the peer's next DATA */
    uint32_t own;                 /* seqno of our last one */
    uint32_t heard[SCRIPT_HEARD]; /* seqnos that came, all of which may be acknowledged */
    unsigned heard_count;
    uint64_t sent; /* bytes */
    unsigned read; /* bytes of memory that our last request asks for, as far as they fit */
};

/* `own` and `peer`: our last seqno and the peer's next one. The input stays the caller's. */
void script_init(struct script *s, enum io_side side, const uint8_t *data, size_t size,
                 uint32_t own, uint32_t peer);

/* One byte of the input, for a choice of the fuzz target; 0 at its end. */
uint8_t script_byte(struct script *s);

#endif
