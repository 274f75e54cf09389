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
#include "session/profile.h"

/*
 * Decorates `next`, which it owns. `netgdb` is the innermost target if it has a link, for the
 * profile, or NULL; `cache` is the chain's, or NULL. `title` is the first line of the status. With
 * `profile` NULL the status is the proxy's, and only the cache commands are answered here.
 * Everything but `next` stays the caller's. NULL: no memory; then next is still the caller's.
 */
struct target *monitor_new(struct target *next, const struct target *netgdb, struct target *cache,
                           struct io *io, struct profile *profile, const char *title,
                           const struct log *log);

#endif
