/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at what somebody else is going to read from a pipe or a socket. */
#ifndef NETGDB_IO_PEEK_H
#define NETGDB_IO_PEEK_H

#include <stddef.h>

/*
 * Copies what waits in `fd` into text[size] and leaves it there. Returns the number of bytes; 0
 * when there is nothing, or when it can be neither seen in a pipe (tee(2)) nor in a socket
 * (MSG_PEEK), as in a terminal. Never blocks. No descriptor is left open, and none is inherited
 * meanwhile.
 */
size_t peek(int fd, char *text, size_t size);

#endif
