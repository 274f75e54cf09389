/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of RSP requests and its look-ups; see packets.h. */
#include "proto/rsp/packets.h"

#include <string.h>

#define INITIALIZER(id, name, effects, repeat, explanation)                                        \
    {PACKET_##id, name, effects, repeat, explanation},
static const struct packet table[] = {PACKETS(INITIALIZER)};

enum { ENTRIES = sizeof table / sizeof table[0] };

static const struct packet unknown = {PACKET_UNKNOWN, "", PKT_CHANGES, REPEAT_NEVER,
                                      "unknown request"};

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

/* Returns the index of the first entry whose name begins with `c` or a greater byte. */
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

const struct packet *packet_of(enum packet_id id)
{
    return id < PACKET_UNKNOWN ? &table[id] : &unknown;
}

bool packet_is_object(const struct packet *packet)
{
    return packet->id >= PACKET_qXfer && packet->id <= PACKET_qXfer_traceframe_info;
}

bool packet_has_reply(const struct packet *packet)
{
    return packet->id != PACKET_k && packet->id != PACKET_R;
}

bool packet_replies_with_stop(const struct packet *packet)
{
    return (packet->effects & PKT_RESUMES) != 0 || packet->id == PACKET_stop_reason ||
           packet->id == PACKET_vRun || packet->id == PACKET_vAttach;
}

bool packet_lists_threads(const struct packet *packet)
{
    return packet->id == PACKET_qfThreadInfo || packet->id == PACKET_qsThreadInfo;
}
