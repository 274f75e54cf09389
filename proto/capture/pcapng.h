/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes capture files: pcapng (draft-ietf-opsawg-pcapng), little-endian, time stamps in ns.
 * Appends whole blocks to a buffer; does no I/O. Each function returns 0 or the buffer's error,
 * with its contents unchanged.
 */
#ifndef NETGDB_PROTO_PCAPNG_H
#define NETGDB_PROTO_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/addr.h"
#include "proto/buf.h"

enum {
    PCAPNG_TEXT_MAX = 512,     /* bytes of a name or comment; a longer one is cut off */
    PCAPNG_UDP_HEADERS = 28,   /* bytes of pcapng_udp_headers */
    PCAPNG_EXPORT_HEADER = 36, /* bytes of pcapng_export_header */
    PCAPNG_BLOCK_EXTRA = 64 + PCAPNG_TEXT_MAX, /* a block is at most so much longer than its data */
};

/* What the packets of an interface begin with (https://www.tcpdump.org/linktypes.html). */
enum pcapng_link {
    PCAPNG_NULL = 0, /* loopback of BSD */
    PCAPNG_ETHERNET = 1,
    PCAPNG_RAW_BSD = 12,    /* as RAW */
    PCAPNG_RAW = 101,       /* an IPv4 header: pcapng_udp_headers */
    PCAPNG_LOOP = 108,      /* loopback of OpenBSD */
    PCAPNG_LINUX_SLL = 113, /* tcpdump -i any */
    PCAPNG_IPV4 = 228,      /* as RAW */
    PCAPNG_UPPER_PDU = 252, /* pcapng_export_header */
    PCAPNG_LINUX_SLL2 = 276,
};

struct pcapng_packet {
    unsigned interface; /* number of the interface in its section, from 0 */
    uint64_t time;      /* ns since 1970 */
    bool inbound;       /* we received it; else we sent it */
    const uint8_t *header;
    size_t header_len;
    const uint8_t *data;
    size_t len;
    size_t original;     /* bytes of data before it was truncated to `len` */
    const char *comment; /* NULL or empty: none */
};

/* Begins a section, which a file has at its start. `application` names the program. */
int pcapng_add_section(struct buf *out, const char *application);

/* Adds the next interface of the section. */
int pcapng_add_interface(struct buf *out, enum pcapng_link link, const char *name);

int pcapng_add_packet(struct buf *out, const struct pcapng_packet *p);

/* Writes the IPv4 and UDP headers of a datagram, with their checksums. */
void pcapng_udp_headers(const struct net_addr *from, const struct net_addr *to, const uint8_t *data,
                        size_t len, uint8_t out[PCAPNG_UDP_HEADERS]);

/*
 * Writes the header of PCAPNG_UPPER_PDU (Wireshark's epan/exported_pdu.h) that passes the data to
 * the dissector "debugnet.rsp", with the direction and, as the source port, the number of the
 * interface, which tells clients apart.
 */
void pcapng_export_header(bool inbound, unsigned interface, uint8_t out[PCAPNG_EXPORT_HEADER]);

#endif
