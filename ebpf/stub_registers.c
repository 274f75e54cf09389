/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registers of the stub. */
#include <inttypes.h>
#include <string.h>

#include "ebpf/stub.h"
#include "proto/rsp/rsp.h"

enum { REGISTERS_MAX = 64 /* of any register layout */ };

static const struct ebpf_register *take_register_number(const struct stub *s, struct stub_args *a,
                                                        unsigned *number)
{
    uint64_t n;
    if (!stub_take_number(a, &n) || n >= s->arch->count)
        return NULL;
    *number = (unsigned)n;
    return &s->arch->reg[n];
}

void stub_read_registers(struct stub *s)
{
    for (unsigned i = 0; i < s->arch->count; i++) {
        const struct ebpf_register *r = &s->arch->reg[i];
        uint64_t value = ebpf_register_read(s->m, r);
        if (!r->only_p)
            (void)buf_addhex(&s->reply, &value, r->bytes);
    }
}

void stub_read_register(struct stub *s, struct stub_args a)
{
    unsigned number;
    const struct ebpf_register *r = take_register_number(s, &a, &number);
    if (r == NULL) {
        stub_error(s, STUB_EINVAL);
        return;
    }
    uint64_t value = ebpf_register_read(s->m, r);
    (void)buf_addhex(&s->reply, &value, r->bytes);
}

/* The value of a register without the bytes that it does not have for the client. */
static uint64_t shown_value(struct ebpf_machine *m, const struct ebpf_register *r)
{
    uint64_t value = 0, whole = ebpf_register_read(m, r);
    memcpy(&value, &whole, r->bytes); /* little-endian, as all supported hosts */
    return value;
}

/* Parses a value of the register's size from hexadecimal text. */
static bool take_value(const struct ebpf_register *r, struct stub_args *a, uint64_t *value)
{
    *value = 0;
    if (a->len < 2U * r->bytes)
        return false;
    for (unsigned i = 0; i < r->bytes; i++) {
        int byte = rsp_hex_byte(a->at + 2 * i);
        if (byte < 0)
            return false;
        *value |= (uint64_t)byte << 8 * i;
    }
    a->at += 2 * r->bytes;
    a->len -= 2U * r->bytes;
    return true;
}

void stub_write_register(struct stub *s, struct stub_args a)
{
    unsigned number;
    uint64_t value;
    const struct ebpf_register *r = take_register_number(s, &a, &number);
    if (r == NULL || !stub_take(&a, '=') || !take_value(r, &a, &value) || a.len != 0)
        stub_error(s, STUB_EINVAL);
    else if (!ebpf_register_writable(s->m, r, value))
        stub_error(s, STUB_EIO);
    else {
        ebpf_register_write(s->m, r, value);
        stub_text(s, "OK");
    }
}

/*
 * Checks (with `write`: changes) each register whose value in the text differs. If one of two
 * registers for the same machine register differs, that one is used.
 */
static unsigned apply(struct stub *s, struct stub_args a, bool write)
{
    uint64_t before[REGISTERS_MAX], value;
    for (unsigned i = 0; i < s->arch->count; i++)
        before[i] = shown_value(s->m, &s->arch->reg[i]);
    for (unsigned i = 0; i < s->arch->count; i++) {
        const struct ebpf_register *r = &s->arch->reg[i];
        if (r->only_p)
            continue;
        if (!take_value(r, &a, &value))
            return STUB_EINVAL;
        if (before[i] == value)
            continue;
        if (write)
            ebpf_register_write(s->m, r, value);
        else if (!ebpf_register_writable(s->m, r, value))
            return STUB_EIO;
    }
    return a.len == 0 ? 0 : STUB_EINVAL;
}

void stub_write_registers(struct stub *s, struct stub_args a)
{
    unsigned error = apply(s, a, false);
    if (error != 0) {
        stub_error(s, error);
        return;
    }
    (void)apply(s, a, true);
    stub_text(s, "OK");
}

/* qRegisterInfo of LLDB: a register, its offset in g, and its generic name. */
void stub_register_info(struct stub *s, struct stub_args a)
{
    unsigned number, offset = 0;
    const struct ebpf_register *r = take_register_number(s, &a, &number);
    if (r == NULL) {
        stub_error(s, 45); /* the end of the list */
        return;
    }
    for (unsigned i = 0; i < number; i++)
        offset += s->arch->reg[i].only_p ? 0 : s->arch->reg[i].bytes;
    (void)buf_printf(&s->reply, "name:%s;bitsize:%u;offset:%u;encoding:uint;format:hex;set:%s;",
                     r->name, 8U * r->bytes, offset,
                     r->extra ? "eBPF" : "General Purpose Registers");
    if (r->dwarf >= 0)
        (void)buf_printf(&s->reply, "gcc:%d;ehframe:%d;dwarf:%d;", r->dwarf, r->dwarf, r->dwarf);
    if (r->generic != NULL)
        (void)buf_printf(&s->reply, "generic:%s;", r->generic);
}
