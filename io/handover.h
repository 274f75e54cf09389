/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session handed from one process to another over a unix stream socket: two addresses, a word,
 * and (SCM_RIGHTS, unix(7)) the session's UDP socket, the file of its record and, where there is
 * one, the socket of others.h.
 */
#ifndef NETGDB_IO_HANDOVER_H
#define NETGDB_IO_HANDOVER_H

#include "proto/addr.h"

enum handover_kind {
    HANDOVER_KERNEL = 1, /* a session and its two descriptors; it is the receiver's to serve */
    HANDOVER_REFUSED,    /* there is none, and `text` says why */
    HANDOVER_PARKED,     /* the session goes back: its target is stopped and nothing is owed */
    HANDOVER_RUNNING,    /* it goes back, and its target runs */
    HANDOVER_LEFT,       /* it has ended: the target was detached from */
    HANDOVER_LOST,       /* its target does not answer */
};

enum { HANDOVER_TEXT = 512, HANDOVER_FDS = 3 };

struct handover {
    uint32_t magic; /* of this version of the message; set and checked here */
    uint32_t kind;
    struct net_addr own, kernel; /* HANDOVER_KERNEL */
    char text[HANDOVER_TEXT];    /* HANDOVER_REFUSED: why; HANDOVER_KERNEL: its T, framed, when
                                    nobody has read it yet and it fits */
};

/*
 * Sends one, with descriptors (NULL: none; the last may be -1), which stay the caller's. 0, or -1
 * with errno.
 */
int handover_send(int socket, struct handover *h, const int fds[HANDOVER_FDS]);

/*
 * Waits for one. A HANDOVER_KERNEL comes with its descriptors, close-on-exec and the caller's (the
 * last may be -1); else they are -1. Returns 0, or -1: errno is ECONNRESET when the other side has
 * gone, EPROTO for what is no such message.
 */
int handover_receive(int socket, struct handover *h, int fds[HANDOVER_FDS]);

#endif
