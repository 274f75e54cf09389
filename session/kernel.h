/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Examines a FreeBSD kernel before its client does: finds its machine, and checks that the ELF file
 * is of that machine and that kernel.
 */
#ifndef NETGDB_SESSION_KERNEL_H
#define NETGDB_SESSION_KERNEL_H

#include "freebsd/signature.h"
#include "proto/quirks/description.h"
#include "session/chain.h"

/*
 * Makes an arm64 kernel's stub survive reads of unmapped memory (proto/quirks/debug_mask.h), before
 * anything is read for a client or an observer. The chain has the link; the kernel is stopped and
 * the thread that stopped is selected. Asks no kernel whose last stop shows another machine.
 * Returns 0 or an error of the target.
 */
int kernel_keep_debug_masked(const struct chain *chain, const struct log *log);

/*
 * Asks the stopped kernel for the registers of the thread that stopped, which must be selected.
 * Compares the file of chain->symbols (NULL: none) with the kernel: its machine, then its build-id
 * or version, a line in the log for what differs. Sets *description, NULL for an unknown machine.
 * Returns 0, NETGDB_REFUSED when gdb's own program is another machine's (said in the log), or an
 * error of the target.
 */
int kernel_examine(struct chain *chain, const struct chain_config *config,
                   const struct description **description);

/*
 * Which stop of which boot of a kernel this is, after `?` was asked: the date, the time since boot,
 * a number that is random for each boot (query_moment()), and the registers of the thread that
 * stopped; with `host`, "" if it does not matter. id is "" if the kernel cannot be asked for one of
 * them. Returns 0 or an error of the target.
 */
int kernel_identity(const struct chain *chain, const char *host, char id[SIGNATURE_ID_MAX]);

/* Adds the target description to the chain. Returns 0 or NETGDB_NOMEM. */
int kernel_describe(struct chain *chain, const struct chain_config *config,
                    const struct description *description);

#endif
