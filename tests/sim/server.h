/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's host for code under test: `struct io` objects whose target side is a UDP socket
 * connected to one kernel, and whose client side is a byte stream to a client that the test
 * plays; and the HERALD port. wait() advances the virtual clock.
 *
 * A wait that can never end (nothing is going to happen and no deadline) fails the test, as does
 * one that passes the world's ceiling.
 *
 * Final: everything in this header.
 */
#ifndef NETGDB_TESTS_SIM_SERVER_H
#define NETGDB_TESTS_SIM_SERVER_H

#include "proto/buf.h"
#include "proto/io.h"
#include "tests/sim/net.h"

enum {
    SIM_HERALD_PORT = 20025,
    SIM_KERNEL_PORT = 20026,
    SIM_SOCKET_QUEUE = 512 /* datagrams a socket holds; more are lost */
};

/*
 * A socket connected to kernel_ip port 20026, on local `port` of SIM_SERVER_IP, or on a random
 * one for 0. A port that is in use fails the test. Owned by the world until sim_session_close;
 * a session on a port that was closed before goes on receiving what is still under way.
 */
struct io *sim_session(struct sim_world *w, uint32_t kernel_ip, uint16_t port);
uint16_t sim_session_port(const struct io *io);

/* Closes the socket and frees the io: what still arrives for it vanishes. */
void sim_session_close(struct io *io);

/*
 * The program that has this io is killed: nothing that it sends leaves it any more, and whatever
 * it asks for fails, so that it comes to its end. Its socket stays until sim_session_close.
 */
void sim_session_kill(struct io *io);

/* Puts the socket of `other` behind `io`, whose own is closed, and frees `other`. */
void sim_session_adopt(struct io *io, struct io *other);

/* The server's host has a clock of its own: the world's, until it jumps ahead by this much. */
void sim_clock_jump(struct sim_world *w, uint64_t by);
uint64_t sim_server_now(const struct sim_world *w);

/*
 * The client side, as the client: bytes to the code under test, the end of its stream, and what
 * the code under test has sent so far (taken out by buf_drop or buf_reset).
 */
void sim_client_push(struct io *io, const void *data, size_t len);
void sim_client_close(struct io *io);
struct buf *sim_client_output(struct io *io);

/* Calls call(context), as an event of its own, after the code under test has sent something. */
void sim_client_on_output(struct io *io, sim_call *call, void *context);

/* After this, sends to the client fail with NETGDB_CLOSED. */
void sim_client_refuse(struct io *io);

/* IO_ON_WAKE holds while on; IO_ON_SIGNAL ends one wait. */
void sim_wake(struct io *io, bool on);
void sim_signal(struct io *io);

/*
 * The HERALD port. sim_herald_recv takes the next datagram that has arrived there, never blocks,
 * and returns NULL without one; free it. The io, owned by the world, is for waiting (and reading
 * without addresses) on IO_TARGET; it sends nothing.
 */
struct sim_datagram *sim_herald_recv(struct sim_world *w);
struct io *sim_herald_io(struct sim_world *w);

#endif
