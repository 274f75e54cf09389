/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TLS 1.3 without its library in this process: a small program, netgdb-tls, has the keys and the
 * TCP connection, and relays plain bytes on a socketpair. It speaks with us on a control socket (a
 * SOCK_SEQPACKET pair), whose messages are
 *
 *     from it    "ready", or an error in words: first for its keys; from a client then for its
 *                handshake; from a server for each connection that it refuses
 *     to it      one byte with two descriptors: a TCP connection, and its end of a socketpair. A
 *                client takes one such message, a server any number
 *
 * A server's process for a connection survives the control socket, until one of the two ends has
 * closed; it is no child of ours. The server's first byte under TLS is a '+', which RSP ignores: it
 * tells a client that its certificate was accepted.
 */
#ifndef NETGDB_SESSION_TLS_H
#define NETGDB_SESSION_TLS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/sockets.h"
#include "proto/options.h"

enum { TLS_WHY_MAX = 512 }; /* bytes of a reason, with its NUL */

#define TLS_READY "ready"
#define TLS_START (30 * IO_SECOND)     /* for the program to read its keys */
#define TLS_HANDSHAKE (30 * IO_SECOND) /* deadline of a peer */

/* Names of files (PEM, and IDENTITY:HEX); empty: none. Not owned. */
struct tls_keys {
    const char *psk, *cert, *key, *ca;
};

/* Checks that these are a PSK alone, or a certificate with its key and a CA. Returns NULL, or the
 * error as text to follow a colon. */
const char *tls_keys_trouble(const struct tls_keys *keys);

/*
 * Starts the program as a server, or as a client of the host `name` that is not NULL, and waits
 * until it has read its keys. Returns the control socket (the caller's, close-on-exec; closing it
 * ends the program), or -1 with the reason.
 */
int tls_start(const struct tls_keys *keys, const char *name, char why[TLS_WHY_MAX]);

/*
 * Hands off a TCP connection; `tcp` is always closed here. Returns our end of its
 * plain stream (the caller's, close-on-exec), or -1 with errno.
 */
int tls_wrap(int control, int tcp);

/*
 * Waits for the next message until `deadline` (ns of io_fds_now; IO_NEVER), with the signal mask
 * `mask` (NULL: the thread's own). Returns 0: "ready"; or -1 with the reason, and errno: EACCES (a
 * message with an error), ETIMEDOUT, EINTR, EPIPE (the program has ended).
 */
int tls_answer(int control, uint64_t deadline, const sigset_t *mask, char why[TLS_WHY_MAX]);

/*
 * Connects to o->host and o->port with the keys of `o`, within `timeout` ns. Returns a plain stream
 * (the caller's, close-on-exec), or -1 with the reason and errno. Nothing was sent to the host when
 * the keys cannot be read, and no byte of RSP unless both ends have accepted each other.
 */
int tls_connect(const struct options *o, sockets_resolver *resolver, uint64_t timeout,
                const sigset_t *mask, char why[TLS_WHY_MAX]);

#endif
