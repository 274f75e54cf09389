/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names the process that holds a port, for the error of a bind. */
#ifndef NETGDB_IO_PORT_OWNER_H
#define NETGDB_IO_PORT_OWNER_H

#include <stdbool.h>
#include <stdint.h>

enum { PORT_OWNER_TEXT = 128 };

/*
 * Writes " (held by gdb, process 4711)" into text and returns text. Writes " (held by a process of
 * user 1000)" if its descriptors are hidden from this user, and "" if `error` is not EADDRINUSE or
 * the port has no owner in this network namespace. `port` is in host byte order; `tcp`: a TCP
 * port that listens, else a UDP port. Keeps errno.
 *
 * On FreeBSD always "". Source: proc(5), /proc/net/tcp, /proc/PID/fd, /proc/PID/comm.
 */
const char *port_owner(int error, bool tcp, uint16_t port, char text[PORT_OWNER_TEXT]);

#endif
