/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Acknowledges HERALDs without per-kernel state, from a few sockets shared by all kernels, so that
 * a flood of forged HERALDs uses no memory. A kernel that received the ack sends its T to that
 * socket. A sender that forges its address does not see the ack. State is kept only from the T on.
 * See lobby.h.
 */
#ifndef NETGDB_IO_HERALD_RESPONDER_H
#define NETGDB_IO_HERALD_RESPONDER_H

#include "proto/addr.h"

enum { HERALD_RESPONDER_PORTS = 16 };

struct herald_responder {
    int fd[HERALD_RESPONDER_PORTS]; /* -1: not open */
    uint64_t key;                   /* random; selects the socket for a kernel's address */
};

/* Initializes without opening a socket. */
void herald_responder_init(struct herald_responder *r);

/* Closes all sockets. */
void herald_responder_close(struct herald_responder *r);

/*
 * Acknowledges the HERALD that `kernel` sent to our address own_ip. Returns the index of the socket
 * if this call opened it, so that the owner can poll it, or -1 otherwise. A failed open or send is
 * not reported: the kernel retransmits its HERALD.
 */
int herald_responder_answer(struct herald_responder *r, const struct net_addr *kernel,
                            uint32_t own_ip);

/*
 * Receives from socket i after it became readable. If a T arrived, sets *own and *kernel to the
 * session's two endpoints, closes the socket so that the session can bind its port, and returns
 * true. Otherwise drops the datagrams and returns false.
 */
bool herald_responder_take(struct herald_responder *r, unsigned i, struct net_addr *own,
                           struct net_addr *kernel);

#endif
