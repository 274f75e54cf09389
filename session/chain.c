/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains of targets; see chain.h. */
#include "session/chain.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/quirks.h"
#include "proto/stream_target.h"

/* Puts a decorator in front of *target; when it cannot be had, the chain is given up. */
static int decorate(struct target **target, struct target *decorator)
{
    if (decorator == NULL) {
        target_free(*target);
        *target = NULL;
        return NETGDB_NOMEM;
    }
    *target = decorator;
    return 0;
}

int chain_for_kernel(struct link *link, const struct netgdb_successor *successor,
                     const struct options *options, const struct log *log, struct target **target)
{
    enum netgdb_peer peer;
    (void)options;
    *target = netgdb_target_new(link, log, successor);
    if (*target == NULL) {
        link_free(link);
        free(link);
        return NETGDB_NOMEM;
    }
    int rc = netgdb_target_identify(*target, &peer);
    if (rc != 0) {
        target_free(*target);
        *target = NULL;
        return rc;
    }
    log_info(log, "%s",
             peer == NETGDB_PEER_KERNEL ? "a FreeBSD kernel"
             : peer == NETGDB_PEER_NODE ? "a netgdb node"
                                        : "a stub that is not FreeBSD's");
    return peer == NETGDB_PEER_KERNEL ? decorate(target, quirks_new(*target)) : 0;
}

int chain_for_stream(struct io *io, const struct options *options, const struct log *log,
                     struct target **target)
{
    (void)options;
    *target = stream_target_new(io, log);
    return *target != NULL ? 0 : NETGDB_NOMEM;
}
