/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The transports of netgdb:PREFIX:ADDRESS (proto/transport.h), and one stream of such a name. */
#ifndef NETGDB_SESSION_TRANSPORT_H
#define NETGDB_SESSION_TRANSPORT_H

#include <signal.h>

#include "io/sockets.h"
#include "proto/kernel/netgdb_target.h"
#include "proto/options.h"
#include "proto/transport.h"
#include "session/child.h"

enum { TRANSPORT_WHY_MAX = 512 }; /* bytes of a reason, with its NUL */

/* All transports, for options_parse; ends with NULL. */
extern const struct transport *const transports_all[];

/* A stream to the stub of a name. A copy is another stream to the same address. */
struct transport_stream {
    const struct options *options; /* `transport` is not NULL */
    sockets_resolver *resolver;
    uint64_t timeout;             /* limit of `open` in ns; IO_NEVER: none */
    const sigset_t *mask;         /* the signal mask of waits; NULL: the thread's own */
    bool looked_up;               /* `peers` is valid */
    struct sockets_streams peers; /* the host's addresses */
    struct child child;
    enum netgdb_peer peer;       /* of a transport with `target`: what was recorded */
    char why[TRANSPORT_WHY_MAX]; /* after a failure, what is wrong */
};

/* Looks the host up, if the transport has one to look up. Returns 0, or an error of
 * sockets_resolve_streams with its text in s->why. */
int transport_look_up(struct transport_stream *s);

/* Opens the stream, after a look-up if there was none. Returns a descriptor, which the caller owns,
 * or -1 with errno and the reason in s->why. */
int transport_open(struct transport_stream *s);

/* Makes the target of a transport that has one. Returns as `target` of struct transport. */
int transport_target(struct transport_stream *s, const struct log *log, struct target **t);

/* Ends everything but the descriptor; see struct transport. */
void transport_close(struct transport_stream *s, bool detached);

#endif
