/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target's memory; see target_memory.h. */
#include "proto/target_memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "proto/visible.h"

void memory_init(struct memory *m, struct target *target)
{
    *m = (struct memory){.target = target, .word = 4, .read_max = MEMORY_READ_SMALL};
    buf_init(&m->bytes, MEMORY_KEPT_MAX);
    buf_init(&m->reply, TARGET_REPLY_MAX);
    buf_init(&m->request, 64 + 2 * MEMORY_READ_MAX);
}

void memory_free(struct memory *m)
{
    buf_free(&m->bytes);
    buf_free(&m->reply);
    buf_free(&m->request);
    free(m->blocks);
    m->blocks = NULL;
    m->n = m->cap = 0;
}

void memory_forget(struct memory *m)
{
    buf_reset(&m->bytes);
    m->n = 0;
}

void memory_set_packet_size(struct memory *m, uint64_t size)
{
    uint64_t most = size > 16 ? (size - 8) / 2 : 0;
    m->read_max = size == 0 || most == 0   ? MEMORY_READ_SMALL
                  : most < MEMORY_READ_MAX ? (size_t)most
                                           : MEMORY_READ_MAX;
}

uint64_t memory_address(const struct memory *m, uint64_t address)
{
    return m->word == 4 ? (uint32_t)address : address;
}

uint64_t memory_decode(const struct memory *m, const void *bytes, unsigned size)
{
    const uint8_t *b = bytes;
    uint64_t value = 0;
    (void)CHECK(size <= sizeof value);
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | b[m->big ? i : size - 1 - i];
    return value;
}

void memory_encode(const struct memory *m, uint64_t value, void *bytes, unsigned size)
{
    uint8_t *b = bytes;
    for (unsigned i = 0; i < size; i++, value >>= 8)
        b[m->big ? size - 1 - i : i] = (uint8_t)value;
}

/* The most recent block that contains the whole range, or NULL. */
static const uint8_t *find_cached(const struct memory *m, uint64_t address, size_t len)
{
    for (size_t i = m->n; i-- > 0;) {
        const struct memory_block *b = &m->blocks[i];
        uint64_t from = address - b->address;
        if (address >= b->address && from <= b->len && len <= b->len - from)
            return m->bytes.data + b->at + from;
    }
    return NULL;
}

/* Caches bytes that were read. Without room they are not cached; that is not an error. */
static void cache_bytes(struct memory *m, uint64_t address, const uint8_t *bytes, size_t len)
{
    if (m->n == m->cap) {
        size_t cap = m->cap != 0 ? 2 * m->cap : 64;
        struct memory_block *more = realloc(m->blocks, cap * sizeof *more);
        if (more == NULL)
            return;
        m->blocks = more;
        m->cap = cap;
    }
    size_t at = m->bytes.len;
    if (buf_add(&m->bytes, bytes, len) != 0) {
        m->bytes.error = 0;
        return;
    }
    m->blocks[m->n++] = (struct memory_block){address, (uint32_t)len, (uint32_t)at};
}

/* Sends one request for at most read_max bytes. A short reply counts as a refusal. */
static int request_bytes(struct memory *m, uint64_t address, uint8_t *bytes, size_t len)
{
    buf_reset(&m->request);
    buf_printf(&m->request, "m%" PRIx64 ",%zx", address, len);
    m->reads++;
    int rc = target_ask_bytes(m->target, &m->request, &m->reply);
    if (rc != 0)
        return rc;
    if (m->reply.len != 2 * len)
        return MEMORY_REFUSED;
    for (size_t i = 0; i < len; i++) {
        int byte = rsp_hex_byte(m->reply.data + 2 * i);
        if (byte < 0)
            return MEMORY_REFUSED;
        bytes[i] = (uint8_t)byte;
    }
    return 0;
}

int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len)
{
    uint8_t *out = bytes;
    address = memory_address(m, address);
    if (len != 0 && len - 1 > memory_address(m, UINT64_MAX) - address)
        return MEMORY_REFUSED;
    const uint8_t *have = find_cached(m, address, len);
    if (have != NULL) {
        memcpy(out, have, len);
        return 0;
    }
    for (size_t done = 0; done < len;) {
        size_t n = len - done < m->read_max ? len - done : m->read_max;
        int rc = request_bytes(m, address + done, out + done, n);
        if (rc != 0)
            return rc;
        done += n;
    }
    cache_bytes(m, address, out, len);
    return 0;
}

int memory_read_some(struct memory *m, uint64_t address, void *bytes, size_t len, size_t least,
                     size_t *got)
{
    int rc = memory_read(m, address, bytes, len);
    while (rc == MEMORY_REFUSED && len > least) {
        len = len / 2 > least ? len / 2 : least;
        rc = memory_read(m, address, bytes, len);
    }
    *got = rc == 0 ? len : 0;
    return rc;
}

static int by_range_address(const void *a, const void *b)
{
    const struct memory_range *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* Reads a merged range into the cache; ignores a refusal: each range is then read on its own. */
static int fetch_memory(struct memory *m, uint64_t address, size_t len)
{
    uint8_t bytes[MEMORY_READ_MAX];
    CHECK_OR_RETURN(len <= sizeof bytes && m->read_max <= MEMORY_READ_MAX);
    int rc = memory_read(m, address, bytes, len);
    return rc == MEMORY_REFUSED ? 0 : rc;
}

int memory_prefetch(struct memory *m, struct memory_range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ranges[i].address = memory_address(m, ranges[i].address);
    qsort(ranges, n, sizeof *ranges, by_range_address);
    for (size_t i = 0, next; i < n; i = next) {
        uint64_t start = ranges[i].address, end = start + ranges[i].len;
        for (next = i + 1; next < n && ranges[next].address <= end + MEMORY_GAP_MAX; next++) {
            uint64_t further = ranges[next].address + ranges[next].len;
            if (further > start + m->read_max)
                break;
            end = further > end ? further : end;
        }
        if (end - start > m->read_max || end < start)
            continue;
        int rc = fetch_memory(m, start, (size_t)(end - start));
        if (rc != 0)
            return rc;
    }
    return 0;
}

int memory_number(struct memory *m, uint64_t address, unsigned size, uint64_t *value)
{
    uint8_t bytes[8];
    *value = 0;
    if (size == 0 || size > sizeof bytes)
        return MEMORY_REFUSED;
    int rc = memory_read(m, address, bytes, size);
    if (rc == 0)
        *value = memory_decode(m, bytes, size);
    return rc;
}

int memory_pointer(struct memory *m, uint64_t address, uint64_t *value)
{
    return memory_number(m, address, m->word, value);
}

int memory_text(struct memory *m, uint64_t address, char *text, size_t size)
{
    size_t got;
    CHECK_OR_RETURN(size > 1);
    int rc = memory_read_some(m, address, text, size - 1, 1, &got);
    text[got] = '\0';
    visible_ascii_line(text);
    return rc;
}

int memory_write(struct memory *m, uint64_t address, const void *bytes, size_t len)
{
    buf_reset(&m->request);
    buf_printf(&m->request, "M%" PRIx64 ",%zx:", memory_address(m, address), len);
    if (buf_addhex(&m->request, bytes, len) != 0)
        return m->request.error;
    int rc = target_ask_bytes(m->target, &m->request, &m->reply);
    memory_forget(m);
    if (rc != 0)
        return rc;
    return buf_is(&m->reply, "OK") ? 0 : MEMORY_REFUSED;
}
