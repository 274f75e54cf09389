/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A command that takes a kernel from its db> prompt returns it there before a signal ends the
 * command: the kernel would wait for a debugger otherwise.
 */
#ifndef NETGDB_TOOLS_HOLD_H
#define NETGDB_TOOLS_HOLD_H

#include <signal.h>
#include <stdbool.h>

struct hold {
    sigset_t before;
    int fd; /* readable once such a signal has come, for poll(2) */
};

/* The signals that end the command: SIGINT, SIGTERM and SIGHUP, unless they are ignored. */
void hold_ends(sigset_t *signals);

/* Blocks them, before the first thread. Returns 0, or -1 with errno: then nothing has changed. */
int hold_begin(struct hold *h);

/* Has a signal that has come take effect. */
void hold_finish(struct hold *h);

#endif
