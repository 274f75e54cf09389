/* SPDX-License-Identifier: GPL-3.0-or-later */
/* debugnet's wire format; see wire.h. */
#include "proto/link/wire.h"

#include "proto/err.h"

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

int wire_decode(const uint8_t *datagram, size_t len, struct wire_msg *msg)
{
    *msg = (struct wire_msg){.type = WIRE_NONE};
    if (len == WIRE_ACK) {
        msg->type = WIRE_IS_ACK;
        msg->seqno = get32(datagram);
        return 0;
    }
    if (len < WIRE_HEADER || len > WIRE_DATAGRAM_MAX)
        return NETGDB_PROTO;
    uint32_t type = get32(datagram), claimed = get32(datagram + 16);
    if (type < WIRE_HERALD || type > WIRE_DATA || claimed != len - WIRE_HEADER)
        return NETGDB_PROTO;
    msg->type = (enum wire_type)type;
    msg->seqno = get32(datagram + 4);
    msg->offset = (uint64_t)get32(datagram + 8) << 32 | get32(datagram + 12);
    msg->total = get32(datagram + 20);
    msg->data = datagram + WIRE_HEADER;
    msg->len = len - WIRE_HEADER;
    return 0;
}

void wire_encode(const struct wire_msg *msg, uint8_t *out)
{
    put32(out, (uint32_t)msg->type);
    put32(out + 4, msg->seqno);
    put32(out + 8, (uint32_t)(msg->offset >> 32));
    put32(out + 12, (uint32_t)msg->offset);
    put32(out + 16, (uint32_t)msg->len);
    put32(out + 20, msg->total);
}

void wire_encode_ack(uint32_t seqno, uint8_t *out)
{
    put32(out, seqno);
}
