/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Internal interface between the files of the simulated world; not for tests. */
#ifndef NETGDB_TESTS_SIM_PRIVATE_H
#define NETGDB_TESTS_SIM_PRIVATE_H

#include "tests/sim/net.h"

struct sim_net;
struct sim_server;

/* Return memory, zeroed; abort if there is none. */
void *sim_alloc(size_t size);
void *sim_realloc(void *p, size_t size);

/* Updates a hash with bytes; the initial value is SIM_HASH. */
#define SIM_HASH UINT64_C(0xcbf29ce484222325)
uint64_t sim_hash(uint64_t hash, const void *data, size_t len);

struct sim_net *sim_world_net(const struct sim_world *w);
struct sim_server *sim_world_server(const struct sim_world *w);

/* Created and freed with the world. */
struct sim_net *sim_net_new(void);
void sim_net_free(struct sim_net *net);
struct sim_server *sim_server_new(struct sim_world *w);
void sim_server_free(struct sim_server *server);

/* Adds an entry about a datagram to the trace. */
void sim_trace_datagram(struct sim_world *w, const char *what, const struct sim_datagram *d);

#endif
