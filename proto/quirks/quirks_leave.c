/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Detaches from a FreeBSD kernel so that it returns to db>, and takes over a kernel from another
 * client; see quirks.h.
 *
 * D passes the trap of the last stop to ddb (kdb_trap of sys/kern/subr_kdb.c), with the thread that
 * H selected last. ddb (db_stop_at_pc of sys/ddb/db_run.c) ignores a single step that it did not
 * request, if it can recognize one: the machine then resumes, and the panic is lost. Therefore a
 * breakpoint is inserted at the pc and the kernel runs into it: ddb stops at that trap. If ddb will
 * advance the pc past a breakpoint that is not its own, the pc is first moved back by the same
 * amount.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/check.h"
#include "proto/err.h"
#include "proto/quirks/quirks_private.h"
#include "proto/rsp/rsp.h"

enum { BEFORE_BYTES = 4, CPSR = 0x21, CPSR_BYTES = 4, PC_BYTES_MAX = 8 };

/* sys/ARCH/include/db_machdep.h and gdb_machdep.h; all are little-endian. */
struct machine {
    uint8_t len, trap[STOP_TEXT_MAX]; /* the breakpoint instruction */
    uint8_t pc_offset;                /* pc - address of the breakpoint after a trap, in bytes */
    bool ignores_steps;               /* IS_SSTEP_TRAP */
    bool cannot_step;                 /* kdb_cpu_set_singlestep does nothing */
    uint8_t unreported; /* registers 0 to this less 1: P writes those of the current thread, and p
                           may not report them (gdb_cpu_getreg) */
    /* How far to move the pc back, given the bytes before it, so that BKPT_SKIP advances it to
     * where it was, in bytes; 0: impossible. NULL: ddb does not change the pc. */
    unsigned (*ddb_skip)(const uint8_t before[BEFORE_BYTES]);
    /* Whether the instruction before the pc is a breakpoint that ddb has skipped. */
    bool (*was_skipped)(const uint8_t before[BEFORE_BYTES]);
};

static unsigned skip_4(const uint8_t before[BEFORE_BYTES])
{
    (void)before;
    return 4;
}

static bool is_brk(const uint8_t before[BEFORE_BYTES])
{
    return before[3] == 0xd4 && (before[2] & 0xe0) == 0x20 && (before[0] & 0x1f) == 0;
}

/* ddb decodes the instruction at the pc: if its two lowest bits are set, it has 4 bytes, else 2. */
static unsigned skip_instruction(const uint8_t before[BEFORE_BYTES])
{
    return (before[0] & 3) == 3 ? 4 : (before[2] & 3) != 3 ? 2 : 0;
}

static bool is_ebreak(const uint8_t before[BEFORE_BYTES])
{
    return memcmp(before, "\x73\x00\x10", BEFORE_BYTES) == 0 ||
           memcmp(before + 2, "\x02\x90", 2) == 0;
}

static const struct machine x86 = {.len = 1, .trap = {0xcc}, .pc_offset = 1, .ignores_steps = true};
static const struct machine arm64 = {.len = 4,
                                     .trap = {0x00, 0x00, 0x20, 0xd4},
                                     .ignores_steps = true,
                                     .unreported = 19, /* x0 to x18 */
                                     .ddb_skip = skip_4,
                                     .was_skipped = is_brk};
static const struct machine riscv64 = {.len = 2,
                                       .trap = {0x02, 0x90},
                                       .cannot_step = true,
                                       .ddb_skip = skip_instruction,
                                       .was_skipped = is_ebreak};

/* Determines the machine from its stop replies. *m is NULL for any other machine: there ddb stops
 * at every trap and does not move the pc. */
static int find_trap_rules(struct quirks *q, const struct machine **m)
{
    const struct stop *s = quirks_stop(q);
    size_t size;
    CHECK_OR_RETURN(stop_is_sound(s));
    *m = NULL;
    if ((s->pc == 0x10 && s->pc_len == 8) || (s->pc == 8 && s->pc_len == 4))
        *m = &x86;
    if (s->pc != 0x20 || s->pc_len != 8)
        return 0;
    int rc = quirks_register_size(q, CPSR, &size);
    *m = size == CPSR_BYTES ? &arm64 : &riscv64;
    return rc;
}

int quirks_can_step(struct quirks *q, bool *can)
{
    const struct machine *m;
    int rc = find_trap_rules(q, &m);
    *can = m == NULL || !m->cannot_step;
    return rc;
}

int quirks_writes_unreported(struct quirks *q, uint64_t reg, bool *writes)
{
    const struct stop *s = quirks_stop(q);
    const struct machine *m;
    int rc = find_trap_rules(q, &m);
    *writes = m != NULL && reg < m->unreported && s->selected == s->thread;
    return rc;
}

int quirks_confuses(struct quirks *q, uint64_t reg, bool *confuses)
{
    const struct stop *s = quirks_stop(q);
    const struct machine *m = NULL;
    int rc = 0;
    if (reg >= RISCV_T3 && reg <= RISCV_T6 && s->selected == s->thread)
        rc = find_trap_rules(q, &m);
    *confuses = m == &riscv64 && !quirks_has_own_t3(&q->shown);
    return rc;
}

/* ---- requests ---- */

static int read_pc(struct quirks *q, uint64_t *pc, bool *good)
{
    const struct stop *s = quirks_stop(q);
    uint8_t bytes[PC_BYTES_MAX] = {0};
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "p%x", s->pc);
    int rc = quirks_ask(q);
    *good = rc == 0 && s->pc_len != 0 && s->pc_len <= PC_BYTES_MAX && q->part.len == 2 * s->pc_len;
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
    CHECK_OR_RETURN(s->pc_len != 0 && s->pc_len <= PC_BYTES_MAX);
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "P%x=", s->pc);
    for (unsigned i = 0; i < s->pc_len; i++)
        (void)buf_printf(&q->d.request, "%02x", (unsigned)(pc >> 8 * i & 0xff));
    int rc = quirks_ask(q);
    if (rc == 0 && !buf_is(&q->part, "OK"))
        log_warn(q->options.log, "the kernel does not take its pc: db> is not where it stopped");
    return rc;
}

/* Queries how the kernel stopped, if that was not recorded. */
static int query_first_stop(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    if (s->runs == 0 && s->thread != 0 && s->signal != 0)
        return 0;
    buf_reset(&q->d.request);
    (void)buf_adds(&q->d.request, "?");
    int rc = quirks_ask(q);
    if (rc == 0 && stop_take(s, q->part.data, q->part.len))
        s->cause = STOP_UNKNOWN;
    return rc;
}

static int select_stopped_thread(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    if (s->thread == 0 || s->selected == s->thread)
        return 0;
    buf_reset(&q->d.request);
    (void)buf_printf(&q->d.request, "Hg%" PRIx64, s->thread);
    int rc = quirks_ask(q);
    if (rc == 0 && buf_is(&q->part, "OK"))
        s->selected = s->thread;
    else if (rc == 0)
        log_warn(q->options.log, "the kernel does not know the thread that stopped any more");
    return rc;
}

/* ---- detaching ---- */

/* What ddb does with the trap of the last stop. */
enum ddb_action { STOPS_HERE, SKIPS_BREAKPOINT, UNSURE };

static enum ddb_action predict_ddb(const struct stop *s, const struct machine *m,
                                   const uint8_t before[BEFORE_BYTES])
{
    if (s->cause == STOP_UNKNOWN || (s->cause == STOP_STEPPED && m->ignores_steps))
        return UNSURE;
    if (m->ddb_skip == NULL || s->watch == STOP_WATCHED)
        return STOPS_HERE;
    if (s->cause == STOP_AT_DDB)
        return m->was_skipped(before) ? SKIPS_BREAKPOINT : UNSURE;
    return s->watch == STOP_WATCH_UNKNOWN ? UNSURE : SKIPS_BREAKPOINT;
}

/* Resumes the kernel, which runs into the breakpoint inserted at its pc. */
static int run_to_breakpoint(struct quirks *q)
{
    const struct quirks_options *o = &q->options;
    quirks_note_resume(q, false);
    if (o->hurry != NULL)
        o->hurry(o->context, true);
    int rc = target_ask(q->d.base.next, "c", &q->part);
    if (o->hurry != NULL)
        o->hurry(o->context, false);
    if (rc == 0)
        quirks_note_stop(q, &q->part);
    return rc;
}

/* Sets the pc to its old value after the trap, unless the kernel stopped somewhere else. */
static int restore_pc(struct quirks *q, const struct machine *m, uint64_t pc)
{
    uint64_t now;
    bool good;
    int rc = read_pc(q, &now, &good);
    if (rc == 0 && good && now == pc + m->pc_offset)
        return m->pc_offset != 0 ? write_pc(q, pc) : 0;
    if (rc == 0)
        log_warn(q->options.log, "the kernel ran on while it was being left: it is not where it "
                                 "stopped before");
    return rc;
}

/* Replaces the last trap by a breakpoint's. If that is impossible, sets *why. */
static int repeat_trap(struct quirks *q, const struct machine *m, uint64_t pc, const char **why)
{
    (void)buf_set(&q->data, m->trap, m->len);
    int rc = quirks_insert_point(q, pc, why);
    if (rc != 0 || *why != NULL)
        return rc;
    rc = run_to_breakpoint(q);
    /* The pc first: a server that takes over now knows the breakpoint. */
    if (rc == 0)
        rc = restore_pc(q, m, pc);
    return rc == 0 ? quirks_remove_point_at(q, pc, m->len) : rc;
}

/* Ensures that D ends at db> at the same pc. If that is impossible, sets *why. */
static int prepare_detach(struct quirks *q, const char **why)
{
    struct stop *s = quirks_stop(q);
    const struct machine *m;
    uint8_t before[BEFORE_BYTES] = {0};
    uint64_t pc;
    bool good;
    int rc = find_trap_rules(q, &m);
    if (rc == 0 && s->pc_len == 0 && (s->cause == STOP_STEPPED || s->cause == STOP_UNKNOWN))
        *why = "its machine is unknown, and how it stopped";
    if (rc != 0 || *why != NULL || m == NULL || s->signal != STOP_SIGTRAP)
        return rc; /* ddb stops at any fault */
    if (m->ddb_skip == NULL && s->cause != STOP_UNKNOWN && s->cause != STOP_STEPPED)
        return 0;
    rc = read_pc(q, &pc, &good);
    if (rc == 0 && good && m->ddb_skip != NULL)
        rc = quirks_read_bytes(q, pc - BEFORE_BYTES, before, BEFORE_BYTES, &good);
    enum ddb_action action = predict_ddb(s, m, before);
    if (rc == 0 && action == UNSURE) {
        rc = repeat_trap(q, m, pc, why);
        action = predict_ddb(s, m, before);
    }
    unsigned by = m->ddb_skip != NULL && action == SKIPS_BREAKPOINT ? m->ddb_skip(before) : 0;
    if (rc != 0 || *why != NULL || by == 0)
        return rc;
    s->moved_pc = pc;
    return write_pc(q, pc - by);
}

int quirks_detach(struct quirks *q, struct buf *reply)
{
    const char *why = NULL;
    CHECK_OR_RETURN(quirks_is_sound(q) && q->d.state != DECORATOR_OUTSTANDING);
    int rc = query_first_stop(q);
    if (rc == 0)
        rc = select_stopped_thread(q);
    if (rc == 0)
        rc = prepare_detach(q, &why);
    if (rc != 0)
        return rc;
    if (why != NULL) {
        buf_reset(reply);
        return buf_printf(reply, "E.it would run on and lose the panic: %s", why);
    }
    const struct request detach = request_of("D");
    rc = target_leave(q->d.base.next, &detach, reply);
    q->d.failed |= buf_is(reply, "OK");
    return rc;
}

/* ---- taking over ---- */

/* If the kernel has stopped at this breakpoint, which was removed, sets the pc back to it, so that
 * the original instruction is executed. */
static int step_back_to(struct quirks *q, const struct stop_point *p)
{
    const struct stop *s = quirks_stop(q);
    const struct machine *m;
    uint64_t pc;
    bool good;
    int rc = find_trap_rules(q, &m);
    if (rc != 0 || m == NULL || m->pc_offset == 0 || s->signal != STOP_SIGTRAP)
        return rc;
    rc = read_pc(q, &pc, &good);
    return rc == 0 && good && pc == p->address + m->pc_offset ? write_pc(q, p->address) : rc;
}

/* Removes the breakpoints of a client that was killed and could not remove them. */
static int remove_leftover_points(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    unsigned n = 0;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < STOP_POINTS; i++) {
        if (s->points[i].inserted == 0)
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

/* Restores the pc that a server moved for a detach, if it was killed before it sent D. */
static int undo_move(struct quirks *q)
{
    struct stop *s = quirks_stop(q);
    int rc = s->moved_pc != 0 ? write_pc(q, s->moved_pc) : 0;
    if (rc == 0)
        s->moved_pc = 0;
    return rc;
}

int quirks_attach(struct target *t)
{
    struct quirks *q = (struct quirks *)t;
    int rc = query_first_stop(q);
    if (rc == 0)
        rc = select_stopped_thread(q);
    if (rc == 0)
        rc = undo_move(q);
    return rc == 0 ? remove_leftover_points(q) : rc;
}

/* The client's request is not continued. */
static int drop_reply(struct quirks *q, const struct buf *reply)
{
    (void)q;
    (void)reply;
    return DECORATOR_DONE;
}

/* Receives and discards the reply to a request of a client that has disconnected. */
static int discard_reply(struct quirks *q)
{
    struct buf reply;
    bool final;
    int rc = 0;
    buf_init(&reply, TARGET_REPLY_MAX);
    if (q->next != NULL)
        q->next = drop_reply;
    while (rc == 0 && q->d.state == DECORATOR_OUTSTANDING)
        rc = target_recv(&q->d.base, &reply, &final, 0);
    buf_free(&reply);
    return rc;
}

int quirks_hand_off(struct target *t)
{
    struct quirks *q = (struct quirks *)t;
    struct stop *s = quirks_stop(q);
    if (q->d.failed || s->runs != 0 || discard_reply(q) != 0)
        return 0;
    quirks_leave_points(s);
    int rc = select_stopped_thread(q);
    q->d.failed = rc != 0;
    return rc;
}
