/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of a FreeBSD stub: split reads and writes, and searches; see quirks.h. */
#include <inttypes.h>
#include <string.h>

#include "proto/check.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"

enum {
    PAGE = 4096,                       /* bytes: the smallest page of these machines */
    WRITE_HEADER = 1 + 16 + 1 + 4 + 1, /* longest `Maddress,length:` */
    PATTERN_MAX = 64,                  /* bytes of a pattern that the stub compares */
    SLICE = 64 * 1024 * 1024,          /* bytes that the kernel searches for one reply */
    SLICES = 16 * 1024,                /* slices in one qSearch: 1 TiB */
    SEARCH_READS_MAX = 8192,           /* reads of 2 KiB in one search by reading: 16 MiB */
};

static void make_read(struct quirks *q, uint64_t address, size_t n)
{
    CHECK(n != 0 && n <= QUIRKS_READ_MAX);
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "m%" PRIx64 ",%zx", address, n);
}

/* Whether the reply to a read of `n` bytes is memory. */
static bool is_memory_of(const struct buf *reply, size_t n)
{
    return reply->len != 0 && reply->len % 2 == 0 && reply->len <= 2 * n;
}

/* Reads the next piece of the client's range; `next` gets it. */
static int read_piece(struct quirks *q, quirks_step *next)
{
    size_t limit = quirks_read_limit(q);
    CHECK_OR_RETURN(q->left != 0 && limit != 0);
    q->piece = q->left < limit ? (size_t)q->left : limit;
    make_read(q, q->address, q->piece);
    q->address += q->piece;
    q->left -= q->piece;
    return quirks_send(q, next);
}

static int take_memory_piece(struct quirks *q, const struct buf *reply)
{
    bool good = is_memory_of(reply, q->piece);
    CHECK_OR_RETURN(q->d.packet->id == PACKET_m && q->piece != 0);
    if (!good && q->d.reply.len != 0)
        return DECORATOR_DONE;
    int rc = buf_add(&q->d.reply, reply->data, reply->len);
    bool whole = good && reply->len == 2 * q->piece;
    return rc == 0 && whole && q->left != 0 ? read_piece(q, take_memory_piece) : rc;
}

/*
 * Whether a read there fails on amd64, arm64 and riscv64: nothing is mapped in the first page
 * (security.bsd.map_at_zero) and in the last. GDB's search for callers often ends there, and each
 * failed read costs the kernel a backtrace on its console.
 */
static bool is_never_mapped(struct quirks *q, uint64_t address)
{
    const struct stop *s = quirks_stop(q);
    return s->pc_len == 8 && (s->pc == 0x10 || s->pc == 0x20) &&
           (address < PAGE || address >= (uint64_t)-PAGE);
}

/*
 * Joins the pieces of a long read, because LLDB 14 crashes on a reply that is shorter than
 * requested. If a later piece fails, the reply contains the bytes before it, as RSP allows; a read
 * from there on gets the error.
 */
int quirks_read_memory(struct quirks *q, const struct request *r)
{
    if (!request_reads_memory(r))
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    if (r->length != 0 && is_never_mapped(q, r->address))
        return buf_sets(&q->d.reply, QUIRKS_EIO);
    int rc = quirks_query_bufsz(q);
    q->address = r->address;
    q->left = r->length < TARGET_REPLY_MAX / 2 ? r->length : TARGET_REPLY_MAX / 2;
    return rc == 0 && q->left != 0 ? read_piece(q, take_memory_piece) : rc;
}

int quirks_read_bytes(struct quirks *q, uint64_t address, uint8_t *bytes, size_t len, bool *good)
{
    make_read(q, address, len);
    int rc = quirks_ask(q);
    *good = rc == 0 && q->part.len == 2 * len;
    for (size_t i = 0; *good && i < len; i++) {
        int byte = rsp_hex_byte(q->part.data + 2 * i);
        *good = byte >= 0;
        bytes[i] = (uint8_t)byte;
    }
    return rc;
}

static void make_write(struct quirks *q, uint64_t address, const uint8_t *bytes, size_t n)
{
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "M%" PRIx64 ",%zx:", address, n);
    (void)buf_addhex(&q->d.request, bytes, n);
}

int quirks_write(struct quirks *q, uint64_t address)
{
    CHECK_OR_RETURN(q->data.len != 0 && q->data.len <= STOP_TEXT_MAX);
    make_write(q, address, q->data.data, q->data.len);
    int rc = quirks_ask(q);
    if (rc == 0 && buf_is(&q->part, "OK"))
        quirks_note_write(q, address);
    return rc;
}

static quirks_step take_memory_written;

/* Writes the next piece of q->data, of which q->left bytes are left. */
static int write_next_piece(struct quirks *q)
{
    size_t left = (size_t)q->left, limit = (quirks_request_limit(q) - WRITE_HEADER) / 2;
    size_t n = left < limit ? left : limit;
    CHECK_OR_RETURN(n != 0 && left <= q->data.len);
    make_write(q, q->address, q->data.data + q->data.len - left, n);
    q->address += n;
    q->left -= n;
    return quirks_send(q, take_memory_written);
}

static int take_memory_written(struct quirks *q, const struct buf *reply)
{
    CHECK_OR_RETURN(q->left < q->data.len); /* a piece was written */
    if (!buf_is(reply, "OK"))
        return quirks_pass_reply(q, reply);
    if (q->left != 0)
        return write_next_piece(q);
    quirks_note_write(q, q->address - q->data.len);
    return buf_sets(&q->d.reply, "OK");
}

typedef int decode_function(struct buf *out, const uint8_t *text, size_t len);

/* Handles `Maddr,length:data` and X; writes nothing unless the data has that length. */
static int write_memory(struct quirks *q, const struct request *r, decode_function *decode)
{
    buf_reset(&q->data);
    if (r->numbers < 2 || r->rest_len == 0 || r->rest[0] != ':' ||
        decode(&q->data, r->rest + 1, r->rest_len - 1) != 0 || q->data.len != r->length)
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    int rc;
    if (!quirks_may_write(q, r->address, &rc) || rc != 0 || (rc = quirks_query_bufsz(q)) != 0)
        return rc;
    if (q->data.len == 0)
        return buf_sets(&q->d.reply, "OK");
    if (quirks_request_limit(q) <= WRITE_HEADER + 2)
        return buf_sets(&q->d.reply, QUIRKS_EFBIG);
    q->address = r->address;
    q->left = q->data.len;
    return write_next_piece(q);
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

static quirks_step take_slice, take_searched;

/*
 * Lets the kernel search for q->data, which is a thousand times faster than reading. Searches slice
 * by slice, because the kernel is silent meanwhile, and long silence ends the session.
 */
static int search_slice(struct quirks *q)
{
    uint64_t n = SLICE + q->data.len - 1;
    CHECK_OR_RETURN(q->data.len != 0 && q->data.len <= PATTERN_MAX && q->exchanges <= SLICES);
    if (q->exchanges == SLICES)
        return buf_sets(&q->d.reply, QUIRKS_EFBIG);
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "qSearch:memory:%" PRIx64 ";%" PRIx64 ";", q->address,
                     q->left < n ? q->left : n);
    add_pattern(&q->d.request, &q->data);
    return quirks_send(q, take_slice);
}

static int take_slice(struct quirks *q, const struct buf *reply)
{
    if (!buf_is(reply, "0") || q->left <= SLICE + q->data.len - 1)
        return buf_set(&q->d.reply, reply->data, reply->len);
    q->address += SLICE;
    q->left -= SLICE;
    return search_slice(q);
}

/* Searches for q->data in q->part, which holds the last bytes read, up to q->address. */
static bool found(struct quirks *q)
{
    const struct buf *window = &q->part;
    CHECK(q->data.len != 0);
    const uint8_t *hit = memmem(window->data, window->len, q->data.data, q->data.len);
    if (hit != NULL)
        (void)buf_printf(&q->d.reply, "1,%" PRIx64,
                         q->address - (uint64_t)(window->data + window->len - hit));
    return hit != NULL;
}

/* Searches by reading, for the patterns that cannot be sent. */
static int search_piece(struct quirks *q)
{
    if (q->left == 0 || q->exchanges == SEARCH_READS_MAX)
        return buf_sets(&q->d.reply, q->left == 0 ? "0" : QUIRKS_EFBIG);
    return read_piece(q, take_searched);
}

static int take_searched(struct quirks *q, const struct buf *reply)
{
    if (!is_memory_of(reply, q->piece))
        return buf_set(&q->d.reply, reply->data, reply->len);
    if (reply->len != 2 * q->piece || rsp_unhex(&q->part, reply->data, reply->len) != 0)
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    if (found(q))
        return DECORATOR_DONE;
    /* Keep the bytes in which a match may begin. */
    if (q->part.len >= q->data.len)
        buf_drop(&q->part, q->part.len - (q->data.len - 1));
    return search_piece(q);
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
    size_t n = two_numbers(r->data + skip, r->len - skip, &q->address, &q->left) + skip;
    buf_reset(&q->data);
    if (n == skip || n == r->len || r->data[n] != ';' ||
        rsp_unescape(&q->data, r->data + n + 1, r->len - n - 1) != 0 || q->data.len == 0)
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    int rc = quirks_query_bufsz(q);
    if (rc != 0)
        return rc;
    buf_reset(&q->part);
    return can_send_pattern(&q->data) ? search_slice(q) : search_piece(q);
}
