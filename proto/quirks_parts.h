/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the files of quirks and by nothing else: its state, and the answers to requests that
 * are not simply handed on.
 */
#ifndef NETGDB_PROTO_QUIRKS_PARTS_H
#define NETGDB_PROTO_QUIRKS_PARTS_H

#include "proto/keepout.h"
#include "proto/packets.h"
#include "proto/quirks.h"

/* What the stub says where a request is malformed, and where it does not fit (FreeBSD's errno). */
#define QUIRKS_EINVAL "E16"
#define QUIRKS_EFBIG "E1b"

enum {
    QUIRKS_HAND_ON = 1,      /* an answer's result: let the kernel answer this very request */
    QUIRKS_REGISTERS = 128,  /* more than any machine's GDB_NREGS (arm64: 68, powerpc: 105) */
    QUIRKS_READ_MAX = 2048,  /* bytes of memory in one m */
    QUIRKS_BUFSZ_MIN = 400,  /* the smallest GDB_BUFSZ of all machines (i386, arm) */
    QUIRKS_BUFSZ_MAX = 4096, /* the largest (amd64, arm64, riscv) */
    QUIRKS_THREADS_MAX = 4 * 1024 * 1024, /* bytes of a thread list, about 60000 threads */
    QUIRKS_NAME_MAX = KEEPOUT_NAME_MAX,
};

struct quirks {
    struct target base;
    struct quirks_options options;
    struct stop own_stop;        /* where the session keeps none */
    uint64_t choosing;           /* the thread of an H that was handed on; 0: none */
    bool broken;                 /* the target has failed, or was left: nothing more is sent */
    bool no_watch[3];            /* the stub has said that it does not know Z2, Z3, Z4 */
    char said[QUIRKS_NAME_MAX];  /* of the last breakpoint that was kept from the stub */
    bool handed_on;              /* the reply is to come from the kernel */
    bool outstanding;            /* and has not come */
    const struct packet *packet; /* of the request that was handed on */
    int error;                   /* what the next recv returns, when not 0 */
    struct buf reply;            /* made here for the next recv */
    struct buf request;          /* one that is being made */
    struct buf part;             /* the kernel's reply to it */
    struct buf data;             /* bytes that a request of GDB stands for */
    size_t bufsz;                /* the kernel's GDB_BUFSZ; 0: not asked yet */
    int sizes[QUIRKS_REGISTERS]; /* of registers, in bytes; -1: not asked yet */
    struct buf threads;          /* the thread list's XML */
    bool threads_known;
    size_t listed; /* how much of it qfThreadInfo and qsThreadInfo have told */
};

/* Sends q->request and waits for the reply in q->part. Returns 0 or an error of the target. */
int quirks_ask(struct quirks *q);

/* How the kernel stopped last; never NULL. */
struct stop *quirks_stop(struct quirks *q);

/* The kernel is about to run; a reply to a resume came. quirks_stop is changed. */
void quirks_note_resume(struct quirks *q, bool step);
void quirks_note_stop(struct quirks *q, const struct buf *reply);

/* Asks how large the kernel's buffer is, once: afterwards the limits below hold. */
int quirks_learn(struct quirks *q);
size_t quirks_request_limit(struct quirks *q); /* bytes of content that a request may have */
size_t quirks_read_limit(struct quirks *q);    /* bytes of memory that an m may ask for */

/*
 * Answers. Each takes the whole request, puts its reply into q->reply (which is empty before) and
 * returns 0, QUIRKS_HAND_ON, or an error of the target.
 */
int quirks_read_memory(struct quirks *q, const struct request *r);
int quirks_write_hex(struct quirks *q, const struct request *r);
int quirks_write_binary(struct quirks *q, const struct request *r);
int quirks_search(struct quirks *q, const struct request *r);
int quirks_write_register(struct quirks *q, const struct request *r);
int quirks_write_registers(struct quirks *q, const struct request *r);
int quirks_insert_watch(struct quirks *q, const struct request *r);
int quirks_xfer_threads(struct quirks *q, const struct request *r);
int quirks_first_threads(struct quirks *q, const struct request *r);
int quirks_more_threads(struct quirks *q, const struct request *r);

/* ---- quirks_memory.c ---- */

/* Writes q->data in as many requests as it takes; the reply in q->reply is OK, or the first that
 * is not. */
int quirks_write(struct quirks *q, uint64_t address);

/* Reads exactly `len` bytes. *good: they are there. */
int quirks_read_bytes(struct quirks *q, uint64_t address, uint8_t *bytes, size_t len, bool *good);

/* ---- quirks_registers.c ---- */

/* The size of a register in bytes; 0 when the stub does not say. Fixed while a kernel runs. */
int quirks_register_size(struct quirks *q, uint64_t n, size_t *size);

/* ---- quirks_points.c: breakpoint instructions ---- */

/*
 * Before q->data are written at `address`, which may be a breakpoint: false: it is one in a
 * function that the stub itself runs, which nothing else is to be done about; q->reply says so.
 * Else what was there is remembered. Sets *rc to 0 or the target's error.
 */
bool quirks_may_write(struct quirks *q, uint64_t address, int *rc);

/* q->data were written there. */
void quirks_note_write(struct quirks *q, uint64_t address);

/* The kernel is about to run: what was there at its last stop is none of those that come and go. */
void quirks_age_points(struct stop *s);

/*
 * Plants q->data, a breakpoint instruction, and remembers what was there, unless that is one
 * already. *why is set when that cannot be had: a few words. Returns 0 or the target's error.
 */
int quirks_plant(struct quirks *q, uint64_t address, const char **why);

/* Take out one that is planted; what is not remembered stays. Return 0 or the target's error. */
int quirks_unplant(struct quirks *q, uint64_t address, size_t len);
int quirks_remove_point(struct quirks *q, struct stop_point *p);

/* ---- quirks_replies.c ---- */

/* Whether a FreeBSD stub can answer a request that is handed on so. */
bool quirks_can_be(const struct packet *packet, const struct buf *reply, bool final);

/* ---- quirks_leave.c ---- */

/* Leaves the kernel; see quirks.h. */
int quirks_detach(struct quirks *q, struct buf *reply);

#endif
