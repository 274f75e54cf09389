/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP in captured packets; see udp_read.h. */
#include "proto/capture/udp_read.h"

#include "proto/capture/pcapng.h"

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_VLAN = 0x8100, ETHERTYPE_QINQ = 0x88a8 };
enum { VLAN_TAGS_MAX = 2, VLAN_TAG = 4, FAMILY_IPV4 = 2 };
enum { IPV4_MIN = 20, IPV4_FRAGMENT = 0x3fff, IPV4_UDP = 17, UDP_HEADER = 8 };

static unsigned get16be(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get_ip(const uint8_t *p)
{
    return (uint32_t)get16be(p) << 16 | get16be(p + 2);
}

/* Finds the bytes before the IPv4 header; 0: there is none. `type_at` is where its ethertype is. */
static size_t after_ethertype(const struct pcapng_record *p, size_t type_at, size_t header)
{
    for (unsigned tags = 0; p->len >= header; tags++) {
        unsigned type = get16be(p->data + type_at);
        if (type == ETHERTYPE_IPV4)
            return header;
        if ((type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ) || tags == VLAN_TAGS_MAX)
            return 0;
        type_at = header + VLAN_TAG - 2;
        header += VLAN_TAG;
    }
    return 0;
}

/* The family is in the byte order of the machine that captured. */
static size_t after_family(const struct pcapng_record *p)
{
    enum { HEADER = 4 };
    if (p->len < HEADER)
        return 0;
    uint32_t family = get_ip(p->data);
    return family == FAMILY_IPV4 || family == __builtin_bswap32(FAMILY_IPV4) ? HEADER : 0;
}

/* Stores the bytes before the IPv4 header. */
static bool find_ipv4(const struct pcapng_record *p, size_t *at)
{
    *at = 0;
    switch (p->link) {
    case PCAPNG_RAW:
    case PCAPNG_RAW_BSD:
    case PCAPNG_IPV4:
        return true;
    case PCAPNG_ETHERNET:
        *at = after_ethertype(p, 12, 14);
        break;
    case PCAPNG_LINUX_SLL:
        *at = after_ethertype(p, 14, 16);
        break;
    case PCAPNG_LINUX_SLL2:
        *at = after_ethertype(p, 0, 20);
        break;
    case PCAPNG_NULL:
    case PCAPNG_LOOP:
        *at = after_family(p);
        break;
    default:
        break;
    }
    return *at != 0;
}

bool udp_in_packet(const struct pcapng_record *packet, struct udp_datagram *d)
{
    size_t at;
    if (!find_ipv4(packet, &at) || packet->len - at < IPV4_MIN)
        return false;
    const uint8_t *ip = packet->data + at;
    size_t header = (size_t)(ip[0] & 0xf) * 4, total = get16be(ip + 2);
    if (ip[0] >> 4 != 4 || header < IPV4_MIN || total > packet->len - at ||
        total < header + UDP_HEADER || (get16be(ip + 6) & IPV4_FRAGMENT) != 0 || ip[9] != IPV4_UDP)
        return false;
    const uint8_t *udp = ip + header;
    size_t len = get16be(udp + 4);
    if (len < UDP_HEADER || len > total - header)
        return false;
    *d = (struct udp_datagram){.from = {get_ip(ip + 12), (uint16_t)get16be(udp)},
                               .to = {get_ip(ip + 16), (uint16_t)get16be(udp + 2)},
                               .data = udp + UDP_HEADER,
                               .len = len - UDP_HEADER};
    return true;
}
