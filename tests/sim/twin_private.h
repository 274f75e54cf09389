/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Internal interface between the files of the twin: twin_net.c (debugnet and netgdb's buffer),
 * twin_stub.c (RSP framing, '+', stops), twin_request.c and twin_query.c (requests), twin_ddb.c
 * (traps in ddb), twin_log.c (executed requests and their harm), twin.c (life cycle).
 *
 * A kernel is one thread that blocks. Here each place where it blocks is a phase with one timer,
 * and its continuation is a call in `then` (after a send) or `after` (after a reply).
 */
#ifndef NETGDB_TESTS_SIM_TWIN_PRIVATE_H
#define NETGDB_TESTS_SIM_TWIN_PRIVATE_H

#include "proto/buf.h"
#include "tests/sim/twin.h"

enum {
    TWIN_HEADER = 24,       /* bytes in a debugnet header */
    TWIN_OVERHEAD = 52,     /* IP, UDP and debugnet headers */
    TWIN_NPOLLS = 2000,     /* net.debugnet.npolls */
    TWIN_NRETRIES = 10,     /* net.debugnet.nretries */
    TWIN_IN_FLIGHT = 64,    /* DEBUGNET_MAX_IN_FLIGHT: acks further ahead are ignored */
    TWIN_CONTENT = 4095,    /* GDB_BUFSZ - 1: a request of this length panics it */
    TWIN_SLACK = 15,        /* bytes of its receive buffer in addition to GDB_BUFSZ */
    TWIN_FRAMING = 3,       /* PacketSize is GDB_BUFSZ plus this */
    TWIN_READ_FATAL = 4096, /* a longer read ends the model */
    TWIN_REPLY_MAX = 16384,
    TWIN_BUCKETS = 4096 /* of the records, by digest */
};

typedef void twin_step(struct twin *t);

/* The origin of consecutive bytes in the receive buffer. */
struct twin_origin {
    size_t start; /* place in the buffer */
    uint64_t datagram, digest;
    unsigned copy;
    uint16_t port;
    uint32_t seqno;
};

struct twin_ring {
    struct sim_datagram **items;
    size_t first, used;
};

/* The connection: debugnet's pcb, and the message being sent. */
struct twin_link {
    bool closed; /* FINISHED was received */
    bool have_port;
    uint16_t port;
    uint32_t seqno;
    uint64_t acks, wanted;
    uint32_t type, aux2;
    uint8_t data[TWIN_REPLY_MAX];
    size_t len;
    unsigned chunks;
    int polls, retries;
    uint64_t began;
    bool resending;    /* repeats a reply, after a byte other than '+' */
    uint64_t skipping; /* start of polls skipped because nothing can arrive; 0: none */
    twin_step *then;
};

/* netgdb's buffer. It is cleared only when the stub reads a byte and none is unread. */
struct twin_input {
    uint8_t *bytes;
    size_t len, off;
    struct twin_origin *origins;
    size_t origins_used, origins_room, origin; /* of the byte at off */
};

struct twin_stub {
    bool ack_mode;
    enum { STUB_SEEK, STUB_BODY, STUB_SUM1, STUB_SUM2, STUB_ACK } state;
    uint8_t content[TWIN_CONTENT + 1]; /* and a NUL */
    size_t len;
    uint8_t sum, claimed;
    struct twin_origin origin; /* of the request's '$' */
    size_t place;              /* of the '$' in that datagram's data */
    struct buf reply;          /* content */
    twin_step *after;          /* called once the reply is acknowledged */
};

/* The one-pass list of qXfer:threads:read. */
struct twin_xfer {
    struct buf text;
    size_t chunk, offset;
};

struct twin_record {
    struct twin_request request;
    uint64_t session; /* which `netgdb -s` */
    uint16_t port;
    uint64_t digest;
    size_t place;
    uint64_t change; /* machine's change number after it was executed */
    size_t older;    /* 1 + the record before it in its bucket; 0: none */
};

struct twin {
    struct sim_world *w;
    struct twin_config config;
    struct machine *machine;
    enum twin_phase phase;
    uint64_t timer; /* the event that ends the phase; 0: none */
    twin_step *next;
    uint64_t reboot_event, herald_event;
    uint64_t herald_when; /* after a reboot */
    struct twin_counts counts;
    struct twin_ring ring;
    struct twin_link link;
    struct twin_input input;
    struct twin_stub stub;
    struct twin_xfer xfer;
    struct machine_thread *thread; /* kdb_thread: chosen by H */
    uint64_t thread_changed;       /* change number of that choice */
    bool unmasked;                 /* arm64: a fault in the stub has unmasked debug exceptions */
    unsigned list_next;            /* qfThreadInfo: next thread */
    enum { LIST_NONE, LIST_MORE, LIST_DONE } list;

    struct twin_record *records;
    size_t records_used, records_room;
    size_t newest[TWIN_BUCKETS]; /* 1 + a record; 0: none */
    bool repeat;                 /* the request being executed was executed before */
    uint64_t undo_border;        /* higher change numbers are later than that execution */
};

/* twin.c */
void twin_enter(struct twin *t, enum twin_phase phase, uint64_t delay, twin_step *next);
void twin_to_ddb(struct twin *t, const char *why);
void twin_gone(struct twin *t, const char *why);
void twin_say(struct twin *t, const char *what);

/* twin_net.c */
void net_connect(struct twin *t);
void net_drop_ring(struct twin *t);
void net_deliver(void *context, struct sim_datagram *d);
void net_send(struct twin *t, const void *data, size_t len, twin_step *then);
void net_wait(struct twin *t); /* passes bytes to stub_byte while it accepts them */

/* twin_stub.c */
void stub_enter(struct twin *t); /* sends T, then reads requests */
void stub_stop(struct twin *t);  /* the same after a trap */
/* Handles a byte of the stream, at offset `place` of that datagram. */
void stub_byte(struct twin *t, uint8_t byte, const struct twin_origin *origin, size_t place);
void stub_reply(struct twin *t); /* sends stub.reply, then reads the next request */
void stub_reply_text(struct twin *t, const char *text);
void stub_reply_error(struct twin *t, unsigned error);
void stub_reply_then(struct twin *t, twin_step *after);
void stub_resume(struct twin *t, bool step);

/*
 * twin_ddb.c: passes the trap of the last stop to ddb. If ddb ignores it, the machine resumes and
 * *lost is incremented.
 */
void ddb_enter(struct twin *t, const char *why, uint64_t *lost);

/* twin_request.c: executes stub.content. */
void request_execute(struct twin *t);

/* The rest of a request while it is parsed. */
struct twin_cursor {
    const uint8_t *p;
    size_t len;
};
int cursor_char(struct twin_cursor *c); /* -1 at the end */
bool cursor_hex(struct twin_cursor *c, uint64_t *value);
bool cursor_equal(struct twin_cursor *c, const char *text);

/* twin_query.c: `q` and `Q` requests; c is after that letter. */
void query_execute(struct twin *t, struct twin_cursor *c);
void query_set(struct twin *t, struct twin_cursor *c);

/* twin_log.c */
void log_request(struct twin *t);
void log_executed(struct twin *t);
bool log_undoes(const struct twin *t, uint64_t changed);

/* errno values as FreeBSD's stub sends them. */
enum { E_NOENT = 2, E_IO = 5, E_NXIO = 6, E_BUSY = 16, E_INVAL = 22, E_NOSPC = 28, E_SPIPE = 29 };

#endif
