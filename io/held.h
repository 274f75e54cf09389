/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams of one side of an io_fds that are held back until it waits; used by fds.c only. */
#ifndef NETGDB_IO_HELD_H
#define NETGDB_IO_HELD_H

#include "io/fds.h"

/*
 * As send of proto/io.h; datagrams wait for held_flush, those that are `later` ones for
 * their time. Those of a kind that leave no room for the next one go out before it is taken.
 */
int held_send(struct io_fds_side *side, const struct io_msg *msgs, unsigned n, bool later);

/* Sends what is held, but for the later ones; or all, the later ones first. */
void held_flush(struct io_fds_side *side);
void held_flush_all(struct io_fds_side *side);

/*
 * Before a sleep: sends all, unless there are later ones only, whose time (IO_FDS_LATER after the
 * first of them) has not come. Returns that time; IO_NEVER when none are left.
 */
uint64_t held_flush_due(struct io_fds_side *side);

/* Forgets the later ones; or all, and the memory. */
void held_drop_later(struct io_fds_side *side);
void held_free(struct io_fds_side *side);

#endif
