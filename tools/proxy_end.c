/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ends `netgdb proxy`: its clients, then its kernels; see proxy.h. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/thread.h"
#include "session/leave.h"
#include "tools/proxy.h"

enum {
    CLIENTS_SECONDS = 2, /* for all clients, and again for those that do not read */
    LEAVE_SECONDS = 20,  /* for the kernels; a dead one takes 14 */
    LEAVERS = 32,        /* simultaneous detaches */
};

static void wait_for_clients(struct proxy *p)
{
    const struct timespec until = clock_after(CLIENTS_SECONDS * IO_SECOND);
    int rc = 0;
    while (!LIST_EMPTY(&p->clients) && rc == 0)
        rc = pthread_cond_timedwait(&p->changed, &p->lock, &until);
}

/* Each client returns its kernel. Closes the connections of debuggers that do not read. */
static void end_clients(struct proxy *p)
{
    struct client *c;
    pthread_mutex_lock(&p->lock);
    LIST_FOREACH (c, &p->clients, entries)
        io_fds_wake(&c->io);
    wait_for_clients(p);
    LIST_FOREACH (c, &p->clients, entries)
        (void)shutdown(c->fd, SHUT_RDWR);
    wait_for_clients(p);
    pthread_mutex_unlock(&p->lock);
}

/* Not p->watch, which is in the listener's list: its thread reads that under a lock of its own. */
static const struct listener_watch any_host = {.hosts = {.n = 1}};

/* The thread that detaches from kernels until none is left. */
static void *leaver(void *context)
{
    struct proxy *p = context;
    struct session *s;
    while ((s = listener_take(p->listener, &any_host)) != NULL)
        leave_kernel(s, &p->log);
    pthread_mutex_lock(&p->lock);
    p->leavers--;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void detach_all(struct proxy *p)
{
    const struct timespec until = clock_after(LEAVE_SECONDS * IO_SECOND);
    int rc = 0;
    listener_end(); /* or one that calls again after each detach would keep us here */
    pthread_mutex_lock(&p->lock);
    /* One more, for kernels that have no endpoint (yet). */
    unsigned wanted = p->endpoint_count < LEAVERS ? p->endpoint_count + 1 : LEAVERS;
    for (unsigned i = 0; i < wanted; i++)
        p->leavers += thread_start(leaver, p) == 0;
    while (p->leavers > 0 && rc == 0)
        rc = pthread_cond_timedwait(&p->changed, &p->lock, &until);
    if (rc != 0)
        log_warn(&p->log, "some kernels were not detached in time: they remain stopped");
    pthread_mutex_unlock(&p->lock);
}

void proxy_end(struct proxy *p)
{
    end_clients(p);
    if (p->listener != NULL && !p->options->leave_parked)
        detach_all(p);
}
