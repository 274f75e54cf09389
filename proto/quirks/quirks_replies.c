/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that a reply is one that a FreeBSD stub can send (sys/gdb/gdb_main.c). */
#include <string.h>

#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

static bool is_stub_error(const struct buf *reply)
{
    return reply->len == 3 && reply->data[0] == 'E' && rsp_hex_byte(reply->data + 1) >= 0;
}

static bool is_hex_or(const uint8_t *text, size_t len, const char *others)
{
    uint64_t digit;
    for (size_t i = 0; i < len; i++) {
        if (rsp_hex_number(text + i, 1, &digit) != 1 &&
            (text[i] == '\0' || strchr(others, text[i]) == NULL))
            return false;
    }
    return true;
}

/* Whether this is an allowed entry `name:value` of a stop reply: a register, the thread, the core
 * or the kind of breakpoint. Not `exec:`, `library:` or `fork:`: GDB would open local files. */
static bool is_stop_entry(const uint8_t *entry, size_t len)
{
    static const char *const names[] = {"thread", "watch",   "rwatch", "awatch",
                                        "core",   "hwbreak", "swbreak"};
    const uint8_t *colon = memchr(entry, ':', len);
    if (colon == NULL)
        return false;
    size_t n = (size_t)(colon - entry);
    bool known = n != 0 && is_hex_or(entry, n, "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        known |= strlen(names[i]) == n && memcmp(entry, names[i], n) == 0;
    return known && is_hex_or(colon + 1, len - n - 1, "px.-");
}

/* Whether this is a stop reply such as "T05thread:186a1;". */
static bool is_stop_reply(const struct buf *reply)
{
    if (reply->len < 3 || reply->data[0] != 'T' || rsp_hex_byte(reply->data + 1) < 0)
        return false;
    for (size_t at = 3; at < reply->len;) {
        const uint8_t *end = memchr(reply->data + at, ';', reply->len - at);
        size_t n = end != NULL ? (size_t)(end - reply->data) - at : reply->len - at;
        if (!is_stop_entry(reply->data + at, n))
            return false;
        at += n + 1;
    }
    return true;
}

static bool is_printable(const struct buf *reply)
{
    for (size_t i = 0; i < reply->len; i++) {
        if (!visible_ascii(reply->data[i]))
            return false;
    }
    return true;
}

bool quirks_is_valid_reply(const struct packet *packet, const struct buf *reply, bool final)
{
    if (reply->len == 0 || is_stub_error(reply))
        return true;
    if (!final)
        return reply->data[0] == 'O' && is_hex_or(reply->data + 1, reply->len - 1, "");
    if ((packet->effects & PKT_RESUMES) != 0 || packet->id == PACKET_stop_reason)
        return is_stop_reply(reply);
    switch (packet->name[0]) {
    case 'g':
    case 'p':
        return is_hex_or(reply->data, reply->len, "x");
    case 'q': /* qC, qOffsets */
        return (buf_starts(reply, "QC") || buf_starts(reply, "Text")) && is_printable(reply);
    default:
        return buf_is(reply, "OK");
    }
}
