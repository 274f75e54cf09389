/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The growable byte buffer; see buf.h. */
#include "proto/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"

enum { FIRST_CAPACITY = 256 };

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

static bool buf_is_sound(const struct buf *b)
{
    return b->len <= b->cap && b->len <= b->max && (b->data != NULL || b->cap == 0);
}

void buf_free(struct buf *b)
{
    CHECK(buf_is_sound(b));
    free(b->data);
    buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->error = 0;
}

/* Makes room for `more` bytes after the contents, and for the NUL that vsnprintf writes. */
static int buf_reserve(struct buf *b, size_t more)
{
    if (b->error != 0)
        return b->error;
    CHECK_OR_RETURN(buf_is_sound(b));
    if (more > b->max - b->len)
        return b->error = NETGDB_TOO_LONG;
    size_t need = b->len + more;
    if (need <= b->cap)
        return 0;
    size_t cap = b->cap != 0 ? b->cap : FIRST_CAPACITY;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    uint8_t *data = realloc(b->data, cap + 1);
    if (data == NULL)
        return b->error = NETGDB_NOMEM;
    b->data = data;
    b->cap = cap;
    CHECK_OR_RETURN(more <= b->cap - b->len);
    return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
    CHECK_OR_RETURN(data != NULL || len == 0);
    int rc = buf_reserve(b, len);
    if (rc != 0 || len == 0)
        return rc;
    memcpy(b->data + b->len, data, len);
    b->len += len;
    return 0;
}

int buf_addc(struct buf *b, uint8_t byte)
{
    return buf_add(b, &byte, 1);
}

int buf_adds(struct buf *b, const char *text)
{
    return buf_add(b, text, strlen(text));
}

int buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        return b->error = NETGDB_PROTO;
    int rc = buf_reserve(b, (size_t)n);
    if (rc != 0 || n == 0)
        return rc;
    va_start(args, format);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
    return 0;
}

int buf_addhex(struct buf *b, const void *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *p = data;
    if (len > SIZE_MAX / 2)
        return b->error = NETGDB_TOO_LONG;
    int rc = buf_reserve(b, 2 * len);
    for (size_t i = 0; rc == 0 && i < len; i++) {
        b->data[b->len++] = (uint8_t)digits[p[i] >> 4];
        b->data[b->len++] = (uint8_t)digits[p[i] & 15];
    }
    return rc;
}

int buf_set(struct buf *b, const void *data, size_t len)
{
    buf_reset(b);
    return buf_add(b, data, len);
}

int buf_sets(struct buf *b, const char *text)
{
    return buf_set(b, text, strlen(text));
}

int buf_resize(struct buf *b, size_t len)
{
    if (len > b->len) {
        int rc = buf_reserve(b, len - b->len);
        if (rc != 0)
            return rc;
        memset(b->data + b->len, 0, len - b->len);
    }
    b->len = len;
    CHECK_OR_RETURN(buf_is_sound(b));
    return 0;
}

void buf_drop(struct buf *b, size_t n)
{
    b->len -= CHECK(n <= b->len) ? n : b->len;
    if (b->len != 0)
        memmove(b->data, b->data + n, b->len);
}

bool buf_is(const struct buf *b, const char *text)
{
    return b->len == strlen(text) && buf_starts(b, text);
}

bool buf_starts(const struct buf *b, const char *prefix)
{
    size_t n = strlen(prefix);
    CHECK(buf_is_sound(b));
    return b->len >= n && (n == 0 || memcmp(b->data, prefix, n) == 0);
}
