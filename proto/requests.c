/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a client's requests out of its bytes; see requests.h. */
#include "proto/requests.h"

#include <string.h>

#include "proto/err.h"

void requests_init(struct requests *r)
{
    *r = (struct requests){.outstanding = false};
    rsp_parser_init(&r->parser, RSP_FROM_GDB, REQUEST_MAX);
    buf_init(&r->current, REQUEST_MAX);
    buf_init(&r->held, REQUESTS_HELD);
}

void requests_free(struct requests *r)
{
    rsp_parser_free(&r->parser);
    buf_free(&r->current);
    buf_free(&r->held);
}

/* The content that begins behind its length at held.data[at]. */
static const uint8_t *held_content(const struct requests *r, size_t at, size_t *len)
{
    memcpy(len, r->held.data + at, sizeof *len);
    return r->held.data + at + sizeof *len;
}

static bool is_repeat(const struct requests *r, const struct buf *content)
{
    const uint8_t *before = r->current.data;
    size_t len = r->current.len;
    if (r->held.len != 0)
        before = held_content(r, r->last, &len);
    else if (!r->outstanding)
        return false;
    return len == content->len && (len == 0 || memcmp(before, content->data, len) == 0);
}

static void take_packet(struct requests *r, const struct buf *content)
{
    r->good++;
    if (is_repeat(r, content)) {
        r->repeats++;
        return;
    }
    size_t at = r->held.len;
    (void)buf_add(&r->held, &content->len, sizeof content->len);
    if (buf_add(&r->held, content->data, content->len) == 0) {
        r->last = at;
        return;
    }
    r->held.len = at;
    r->held.error = 0;
    r->too_long++;
}

static void take_event(struct requests *r, enum rsp_event event)
{
    switch (event) {
    case RSP_PACKET:
        take_packet(r, &r->parser.content);
        break;
    case RSP_BAD:
        if (r->parser.content.error == 0) {
            r->bad++;
        } else {
            r->good++;
            r->too_long++;
        }
        break;
    case RSP_ACK:
        r->acks++;
        break;
    case RSP_NACK:
        r->nacks++;
        break;
    case RSP_INTERRUPT:
        r->interrupt = r->interrupt || r->outstanding || r->held.len != 0;
        break;
    case RSP_MORE:
    case RSP_NOTIFICATION:
        break;
    }
}

void requests_feed(struct requests *r, const void *data, size_t len)
{
    const uint8_t *at = data;
    enum rsp_event event;
    while ((event = rsp_parse(&r->parser, &at, &len)) != RSP_MORE)
        take_event(r, event);
}

void requests_cut(struct requests *r)
{
    r->parser.state = RSP_IDLE;
}

bool requests_wait(const struct requests *r)
{
    return r->held.len != 0;
}

int requests_next(struct requests *r, struct buf *content)
{
    if (r->held.len == 0)
        return 0;
    size_t len;
    const uint8_t *data = held_content(r, 0, &len);
    if (buf_set(&r->current, data, len) != 0 || buf_set(content, data, len) != 0)
        return NETGDB_NOMEM;
    buf_drop(&r->held, sizeof len + len);
    r->last -= r->held.len == 0 ? r->last : sizeof len + len;
    r->outstanding = true;
    return 1;
}

void requests_done(struct requests *r)
{
    r->outstanding = false;
    if (r->held.len == 0)
        r->interrupt = false;
}
