/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connects a simulated world to a real network and the real clock: a UDP socket replaces the
 * server's host. Datagrams received there enter the world as from that host, datagrams of a kernel
 * of the world leave through the socket, and the world's clock follows the monotonic clock. The
 * rest of the world is unchanged; its network only delays datagrams to the kernel by 50 us.
 */
#ifndef NETGDB_TESTS_SIM_REAL_H
#define NETGDB_TESTS_SIM_REAL_H

#include <netinet/in.h>
#include <signal.h>

#include "tests/sim/net.h"

struct sim_real;

/*
 * Replaces SIM_SERVER_IP in the world, so that server.h cannot be used, for the kernel at
 * kernel_ip. `fd` is a bound UDP socket, which the caller keeps. The kernel's datagrams to the
 * HERALD port go to the port of `server`. The world must outlive the result.
 */
struct sim_real *sim_real_new(struct sim_world *w, uint32_t kernel_ip, int fd,
                              const struct sockaddr_in *server);
void sim_real_free(struct sim_real *r);

/*
 * Sleeps until the next event, a datagram, or a signal that `mask` allows; then runs all events up
 * to the current time, with datagrams received before each.
 */
void sim_real_turn(struct sim_real *r, const sigset_t *mask);

/* Datagrams received and sent. */
uint64_t sim_real_received(const struct sim_real *r);
uint64_t sim_real_sent(const struct sim_real *r);

#endif
