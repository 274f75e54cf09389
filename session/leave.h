/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detaches from kernels that wait when the process ends. */
#ifndef NETGDB_SESSION_LEAVE_H
#define NETGDB_SESSION_LEAVE_H

#include "session/listener.h"

/*
 * Detaches from a kernel that was taken, and frees its session. A running node is interrupted
 * first. If the detach fails, the state file stays for the next server, and the log has one line
 * that says why. It takes 14 s if the kernel is dead. Lines of `log` begin with the kernel's
 * address instead of its name.
 */
void leave_kernel(struct session *s, const struct log *log);

/*
 * Detaches from all kernels that wait in this process, one after the other. A session inherited
 * from a dead server that no client here has had stays for the next server.
 */
void leave_waiting(void);

#endif
