/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queue of a client's requests; see requests.h. */
#include "proto/rsp/requests.h"

#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

void requests_init(struct requests *r)
{
    *r = (struct requests){.outstanding = false};
    rsp_parser_init(&r->parser, RSP_FROM_GDB, REQUEST_MAX);
    buf_init(&r->current, REQUEST_MAX);
    buf_init(&r->pending, REQUESTS_PENDING_MAX);
}

/* As between any two calls: `last` is the offset of an entry, or 0 if there is none. */
static bool requests_are_sound(const struct requests *r)
{
    return r->pending.error == 0 && r->pending.len <= REQUESTS_PENDING_MAX &&
           (r->pending.len == 0 ? r->last == 0 : r->last <= r->pending.len - sizeof r->pending.len);
}

void requests_free(struct requests *r)
{
    CHECK(requests_are_sound(r));
    rsp_parser_free(&r->parser);
    buf_free(&r->current);
    buf_free(&r->pending);
}

/* Returns the content of the entry at pending.data[at], and its length. */
static const uint8_t *pending_content(const struct requests *r, size_t at, size_t *len)
{
    CHECK(at + sizeof *len <= r->pending.len);
    memcpy(len, r->pending.data + at, sizeof *len);
    CHECK(*len <= r->pending.len - at - sizeof *len);
    return r->pending.data + at + sizeof *len;
}

/* Whether a packet repeats the youngest request: the last one queued, or the outstanding one. */
static bool is_retransmission(const struct requests *r, const struct buf *content)
{
    const uint8_t *youngest = r->current.data;
    size_t len = r->current.len;
    if (r->pending.len != 0)
        youngest = pending_content(r, r->last, &len);
    else if (!r->outstanding)
        return false;
    return len == content->len && (len == 0 || memcmp(youngest, content->data, len) == 0);
}

static void drop_request(struct requests *r, int error)
{
    CHECK(error == NETGDB_TOO_LONG || error == NETGDB_NOMEM);
    r->too_long++;
    r->drop_error = error;
}

static void take_packet(struct requests *r, const struct buf *content)
{
    CHECK(requests_are_sound(r) && content->error == 0);
    r->acks_due++;
    if (is_retransmission(r, content)) {
        r->retransmissions++;
        return;
    }
    size_t at = r->pending.len;
    (void)buf_add(&r->pending, &content->len, sizeof content->len);
    if (buf_add(&r->pending, content->data, content->len) == 0) {
        r->last = at;
        return;
    }
    drop_request(r, r->pending.error);
    r->pending.len = at;
    r->pending.error = 0;
}

static void take_event(struct requests *r, enum rsp_event event)
{
    switch (event) {
    case RSP_PACKET:
        take_packet(r, &r->parser.content);
        break;
    case RSP_BAD:
        if (r->parser.content.error == 0) {
            r->nacks_due++;
        } else {
            r->acks_due++;
            drop_request(r, r->parser.content.error);
        }
        break;
    case RSP_ACK:
        r->acks++;
        break;
    case RSP_NACK:
        r->nacks++;
        break;
    case RSP_INTERRUPT:
        r->interrupt = r->interrupt || r->outstanding || r->pending.len != 0;
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
    CHECK(len == 0 && requests_are_sound(r));
}

void requests_drop_partial(struct requests *r)
{
    r->parser.state = RSP_IDLE;
}

bool requests_has_pending(const struct requests *r)
{
    return r->pending.len != 0;
}

int requests_next(struct requests *r, struct buf *content)
{
    if (r->pending.len == 0)
        return 0;
    size_t len;
    const uint8_t *data = pending_content(r, 0, &len);
    CHECK_OR_RETURN(!r->outstanding && requests_are_sound(r));
    if (buf_set(&r->current, data, len) != 0 || buf_set(content, data, len) != 0)
        return NETGDB_NOMEM;
    buf_drop(&r->pending, sizeof len + len);
    r->last -= r->pending.len == 0 ? r->last : sizeof len + len;
    r->outstanding = true;
    CHECK_OR_RETURN(requests_are_sound(r));
    return 1;
}

void requests_done(struct requests *r)
{
    CHECK(requests_are_sound(r));
    r->outstanding = false;
    if (r->pending.len == 0)
        r->interrupt = false;
}
