/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: a byte stream from GDB or from a stub. The events are the same for the whole stream
 * and byte by byte, memory stays below the limit, and every packet can be framed and parsed again.
 */
#include <string.h>

#include "proto/rsp/request.h"
#include "proto/rsp/rsp.h"
#include "tests/fuzz/fuzz.h"

enum { MAX = 300 };

static uint64_t mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(0x100000001b3);
}

static void look_up(const struct buf *content)
{
    uint64_t low, high;
    struct request r;
    request_parse(&r, content->data, content->len);
    MUST(r.packet != NULL && r.numbers <= 2 && r.rest_len <= r.len);
    request_range(&r, &low, &high);
    MUST(low <= high);
}

/* Frames a packet and parses it as from GDB, which does not use run-length encoding. */
static void frame_again(const struct buf *content)
{
    struct buf framed;
    struct rsp_parser p;
    if (content->len != 0 && (memchr(content->data, '#', content->len) != NULL ||
                              memchr(content->data, '$', content->len) != NULL))
        return; /* only run-length encoding produces these */
    buf_init(&framed, 2 * MAX);
    rsp_parser_init(&p, RSP_FROM_GDB, MAX);
    MUST(rsp_frame(&framed, content->data, content->len) == 0);
    const uint8_t *at = framed.data;
    size_t len = framed.len;
    MUST(rsp_parse(&p, &at, &len) == RSP_PACKET && len == 0);
    MUST(p.content.len == content->len);
    MUST(content->len == 0 || memcmp(p.content.data, content->data, content->len) == 0);
    rsp_parser_free(&p);
    buf_free(&framed);
}

/* The same with run-lengths, as to GDB. */
static void frame_runs_again(const struct buf *content)
{
    struct buf framed;
    struct rsp_parser p;
    if (content->len == 0 || memchr(content->data, '#', content->len) != NULL ||
        memchr(content->data, '$', content->len) != NULL ||
        memchr(content->data, '*', content->len) != NULL)
        return; /* not the content of a reply */
    buf_init(&framed, 2 * MAX);
    rsp_parser_init(&p, RSP_FROM_STUB, MAX);
    MUST(rsp_frame_runs(&framed, content->data, content->len) == 0);
    MUST(framed.len <= content->len + 4);
    const uint8_t *at = framed.data;
    size_t len = framed.len;
    MUST(rsp_parse(&p, &at, &len) == RSP_PACKET && len == 0);
    MUST(p.content.len == content->len && memcmp(p.content.data, content->data, content->len) == 0);
    rsp_parser_free(&p);
    buf_free(&framed);
}

/* Feeds the stream in chunks and returns a hash of all events. */
static uint64_t parse(const uint8_t *data, size_t size, enum rsp_direction direction, size_t piece)
{
    struct rsp_parser p;
    uint64_t hash = 1;
    rsp_parser_init(&p, direction, MAX);
    for (size_t at = 0; at < size; at += piece) {
        const uint8_t *from = data + at;
        size_t len = size - at < piece ? size - at : piece;
        enum rsp_event event;
        while ((event = rsp_parse(&p, &from, &len)) != RSP_MORE) {
            hash = mix(hash, event);
            MUST(p.content.len <= MAX);
            if (event != RSP_PACKET && event != RSP_NOTIFICATION)
                continue;
            for (size_t i = 0; i < p.content.len; i++)
                hash = mix(hash, p.content.data[i]);
            look_up(&p.content);
            frame_again(&p.content);
            frame_runs_again(&p.content);
        }
        MUST(len == 0);
    }
    rsp_parser_free(&p);
    return hash;
}

static void decode(const uint8_t *data, size_t size)
{
    struct buf bytes, text, again;
    buf_init(&bytes, size);
    buf_init(&text, 2 * size);
    buf_init(&again, size);
    if (rsp_unescape(&bytes, data, size) == 0) {
        MUST(rsp_escape(&text, bytes.data, bytes.len) == 0);
        MUST(rsp_unescape(&again, text.data, text.len) == 0);
        MUST(again.len == bytes.len);
        MUST(bytes.len == 0 || memcmp(again.data, bytes.data, bytes.len) == 0);
    }
    buf_reset(&bytes);
    if (rsp_unhex(&bytes, data, size) == 0)
        MUST(bytes.len == size / 2);
    buf_free(&bytes);
    buf_free(&text);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int d = RSP_FROM_GDB; d <= RSP_FROM_STUB; d++) {
        enum rsp_direction direction = (enum rsp_direction)d;
        uint64_t whole = parse(data, size, direction, size + 1);
        MUST(parse(data, size, direction, 1) == whole);
        MUST(parse(data, size, direction, 7) == whole);
    }
    decode(data, size);
    return 0;
}
