/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ddb's handling of a trap that the stub passes on to it (kdb_trap of sys/kern/subr_kdb.c,
 * db_stop_at_pc of sys/ddb/db_run.c, BKPT_SKIP of sys/ARCH/include/db_machdep.h).
 */
#include "tests/sim/private.h"
#include "tests/sim/twin_private.h"

enum { FULL_SIZE = 3 }; /* the low bits of a riscv instruction of 4 bytes; others have 2 */

/* riscv's ddb does not distinguish a single step from other traps, so it stops at each. */
static bool ignores(const struct machine *m)
{
    return m->trap == MACHINE_STEP && m->registers->arch != MACHINE_RISCV64;
}

/* The distance by which ddb moves past a breakpoint instruction that is not its own. */
static unsigned skipped(const struct machine *m)
{
    uint8_t byte = 0;
    switch (m->registers->arch) {
    case MACHINE_ARM64:
        return 4;
    case MACHINE_RISCV64:
        (void)machine_read(m, m->threads[0].regs[m->registers->pc], &byte, 1);
        return (byte & FULL_SIZE) == FULL_SIZE ? 4 : 2;
    default:
        return 0; /* moves back by the byte and forward again */
    }
}

static void advance(struct machine *m, struct machine_thread *thread, unsigned by)
{
    unsigned pc = m->registers->pc;
    machine_set_reg(m, thread, pc, thread->regs[pc] + by);
}

void ddb_enter(struct twin *t, const char *why, uint64_t *lost)
{
    struct machine *m = t->machine;
    if (ignores(m)) {
        (*lost)++;
        twin_gone(t, "twin: ddb ignores the step, the machine runs on and the panic is lost");
        return;
    }
    unsigned by = m->trap == MACHINE_BREAKPOINT ? skipped(m) : 0;
    if (by != 0) {
        advance(m, &m->threads[0], by);
        if (m->registers->arch == MACHINE_ARM64 && t->thread != &m->threads[0])
            advance(m, t->thread, by); /* the thread selected by the last H loses an instruction */
    }
    twin_to_ddb(t, why);
}
