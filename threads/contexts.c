/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which saved context a build has: every layout of the machine is tried on all waiting threads,
 * and the one that is sound most often is taken.
 */
#include <limits.h>
#include <string.h>

#include "proto/err.h"
#include "threads/engine.h"

enum { TRIED_MAX = 64 }; /* threads that are looked at */

static bool fits_machine(const struct frame *f, const struct arch *a)
{
    return f->machines[0] == a->machine || f->machines[1] == a->machine;
}

/* A context in the control block is below what the saved stack pointer says: no stack is read. */
static bool fits_thread(const struct frame *f, const struct thread *t)
{
    bool inside = t->sp > t->tcb && t->sp - t->tcb < ENGINE_TCB_MAX;
    return (f->proof & PROOF_HARDWARE_ELSEWHERE) == 0 || inside;
}

static struct frame_task task_of(const struct engine *e, const struct thread *t)
{
    struct frame_task task = {
        t->sp, t->tcb + layout_offset(e, TCB_SP), t->stack_low, t->stack_high, 0, 0};
    if (layout_has(e, TCB_FLOATS))
        task.floats = t->tcb + layout_offset(e, TCB_FLOATS);
    if (layout_has(e, TCB_EXC_RETURN))
        task.exc_return = t->tcb + layout_offset(e, TCB_EXC_RETURN);
    return task;
}

/* The longest that a context of this RTOS may be here. */
static size_t window(const struct engine *e)
{
    size_t most = 0, size;
    for (const struct frame *const *f = e->rtos->frames; *f != NULL; f++) {
        size = fits_machine(*f, e->arch) ? frame_size(*f, e->arch->word) : 0;
        most = size > most ? size : most;
    }
    return most < FRAME_MAX ? most : FRAME_MAX;
}

/* Reads a thread's context in one request; at the end of memory, as much as there is. */
static int fetch(struct engine *e, const struct thread *t)
{
    uint8_t bytes[FRAME_MAX];
    size_t got, len = window(e);
    uint64_t room = t->stack_high != 0 && t->sp < t->stack_high ? t->stack_high + 1 - t->sp : 0;
    if (room >= 32 && room < len && t->sp >= t->stack_low)
        len = (size_t)room;
    int rc = len != 0 ? memory_read_some(e->memory, t->sp, bytes, len < FRAME_MAX ? len : FRAME_MAX,
                                         len < 32 ? len : 32, &got)
                      : 0;
    return rc == MEMORY_REFUSED ? 0 : rc;
}

/* Points of a layout for a thread; below 0: it is none. Returns 0 or the target's error. */
static int try(struct engine *e, const struct frame *f, const struct thread *t, struct context *c,
               int *score)
{
    const struct frame_task task = task_of(e, t);
    *score = -1;
    if (!fits_thread(f, t))
        return 0;
    int rc = frame_read(f, e->arch, e->memory, &task, c);
    *score = rc == 0 ? frame_score(c, e->arch, e->memory, e->program, &task) : -1;
    return rc == MEMORY_REFUSED || rc == NETGDB_PROTO ? 0 : rc;
}

/* How often a layout is sound, and how well: in all, and for the weakest of them. */
struct weight {
    int sound, points, least;
};

static int weigh(struct engine *e, const struct frame *f, struct weight *w)
{
    struct context c;
    unsigned tried = 0;
    *w = (struct weight){0, 0, INT_MAX};
    for (size_t i = 0; i < e->n && tried < TRIED_MAX; i++) {
        const struct thread *t = &e->threads[i];
        int score;
        if (t->kind != THREAD_TASK || t->core >= 0 || t->sp == 0)
            continue;
        int rc = try(e, f, t, &c, &score);
        if (rc != 0)
            return rc;
        tried++;
        if (score < 0)
            continue;
        w->sound++;
        w->points += score;
        w->least = score < w->least ? score : w->least;
    }
    return 0;
}

static int fetch_all(struct engine *e)
{
    int rc = 0;
    unsigned tried = 0;
    for (size_t i = 0; rc == 0 && i < e->n && tried < TRIED_MAX; i++) {
        const struct thread *t = &e->threads[i];
        if (t->kind != THREAD_TASK || t->core >= 0 || t->sp == 0)
            continue;
        rc = fetch(e, t);
        tried++;
    }
    return rc;
}

/* Chooses e->frame by all threads. */
static int choose(struct engine *e)
{
    struct weight best = {0, 0, 0}, w;
    int rc = fetch_all(e);
    for (const struct frame *const *f = e->rtos->frames; rc == 0 && *f != NULL; f++) {
        if (!fits_machine(*f, e->arch))
            continue;
        rc = weigh(e, *f, &w);
        if (rc == 0 &&
            (w.sound > best.sound || (w.sound == best.sound && w.points > best.points))) {
            best = w;
            e->frame = *f;
            e->frame_points = w.least;
        }
    }
    if (e->frame != NULL)
        log_info(e->log, "%s: contexts are saved as on %s", e->rtos->name, e->frame->name);
    return rc;
}

/* A thread that is not saved as the others are: another layout, if it has more points. */
static int try_others(struct engine *e, const struct thread *t, struct context *c, int points)
{
    struct context other;
    if (points < 0)
        c->frame = NULL;
    for (const struct frame *const *f = e->rtos->frames; *f != NULL; f++) {
        int score;
        if (!fits_machine(*f, e->arch))
            continue;
        int rc = try(e, *f, t, &other, &score);
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
        rc = choose(e);
    if (rc == 0)
        rc = fetch(e, t);
    if (rc == 0 && e->frame != NULL)
        rc = try(e, e->frame, t, c, &score);
    if (rc == 0 && (score < 0 || score < e->frame_points))
        rc = try_others(e, t, c, score);
    return rc;
}
