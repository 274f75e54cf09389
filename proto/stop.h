/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a kernel stopped last: what must be known to leave it at db>, where it stopped. A part of
 * the session's record (link.h), so that whoever goes on with the session knows it, too.
 */
#ifndef NETGDB_PROTO_STOP_H
#define NETGDB_PROTO_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stop_cause {
    STOP_UNKNOWN, /* nobody saw it: it may be a step */
    STOP_AT_DDB,  /* the session's first: ddb stopped at this trap, and does so again */
    STOP_STEPPED, /* by s or S */
    STOP_RAN,     /* by c or C */
};

enum stop_watch { STOP_NOT_WATCHED, STOP_WATCHED, STOP_WATCH_UNKNOWN };

enum {
    STOP_SIGTRAP = 5,
    STOP_TEXT_MAX = 4, /* bytes of a breakpoint instruction */
    STOP_POINTS = 16,  /* breakpoints that are remembered */
};

/* A breakpoint instruction that was written into memory, and what it took the place of. */
struct stop_point {
    uint64_t address;
    uint8_t len;     /* bytes; 0: this entry is free */
    uint8_t planted; /* not 0: it is there now */
    uint8_t old;     /* not 0: it has been there since before the last resume */
    uint8_t text[STOP_TEXT_MAX];
};

/* All zero: nothing is known. */
struct stop {
    uint64_t thread; /* that stopped; 0: not known */
    uint64_t chosen; /* by the last H, or by the stop; 0: not known */
    uint32_t cause;  /* enum stop_cause */
    uint32_t runs;   /* not 0: it was resumed, and has not stopped yet */
    uint32_t signal; /* FreeBSD's number; 0: not known */
    uint32_t watch;  /* enum stop_watch: whether it named a watchpoint */
    uint32_t pc;     /* number of the pc in the stop's registers, and its bytes; */
    uint32_t pc_len; /* 0: not known. They are the machine's, and stay when it runs */
    struct stop_point points[STOP_POINTS];
};

/*
 * Takes a stop reply, `T05…;thread:TID;`, or the shorter one to `?`, which tells neither of a pc
 * nor of a watchpoint. False: it is none, and nothing has changed.
 */
bool stop_take(struct stop *s, const uint8_t *reply, size_t len);

/* The same of the first packet in what a kernel sent, `$T05…#cs`, to begin a session. */
void stop_begin(struct stop *s, const uint8_t *stream, size_t len);

#endif
