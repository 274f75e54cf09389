/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay: the thread that serves one target to the debugger's descriptor, from connect() until
 * the debugger has closed it and the target was detached or returned.
 */
#ifndef NETGDB_SHIM_RELAY_H
#define NETGDB_SHIM_RELAY_H

#include "session/listener.h"
#include "shim/shim.h"

/* The target of a relay: a kernel's session, or a byte stream to a stub or to a kernel of the
 * proxy.
 */
struct relay_target {
    struct listener *listener; /* the session's; NULL: a stream */
    struct session *session;   /* when there is a listener */
    struct target *recording;  /* owned; NULL: another target */
    int stream;                /* otherwise */
    bool proxy;                /* the stream is connected to the proxy, which has `peer` */
    enum netgdb_peer peer;     /* of the proxy, or what was recorded */
};

/*
 * Starts a relay between the target and `client` (our end of the debugger's stream). `name` must
 * live as long as the process. Returns 0 or an errno value. It owns both from here on if it returns
 * 0 or EAGAIN (no thread); otherwise they are still the caller's.
 */
int relay_start(const struct relay_target *target, int client, const struct shim_name *name);

/* Whether a relay serves a kernel with one of these addresses; an address 0 matches none. */
bool relay_has_kernel(const struct net_hosts *hosts);

/*
 * Called at exit: tells the relays that the debugger has left, and waits for them, for 2 s at most,
 * or 45 s for a relay that is detaching. Then detaches from kernels that no connection has taken,
 * until 45 s after the start, but for 2 s at least.
 */
void relay_drain(void);

#endif
