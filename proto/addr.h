/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IPv4 endpoints and their text form. debugnet uses IPv4 only. */
#ifndef NETGDB_PROTO_ADDR_H
#define NETGDB_PROTO_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_addr {
    uint32_t ip;   /* host byte order */
    uint16_t port; /* host byte order; UDP or TCP */
};

enum { NET_ADDR_TEXT = 24 }; /* bytes of an address as text, more than the longest */

/* Writes "192.0.2.1" into text[NET_ADDR_TEXT] and returns text. */
char *net_ip_text(uint32_t ip, char *text);

enum { NET_HOSTS_MAX = 16 };

/* The addresses of one host, in host byte order. An address 0 stands for every host. */
struct net_hosts {
    uint32_t ip[NET_HOSTS_MAX];
    unsigned n;
};

/* Returns whether a host is among them. */
bool net_hosts_include(const struct net_hosts *hosts, uint32_t ip);

/* Returns whether address and port are equal. */
bool net_addr_equal(const struct net_addr *a, const struct net_addr *b);

#endif
