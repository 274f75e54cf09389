/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A simulated world on the real clock and a real network: the host of its server is whoever is
 * behind a UDP socket. What comes there goes into the world as from that host, what a kernel of
 * the world sends to it leaves through the socket, and the world's clock follows the monotonic
 * one. Nothing else of the world knows. Of its network is left 50 us on the way to the kernel.
 */
#ifndef NETGDB_TESTS_SIM_REAL_H
#define NETGDB_TESTS_SIM_REAL_H

#include <netinet/in.h>
#include <signal.h>

#include "tests/sim/net.h"

struct sim_real;

/*
 * Takes the place of SIM_SERVER_IP in the world (so server.h is of no use in it) for the kernel at
 * kernel_ip. `fd` is a bound UDP socket and stays the caller's. What the kernel sends to the port
 * of HERALDs goes to that of `server`. The world outlives it.
 */
struct sim_real *sim_real_new(struct sim_world *w, uint32_t kernel_ip, int fd,
                              const struct sockaddr_in *server);
void sim_real_free(struct sim_real *r);

/*
 * Sleeps until the next event, a datagram, or a signal that `mask` lets through; then lets the
 * world catch up with the clock, before each event with what has come until then.
 */
void sim_real_turn(struct sim_real *r, const sigset_t *mask);

/* Datagrams that came and went. */
uint64_t sim_real_received(const struct sim_real *r);
uint64_t sim_real_sent(const struct sim_real *r);

#endif
