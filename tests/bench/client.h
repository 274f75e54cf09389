/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes GDB's calls (13.1: gdb/ser-tcp.c, ser-base.c, remote.c) on a connection, with or without
 * the preload. A failure exits the program with a line on stderr.
 */
#ifndef NETGDB_TESTS_BENCH_CLIENT_H
#define NETGDB_TESTS_BENCH_CLIENT_H

#include "proto/buf.h"

/* Connects and sends GDB's first requests. Returns the descriptor. */
int client_begin(const char *node, const char *service);

/* Sends a request and returns the contents of the reply, valid until the next request. */
const struct buf *client_ask(int fd, const char *request);

/* Detaches and closes. */
void client_finish(int fd);

#endif
