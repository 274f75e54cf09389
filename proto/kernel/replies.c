/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The form of replies; see replies.h. */
#include "proto/kernel/replies.h"

#include <string.h>

#include "proto/rsp/rsp.h"

enum { REGISTER_MAX = 2 * 16 }; /* digits: powerpc's vectors are the longest registers */

static bool is_error_form(const struct buf *reply)
{
    return reply->len == 3 && reply->data[0] == 'E';
}

/* Hexadecimal digits, or 'x' for those of an unavailable register; an even number. */
static bool is_hex_form(const struct buf *reply)
{
    for (size_t i = 0; i < reply->len; i++) {
        if (strchr("0123456789abcdefx", reply->data[i]) == NULL || reply->data[i] == '\0')
            return false;
    }
    return reply->len % 2 == 0;
}

/* All the bytes that `mADDR,LENGTH` requests. True if the request has no valid length. */
static bool is_memory_form(const uint8_t *request, size_t len, const struct buf *reply)
{
    const uint8_t *comma = memchr(request, ',', len);
    uint64_t n;
    if (comma == NULL)
        return true;
    size_t rest = len - (size_t)(comma + 1 - request);
    if (rest == 0 || rsp_hex_number(comma + 1, rest, &n) != rest)
        return true;
    return reply->len / 2 == n && is_hex_form(reply);
}

static bool is_stop_form(const struct buf *reply)
{
    return strchr("TSWXNOF", reply->data[0]) != NULL && !buf_is(reply, "OK");
}

static bool begins_with_any(const struct buf *reply, const char *letters)
{
    return reply->data[0] != '\0' && strchr(letters, reply->data[0]) != NULL;
}

bool reply_is_plausible(const struct packet *packet, const uint8_t *request, size_t len,
                        const struct buf *reply)
{
    if (reply->len == 0 || reply->data[0] == '\0')
        return true;
    if ((packet->effects & PKT_RESUMES) != 0)
        return is_stop_form(reply);
    if (is_error_form(reply))
        return true;
    switch (packet->name[0]) {
    case 'm':
        return is_memory_form(request, len, reply);
    case 'p':
        return is_hex_form(reply) && reply->len <= REGISTER_MAX;
    case 'g':
        return is_hex_form(reply);
    case 'D':
    case 'G':
    case 'H':
    case 'M':
    case 'P':
    case 'T':
    case 'X':
    case 'Z':
    case 'z':
        return buf_is(reply, "OK");
    case '?':
        return is_stop_form(reply);
    default:
        break;
    }
    if (packet->id == PACKET_qXfer || packet->id == PACKET_qXfer_threads ||
        packet->id == PACKET_qfThreadInfo || packet->id == PACKET_qsThreadInfo)
        return begins_with_any(reply, "ml");
    if (packet->id == PACKET_qC)
        return begins_with_any(reply, "Q");
    return packet->id == PACKET_qSupported ? !buf_is(reply, "OK") && !begins_with_any(reply, "TS")
                                           : true;
}

bool reply_is_of_read(const struct buf *reply)
{
    return !buf_is(reply, "OK") && (reply->len == 0 || !begins_with_any(reply, "TS"));
}

bool reply_is_freebsds(const struct buf *reply)
{
    if (reply->len != 0 && begins_with_any(reply, "lm"))
        return true;
    for (size_t i = 0; i < reply->len; i++) {
        uint8_t c = reply->data[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        bool other = c != '\0' && strchr("0123456789;:=,.+-", c) != NULL;
        if (!letter && !other)
            return false;
    }
    return true;
}
