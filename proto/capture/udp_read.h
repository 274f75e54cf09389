/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Finds the UDP datagram in a captured packet, of Ethernet with VLAN tags, Linux cooked, loopback
 * and raw IPv4 (https://www.tcpdump.org/linktypes.html). The packet is hostile. Results point into
 * it.
 */
#ifndef NETGDB_PROTO_UDP_READ_H
#define NETGDB_PROTO_UDP_READ_H

#include "proto/addr.h"
#include "proto/capture/pcapng_read.h"

struct udp_datagram {
    struct net_addr from, to;
    const uint8_t *data;
    size_t len; /* bytes of data */
};

/* Whether the packet is a whole datagram over IPv4; then stores it in *d. Fragments are none. */
bool udp_in_packet(const struct pcapng_record *packet, struct udp_datagram *d);

#endif
