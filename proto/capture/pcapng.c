/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes pcapng; see pcapng.h. */
#include "proto/capture/pcapng.h"

#include <string.h>

#include "proto/check.h"

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1 };
enum { SECTION_APPLICATION = 4, INTERFACE_NAME = 2, INTERFACE_TSRESOL = 9, PACKET_FLAGS = 2 };
enum { FLAG_INBOUND = 1, FLAG_OUTBOUND = 2 };
enum { EXPORT_END = 0, EXPORT_DISSECTOR = 12, EXPORT_SOURCE_PORT = 25, EXPORT_DIRECTION = 35 };

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define NANOSECONDS 9 /* if_tsresol: 10^-9 s */

static int put16le(struct buf *out, unsigned v)
{
    const uint8_t bytes[] = {(uint8_t)v, (uint8_t)(v >> 8)};
    return buf_add(out, bytes, sizeof bytes);
}

static int put32le(struct buf *out, uint32_t v)
{
    const uint8_t bytes[] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
    return buf_add(out, bytes, sizeof bytes);
}

/* Everything in a block is padded to 32 bits. */
static int pad(struct buf *out, size_t len)
{
    static const uint8_t zeros[4];
    return buf_add(out, zeros, -len % 4);
}

static int put_option(struct buf *out, unsigned code, const void *value, size_t len)
{
    (void)put16le(out, code);
    (void)put16le(out, (unsigned)len);
    (void)buf_add(out, value, len);
    return pad(out, len);
}

static int pcapng_put_text(struct buf *out, unsigned code, const char *text)
{
    size_t len = strnlen(text, PCAPNG_TEXT_MAX);
    return len != 0 ? put_option(out, code, text, len) : 0;
}

/* Begins a block; its length follows in end_block. Returns where it starts. */
static size_t begin_block(struct buf *out, uint32_t type)
{
    size_t start = out->len;
    (void)put32le(out, type);
    (void)put32le(out, 0);
    return start;
}

/* Ends the options and the block. Without memory the block is dropped. */
static int end_block(struct buf *out, size_t start)
{
    (void)put_option(out, OPTION_END, NULL, 0);
    uint32_t len = (uint32_t)(out->len - start + 4);
    if (put32le(out, len) != 0) {
        out->len = start;
        return out->error;
    }
    for (unsigned i = 0; i < 4; i++)
        out->data[start + 4 + i] = (uint8_t)(len >> 8 * i);
    return 0;
}

int pcapng_add_section(struct buf *out, const char *application)
{
    size_t start = begin_block(out, BLOCK_SECTION);
    (void)put32le(out, BYTE_ORDER_MAGIC);
    (void)put16le(out, 1); /* version 1.0 */
    (void)put16le(out, 0);
    (void)put32le(out, UINT32_MAX); /* the section's length is not given */
    (void)put32le(out, UINT32_MAX);
    (void)pcapng_put_text(out, SECTION_APPLICATION, application);
    return end_block(out, start);
}

int pcapng_add_interface(struct buf *out, enum pcapng_link link, const char *name)
{
    static const uint8_t resolution = NANOSECONDS;
    size_t start = begin_block(out, BLOCK_INTERFACE);
    (void)put32le(out, link); /* 16 bits, and 16 that are reserved */
    (void)put32le(out, 0);    /* no limit of the length */
    (void)pcapng_put_text(out, INTERFACE_NAME, name);
    (void)put_option(out, INTERFACE_TSRESOL, &resolution, 1);
    return end_block(out, start);
}

int pcapng_add_packet(struct buf *out, const struct pcapng_packet *p)
{
    const uint8_t flags[] = {p->inbound ? FLAG_INBOUND : FLAG_OUTBOUND, 0, 0, 0};
    size_t captured = p->header_len + p->len, start = begin_block(out, BLOCK_PACKET);
    (void)put32le(out, p->interface);
    (void)put32le(out, (uint32_t)(p->time >> 32));
    (void)put32le(out, (uint32_t)p->time);
    (void)put32le(out, (uint32_t)captured);
    (void)put32le(out, (uint32_t)(p->header_len + p->original));
    (void)buf_add(out, p->header, p->header_len);
    (void)buf_add(out, p->data, p->len);
    (void)pad(out, captured);
    (void)put_option(out, PACKET_FLAGS, flags, sizeof flags);
    (void)pcapng_put_text(out, OPTION_COMMENT, p->comment != NULL ? p->comment : "");
    return end_block(out, start);
}

/* ---- headers of packets ---- */

static void put16be(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32be(uint8_t *p, uint32_t v)
{
    put16be(p, v >> 16);
    put16be(p + 2, v & 0xffff);
}

/* Adds 16-bit words for the Internet checksum (RFC 1071). */
static uint64_t sum_words(uint64_t sum, const uint8_t *p, size_t len)
{
    for (; len > 1; p += 2, len -= 2)
        sum += (uint64_t)p[0] << 8 | p[1];
    return len != 0 ? sum + ((uint64_t)p[0] << 8) : sum;
}

static uint16_t checksum(uint64_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

void pcapng_udp_headers(const struct net_addr *from, const struct net_addr *to, const uint8_t *data,
                        size_t len, uint8_t out[PCAPNG_UDP_HEADERS])
{
    enum { IP_BYTES = 20, UDP_BYTES = 8, PROTOCOL_UDP = 17, TTL = 64, DONT_FRAGMENT = 0x40 };
    uint8_t *udp = out + IP_BYTES;
    CHECK(len + PCAPNG_UDP_HEADERS <= UINT16_MAX);
    memset(out, 0, PCAPNG_UDP_HEADERS);
    out[0] = 0x45; /* IPv4, 5 words */
    put16be(out + 2, len + PCAPNG_UDP_HEADERS);
    out[6] = DONT_FRAGMENT;
    out[8] = TTL;
    out[9] = PROTOCOL_UDP;
    put32be(out + 12, from->ip);
    put32be(out + 16, to->ip);
    put16be(out + 10, checksum(sum_words(0, out, IP_BYTES)));
    put16be(udp, from->port);
    put16be(udp + 2, to->port);
    put16be(udp + 4, len + UDP_BYTES);
    uint64_t sum = sum_words(PROTOCOL_UDP + len + UDP_BYTES, out + 12, 8); /* the pseudo-header */
    uint16_t value = checksum(sum_words(sum_words(sum, udp, UDP_BYTES), data, len));
    put16be(udp + 6, value != 0 ? value : UINT16_MAX); /* 0 would mean that there is none */
}

void pcapng_export_header(bool inbound, unsigned interface, uint8_t out[PCAPNG_EXPORT_HEADER])
{
    static const char dissector[12] = "debugnet.rsp"; /* without a NUL */
    memset(out, 0, PCAPNG_EXPORT_HEADER);
    put16be(out, EXPORT_DISSECTOR);
    put16be(out + 2, sizeof dissector);
    memcpy(out + 4, dissector, sizeof dissector);
    put16be(out + 16, EXPORT_DIRECTION);
    put16be(out + 18, 4);
    put32be(out + 20, inbound ? 1 : 0); /* P2P_DIR_RECV, P2P_DIR_SENT */
    put16be(out + 24, EXPORT_SOURCE_PORT);
    put16be(out + 26, 4);
    put32be(out + 28, interface);
    put16be(out + 32, EXPORT_END);
}
