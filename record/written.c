/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Written registers in recorded replies; see written.h. */
#include "record/written.h"

#include <string.h>
#include <strings.h>

#include "proto/rsp/rsp.h"

bool written_parse(struct bytes request, struct written *w)
{
    const uint8_t *text = request.data;
    size_t n = request.len > 1 ? rsp_hex_number(text + 1, request.len - 1, &w->reg) : 0;
    if (n == 0 || n + 2 >= request.len || text[n + 1] != '=')
        return false;
    w->value = (struct bytes){text + n + 2, request.len - n - 2};
    return true;
}

/* Takes the next register from the rest of a stop reply. Returns false at its end. */
static bool next_in_stop(struct bytes *rest, struct written *found)
{
    while (rest->len != 0) {
        const uint8_t *at = rest->data, *end = memchr(at, ';', rest->len);
        size_t len = end != NULL ? (size_t)(end - at) : rest->len,
               used = end != NULL ? len + 1 : len;
        size_t n = rsp_hex_number(at, len, &found->reg);
        *rest = (struct bytes){at + used, rest->len - used};
        if (n != 0 && n < len && at[n] == ':') {
            found->value = (struct bytes){at + n + 1, len - n - 1};
            return true;
        }
    }
    return false;
}

/* What follows the signal in a stop reply; nothing in one without registers. */
static struct bytes registers_in_stop(struct bytes stop)
{
    const uint8_t *text = stop.data;
    bool has = stop.len > 3 && text[0] == 'T';
    return (struct bytes){has ? text + 3 : text, has ? stop.len - 3 : 0};
}

void written_into_stop(const struct written *w, struct buf *stop)
{
    struct bytes rest = registers_in_stop((struct bytes){stop->data, stop->len});
    struct written old;
    while (next_in_stop(&rest, &old)) {
        size_t at = (size_t)((const uint8_t *)old.value.data - stop->data);
        if (old.reg == w->reg && old.value.len == w->value.len)
            memcpy(stop->data + at, w->value.data, w->value.len);
    }
}

/* Whether a register and all before it have `digits` digits in `g`. */
static bool is_place_of(const struct written *w, size_t digits, struct bytes g)
{
    return w->value.len == digits && w->reg < g.len / digits &&
           strncasecmp((const char *)g.data + w->reg * digits, w->value.data, digits) == 0;
}

bool written_into_registers(const struct written *w, struct bytes stop, struct bytes stopped_g,
                            struct buf *g)
{
    size_t digits = w->value.len;
    struct bytes rest = registers_in_stop(stop);
    struct written shown;
    while (next_in_stop(&rest, &shown)) {
        if (shown.reg < w->reg || !is_place_of(&shown, digits, stopped_g) ||
            w->reg >= g->len / digits)
            continue;
        memcpy(g->data + w->reg * digits, w->value.data, digits);
        return true;
    }
    return false;
}
