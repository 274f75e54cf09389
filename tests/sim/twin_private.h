/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the twin share. From the wire up: twin_net.c (debugnet and netgdb's buffer),
 * twin_stub.c (RSP framing, acks, stops), twin_request.c and twin_query.c (what each packet
 * does), twin_log.c (who did what, and was it harm), twin.c (life).
 *
 * A kernel is one thread that blocks. Here every place where it blocks is a phase with one timer,
 * and what it does next is a call kept in `then` (after a send) or `after` (after a reply).
 */
#ifndef NETGDB_TESTS_SIM_TWIN_PRIVATE_H
#define NETGDB_TESTS_SIM_TWIN_PRIVATE_H

#include "proto/buf.h"
#include "tests/sim/twin.h"

enum {
    TWIN_HEADER = 24,       /* of a debugnet message */
    TWIN_OVERHEAD = 52,     /* IP, UDP and debugnet headers */
    TWIN_NPOLLS = 2000,     /* net.debugnet.npolls */
    TWIN_NRETRIES = 10,     /* net.debugnet.nretries */
    TWIN_IN_FLIGHT = 64,    /* DEBUGNET_MAX_IN_FLIGHT: acks further ahead are ignored */
    TWIN_CONTENT = 4095,    /* GDB_BUFSZ - 1: so many bytes of content and no '#' panic it */
    TWIN_SLACK = 15,        /* its receive buffer is so much longer than GDB_BUFSZ */
    TWIN_FRAMING = 3,       /* what it adds to that for its PacketSize */
    TWIN_READ_FATAL = 4096, /* from here on the model does not go on */
    TWIN_REPLY_MAX = 16384,
    TWIN_BUCKETS = 4096 /* of the records, by digest */
};

typedef void twin_step(struct twin *t);

/* Where a run of bytes in the receive buffer came from. */
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

/* The connection: debugnet's pcb, and the one send that it can have under way. */
struct twin_link {
    bool closed; /* FINISHED came */
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
    bool resending;    /* a reply once more, for a byte that was not '+' */
    uint64_t skipping; /* since when no poll finds anything; 0: they are played one by one */
    twin_step *then;
};

/* netgdb's buffer. It is emptied only when a byte is asked for and none is left. */
struct twin_input {
    uint8_t *bytes;
    size_t len, off;
    struct twin_origin *origins;
    size_t origins_used, origins_room, origin; /* of the byte at off */
};

struct twin_stub {
    bool ack_mode;
    enum { STUB_SEEK, STUB_BODY, STUB_SUM1, STUB_SUM2, STUB_ACK } state;
    uint8_t content[TWIN_CONTENT + 1]; /* NUL behind it */
    size_t len;
    uint8_t sum, claimed;
    struct twin_origin origin; /* of the request's '$' */
    size_t place;              /* of the '$' in that datagram's data */
    struct buf reply;          /* content */
    twin_step *after;          /* what follows once the reply is through */
};

/* The one-pass list behind qXfer:threads:read. */
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
    unsigned list_next;            /* qfThreadInfo: next thread */
    enum { LIST_NONE, LIST_MORE, LIST_DONE } list;

    struct twin_record *records;
    size_t records_used, records_room;
    size_t newest[TWIN_BUCKETS]; /* 1 + a record; 0: none */
    bool repeat;                 /* the request being executed was executed before */
    uint64_t undo_border;        /* and changes with a higher number came after that */
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
void net_wait(struct twin *t); /* hands bytes to stub_byte for as long as it wants them */

/* twin_stub.c */
void stub_enter(struct twin *t); /* T, and the requests that follow */
void stub_stop(struct twin *t);  /* the same behind a trap */
/* A byte of the stream, which came as the `place`-th of that datagram. */
void stub_byte(struct twin *t, uint8_t byte, const struct twin_origin *origin, size_t place);
void stub_reply(struct twin *t); /* stub.reply, then the next request */
void stub_reply_text(struct twin *t, const char *text);
void stub_reply_error(struct twin *t, unsigned error);
void stub_reply_then(struct twin *t, twin_step *after);
void stub_resume(struct twin *t, bool step);

/*
 * twin_ddb.c: the trap of the last stop is passed on to ddb, which takes it or not; *lost counts
 * that it does not, and the machine runs on.
 */
void ddb_enter(struct twin *t, const char *why, uint64_t *lost);

/* twin_request.c: executes stub.content. */
void request_execute(struct twin *t);

/* What is left of a request while it is being read. */
struct twin_cursor {
    const uint8_t *p;
    size_t len;
};
int cursor_char(struct twin_cursor *c); /* -1 at the end */
bool cursor_hex(struct twin_cursor *c, uint64_t *value);
bool cursor_equal(struct twin_cursor *c, const char *text);

/* twin_query.c: `q` and `Q` requests; c stands behind that letter. */
void query_execute(struct twin *t, struct twin_cursor *c);
void query_set(struct twin *t, struct twin_cursor *c);

/* twin_log.c */
void log_request(struct twin *t);
void log_executed(struct twin *t);
bool log_undoes(const struct twin *t, uint64_t changed);

/* errno values as FreeBSD's stub sends them. */
enum { E_NOENT = 2, E_IO = 5, E_NXIO = 6, E_BUSY = 16, E_INVAL = 22, E_NOSPC = 28, E_SPIPE = 29 };

#endif
