/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UDP sockets of a server: the HERALD port, whose socket reports the local address to which each
 * datagram was sent, and the socket of a session. Addresses are in host byte order.
 */
#ifndef NETGDB_IO_HERALD_H
#define NETGDB_IO_HERALD_H

#include "proto/addr.h"
#include "proto/link/wire.h"

enum {
    HERALD_BATCH = 64,              /* datagrams received by one system call */
    HERALD_BYTES = WIRE_HEADER + 8, /* bytes kept of each: a longer datagram is not a HERALD */
};

struct herald {
    struct net_addr from;
    uint32_t own_ip; /* local address that it was sent to; 0: unknown */
    size_t len;      /* its full length; beyond HERALD_BYTES it was truncated */
    uint8_t data[HERALD_BYTES];
};

/*
 * Opens a close-on-exec socket, bound to `port` on all addresses without SO_REUSEADDR, so that the
 * port has one owner. Returns the descriptor, or -1 with errno (EADDRINUSE: the port is in use).
 */
int herald_open(uint16_t port);

/*
 * Configures a socket that was bound before, as by socket activation, like one of herald_open.
 * Returns 0 and its port, or -1 with errno (EINVAL: not an IPv4 UDP socket).
 */
int herald_adopt(int fd, uint16_t *port);

/* Receives into out[HERALD_BATCH]; never blocks. Returns the number of datagrams, or -1 with
 * errno. */
int herald_receive(int fd, struct herald *out);

/*
 * Opens a UDP socket for one session, bound to own->ip and own->port (0: any free port, which is
 * stored there), connected to the kernel, with DF set. Sets *payload to the data bytes of one DATA
 * on this path (the path MTU - 52, between WIRE_DATA_MIN and WIRE_DATA_ETHERNET). Returns the
 * descriptor, or -1 with errno.
 */
int session_socket(struct net_addr *own, const struct net_addr *kernel, size_t *payload);

/* Returns the local address from which this machine would send to `ip`, or 0 without a route. */
uint32_t local_address_towards(uint32_t ip);

/* Returns an address of this machine that is not loopback; the loopback address if none exists. */
uint32_t local_address(void);

/* Stores all such addresses, from 1 to LOCAL_ADDRESSES of them. Returns how many. */
enum { LOCAL_ADDRESSES = 8 };
unsigned local_addresses(uint32_t out[LOCAL_ADDRESSES]);

#endif
