/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helper threads in a process that belongs to another program, such as a debugger. */
#ifndef NETGDB_IO_THREAD_H
#define NETGDB_IO_THREAD_H

/*
 * Starts a detached thread with all signals blocked, so that the debugger's own threads handle
 * them. Returns 0 or an errno value.
 */
int thread_start(void *(*run)(void *), void *argument);

/* Numbers that this thread prints have a decimal point, whatever locale the debugger, or a script
 * in it, has set: JSON depends on it. */
void thread_print_c_numbers(void);

#endif
