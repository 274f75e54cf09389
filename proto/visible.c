/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes that a terminal would obey, made visible; see visible.h. */
#include "proto/visible.h"

#include <stdio.h>
#include <string.h>

bool visible_ascii(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

/*
 * Returns the length of the printable UTF-8 character at the start of text, or 0. The second byte
 * excludes C1 control characters, overlong forms, surrogates, and what is above U+10FFFF (RFC 3629,
 * section 4).
 */
static size_t character(const uint8_t *text, size_t len)
{
    uint8_t c = text[0];
    if (visible_ascii(c))
        return 1;
    size_t n = c >= 0xc2 && c <= 0xdf   ? 2
               : c >= 0xe0 && c <= 0xef ? 3
               : c >= 0xf0 && c <= 0xf4 ? 4
                                        : 0;
    if (n == 0 || n > len)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    uint8_t first = c == 0xc2 || c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    uint8_t last = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    return text[1] >= first && text[1] <= last ? n : 0;
}

size_t visible_text(char *out, size_t size, const uint8_t *bytes, size_t len)
{
    size_t at = 0, i = 0;
    for (; i < len; i++) {
        size_t room = visible_ascii(bytes[i]) ? 1 : VISIBLE_MAX;
        if (at + room >= size)
            break;
        if (room == 1)
            out[at++] = (char)bytes[i];
        else
            at += (size_t)snprintf(out + at, size - at, "\\x%02x", bytes[i]);
    }
    out[at] = '\0';
    return i;
}

int visible_add(struct buf *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && out->error == 0;) {
        size_t n = bytes[i] == '\n' || bytes[i] == '\t' ? 1 : character(bytes + i, len - i);
        if (n != 0)
            (void)buf_add(out, bytes + i, n);
        else
            (void)buf_printf(out, "\\x%02x", bytes[i]);
        i += n != 0 ? n : 1;
    }
    return out->error;
}

void visible_line(char *line)
{
    for (size_t left = strlen(line); left > 0;) {
        size_t n = character((const uint8_t *)line, left);
        if (n == 0)
            *line = '?';
        line += n != 0 ? n : 1;
        left -= n != 0 ? n : 1;
    }
}

void visible_ascii_line(char *line)
{
    for (; *line != '\0'; line++) {
        if (!visible_ascii((uint8_t)*line))
            *line = '?';
    }
}
