/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A recording as a target: answers what was asked live with the same bytes, and any read of memory
 * that the recording has. Memory that was not read is an error. The target cannot be written,
 * resumed or stopped at breakpoints: each attempt gets an error and a line in the log.
 *
 * What it was not asked live it does not support (an empty reply). H and T of any thread are OK,
 * and so are D and the removal of a breakpoint.
 */
#ifndef NETGDB_RECORD_REPLAY_H
#define NETGDB_RECORD_REPLAY_H

#include "proto/log.h"
#include "proto/target.h"
#include "record/recording.h"

/* Owns the recording, which was allocated by malloc(), from here on. NULL: memory is short; the
 * recording is then still the caller's. `log` must outlive the target. */
struct target *replay_new(struct recording *recording, const struct log *log);

#endif
