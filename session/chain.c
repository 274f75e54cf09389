/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains of targets; see chain.h. */
#include "session/chain.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/quirks.h"
#include "proto/stream_target.h"

struct target *chain_bottom(struct target *target)
{
    while (target->next != NULL)
        target = target->next;
    return target;
}

struct target *chain_strip(struct target *target)
{
    struct target *bottom = chain_bottom(target), *above = target;
    if (target == bottom)
        return bottom;
    while (above->next != bottom)
        above = above->next;
    above->next = NULL;
    target_free(target);
    return bottom;
}

/* Puts a decorator in front of *target; when it cannot be had, those that there are go. */
static int decorate(struct target **target, struct target *decorator)
{
    if (decorator == NULL) {
        (void)chain_strip(*target);
        *target = NULL;
        return NETGDB_NOMEM;
    }
    *target = decorator;
    return 0;
}

int chain_renew(struct target *netgdb, const struct options *options, const struct log *log,
                struct target **target)
{
    enum netgdb_peer peer;
    (void)options;
    int rc = netgdb_target_peer(netgdb, &peer) ? 0 : netgdb_target_identify(netgdb, &peer);
    if (rc != 0)
        return rc;
    log_info(log, "%s",
             peer == NETGDB_PEER_KERNEL ? "a FreeBSD kernel"
             : peer == NETGDB_PEER_NODE ? "a netgdb node"
                                        : "a stub that is not FreeBSD's");
    *target = netgdb;
    return peer == NETGDB_PEER_KERNEL ? decorate(target, quirks_new(*target)) : 0;
}

int chain_for_kernel(struct link *link, const struct netgdb_successor *successor,
                     const struct options *options, const struct log *log, struct target **target)
{
    struct target *bottom = netgdb_target_new(link, log, successor);
    if (bottom == NULL) {
        link_free(link);
        free(link);
        return NETGDB_NOMEM;
    }
    int rc = chain_renew(bottom, options, log, target);
    if (rc != 0) {
        target_free(bottom);
        *target = NULL;
    }
    return rc;
}

int chain_for_stream(struct io *io, const struct options *options, const struct log *log,
                     struct target **target)
{
    (void)options;
    *target = stream_target_new(io, log);
    return *target != NULL ? 0 : NETGDB_NOMEM;
}
