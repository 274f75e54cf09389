/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A server played by hand, datagram by datagram, for testing the twin itself: nothing here
 * retransmits, waits for an ack or knows better.
 */
#ifndef NETGDB_TESTS_SIM_RAW_H
#define NETGDB_TESTS_SIM_RAW_H

#include "proto/buf.h"
#include "tests/sim/server.h"
#include "tests/sim/twin.h"

/* Runs what follows for a kernel of each generation. */
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
    bool silent;                  /* do not ack what comes */
    unsigned acks;                /* acks that came */
    uint32_t acked[RAW_MESSAGES]; /* their seqnos */
    uint64_t ack_time;            /* when the last one came */
    unsigned messages;            /* DATA that came, repeats included */
    struct raw_data data[RAW_MESSAGES];
    uint32_t heard_seqno; /* last seqno whose bytes are in heard */
    struct buf heard;     /* bytes of the kernel, each seqno once */
    struct buf reply;     /* content of the last reply, NUL behind it */
};

/* A world with a twin at db>. */
struct raw *raw_new(const struct twin_config *config);
void raw_free(struct raw *r);

/* Up to the HERALD and the socket; then up to the T that waits for its '+'; then past it. */
void raw_herald(struct raw *r);
void raw_until_stop(struct raw *r);
struct raw *raw_session(enum twin_generation generation);
struct raw *raw_session_of(const struct twin_config *config);

/* One datagram: a DATA with the next seqno and these bytes, any message, an ack. */
uint32_t raw_say(struct raw *r, const char *bytes);
uint32_t raw_say_bytes(struct raw *r, const void *bytes, size_t len);
void raw_message(struct raw *r, uint32_t type, uint32_t seqno, uint32_t claimed, const void *bytes,
                 size_t len);
void raw_repeat(struct raw *r, uint32_t seqno, const char *bytes);
void raw_ack(struct raw *r, uint32_t seqno);

/* Takes what comes in this time, and acks DATA unless silent. */
void raw_run(struct raw *r, uint64_t ns);

/* Forgets what has come. */
void raw_forget(struct raw *r);

/* Bytes that the kernel said since raw_forget, each once, with a NUL behind them. */
const char *raw_heard(struct raw *r);

/* `$content#cs`, in a buffer that the next call overwrites. */
const char *raw_frame(const char *content);

/* Says `$request#cs`, waits for '+' and the reply, says '+', and returns the reply's content. */
const char *raw_ask(struct raw *r, const char *request);

#endif
