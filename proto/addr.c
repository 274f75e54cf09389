/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats endpoints; see addr.h. */
#include "proto/addr.h"

#include <stdio.h>

char *net_ip_text(uint32_t ip, char *text)
{
    snprintf(text, NET_ADDR_TEXT, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
    return text;
}

bool net_addr_equal(const struct net_addr *a, const struct net_addr *b)
{
    return a->ip == b->ip && a->port == b->port;
}

bool net_hosts_include(const struct net_hosts *hosts, uint32_t ip)
{
    for (unsigned i = 0; i < hosts->n; i++) {
        if (hosts->ip[i] == 0 || hosts->ip[i] == ip)
            return true;
    }
    return false;
}
