/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control socket of a proxy, `control` in its runtime directory: a unix stream on which a
 * program of the same user, of root or of the socket's group sends one line and reads an answer.
 *
 *     ls [json] [verbose]    the kernels, as text or JSON
 *     take PORT IP...        a kernel of these hosts (0.0.0.0: of any) that uses this UDP port
 *     observe PORT IP...     the same, to look at it beside its client
 *
 * When there is such a kernel, the answer to take and observe is a line with its kind, "kernel",
 * "node" or "stub", and its address; RSP with it follows. "no REASON" refuses. The end of the
 * stream: the port is not the proxy's.
 */
#ifndef NETGDB_SESSION_CONTROL_H
#define NETGDB_SESSION_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/kernel/netgdb_target.h"

enum { CONTROL_LINE_MAX = 512 }; /* bytes, with the newline */

/* The kernel of an answer. */
struct control_kernel {
    enum netgdb_peer peer;
    uint32_t ip; /* host byte order */
};

/*
 * Listens on it. Returns a non-blocking descriptor, or -1 with errno (EADDRINUSE: a proxy of this
 * runtime directory is running already).
 */
int control_listen(void);

/* Removes it. */
void control_remove(void);

/*
 * Whether the peer of a connection to the socket at `path` (NULL: the control socket) may use it:
 * the same user, root, and the socket's group if that may write (unix(4), unix(7)).
 */
bool control_allows(int fd, const char *path);

/*
 * Connects to the proxy of this user, or to that of the machine in /run/netgdb. Returns a
 * descriptor, or -1 with errno (ENOENT, ECONNREFUSED: no proxy runs).
 */
int control_connect(void);

/*
 * Asks the proxy for a kernel of these hosts that uses UDP port `port`: "take", or "observe".
 * Returns a descriptor that becomes readable with the answer, or -1 when no proxy runs.
 */
int control_take(const struct net_hosts *hosts, uint16_t port, bool observe);

/*
 * Reads the answer, which must be there. Returns 0: RSP with *kernel follows; EBUSY with the reason
 * in why[]; or another errno value, ECONNRESET when the proxy has closed the connection.
 */
int control_answer(int fd, struct control_kernel *kernel, char why[CONTROL_LINE_MAX]);

/* The proxy's answers. They do not block: a peer that does not read loses them. */
void control_grant(int fd, const struct control_kernel *kernel);
void control_refuse(int fd, const char *why);

#endif
