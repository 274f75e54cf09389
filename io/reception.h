/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Acknowledges HERALDs without per-kernel state, from a few sockets shared by all kernels, so that
 * a flood of forged HERALDs uses no memory. A kernel that received the ack sends its T to that
 * socket. A sender that forges its address does not see the ack. State is kept only from the T on.
 * See lobby.h.
 */
#ifndef NETGDB_IO_RECEPTION_H
#define NETGDB_IO_RECEPTION_H

#include "proto/addr.h"

enum { RECEPTION_PORTS = 16 };

struct reception {
    int fd[RECEPTION_PORTS]; /* -1: not open */
    uint64_t key;            /* random; selects the socket for a kernel's address */
};

/* Initializes without opening a socket. */
void reception_init(struct reception *r);

/* Closes all sockets. */
void reception_close(struct reception *r);

/*
 * Acknowledges the HERALD that `kernel` sent to our address own_ip. Returns the index of the socket
 * if this call opened it, so that the owner can poll it, or -1 otherwise. A failed open or send is
 * not reported: the kernel retransmits its HERALD.
 */
int reception_answer(struct reception *r, const struct net_addr *kernel, uint32_t own_ip);

/*
 * Receives from socket i after it became readable. If a T arrived, sets *own and *kernel to the
 * session's two endpoints, closes the socket so that the session can bind its port, and returns
 * true. Otherwise drops the datagrams and returns false.
 */
bool reception_take(struct reception *r, unsigned i, struct net_addr *own, struct net_addr *kernel);

#endif
