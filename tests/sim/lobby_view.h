/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listener's part in a simulated world: it feeds a lobby with what arrives there. */
#ifndef NETGDB_TESTS_SIM_LOBBY_VIEW_H
#define NETGDB_TESTS_SIM_LOBBY_VIEW_H

#include "session/lobby.h"
#include "tests/sim/server.h"

struct lobby_view {
    struct sim_world *w;
    struct lobby *lobby;
    struct session **attached; /* whose owner is woken when a kernel is announced; *attached NULL:
                                  nobody */
};

/* Initializes *lobby, which reads the clock of the simulated server, and admits the host `ip`. The
 * pointers must live as long as the lobby; the caller frees that (lobby_free). */
void lobby_view_init(struct lobby_view *v, struct sim_world *w, struct lobby *lobby,
                     struct session **attached, uint32_t ip, const struct log *log);

/* One iteration of the listener's thread: HERALDs, datagrams for kernels in the lobby, and time. */
void lobby_view_run(struct lobby_view *v);

/* The kernel of a host (0: of any) that has been announced for the longest time, or NULL. */
struct session *lobby_announced(const struct lobby *b, uint32_t ip);

/* A netgdb_successor's `waits`: whether a new session of the attached kernel's host is announced.
 * Takes back the wake of that session's announcement. */
bool lobby_view_has_successor(struct lobby_view *v);

#endif
