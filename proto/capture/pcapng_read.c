/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads pcapng and pcap; see pcapng_read.h. */
#include "proto/capture/pcapng_read.h"

#include <string.h>

#include "proto/capture/pcapng.h"
#include "proto/err.h"

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum { BLOCK_HEADER = 8, BLOCK_MIN = 12, SECTION_MIN = 28, INTERFACE_MIN = 20, PACKET_MIN = 32 };
enum { EXPORT_END = 0, EXPORT_DISSECTOR = 12, EXPORT_SOURCE_PORT = 25, EXPORT_DIRECTION = 35 };

#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)

/* A pcap file begins with one of these, by the unit of its time stamps
 * (draft-ietf-opsawg-pcap). */
#define CLASSIC_MICROSECONDS UINT32_C(0xa1b2c3d4)
#define CLASSIC_NANOSECONDS UINT32_C(0xa1b23c4d)
enum { CLASSIC_HEADER = 24, CLASSIC_LINK = 20, CLASSIC_PACKET = 16, CLASSIC_CAPTURED = 8 };

static uint32_t get32be(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t read32(const struct pcapng_reader *r, size_t at)
{
    uint32_t v = get32be(r->at + at);
    return r->big ? v : __builtin_bswap32(v);
}

void pcapng_read(struct pcapng_reader *r, const uint8_t *file, size_t len)
{
    *r = (struct pcapng_reader){.at = file, .left = len};
    if (len < CLASSIC_HEADER)
        return;
    uint32_t magic = get32be(file), swapped = __builtin_bswap32(magic);
    r->big = magic == CLASSIC_MICROSECONDS || magic == CLASSIC_NANOSECONDS;
    r->classic = r->big || swapped == CLASSIC_MICROSECONDS || swapped == CLASSIC_NANOSECONDS;
    if (!r->classic)
        return;
    r->links[0] = (uint16_t)(read32(r, CLASSIC_LINK) & UINT16_MAX);
    r->at += CLASSIC_HEADER;
    r->left -= CLASSIC_HEADER;
}

static int next_classic(struct pcapng_reader *r, struct pcapng_record *packet)
{
    if (r->left < CLASSIC_PACKET)
        return 0;
    uint32_t captured = read32(r, CLASSIC_CAPTURED);
    if (captured > r->left - CLASSIC_PACKET)
        return 0;
    *packet = (struct pcapng_record){
        .link = r->links[0], .data = r->at + CLASSIC_PACKET, .len = captured};
    r->at += (size_t)CLASSIC_PACKET + captured; /* more than 32 bits */
    r->left -= (size_t)CLASSIC_PACKET + captured;
    return 1;
}

/* A section header sets the byte order of what follows, and of its own length. */
static bool begin_section(struct pcapng_reader *r)
{
    uint32_t magic = get32be(r->at + BLOCK_HEADER);
    r->big = magic == BYTE_ORDER_MAGIC;
    r->begun = r->big || magic == __builtin_bswap32(BYTE_ORDER_MAGIC);
    r->interfaces = 0;
    return r->begun;
}

static void take_interface(struct pcapng_reader *r, size_t len)
{
    if (len < INTERFACE_MIN)
        return;
    if (r->interfaces < PCAPNG_INTERFACES_MAX)
        r->links[r->interfaces] = (uint16_t)(r->big ? read32(r, BLOCK_HEADER) >> 16
                                                    : read32(r, BLOCK_HEADER) & UINT16_MAX);
    r->interfaces += r->interfaces < UINT16_MAX;
}

static bool pcapng_take_packet(struct pcapng_reader *r, size_t len, struct pcapng_record *packet)
{
    if (len < PACKET_MIN)
        return false;
    uint32_t interface = read32(r, 8), captured = read32(r, 20);
    if (interface >= r->interfaces || interface >= PCAPNG_INTERFACES_MAX ||
        captured > len - PACKET_MIN)
        return false;
    *packet =
        (struct pcapng_record){.link = r->links[interface], .data = r->at + 28, .len = captured};
    return true;
}

int pcapng_next(struct pcapng_reader *r, struct pcapng_record *packet)
{
    if (r->classic)
        return next_classic(r, packet);
    while (r->left >= SECTION_MIN || (r->begun && r->left >= BLOCK_MIN)) {
        uint32_t type = get32be(r->at); /* that of a section is the same in both orders */
        if (type == BLOCK_SECTION && r->left >= SECTION_MIN && !begin_section(r))
            return NETGDB_PROTO;
        if (!r->begun)
            return NETGDB_PROTO;
        type = read32(r, 0);
        size_t len = read32(r, 4);
        if (len < BLOCK_MIN || len % 4 != 0)
            return NETGDB_PROTO;
        if (len > r->left)
            return 0;
        bool found = type == BLOCK_PACKET && pcapng_take_packet(r, len, packet);
        if (type == BLOCK_INTERFACE)
            take_interface(r, len);
        r->at += len;
        r->left -= len;
        if (found)
            return 1;
    }
    return r->begun ? 0 : NETGDB_PROTO;
}

bool pcapng_is_rsp(const struct pcapng_record *packet, struct pcapng_rsp *rsp)
{
    static const char name[] = "debugnet.rsp";
    const uint8_t *at = packet->data, *end = at + packet->len;
    bool ours = false;
    *rsp = (struct pcapng_rsp){.client = 0};
    while (packet->link == PCAPNG_UPPER_PDU && end - at >= 4) {
        unsigned tag = (unsigned)at[0] << 8 | at[1], len = (unsigned)at[2] << 8 | at[3];
        at += 4;
        if (tag == EXPORT_END) {
            rsp->data = at;
            rsp->len = (size_t)(end - at);
            return ours;
        }
        if (len > (size_t)(end - at))
            return false;
        if (tag == EXPORT_DISSECTOR)
            ours = len == sizeof name - 1 && memcmp(at, name, len) == 0;
        if (tag == EXPORT_DIRECTION && len == 4)
            rsp->inbound = get32be(at) == 1;
        if (tag == EXPORT_SOURCE_PORT && len == 4)
            rsp->client = get32be(at);
        at += len;
    }
    return false;
}
