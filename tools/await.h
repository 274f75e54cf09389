/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waits for a kernel, for commands that take one from its db> prompt and hold signals meanwhile. */
#ifndef NETGDB_TOOLS_AWAIT_H
#define NETGDB_TOOLS_AWAIT_H

#include "session/listener.h"
#include "tools/hold.h"

/*
 * Waits until `fd` is readable: `limit` ns from now, or without end (IO_NEVER). Returns 0, or an
 * errno value: ETIMEDOUT; EINTR, a signal has come (hold.h); or that of poll(2).
 */
int await_readable(int fd, uint64_t limit, const struct hold *hold);

/*
 * Waits in the same way for a kernel of these hosts to connect to the listener. Sets *s to its
 * session, which is the caller's, or NULL after an error. Returns as above, ENOSPC if the listener
 * admits no more hosts, or the errno value of os_wake_open().
 */
int await_session(struct listener *l, const struct net_hosts *hosts, uint64_t limit,
                  const struct hold *hold, struct session **s);

#endif
