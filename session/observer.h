/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target of an observer: it posts requests that only read to the thread that serves the target
 * (observed.h), and answers all others itself. No other request reaches the stub.
 *
 *   reads (packets.h)      executed between two requests of the first client, with the observer's
 *                          selected thread; an error while the target runs
 *   searches of memory     an empty reply: the first client would wait until they end
 *   c, s, vCont, …         wait for the next stop that this observer has not seen
 *   ?                      the last stop; while the target runs, the next one
 *   H                      kept here
 *   qSupported             the first client's reply
 *   D, k, vKill            end only the observer's own session
 *   qRcmd                  refused, with a line of console output
 *   other changes          refused: "E.netgdb: …"; unknown requests get an empty reply
 *   Ctrl-C                 ends the wait for a stop, with SIGINT on the thread of the last stop
 */
#ifndef NETGDB_SESSION_OBSERVER_H
#define NETGDB_SESSION_OBSERVER_H

#include "session/observed.h"

/*
 * Joins the observers of `h`. The target waits in `io`, whose wake it shares with its thread.
 * `need` is called when no thread serves the target; it may start a thread that does, and returns
 * an error if none ever will. Returns 0; NETGDB_TOO_LONG: there are OBSERVERS_MAX already; or
 * NETGDB_NOMEM.
 */
int observer_new(struct observed *h, struct io_fds *io, int (*need)(void *context), void *context,
                 struct target **target);

#endif
