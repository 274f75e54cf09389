/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text in XML; see xml.h. */
#include "proto/xml.h"

int xml_add_text(struct buf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            (void)buf_adds(b, "&amp;");
            break;
        case '<':
            (void)buf_adds(b, "&lt;");
            break;
        case '>':
            (void)buf_adds(b, "&gt;");
            break;
        case '"':
            (void)buf_adds(b, "&quot;");
            break;
        default:
            (void)buf_addc(b, (uint8_t)*text);
        }
    }
    return b->error;
}
