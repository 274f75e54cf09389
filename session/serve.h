/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop between a server and a target: requests, replies, Ctrl-C, and the end of the session.
 * The preloaded object, the proxy and the node share it.
 */
#ifndef NETGDB_SESSION_SERVE_H
#define NETGDB_SESSION_SERVE_H

#include <stdbool.h>

#include "proto/io.h"
#include "proto/log.h"
#include "proto/rsp/server.h"
#include "proto/target.h"

struct observed;

struct serve_options {
    bool forward_kill;     /* forward vKill and k, unless the target has the features of FreeBSD's
                              stub; otherwise they become a detach, except in extended mode and
                              for one process of several */
    bool keep;             /* do not detach when the client closes without a detach */
    bool park;             /* nor when it kills */
    bool tell_client;      /* explain an ignored Ctrl-C as output of the target as well: for a
                              client that does not see the log. No reply can refuse a Ctrl-C */
    bool end_with_program; /* end when the debugged program has ended outside extended mode: for a
                              client that cannot be seen to close */

    bool observes; /* the client only observes (observer.h): it leaves without a trace */
    struct observed *observed; /* executes observers' requests between two of the client
                                  (observed.h); needs `io`. NULL: there are none */

    /*
     * Deadline in ns for a resumed target to stop. After it the session ends, with a line in the
     * log: the target is interrupted and treated as if the client had closed; one that cannot be
     * interrupted is left running. `io` is the target's; NULL: no deadline.
     */
    struct io *io;
    uint64_t run_timeout;

    /* Ns for the reply that is outstanding when the client leaves, also for the stop of an
     * interrupted target; then it counts as lost. 0: no limit, as a kernel's link has its own. */
    uint64_t gone_timeout;

    /* Whether to treat the client as gone; called before each wait, which IO_ON_WAKE ends. May be
     * NULL. */
    bool (*ended)(void *context);

    /* Called before a detach. May be NULL. */
    void (*leaving)(void *context);

    void *context;
};

/* The end of a session without an error. */
enum serve_end {
    SERVE_DETACHED = 1, /* detached from the target, or it was killed or has ended */
    SERVE_PARKED,       /* the client has gone; the stopped target waits for the next one */
    SERVE_RUNNING,      /* the client has gone, or the deadline has passed, and the target runs and
                           cannot be interrupted */
};

/*
 * Serves until the client leaves or the target ends. IO_ON_WAKE calls target_idle. The target and
 * the server remain the caller's.
 *
 * Returns a serve_end, or the error of the target or of the server: NETGDB_LOST, NETGDB_CLOSED,
 * NETGDB_REPLACED (the kernel rebooted while it was stopped and waits in a new session), … The
 * log then has one line about it.
 */
int serve(struct server *server, struct target *target, const struct serve_options *options,
          const struct log *log);

/* Whether `end` of serve means that the target's session is over: no other client can have it. */
bool serve_has_ended(int end);

/*
 * Detaches from a stopped target that no client has. Returns SERVE_DETACHED or an error, as
 * above. With `processes` the target may have several, and is asked for their id.
 */
int serve_leave(struct target *target, bool processes, const struct log *log);

#endif
