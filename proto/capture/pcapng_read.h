/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads capture files: pcapng and pcap, of either byte order, held in memory. The file is hostile:
 * each length is checked against what is left of it. Blocks and options that are not needed are
 * skipped. All results point into the file.
 */
#ifndef NETGDB_PROTO_PCAPNG_READ_H
#define NETGDB_PROTO_PCAPNG_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PCAPNG_INTERFACES_MAX = 256 }; /* packets of further interfaces are skipped */

struct pcapng_reader {
    const uint8_t *at;
    size_t left;                           /* bytes from there on */
    bool begun;                            /* a section header was read */
    bool classic;                          /* it is pcap: one interface */
    bool big;                              /* the section is big-endian */
    unsigned interfaces;                   /* of the section */
    uint16_t links[PCAPNG_INTERFACES_MAX]; /* enum pcapng_link, or another number */
};

/* A captured packet. */
struct pcapng_record {
    unsigned link;
    const uint8_t *data;
    size_t len;
};

/* An RSP packet between a client and netgdb (PCAPNG_UPPER_PDU). */
struct pcapng_rsp {
    bool inbound;        /* of the client */
    uint32_t client;     /* its number */
    const uint8_t *data; /* with its framing */
    size_t len;
};

void pcapng_read(struct pcapng_reader *r, const uint8_t *file, size_t len);

/*
 * Reads up to the next packet. Returns 1; 0 at the end, also of a file that is cut off; or
 * NETGDB_PROTO if it is neither.
 */
int pcapng_next(struct pcapng_reader *r, struct pcapng_record *packet);

/* Whether the packet is one of a client's; then stores it in *rsp. */
bool pcapng_is_rsp(const struct pcapng_record *packet, struct pcapng_rsp *rsp);

#endif
