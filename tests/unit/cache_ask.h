/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: a cache in front of the stub of cache_world.h, and checks of the requests it sends. */
#ifndef NETGDB_TESTS_CACHE_ASK_H
#define NETGDB_TESTS_CACHE_ASK_H

#include "tests/unit/unit.h"

#include <stdlib.h>

#include "tests/unit/cache_world.h"

#define OTHER "m14010,4" /* in page 4, to which no special rule applies */

struct fixture {
    struct world *w;
    struct target *t;
    struct buf reply;
    size_t seen; /* bytes of the stub's log that news() has returned */
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

/* Sends a request and returns the reply as text. */
static inline const char *ask(struct fixture *f, const char *request)
{
    assert_int_equal(target_ask(f->t, request, &f->reply), 0);
    (void)buf_addc(&f->reply, 0);
    return (const char *)f->reply.data;
}

/* Returns the requests that the stub has received since the last call. */
static inline const char *news(struct fixture *f)
{
    const char *text = f->w->log + f->seen;
    f->seen = f->w->log_len;
    return text;
}

/* Expects that a request of the client sends these to the stub, each preceded by a space. */
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
