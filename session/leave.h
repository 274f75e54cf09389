/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels that wait to be taken when the process ends: they are detached from. */
#ifndef NETGDB_SESSION_LEAVE_H
#define NETGDB_SESSION_LEAVE_H

#include "session/listener.h"

/*
 * Detaches from a kernel that was taken and that nobody is served, and releases all of it. One that
 * runs is stopped first, where that can be done (a node). Its record goes when it was detached
 * from, and stays for the next server otherwise; one line in the log then says why. A kernel that
 * is dead takes 14 s. `log`: its name is not used, lines begin with the kernel's address.
 */
void leave_kernel(struct session *s, const struct log *log);

/*
 * Detaches from all kernels that wait in this process, one after the other. A session that was
 * taken over from a dead server and that nobody here took stays for the next one.
 */
void leave_waiting(void);

#endif
