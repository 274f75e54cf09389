/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HERALD port: a UDP socket that tells for each datagram to which of our addresses it came. */
#ifndef NETGDB_IO_HERALD_H
#define NETGDB_IO_HERALD_H

#include "proto/addr.h"
#include "proto/wire.h"

enum {
    HERALD_BATCH = 64,              /* datagrams taken by one system call */
    HERALD_BYTES = WIRE_HEADER + 8, /* kept of each: a longer one is no HERALD */
};

struct herald {
    struct net_addr from;
    uint32_t own_ip; /* the address that it was sent to (IP_PKTINFO) */
    size_t len;      /* may exceed HERALD_BYTES: then the rest was cut off */
    uint8_t data[HERALD_BYTES];
};

/*
 * A socket on `port` of all addresses, non-blocking and close-on-exec, without SO_REUSEADDR: the
 * port has one owner. Returns the descriptor, or -1 with errno (EADDRINUSE: somebody has it).
 */
int herald_open(uint16_t port);

/*
 * Makes a socket that somebody else has bound (socket activation) as herald_open does. Returns 0
 * and its port, or -1 with errno (EINVAL: it is no UDP socket).
 */
int herald_adopt(int fd, uint16_t *port);

/* Takes what has arrived into out[HERALD_BATCH]. Returns how many, 0 when nothing has, or -1. */
int herald_receive(int fd, struct herald *out);

/*
 * A non-blocking UDP socket for one session: from own->ip and own->port (0: any free one; filled
 * in), connected to the kernel, not fragmenting. *payload is the data that one DATA may carry
 * there (IP_MTU - 52, between WIRE_DATA_MIN and WIRE_DATA_ETHERNET). Returns the descriptor, or
 * -1 with errno.
 */
int session_socket(struct net_addr *own, const struct net_addr *kernel, size_t *payload);

/* *payload of session_socket for a socket that it made. */
size_t session_payload(int fd);

/* The address from which this machine would talk to `ip`; 0 when there is no way there. */
uint32_t own_address_towards(uint32_t ip);

/* An address of this machine that others can reach; its loopback address when it has no other. */
uint32_t own_address(void);

/* All of those that others can reach, at most OWN_ADDRESSES; never none. Returns how many. */
enum { OWN_ADDRESSES = 8 };
unsigned own_addresses(uint32_t out[OWN_ADDRESSES]);

#endif
