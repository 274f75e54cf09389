/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A kernel that is borrowed from the proxy of this machine: its session's own socket and record,
 * so that nothing stands between gdb and the kernel, and no two gdbs want the HERALD port. When
 * the borrower gives it back, or dies, it waits at the proxy again.
 */
#ifndef NETGDB_SESSION_LOAN_H
#define NETGDB_SESSION_LOAN_H

#include "io/handover.h"
#include "session/listener.h"

struct loan;

/*
 * Asks the proxy for a kernel of these hosts (ips[0] 0: of any) that calls at this HERALD port.
 * Returns a descriptor that becomes readable with the answer, or -1 when no proxy runs.
 */
int loan_ask(const uint32_t *ips, unsigned n, uint16_t port);

/*
 * Takes the answer. Returns 0 and *k, whose target is NULL; or an errno value, with a line in the
 * log: EBUSY when the proxy has given a reason, ECONNRESET when it has ended.
 */
int loan_answer(int fd, struct listener_kernel *k, const struct log *log);

/*
 * Watches over a loan, whose descriptor it owns: `notify` is called, from a thread of its own,
 * when the kernel has come back in a new session. NULL with errno.
 */
struct loan *loan_begin(int fd, void (*notify)(void *context), void *context);

/* As listener_waits and listener_take, for that session. */
bool loan_waits(struct loan *l);
bool loan_take(struct loan *l, struct listener_kernel *k);

/* Gives back what was borrowed, in this state; frees the loan. */
void loan_end(struct loan *l, enum handover_kind how);

#endif
