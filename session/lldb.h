/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator for clients without swbreak: LLDB. A stub reports to those the program counter
 * after a breakpoint, since GDB before 7.10 set it back itself; LLDB does not (GDB manual, "General
 * Query Packets", swbreak). LLDB 14 also crashes when a reply has less memory than it asked for,
 * and takes a register without a value ("xxxxxxxx") for 0xcccccccc: it gets an error for both.
 * After a resume that is refused it would give the process up: it gets the last stop again.
 * Requests of other clients are forwarded unchanged.
 */
#ifndef NETGDB_SESSION_LLDB_H
#define NETGDB_SESSION_LLDB_H

#include "proto/target.h"

/* Decorates `next`, which it owns. NULL: no memory; then next is still the caller's. */
struct target *lldb_new(struct target *next);

#endif
