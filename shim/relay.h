/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A relay: the thread that serves one target to the debugger's descriptor, from connect() until
 * the debugger has left and the target was let go.
 */
#ifndef NETGDB_SHIM_RELAY_H
#define NETGDB_SHIM_RELAY_H

#include "session/listener.h"
#include "shim/shim.h"

/* What a relay serves: a kernel, or what is on a byte stream: a stub, or a kernel of the proxy. */
struct relay_target {
    struct listener *listener;     /* NULL: a stream */
    struct listener_kernel kernel; /* when there is a listener */
    int stream;                    /* otherwise */
    bool proxy;                    /* the stream is the proxy's, and `peer` behind it */
    enum netgdb_peer peer;
};

/*
 * Starts a relay between the target and `client` (our end of the debugger's stream). Owns both
 * from here on, unless it fails with ENOMEM. `name` must live as long as the process. Returns 0 or
 * an errno value.
 */
int relay_start(const struct relay_target *target, int client, const struct shim_name *name);

/*
 * The process ends: the relays are told that the debugger has left, and waited for: 2 s, but 15 s
 * for one whose detach is on its way to the target. Then kernels that have called since, and that
 * no connection wanted, are detached from; that ends 15 s after the begin, too, and has 2 s at
 * least.
 */
void relay_drain(void);

#endif
