/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Steps or continues a waiting thread: inserts a breakpoint at its pc, resumes the target until the
 * thread runs there, and steps it once or continues. Any other stop ends the run, except that a
 * continue passes the client's breakpoints that other threads reach: for the client those are held.
 */
#include <inttypes.h>
#include <string.h>

#include "proto/check.h"
#include "threads/threads_private.h"

/* Index of the client's breakpoint at pc; n_points: none. */
static size_t find_client_point(const struct threads *t, uint64_t pc)
{
    size_t i = 0;
    while (i < t->n_points && t->points[i].address != pc)
        i++;
    return i;
}

/* Inserts (Z) or removes (z) the run's breakpoint; *ok: the stub accepted. */
static int set_run_point(struct threads *t, char operation, bool *ok)
{
    const struct run *r = &t->run;
    int rc = threads_ask(t, "%c%c,%" PRIx64 ",%x", operation, r->type, r->pc, r->kind);
    *ok = rc == 0 && buf_is(&t->stub_reply, "OK");
    return rc;
}

static int insert_run_point(struct threads *t, bool *ok)
{
    struct run *r = &t->run;
    int rc = 0;
    size_t at = find_client_point(t, r->pc);
    *ok = true;
    r->ours = at == t->n_points;
    if (!r->ours) {
        r->type = t->points[at].type;
        r->kind = (unsigned)t->points[at].kind;
    }
    for (r->type = r->ours ? '0' : r->type; r->ours; r->type++) {
        rc = set_run_point(t, 'Z', ok);
        if (rc != 0 || *ok || r->type == '1')
            break;
    }
    return rc;
}

/* Makes the request that resumes the target, or steps the running thread. */
static int resume_target(struct threads *t, bool step)
{
    struct tid id;
    bool known;
    const char *action = step ? "s" : "c";
    threads_resumed(t);
    buf_reset(&t->d.request);
    (void)buf_printf(&t->d.request, "%s%s", t->by_vcont ? "vCont;" : "", action);
    if (step && t->by_vcont) {
        unsigned core;
        int rc = threads_stopped_core(t, &core);
        if (rc == 0)
            rc = tid_of_core(t, core, &id, &known);
        if (rc != 0)
            return rc;
        if (known) {
            (void)buf_addc(&t->d.request, ':');
            tid_add_stub(t, &t->d.request, &id);
        }
    }
    return DECORATOR_REPLACE;
}

/* Inserts or removes the client's breakpoint at which the CPU stopped. */
static int move_client_point(struct threads *t, char operation)
{
    CHECK_OR_RETURN(t->run.left < t->n_points);
    const struct point *p = &t->points[t->run.left];
    return threads_ask(t, "%c%c,%" PRIx64 ",%" PRIx64, operation, p->type, p->address, p->kind);
}

/* Selects the core that stopped, so that g reads its registers. */
static int select_stopped_core(struct threads *t)
{
    struct thread *thread;
    int rc = t->engine.cores > 1 ? threads_find(t, 0, &thread) : 0;
    return rc == 0 && t->engine.cores > 1 && thread != NULL ? threads_choose_core(t, thread) : rc;
}

/* Finds the client's breakpoint at which the CPU stopped; n_points: none. */
static int find_run_point(struct threads *t, size_t *at)
{
    uint64_t pc;
    *at = t->n_points;
    if (t->n_points == 0)
        return 0;
    int rc = select_stopped_core(t);
    if (rc == 0)
        rc = registers_pc(t, &pc);
    if (rc == 0)
        *at = find_client_point(t, pc);
    return rc;
}

int run_at_client_point(struct threads *t, bool *at)
{
    size_t point;
    int rc = find_run_point(t, &point);
    *at = point < t->n_points;
    return rc;
}

/* Resumes all threads. A CPU at a breakpoint of the client first steps off it. */
static int resume_all(struct threads *t)
{
    int rc = find_run_point(t, &t->run.left);
    if (rc != 0)
        return rc;
    t->run.leaving = t->run.left < t->n_points;
    if (t->run.leaving)
        rc = move_client_point(t, 'z');
    return rc == 0 ? resume_target(t, t->run.leaving) : rc;
}

int run_begin(struct threads *t, const struct thread *thread, enum run_goal goal)
{
    struct context c;
    bool ok = false;
    int rc = engine_context(&t->engine, thread, &c);
    if (rc != 0)
        return rc;
    if (c.frame == NULL || c.reg[t->engine.arch->pc].size == 0)
        return threads_reply(t, "E01");
    const struct saved_register *psr = &c.reg[ARM_PSR];
    t->run = (struct run){.id = thread->id, .goal = goal};
    t->run.pc = c.reg[t->engine.arch->pc].value;
    t->run.kind = arch_breakpoint_kind(t->engine.arch, psr->size != 0, psr->value);
    rc = insert_run_point(t, &ok);
    if (rc != 0)
        return rc;
    if (!ok) {
        log_warn(t->log,
                 "cannot step or continue thread %u: it is waiting, and the stub cannot insert "
                 "a breakpoint at %#" PRIx64,
                 t->run.id, t->run.pc);
        return threads_reply(t, "E01");
    }
    t->selected = t->continued = 0;
    t->stub_id_exposed = false;
    rc = resume_all(t);
    t->run.on = rc == DECORATOR_REPLACE;
    return rc;
}

/* Ends the run: removes its breakpoint, or restores the client's. */
static int finish_run(struct threads *t, bool inserted)
{
    bool ok;
    struct run *r = &t->run;
    r->on = false;
    if (r->ours && inserted)
        return set_run_point(t, 'z', &ok);
    return !r->ours && !inserted ? set_run_point(t, 'Z', &ok) : 0;
}

static bool is_trap(const struct buf *reply)
{
    return reply->len >= 3 && (reply->data[0] == 'T' || reply->data[0] == 'S') &&
           memcmp(reply->data + 1, "05", 2) == 0;
}

/* Steps over the breakpoint, which this thread or another one has reached. */
static int step_over(struct threads *t, bool arrived)
{
    bool ok;
    struct run *r = &t->run;
    CHECK_OR_RETURN(!r->stepping);
    int rc = set_run_point(t, 'z', &ok);
    if (rc != 0)
        return rc;
    r->stepping = true;
    r->arrived = arrived;
    return resume_target(t, true);
}

/* The thread runs at its pc. A breakpoint of the client's there is hit. */
static int arrive(struct threads *t)
{
    struct run *r = &t->run;
    if (r->goal == RUN_STEP)
        return step_over(t, true);
    int rc = finish_run(t, true);
    return rc == 0 && r->goal == RUN_CONTINUE && r->ours ? resume_target(t, false) : rc;
}

static int after_step(struct threads *t)
{
    bool ok;
    struct run *r = &t->run;
    r->stepping = false;
    if (r->arrived)
        return finish_run(t, false);
    int rc = set_run_point(t, 'Z', &ok);
    if (rc != 0)
        return rc;
    return r->goal == RUN_CONTINUE ? resume_all(t) : resume_target(t, false);
}

/* The CPU is at a breakpoint of the client's. */
static int at_client_point(struct threads *t, unsigned id)
{
    bool held = t->run.goal == RUN_CONTINUE && id != t->run.id;
    return held ? resume_all(t) : finish_run(t, true);
}

/* The step off the client's breakpoint has ended. */
static int after_step_off(struct threads *t, bool trap)
{
    t->run.leaving = false;
    int rc = move_client_point(t, 'Z');
    return rc != 0 || trap ? rc : finish_run(t, true);
}

int run_stopped(struct threads *t, const struct buf *reply)
{
    struct run *r = &t->run;
    unsigned id;
    uint64_t pc = 0;
    bool trap = is_trap(reply), leaving = r->leaving;
    CHECK_OR_RETURN(r->on && t->active);
    tid_learn(t, reply);
    t->stub_selected = t->stopped.tid;
    int rc = leaving ? after_step_off(t, trap) : 0;
    if (rc != 0 || !r->on)
        return rc;
    if (r->stepping && trap)
        return after_step(t);
    if (!trap)
        return finish_run(t, !r->stepping);
    rc = registers_pc(t, &pc);
    if (rc == 0)
        rc = threads_current(t, &id);
    if (rc != 0)
        return rc;
    if (pc == r->pc)
        return id == r->id ? arrive(t) : step_over(t, false);
    if (find_client_point(t, pc) < t->n_points)
        return at_client_point(t, id);
    return leaving ? resume_target(t, false) : finish_run(t, true);
}
