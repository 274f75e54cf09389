/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HERALDs that are answered without keeping anything of whoever sent them: from a few sockets that
 * all share. A kernel that was answered sends its T there, and nobody else can: only then there is
 * something to keep. See lobby.h.
 */
#ifndef NETGDB_IO_RECEPTION_H
#define NETGDB_IO_RECEPTION_H

#include "proto/addr.h"

enum { RECEPTION_PORTS = 16 };

struct reception {
    int fd[RECEPTION_PORTS]; /* -1: none yet */
    uint64_t key;            /* chooses the one that answers a kernel; not to be guessed */
};

/* Opens nothing yet. */
void reception_init(struct reception *r);

void reception_close(struct reception *r);

/*
 * Acknowledges the HERALD of this kernel, which came to our address own_ip. Returns the index of
 * the socket that was opened for it, for the owner to watch, or -1 when none was.
 */
int reception_answer(struct reception *r, const struct net_addr *kernel, uint32_t own_ip);

/*
 * Something has arrived on socket i. Returns whether it is a T, whose session is then *own and
 * *kernel: the socket is closed, so that the session's own can have its port. Else it is dropped.
 */
bool reception_take(struct reception *r, unsigned i, struct net_addr *own, struct net_addr *kernel);

#endif
