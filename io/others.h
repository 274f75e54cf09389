/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A second socket on a session's address and port, for what its own, being connected, does not get:
 * datagrams of another source. It is only for counting them: its receive buffer is tiny, nobody
 * waits for it, and what the system drops for want of room is counted by the system.
 */
#ifndef NETGDB_IO_OTHERS_H
#define NETGDB_IO_OTHERS_H

#include "proto/io.h"

/*
 * For this connected UDP socket; it must have been made by a process of our user. Linux gives a
 * connected socket what comes from its peer and the other one the rest. The two share the port by
 * SO_REUSEPORT (socket(7): among sockets of one user only) for the moment of bind(), so that nobody
 * else gets into it, then or later. Returns the descriptor, close-on-exec, or -1 with errno: then
 * the session goes on, and other sources are not counted.
 */
int others_open(int session);

/* Adds what has come to *seen. `dropped` is 0 at first and belongs to the socket. */
void others_count(int fd, uint32_t *dropped, struct io_signs *seen);

#endif
