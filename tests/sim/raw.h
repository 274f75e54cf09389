/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server controlled datagram by datagram, for tests of the twin itself. It does not retransmit,
 * wait for acks or check anything by itself.
 */
#ifndef NETGDB_TESTS_SIM_RAW_H
#define NETGDB_TESTS_SIM_RAW_H

#include "proto/buf.h"
#include "tests/sim/server.h"
#include "tests/sim/twin.h"

/* Runs the next block for a kernel of each generation. */
#define BOTH(g)                                                                                    \
    for (enum twin_generation g = TWIN_OLD; g <= TWIN_NEW; g = (enum twin_generation)(g + 1))

enum { RAW_MESSAGES = 4096 };

/* A DATA of the kernel, without its bytes. */
struct raw_data {
    uint64_t time;
    uint32_t seqno, total;
    uint64_t offset;
    size_t len;
};

struct raw {
    struct sim_world *w;
    struct twin *t;
    struct io *io;
    uint32_t seqno;               /* of the next DATA of ours */
    bool silent;                  /* do not ack received DATA */
    unsigned acks;                /* acks received */
    uint32_t acked[RAW_MESSAGES]; /* their seqnos */
    uint64_t ack_time;            /* arrival of the last one */
    unsigned messages;            /* DATA received, duplicates included */
    struct raw_data data[RAW_MESSAGES];
    uint32_t heard_seqno; /* last seqno whose bytes are in heard */
    struct buf heard;     /* bytes received, each seqno once */
    struct buf reply;     /* content of the last reply, and a NUL */
};

/* Returns a world with a twin at db>. */
struct raw *raw_new(const struct twin_config *config);
void raw_free(struct raw *r);

/* Runs up to the HERALD; up to the T, without its '+'; creates a session with the T acknowledged.
 */
void raw_herald(struct raw *r);
void raw_until_stop(struct raw *r);
struct raw *raw_session(enum twin_generation generation);
struct raw *raw_session_of(const struct twin_config *config);

/* Send one datagram: a DATA with the next seqno and these bytes, any message, a repeat, an ack. */
uint32_t raw_say(struct raw *r, const char *bytes);
uint32_t raw_say_bytes(struct raw *r, const void *bytes, size_t len);
void raw_message(struct raw *r, uint32_t type, uint32_t seqno, uint32_t claimed, const void *bytes,
                 size_t len);
void raw_repeat(struct raw *r, uint32_t seqno, const char *bytes);
void raw_ack(struct raw *r, uint32_t seqno);

/* Receives datagrams for `ns`, and acks DATA unless silent. */
void raw_run(struct raw *r, uint64_t ns);

/* Clears everything received. */
void raw_forget(struct raw *r);

/* Returns the bytes received since raw_forget, each once, and a NUL. */
const char *raw_heard(struct raw *r);

/* Returns `$content#cs` in a buffer that the next call overwrites. */
const char *raw_frame(const char *content);

/* Sends `$request#cs`, waits for '+' and the reply, sends '+', and returns the reply's content. */
const char *raw_ask(struct raw *r, const char *request);

#endif
