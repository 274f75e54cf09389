/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers of the two interpreter loops (exec_checked.c, exec_unchecked.c), which include this. */
#ifndef NETGDB_EBPF_EXEC_H
#define NETGDB_EBPF_EXEC_H

#include <inttypes.h>
#include <string.h>

#include "ebpf/helpers.h"
#include "ebpf/machine.h"
#include "ebpf/names.h"
#include "ebpf/sbpf.h"

/* RFC 9669, 4.1: division by zero is 0; the most negative number divided by -1 is itself. */
static inline uint64_t signed_div64(uint64_t d, uint64_t s)
{
    if (s == 0)
        return 0;
    return s == UINT64_MAX ? -d : (uint64_t)((int64_t)d / (int64_t)s);
}

static inline uint32_t signed_div32(uint32_t d, uint32_t s)
{
    if (s == 0)
        return 0;
    return s == UINT32_MAX ? -d : (uint32_t)((int32_t)d / (int32_t)s);
}

/* Modulo zero is the dividend; modulo -1 is 0. */
static inline uint64_t signed_mod64(uint64_t d, uint64_t s)
{
    if (s == 0)
        return d;
    return s == UINT64_MAX ? 0 : (uint64_t)((int64_t)d % (int64_t)s);
}

static inline uint32_t signed_mod32(uint32_t d, uint32_t s)
{
    if (s == 0)
        return d;
    return s == UINT32_MAX ? 0 : (uint32_t)((int32_t)d % (int32_t)s);
}

/* RFC 9669, 5.3: the new value of an atomic operation; `expected` is r0. */
static inline uint64_t atomic_result(int operation, uint64_t old, uint64_t source,
                                     uint64_t expected)
{
    if (operation == BPF_CMPXCHG)
        return old == expected ? source : old;
    switch (operation & ~BPF_FETCH) {
    case BPF_ADD:
        return old + source;
    case BPF_OR:
        return old | source;
    case BPF_AND:
        return old & source;
    case BPF_XOR:
        return old ^ source;
    default:
        return source; /* exchange */
    }
}

static inline uint32_t low32(int32_t value)
{
    return (uint32_t)value;
}

static inline uint64_t address_of(const struct ebpf_machine *m, const struct ebpf_op *ip)
{
    return m->text + (uint64_t)(ip - m->code) * BPF_INSN_SIZE;
}

static inline void push_frame(struct ebpf_machine *m, uint32_t ret)
{
    struct ebpf_frame *f = &m->frames[m->depth++];
    memcpy(f->saved, &m->reg[6], sizeof f->saved);
    f->ret = ret;
    m->reg[10] += m->frame_step;
}

static inline uint32_t pop_frame(struct ebpf_machine *m)
{
    const struct ebpf_frame *f = &m->frames[--m->depth];
    memcpy(&m->reg[6], f->saved, sizeof f->saved);
    return f->ret;
}

/* Legacy packet access reads the input in network byte order; true if it is inside. */
static inline bool in_packet(const struct ebpf_machine *m, uint64_t address, uint64_t size)
{
    uint64_t at = address - EBPF_INPUT_BASE;
    return at <= m->input_size && size <= m->input_size - at;
}

static inline uint64_t big_endian(const uint8_t *p, int size)
{
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | p[i];
    return value;
}

static inline enum ebpf_stop call_helper(struct ebpf_machine *m, const struct ebpf_op *ip)
{
    const struct ebpf_helper *h = (const struct ebpf_helper *)(uintptr_t)ip->imm;
    if (ip->code == OP_CALLX && m->image->sbpf != NULL)
        return sbpf_call_unaligned(m, ip);
    if (ip->code == OP_CALLX) {
        uint64_t id = m->reg[ip->src];
        h = id > UINT32_MAX ? NULL : ebpf_machine_helper(m, (uint32_t)id);
        if (h == NULL)
            return ebpf_fault_at(m, EBPF_JUMP, id,
                                 "call to 0x%" PRIx64 ": neither code nor a helper", id);
    }
    uint64_t result = 0;
    m->calling = ip;
    enum ebpf_stop stop = h->call(m, h, &m->reg[1], &result);
    if (stop == EBPF_RUNNING)
        m->reg[0] = result;
    return stop;
}

/* Fault: a call of a helper that the machine does not have. */
static inline enum ebpf_stop fault_helper(struct ebpf_machine *m, const struct ebpf_op *ip)
{
    uint32_t id = (uint32_t)ip->imm;
    uint64_t at = address_of(m, ip);
    if (m->image->sbpf != NULL)
        return sbpf_fault_syscall(m, id, at);
    const char *name = ebpf_helper_name(id), *import = ebpf_image_import_called(m->image, id);
    if (id == EBPF_NO_TYPE)
        return ebpf_fault_at(m, EBPF_ILLEGAL, at,
                             "the kernel of --btf does not have the type or field that this "
                             "instruction uses, or has it out of its reach");
    if (import != NULL)
        return ebpf_fault_at(m, EBPF_ILLEGAL, at,
                             "call of the undefined symbol %.48s: --helper %.48s=VALUE makes it "
                             "return VALUE",
                             import, import);
    return ebpf_fault_at(m, EBPF_ILLEGAL, at,
                         "helper %u (%s%s) does not exist: --helper %u=VALUE makes it return VALUE",
                         id, name != NULL ? "bpf_" : "unknown", name != NULL ? name : "", id);
}

static inline enum ebpf_stop fault_access(struct ebpf_machine *m, const struct ebpf_op *ip,
                                          bool write)
{
    static const uint8_t sizes[] = {1, 2, 4, 8, 1, 2, 4, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8};
    bool load = ip->code >= OP_LDXB && ip->code <= OP_LDXSW;
    uint64_t address = m->reg[load ? ip->src : ip->dst] + (uint64_t)(int64_t)ip->off;
    char reason[EBPF_REASON];
    ebpf_machine_reason(m, address, sizes[ip->code - OP_LDXB], write, reason);
    return ebpf_fault_at(m, EBPF_ACCESS, address, "%s 0x%" PRIx64 ": %s",
                         write ? "write to" : "read from", address, reason);
}

/* Fault: the jump or call at ip leaves the code. A call has already pushed its frame. */
static inline enum ebpf_stop fault_outside(struct ebpf_machine *m, const struct ebpf_op *ip)
{
    uint8_t raw[BPF_INSN_SIZE] = {0};
    uint64_t at = address_of(m, ip);
    ebpf_memory_peek(&m->memory, at, raw, sizeof raw);
    struct bpf_insn i = bpf_insn_read(raw);
    uint64_t slot = (at - m->text) / BPF_INSN_SIZE;
    uint64_t to = m->text + (uint64_t)bpf_jump_target(&i, (int64_t)slot) * BPF_INSN_SIZE;
    if (ip->code == OP_CALL)
        (void)pop_frame(m);
    return ebpf_fault_at(m, EBPF_JUMP, to, "jump to 0x%" PRIx64 ", out of the code", to);
}

#endif
