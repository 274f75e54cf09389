/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of `netgdb kernel` share. */
#ifndef NETGDB_TOOLS_KERNEL_H
#define NETGDB_TOOLS_KERNEL_H

#include <signal.h>

#include "freebsd/queries.h"
#include "freebsd/snapshot.h"
#include "session/chain.h"
#include "session/listener.h"
#include "tools/hold.h"

enum { KERNEL_RANGES_MAX = 64 };

struct kernel_tool {
    const struct query *query; /* NULL: a snapshot */
    const char *symbols;       /* of --symbols; NULL: as options.symbols */
    const char *argument;      /* of dmesg: a number of lines; "": all */
    bool json;
    const char *out; /* of a snapshot, as are the following */
    bool only_stacks;
    struct snapshot_range ranges[KERNEL_RANGES_MAX];
    unsigned n_ranges;
    bool stopped; /* by a signal */
    struct hold hold;
    struct options options;
    struct log log;
    char host[NET_ADDR_TEXT]; /* of the kernel that called, if the name is "any" */
    struct net_hosts hosts;   /* that the name stands for */
    struct buf answer;
};

/*
 * Reads what a post-mortem needs into the core k->out, or continues one of the same panic. Returns
 * 0, or an error of the target; NETGDB_REFUSED: the reason was printed, or k->stopped is set.
 */
int kernel_snapshot(struct kernel_tool *k, struct chain *chain);

/* Whether k->out can be begun or continued, as far as this is known without the kernel. False after
 * a message. */
bool kernel_snapshot_check(const struct kernel_tool *k);

#endif
