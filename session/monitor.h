/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outermost decorator. It answers `monitor netgdb status`, `monitor netgdb cache`, `monitor
 * netgdb cache flush` and `monitor netgdb help`, and forwards every other monitor command. It also
 * records in the profile how long each request takes and how long the client waits before the next,
 * and logs slow requests.
 */
#ifndef NETGDB_SESSION_MONITOR_H
#define NETGDB_SESSION_MONITOR_H

#include "proto/log.h"
#include "session/chain.h"

/*
 * Decorates chain->target, which it owns; the chain is asked for the counters, and outlives it.
 * `title` is the first line of the status. With `profile` NULL the status is the proxy's, and only
 * the cache commands are answered here. NULL: no memory; then chain->target is still the chain's.
 */
struct target *monitor_new(const struct chain *chain, struct io *io, struct profile *profile,
                           const char *title, const struct log *log);

#endif
