/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether a router is between a socket and its peer, as far as this machine knows. */
#ifndef NETGDB_IO_DIRECT_H
#define NETGDB_IO_DIRECT_H

#include <stdbool.h>

/*
 * Whether this connected socket's peer is another machine on the network of one of our interfaces:
 * the way there has no gateway, and the interface is no tunnel. False when it is not certain, and
 * for this machine itself (a kernel in a virtual machine may be shown as that by its NAT).
 */
bool direct_is(int fd);

#endif
