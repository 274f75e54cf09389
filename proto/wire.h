/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * debugnet's wire format (FreeBSD sys/net/debugnet.h, struct debugnet_msg_hdr and
 * debugnet_ack): a header of 24 bytes, big-endian, before each message's data, and acks of
 * exactly 4 bytes. UDP over IPv4. Encoding and decoding only; no state.
 */
#ifndef NETGDB_PROTO_WIRE_H
#define NETGDB_PROTO_WIRE_H

#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_HEADER = 24,                          /* bytes before the data */
    WIRE_ACK = 4,                              /* bytes of an ack: the seqno, nothing else */
    WIRE_HERALD_PORT = 20025,                  /* NETGDB_DEBUGNET_PORT: where the server listens */
    WIRE_KERNEL_PORT = 20026,                  /* NETGDB_CLIENT_PORT: where the kernel sends from */
    WIRE_IP_UDP = 28,                          /* bytes of IPv4 and UDP header */
    WIRE_OVERHEAD = WIRE_IP_UDP + WIRE_HEADER, /* 52: MTU minus this = data of one DATA */
    WIRE_DATA_MIN = 488,       /* data in one DATA that any path takes (MTU 576, with room) */
    WIRE_DATA_ETHERNET = 1448, /* the same at MTU 1500: what a kernel takes at most */
    WIRE_DATAGRAM_MAX = 9216,  /* longest datagram accepted: jumbo frames */
};

/* aux2 of a HERALD: NETGDB_PROTO_V1. */
#define WIRE_NETGDB_V1 UINT32_C(0x2515f095)

enum wire_type {
    WIRE_NONE = 0, /* not a debugnet datagram */
    WIRE_HERALD = 1,
    WIRE_FINISHED = 2,
    WIRE_DATA = 3,
    WIRE_IS_ACK = 4, /* in a wire_msg only: the datagram is an ack */
};

struct wire_msg {
    enum wire_type type;
    uint32_t seqno;
    uint64_t offset; /* place of the data inside its message (a whole RSP packet), in bytes */
    uint32_t total;  /* aux2: bytes of the whole message; of a HERALD, the protocol */
    const uint8_t *data;
    size_t len; /* bytes of data in this datagram */
};

/*
 * Decodes a datagram. The data points into it. The header's length must be what follows it: both
 * sides always send it so, and 13.x kernels believe the header, later ones the datagram.
 * Returns 0, or NETGDB_PROTO when it is neither an ack nor a whole message of a known type, or is
 * longer than WIRE_DATAGRAM_MAX.
 */
int wire_decode(const uint8_t *datagram, size_t len, struct wire_msg *msg);

/* Writes the header of `msg` (data not copied) to out[WIRE_HEADER]. */
void wire_encode(const struct wire_msg *msg, uint8_t *out);

/* Writes an ack to out[WIRE_ACK]. */
void wire_encode_ack(uint32_t seqno, uint8_t *out);

#endif
