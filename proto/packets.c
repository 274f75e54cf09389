/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of RSP requests, and looking things up in it; see packets.h. */
#include "proto/packets.h"

#include <string.h>

#include "proto/rsp.h"

#define ENTRY(name, does, repeat, explanation) {name, does, repeat, explanation},
static const struct packet table[] = {PACKETS(ENTRY)};

enum { ENTRIES = sizeof table / sizeof table[0] };

static const struct packet unknown = {"", PKT_CHANGES, REPEAT_NEVER, "unknown request"};

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool matches(const char *name, size_t n, const uint8_t *content, size_t len)
{
    if (len < n || memcmp(content, name, n) != 0)
        return false;
    return n == 1 || len == n || !is_letter(content[n]) || !is_letter((uint8_t)name[n - 1]);
}

/* The first entry whose name begins with `c`, or with what comes behind it in the table's order. */
static size_t first_entry(char c)
{
    size_t low = 0, high = ENTRIES;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table[middle].name[0] < c)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct packet *packet_find(const uint8_t *content, size_t len)
{
    const struct packet *best = &unknown;
    size_t best_len = 0;
    if (len == 0)
        return best;
    char c = (char)content[0];
    for (size_t i = first_entry(c); i < ENTRIES && table[i].name[0] == c; i++) {
        size_t n = strlen(table[i].name);
        if (n > best_len && matches(table[i].name, n, content, len)) {
            best = &table[i];
            best_len = n;
        }
    }
    return best;
}

bool packet_is(const struct packet *packet, const char *name)
{
    return packet->name[0] == name[0] && strcmp(packet->name, name) == 0;
}

/* Reads `NUMBER` and, of memory and points, `,NUMBER` behind it. */
static bool read_range(enum packet_repeat repeat, const uint8_t *text, size_t len, uint64_t *start,
                       uint64_t *size)
{
    size_t n = rsp_hex_number(text, len, start);
    *size = 1;
    if (n == 0)
        return false;
    if (repeat == REPEAT_REGISTERS)
        return true;
    if (n == len || text[n] != ',' || rsp_hex_number(text + n + 1, len - n - 1, size) == 0)
        return false;
    if (repeat == REPEAT_POINTS && *size == 0) /* its kind: no length on every machine */
        *size = 1;
    return true;
}

void packet_range(const struct packet *packet, const uint8_t *content, size_t len, uint64_t *low,
                  uint64_t *high)
{
    uint64_t start, size;
    size_t skip = packet->repeat == REPEAT_POINTS ? 3 : 1; /* Z0, in front of a point's address */
    bool single = packet_is(packet, "P") || packet->repeat == REPEAT_MEMORY ||
                  packet->repeat == REPEAT_POINTS;
    *low = 0;
    *high = UINT64_MAX;
    if (!single || len < skip ||
        !read_range(packet->repeat, content + skip, len - skip, &start, &size))
        return;
    *low = start;
    *high = size > UINT64_MAX - start ? UINT64_MAX : start + size;
}
