/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * debugnet's wire format (FreeBSD sys/net/debugnet.h, struct debugnet_msg_hdr and
 * debugnet_ack): a header of 24 bytes, all fields big-endian, before the data of each
 * message, and acks of exactly 4 bytes. UDP over IPv4. Encodes and decodes; keeps no state.
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
    WIRE_DATA_MIN = 488, /* data in one DATA that every path carries (MTU 576, with a margin) */
    WIRE_DATA_ETHERNET = 1448,    /* data in one DATA at MTU 1500, the maximum for a kernel */
    WIRE_DATAGRAM_MAX = 9216,     /* bytes in the longest datagram accepted: a jumbo frame */
    WIRE_MESSAGE_MAX = 64 * 1024, /* bytes in one message received; a kernel sends up to 4102 */
};

/* aux2 of a HERALD: NETGDB_PROTO_V1. */
#define WIRE_NETGDB_V1 UINT32_C(0x2515f095)

enum wire_type {
    WIRE_NONE = 0, /* not a debugnet datagram */
    WIRE_HERALD = 1,
    WIRE_FINISHED = 2,
    WIRE_DATA = 3,
    WIRE_IS_ACK = 4, /* in struct wire_msg only, not a type on the wire: an ack */
};

struct wire_msg {
    enum wire_type type;
    uint32_t seqno;
    uint64_t offset; /* of the data in its message (a whole RSP packet), in bytes */
    uint32_t total;  /* aux2: bytes of the whole message; in a HERALD, the protocol version */
    const uint8_t *data;
    size_t len; /* bytes of data in this datagram */
};

/*
 * Decodes a datagram; msg->data points into it. The header's length must equal the length of the
 * data: all implementations send it so, while 13.x kernels use the header's length and later ones
 * the datagram's. Returns 0, or NETGDB_PROTO if the datagram is neither an ack nor a valid message
 * of a known type, or is longer than WIRE_DATAGRAM_MAX.
 */
int wire_decode(const uint8_t *datagram, size_t len, struct wire_msg *msg);

/* Encodes the header of `msg`, without its data, into out[WIRE_HEADER]. */
void wire_encode(const struct wire_msg *msg, uint8_t *out);

/* Encodes an ack into out[WIRE_ACK]. */
void wire_encode_ack(uint32_t seqno, uint8_t *out);

#endif
