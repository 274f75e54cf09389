/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Support for the programs of `make bench`: times and their median, sockets on loopback, and a
 * target that answers at once. A failure exits the program with a line on stderr.
 */
#ifndef NETGDB_TESTS_BENCH_H
#define NETGDB_TESTS_BENCH_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/target.h"

enum { BENCH_WARM_UP = 200 }; /* exchanges before the measurement */

/* Returns the monotonic time in ns. */
uint64_t bench_now(void);

/* Returns the median of n samples, and sorts them. */
uint64_t bench_median(uint64_t *samples, size_t n);

/* Parses a positive number from the command line. */
unsigned bench_number(const char *text);

/* The address 127.0.0.1 with a port; and sockets bound to *local, which set a port of 0 to a free
 * one. */
struct sockaddr_in bench_loopback(uint16_t port);
int bench_udp(struct sockaddr_in *local);
int bench_tcp_listen(struct sockaddr_in *local);

/* Send and receive one datagram, as send() and recv(). */
void bench_send(int fd, const void *data, size_t len);
size_t bench_receive(int fd, void *data, size_t size);

/* A stub in memory that supports only reads; every byte is 0xa5. */
struct target *bench_instant_target(void);

#endif
