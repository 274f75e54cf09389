/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings in JSON; see json.h. */
#include "proto/json.h"

int json_add_text(struct buf *b, const char *text)
{
    (void)buf_addc(b, '"');
    for (; *text != '\0'; text++) {
        uint8_t byte = (uint8_t)*text;
        if (byte == '"' || byte == '\\' || byte < ' ' || byte >= 0x7f)
            (void)buf_printf(b, "\\u%04x", byte);
        else
            (void)buf_addc(b, byte);
    }
    return buf_addc(b, '"');
}
