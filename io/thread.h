/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helper threads inside somebody else's process. */
#ifndef NETGDB_IO_THREAD_H
#define NETGDB_IO_THREAD_H

/*
 * Starts a detached thread that no signal reaches: they are the debugger's. Returns 0 or an
 * errno value.
 */
int thread_start(void *(*run)(void *), void *argument);

#endif
