/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's last stop: everything needed to return the kernel to db> at the place where it
 * stopped. It is part of the session state (struct link_session_state), so that a server which
 * takes the session over has it.
 */
#ifndef NETGDB_PROTO_STOP_H
#define NETGDB_PROTO_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stop_cause {
    STOP_UNKNOWN, /* not observed: it may be a step */
    STOP_AT_DDB,  /* the session's first: ddb stops again for this trap */
    STOP_STEPPED, /* after s or S */
    STOP_RAN,     /* after c or C */
};

enum stop_watch { STOP_NOT_WATCHED, STOP_WATCHED, STOP_WATCH_UNKNOWN };

enum {
    STOP_SIGTRAP = 5,
    STOP_TEXT_MAX = 4, /* bytes of a breakpoint instruction */
    STOP_POINTS = 16,  /* breakpoints remembered */
};

/* A breakpoint instruction written into memory, and the bytes that it replaced. */
struct stop_point {
    uint64_t address;
    uint8_t len;                 /* bytes; 0: the entry is free */
    uint8_t inserted;            /* not 0: the instruction is in memory now */
    uint8_t old;                 /* not 0: it was in memory at the last resume */
    uint8_t text[STOP_TEXT_MAX]; /* the bytes replaced */
};

/* All zero: unknown. */
struct stop {
    uint64_t thread;   /* the thread that stopped; 0: unknown */
    uint64_t selected; /* the thread selected by the last H or by the stop; 0: unknown */
    uint32_t cause;    /* enum stop_cause */
    uint32_t runs;     /* not 0: resumed, and not stopped yet */
    uint32_t signal;   /* FreeBSD's number; 0: unknown */
    uint32_t watch;    /* enum stop_watch: whether the stop named a watchpoint */
    uint32_t pc;       /* register number of the pc in stop replies, the same for each machine */
    uint32_t pc_len;   /* its size in bytes; 0: both are unknown */
    uint64_t moved_pc; /* the pc before a detach moved it back for ddb; 0: it was not moved */
    struct stop_point points[STOP_POINTS];
};

/* Whether the numbers are possible: `s` may be from a damaged file. */
bool stop_is_sound(const struct stop *s);

/*
 * Updates `s` from a stop reply, `T05…;thread:TID;`, or the shorter reply to `?`, which has neither
 * pc nor watchpoint. Does not change `cause`. Returns false, without a change, for any other
 * packet.
 */
bool stop_take(struct stop *s, const uint8_t *reply, size_t len);

/*
 * Initializes `s` from the start of a session's stream, a stop reply with framing (`$T05…#cs`).
 * The cause is STOP_AT_DDB if there is one, otherwise STOP_UNKNOWN.
 */
void stop_begin(struct stop *s, const uint8_t *stream, size_t len);

/*
 * Finds the thread that a stop reply names, `T05…thread:ID;…`. Returns the first byte of ID and
 * sets *n to its length; NULL if there is none, or for any other packet.
 */
const uint8_t *stop_thread(const uint8_t *reply, size_t len, size_t *n);

#endif
