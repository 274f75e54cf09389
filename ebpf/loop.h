/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The interpreter's loop, included twice. The includer defines
 *   LOOP        the function's declaration, with parameters `m` and `slice`
 *   LOOP_CHECK  the checks before each op but the first; may be empty
 *   ACCESS      a host pointer to `size` bytes at `address`; NULL: not accessible
 *   GO          the address of an op's code
 * and `loop_labels`, which a call with m NULL sets to the addresses of all ops' code. m->pc must be
 * in the code.
 *
 * `ip` is the current op. `limit` is the value of ip at the end of the slice in a program without
 * jumps; each jump adds its distance to `limit`. So the loop counts instructions by one addition
 * per jump, and limit - ip is always the rest of the slice.
 */

#define REG(n) (m->reg[n])
#define DST REG(ip->dst)
#define SRC REG(ip->src)
#define S64(x) ((int64_t)(x))
#define U32(x) ((uint32_t)(x))
#define S32(x) ((int32_t)(uint32_t)(x))

#define NEXT                                                                                       \
    do {                                                                                           \
        ip++;                                                                                      \
        LOOP_CHECK;                                                                                \
        goto *GO(ip);                                                                              \
    } while (0)

#define JUMP(bytes)                                                                                \
    do {                                                                                           \
        intptr_t way = (bytes);                                                                    \
        ip = (const struct ebpf_op *)((uintptr_t)(ip + 1) + (uintptr_t)way);                       \
        limit += (uintptr_t)way;                                                                   \
        if (__builtin_expect((uintptr_t)ip >= limit, 0))                                           \
            goto slice_over;                                                                       \
        LOOP_CHECK;                                                                                \
        goto *GO(ip);                                                                              \
    } while (0)

#define ALU_OP(name, expression64, expression32)                                                   \
    L_##name##64_REG:                                                                              \
    {                                                                                              \
        uint64_t d = DST, s = SRC;                                                                 \
        DST = (uint64_t)(expression64);                                                            \
        NEXT;                                                                                      \
    }                                                                                              \
    L_##name##64_IMM:                                                                              \
    {                                                                                              \
        uint64_t d = DST, s = ip->imm;                                                             \
        DST = (uint64_t)(expression64);                                                            \
        NEXT;                                                                                      \
    }                                                                                              \
    L_##name##32_REG:                                                                              \
    {                                                                                              \
        uint32_t d = U32(DST), s = U32(SRC);                                                       \
        DST = U32(expression32);                                                                   \
        NEXT;                                                                                      \
    }                                                                                              \
    L_##name##32_IMM:                                                                              \
    {                                                                                              \
        uint32_t d = U32(DST), s = U32(ip->imm);                                                   \
        DST = U32(expression32);                                                                   \
        NEXT;                                                                                      \
    }

/* A fused move and ALU op (opcodes.h); the source of the second is not the moved register. */
#define FUSED_OP(name, expression)                                                                 \
    L_MOV_##name##_REG:                                                                            \
    {                                                                                              \
        uint64_t d = SRC, s = REG(ip[1].src);                                                      \
        DST = (uint64_t)(expression);                                                              \
        ip++;                                                                                      \
        NEXT;                                                                                      \
    }                                                                                              \
    L_MOV_##name##_IMM:                                                                            \
    {                                                                                              \
        uint64_t d = SRC, s = ip[1].imm;                                                           \
        DST = (uint64_t)(expression);                                                              \
        ip++;                                                                                      \
        NEXT;                                                                                      \
    }

#define JUMP_IF(condition)                                                                         \
    do {                                                                                           \
        if (condition)                                                                             \
            JUMP(ip->off);                                                                         \
        NEXT;                                                                                      \
    } while (0)

/* `condition` uses d and s, which are unsigned; signed conditions cast them. */
#define JUMP_OP(name, condition64, condition32)                                                    \
    L_##name##64_REG:                                                                              \
    {                                                                                              \
        uint64_t d = DST, s = SRC;                                                                 \
        JUMP_IF(condition64);                                                                      \
    }                                                                                              \
    L_##name##64_IMM:                                                                              \
    {                                                                                              \
        uint64_t d = DST, s = ip->imm;                                                             \
        JUMP_IF(condition64);                                                                      \
    }                                                                                              \
    L_##name##32_REG:                                                                              \
    {                                                                                              \
        uint32_t d = U32(DST), s = U32(SRC);                                                       \
        JUMP_IF(condition32);                                                                      \
    }                                                                                              \
    L_##name##32_IMM:                                                                              \
    {                                                                                              \
        uint32_t d = U32(DST), s = U32(ip->imm);                                                   \
        JUMP_IF(condition32);                                                                      \
    }                                                                                              \
    L_ADD_##name##_REG:                                                                            \
    {                                                                                              \
        uint64_t d = DST + ip->imm, s;                                                             \
        DST = d;                                                                                   \
        ip++;                                                                                      \
        s = SRC;                                                                                   \
        JUMP_IF(condition64);                                                                      \
    }                                                                                              \
    L_ADD_##name##_IMM:                                                                            \
    {                                                                                              \
        uint64_t d = DST + ip->imm, s;                                                             \
        DST = d;                                                                                   \
        ip++;                                                                                      \
        s = ip->imm;                                                                               \
        JUMP_IF(condition64);                                                                      \
    }
#define JUMP_SAME(name, operator) JUMP_OP(name, d operator s, d operator s)
#define JUMP_SIGNED(name, operator) JUMP_OP(name, S64(d) operator S64(s), S32(d) operator S32(s))

#define LOAD_OP(label, type, extended)                                                             \
    L_##label:                                                                                     \
    {                                                                                              \
        uint64_t address = SRC + (uint64_t)S64(ip->off);                                           \
        const uint8_t *host = ACCESS(address, sizeof(type), read);                                 \
        type value;                                                                                \
        if (__builtin_expect(host == NULL, 0))                                                     \
            goto bad_read;                                                                         \
        memcpy(&value, host, sizeof value);                                                        \
        DST = (uint64_t)(extended)value;                                                           \
        NEXT;                                                                                      \
    }

#define STORE_OP(label, type, what)                                                                \
    L_##label:                                                                                     \
    {                                                                                              \
        uint64_t address = DST + (uint64_t)S64(ip->off);                                           \
        uint8_t *host = ACCESS(address, sizeof(type), write);                                      \
        type value = (type)(what);                                                                 \
        if (__builtin_expect(host == NULL, 0))                                                     \
            goto bad_write;                                                                        \
        memcpy(host, &value, sizeof value);                                                        \
        NEXT;                                                                                      \
    }

#define ATOMIC_OP(label, type)                                                                     \
    L_##label:                                                                                     \
    {                                                                                              \
        uint64_t address = DST + (uint64_t)S64(ip->off);                                           \
        uint8_t *host = ACCESS(address, sizeof(type), write);                                      \
        type old, new, source = (type)SRC;                                                         \
        if (host == NULL)                                                                          \
            goto bad_write;                                                                        \
        memcpy(&old, host, sizeof old);                                                            \
        new = (type)atomic_result((int)ip->imm, old, source, (type)REG(0));                        \
        memcpy(host, &new, sizeof new);                                                            \
        if (ip->imm == BPF_CMPXCHG)                                                                \
            REG(0) = old;                                                                          \
        else if (ip->imm & BPF_FETCH)                                                              \
            SRC = old;                                                                             \
        NEXT;                                                                                      \
    }

#define LABELS_OF_FORMS(name)                                                                      \
    &&L_##name##64_REG, &&L_##name##64_IMM, &&L_##name##32_REG, &&L_##name##32_IMM,
#define LABEL_OF(name) &&L_##name,
#define LABELS_OF_ADD_JUMP(name) &&L_ADD_##name##_REG, &&L_ADD_##name##_IMM,
#define LABELS_OF_FUSED(name) &&L_MOV_##name##_REG, &&L_MOV_##name##_IMM,

LOOP
{
    static const void *const labels[OP_COUNT] = {
        EBPF_ALU(LABELS_OF_FORMS) EBPF_JUMPS(LABELS_OF_FORMS) EBPF_SINGLES(LABEL_OF)
            EBPF_FUSED(LABELS_OF_FUSED) EBPF_JUMPS(LABELS_OF_ADD_JUMP)};
    if (m == NULL) {
        loop_labels = labels;
        return EBPF_RUNNING;
    }
    const struct ebpf_op *ip = ebpf_op_at(m, m->pc);
    uintptr_t limit = (uintptr_t)ip + (uintptr_t)slice * sizeof *ip;
    enum ebpf_stop stop;
    intptr_t left;
    m->slice = slice;
    goto *GO(ip);

    ALU_OP(ADD, d + s, d + s)
    ALU_OP(SUB, d - s, d - s)
    ALU_OP(MUL, d * s, d * s)
    ALU_OP(DIV, s == 0 ? 0 : d / s, s == 0 ? 0 : d / s)
    ALU_OP(MOD, s == 0 ? d : d % s, s == 0 ? d : d % s)
    ALU_OP(SDIV, signed_div64(d, s), signed_div32(d, s))
    ALU_OP(SMOD, signed_mod64(d, s), signed_mod32(d, s))
    ALU_OP(OR, d | s, d | s)
    ALU_OP(AND, d & s, d & s)
    ALU_OP(XOR, d ^ s, d ^ s)
    ALU_OP(LSH, d << (s & 63), d << (s & 31))
    ALU_OP(RSH, d >> (s & 63), d >> (s & 31))
    ALU_OP(ARSH, S64(d) >> (s & 63), S32(d) >> (s & 31))
    ALU_OP(MOV, ((void)d, s), ((void)d, s))

    FUSED_OP(ADD, d + s)
    FUSED_OP(SUB, d - s)
    FUSED_OP(MUL, d * s)
    FUSED_OP(OR, d | s)
    FUSED_OP(AND, d & s)
    FUSED_OP(XOR, d ^ s)
    FUSED_OP(LSH, d << (s & 63))
    FUSED_OP(RSH, d >> (s & 63))
    FUSED_OP(ARSH, S64(d) >> (s & 63))

L_LOW32:
    DST = U32(DST);
    ip++;
    NEXT;
L_LOW32_SIGNED:
    DST = (uint64_t)S64(S32(DST));
    ip++;
    NEXT;
L_NEG64:
    DST = -DST;
    NEXT;
L_NEG32:
    DST = U32(-U32(DST));
    NEXT;
L_MOVSX8:
    DST = (uint64_t)(int8_t)SRC;
    NEXT;
L_MOVSX16:
    DST = (uint64_t)(int16_t)SRC;
    NEXT;
L_MOVSX32:
    DST = (uint64_t)(int32_t)SRC;
    NEXT;
L_MOVSX8_32:
    DST = low32((int8_t)SRC);
    NEXT;
L_MOVSX16_32:
    DST = low32((int16_t)SRC);
    NEXT;
L_ZEXT16:
    DST = (uint16_t)DST;
    NEXT;
L_SWAP16:
    DST = __builtin_bswap16((uint16_t)DST);
    NEXT;
L_SWAP32:
    DST = __builtin_bswap32(U32(DST));
    NEXT;
L_SWAP64:
    DST = __builtin_bswap64(DST);
    NEXT;
L_LDDW:
    DST = ip->imm;
    ip++;
    limit += sizeof *ip; /* two slots, one instruction */
    NEXT;

    LOAD_OP(LDXB, uint8_t, uint8_t)
    LOAD_OP(LDXH, uint16_t, uint16_t)
    LOAD_OP(LDXW, uint32_t, uint32_t)
    LOAD_OP(LDXDW, uint64_t, uint64_t)
    LOAD_OP(LDXSB, int8_t, int64_t)
    LOAD_OP(LDXSH, int16_t, int64_t)
    LOAD_OP(LDXSW, int32_t, int64_t)
    STORE_OP(STXB, uint8_t, SRC)
    STORE_OP(STXH, uint16_t, SRC)
    STORE_OP(STXW, uint32_t, SRC)
    STORE_OP(STXDW, uint64_t, SRC)
    STORE_OP(STB, uint8_t, ip->imm)
    STORE_OP(STH, uint16_t, ip->imm)
    STORE_OP(STW, uint32_t, ip->imm)
    STORE_OP(STDW, uint64_t, ip->imm)
    ATOMIC_OP(ATOMIC32, uint32_t)
    ATOMIC_OP(ATOMIC64, uint64_t)

L_PACKET_ABS:
L_PACKET_IND : {
    uint64_t address = EBPF_INPUT_BASE + ip->imm + (ip->code == OP_PACKET_IND ? SRC : 0);
    const uint8_t *host = ebpf_memory_access(&m->memory, address, (uint64_t)ip->off, false);
    if (host == NULL || !in_packet(m, address, (uint64_t)ip->off))
        goto bad_packet;
    REG(0) = big_endian(host, ip->off);
    NEXT;
}

    JUMP_SAME(JEQ, ==)
    JUMP_SAME(JNE, !=)
    JUMP_SAME(JGT, >)
    JUMP_SAME(JGE, >=)
    JUMP_SAME(JLT, <)
    JUMP_SAME(JLE, <=)
    JUMP_OP(JSET, (d & s) != 0, (d & s) != 0)
    JUMP_SIGNED(JSGT, >)
    JUMP_SIGNED(JSGE, >=)
    JUMP_SIGNED(JSLT, <)
    JUMP_SIGNED(JSLE, <=)

L_JA:
    JUMP(ip->off);
L_CALL : {
    if (__builtin_expect(m->depth + 1 >= m->depth_max, 0))
        goto too_deep;
    push_frame(m, (uint32_t)(ip - m->code) + 1);
    JUMP(ip->off);
}
L_CALLX : {
    const struct ebpf_op *to = ebpf_op_at(m, SRC);
    if (to == NULL)
        goto helper_by_register;
    if (m->depth + 1 >= m->depth_max)
        goto too_deep;
    push_frame(m, (uint32_t)(ip - m->code) + 1);
    JUMP((intptr_t)to - (intptr_t)(ip + 1));
}
L_EXIT : {
    if (m->depth == 0)
        goto exited;
    const struct ebpf_op *to = m->code + pop_frame(m);
    JUMP((intptr_t)to - (intptr_t)(ip + 1));
}

L_ROUTINE:
    stop = ((ebpf_routine *)(uintptr_t)ip->imm)(m, ip);
    if (stop != EBPF_RUNNING)
        goto out;
    NEXT;

helper_by_register:
L_HELPER : {
    m->slice_left = (uint64_t)(((intptr_t)limit - (intptr_t)ip) / (intptr_t)sizeof *ip);
    stop = call_helper(m, ip);
    if (stop != EBPF_RUNNING)
        goto out;
    if (m->attention) {
        const struct ebpf_op *to = m->next != NULL ? m->next : ip + 1;
        limit += (uintptr_t)to - (uintptr_t)(ip + 1);
        ip = to;
        m->next = NULL;
        goto slice_over;
    }
    NEXT;
}

L_NO_HELPER:
    stop = fault_helper(m, ip);
    goto out;

L_BAD:
    stop = ebpf_fault_at(m, EBPF_ILLEGAL, address_of(m, ip), "bad instruction at 0x%" PRIx64 ": %s",
                         address_of(m, ip), (const char *)(uintptr_t)ip->imm);
    goto out;
L_OUTSIDE : {
    const struct ebpf_op *from = m->code + ip->imm;
    limit -= (uintptr_t)ip - (uintptr_t)(from + 1); /* undo the jump's distance */
    ip = from;
    stop = fault_outside(m, ip);
    goto out;
}
L_FELL_OFF:
    stop =
        ebpf_fault_at(m, EBPF_JUMP, address_of(m, ip), "the program runs off the end of its code");
    goto out;
L_BREAKPOINT:
    stop = EBPF_BREAKPOINT;
    goto out;

bad_read:
    stop = fault_access(m, ip, false);
    goto out;
bad_write:
    stop = fault_access(m, ip, true);
    goto out;
bad_packet:
    stop =
        ebpf_fault_at(m, EBPF_ACCESS, EBPF_INPUT_BASE + ip->imm, "packet access outside the input");
    goto out;
too_deep:
    stop =
        ebpf_fault_at(m, EBPF_TOO_DEEP, address_of(m, ip), "more than %u function%s active at once",
                      m->depth_max, m->depth_max == 1 ? "" : "s");
    goto out;
exited:
    stop = EBPF_EXITED;
    m->exited = true;
    limit -= sizeof *ip; /* count it, although pc stays on it */
    goto out;
slice_over:
    if (ip->code == OP_OUTSIDE)
        goto L_OUTSIDE; /* pc must not be in a trampoline */
    stop = EBPF_RUNNING;
out:
    left = ((intptr_t)limit - (intptr_t)ip) / (intptr_t)sizeof *ip;
    m->executed += slice - (uint64_t)left;
    m->pc = address_of(m, ip);
    return stop;
}
