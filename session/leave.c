/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detaching from kernels that wait; see leave.h. */
#include "session/leave.h"

#include <unistd.h>

#include "proto/err.h"
#include "proto/netgdb_target.h"
#include "session/chain.h"
#include "session/serve.h"

/* A node is interrupted; a kernel that runs can be told nothing. */
static int stop(struct target *t)
{
    struct buf reply;
    bool final = false;
    int rc = netgdb_target_runs(t) ? target_interrupt(t) : 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    while (rc == 0 && netgdb_target_runs(t))
        rc = target_recv(t, &reply, &final, 0);
    buf_free(&reply);
    return rc;
}

/* False: it runs, or did not answer. */
static bool detach(struct io_fds *io, struct listener_kernel *k, const struct log *log)
{
    enum netgdb_peer peer = NETGDB_PEER_KERNEL;
    const struct chain_config config = {.log = log};
    struct chain chain;
    k->link->io = &io->io;
    if (k->target == NULL)
        k->target = netgdb_target_new(k->link, log, NULL);
    if (k->target == NULL)
        return false;
    netgdb_target_move(k->target, &io->io, log, NULL);
    int rc = stop(k->target);
    if (rc == NETGDB_UNSUPPORTED)
        log_warn(log, "the kernel runs and cannot be detached from");
    netgdb_target_hurry(k->target, true);
    if (rc != 0 || chain_renew(&chain, k->target, &config) != 0)
        return false;
    (void)netgdb_target_peer(k->target, &peer);
    rc = serve_leave(chain.target, peer != NETGDB_PEER_KERNEL, log);
    (void)chain_strip(&chain);
    return rc == SERVE_DETACHED;
}

void leave_kernel(struct listener_kernel *k, const struct log *base)
{
    char name[NET_ADDR_TEXT];
    struct log log = *base;
    struct io_fds io;
    bool detached = false;
    log.name = net_ip_text(k->kernel.ip, name);
    if (io_fds_init(&io) == 0) {
        io_fds_set_datagrams(&io, IO_TARGET, k->fd);
        detached = detach(&io, k, &log);
    } else {
        log_error(&log, "no descriptors to detach with: it stays as it is");
        close(k->fd);
    }
    listener_drop_link(k);
    io_fds_close(&io); /* its port is free when its record is */
    if (detached) {
        log_info(&log, "detached");
        record_remove(k->record);
    } else {
        record_close(k->record);
    }
}

void leave_waiting(void)
{
    struct listener_kernel k;
    const struct log *log;
    listener_end();
    while ((log = listener_take_any(&k)) != NULL) {
        if (k.taken_over && k.target == NULL) { /* from a dead server: it is the next one's */
            listener_drop_link(&k);
            close(k.fd);
            record_close(k.record);
        } else {
            leave_kernel(&k, log);
        }
    }
}
