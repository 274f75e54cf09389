/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses requests; see request.h. */
#include "proto/rsp/request.h"

#include <string.h>

#include "proto/check.h"
#include "proto/rsp/rsp.h"

/* Parses `NUMBER` or `NUMBER,NUMBER` after `skip` bytes. */
static void read_numbers(struct request *r, size_t skip)
{
    if (r->len <= skip)
        return;
    r->rest += skip;
    r->rest_len -= skip;
    size_t n = rsp_hex_number(r->rest, r->rest_len, &r->address);
    if (n == 0)
        return;
    r->numbers = 1;
    size_t m = n < r->rest_len && r->rest[n] == ','
                   ? rsp_hex_number(r->rest + n + 1, r->rest_len - n - 1, &r->length)
                   : 0;
    if (m != 0) {
        r->numbers = 2;
        n += 1 + m;
    }
    CHECK(n <= r->rest_len && r->numbers <= 2);
    r->rest += n;
    r->rest_len -= n;
}

/* Parses qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH; nothing may follow. */
static void read_object(struct request *r)
{
    static const char read[] = ":read:";
    const uint8_t *end = r->data + r->len;
    const uint8_t *annex = memmem(r->data, r->len, read, sizeof read - 1);
    const uint8_t *colon = annex != NULL ? memrchr(r->data, ':', r->len) : NULL;
    if (annex == NULL || colon < (annex += sizeof read - 1))
        return;
    r->rest = colon + 1;
    r->rest_len = (size_t)(end - r->rest);
    read_numbers(r, 0);
    if (r->rest_len != 0)
        r->numbers = 0;
    r->rest = annex;
    r->rest_len = (size_t)(colon - annex);
}

void request_parse(struct request *r, const void *data, size_t len)
{
    if (len == 0)
        data = ""; /* an empty buf has none, and memcpy() and its like take no null pointer */
    *r = (struct request){
        .data = data, .len = len, .packet = packet_find(data, len), .rest = data, .rest_len = len};
    switch (r->packet->id) {
    case PACKET_M:
    case PACKET_P:
    case PACKET_X:
    case PACKET_m:
    case PACKET_p:
    case PACKET_x:
        read_numbers(r, 1);
        break;
    case PACKET_Z:
    case PACKET_z:
        read_numbers(r, 3); /* "Z0," */
        break;
    default:
        if (packet_is_object(r->packet))
            read_object(r);
        break;
    }
}

struct request request_of(const char *text)
{
    struct request r;
    request_parse(&r, text, strlen(text));
    return r;
}

int request_copy(struct request *copy, struct buf *bytes, const struct request *r)
{
    CHECK_OR_RETURN(r->rest_len <= r->len && r->packet != NULL && r->data != bytes->data);
    int rc = buf_set(bytes, r->data, r->len);
    if (rc != 0)
        return rc;
    *copy = *r;
    copy->data = bytes->data;
    copy->rest = r->rest_len != 0 ? bytes->data + (r->rest - r->data) : NULL;
    return 0;
}

void request_range(const struct request *r, uint64_t *low, uint64_t *high)
{
    enum packet_repeat repeat = r->packet->repeat;
    uint64_t length = 1;
    *low = 0;
    *high = UINT64_MAX;
    if (r->packet->id != PACKET_P &&
        (r->numbers < 2 || (repeat != REPEAT_MEMORY && repeat != REPEAT_POINTS)))
        return;
    if (r->numbers == 0)
        return;
    /* The kind of a breakpoint is not a length on every machine. */
    if (r->packet->id != PACKET_P && (repeat == REPEAT_MEMORY || r->length != 0))
        length = r->length;
    *low = r->address;
    *high = length > UINT64_MAX - r->address ? UINT64_MAX : r->address + length;
    CHECK(*low <= *high);
}

bool request_reads_memory(const struct request *r)
{
    return (r->packet->id == PACKET_m || r->packet->id == PACKET_x) && r->numbers == 2 &&
           r->rest_len == 0;
}
