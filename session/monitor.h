/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator next to the client. It answers `monitor netgdb status`, `monitor netgdb cache`,
 * `monitor netgdb cache flush` and `monitor netgdb help` and passes every other command of monitor
 * on; and it measures, for the profile, how long each request takes and how long the client thinks.
 * A slow one is logged.
 */
#ifndef NETGDB_SESSION_MONITOR_H
#define NETGDB_SESSION_MONITOR_H

#include "proto/log.h"
#include "session/profile.h"

/*
 * In front of `next`, which it owns. `netgdb`, when not NULL, is the netgdb_target at the bottom,
 * whose link the profile tells of; `cache`, when not NULL, is that of the chain. `title` is the
 * first line of the status. With `profile` NULL the status is that of a proxy further on, and only
 * the commands about the cache are answered here. All but `next` stays the caller's. NULL when
 * there is no memory; then next is still the caller's.
 */
struct target *monitor_new(struct target *next, const struct target *netgdb, struct target *cache,
                           struct io *io, struct profile *profile, const char *title,
                           const struct log *log);

#endif
