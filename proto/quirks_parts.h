/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the files of quirks and by nothing else: its state, and the answers to requests that
 * are not simply handed on.
 */
#ifndef NETGDB_PROTO_QUIRKS_PARTS_H
#define NETGDB_PROTO_QUIRKS_PARTS_H

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
};

struct quirks {
    struct target base;
    bool handed_on;              /* the reply is to come from the kernel */
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

/* Asks how large the kernel's buffer is, once: afterwards the limits below hold. */
int quirks_learn(struct quirks *q);
size_t quirks_request_limit(struct quirks *q); /* bytes of content that a request may have */
size_t quirks_read_limit(struct quirks *q);    /* bytes of memory that an m may ask for */

/*
 * Answers. Each takes the whole request, puts its reply into q->reply (which is empty before) and
 * returns 0, QUIRKS_HAND_ON, or an error of the target.
 */
int quirks_read_memory(struct quirks *q, const uint8_t *request, size_t len);
int quirks_write_hex(struct quirks *q, const uint8_t *request, size_t len);
int quirks_write_binary(struct quirks *q, const uint8_t *request, size_t len);
int quirks_search(struct quirks *q, const uint8_t *request, size_t len);
int quirks_write_register(struct quirks *q, const uint8_t *request, size_t len);
int quirks_write_registers(struct quirks *q, const uint8_t *request, size_t len);
int quirks_xfer_threads(struct quirks *q, const uint8_t *request, size_t len);
int quirks_first_threads(struct quirks *q, const uint8_t *request, size_t len);
int quirks_more_threads(struct quirks *q, const uint8_t *request, size_t len);

/* Whether a FreeBSD stub can answer a request that is handed on so. */
bool quirks_can_be(const struct packet *packet, const struct buf *reply, bool final);

/*
 * Reads `NUMBER separator NUMBER`, hexadecimal; returns how many bytes, 0: not of that form. The
 * second is for a text that holds that and nothing more.
 */
size_t quirks_two_numbers(const uint8_t *text, size_t len, char separator, uint64_t *first,
                          uint64_t *second);
bool quirks_just_two_numbers(const uint8_t *text, size_t len, uint64_t *first, uint64_t *second);

#endif
