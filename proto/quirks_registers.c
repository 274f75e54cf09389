/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writing registers through a FreeBSD stub; see quirks.h. The stub compares the length of a value
 * with the register's size, and when they differ sets the register from the text of the request
 * and says OK. So sizes are checked here; which they are is asked of the stub itself: `p` answers
 * with as many digits as the register has on any machine, also when it has no value ('x').
 */
#include <string.h>
#include <strings.h>

#include "proto/err.h"
#include "proto/quirks_parts.h"
#include "proto/rsp.h"

enum { SIZE_MAX_BYTES = 64 };

int quirks_register_size(struct quirks *q, uint64_t n, size_t *size)
{
    bool kept = n < QUIRKS_REGISTERS;
    if (kept && q->sizes[n] >= 0) {
        *size = (size_t)q->sizes[n];
        return 0;
    }
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "p%llx", (unsigned long long)n);
    int rc = quirks_ask(q);
    if (rc != 0)
        return rc;
    bool value = q->part.len % 2 == 0 && q->part.len <= 2 * SIZE_MAX_BYTES; /* an error is odd */
    *size = value ? q->part.len / 2 : 0;
    if (kept)
        q->sizes[n] = (int)*size;
    return 0;
}

static bool all_hex(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2) {
        if (rsp_hex_byte(text + i) < 0)
            return false;
    }
    return len % 2 == 0;
}

/* `Pn=value` */
int quirks_write_register(struct quirks *q, const struct request *r)
{
    size_t size = 0;
    if (r->numbers != 1 || r->rest_len == 0 || r->rest[0] != '=' ||
        !all_hex(r->rest + 1, r->rest_len - 1))
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    int rc = quirks_register_size(q, r->address, &size);
    if (rc != 0)
        return rc;
    if (size == 0 || r->rest_len - 1 != 2 * size)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    return QUIRKS_HAND_ON;
}

/*
 * How many registers make up a `g` reply of so many digits; 0 when it cannot be told. A register
 * of no size (70 of powerpc's BOOKE) is fine, two in a row mean that p is not answered.
 */
static int count_registers(struct quirks *q, size_t digits, unsigned *count)
{
    size_t at = 0, size = 1, before;
    *count = 0;
    for (unsigned n = 0; n < QUIRKS_REGISTERS && at < digits; n++) {
        before = size;
        int rc = quirks_register_size(q, n, &size);
        if (rc != 0)
            return rc;
        at += 2 * size;
        if (size == 0 && before == 0)
            break;
        if (at == digits)
            *count = n + 1;
    }
    return 0;
}

/* One register of a G; *done when its P was refused, with the reply in q->reply. */
static int write_changed(struct quirks *q, unsigned reg, const uint8_t *value, bool *done)
{
    size_t digits = 2 * (size_t)q->sizes[reg];
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "P%x=", reg);
    (void)buf_add(&q->request, value, digits);
    int rc = quirks_ask(q);
    *done = rc == 0 && !buf_is(&q->part, "OK");
    return *done ? buf_set(&q->reply, q->part.data, q->part.len) : rc;
}

/* Whether a register of a G is to be written: it has a value, had one, and they differ. */
static bool is_changed(const uint8_t *now, const uint8_t *value, size_t digits)
{
    return all_hex(now, digits) && all_hex(value, digits) &&
           strncasecmp((const char *)now, (const char *)value, digits) != 0;
}

/* Writes by P what differs between q->data, the reply to g, and the values of a G. */
static int write_differences(struct quirks *q, const uint8_t *values, unsigned count)
{
    size_t at = 0;
    for (unsigned reg = 0; reg < count; reg++) {
        size_t digits = 2 * (size_t)q->sizes[reg];
        bool done = false;
        int rc = 0;
        if (is_changed(q->data.data + at, values + at, digits))
            rc = write_changed(q, reg, values + at, &done);
        if (rc != 0 || done)
            return rc;
        at += digits;
    }
    return buf_sets(&q->reply, "OK");
}

/*
 * `Gvalues`: the stub would write them all or, when the length is not to its liking, corrupt them
 * all and say OK. A register that g cannot show is left alone: GDB fills in zeros for it.
 */
int quirks_write_registers(struct quirks *q, const struct request *r)
{
    unsigned count;
    int rc = target_ask(q->base.next, "g", &q->data);
    if (rc != 0)
        return rc;
    if (q->data.len != r->len - 1)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    rc = count_registers(q, q->data.len, &count);
    if (rc != 0)
        return rc;
    if (count == 0)
        return buf_sets(&q->reply, QUIRKS_EINVAL);
    return write_differences(q, r->data + 1, count);
}
