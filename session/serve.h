/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop between a server and a target: request, reply, Ctrl-C, and how to part. Shared by the
 * preloaded object, the proxy and the node, which differ in what stands at the two ends.
 */
#ifndef NETGDB_SESSION_SERVE_H
#define NETGDB_SESSION_SERVE_H

#include <stdbool.h>

#include "proto/io.h"
#include "proto/log.h"
#include "proto/server.h"
#include "proto/target.h"

struct serve_options {
    bool forward_kill;     /* vKill and k reach the target, unless its features are a FreeBSD
                              stub's; else they become a detach, but for extended mode and for one
                              process of several */
    bool keep;             /* a client that goes away without a word leaves the target as it is */
    bool park;             /* the same, and so does one that kills */
    bool tell_client;      /* why a Ctrl-C does nothing is told as the target's output, too: for a
                              client that does not see the log. No reply can refuse a Ctrl-C */
    bool end_with_program; /* end when the program that the target debugs has ended and GDB is not
                              in extended mode: for a client whose going away cannot be seen */

    /*
     * When the target was resumed and has not stopped run_timeout ns later, the session ends, with
     * a line in the log: a target that can be interrupted is stopped and left as if the client had
     * gone; any other is left running. `io` is the target's; NULL: there is no limit.
     */
    struct io *io;
    uint64_t run_timeout;

    /* Asked before each wait, which IO_ON_WAKE ends: whether the client is to be taken for gone.
     * May be NULL. */
    bool (*ended)(void *context);

    /* Called before the target is detached from. May be NULL. */
    void (*leaving)(void *context);

    void *context;
};

/* How it ended when it did not fail. */
enum serve_end {
    SERVE_DETACHED =
        1,         /* the target was left (or killed, or has ended): nobody holds it any more */
    SERVE_PARKED,  /* the client has gone; the target is stopped and waits for the next one */
    SERVE_RUNNING, /* the client has gone, or run_timeout has passed, and the target runs and could
                      not be stopped */
};

/*
 * Serves until the client leaves or the target ends. At IO_ON_WAKE the target may look after
 * itself (target_idle). The target and the server stay the caller's; neither
 * is freed.
 *
 * Returns a serve_end, or the error of the target or of the server: NETGDB_LOST, NETGDB_CLOSED,
 * NETGDB_REPLACED (the kernel rebooted while it was stopped and waits in a new session), … One
 * line in the log has then said so.
 */
int serve(struct server *server, struct target *target, const struct serve_options *options,
          const struct log *log);

/* Whether `end` of serve means that the target's session is over: nobody can go on with it. */
bool serve_has_ended(int end);

/*
 * Detaches from a stopped target that nobody is served. Returns SERVE_DETACHED or an error, as
 * above. With `processes` the target may have several, and is asked for their id.
 */
int serve_leave(struct target *target, bool processes, const struct log *log);

#endif
