/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A cache in front of the stub of cache_world.h, and what it sends on. */
#ifndef NETGDB_TESTS_CACHE_ASK_H
#define NETGDB_TESTS_CACHE_ASK_H

#include "tests/unit/unit.h"

#include <stdlib.h>

#include "tests/unit/cache_world.h"

#define OTHER "m14010,4" /* of page 4: no rule is about it */

struct fixture {
    struct world *w;
    struct target *t;
    struct buf reply;
    size_t seen; /* how much of the stub's log was looked at */
};

static inline struct fixture *begin(const struct world_kind *kind)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->w = world_new(7, kind);
    memset(f->w->dead, 0, sizeof f->w->dead);
    f->t = cache_new(&f->w->base, world_options());
    assert_non_null(f->t);
    buf_init(&f->reply, TARGET_REPLY_MAX);
    return f;
}

/* Asks, and keeps the reply as text. */
static inline const char *ask(struct fixture *f, const char *request)
{
    assert_int_equal(target_ask(f->t, request, &f->reply), 0);
    (void)buf_addc(&f->reply, 0);
    return (const char *)f->reply.data;
}

/* What the stub was asked since the last look. */
static inline const char *news(struct fixture *f)
{
    const char *text = f->w->log + f->seen;
    f->seen = f->w->log_len;
    return text;
}

/* The request reaches the stub as these, each behind a space. */
static inline void expect(struct fixture *f, const char *request, const char *sent)
{
    (void)ask(f, request);
    assert_string_equal(news(f), sent);
}

static inline int set_up(void **state)
{
    struct fixture *f = begin(NULL);
    *state = f;
    (void)ask(f, "qSupported");
    f->w->current = 0;
    do {
        (void)ask(f, "?");
        memset(f->w->dead, 0, sizeof f->w->dead);
    } while (f->w->current != 1);
    (void)news(f);
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    target_free(f->t);
    buf_free(&f->reply);
    free(f);
    return 0;
}

#define RULE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
