/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads saved contexts; see frame.h. */
#include "threads/frame.h"

#include <string.h>

#include "proto/err.h"

enum {
    M_FRAME = 8 * 4,      /* bytes of the exception frame (ARMv7-M ARM B1.5.6) */
    M_FRAME_FPU = 26 * 4, /* with s0 to s15, FPSCR and a reserved word */
    M_ALIGNED = 1 << 9,   /* in xPSR: the CPU pushed a padding word */
    MSTATUS_FS = 3 << 13,
    MSTATUS_VS = 3 << 9,
    EXC_RETURN_S = 0x40,
    FPSCR_FLAGS = 0x9f, /* cumulative exceptions */
};

struct reader {
    const struct frame *frame;
    const struct arch *arch;
    struct memory *memory;
    const struct frame_task *task;
    struct context *context;
    uint64_t at;
    bool interrupted, skip;
};

static bool applies(const struct reader *r, unsigned when)
{
    switch (when) {
    case WITH_FPU:
        return r->context->fpu;
    case WITHOUT_FPU:
        return !r->context->fpu;
    case SOLICITED:
        return !r->interrupted;
    case INTERRUPTED:
        return r->interrupted;
    case FS_DIRTY:
        return (r->context->reg[RISCV_MSTATUS].value & MSTATUS_FS) == MSTATUS_FS;
    case VS_DIRTY:
        return (r->context->reg[RISCV_MSTATUS].value & MSTATUS_VS) == MSTATUS_VS;
    default:
        return true;
    }
}

static bool goes_elsewhere(const struct piece *p)
{
    return p->what >= PIECE_BACK && p->what <= PIECE_AT_FLOATS;
}

static unsigned unit_of(const struct piece *p, const struct arch *a)
{
    return p->unit != 0 ? p->unit : a->word;
}

static int take_saved_registers(struct reader *r, const struct piece *p, int step)
{
    unsigned size = unit_of(p, r->arch);
    for (unsigned i = 0, reg = p->first; i < p->n; i++, reg += (unsigned)step, r->at += size) {
        struct saved_register *s = &r->context->reg[reg];
        int rc = memory_number(r->memory, r->at, size, &s->value);
        if (rc != 0)
            return rc;
        s->address = memory_address(r->memory, r->at);
        s->size = (uint8_t)size;
    }
    return 0;
}

static void frame_set(struct context *c, unsigned reg, uint64_t value, unsigned size)
{
    c->reg[reg] = (struct saved_register){.value = value, .size = (uint8_t)size};
}

static int take_exc_return(struct context *c, const struct piece *p, uint64_t value)
{
    bool secure = (value & EXC_RETURN_S) != 0;
    c->fpu = (value & 0x10) == 0;
    c->secure = secure;
    if ((p->first == EXC_RETURN_NON_SECURE && secure) || (p->first == EXC_RETURN_SECURE && !secure))
        return NETGDB_PROTO;
    return (value & ~UINT64_C(0x7f)) == 0xffffff80 ? 0 : NETGDB_PROTO;
}

/* Reads a word that describes the context itself; no register. */
static int take_word(struct reader *r, const struct piece *p)
{
    struct context *c = r->context;
    uint64_t value;
    int rc = memory_pointer(r->memory, r->at, &value);
    if (rc != 0)
        return rc;
    r->at += r->arch->word;
    switch (p->what) {
    case PIECE_EXC_RETURN:
        return take_exc_return(c, p, value);
    case PIECE_FPU_FLAG:
        c->fpu = value != 0;
        return value <= 1 ? 0 : NETGDB_PROTO;
    case PIECE_KIND:
        r->interrupted = value == 1;
        return value <= 1 ? 0 : NETGDB_PROTO;
    case PIECE_NESTING: /* some ports start with a large number */
        return value < 0x100 || value == 9999 || value == 0xaaaaaaaa ? 0 : NETGDB_PROTO;
    case PIECE_SPLIM:
        return value % 4 == 0 && value <= r->task->sp ? 0 : NETGDB_PROTO;
    case PIECE_PC_AHEAD:
        c->reg[r->arch->pc] =
            (struct saved_register){value - 4, r->at - r->arch->word, (uint8_t)r->arch->word, 4};
        return 0;
    default: /* PIECE_SP */
        frame_set(c, r->arch->sp, value, r->arch->word);
        return 0;
    }
}

static int take_tcb_exc_return(struct reader *r)
{
    uint64_t value = 0xff;
    if (r->task->exc_return == 0)
        return 0;
    int rc = memory_number(r->memory, r->task->exc_return, 1, &value);
    r->context->fpu = (value & 0x10) == 0;
    r->context->secure = (value & EXC_RETURN_S) != 0;
    return rc;
}

static int take_table(struct reader *r)
{
    const struct frame_table *t = r->task->table;
    uint64_t base = t->in_tcb ? r->task->tcb : r->task->sp;
    const struct piece one = {PIECE_REGS, 0, 1, ALWAYS, 0};
    int rc = t->n > r->arch->pc ? 0 : MEMORY_REFUSED;
    for (unsigned i = 0; rc == 0 && i < t->n; i++) {
        struct piece p = one;
        p.first = (uint8_t)i;
        r->at = base + t->offset[i];
        rc = t->offset[i] != FRAME_TABLE_NONE ? take_saved_registers(r, &p, 1) : 0;
    }
    return rc;
}

static int take_frame_piece(struct reader *r, const struct piece *p)
{
    unsigned word = r->arch->word;
    switch (p->what) {
    case PIECE_REGS:
        return take_saved_registers(r, p, 1);
    case PIECE_DOWN:
        return take_saved_registers(r, p, -1);
    case PIECE_SKIP:
        r->at += p->n * unit_of(p, r->arch);
        return 0;
    case PIECE_BACK:
        r->at = r->task->sp - p->n * word;
        return 0;
    case PIECE_AT_SP:
        r->at = r->task->sp;
        return 0;
    case PIECE_AT_FIELD:
        r->at = r->task->sp_field - p->n * word;
        return 0;
    case PIECE_AFTER_FIELD:
        r->at = r->task->sp_field + word;
        return 0;
    case PIECE_AT_FLOATS:
        r->at = r->task->floats;
        r->skip = r->task->floats == 0;
        return 0;
    case PIECE_TCB_EXC_RETURN:
        return take_tcb_exc_return(r);
    case PIECE_COPY:
        r->context->reg[p->first] = r->context->reg[p->n];
        return 0;
    case PIECE_THUMB:
        frame_set(r->context, ARM_PSR, 1 << 24, word);
        return 0;
    case PIECE_TABLE:
        return take_table(r);
    default:
        return take_word(r, p);
    }
}

/* Sets the stack pointer that the task resumes with, and moves the Thumb bit from pc to PSR. */
static void finish_frame(struct reader *r, uint64_t end)
{
    struct context *c = r->context;
    const struct arch *a = r->arch;
    uint64_t extra = 0;
    if (r->frame->proof & PROOF_HARDWARE_ELSEWHERE)
        end = c->reg[a->sp].value + (c->fpu ? M_FRAME_FPU : M_FRAME);
    if ((r->frame->proof & (PROOF_HARDWARE | PROOF_HARDWARE_ELSEWHERE)) != 0 &&
        (c->reg[ARM_PSR].value & M_ALIGNED) != 0)
        extra = 4;
    if (c->reg[a->sp].size == 0 || (r->frame->proof & PROOF_HARDWARE_ELSEWHERE) != 0)
        frame_set(c, a->sp, memory_address(r->memory, end + extra), a->word);
    if (a->zero != REG_NONE)
        frame_set(c, a->zero, 0, a->word);
    if (a->machine == MACHINE_ARM)
        c->reg[a->pc].value &= ~UINT64_C(1);
}

int frame_read(const struct frame *f, const struct arch *a, struct memory *m,
               const struct frame_task *task, struct context *c)
{
    struct reader r = {f, a, m, task, c, task->sp, false, false};
    int rc = 0;
    memset(c, 0, sizeof *c);
    c->frame = f;
    for (const struct piece *p = f->pieces; rc == 0 && p->what != PIECE_END; p++) {
        r.skip = r.skip && !goes_elsewhere(p);
        if (!r.skip && applies(&r, p->when))
            rc = take_frame_piece(&r, p);
    }
    if (rc == 0)
        finish_frame(&r, r.at);
    return rc;
}

size_t frame_size(const struct frame *f, unsigned word)
{
    size_t size = 0, most = 0;
    for (const struct piece *p = f->pieces; p->what != PIECE_END; p++) {
        unsigned unit = p->unit != 0 ? p->unit : word;
        bool slots = p->what == PIECE_REGS || p->what == PIECE_DOWN || p->what == PIECE_SKIP;
        bool one = p->what >= PIECE_EXC_RETURN && p->what <= PIECE_SP;
        if (goes_elsewhere(p))
            size = 0;
        if (p->when != SOLICITED && p->when != WITHOUT_FPU && p->when != VS_DIRTY)
            size += slots ? p->n * unit : one || p->what == PIECE_PC_AHEAD ? word : 0;
        most = size > most ? size : most;
    }
    return most + f->trailer;
}

/* ---- scores ---- */

enum { NO = -1000, SOME = 1, GOOD = 4 };

/* pc must point to code; without a file, any aligned address but 0 passes. */
static int score_pc(const struct context *c, const struct arch *a, struct program *p)
{
    uint64_t pc = c->reg[a->pc].value;
    unsigned align = a->machine == MACHINE_MICROBLAZE ? 4 : 2;
    if (pc == 0 || pc % align != 0)
        return NO;
    if (!program_knows_code(p))
        return SOME;
    return program_kind(p, pc, 2) == REGION_CODE ? GOOD : NO;
}

static int score_stack(const struct context *c, const struct arch *a, const struct frame_task *t)
{
    uint64_t sp = c->reg[a->sp].value;
    if (sp % 4 != 0)
        return NO;
    if (t->stack_high != 0 && sp > t->stack_high + 8)
        return NO;
    return t->stack_low != 0 && sp >= t->stack_low ? SOME : 0;
}

/*
 * Bits of FPSCR that are reserved or enable traps that no CPU implements are always 0, and on the A
 * profile also the length and the stride of vectors (ARMv7-A/R ARM B4.1.58). After arithmetic an
 * exception flag is set; the high word of a round number looks like an FPSCR without one.
 */
static int score_fpscr(const struct context *c, bool a_profile)
{
    const struct saved_register *fpscr = &c->reg[ARM_FPSCR];
    uint64_t zero = a_profile ? 0x0037ff60 : 0xff60;
    if (fpscr->size == 0)
        return 0;
    if ((fpscr->value & zero) != 0)
        return NO;
    return a_profile && (fpscr->value & FPSCR_FLAGS) != 0 ? SOME : 0;
}

/* Thread mode: exception number 0, T set, reserved bits 0. In the secure state bit 20 is SFPA
 * (ARMv8-M ARM, RETPSR). */
static int score_m_profile(const struct context *c)
{
    uint64_t psr = c->reg[ARM_PSR].value, zero = c->secure ? 0x00c00000 : 0x00d00000;
    return (psr & (1 << 24)) != 0 && (psr & 0x1ff) == 0 && (psr & zero) == 0 ? GOOD : NO;
}

/* User, supervisor or system mode; the T bit agrees with the alignment of pc. */
static int score_a_profile(const struct context *c)
{
    uint64_t psr = c->reg[ARM_PSR].value, mode = psr & 0x1f;
    bool thumb = (psr & 0x20) != 0;
    if (mode != 0x10 && mode != 0x13 && mode != 0x1f)
        return NO;
    if (!thumb && c->reg[ARM_PC].value % 4 != 0)
        return NO;
    return (psr & 0x00f00000) == 0 ? GOOD : NO; /* reserved, and PAN */
}

static int score_riscv_abi(const struct context *c)
{
    const struct saved_register *fcsr = &c->reg[RISCV_FCSR];
    if (fcsr->size != 0 && (fcsr->value & 0xffffff00) != 0)
        return NO;
    return (c->reg[RISCV_SP].value % 16 == 0 ? SOME : 0) + (fcsr->size != 0 ? SOME : 0);
}

/* Scores a possible return address: in code or, without a file, near pc. */
static int score_return_address(const struct context *c, const struct arch *a, struct program *p,
                                uint64_t word)
{
    uint64_t pc = c->reg[a->pc].value;
    unsigned align = a->machine == MACHINE_MICROBLAZE ? 4 : 2;
    if (word % align != 0 || word <= 0x1f)
        return 0;
    if (program_knows_code(p))
        return program_kind(p, word, align) == REGION_CODE ? GOOD : 0;
    return (word ^ pc) >> 24 == 0 ? SOME : 0;
}

/* Machine mode; SD agrees with FS and XS; reserved bits are 0. The stack is aligned to 16 bytes
 * (psABI), which a context of another length would not leave aligned. fcsr has eight bits. */
static int score_riscv(const struct context *c, const struct arch *a, struct program *p)
{
    const struct saved_register *fcsr = &c->reg[RISCV_FCSR];
    if (fcsr->size != 0 && (fcsr->value & 0xffffff00) != 0)
        return NO;
    int aligned = c->reg[RISCV_SP].value % 16 == 0 ? GOOD : 0;
    uint64_t status = c->reg[RISCV_MSTATUS].value;
    bool dirty = (status & MSTATUS_FS) == MSTATUS_FS || (status & MSTATUS_VS) == MSTATUS_VS ||
                 (status >> 15 & 3) == 3;
    bool sd = (status >> (a->word * 8 - 1) & 1) != 0;
    uint64_t reserved = a->word == 4 ? 0x7f800044 : UINT64_C(0x7fffff00ff800044);
    if ((status >> 11 & 3) != 3 || sd != dirty || (status & reserved) != 0)
        return NO;
    return GOOD + aligned + score_return_address(c, a, p, c->reg[RISCV_RA].value);
}

/*
 * MSR is a small number. With an FPU the next word is FSR (five bits); without one it is the first
 * word of the caller's stack frame, a return address.
 */
static int score_microblaze(const struct context *c, const struct arch *a, struct memory *m,
                            struct program *p)
{
    const struct saved_register *fsr = &c->reg[MICROBLAZE_FSR];
    uint64_t next_word = 0;
    if (c->reg[MICROBLAZE_MSR].value > 0xffff && c->reg[MICROBLAZE_MSR].value < 0x80000000)
        return NO;
    if (fsr->size != 0 && fsr->value > 0x1f)
        return NO;
    if (memory_pointer(m, c->reg[MICROBLAZE_SP].value, &next_word) != 0)
        return 0;
    return score_return_address(c, a, p, next_word);
}

/* CPUID of Cortex-M0, M0+ and M1, whose contexts differ from the larger CPUs' only in the order of
 * registers. */
static int score_v6m(struct memory *m)
{
    uint64_t cpuid;
    if (memory_number(m, 0xe000ed00, 4, &cpuid) != 0)
        return 0;
    unsigned part = cpuid >> 4 & 0xfff;
    return part == 0xc20 || part == 0xc60 || part == 0xc21 ? SOME : 0;
}

static bool has_vectors(const struct context *c)
{
    return (c->reg[RISCV_MSTATUS].value & MSTATUS_VS) == MSTATUS_VS;
}

int frame_score(const struct context *c, const struct arch *a, struct memory *m, struct program *p,
                const struct frame_task *task)
{
    unsigned proof = c->frame->proof;
    int score = score_stack(c, a, task);
    if ((proof & PROOF_SECURE) == 0)
        score += score_pc(c, a, p);
    if (a->machine == MACHINE_ARM)
        score += score_fpscr(c, (proof & PROOF_A_PROFILE) != 0);
    if (proof & PROOF_M_PROFILE)
        score += score_m_profile(c);
    if (proof & PROOF_A_PROFILE)
        score += score_a_profile(c);
    if (proof & PROOF_RISCV)
        score += score_riscv(c, a, p);
    if (proof & PROOF_RISCV_ABI)
        score += score_riscv_abi(c);
    if (proof & PROOF_MICROBLAZE)
        score += score_microblaze(c, a, m, p);
    if (proof & PROOF_LR_PC)
        score += c->reg[ARM_LR].value % 2 == 1 || (proof & PROOF_M_PROFILE) == 0 ? SOME : NO;
    if ((proof & PROOF_V6M) != 0 && score >= 0)
        score += score_v6m(m);
    if ((proof & PROOF_VECTORS) != 0 && has_vectors(c))
        score += SOME;
    return score;
}
