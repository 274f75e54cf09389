/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Detaches from kernels that wait; see leave.h. */
#include "session/leave.h"

#include "proto/check.h"
#include "proto/err.h"
#include "proto/kernel/netgdb_target.h"
#include "session/chain.h"
#include "session/serve.h"

/* Interrupts a running node; a running kernel cannot be interrupted. */
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

/* Detaches, and ends the session unless the kernel runs or did not answer. */
static void detach_session(struct io_fds *io, struct session *s, const struct log *log)
{
    const struct chain_config config = {.log = log};
    struct chain chain;
    if (session_adopt(s, io, log, NULL) != 0)
        return;
    CHECK(s->fd < 0 && s->io == &io->io);
    int rc = stop(s->target);
    if (rc == NETGDB_UNSUPPORTED)
        log_warn(log, "the kernel is running and cannot be detached");
    netgdb_target_hurry(s->target, true);
    if (rc != 0 || chain_renew(&chain, s->target, &config) != 0)
        return;
    s->ended = serve_leave(chain.target, chain.peer != NETGDB_PEER_KERNEL, log) == SERVE_DETACHED;
    (void)chain_strip(&chain);
}

void leave_kernel(struct session *s, const struct log *base)
{
    char name[NET_ADDR_TEXT];
    struct log log = *base;
    struct io_fds io;
    log.name = net_ip_text(s->kernel.ip, name);
    if (io_fds_init(&io) == 0)
        detach_session(&io, s, &log);
    else
        log_error(&log, "no descriptors to detach with: the kernel remains stopped");
    if (s->ended)
        log_info(&log, "detached");
    session_free(s);
    io_fds_close(&io);
}

void leave_waiting(void)
{
    const struct log *log;
    struct session *s;
    listener_end();
    while ((s = listener_take_any(&log)) != NULL) {
        if (s->taken_over &&
            s->target == NULL) /* inherited: the kernel waits for the next server */
            session_free(s);
        else
            leave_kernel(s, log);
    }
}
