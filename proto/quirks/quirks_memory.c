/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of a FreeBSD stub: split reads and writes, and searches; see quirks.h. */
#include <inttypes.h>
#include <string.h>

#include "proto/err.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"

enum {
    WRITE_HEADER = 1 + 16 + 1 + 4 + 1, /* longest `Maddress,length:` */
    PATTERN_MAX = 64,                  /* bytes of a pattern that the stub compares */
    SLICE = 64 * 1024 * 1024,          /* bytes that the kernel searches for one reply */
    SLICES = 16 * 1024,                /* slices in one qSearch: 1 TiB */
    SEARCH_READS_MAX = 8192,           /* reads of 2 KiB in one search by reading: 16 MiB */
};

/*
 * Reads at most `n` bytes of memory, as digits, into q->part. *good is false if the reply is an
 * error instead. Returns 0 or the target's error.
 */
static int read_piece(struct quirks *q, uint64_t addr, size_t n, bool *good)
{
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "m%" PRIx64 ",%zx", addr, n);
    int rc = quirks_ask(q);
    *good = rc == 0 && q->part.len != 0 && q->part.len % 2 == 0 && q->part.len <= 2 * n;
    return rc;
}

/*
 * Joins the pieces of a long read, because LLDB 14 crashes on a reply that is shorter than
 * requested. If a later piece fails, the reply contains the bytes before it, as RSP allows; a read
 * from there on gets the error.
 */
int quirks_read_memory(struct quirks *q, const struct request *r)
{
    uint64_t addr = r->address, size = r->length;
    if (!request_reads_memory(r))
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    int rc = quirks_query_bufsz(q);
    if (rc != 0)
        return rc;
    size_t limit = quirks_read_limit(q);
    size_t left = size < TARGET_REPLY_MAX / 2 ? (size_t)size : TARGET_REPLY_MAX / 2;
    while (rc == 0 && left > 0) {
        bool good;
        size_t n = left < limit ? left : limit;
        rc = read_piece(q, addr, n, &good);
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
    int rc = read_piece(q, address, len, good);
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
    int rc = quirks_query_bufsz(q);
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

/* Handles `Maddr,length:data` and X; writes nothing unless the data has that length. */
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

/* GDB uses X if its probe `Xaddr,0:` gets an OK. */
int quirks_write_binary(struct quirks *q, const struct request *r)
{
    return write_memory(q, r, rsp_unescape);
}

/*
 * Whether the stub can search for this pattern. It compares 64 bytes at most. 0x03 and '#' cannot
 * be sent at all: escaping one results in the other.
 */
static bool can_send_pattern(const struct buf *pattern)
{
    return pattern->len <= PATTERN_MAX && memchr(pattern->data, 0x03, pattern->len) == NULL &&
           memchr(pattern->data, '#', pattern->len) == NULL;
}

/* Escapes the pattern. The stub decodes any escape; '+' and 0xff must be escaped too. */
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
 * Lets the kernel search for q->data, which is a thousand times faster than reading. Searches slice
 * by slice, because the kernel is silent meanwhile, and long silence ends the session.
 */
static int search_in_kernel(struct quirks *q, uint64_t addr, uint64_t size)
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

/* Searches for q->data in `window`, which holds the last bytes read, up to address `end`. */
static bool found(struct quirks *q, const struct buf *window, uint64_t end)
{
    const uint8_t *hit = memmem(window->data, window->len, q->data.data, q->data.len);
    if (hit != NULL)
        (void)buf_printf(&q->reply, "1,%" PRIx64,
                         end - (uint64_t)(window->data + window->len - hit));
    return hit != NULL;
}

/* Searches by reading, for the patterns that cannot be sent. */
static int search_by_reading(struct quirks *q, uint64_t addr, uint64_t size, struct buf *window)
{
    for (int i = 0; i < SEARCH_READS_MAX && size > 0; i++) {
        bool good;
        size_t limit = quirks_read_limit(q), n = size < limit ? (size_t)size : limit;
        int rc = read_piece(q, addr, n, &good);
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
        if (window->len >= q->data.len) /* keep the bytes in which a match may begin */
            buf_drop(window, window->len - (q->data.len - 1));
    }
    return buf_sets(&q->reply, size == 0 ? "0" : QUIRKS_EFBIG);
}

/* Parses `NUMBER;NUMBER`. Returns its length in bytes, or 0 if the text has another form. */
static size_t two_numbers(const uint8_t *text, size_t len, uint64_t *first, uint64_t *second)
{
    size_t n = rsp_hex_number(text, len, first);
    if (n == 0 || n == len || text[n] != ';')
        return 0;
    size_t m = rsp_hex_number(text + n + 1, len - n - 1, second);
    return m == 0 ? 0 : n + 1 + m;
}

/* Handles `qSearch:memory:addr;length;pattern`. The reply is never empty: GDB would then treat
 * qSearch as unsupported for the rest of the session. */
int quirks_search(struct quirks *q, const struct request *r)
{
    const size_t skip = strlen("qSearch:memory:");
    uint64_t addr, size;
    size_t n = two_numbers(r->data + skip, r->len - skip, &addr, &size) + skip;
    buf_reset(&q->data);
    if (n == skip || n == r->len || r->data[n] != ';' ||
        rsp_unescape(&q->data, r->data + n + 1, r->len - n - 1) != 0 || q->data.len == 0)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    int rc = quirks_query_bufsz(q);
    if (rc != 0)
        return rc;
    if (can_send_pattern(&q->data))
        return search_in_kernel(q, addr, size);
    struct buf window;
    buf_init(&window, q->data.len + QUIRKS_READ_MAX);
    rc = search_by_reading(q, addr, size, &window);
    buf_free(&window);
    return rc;
}
