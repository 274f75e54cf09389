/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outermost decorator but for that of a recording. It answers `monitor netgdb COMMAND`: status,
 * cache, save, help, and the queries about a FreeBSD kernel (freebsd/queries.h). It forwards every
 * other monitor command. It also records in the profile how long each request takes and how long
 * the client waits before the next, and logs slow requests.
 */
#ifndef NETGDB_SESSION_MONITOR_H
#define NETGDB_SESSION_MONITOR_H

#include "proto/log.h"
#include "session/chain.h"

/*
 * Decorates chain->target, which it owns; the chain is asked for the counters, and outlives it.
 * `title` is the first line of the status. With `profile` NULL the proxy has the profile: `status`
 * is forwarded to it, and so are queries that this chain cannot answer. Returns NULL if memory is
 * short; chain->target is still the chain's then.
 */
struct target *monitor_new(const struct chain *chain, struct io *io, struct profile *profile,
                           const char *title, const struct log *log);

#endif
