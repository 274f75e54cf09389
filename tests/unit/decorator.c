/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The frame of decorators: a decorator that does what the first byte of a request or reply says. */
#include "proto/decorator.h"
#include "tests/requests.h"
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/io.h"

/* The next target: records its requests and answers them by a list. */
struct next {
    struct target target;
    struct buf asked;
    const char *const *replies; /* "LOST" and "REPLACED" are errors, "Ohh" is console output */
    unsigned frees;
};

static int next_send(struct target *t, const struct request *r)
{
    struct next *n = (struct next *)t;
    if (r->len > 8)
        return NETGDB_TOO_LONG;
    return buf_printf(&n->asked, "[%.*s]", (int)r->len, (const char *)r->data);
}

static int next_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct next *n = (struct next *)t;
    const char *text = *n->replies++;
    (void)watch;
    assert_non_null(text);
    *final = text[0] != 'O' || text[1] == 'K';
    if (strcmp(text, "LOST") == 0)
        return NETGDB_LOST;
    return strcmp(text, "REPLACED") == 0 ? NETGDB_REPLACED : buf_sets(reply, text);
}

static int next_leave(struct target *t, const struct request *r, struct buf *reply)
{
    return next_send(t, r) != 0 ? NETGDB_LOST : buf_sets(reply, "OK");
}

static size_t next_max_request(struct target *t)
{
    (void)t;
    return 8;
}

static void next_free(struct target *t)
{
    ((struct next *)t)->frees++;
}

/* The decorator. */
struct sample {
    struct decorator d;
    unsigned sessions;
};

static int on_request(struct decorator *d, const struct request *r)
{
    switch (r->data[0]) {
    case 'g': /* answered here, with two lines of output */
        buf_init(&d->output, 100);
        (void)buf_sets(&d->output, "one\ntwo\n");
        (void)buf_sets(&d->reply, "0011");
        return DECORATOR_DONE;
    case 'G': /* a reply that does not fit */
        (void)buf_sets(&d->reply, "a long reply");
        return DECORATOR_DONE;
    case 'm': /* another request first */
        (void)buf_sets(&d->request, "p1");
        return DECORATOR_REPLACE;
    case 'P': /* a request that does not fit */
        (void)buf_sets(&d->request, "a long request");
        return DECORATOR_REPLACE;
    case 'X':
        return NETGDB_LOST;
    default:
        return DECORATOR_PASS;
    }
}

static int on_reply(struct decorator *d, struct buf *reply, bool final)
{
    if (!final || !buf_is(reply, "more"))
        return final ? buf_adds(reply, "!") : DECORATOR_DONE;
    (void)buf_sets(&d->request, "p2");
    return DECORATOR_REPLACE;
}

static void on_new_session(struct decorator *d)
{
    ((struct sample *)d)->sessions++;
}

struct fixture {
    struct next next;
    struct sample *sample;
    struct target *front;
    struct buf reply;
};

static int setup(void **state)
{
    static const struct target_ops next_ops = {.send = next_send,
                                               .recv = next_recv,
                                               .leave = next_leave,
                                               .max_request = next_max_request,
                                               .free = next_free};
    static const struct decorator_ops ops = {
        .on_request = on_request, .on_reply = on_reply, .on_new_session = on_new_session};
    struct fixture *f = test_calloc(1, sizeof *f);
    f->next.target.ops = &next_ops;
    buf_init(&f->next.asked, 100);
    f->sample = decorator_new(sizeof *f->sample, &f->next.target, &ops, 8, 8);
    assert_non_null(f->sample);
    f->front = &f->sample->d.base;
    buf_init(&f->reply, 100);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    target_free(f->front);
    assert_int_equal(f->next.frees, 1);
    buf_free(&f->next.asked);
    buf_free(&f->reply);
    test_free(f);
    return 0;
}

static void ask(struct fixture *f, const char *request, const char *const *replies, int error)
{
    f->next.replies = replies;
    buf_reset(&f->next.asked);
    assert_int_equal(target_ask(f->front, request, &f->reply), error);
}

static void expect(struct fixture *f, const char *reply, const char *asked)
{
    assert_true(buf_is(&f->reply, reply));
    assert_true(buf_is(&f->next.asked, asked));
}

static void a_request_passes_and_its_reply_is_changed(void **state)
{
    struct fixture *f = *state;
    static const char *const replies[] = {"O41", "T05"};
    ask(f, "c", replies, 0);
    expect(f, "T05!", "[c]");
}

static void an_answer_comes_after_its_output(void **state)
{
    struct fixture *f = *state;
    static const char *const packets[] = {"O6f6e650a", "O74776f0a", "0011"};
    assert_int_equal(send_bytes(f->front, "g", 1), 0);
    for (unsigned i = 0; i < 3; i++) {
        bool final = i != 2;
        assert_int_equal(target_recv(f->front, &f->reply, &final, IO_ON_CLIENT), 0);
        expect(f, packets[i], "");
        assert_int_equal(final, i == 2);
    }
}

static void requests_of_its_own_replace_the_clients(void **state)
{
    struct fixture *f = *state;
    static const char *const replies[] = {"O41", "more", "more", "00"};
    ask(f, "m0,1", replies, 0);
    expect(f, "00!", "[p1][p2][p2]");
    assert_int_equal(f->sample->d.packet->id, PACKET_m); /* still the client's */
}

static void the_client_is_looked_at_between_exchanges(void **state)
{
    struct fixture *f = *state;
    static const char *const replies[] = {"more", "00"};
    bool final = false;
    f->next.replies = replies;
    assert_int_equal(send_bytes(f->front, "m0,1", 4), 0);
    assert_int_equal(target_recv(f->front, &f->reply, &final, IO_ON_CLIENT), NETGDB_AGAIN);
    assert_true(buf_is(&f->next.asked, "[p1][p2]"));
    assert_int_equal(target_recv(f->front, &f->reply, &final, IO_ON_CLIENT), 0);
    assert_true(final);
    expect(f, "00!", "[p1][p2]");
}

static void a_failure_ends_the_request(void **state)
{
    struct fixture *f = *state;
    static const char *const lost[] = {"LOST"}, *const fine[] = {"OK"};
    ask(f, "c", lost, NETGDB_LOST);
    assert_true(f->sample->d.failed);
    ask(f, "X", NULL, NETGDB_LOST);
    expect(f, "", "");
    ask(f, "?", fine, 0);
    expect(f, "OK!", "[?]");
}

static void what_is_too_long_is_no_failure(void **state)
{
    struct fixture *f = *state;
    static const char *const fine[] = {"OK"};
    ask(f, "c00000000", NULL, NETGDB_TOO_LONG);
    ask(f, "P", NULL, NETGDB_TOO_LONG);
    ask(f, "G", NULL, NETGDB_TOO_LONG);
    expect(f, "", "");
    assert_false(f->sample->d.failed);
    ask(f, "?", fine, 0);
    expect(f, "OK!", "[?]");
}

static void a_new_session_begins_with_its_stop(void **state)
{
    struct fixture *f = *state;
    static const char *const replies[] = {"REPLACED", "T05"};
    bool final = false;
    ask(f, "c", replies, NETGDB_REPLACED);
    assert_int_equal(f->sample->sessions, 1);
    assert_int_equal(f->sample->d.packet->id, PACKET_stop_reason);
    assert_int_equal(target_recv(f->front, &f->reply, &final, 0), 0);
    expect(f, "T05!", "[c]");
}

static void a_request_without_a_reply_is_not_awaited(void **state)
{
    struct fixture *f = *state;
    static const char *const fine[] = {"OK"};
    f->next.replies = fine;
    assert_int_equal(send_bytes(f->front, "k", 1), 0);
    assert_int_equal(target_ask(f->front, "?", &f->reply), 0);
    expect(f, "OK!", "[k][?]");
    assert_int_equal(leave_with(f->front, "D", &f->reply), 0);
    expect(f, "OK", "[k][?][D]");
    assert_int_equal(target_max_request(f->front), 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_passes_and_its_reply_is_changed),
        TEST(an_answer_comes_after_its_output),
        TEST(requests_of_its_own_replace_the_clients),
        TEST(the_client_is_looked_at_between_exchanges),
        TEST(a_failure_ends_the_request),
        TEST(what_is_too_long_is_no_failure),
        TEST(a_new_session_begins_with_its_stop),
        TEST(a_request_without_a_reply_is_not_awaited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
