/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket of a proxy, `control` in its runtime directory: a unix stream on which a
 * program of the same user, of root or of the socket's group sends one line and reads an answer.
 */
#ifndef NETGDB_SESSION_CONTROL_H
#define NETGDB_SESSION_CONTROL_H

#include <stdbool.h>

enum { CONTROL_LINE_MAX = 512 }; /* of a request, with its newline */

/*
 * Listens on it. Returns a descriptor that does not block, or -1 with errno (EADDRINUSE: a proxy
 * of this runtime directory runs already).
 */
int control_listen(void);

/* Removes it. */
void control_remove(void);

/* Whether who is at the other end of this connection may use it (SO_PEERCRED, SO_PEERGROUPS). */
bool control_allows(int fd);

/*
 * Connects to the proxy of this user, or to that of the machine in /run/netgdb. Returns a
 * descriptor, or -1 with errno (ENOENT, ECONNREFUSED: no proxy runs).
 */
int control_connect(void);

#endif
