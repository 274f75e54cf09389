/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The disassembler; see disasm.h. */
#include "ebpf/disasm.h"

#include <inttypes.h>
#include <stdbool.h>

#include "ebpf/helpers.h"
#include "ebpf/insn.h"
#include "ebpf/names.h"
#include "ebpf/sbpf.h"

static const char *const sizes[] = {"u32", "u16", "u8", "u64"}; /* W, H, B, DW */
static const char *const signed_sizes[] = {"s32", "s16", "s8", "s64"};

static const char *const operators[16] = {
    [BPF_ADD >> 4] = "+=", [BPF_SUB >> 4] = "-=", [BPF_MUL >> 4] = "*=",  [BPF_DIV >> 4] = "/=",
    [BPF_OR >> 4] = "|=",  [BPF_AND >> 4] = "&=", [BPF_LSH >> 4] = "<<=", [BPF_RSH >> 4] = ">>=",
    [BPF_MOD >> 4] = "%=", [BPF_XOR >> 4] = "^=", [BPF_MOV >> 4] = "=",   [BPF_ARSH >> 4] = "s>>=",
};

static const char *const conditions[16] = {
    [BPF_JEQ >> 4] = "==", [BPF_JGT >> 4] = ">",   [BPF_JGE >> 4] = ">=",   [BPF_JSET >> 4] = "&",
    [BPF_JNE >> 4] = "!=", [BPF_JSGT >> 4] = "s>", [BPF_JSGE >> 4] = "s>=", [BPF_JLT >> 4] = "<",
    [BPF_JLE >> 4] = "<=", [BPF_JSLT >> 4] = "s<", [BPF_JSLE >> 4] = "s<=",
};

static void name_address(struct buf *out, uint64_t address, const struct ebpf_image *image)
{
    const struct ebpf_symbol *s = image == NULL ? NULL : ebpf_image_function(image, address);
    (void)buf_printf(out, "0x%" PRIx64, address);
    if (s == NULL)
        return;
    (void)buf_printf(out, " <%s", s->name);
    if (address != s->address)
        (void)buf_printf(out, "+0x%" PRIx64, address - s->address);
    (void)buf_adds(out, ">");
}

static void disasm_number(struct buf *out, int32_t value)
{
    (void)buf_printf(out, value > 0xffff ? "0x%" PRIx32 : "%" PRId32, value);
}

/* Appends an address: "r1 + 8". */
static void disasm_place(struct buf *out, const struct bpf_insn *i, unsigned reg, const char *size)
{
    (void)buf_printf(out, "*(%s *)(r%u %c %d)", size, reg, i->off < 0 ? '-' : '+',
                     i->off < 0 ? -i->off : i->off);
}

static bool end(struct buf *out, const struct bpf_insn *i)
{
    bool wide = (i->opcode & 7) == BPF_ALU64;
    const char *to = wide ? "bswap" : i->opcode & BPF_X ? "be" : "le";
    (void)buf_printf(out, "r%u = %s%" PRId32 " r%u", i->dst, to, i->imm, i->dst);
    return !(wide && (i->opcode & BPF_X)) && (i->imm == 16 || i->imm == 32 || i->imm == 64);
}

static bool arithmetic(struct buf *out, const struct bpf_insn *i)
{
    char r = (i->opcode & 7) == BPF_ALU64 ? 'r' : 'w';
    unsigned code = i->opcode & 0xf0;
    const char *operator= operators[code >> 4];
    if (code == BPF_END)
        return end(out, i);
    if (code == BPF_NEG) {
        (void)buf_printf(out, "%c%u = -%c%u", r, i->dst, r, i->dst);
        return !(i->opcode & BPF_X);
    }
    if (operator== NULL)
        return false;
    bool division = code == BPF_DIV || code == BPF_MOD;
    (void)buf_printf(out, "%c%u %s%s ", r, i->dst, division && i->off == 1 ? "s" : "", operator);
    if (!(i->opcode & BPF_X)) {
        disasm_number(out, i->imm);
        return code != BPF_MOV || i->off == 0;
    }
    if (code == BPF_MOV && i->off != 0)
        (void)buf_printf(out, "(s%d)", i->off);
    (void)buf_printf(out, "%c%u", r, i->src);
    return true;
}

static bool call(struct buf *out, const struct bpf_insn *i, uint64_t target,
                 const struct ebpf_image *image)
{
    const struct ebpf_helper *h =
        ebpf_helper_by_id(ebpf_helpers, ebpf_helper_count, (uint32_t)i->imm);
    if (i->opcode & BPF_X)
        (void)buf_printf(out, "callx r%u", bpf_callx_register(i));
    else if (i->src == BPF_CALL_LOCAL) {
        (void)buf_adds(out, "call ");
        name_address(out, target, image);
    } else {
        (void)buf_printf(out, "call %s%" PRId32, i->src == BPF_CALL_BTF ? "btf " : "", i->imm);
        const char *import =
            image == NULL ? NULL : ebpf_image_import_called(image, (uint32_t)i->imm);
        const char *name = h != NULL ? NULL : ebpf_helper_name((uint32_t)i->imm);
        if (i->src == BPF_CALL_HELPER && (h != NULL || import != NULL || name != NULL))
            (void)buf_printf(out, " <%s%s>", name != NULL ? "bpf_" : "",
                             h != NULL        ? h->name
                             : import != NULL ? import
                                              : name);
    }
    return i->src <= BPF_CALL_BTF;
}

static bool jump(struct buf *out, const struct bpf_insn *i, uint64_t address,
                 const struct ebpf_image *image)
{
    bool wide = (i->opcode & 7) == BPF_JMP;
    unsigned code = i->opcode & 0xf0;
    uint64_t target = address + (uint64_t)bpf_jump_target(i, 0) * BPF_INSN_SIZE;
    char r = wide ? 'r' : 'w';
    if (code == BPF_EXIT && wide)
        return buf_adds(out, "exit") == 0 && !(i->opcode & BPF_X);
    if (code == BPF_CALL && wide)
        return call(out, i, target, image);
    if (code != BPF_JA) {
        if (conditions[code >> 4] == NULL)
            return false;
        (void)buf_printf(out, "if %c%u %s ", r, i->dst, conditions[code >> 4]);
        if (i->opcode & BPF_X)
            (void)buf_printf(out, "%c%u ", r, i->src);
        else
            (void)buf_printf(out, "%" PRId32 " ", i->imm);
    }
    (void)buf_adds(out, "goto ");
    name_address(out, target, image);
    return code != BPF_JA || !(i->opcode & BPF_X);
}

static bool disasm_load(struct buf *out, const struct bpf_insn *i)
{
    unsigned mode = i->opcode & 0xe0, size = i->opcode >> 3 & 3;
    (void)buf_printf(out, "r%u = ", i->dst);
    disasm_place(out, i, i->src, mode == BPF_MEMSX ? signed_sizes[size] : sizes[size]);
    return mode == BPF_MEM || (mode == BPF_MEMSX && size != 3);
}

static bool atomic(struct buf *out, const struct bpf_insn *i)
{
    static const char *const names[16] = {[BPF_ADD >> 4] = "add",
                                          [BPF_OR >> 4] = "or",
                                          [BPF_AND >> 4] = "and",
                                          [BPF_XOR >> 4] = "xor"};
    const char *size = sizes[i->opcode >> 3 & 3];
    unsigned operation = (unsigned)i->imm >> 4 & 15;
    const char *known = names[operation];
    if (i->imm == BPF_CMPXCHG || i->imm == BPF_XCHG)
        (void)buf_printf(out, "r%u = %s_%s(", i->imm == BPF_XCHG ? i->src : 0,
                         i->imm == BPF_XCHG ? "xchg" : "cmpxchg", size);
    else if (known == NULL || (i->imm & ~0xf1) != 0)
        return false;
    else if (i->imm & BPF_FETCH)
        (void)buf_printf(out, "r%u = atomic_fetch_%s(", i->src, known);
    else
        (void)buf_printf(out, "lock atomic_%s(", known);
    disasm_place(out, i, i->dst, size);
    (void)buf_printf(out, ", %sr%u)", i->imm == BPF_CMPXCHG ? "r0, " : "", i->src);
    return true;
}

static bool disasm_store(struct buf *out, const struct bpf_insn *i)
{
    unsigned mode = i->opcode & 0xe0;
    bool x = (i->opcode & 7) == BPF_STX;
    if (mode == BPF_ATOMIC && x)
        return atomic(out, i);
    disasm_place(out, i, i->dst, sizes[i->opcode >> 3 & 3]);
    if (x)
        (void)buf_printf(out, " = r%u", i->src);
    else {
        (void)buf_adds(out, " = ");
        disasm_number(out, i->imm);
    }
    return mode == BPF_MEM;
}

static bool immediate64(struct buf *out, const struct bpf_insn *i, const struct bpf_insn *next)
{
    static const char *const kinds[] = {"",      "map fd ", "map value ", "variable ",
                                        "code ", "map ",    "map value "};
    uint64_t value = (uint32_t)i->imm | (uint64_t)(uint32_t)next->imm << 32;
    if (i->src >= sizeof kinds / sizeof kinds[0])
        return false;
    (void)buf_printf(out, "r%u = %s0x%" PRIx64 " ll", i->dst, kinds[i->src], value);
    return true;
}

static bool packet(struct buf *out, const struct bpf_insn *i)
{
    const char *size = sizes[i->opcode >> 3 & 3];
    if ((i->opcode & 0xe0) == BPF_ABS)
        (void)buf_printf(out, "r0 = *(%s *)skb[%" PRId32 "]", size, i->imm);
    else
        (void)buf_printf(out, "r0 = *(%s *)skb[r%u + %" PRId32 "]", size, i->src, i->imm);
    return (i->opcode & 0xe0) == BPF_ABS || (i->opcode & 0xe0) == BPF_IND;
}

static bool disasm_one(struct buf *out, const struct bpf_insn *i, uint64_t address,
                       const struct ebpf_image *image)
{
    switch (i->opcode & 7) {
    case BPF_ALU:
    case BPF_ALU64:
        return arithmetic(out, i);
    case BPF_JMP:
    case BPF_JMP32:
        return jump(out, i, address, image);
    case BPF_LDX:
        return disasm_load(out, i);
    case BPF_ST:
    case BPF_STX:
        return disasm_store(out, i);
    default:
        return packet(out, i);
    }
}

/* An instruction of sBPF: one of its own, a system call, or one that eBPF has. */
static bool disasm_sbpf(struct buf *out, struct bpf_insn i, uint64_t address,
                        const struct ebpf_image *image)
{
    const char *mnemonic = sbpf_mnemonic(image->sbpf, i.opcode);
    if (mnemonic != NULL) {
        (void)buf_printf(out, "%s r%u, ", mnemonic, i.dst);
        if (i.opcode & BPF_X)
            (void)buf_printf(out, "r%u", i.src);
        else
            disasm_number(out, i.imm);
        return true;
    }
    sbpf_to_ebpf(image->sbpf, &i);
    if (i.opcode != (BPF_JMP | BPF_CALL) || i.src == BPF_CALL_LOCAL)
        return disasm_one(out, &i, address, image);
    const char *name = sbpf_name(image, (uint32_t)i.imm);
    (void)buf_printf(out, "call 0x%08" PRIx32, (uint32_t)i.imm);
    if (name != NULL)
        (void)buf_printf(out, " <%s>", name);
    return true;
}

size_t ebpf_disassemble(struct buf *out, const uint8_t *bytes, size_t len, uint64_t address,
                        const struct ebpf_image *image)
{
    if (len < BPF_INSN_SIZE)
        return 0;
    struct bpf_insn i = bpf_insn_read(bytes);
    size_t start = out->len;
    const struct sbpf *sbpf = image == NULL ? NULL : image->sbpf;
    bool known = sbpf == NULL || sbpf_invalid(sbpf, &i) == NULL;
    if (known && i.opcode == BPF_LDDW && len >= 2 * BPF_INSN_SIZE && bytes[BPF_INSN_SIZE] == 0) {
        struct bpf_insn next = bpf_insn_read(bytes + BPF_INSN_SIZE);
        if (immediate64(out, &i, &next))
            return 2 * (size_t)BPF_INSN_SIZE;
        known = false;
    } else if (known)
        known = sbpf != NULL ? disasm_sbpf(out, i, address, image)
                             : disasm_one(out, &i, address, image);
    if (known && i.dst < BPF_REGISTERS && i.src < BPF_REGISTERS)
        return BPF_INSN_SIZE;
    if (out->error == 0)
        out->len = start;
    (void)buf_printf(out, "bad instruction %02x %02x %02x %02x  %02x %02x %02x %02x", bytes[0],
                     bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]);
    return BPF_INSN_SIZE;
}
