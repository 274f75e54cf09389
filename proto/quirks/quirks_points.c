/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Breakpoint instructions that the client writes to memory: FreeBSD's stub has no Z0. A breakpoint
 * in code that the stub itself runs is refused. Others are recorded until they are removed, so that
 * the next server can remove them if the client is killed. See quirks.h.
 */
#include <string.h>

#include "proto/check.h"
#include "proto/quirks/keepout.h"
#include "proto/quirks/quirks_private.h"

static struct stop_point *find_stop_point(struct stop *s, uint64_t address, size_t len)
{
    for (unsigned i = 0; i < STOP_POINTS; i++) {
        if (s->points[i].len == len && s->points[i].address == address)
            return &s->points[i];
    }
    return NULL;
}

/* Makes the reply to a breakpoint in the stub's own code. */
static int refuse_breakpoint(struct quirks *q, const char *name)
{
    return buf_sets(&q->d.reply, keepout_answer(q->last_refused, name, q->options.log));
}

/*
 * Records the original bytes at `address`, unless they are the breakpoint itself. If that is
 * impossible, sets *why to a short reason. Returns 0 or the target's error.
 */
static int remember(struct quirks *q, uint64_t address, const char **why)
{
    struct stop *s = quirks_stop(q);
    CHECK_OR_RETURN(q->data.len != 0 && q->data.len <= STOP_TEXT_MAX);
    struct stop_point *p = find_stop_point(s, address, q->data.len);
    struct stop_point now = {.address = address, .len = (uint8_t)q->data.len};
    bool good = true;
    int rc = 0;
    if (p != NULL)
        now = *p;
    else
        rc = quirks_read_bytes(q, address, now.text, now.len, &good);
    bool there = good && memcmp(now.text, q->data.data, now.len) == 0;
    if (p == NULL)
        p = find_stop_point(s, 0, 0); /* a free entry */
    if (!good || p == NULL)
        *why = good ? "too many breakpoints are inserted" : "its text cannot be read";
    if (rc != 0 || *why != NULL || there)
        return rc;
    now.inserted = 1;
    now.old = 0;
    *p = now;
    CHECK_OR_RETURN(stop_is_sound(s));
    return 0;
}

/* Whether the stub itself runs the code at `address`; its function is stored in
 * name[QUIRKS_NAME_MAX]. */
static bool is_stub_code(const struct quirks *q, uint64_t address, char *name)
{
    const struct quirks_options *o = &q->options;
    return o->function != NULL &&
           o->function(o->function_context, address, name, QUIRKS_NAME_MAX) &&
           keepout_is_stubs_own(name);
}

bool quirks_may_write(struct quirks *q, uint64_t address, int *rc)
{
    char name[QUIRKS_NAME_MAX];
    const char *why = NULL; /* ignored: the client removes its breakpoints itself */
    *rc = 0;
    if (!keepout_is_breakpoint(&q->data))
        return true;
    bool own = is_stub_code(q, address, name);
    *rc = own ? refuse_breakpoint(q, name) : remember(q, address, &why);
    return !own;
}

int quirks_insert_point(struct quirks *q, uint64_t address, const char **why)
{
    char name[QUIRKS_NAME_MAX];
    if (is_stub_code(q, address, name)) {
        *why = "it stopped in its own debugger";
        return 0;
    }
    int rc = remember(q, address, why);
    if (rc != 0 || *why != NULL || find_stop_point(quirks_stop(q), address, q->data.len) == NULL)
        return rc;
    rc = quirks_write(q, address);
    if (rc == 0 && !buf_is(&q->part, "OK"))
        *why = "its text cannot be written";
    return rc;
}

void quirks_note_write(struct quirks *q, uint64_t address)
{
    struct stop *s = quirks_stop(q);
    bool inserted = keepout_is_breakpoint(&q->data);
    CHECK(q->data.len != 0 && stop_is_sound(s));
    for (unsigned i = 0; i < STOP_POINTS; i++) {
        struct stop_point *p = &s->points[i];
        if (p->len == 0 || p->address - address >= q->data.len) {
            if (p->len == 0 || address - p->address >= p->len)
                continue; /* no overlap */
        }
        bool same = p->address == address && p->len == q->data.len;
        if (same && !inserted && memcmp(p->text, q->data.data, p->len) == 0)
            p->inserted = 0;
        else if (!same || !inserted)
            *p = (struct stop_point){.len = 0};
    }
}

void quirks_age_points(struct stop *s)
{
    for (unsigned i = 0; i < STOP_POINTS; i++) {
        struct stop_point *p = &s->points[i];
        if (p->inserted != 0 && p->old != 0)
            *p = (struct stop_point){.len = 0};
        p->old = p->inserted;
    }
}

void quirks_leave_points(struct stop *s)
{
    for (unsigned i = 0; i < STOP_POINTS; i++) {
        struct stop_point *p = &s->points[i];
        if (p->inserted == 0 || p->old == 0)
            *p = (struct stop_point){.len = 0};
    }
}

int quirks_remove_point(struct quirks *q, struct stop_point *p)
{
    CHECK_OR_RETURN(p->len != 0 && p->len <= STOP_TEXT_MAX);
    int rc = buf_set(&q->data, p->text, p->len);
    if (rc == 0)
        rc = quirks_write(q, p->address);
    if (rc == 0)
        p->inserted = 0;
    return rc;
}

int quirks_remove_point_at(struct quirks *q, uint64_t address, size_t len)
{
    struct stop_point *p = find_stop_point(quirks_stop(q), address, len);
    return p != NULL ? quirks_remove_point(q, p) : 0;
}
