/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An IPv4 address and UDP or TCP port, and their text. debugnet speaks nothing but IPv4. */
#ifndef NETGDB_PROTO_ADDR_H
#define NETGDB_PROTO_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net_addr {
    uint32_t ip; /* host byte order */
    uint16_t port;
};

enum { NET_ADDR_TEXT = 24 }; /* bytes for any address as text, with the NUL */

/* "192.0.2.1" into text[NET_ADDR_TEXT]; returns text. */
char *net_ip_text(uint32_t ip, char *text);

/* "192.0.2.1:20025" into text[NET_ADDR_TEXT]; returns text. */
char *net_addr_text(const struct net_addr *a, char *text);

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b);

#endif
