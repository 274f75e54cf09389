/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator for clients that do not know of swbreak: LLDB. A stub gives those the program
 * counter behind a breakpoint, for GDB before 7.10 set it back itself, and LLDB does not (GDB
 * manual, "General Query Packets", swbreak). And LLDB 14 crashes when memory is shorter than it
 * asked for, and takes a register without a value ("xxxxxxxx") for 0xcccccccc: that is an error
 * for it. Other clients are passed through as they are.
 */
#ifndef NETGDB_SESSION_LLDB_H
#define NETGDB_SESSION_LLDB_H

#include "proto/target.h"

/* In front of `next`, which it owns. NULL when there is no memory; then next is the caller's. */
struct target *lldb_new(struct target *next);

#endif
