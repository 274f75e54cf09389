/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads pending input of a pipe or a socket without consuming it. */
#ifndef NETGDB_IO_PEEK_H
#define NETGDB_IO_PEEK_H

#include <stddef.h>

/*
 * Copies the pending input of `fd` into text[size] and leaves it for the next reader: of a pipe
 * where the system can, of a socket by MSG_PEEK. Returns the number of bytes; 0 if nothing is
 * pending, on an error, and for any other kind of descriptor, such as a terminal. Never blocks and
 * leaks no descriptor, neither here nor into a child.
 */
size_t peek(int fd, char *text, size_t size);

#endif
