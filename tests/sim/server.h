/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's host for code under test: `struct io` objects whose target side is a UDP socket
 * connected to one kernel, and whose client side is a byte stream; the test plays the
 * client. Also the HERALD port. wait() advances the virtual clock.
 *
 * A wait without a deadline and without a pending event fails the test, as does one that exceeds
 * the world's ceiling.
 */
#ifndef NETGDB_TESTS_SIM_SERVER_H
#define NETGDB_TESTS_SIM_SERVER_H

#include "proto/buf.h"
#include "proto/io.h"
#include "tests/sim/net.h"

enum {
    SIM_HERALD_PORT = 20025,
    SIM_KERNEL_PORT = 20026,
    SIM_SOCKET_QUEUE = 512 /* datagrams in a socket's buffer; more are lost */
};

/*
 * Opens a socket on local `port` of SIM_SERVER_IP (0: a random port), connected to kernel_ip port
 * 20026. A port in use fails the test. The world owns the io until sim_session_close. A socket on a
 * port that was closed before receives datagrams still in flight to it.
 */
struct io *sim_session(struct sim_world *w, uint32_t kernel_ip, uint16_t port);
uint16_t sim_session_port(const struct io *io);

/* Closes the socket and frees the io: datagrams that arrive later are lost. */
void sim_session_close(struct io *io);

/*
 * Kills the program that has this io: it sends nothing more and every operation fails, so that the
 * program ends. Its socket stays open until sim_session_close.
 */
void sim_session_kill(struct io *io);

/* Moves the socket of `other` to `io`, whose own is closed, and frees `other`. */
void sim_session_adopt(struct io *io, struct io *other);

/* Advances the clock of the server's host by `by` ns relative to the world's. */
void sim_clock_jump(struct sim_world *w, uint64_t by);
uint64_t sim_server_now(const struct sim_world *w);

/*
 * The client's end of the client side: sends bytes to the code under test, closes the stream, and
 * returns the buffer of everything received from the code under test (consume it by buf_drop or
 * buf_reset).
 */
void sim_client_push(struct io *io, const void *data, size_t len);
void sim_client_close(struct io *io);
struct buf *sim_client_output(struct io *io);

/* Schedules call(context) as an event whenever the code under test has sent something. */
void sim_client_on_output(struct io *io, sim_call *call, void *context);

/* From now on sends to the client fail with NETGDB_CLOSED. */
void sim_client_refuse(struct io *io);

/* Sets or clears IO_ON_WAKE. */
void sim_wake(struct io *io, bool on);

/*
 * The HERALD port. sim_herald_recv returns the next datagram received there, which the caller must
 * free, or NULL; it never blocks. The world owns the io, which waits for datagrams on IO_TARGET and
 * receives them without addresses; it sends nothing.
 */
struct sim_datagram *sim_herald_recv(struct sim_world *w);
struct io *sim_herald_io(struct sim_world *w);

#endif
