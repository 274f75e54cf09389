/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listener's part in a simulated world; see lobby_view.h. */
#include "tests/sim/lobby_view.h"

#include <stdlib.h>

static struct io *open_view_session(void *context, struct session *k, size_t *payload)
{
    const struct lobby_view *v = context;
    struct io *io = sim_session(v->w, k->kernel.ip, k->own.port);
    k->own.port = sim_session_port(io);
    *payload = sim_path(v->w, k->kernel.ip, SIM_TO_KERNEL)->mtu - WIRE_OVERHEAD;
    return io;
}

static void close_view_session(void *context, struct session *k)
{
    (void)context;
    sim_session_close(k->io);
}

static void wake_attached(void *context, struct session *k)
{
    const struct lobby_view *v = context;
    (void)k;
    if (*v->attached != NULL)
        sim_wake((*v->attached)->io, true);
}

static uint64_t view_now(void *context)
{
    return sim_server_now(((const struct lobby_view *)context)->w);
}

void lobby_view_init(struct lobby_view *v, struct sim_world *w, struct lobby *lobby,
                     struct session **attached, uint32_t ip, const struct log *log)
{
    static const struct lobby_ops ops = {open_view_session, close_view_session, wake_attached,
                                         NULL};
    *v = (struct lobby_view){w, lobby, attached};
    lobby_init(lobby, &ops, v, view_now, log);
    if (lobby_admit(lobby, ip) != 0)
        abort();
}

void lobby_view_run(struct lobby_view *v)
{
    struct sim_datagram *d;
    struct session *k, *next;
    while ((d = sim_herald_recv(v->w)) != NULL) {
        const struct net_addr from = {d->from.ip, d->from.port};
        lobby_datagram(v->lobby, &from, SIM_SERVER_IP, d->data, d->len);
        free(d);
    }
    for (k = TAILQ_FIRST(&v->lobby->kernels); k != NULL; k = next) {
        next = TAILQ_NEXT(k, entries);
        lobby_input(v->lobby, k);
    }
    (void)lobby_tick(v->lobby);
}

struct session *lobby_announced(const struct lobby *b, uint32_t ip)
{
    struct session *k;
    TAILQ_FOREACH (k, &b->kernels, entries) {
        if (k->state == LOBBY_ANNOUNCED && (ip == 0 || k->kernel.ip == ip))
            break;
    }
    return k;
}

bool lobby_view_has_successor(struct lobby_view *v)
{
    sim_wake((*v->attached)->io, false);
    return lobby_announced(v->lobby, (*v->attached)->kernel.ip) != NULL;
}
