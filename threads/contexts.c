/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chooses the saved context of a build: tries every context of the architecture on all waiting
 * threads and takes the one that is plausible for most of them.
 */
#include <limits.h>
#include <string.h>

#include "proto/err.h"
#include "threads/engine.h"

enum { TRIED_MAX = 64 }; /* threads that are tried */

static bool matches_machine(const struct frame *f, const struct arch *a)
{
    return f->machines[0] == a->machine || f->machines[1] == a->machine;
}

/* A context inside the control block ends at the address that the saved stack pointer has. */
static bool can_apply(const struct frame *f, const struct thread *t)
{
    bool inside = t->sp > t->tcb && t->sp - t->tcb < ENGINE_TCB_MAX;
    return (f->proof & PROOF_HARDWARE_ELSEWHERE) == 0 || inside;
}

static struct frame_task task_of(const struct engine *e, const struct thread *t)
{
    struct frame_task task = {.sp = t->sp,
                              .sp_field = t->tcb + layout_offset(e, TCB_SP),
                              .stack_low = t->stack_low,
                              .stack_high = t->stack_high,
                              .tcb = t->tcb,
                              .table = &e->registers};
    if (layout_has(e, TCB_FLOATS))
        task.floats = t->tcb + layout_offset(e, TCB_FLOATS);
    if (layout_has(e, TCB_EXC_RETURN))
        task.exc_return = t->tcb + layout_offset(e, TCB_EXC_RETURN);
    return task;
}

/* Bytes of the longest context of this RTOS on this architecture. */
static size_t longest_context(const struct engine *e)
{
    size_t most = 0, size;
    for (const struct frame *const *f = e->rtos->frames; *f != NULL; f++) {
        size = matches_machine(*f, e->arch) ? frame_size(*f, e->arch->word) : 0;
        most = size > most ? size : most;
    }
    for (unsigned i = 0; !e->registers.in_tcb && i < e->registers.n; i++) {
        size = e->registers.offset[i] + e->arch->word;
        most = size > most && size <= FRAME_MAX ? size : most;
    }
    return most < FRAME_MAX ? most : FRAME_MAX;
}

/* Prefetches a thread's context in one request; at the end of memory, the bytes that exist. */
static int prefetch_context(struct engine *e, const struct thread *t)
{
    uint8_t bytes[FRAME_MAX];
    size_t got, len = longest_context(e);
    uint64_t room = t->stack_high != 0 && t->sp < t->stack_high ? t->stack_high + 1 - t->sp : 0;
    if (room >= 32 && room < len && t->sp >= t->stack_low)
        len = (size_t)room;
    int rc = len != 0 ? memory_read_some(e->memory, t->sp, bytes, len < FRAME_MAX ? len : FRAME_MAX,
                                         len < 32 ? len : 32, &got)
                      : 0;
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* Reads a thread's context as `f` and scores it, see frame_score(). Returns 0 or the target's
 * error. */
static int try_frame(struct engine *e, const struct frame *f, const struct thread *t,
                     struct context *c, int *score)
{
    const struct frame_task task = task_of(e, t);
    *score = -1;
    if (!can_apply(f, t))
        return 0;
    int rc = frame_read(f, e->arch, e->memory, &task, c);
    *score = rc == 0 ? frame_score(c, e->arch, e->memory, e->program, &task) : -1;
    return rc == MEMORY_REFUSED || rc == NETGDB_PROTO ? 0 : rc;
}

/* Result for one context: threads for which it is plausible, sum and minimum of their scores. */
struct weight {
    int plausible, sum, least;
};

static int weigh_frame(struct engine *e, const struct frame *f, struct weight *w)
{
    struct context c;
    unsigned tried = 0;
    *w = (struct weight){0, 0, INT_MAX};
    for (size_t i = 0; i < e->n && tried < TRIED_MAX; i++) {
        const struct thread *t = &e->threads[i];
        int score;
        if (t->kind != THREAD_TASK || t->core >= 0 || t->sp == 0)
            continue;
        int rc = try_frame(e, f, t, &c, &score);
        if (rc != 0)
            return rc;
        tried++;
        if (score < 0)
            continue;
        w->plausible++;
        w->sum += score;
        w->least = score < w->least ? score : w->least;
    }
    return 0;
}

static int prefetch_contexts(struct engine *e)
{
    int rc = 0;
    unsigned tried = 0;
    for (size_t i = 0; rc == 0 && i < e->n && tried < TRIED_MAX; i++) {
        const struct thread *t = &e->threads[i];
        if (t->kind != THREAD_TASK || t->core >= 0 || t->sp == 0)
            continue;
        rc = prefetch_context(e, t);
        tried++;
    }
    return rc;
}

static int choose_frame(struct engine *e)
{
    struct weight best = {0, 0, 0}, w;
    int rc = prefetch_contexts(e);
    for (const struct frame *const *f = e->rtos->frames; rc == 0 && *f != NULL; f++) {
        if (!matches_machine(*f, e->arch))
            continue;
        rc = weigh_frame(e, *f, &w);
        if (rc == 0 &&
            (w.plausible > best.plausible || (w.plausible == best.plausible && w.sum > best.sum))) {
            best = w;
            e->frame = *f;
            e->frame_points = w.least;
        }
    }
    if (e->frame != NULL)
        log_info(e->log, "%s: contexts are saved as on %s", e->rtos->name, e->frame->name);
    return rc;
}

/* Tries the other contexts for a thread whose score is low; takes one with a higher score. */
static int try_other_frames(struct engine *e, const struct thread *t, struct context *c, int points)
{
    struct context other;
    if (points < 0)
        c->frame = NULL;
    for (const struct frame *const *f = e->rtos->frames; *f != NULL; f++) {
        int score;
        if (!matches_machine(*f, e->arch))
            continue;
        int rc = try_frame(e, *f, t, &other, &score);
        if (rc != 0)
            return rc;
        if (score >= 0 && score > points) {
            points = score;
            *c = other;
        }
    }
    return 0;
}

int engine_context(struct engine *e, const struct thread *t, struct context *c)
{
    int score = -1, rc = engine_list(e);
    memset(c, 0, sizeof *c);
    if (rc != 0 || t->kind != THREAD_TASK || t->sp == 0)
        return rc;
    if (e->frame == NULL)
        rc = choose_frame(e);
    if (rc == 0)
        rc = prefetch_context(e, t);
    if (rc == 0 && e->frame != NULL)
        rc = try_frame(e, e->frame, t, c, &score);
    if (rc == 0 && (score < 0 || score < e->frame_points))
        rc = try_other_frames(e, t, c, score);
    return rc;
}
