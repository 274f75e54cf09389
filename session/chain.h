/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The chain of targets for a name and its options: what is at the bottom, and which decorators
 * stand in front of it.
 */
#ifndef NETGDB_SESSION_CHAIN_H
#define NETGDB_SESSION_CHAIN_H

#include "proto/netgdb_target.h"

struct options; /* proto/options.h */

/*
 * The chain in front of a kernel or node. Asks it what it is (netgdb_target_identify) and mends a
 * FreeBSD stub's replies. Owns the link from here on, also when it fails; the rest stays the
 * caller's and must outlive the chain. Returns 0 and *target, or an error of the target.
 */
int chain_for_kernel(struct link *link, const struct netgdb_successor *successor,
                     const struct options *options, const struct log *log, struct target **target);

/*
 * The same in front of the netgdb_target of an earlier chain (chain_strip): each client has a
 * chain of its own. When it fails, the target is as it was and the caller's.
 */
int chain_renew(struct target *netgdb, const struct options *options, const struct log *log,
                struct target **target);

/* Frees the decorators; returns what they stood in front of, now the caller's. */
struct target *chain_strip(struct target *target);

/* What is at the bottom. */
struct target *chain_bottom(struct target *target);

/* The chain in front of a stub on the IO_TARGET stream of `io`. Returns as above. */
int chain_for_stream(struct io *io, const struct options *options, const struct log *log,
                     struct target **target);

#endif
