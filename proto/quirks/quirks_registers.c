/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Register writes to a FreeBSD stub; see quirks.h. If the length of a value differs from the
 * register's size, the stub sets the register from the text of the request and answers OK.
 * Therefore the size is checked here. It is queried by `p`, whose reply has two digits for each
 * byte of the register on any machine, also for a register without a value ('x'). It answers OK,
 * too, if it does not write the register: therefore each is read back.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "proto/check.h"
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
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "p%llx", (unsigned long long)n);
    int rc = quirks_ask(q);
    if (rc != 0)
        return rc;
    bool value = q->part.len % 2 == 0 && q->part.len <= 2 * SIZE_MAX_BYTES; /* errors are odd */
    *size = value ? q->part.len / 2 : 0;
    if (cached)
        q->sizes[n] = (int)*size;
    CHECK_OR_RETURN(*size <= SIZE_MAX_BYTES);
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

/* ---- registers that riscv64's stub confuses ---- */

static const uint8_t *digits_in_g(const struct buf *g, unsigned reg)
{
    CHECK(reg < RISCV_COUNT && g->len == (size_t)RISCV_COUNT * RISCV_DIGITS);
    return g->data + (size_t)reg * RISCV_DIGITS;
}

static bool is_riscv_g(const struct buf *g)
{
    return g->len == (size_t)RISCV_COUNT * RISCV_DIGITS;
}

/* Kernels that confuse them show t0, t1 and t2 as t3, t4 and t5. */
bool quirks_has_own_t3(const struct buf *g)
{
    return is_riscv_g(g) && digits_in_g(g, RISCV_T3)[0] != 'x' &&
           memcmp(digits_in_g(g, RISCV_T3), digits_in_g(g, RISCV_T0), (size_t)3 * RISCV_DIGITS) !=
               0;
}

void quirks_hide_t3(struct quirks *q, struct buf *g)
{
    const struct stop *s = quirks_stop(q);
    bool is_riscv = is_riscv_g(g) && s->pc == RISCV_COUNT - 1 && 2 * s->pc_len == RISCV_DIGITS;
    if (is_riscv && !quirks_has_own_t3(g))
        memset(g->data + (size_t)RISCV_T3 * RISCV_DIGITS, 'x',
               (size_t)(RISCV_T6 + 1 - RISCV_T3) * RISCV_DIGITS);
}

int quirks_read_register(struct quirks *q, const struct request *r)
{
    bool confuses;
    int rc = quirks_confuses(q, r->address, &confuses);
    if (rc != 0 || !confuses)
        return rc != 0 ? rc : DECORATOR_PASS;
    for (size_t i = 0; i < RISCV_DIGITS; i++)
        (void)buf_addc(&q->d.reply, 'x');
    return DECORATOR_DONE;
}

/* ---- writes ---- */

static quirks_step take_register_written, take_read_back;

/* Writes register `reg` by P, the value of which has q->piece digits at q->value in q->data. */
static int write_value(struct quirks *q, uint64_t reg)
{
    bool confuses;
    CHECK_OR_RETURN(q->value <= q->data.len && q->piece <= q->data.len - q->value);
    int rc = quirks_confuses(q, reg, &confuses);
    if (rc != 0 || confuses)
        return rc != 0 ? rc
                       : buf_sets(&q->d.reply, "E.the kernel's stub would write another register");
    q->reg = reg;
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "P%" PRIx64 "=", reg);
    (void)buf_add(&q->d.request, q->data.data + q->value, q->piece);
    return quirks_send(q, take_register_written);
}

/* Handles `Pn=value`. */
int quirks_write_register(struct quirks *q, const struct request *r)
{
    size_t size = 0;
    if (r->numbers != 1 || r->rest_len == 0 || r->rest[0] != '=' ||
        !all_hex(r->rest + 1, r->rest_len - 1))
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    int rc = quirks_register_size(q, r->address, &size);
    if (rc != 0)
        return rc;
    if (size == 0 || r->rest_len - 1 != 2 * size)
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    (void)buf_set(&q->data, r->rest + 1, r->rest_len - 1);
    q->left = q->value = 0;
    q->piece = q->data.len;
    return q->data.error != 0 ? q->data.error : write_value(q, r->address);
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

/* Whether a register of a G must be written: both its old and its new value exist, and differ. */
static bool is_changed(const uint8_t *now, const uint8_t *value, size_t digits)
{
    return all_hex(now, digits) && all_hex(value, digits) &&
           strncasecmp((const char *)now, (const char *)value, digits) != 0;
}

/* Writes the next register that q->data has digits for: from register q->address on, of which
 * q->left digits are left. */
static int write_next(struct quirks *q)
{
    while (q->left != 0) {
        CHECK_OR_RETURN(q->address < QUIRKS_REGISTERS && q->left <= q->data.len);
        unsigned reg = (unsigned)q->address++;
        q->piece = 2 * (size_t)q->sizes[reg];
        q->value = q->data.len - (size_t)q->left;
        CHECK_OR_RETURN(q->piece <= q->left);
        q->left -= q->piece;
        if (q->piece != 0 && q->data.data[q->value] != 'x')
            return write_value(q, reg);
    }
    return buf_sets(&q->d.reply, "OK");
}

/* The stub answers OK, too, if it does not write this register. */
static int take_register_written(struct quirks *q, const struct buf *reply)
{
    if (!buf_is(reply, "OK"))
        return quirks_pass_reply(q, reply);
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "p%" PRIx64, q->reg);
    return quirks_send(q, take_read_back);
}

/*
 * Whether q->reg had the value that was to be written at an earlier stop: gdb restores all
 * registers after it has called a function. An error would lose the function's result.
 */
static int was_restored(struct quirks *q, bool *restored)
{
    size_t at = 0, size = 0;
    int rc = 0;
    CHECK_OR_RETURN(q->value <= q->data.len && q->piece <= q->data.len - q->value);
    *restored = false;
    if (q->reg >= QUIRKS_REGISTERS) /* only p has it */
        return 0;
    for (uint64_t reg = 0; rc == 0 && reg < q->reg && at < q->earlier.len; reg++) {
        rc = quirks_register_size(q, reg, &size);
        at += 2 * size;
    }
    *restored = rc == 0 && at + q->piece <= q->earlier.len &&
                strncasecmp((const char *)q->earlier.data + at,
                            (const char *)q->data.data + q->value, q->piece) == 0;
    return rc;
}

static int refuse_value(struct quirks *q)
{
    bool restored = false;
    int rc = was_restored(q, &restored);
    if (rc != 0 || !restored)
        return rc != 0 ? rc
                       : buf_sets(&q->d.reply, "E.the kernel's stub does not write this register");
    log_warn(q->options.log,
             "the kernel does not restore register %u after a call: its stub does not write it",
             (unsigned)q->reg);
    return write_next(q);
}

static int take_read_back(struct quirks *q, const struct buf *reply)
{
    bool taken =
        reply->len == q->piece && strncasecmp((const char *)reply->data,
                                              (const char *)q->data.data + q->value, q->piece) == 0;
    int rc = 0;
    if (!taken && reply->len != 0 && reply->data[0] == 'x')
        rc = quirks_writes_unreported(q, q->reg, &taken);
    if (rc != 0)
        return rc;
    return taken ? write_next(q) : refuse_value(q);
}

/* Writes the registers whose values in q->data differ from the reply to g; it has x for others. */
static int take_old_registers(struct quirks *q, const struct buf *reply)
{
    unsigned count = 0;
    int rc = q->data.len == reply->len ? count_registers(q, reply->len, &count) : 0;
    if (rc != 0)
        return rc;
    if (count == 0)
        return buf_sets(&q->d.reply, QUIRKS_EINVAL);
    for (size_t reg = 0, at = 0; reg < count; reg++) {
        size_t digits = 2 * (size_t)q->sizes[reg];
        if (!is_changed(reply->data + at, q->data.data + at, digits))
            memset(q->data.data + at, 'x', digits);
        at += digits;
    }
    q->address = 0;
    q->left = q->data.len;
    return write_next(q);
}

/*
 * Handles `Gvalues`. If the length is wrong, the stub would corrupt all registers and answer OK. A
 * register without a value in `g` is not written: GDB sends zeros for it.
 */
int quirks_write_registers(struct quirks *q, const struct request *r)
{
    (void)buf_set(&q->data, r->data + 1, r->len - 1);
    buf_reset(&q->d.request);
    (void)buf_adds(&q->d.request, "g");
    return q->data.error != 0 ? q->data.error : quirks_send(q, take_old_registers);
}
