/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command that takes a kernel from its db> prompt returns it there before a signal ends the
 * command: the kernel would wait for a debugger otherwise.
 */
#ifndef NETGDB_TOOLS_HOLD_H
#define NETGDB_TOOLS_HOLD_H

#include <signal.h>

/* The signals that end the command: SIGINT, SIGTERM and SIGHUP, unless they are ignored. */
void hold_ends(sigset_t *signals);

/* Blocks them. *before is the mask for ppoll(2) while no kernel has been taken, and for
 * hold_finish, in which a signal that has come takes effect. */
void hold_begin(sigset_t *before);
void hold_finish(const sigset_t *before);

#endif
