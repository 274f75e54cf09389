/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses stop replies (GDB manual, "Stop Reply Packets"); see stop.h. */
#include "proto/stop.h"

#include <string.h>

#include "proto/check.h"
#include "proto/rsp/rsp.h"

bool stop_is_sound(const struct stop *s)
{
    bool sound = s->cause <= STOP_RAN && s->watch <= STOP_WATCH_UNKNOWN && s->pc <= UINT8_MAX &&
                 s->pc_len <= sizeof(uint64_t) && (s->moved_pc == 0 || s->pc_len != 0);
    for (unsigned i = 0; i < STOP_POINTS; i++)
        sound = sound && s->points[i].len <= STOP_TEXT_MAX;
    return sound;
}

/* Reads one `NAME:VALUE` field of a stop reply. */
static void take_field(struct stop *s, const uint8_t *name, size_t name_len, const uint8_t *value,
                       size_t len)
{
    static const char thread[] = "thread", watch[] = "watch";
    uint64_t number;
    if (name_len == sizeof thread - 1 && memcmp(name, thread, name_len) == 0) {
        if (rsp_hex_number(value, len, &number) == len)
            s->thread = number;
    } else if (name_len == sizeof watch - 1 && memcmp(name, watch, name_len) == 0) {
        s->watch = STOP_WATCHED;
    } else if (name_len != 0 && rsp_hex_number(name, name_len, &number) == name_len &&
               number <= UINT8_MAX && len != 0 && len % 2 == 0 && len <= 2 * sizeof(uint64_t)) {
        s->pc = (uint32_t)number; /* FreeBSD's stub includes no other register */
        s->pc_len = (uint32_t)len / 2;
        s->watch = STOP_NOT_WATCHED; /* unless a watch field follows */
    }
}

bool stop_take(struct stop *s, const uint8_t *reply, size_t len)
{
    const uint8_t *at = reply + 3, *end = reply + len, *colon, *semicolon;
    if (len < 3 || reply[0] != 'T' || rsp_hex_byte(reply + 1) < 0)
        return false;
    s->signal = (uint32_t)rsp_hex_byte(reply + 1);
    s->watch = STOP_WATCH_UNKNOWN;
    while ((semicolon = memchr(at, ';', (size_t)(end - at))) != NULL) {
        colon = memchr(at, ':', (size_t)(semicolon - at));
        if (colon != NULL)
            take_field(s, at, (size_t)(colon - at), colon + 1, (size_t)(semicolon - colon) - 1);
        at = semicolon + 1;
    }
    s->selected = s->thread;
    s->runs = 0;
    CHECK(stop_is_sound(s));
    return true;
}

void stop_begin(struct stop *s, const uint8_t *stream, size_t len)
{
    const uint8_t *end = len != 0 && stream[0] == '$' ? memchr(stream, '#', len) : NULL;
    *s = (struct stop){.cause = STOP_UNKNOWN};
    if (end != NULL && stop_take(s, stream + 1, (size_t)(end - stream) - 1))
        s->cause = STOP_AT_DDB;
}

const uint8_t *stop_thread(const uint8_t *reply, size_t len, size_t *n)
{
    static const char key[] = "thread:";
    const size_t key_len = sizeof key - 1;
    if (len < 3 || reply[0] != 'T')
        return NULL;
    const uint8_t *end = reply + len, *next;
    for (const uint8_t *at = reply + 3; at < end; at = next + 1) {
        next = memchr(at, ';', (size_t)(end - at));
        if (next == NULL)
            next = end;
        *n = (size_t)(next - at);
        if (*n < key_len || memcmp(at, key, key_len) != 0)
            continue;
        *n -= key_len;
        return at + key_len;
    }
    return NULL;
}
