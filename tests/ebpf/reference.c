/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference interpreter; see reference.h. Section numbers are of RFC 9669. */
#include "tests/ebpf/reference.h"

#include <string.h>

/* One instruction's fields (3.1). */
struct fields {
    unsigned class, source, code; /* code: bits 4-7 of arithmetic and jumps */
    unsigned size, mode;          /* of loads and stores */
    unsigned dst, src;
    int64_t offset;
    int64_t imm;
};

static struct fields fetch(const struct reference *ref, size_t slot)
{
    const uint8_t *p = ref->code + 8 * slot;
    int16_t offset;
    int32_t imm;
    memcpy(&offset, p + 2, 2); /* the tests run on little-endian machines */
    memcpy(&imm, p + 4, 4);
    return (struct fields){.class = p[0] % 8,
                           .source = p[0] / 8 % 2,
                           .code = p[0] / 16,
                           .size = p[0] / 8 % 4,
                           .mode = p[0] / 32,
                           .dst = p[1] % 16,
                           .src = p[1] / 16,
                           .offset = offset,
                           .imm = imm};
}

static uint8_t *memory(struct reference *ref, uint64_t address, uint64_t size, bool write)
{
    for (int i = 0; i < REF_AREAS; i++) {
        struct reference_area *a = &ref->area[i];
        if (address < a->base || address - a->base >= a->size)
            continue;
        if (size > a->size - (address - a->base) || (write && !a->writable))
            return NULL;
        return a->bytes + (address - a->base);
    }
    return NULL;
}

/* 4.1, 64 bits. False: no such operation. */
static bool alu64(unsigned code, int64_t offset, uint64_t a, uint64_t b, uint64_t *out)
{
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    switch (code) {
    case 0x0:
        *out = a + b;
        return true;
    case 0x1:
        *out = a - b;
        return true;
    case 0x2:
        *out = a * b;
        return true;
    case 0x3:
        if (offset == 0)
            *out = b ? a / b : 0;
        else
            *out = !b ? 0 : sa == INT64_MIN && sb == -1 ? a : (uint64_t)(sa / sb);
        return offset == 0 || offset == 1;
    case 0x4:
        *out = a | b;
        return true;
    case 0x5:
        *out = a & b;
        return true;
    case 0x6:
        *out = a << b % 64;
        return true;
    case 0x7:
        *out = a >> b % 64;
        return true;
    case 0x9:
        if (offset == 0)
            *out = b ? a % b : a;
        else
            *out = !b ? a : sa == INT64_MIN && sb == -1 ? 0 : (uint64_t)(sa % sb);
        return offset == 0 || offset == 1;
    case 0xa:
        *out = a ^ b;
        return true;
    case 0xc:
        *out = (uint64_t)(sa >> b % 64);
        return true;
    default:
        return false;
    }
}

/* 4.1, 32 bits: the upper half of the result is zero. */
static bool alu32(unsigned code, int64_t offset, uint32_t a, uint32_t b, uint64_t *out)
{
    int32_t sa = (int32_t)a, sb = (int32_t)b;
    uint64_t wide = 0;
    switch (code) {
    case 0x3:
        if (offset == 0)
            *out = b ? a / b : 0;
        else
            *out = !b ? 0 : sa == INT32_MIN && sb == -1 ? a : (uint32_t)(sa / sb);
        return offset == 0 || offset == 1;
    case 0x6:
        *out = (uint32_t)(a << b % 32);
        return true;
    case 0x7:
        *out = a >> b % 32;
        return true;
    case 0x9:
        if (offset == 0)
            *out = b ? a % b : a;
        else
            *out = !b ? a : sa == INT32_MIN && sb == -1 ? 0 : (uint32_t)(sa % sb);
        return offset == 0 || offset == 1;
    case 0xc:
        *out = (uint32_t)(sa >> b % 32);
        return true;
    default:
        if (!alu64(code, 0, a, b, &wide))
            return false;
        *out = (uint32_t)wide;
        return true;
    }
}

/* MOV and MOVSX (4.1). */
static bool move(const struct fields *f, bool wide, uint64_t source, uint64_t *out)
{
    if (f->offset == 0)
        *out = source;
    else if (f->source == 0)
        return false;
    else if (f->offset == 8)
        *out = (uint64_t)(int64_t)(int8_t)source;
    else if (f->offset == 16)
        *out = (uint64_t)(int64_t)(int16_t)source;
    else if (f->offset == 32 && wide)
        *out = (uint64_t)(int64_t)(int32_t)source;
    else
        return false;
    if (!wide)
        *out = (uint32_t)*out;
    return true;
}

/* 4.2: class ALU: to little (0) or big (1) endian; class ALU64: always swapped. */
static bool byte_swap(const struct fields *f, bool wide, uint64_t value, uint64_t *out)
{
    bool swap = wide || f->source == 1;
    if ((wide && f->source == 1) || (f->imm != 16 && f->imm != 32 && f->imm != 64))
        return false;
    *out = 0;
    for (int byte = 0; byte < f->imm / 8; byte++) {
        uint64_t b = value >> 8 * byte & 0xff;
        *out |= b << 8 * (swap ? f->imm / 8 - 1 - byte : byte);
    }
    return true;
}

static enum reference_stop arithmetic(struct reference *ref, const struct fields *f)
{
    bool wide = f->class == 7, ok;
    uint64_t a = ref->r[f->dst], b = f->source ? ref->r[f->src] : (uint64_t)f->imm, out = 0;
    if (f->dst == 10)
        return REF_ILLEGAL;
    if (f->code == 0xb)
        ok = move(f, wide, wide ? b : f->offset ? b : (uint32_t)b, &out);
    else if (f->code == 0xd)
        ok = byte_swap(f, wide, a, &out);
    else if (f->code == 0x8) {
        ok = f->source == 0;
        out = wide ? -a : (uint32_t) - (uint32_t)a;
    } else
        ok = wide ? alu64(f->code, f->offset, a, b, &out)
                  : alu32(f->code, f->offset, (uint32_t)a, (uint32_t)b, &out);
    if (!ok)
        return REF_ILLEGAL;
    ref->r[f->dst] = out;
    ref->pc++;
    return REF_RUNNING;
}

/* 4.3, the conditions; -1: undefined. Both operands are extended to 64 bits as needed. */
static int condition(unsigned code, uint64_t a, uint64_t b, int64_t sa, int64_t sb)
{
    switch (code) {
    case 0x1:
        return a == b;
    case 0x2:
        return a > b;
    case 0x3:
        return a >= b;
    case 0x4:
        return (a & b) != 0;
    case 0x5:
        return a != b;
    case 0x6:
        return sa > sb;
    case 0x7:
        return sa >= sb;
    case 0xa:
        return a < b;
    case 0xb:
        return a <= b;
    case 0xc:
        return sa < sb;
    case 0xd:
        return sa <= sb;
    default:
        return -1;
    }
}

static enum reference_stop go(struct reference *ref, int64_t distance)
{
    int64_t to = (int64_t)ref->pc + 1 + distance;
    if (to < 0 || to >= (int64_t)ref->slots)
        return REF_JUMP;
    ref->pc = (size_t)to;
    return REF_RUNNING;
}

static enum reference_stop enter(struct reference *ref, int64_t distance)
{
    if (ref->depth + 1 >= REF_DEPTH_MAX)
        return REF_DEPTH;
    size_t ret = ref->pc + 1;
    enum reference_stop stop = go(ref, distance);
    if (stop != REF_RUNNING)
        return stop;
    memcpy(ref->frame[ref->depth].saved, &ref->r[6], sizeof ref->frame[0].saved);
    ref->frame[ref->depth++].ret = ret;
    ref->r[10] -= REF_FRAME;
    return REF_RUNNING;
}

static enum reference_stop call_helper(struct reference *ref, uint32_t id,
                                       enum reference_stop otherwise)
{
    if (ref->helper == NULL || !ref->helper(ref, id))
        return otherwise;
    ref->pc++;
    return REF_RUNNING;
}

static enum reference_stop call(struct reference *ref, const struct fields *f)
{
    if (f->source == 1) { /* by register: dst, or imm with dst 0 (old compilers) */
        unsigned reg = f->dst == 0 && f->imm > 0 && f->imm < 11 ? (unsigned)f->imm : f->dst;
        uint64_t to = ref->r[reg];
        if (to >= ref->text && to < ref->text + 8 * ref->slots && to % 8 == 0)
            return enter(ref, (int64_t)(to - ref->text) / 8 - (int64_t)ref->pc - 1);
        return to > UINT32_MAX ? REF_JUMP : call_helper(ref, (uint32_t)to, REF_JUMP);
    }
    if (f->src == 0)
        return call_helper(ref, (uint32_t)f->imm, REF_ILLEGAL);
    return f->src == 1 ? enter(ref, f->imm) : REF_ILLEGAL;
}

static enum reference_stop leave(struct reference *ref)
{
    if (ref->depth == 0) {
        ref->executed++;
        return REF_EXIT;
    }
    ref->depth--;
    memcpy(&ref->r[6], ref->frame[ref->depth].saved, sizeof ref->frame[0].saved);
    ref->pc = ref->frame[ref->depth].ret;
    return REF_RUNNING;
}

static enum reference_stop jump(struct reference *ref, const struct fields *f)
{
    bool wide = f->class == 5;
    uint64_t a = ref->r[f->dst], b = f->source ? ref->r[f->src] : (uint64_t)f->imm;
    if (f->code == 0 && f->source == 0)
        return go(ref, wide ? f->offset : f->imm);
    if (f->code == 8 && wide)
        return call(ref, f);
    if (f->code == 9 && wide && f->source == 0)
        return leave(ref);
    int taken = wide ? condition(f->code, a, b, (int64_t)a, (int64_t)b)
                     : condition(f->code, (uint32_t)a, (uint32_t)b, (int32_t)a, (int32_t)b);
    if (taken < 0)
        return REF_ILLEGAL;
    if (taken)
        return go(ref, f->offset);
    ref->pc++;
    return REF_RUNNING;
}

static unsigned bytes_of(const struct fields *f)
{
    return f->size == 0 ? 4 : f->size == 1 ? 2 : f->size == 2 ? 1 : 8;
}

static uint64_t sign_extend(uint64_t value, unsigned bytes)
{
    unsigned shift = 64 - 8 * bytes;
    return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* 5.1, 5.2: LDX. */
static enum reference_stop load(struct reference *ref, const struct fields *f)
{
    unsigned bytes = bytes_of(f);
    if (f->dst == 10 || (f->mode != 3 && f->mode != 4) || (f->mode == 4 && bytes == 8))
        return REF_ILLEGAL;
    const uint8_t *p = memory(ref, ref->r[f->src] + (uint64_t)f->offset, bytes, false);
    if (p == NULL)
        return REF_MEMORY;
    uint64_t value = 0;
    memcpy(&value, p, bytes);
    ref->r[f->dst] = f->mode == 4 ? sign_extend(value, bytes) : value;
    ref->pc++;
    return REF_RUNNING;
}

/* 5.3. */
static enum reference_stop atomic(struct reference *ref, const struct fields *f)
{
    unsigned bytes = bytes_of(f);
    bool fetches = f->imm & 1;
    uint64_t old = 0, mask = bytes == 4 ? UINT32_MAX : UINT64_MAX, b = ref->r[f->src], new;
    switch (f->imm) {
    case 0x00:
    case 0x01:
    case 0x40:
    case 0x41:
    case 0x50:
    case 0x51:
    case 0xa0:
    case 0xa1:
    case 0xe1:
    case 0xf1:
        break;
    default:
        return REF_ILLEGAL;
    }
    if (f->class != 3 || bytes < 4 || (f->src == 10 && fetches && f->imm != 0xf1))
        return REF_ILLEGAL;
    uint8_t *p = memory(ref, ref->r[f->dst] + (uint64_t)f->offset, bytes, true);
    if (p == NULL)
        return REF_MEMORY;
    memcpy(&old, p, bytes);
    if (f->imm == 0xf1)
        new = old == (ref->r[0] & mask) ? b : old;
    else if (f->imm == 0xe1)
        new = b;
    else
        (void)alu64((unsigned)f->imm / 16, 0, old, b, &new);
    memcpy(p, &new, bytes);
    if (fetches)
        ref->r[f->imm == 0xf1 ? 0 : f->src] = old;
    ref->pc++;
    return REF_RUNNING;
}

/* 5.1: ST and STX. */
static enum reference_stop store(struct reference *ref, const struct fields *f)
{
    unsigned bytes = bytes_of(f);
    uint64_t value = f->class == 3 ? ref->r[f->src] : (uint64_t)f->imm;
    if (f->mode == 6)
        return atomic(ref, f);
    if (f->mode != 3)
        return REF_ILLEGAL;
    uint8_t *p = memory(ref, ref->r[f->dst] + (uint64_t)f->offset, bytes, true);
    if (p == NULL)
        return REF_MEMORY;
    memcpy(p, &value, bytes);
    ref->pc++;
    return REF_RUNNING;
}

/* 5.4: without maps, only immediates and code addresses are defined. */
static enum reference_stop load64(struct reference *ref, const struct fields *f)
{
    if (ref->pc + 1 >= ref->slots || ref->code[8 * (ref->pc + 1)] != 0 || f->dst == 10)
        return REF_ILLEGAL;
    struct fields next = fetch(ref, ref->pc + 1);
    if (next.dst != 0 || next.src != 0 || next.offset != 0 || (f->src == 4 && next.imm != 0))
        return REF_ILLEGAL;
    if (f->src == 0)
        ref->r[f->dst] = (uint32_t)f->imm | (uint64_t)next.imm << 32;
    else if (f->src == 4)
        ref->r[f->dst] = ref->text + 8 * (ref->pc + 1 + (uint64_t)f->imm);
    else
        return REF_ILLEGAL;
    ref->pc += 2;
    return REF_RUNNING;
}

/* 5.5: the packet is the input. */
static enum reference_stop load_packet(struct reference *ref, const struct fields *f)
{
    unsigned bytes = bytes_of(f);
    uint64_t at = (uint64_t)f->imm + (f->mode == 2 ? ref->r[f->src] : 0), value = 0;
    if (at > ref->packet_size || bytes > ref->packet_size - at)
        return REF_MEMORY;
    const uint8_t *p = memory(ref, ref->packet + at, bytes, false);
    for (unsigned i = 0; p != NULL && i < bytes; i++)
        value = value << 8 | p[i];
    ref->r[0] = value;
    ref->pc++;
    return REF_RUNNING;
}

/* Fields that an instruction does not use are 0 (3). */
static bool clean(const struct fields *f)
{
    bool x = f->source == 1, arithmetic = f->class == 4 || f->class == 7;
    if (arithmetic && f->code == 8)
        return f->src == 0 && f->offset == 0 && f->imm == 0;
    if (arithmetic && f->code == 0xd)
        return f->src == 0 && f->offset == 0;
    if (arithmetic)
        return (x ? f->imm == 0 : f->src == 0) &&
               (f->offset == 0 || f->code == 3 || f->code == 9 || f->code == 0xb);
    if (f->class == 1)
        return f->imm == 0;
    if (f->class == 2)
        return f->src == 0;
    if (f->class == 3)
        return f->mode == 6 || f->imm == 0;
    if (f->class == 0)
        return f->offset == 0 && (f->mode == 0 || f->dst == 0) && (f->mode != 1 || f->src == 0);
    if (f->code == 0) /* ja, gotol */
        return f->dst == 0 && f->src == 0 && (f->class == 5 ? f->imm == 0 : f->offset == 0);
    if (f->code == 9)
        return f->dst == 0 && f->src == 0 && f->offset == 0 && f->imm == 0;
    if (f->code == 8 && x)
        return f->src == 0 && f->offset == 0 &&
               (f->imm == 0 || (f->dst == 0 && f->imm > 0 && f->imm < 11));
    if (f->code == 8)
        return f->dst == 0 && f->offset == 0;
    return x ? f->imm == 0 : f->src == 0;
}

static enum reference_stop one(struct reference *ref)
{
    if (ref->pc >= ref->slots)
        return REF_JUMP;
    struct fields f = fetch(ref, ref->pc);
    if (f.dst > 10 || f.src > 10 || !clean(&f))
        return REF_ILLEGAL;
    switch (f.class) {
    case 0:
        if (f.mode == 0 && f.size == 3)
            return load64(ref, &f);
        return (f.mode == 1 || f.mode == 2) && f.size != 3 ? load_packet(ref, &f) : REF_ILLEGAL;
    case 1:
        return load(ref, &f);
    case 2:
    case 3:
        return store(ref, &f);
    case 5:
    case 6:
        return jump(ref, &f);
    default:
        return arithmetic(ref, &f);
    }
}

enum reference_stop reference_run(struct reference *ref, uint64_t limit)
{
    enum reference_stop stop = REF_RUNNING;
    while (stop == REF_RUNNING && ref->executed < limit) {
        stop = one(ref);
        if (stop == REF_RUNNING)
            ref->executed++;
    }
    return stop;
}
