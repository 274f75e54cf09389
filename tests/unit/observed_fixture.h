/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: a stub with two threads that records its requests, its first client, an observer. */
#ifndef NETGDB_TESTS_OBSERVED_FIXTURE_H
#define NETGDB_TESTS_OBSERVED_FIXTURE_H

#include "session/observed.h"
#include "session/observer.h"
#include "tests/requests.h"
#include "tests/unit/unit.h"

#include "io/fds.h"
#include "proto/err.h"

/* A stub with two threads that records its requests. */
struct stub {
    struct target target; /* first */
    struct buf did;
    char selected[8];
    char request[64];
    const char *forced; /* the next reply; NULL: as below */
    int fails;          /* the next request, with this error; 0: none */
};

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = (struct stub *)t;
    int rc = s->fails;
    s->fails = 0;
    if (rc != 0)
        return rc;
    snprintf(s->request, sizeof s->request, "%.*s", (int)r->len, (const char *)r->data);
    if (strncmp(s->request, "Hg", 2) == 0)
        snprintf(s->selected, sizeof s->selected, "%.7s", s->request + 2);
    return buf_printf(&s->did, "[%.*s]", (int)r->len, (const char *)r->data);
}

static const char *reply_of(const struct stub *s, char text[64])
{
    static const struct {
        const char *request, *reply;
    } replies[] = {{"?", "T0506:aabb;swbreak:;thread:1;core:0;"},
                   {"c", "T05thread:2;"},
                   {"qC", "QC1"},
                   {"qSupported", "PacketSize=1000;qXfer:features:read+;qXfer:siginfo:write+;"
                                  "qXfer:btrace:read+;"
                                  "QPassSignals+;swbreak+;multiprocess+;vContSupported+"},
                   {"qfThreadInfo", "m1"},
                   {"qsThreadInfo", "l"}};
    if (s->forced != NULL)
        return s->forced;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        if (strncmp(s->request, replies[i].request, strlen(replies[i].request)) == 0)
            return replies[i].reply;
    }
    snprintf(text, 64, "%s", strncmp(s->request, "Hg", 2) == 0 ? "OK" : s->selected);
    return text;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    char text[64];
    struct stub *s = (struct stub *)t;
    (void)watch;
    *final = true;
    int rc = buf_sets(reply, reply_of(s, text));
    s->forced = NULL;
    return rc;
}

static void stub_free(struct target *t)
{
    (void)t;
}

struct fixture {
    struct stub stub;
    struct observed observed;
    struct target *first; /* the first client's chain */
    struct target *observer;
    struct io_fds owner, io;
    struct buf reply;
    unsigned needs;
};

static int note_need(void *context)
{
    ((struct fixture *)context)->needs++;
    return 0;
}

static int setup(void **state)
{
    static const struct target_ops ops = {.send = stub_send, .recv = stub_recv, .free = stub_free};
    struct fixture *f = test_calloc(1, sizeof *f);
    f->stub.target.ops = &ops;
    strcpy(f->stub.selected, "1");
    buf_init(&f->stub.did, 20000);
    buf_init(&f->reply, TARGET_REPLY_MAX);
    assert_int_equal(io_fds_init(&f->owner), 0);
    assert_int_equal(io_fds_init(&f->io), 0);
    observed_init(&f->observed);
    f->first = observed_share_new(&f->stub.target, &f->observed);
    assert_non_null(f->first);
    observed_begin(&f->observed, &f->owner, NETGDB_PEER_OTHER, true);
    assert_int_equal(observer_new(&f->observed, &f->io, note_need, f, &f->observer), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    target_free(f->observer);
    observed_leave(&f->observed);
    target_free(f->first);
    observed_free(&f->observed);
    io_fds_close(&f->owner);
    io_fds_close(&f->io);
    buf_free(&f->stub.did);
    buf_free(&f->reply);
    test_free(f);
    return 0;
}

/* The first client's request; its reply is in f->reply. */
static inline void first_asks(struct fixture *f, const char *request)
{
    assert_int_equal(target_ask(f->first, request, &f->reply), 0);
    observed_client_done(&f->observed);
}

/* The observer's request up to its reply: the owner executes what is queued. */
static inline void observer_sends(struct fixture *f, const char *request)
{
    const struct request r = request_of(request);
    assert_int_equal(target_send(f->observer, &r), 0);
    while (observed_due(&f->observed) != IO_NEVER)
        assert_int_equal(observed_run(&f->observed), 0);
}

/* Returns whether the reply is there; otherwise the observer waits. */
static inline bool observer_gets(struct fixture *f, const char *text)
{
    bool final = false;
    f->io.io.alarm = 0; /* a look, without a wait */
    int rc = target_recv(f->observer, &f->reply, &final, IO_ON_ALARM);
    if (rc == NETGDB_AGAIN)
        return text == NULL;
    assert_int_equal(rc, 0);
    return text != NULL && buf_is(&f->reply, text);
}

static inline void observer_asks(struct fixture *f, const char *request, const char *expected)
{
    observer_sends(f, request);
    assert_int_equal(target_recv(f->observer, &f->reply, &(bool){false}, 0), 0);
    if (!buf_is(&f->reply, expected))
        fail_msg("%s: %.*s instead of %s", request, (int)f->reply.len, (const char *)f->reply.data,
                 expected);
}

static inline void expect_stub(struct fixture *f, const char *text)
{
    if (!buf_is(&f->stub.did, text))
        fail_msg("the stub got %.*s instead of %s", (int)f->stub.did.len,
                 (const char *)f->stub.did.data, text);
    buf_reset(&f->stub.did);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
