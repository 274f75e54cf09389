/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory through a FreeBSD stub: reads and writes in parts, and searching; see quirks.h. */
#include <inttypes.h>
#include <string.h>

#include "proto/err.h"
#include "proto/quirks_parts.h"
#include "proto/rsp.h"

enum {
    WRITE_HEADER = 1 + 16 + 1 + 4 + 1, /* `Maddress,length:` at its longest */
    PATTERN_MAX = 64,                  /* bytes of a pattern that the stub looks at */
    SLICE = 64 * 1024 * 1024,          /* bytes that the kernel may search before it answers */
    SLICES = 16 * 1024,                /* of them in one qSearch: 1 TiB */
    SEARCH_READS_MAX = 8192,           /* reads of 2 KiB in one that is searched here: 16 MiB */
};

/*
 * Reads at most `n` bytes of memory, as digits, into q->part. *good is false when that holds an
 * error instead.
 */
static int read_part(struct quirks *q, uint64_t addr, size_t n, bool *good)
{
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "m%" PRIx64 ",%zx", addr, n);
    int rc = quirks_ask(q);
    *good = rc == 0 && q->part.len != 0 && q->part.len % 2 == 0 && q->part.len <= 2 * n;
    return rc;
}

/*
 * LLDB 14 crashes on a reply that is shorter than asked, so the parts are joined. When one fails
 * after others did not, what was read is the reply, as RSP allows: whoever asks on from there
 * gets the error.
 */
int quirks_read_memory(struct quirks *q, const struct request *r)
{
    uint64_t addr = r->address, size = r->length;
    if (!request_reads_memory(r))
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    int rc = quirks_learn(q);
    if (rc != 0)
        return rc;
    size_t limit = quirks_read_limit(q);
    size_t left = size < TARGET_REPLY_MAX / 2 ? (size_t)size : TARGET_REPLY_MAX / 2;
    while (rc == 0 && left > 0) {
        bool good;
        size_t n = left < limit ? left : limit;
        rc = read_part(q, addr, n, &good);
        if (rc != 0 || (!good && q->reply.len != 0))
            break;
        rc = buf_add(&q->reply, q->part.data, q->part.len);
        if (!good || q->part.len < 2 * n)
            break;
        addr += n;
        left -= n;
    }
    return rc;
}

int quirks_read_bytes(struct quirks *q, uint64_t address, uint8_t *bytes, size_t len, bool *good)
{
    int rc = read_part(q, address, len, good);
    *good = *good && q->part.len == 2 * len;
    for (size_t i = 0; rc == 0 && *good && i < len; i++) {
        int byte = rsp_hex_byte(q->part.data + 2 * i);
        *good = byte >= 0;
        bytes[i] = (uint8_t)byte;
    }
    return rc;
}

int quirks_write(struct quirks *q, uint64_t addr)
{
    int rc = quirks_learn(q);
    if (rc != 0)
        return rc;
    size_t limit = quirks_request_limit(q);
    if (limit <= WRITE_HEADER + 2)
        return buf_sets(&q->reply, QUIRKS_EFBIG);
    for (size_t at = 0; at < q->data.len;) {
        size_t n = (limit - WRITE_HEADER) / 2;
        if (n > q->data.len - at)
            n = q->data.len - at;
        buf_reset(&q->request);
        (void)buf_printf(&q->request, "M%" PRIx64 ",%zx:", addr + at, n);
        (void)buf_addhex(&q->request, q->data.data + at, n);
        rc = quirks_ask(q);
        if (rc != 0)
            return rc;
        if (!buf_is(&q->part, "OK"))
            return buf_set(&q->reply, q->part.data, q->part.len);
        at += n;
    }
    quirks_note_write(q, addr);
    return buf_sets(&q->reply, "OK");
}

typedef int decode_function(struct buf *out, const uint8_t *text, size_t len);

/* `.addr,length:data`; nothing is written unless the data are of that length. */
static int write_memory(struct quirks *q, const struct request *r, decode_function *decode)
{
    buf_reset(&q->data);
    if (r->numbers < 2 || r->rest_len == 0 || r->rest[0] != ':' ||
        decode(&q->data, r->rest + 1, r->rest_len - 1) != 0 || q->data.len != r->length)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    int rc;
    return quirks_may_write(q, r->address, &rc) && rc == 0 ? quirks_write(q, r->address) : rc;
}

int quirks_write_hex(struct quirks *q, const struct request *r)
{
    return write_memory(q, r, rsp_unhex);
}

/* GDB takes the OK to its probe `X addr,0:` as leave to write in binary. */
int quirks_write_binary(struct quirks *q, const struct request *r)
{
    return write_memory(q, r, rsp_unescape);
}

/*
 * Whether the stub gets this pattern right. It looks at 64 bytes. 0x03 and '#' cannot be sent at
 * all: each is the other one's escape.
 */
static bool can_send(const struct buf *pattern)
{
    return pattern->len <= PATTERN_MAX && memchr(pattern->data, 0x03, pattern->len) == NULL &&
           memchr(pattern->data, '#', pattern->len) == NULL;
}

/* The stub takes every escape: '+' and 0xff must not be there as they are. */
static void add_pattern(struct buf *out, const struct buf *pattern)
{
    for (size_t i = 0; i < pattern->len; i++) {
        uint8_t c = pattern->data[i];
        if (memchr("$*}+\xff", c, 5) != NULL) {
            (void)buf_addc(out, '}');
            c ^= 0x20;
        }
        (void)buf_addc(out, c);
    }
}

/*
 * Lets the kernel search for q->data, which is a thousand times faster than reading. Slice by
 * slice: it is silent meanwhile, and silence for too long counts as lost.
 */
static int search_there(struct quirks *q, uint64_t addr, uint64_t size)
{
    int rc = 0;
    for (int i = 0; i < SLICES; i++) {
        uint64_t overlap = q->data.len - 1;
        uint64_t n = size > SLICE + overlap ? SLICE + overlap : size;
        buf_reset(&q->request);
        (void)buf_printf(&q->request, "qSearch:memory:%" PRIx64 ";%" PRIx64 ";", addr, n);
        add_pattern(&q->request, &q->data);
        rc = quirks_ask(q);
        if (rc != 0)
            return rc;
        if (!buf_is(&q->part, "0") || n == size)
            return buf_set(&q->reply, q->part.data, q->part.len);
        addr += SLICE;
        size -= SLICE;
    }
    return buf_sets(&q->reply, QUIRKS_EFBIG);
}

/* Looks for q->data in `window`, the last bytes read, which end in front of `end`. */
static bool found(struct quirks *q, const struct buf *window, uint64_t end)
{
    const uint8_t *hit = memmem(window->data, window->len, q->data.data, q->data.len);
    if (hit != NULL)
        (void)buf_printf(&q->reply, "1,%" PRIx64,
                         end - (uint64_t)(window->data + window->len - hit));
    return hit != NULL;
}

/* Searches by reading, for the patterns that cannot be sent. */
static int search_here(struct quirks *q, uint64_t addr, uint64_t size, struct buf *window)
{
    for (int i = 0; i < SEARCH_READS_MAX && size > 0; i++) {
        bool good;
        size_t limit = quirks_read_limit(q), n = size < limit ? (size_t)size : limit;
        int rc = read_part(q, addr, n, &good);
        if (rc != 0)
            return rc;
        if (!good)
            return buf_set(&q->reply, q->part.data, q->part.len);
        if (q->part.len != 2 * n || rsp_unhex(window, q->part.data, q->part.len) != 0)
            return buf_sets(&q->reply, QUIRKS_EINVAL);
        addr += n;
        size -= n;
        if (found(q, window, addr))
            return 0;
        if (window->len >= q->data.len) /* what a match may begin in stays */
            buf_drop(window, window->len - (q->data.len - 1));
    }
    return buf_sets(&q->reply, size == 0 ? "0" : QUIRKS_EFBIG);
}

/* Reads `NUMBER;NUMBER`; returns how many bytes, 0: not of that form. */
static size_t two_numbers(const uint8_t *text, size_t len, uint64_t *first, uint64_t *second)
{
    size_t n = rsp_hex_number(text, len, first);
    if (n == 0 || n == len || text[n] != ';')
        return 0;
    size_t m = rsp_hex_number(text + n + 1, len - n - 1, second);
    return m == 0 ? 0 : n + 1 + m;
}

/* `qSearch:memory:addr;length;pattern`. Never empty: GDB takes that as unsupported for good. */
int quirks_search(struct quirks *q, const struct request *r)
{
    const size_t skip = strlen("qSearch:memory:");
    uint64_t addr, size;
    size_t n = two_numbers(r->data + skip, r->len - skip, &addr, &size) + skip;
    buf_reset(&q->data);
    if (n == skip || n == r->len || r->data[n] != ';' ||
        rsp_unescape(&q->data, r->data + n + 1, r->len - n - 1) != 0 || q->data.len == 0)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    int rc = quirks_learn(q);
    if (rc != 0)
        return rc;
    if (can_send(&q->data))
        return search_there(q, addr, size);
    struct buf window;
    buf_init(&window, q->data.len + QUIRKS_READ_MAX);
    rc = search_here(q, addr, size, &window);
    buf_free(&window);
    return rc;
}
