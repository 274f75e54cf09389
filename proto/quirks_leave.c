/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leaving a FreeBSD kernel at db>, and going on with one that another has left; see quirks.h.
 *
 * D passes the trap of the last stop to ddb (kdb_trap of sys/kern/subr_kdb.c), with the thread that
 * H chose last. ddb (db_stop_at_pc of sys/ddb/db_run.c) ignores a single step that it did not ask
 * for, where it can tell: the machine then runs on, and the panic is lost. So a breakpoint is
 * planted at the pc and run into: a trap that ddb honours. Where ddb moves past a breakpoint that
 * is not its own, the pc is set back by as much before.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/err.h"
#include "proto/quirks_parts.h"
#include "proto/rsp.h"

enum { BACK = 4, CPSR = 0x21, CPSR_BYTES = 4, PC_BYTES_MAX = 8 };

/* sys/ARCH/include/db_machdep.h and gdb_machdep.h; all are little-endian. */
struct machine {
    uint8_t len, trap[STOP_TEXT_MAX]; /* its breakpoint instruction */
    uint8_t past;                     /* the pc is so many bytes behind one that has trapped */
    bool ignores_steps;               /* IS_SSTEP_TRAP */
    /* How far BKPT_SKIP moves from where these bytes end; NULL: it moves back by as much. */
    unsigned (*skips)(const uint8_t before[BACK]);
    /* Whether the instruction in front of a pc is a breakpoint that ddb has moved past. */
    bool (*has_skipped)(const uint8_t before[BACK]);
};

static unsigned skips_4(const uint8_t before[BACK])
{
    (void)before;
    return 4;
}

static bool is_brk(const uint8_t before[BACK])
{
    return before[3] == 0xd4 && (before[2] & 0xe0) == 0x20 && (before[0] & 0x1f) == 0;
}

/* It looks at the instruction there: the low two bits are both set when that has 4 bytes. */
static unsigned skips_instruction(const uint8_t before[BACK])
{
    return (before[0] & 3) == 3 ? 4 : (before[2] & 3) != 3 ? 2 : 0;
}

static bool is_ebreak(const uint8_t before[BACK])
{
    return memcmp(before, "\x73\x00\x10", BACK) == 0 || memcmp(before + 2, "\x02\x90", 2) == 0;
}

static const struct machine x86 = {1, {0xcc}, 1, true, NULL, NULL};
static const struct machine arm64 = {4, {0x00, 0x00, 0x20, 0xd4}, 0, true, skips_4, is_brk};
static const struct machine riscv64 = {2, {0x02, 0x90}, 0, false, skips_instruction, is_ebreak};

/* By its stops; *m NULL: none of these. There ddb stops at every trap, and where it is. */
static int find_machine(struct quirks *q, const struct machine **m)
{
    const struct stop *s = quirks_stop(q);
    size_t size;
    *m = NULL;
    if ((s->pc == 0x10 && s->pc_len == 8) || (s->pc == 8 && s->pc_len == 4))
        *m = &x86;
    if (s->pc != 0x20 || s->pc_len != 8)
        return 0;
    int rc = quirks_register_size(q, CPSR, &size);
    *m = size == CPSR_BYTES ? &arm64 : &riscv64;
    return rc;
}

/* ---- requests ---- */

static int read_pc(struct quirks *q, uint64_t *pc, bool *good)
{
    const struct stop *s = quirks_stop(q);
    uint8_t bytes[PC_BYTES_MAX] = {0};
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "p%x", s->pc);
    int rc = quirks_ask(q);
    *good = rc == 0 && s->pc_len <= PC_BYTES_MAX && q->part.len == 2 * s->pc_len;
    *pc = 0;
    for (unsigned i = 0; *good && i < s->pc_len; i++) {
        int byte = rsp_hex_byte(q->part.data + 2 * i);
        *good = byte >= 0;
        bytes[i] = (uint8_t)byte;
    }
    for (unsigned i = s->pc_len; *good && i-- > 0;)
        *pc = *pc << 8 | bytes[i];
    return rc;
}

static int write_pc(struct quirks *q, uint64_t pc)
{
    const struct stop *s = quirks_stop(q);
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "P%x=", s->pc);
    for (unsigned i = 0; i < s->pc_len; i++)
        (void)buf_printf(&q->request, "%02x", (unsigned)(pc >> 8 * i & 0xff));
    int rc = quirks_ask(q);
    if (rc == 0 && !buf_is(&q->part, "OK"))
        log_warn(q->options.log, "the kernel does not take its pc: db> is not where it stopped");
    return rc;
}

/* Asks how it stopped, where nobody has seen it: it may never have run at all. */
static int learn_stop(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    if (s->runs == 0 && s->thread != 0 && s->signal != 0)
        return 0;
    buf_reset(&q->request);
    (void)buf_adds(&q->request, "?");
    int rc = quirks_ask(q);
    if (rc == 0 && stop_take(s, q->part.data, q->part.len))
        s->cause = STOP_UNKNOWN;
    return rc;
}

static int choose_stopped(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    if (s->thread == 0 || s->chosen == s->thread)
        return 0;
    buf_reset(&q->request);
    (void)buf_printf(&q->request, "Hg%" PRIx64, s->thread);
    int rc = quirks_ask(q);
    if (rc == 0 && buf_is(&q->part, "OK"))
        s->chosen = s->thread;
    else if (rc == 0)
        log_warn(q->options.log, "the kernel does not know the thread that stopped any more");
    return rc;
}

/* ---- leaving ---- */

/* What ddb does with the trap of the last stop. */
enum honour { STOPS_HERE, MOVES_PAST, UNSURE };

static enum honour judge(const struct stop *s, const struct machine *m, const uint8_t before[BACK])
{
    if (s->cause == STOP_UNKNOWN || (s->cause == STOP_STEPPED && m->ignores_steps))
        return UNSURE;
    if (m->skips == NULL || s->watch == STOP_WATCHED)
        return STOPS_HERE;
    if (s->cause == STOP_AT_DDB)
        return m->has_skipped(before) ? MOVES_PAST : UNSURE;
    return s->watch == STOP_WATCH_UNKNOWN ? UNSURE : MOVES_PAST;
}

/* Lets it run into the breakpoint that is planted at its pc. */
static int run_into(struct quirks *q)
{
    const struct quirks_options *o = &q->options;
    quirks_note_resume(q, false);
    if (o->hurry != NULL)
        o->hurry(o->context, true);
    int rc = target_ask(q->base.next, "c", &q->part);
    if (o->hurry != NULL)
        o->hurry(o->context, false);
    if (rc == 0)
        quirks_note_stop(q, &q->part);
    return rc;
}

/* It has trapped: there, or wherever it came to. */
static int set_back(struct quirks *q, const struct machine *m, uint64_t pc)
{
    uint64_t now;
    bool good;
    int rc = read_pc(q, &now, &good);
    if (rc == 0 && good && now == pc + m->past)
        return m->past != 0 ? write_pc(q, pc) : 0;
    if (rc == 0)
        log_warn(q->options.log, "the kernel ran on while it was being left: it is not where it "
                                 "stopped before");
    return rc;
}

/* Makes a breakpoint's trap of the last one. *why: it cannot be done. */
static int trap_again(struct quirks *q, const struct machine *m, uint64_t pc, const char **why)
{
    (void)buf_set(&q->data, m->trap, m->len);
    int rc = quirks_plant(q, pc, why);
    if (rc != 0 || *why != NULL)
        return rc;
    rc = run_into(q);
    if (rc == 0)
        rc = set_back(q, m, pc); /* first: whoever takes over here finds the breakpoint planted */
    return rc == 0 ? quirks_unplant(q, pc, m->len) : rc;
}

/* Sees to it that D ends at db>, where it stopped. *why: it would not. */
static int settle(struct quirks *q, const char **why)
{
    const struct stop *s = quirks_stop(q);
    const struct machine *m;
    uint8_t before[BACK] = {0};
    uint64_t pc;
    bool good;
    int rc = find_machine(q, &m);
    if (rc == 0 && s->pc_len == 0 && (s->cause == STOP_STEPPED || s->cause == STOP_UNKNOWN))
        *why = "nobody knows what machine it is, nor how it stopped";
    if (rc != 0 || *why != NULL || m == NULL || s->signal != STOP_SIGTRAP)
        return rc; /* ddb stops at a fault */
    if (m->skips == NULL && s->cause != STOP_UNKNOWN && s->cause != STOP_STEPPED)
        return 0;
    rc = read_pc(q, &pc, &good);
    if (rc == 0 && good && m->skips != NULL)
        rc = quirks_read_bytes(q, pc - BACK, before, BACK, &good);
    enum honour honour = judge(s, m, before);
    if (rc == 0 && honour == UNSURE) {
        rc = trap_again(q, m, pc, why);
        honour = judge(s, m, before);
    }
    unsigned by = m->skips != NULL && honour == MOVES_PAST ? m->skips(before) : 0;
    return rc == 0 && *why == NULL && by != 0 ? write_pc(q, pc - by) : rc;
}

int quirks_detach(struct quirks *q, struct buf *reply)
{
    const char *why = NULL;
    int rc = learn_stop(q);
    if (rc == 0)
        rc = choose_stopped(q);
    if (rc == 0)
        rc = settle(q, &why);
    if (rc != 0)
        return rc;
    if (why != NULL) {
        buf_reset(reply);
        return buf_printf(reply, "E.it would run on and lose the panic: %s", why);
    }
    const struct request detach = request_of("D");
    rc = target_leave(q->base.next, &detach, reply);
    q->broken |= buf_is(reply, "OK");
    return rc;
}

/* ---- going on ---- */

/* Whether it has stopped at this breakpoint: then it executes what was there, and not what
 * follows. */
static int step_back_to(struct quirks *q, const struct stop_point *p)
{
    const struct stop *s = quirks_stop(q);
    const struct machine *m;
    uint64_t pc;
    bool good;
    int rc = find_machine(q, &m);
    if (rc != 0 || m == NULL || m->past == 0 || s->signal != STOP_SIGTRAP)
        return rc;
    rc = read_pc(q, &pc, &good);
    return rc == 0 && good && pc == p->address + m->past ? write_pc(q, p->address) : rc;
}

/* Those of a client that was killed; nobody else would take them out. */
static int remove_strangers(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    unsigned n = 0;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < STOP_POINTS; i++) {
        if (s->points[i].planted == 0)
            continue;
        rc = quirks_remove_point(q, &s->points[i]);
        if (rc == 0)
            rc = step_back_to(q, &s->points[i]);
        n++;
    }
    if (n != 0)
        log_info(q->options.log, "took out %u breakpoints that another debugger has left", n);
    return rc;
}

int quirks_begin(struct target *t)
{
    struct quirks *q = (struct quirks *)t;
    int rc = learn_stop(q);
    if (rc == 0)
        rc = choose_stopped(q);
    return rc == 0 ? remove_strangers(q) : rc;
}

/* The client has gone while its request was outstanding: its reply is nothing but awaited. */
static int await_reply(struct quirks *q)
{
    bool final;
    int rc = 0;
    while (rc == 0 && q->outstanding)
        rc = target_recv(&q->base, &q->part, &final, 0);
    return rc;
}

int quirks_park(struct target *t)
{
    struct quirks *q = (struct quirks *)t;
    struct stop *s = quirks_stop(q);
    bool failed = q->broken || q->error != 0; /* an error that recv has not returned yet */
    if (failed || s->runs != 0 || await_reply(q) != 0)
        return 0;
    memset(s->points, 0, sizeof s->points); /* its client has taken out its own */
    int rc = choose_stopped(q);
    q->broken = rc != 0;
    return rc;
}
