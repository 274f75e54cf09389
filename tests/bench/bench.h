/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the programs of `make bench` share: samples of time and their median, sockets on loopback,
 * and a target that answers at once. A failure ends the program with a line on stderr.
 */
#ifndef NETGDB_TESTS_BENCH_H
#define NETGDB_TESTS_BENCH_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/target.h"

enum { BENCH_WARM_UP = 200 }; /* exchanges that are not counted */

/* Monotonic time in ns. */
uint64_t bench_now(void);

/* The median of n samples, which are put in order. */
uint64_t bench_median(uint64_t *samples, size_t n);

/* A number from the command line, from 1 on. */
unsigned bench_number(const char *text);

/* 127.0.0.1 and a port; port 0 in *local is any free one, filled in. */
struct sockaddr_in bench_loopback(uint16_t port);
int bench_udp(struct sockaddr_in *local);
int bench_tcp_listen(struct sockaddr_in *local);

/* One datagram out and in; data[] and its length as send() and recv() have them. */
void bench_send(int fd, const void *data, size_t len);
size_t bench_receive(int fd, void *data, size_t size);

/* A stub in memory: every byte that is read is 0xa5, and it knows nothing else. */
struct target *bench_instant_target(void);

#endif
