/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lane: requests to a kernel whose stub is in no-ack mode. There it sends no '+' and needs
 * none, so that a read costs one send of the kernel and not two. What is lost with the acks is the
 * order of things, and this takes their place:
 *
 *   - a read is known by its length, which is odd, as no register's is, and not that of any of the
 *     last LANE_LENGTHS requests: some bytes more are read than are needed, where that may be;
 *   - every other reply is believed only behind it, when such a read (the check) of a page that can
 *     be read has been answered: the request had been stored before that was sent, so its reply is
 *     among those that came in between. If these differ, or there is none, or the request's ack is
 *     missing, it is sent again; and not before that;
 *   - an error that answers a read is believed in this way only;
 *   - what resumes, and D, waits until no copy of what was sent before can come. Then our '+' to
 *     the stop is held back as ever, and the stub is in ack mode again.
 *
 * The only way back is a stop. So D is sent in it, too: nothing else could end a session whose
 * last request was a read. k, 0x03 and 0xff are never sent to a kernel.
 *
 * Part of the netgdb target (netgdb_parts.h). HACKING.md tells what was tried, and what it gives.
 */
#ifndef NETGDB_PROTO_NETGDB_LANE_H
#define NETGDB_PROTO_NETGDB_LANE_H

#include "proto/buf.h"
#include "proto/link.h"
#include "proto/netgdb_target.h"

enum {
    LANE_LENGTHS = 64,
    LANE_PAGE = 4096,        /* bytes: no machine's pages are smaller */
    LANE_EXACT_MAX = 2048,   /* bytes that a read may ask for (sys/gdb/gdb_main.c) */
    LANE_PACKET_SIZE = 4096, /* of a stub whose buffers hold what it reads and is sent */
    LANE_FED_READS = 3000,   /* bytes in the kernel's buffer, of 4111, before a pause empties it */
    LANE_FED_CHANGES = 800,  /* the same in front of what must not get lost in a full one */
};

#define LANE_PAUSE (2 * IO_MS)          /* it takes the kernel 1.1 ms at most to read on */
#define LANE_LATENESS_MAX (50 * IO_MS)  /* 64 reads take longer: a copy meets no equal length */
#define LANE_RESUME_RETRY (300 * IO_MS) /* without an ack sent again after so long */
#define LANE_ONCE (3600 * IO_SECOND)    /* what is not a read of ours is not */

enum lane_step {
    LANE_IDLE,
    LANE_PROBE, /* a read tells whether the stub is in no-ack mode */
    LANE_READ,  /* a read that is known by its length */
    LANE_ASK,   /* any other request, or a read as it was asked for */
    LANE_CHECK, /* the read behind that */
    LANE_RUN,   /* the target runs */
    LANE_LEAVE, /* D */
};

struct netgdb_target;

struct lane {
    struct netgdb_lane config;
    bool fits; /* the stub's buffers are long enough: see LANE_PACKET_SIZE */
    bool on;
    bool unsure;    /* it may be: a server before us had it on */
    bool barred;    /* not to be entered before the next stop */
    bool damaged;   /* something came damaged: not to be entered any more */
    uint64_t good;  /* a page that can be read: of the pc at the last stop; 0: none */
    unsigned run;   /* long reads in a row */
    uint64_t gone;  /* when no copy of what was sent in it can come any more */
    size_t fed;     /* bytes that the kernel's buffer has got since it was empty */
    uint64_t known; /* link's count of undoing copies that was dealt with */
    uint16_t lengths[LANE_LENGTHS]; /* of memory that the last requests read; 0: no read */
    unsigned requests;              /* that were noted there */

    enum lane_step step;
    struct buf text; /* the request that is outstanding, or the part of it that is */
    struct buf read; /* a read of ours, */
    uint64_t from;   /* of [from, from + len) */
    size_t len;
    uint64_t address; /* memory that the client still waits for; */
    size_t left;      /* 0: its request is no read */
    size_t part;      /* bytes of it that are being read */

    /* Of `text`, when the check is to settle it. */
    uint32_t seqno;     /* of its DATA */
    uint64_t settle_at; /* when to ask what came of it though its ack did not */
    unsigned losses;    /* how often it was lost, as far as is known */
    bool alone;         /* it went out when no copy of anything else could come any more */
    struct buf reply;   /* for the client, as far as it is known */
    struct buf found;   /* what may be the reply */
    bool answered;      /* there is something in it, maybe an empty reply */
    bool differ;        /* and there was another one */
};

void lane_init(struct lane *lane);
void lane_free(struct lane *lane);

/* ---- netgdb_lane_ask.c ---- */

/* As target_send, while the lane is on. t->current is the request's. */
int lane_send(struct netgdb_target *t, const uint8_t *request, size_t len);

/* Sends the next part of what the client reads; or as it asked for it; or lane->text, which asks
 * for `reads` bytes of memory or is no read (0). Their replies take another step each. */
int lane_read_part(struct netgdb_target *t);
int lane_ask_exactly(struct netgdb_target *t);
int lane_ask(struct netgdb_target *t, size_t reads);

/* Whether copies come so late here that a read could meet one of its own length. */
bool lane_is_late(const struct netgdb_target *t);

/* Reads some bytes of the good page. */
int lane_send_check(struct netgdb_target *t, enum lane_step step);

/* Notes that a request goes out that reads so many bytes of memory; 0: it does not. */
void lane_note_length(struct lane *lane, size_t len);

/* Notes until when copies of the last DATA can come. */
void lane_note_gone(struct netgdb_target *t);

/* ---- netgdb_lane.c ---- */

/* As target_recv, while the lane is on. */
int lane_recv(struct netgdb_target *t, struct buf *reply, bool *final, unsigned watch);

/* Waits until the step is done: 1. Else as target_recv. */
int lane_await(struct netgdb_target *t, unsigned watch);

/* ---- netgdb_lane_mode.c ---- */

/*
 * Looks at a packet of the stub: a stop tells of a page that can be read. One that nobody waits for
 * ends the session, in the lane: a copy has run.
 */
void lane_note_packet(struct netgdb_target *t, const struct buf *content);

/* Whether it is a stop that came by itself, and no answer to '?'. Puts its pc into *pc. */
bool lane_is_stop(const struct buf *content, uint64_t *pc);

/* The stub's features, which tell how long its buffers are: 4096 but for powerpc. */
void lane_learn(struct lane *lane, const struct buf *features);

/* Enters the lane, in front of this request, if it is time to. Returns 0 or an error. */
int lane_consider(struct netgdb_target *t, const uint8_t *request, size_t len);

/* The stub is in ack mode again. */
void lane_off(struct netgdb_target *t);

#endif
