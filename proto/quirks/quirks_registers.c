/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Register writes to a FreeBSD stub; see quirks.h. If the length of a value differs from the
 * register's size, the stub sets the register from the text of the request and answers OK.
 * Therefore the size is checked here. It is queried by `p`, whose reply has two digits for each
 * byte of the register on any machine, also for a register without a value ('x').
 */
#include <string.h>
#include <strings.h>

#include "proto/err.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"

enum { SIZE_MAX_BYTES = 64 };

int quirks_register_size(struct quirks *q, uint64_t n, size_t *size)
{
    bool cached = n < QUIRKS_REGISTERS;
    if (cached && q->sizes[n] >= 0) {
        *size = (size_t)q->sizes[n];
        return 0;
    }
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "p%llx", (unsigned long long)n);
    int rc = quirks_ask(q);
    if (rc != 0)
        return rc;
    bool value = q->part.len % 2 == 0 && q->part.len <= 2 * SIZE_MAX_BYTES; /* errors are odd */
    *size = value ? q->part.len / 2 : 0;
    if (cached)
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

/* Handles `Pn=value`. */
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
    return QUIRKS_PASS;
}

/*
 * Counts the registers in a `g` reply of `digits` digits; 0 if no count matches. One register of
 * size 0 is allowed (70 of powerpc's BOOKE); two in a row mean that the stub does not answer p.
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

/* Writes one register of a G. If the stub refuses it, sets *done, with the reply in q->reply. */
static int write_one_register(struct quirks *q, unsigned reg, const uint8_t *value, bool *done)
{
    size_t digits = 2 * (size_t)q->sizes[reg];
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "P%x=", reg);
    (void)buf_add(&q->request, value, digits);
    int rc = quirks_ask(q);
    *done = rc == 0 && !buf_is(&q->part, "OK");
    return *done ? buf_set(&q->reply, q->part.data, q->part.len) : rc;
}

/* Whether a register of a G must be written: both its old and its new value exist, and differ. */
static bool is_changed(const uint8_t *now, const uint8_t *value, size_t digits)
{
    return all_hex(now, digits) && all_hex(value, digits) &&
           strncasecmp((const char *)now, (const char *)value, digits) != 0;
}

/* Writes, by P, the registers whose values in a G differ from q->data, the reply to g. */
static int write_differences(struct quirks *q, const uint8_t *values, unsigned count)
{
    size_t at = 0;
    for (unsigned reg = 0; reg < count; reg++) {
        size_t digits = 2 * (size_t)q->sizes[reg];
        bool done = false;
        int rc = 0;
        if (is_changed(q->data.data + at, values + at, digits))
            rc = write_one_register(q, reg, values + at, &done);
        if (rc != 0 || done)
            return rc;
        at += digits;
    }
    return buf_sets(&q->reply, "OK");
}

/*
 * Handles `Gvalues`. If the length is wrong, the stub would corrupt all registers and answer OK. A
 * register without a value in `g` is not written: GDB sends zeros for it.
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
