/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stops and resumes: makes stop replies name a thread of the list, and translates H and vCont so
 * that the stub only sees its own thread ids (GDB manual, "Stop Reply Packets", H, vCont).
 */
#include <inttypes.h>
#include <string.h>

#include "proto/rsp/packets.h"
#include "proto/rsp/rsp.h"
#include "threads/threads_private.h"

/* ---- stop replies ---- */

static bool is_field(const uint8_t *at, size_t len, const char *name)
{
    return len > strlen(name) && memcmp(at, name, strlen(name)) == 0;
}

/* Copies "key:value;" fields except those that name threads of the stub. */
static void copy_fields(struct buf *out, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *stop = memchr(at, ';', (size_t)(end - at));
        size_t n = (stop != NULL ? (size_t)(stop - at) + 1 : (size_t)(end - at));
        if (!is_field(at, n, "thread:") && !is_field(at, n, "threads:") &&
            !is_field(at, n, "thread-pcs:"))
            (void)buf_add(out, at, n);
        at += n;
    }
}

static int name_thread(struct threads *t, struct buf *reply, unsigned id)
{
    struct buf *b = &t->d.request;
    struct thread *thread;
    buf_reset(b);
    (void)buf_addc(b, 'T');
    (void)buf_add(b, reply->data + 1, 2);
    (void)buf_adds(b, "thread:");
    tid_add(t, b, id);
    (void)buf_adds(b, ";");
    copy_fields(b, reply->data + 3, reply->data + reply->len);
    memcpy(t->signal, reply->data + 1, 2);
    if (t->client_wants_names && engine_thread(&t->engine, id, &thread) == 0 && thread != NULL)
        (void)add_name(b, thread);
    return b->error != 0 ? b->error : buf_set(reply, b->data, b->len);
}

/*
 * The only thread that was resumed does not run any more: the kernel has switched. GDB does not
 * accept a stop of another thread as the end of a step (infrun.c), so the target is resumed until
 * the thread has the CPU again. A step without support of the stub is a continue to a breakpoint:
 * another thread that reaches a breakpoint does not end it.
 */
static int wait_for_locked_thread(struct threads *t, const struct buf *reply)
{
    struct thread *thread;
    bool ends_here = t->locked_goal == RUN_STEP;
    if (memcmp(reply->data + 1, "05", 2) != 0 || t->locked_goal == RUN_REPORT)
        return 0;
    int rc = ends_here ? 0 : run_at_client_point(t, &ends_here);
    if (rc != 0 || !ends_here)
        return rc;
    rc = engine_thread(&t->engine, t->locked_id, &thread);
    if (rc != 0 || thread == NULL || threads_runs(t, thread))
        return rc;
    if (t->locked_goal == RUN_STEP)
        t->locked_goal = RUN_REPORT; /* once: the next stop is reported */
    return run_begin(t, thread, t->locked_goal);
}

/*
 * After the resume of a single thread, GDB keeps its cached registers of all other threads
 * (infrun.c, registers_changed_ptid). This adds the registers of the thread that stopped to the
 * stop reply.
 */
static int add_live_registers(struct threads *t, struct buf *reply)
{
    int rc = registers_live(t);
    if (rc == 0)
        rc = registers_map(t);
    for (size_t i = 0; rc == 0 && t->map_known && i < t->map.n; i++) {
        const struct regmap_register *r = &t->map.list[i];
        if (r->offset < 0 || 2 * ((size_t)r->offset + r->size) > t->live.len)
            break;
        const uint8_t *digits = t->live.data + 2 * (size_t)r->offset;
        if (*digits == 'x')
            continue;
        (void)buf_printf(reply, "%x:", (unsigned)r->number);
        (void)buf_add(reply, digits, 2u * r->size);
        (void)buf_adds(reply, ";");
    }
    return rc != 0 ? rc : reply->error;
}

/* After each step GDB reads the registers. It need not if the stop has them, by the numbers of the
 * description that it has read. */
static int add_step_registers(struct threads *t, struct buf *reply)
{
    if (!t->engine.stepped || !t->client_reads_xml || t->client_wants_names)
        return 0;
    int rc = registers_map(t);
    return rc == 0 && t->map_known && t->map.described ? add_live_registers(t, reply) : rc;
}

int stop_translate(struct threads *t, struct buf *reply)
{
    unsigned id;
    if (reply->len < 3 || (reply->data[0] != 'T' && reply->data[0] != 'S'))
        return 0;
    tid_learn(t, reply);
    t->stub_selected = t->stopped.tid;
    int rc = threads_detect(t);
    if (rc == 0 && !t->active)
        t->stub_id_exposed = true;
    if (rc != 0 || !t->active)
        return rc;
    rc = threads_current(t, &id);
    bool other = rc == 0 && t->locked && id != t->locked_id;
    if (other)
        rc = wait_for_locked_thread(t, reply);
    if (rc == 0)
        rc = name_thread(t, reply, id);
    if (rc != 0)
        return rc;
    return other ? add_live_registers(t, reply) : add_step_registers(t, reply);
}

/* ---- H ---- */

/* Forwards H for a running thread, as its core's thread of the stub; 0 if the stub has no threads.
 */
static int forward_selection(struct threads *t, char operation, const struct thread *thread)
{
    struct tid id = {0, 0};
    bool known = false;
    unsigned core = thread != NULL && thread->core > 0 ? (unsigned)thread->core : 0;
    int rc = thread == NULL && t->stopped.tid != 0 ? 0 : tid_of_core(t, core, &id, &known);
    if (rc != 0)
        return rc;
    if (thread == NULL && t->stopped.tid != 0) {
        id = t->stopped;
        known = true;
    }
    buf_reset(&t->d.request);
    (void)buf_addc(&t->d.request, 'H');
    (void)buf_addc(&t->d.request, (uint8_t)operation);
    if (known)
        tid_add_stub(t, &t->d.request, &id);
    else
        (void)buf_addc(&t->d.request, '0');
    if (operation == 'g')
        t->stub_selected = id.tid;
    return DECORATOR_REPLACE;
}

int answer_H(struct threads *t, const struct request *r)
{
    struct tid id;
    struct thread *thread = NULL;
    unsigned running;
    int rc = threads_detect(t);
    if (rc != 0 || !t->active || r->len < 3)
        return rc != 0 ? rc : DECORATOR_PASS;
    char operation = (char)r->data[1];
    unsigned *choice = operation == 'g' ? &t->selected : &t->continued;
    if (tid_parse(r->data + 2, r->len - 2, &id) == 0)
        return threads_reply(t, "E01");
    *choice = 0;
    if (id.tid == 0 || id.tid == ALL_THREADS)
        return forward_selection(t, operation, NULL);
    rc = threads_current(t, &running);
    if (rc == 0 && id.tid == running && t->engine.cores == 1)
        return forward_selection(t, operation, NULL);
    if (rc == 0)
        rc = engine_thread(&t->engine, id.tid < UINT32_MAX ? (unsigned)id.tid : 0, &thread);
    if (rc != 0)
        return rc;
    if (thread == NULL)
        return threads_reply(t, "E01");
    *choice = thread->id;
    return threads_runs(t, thread) ? forward_selection(t, operation, thread)
                                   : threads_reply(t, "OK");
}

/* ---- resumes ---- */

/* `step`: by one instruction of the running thread. */
static int forward_resume(struct threads *t, bool step)
{
    threads_resumed(t);
    t->engine.stepped = step && t->active && t->engine.cores == 1;
    t->selected = t->continued = 0;
    t->stub_id_exposed = false;
    if (t->new_program)
        threads_forget(t);
    return DECORATOR_PASS;
}

/* Resumes a waiting thread. */
static int resume_waiting(struct threads *t, const struct thread *thread, bool step)
{
    if (thread->kind == THREAD_CORRUPT)
        return threads_reply(t, "E01");
    return run_begin(t, thread, step ? RUN_STEP : RUN_CONTINUE);
}

/* c, s, C, S: for the thread selected by Hc. */
int answer_resume(struct threads *t, const struct request *r)
{
    struct thread *thread = NULL;
    int rc = threads_detect(t);
    if (rc != 0)
        return rc;
    bool step = r->data[0] == 's' || r->data[0] == 'S';
    t->by_vcont = t->locked = false;
    if (t->active && t->continued != 0) {
        rc = engine_thread(&t->engine, t->continued, &thread);
        if (rc != 0)
            return rc;
        if (thread != NULL && !threads_runs(t, thread)) {
            t->locked = true;
            t->locked_goal = step ? RUN_REPORT : RUN_CONTINUE;
            t->locked_id = thread->id;
            return resume_waiting(t, thread, step);
        }
    }
    return forward_resume(t, step);
}

/* One action of vCont. */
struct action {
    const uint8_t *text;
    size_t len; /* without the thread id */
    bool all;   /* no thread id, or -1 */
    struct tid id;
};

/* Parses the next action; returns its length, 0 at the end or if it is malformed. */
static size_t parse_action(const uint8_t *at, size_t len, struct action *a)
{
    const uint8_t *stop = memchr(at, ';', len);
    size_t whole = stop != NULL ? (size_t)(stop - at) : len;
    const uint8_t *colon = memchr(at, ':', whole);
    *a = (struct action){.text = at, .len = whole, .all = true};
    if (colon == NULL || whole == 0)
        return whole;
    a->len = (size_t)(colon - at);
    if (tid_parse(colon + 1, whole - a->len - 1, &a->id) == 0)
        return 0;
    a->all = a->id.tid == ALL_THREADS;
    return whole;
}

static bool steps(const struct action *a)
{
    return a->text[0] == 's' || a->text[0] == 'S' || a->text[0] == 'r';
}

/* The contents of a vCont. */
struct plan {
    struct buf *out;        /* the vCont for the stub */
    struct thread *waiting; /* the first waiting thread named */
    bool step;              /* … has to step */
    bool step_running;      /* a running thread has to step */
    bool range;             /* … while its pc is in a range */
    bool has_default;       /* it has an action without a thread id */
    unsigned named, actions;
    unsigned last;
    bool bad;
};

/* An action for a thread that runs on a core. */
static int plan_running(struct threads *t, struct plan *p, const struct action *a, unsigned core)
{
    struct tid id;
    bool known, step = steps(a);
    int rc = tid_of_core(t, core, &id, &known);
    if (rc != 0)
        return rc;
    p->actions++;
    p->step_running = p->step_running || step;
    p->range = p->range || a->text[0] == 'r';
    (void)buf_addc(p->out, ';');
    (void)buf_add(p->out, a->text, a->len);
    if (!known)
        return 0;
    (void)buf_addc(p->out, ':');
    tid_add_stub(t, p->out, &id);
    return p->out->error;
}

static int plan_action(struct threads *t, struct plan *p, const struct action *a)
{
    struct thread *thread;
    unsigned id = a->id.tid < UINT32_MAX ? (unsigned)a->id.tid : UINT32_MAX, running = 0;
    if (a->all) {
        p->has_default = true;
        p->actions++;
        (void)buf_addc(p->out, ';');
        return buf_add(p->out, a->text, a->len);
    }
    int rc = threads_current(t, &running);
    p->named++;
    p->last = id != 0 ? id : running;
    if (rc == 0 && p->last == running && t->engine.cores == 1)
        return plan_running(t, p, a, 0); /* without the list */
    if (rc == 0)
        rc = engine_thread(&t->engine, p->last, &thread);
    if (rc != 0)
        return rc;
    p->bad = p->bad || thread == NULL;
    if (thread != NULL && threads_runs(t, thread))
        return plan_running(t, p, a, thread->core > 0 ? (unsigned)thread->core : 0);
    if (p->waiting == NULL || (steps(a) && !p->step)) {
        p->waiting = thread;
        p->step = steps(a);
    }
    return 0;
}

static int make_plan(struct threads *t, struct plan *p, const uint8_t *at, size_t len)
{
    struct action a;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < len;) {
        size_t n = parse_action(at + i, len - i, &a);
        if (n == 0 || a.len == 0) {
            p->bad = true;
            return 0;
        }
        rc = plan_action(t, p, &a);
        i += n + 1;
    }
    return rc;
}

int answer_vcont(struct threads *t, const struct request *r)
{
    static const char start[] = "vCont;";
    struct buf out;
    struct plan p = {.out = &out};
    int rc = threads_detect(t);
    if (rc != 0 || !t->active || r->len <= sizeof start - 1)
        return rc != 0 ? rc : forward_resume(t, false);
    buf_init(&out, 4096);
    (void)buf_adds(&out, "vCont");
    rc = make_plan(t, &p, r->data + sizeof start - 1, r->len - (sizeof start - 1));
    t->by_vcont = true;
    t->locked = !p.has_default && p.named == 1;
    t->locked_goal = p.step_running ? RUN_STEP : p.step ? RUN_REPORT : RUN_CONTINUE;
    t->locked_id = p.last;
    if (rc == 0 && (p.bad || out.error != 0)) {
        rc = threads_reply(t, "E01");
    } else if (rc == 0 && p.waiting != NULL && (p.step || (p.actions == 0 && p.named == 1))) {
        rc = resume_waiting(t, p.waiting, p.step);
    } else if (rc == 0) {
        (void)forward_resume(t, p.step_running && !p.range);
        if (p.actions == 0) /* several waiting threads */
            (void)buf_adds(&out, ";c");
        (void)buf_set(&t->d.request, out.data, out.len);
        rc = DECORATOR_REPLACE;
    }
    buf_free(&out);
    return rc;
}

/* ---- breakpoints of the client, which a run must not remove ---- */

static size_t find_inserted_point(const struct threads *t, char type, uint64_t address)
{
    size_t i = 0;
    while (i < t->n_points && (t->points[i].address != address || t->points[i].type != type))
        i++;
    return i;
}

int answer_point(struct threads *t, const struct request *r)
{
    char type = r->len > 3 ? (char)r->data[1] : '\0';
    if ((type != '0' && type != '1') || r->data[2] != ',' || r->numbers == 0)
        return DECORATOR_PASS;
    size_t at = find_inserted_point(t, type, r->address);
    if (r->data[0] == 'z' && at < t->n_points) {
        t->n_points--;
        t->points[at] = t->points[t->n_points];
    } else if (r->data[0] == 'Z' && at == t->n_points && at < POINTS_MAX) {
        t->points[t->n_points++] = (struct point){r->address, r->length, type};
    }
    return DECORATOR_PASS;
}
