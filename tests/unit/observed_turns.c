/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Observers of a target: lists, the order of requests, and the life of an observer. */
#include "tests/unit/observed_fixture.h"

/* ---- lists ---- */

static void a_list_is_one_reply(void **state)
{
    struct fixture *f = *state;
    observer_asks(f, "qfThreadInfo", "m1");
    observer_asks(f, "qsThreadInfo", "l");
    expect_stub(f, "[qfThreadInfo][qsThreadInfo]");
}

static void a_list_of_the_first_client_restarts_the_observers(void **state)
{
    struct fixture *f = *state;
    const struct request r = request_of("qfThreadInfo");
    assert_int_equal(target_send(f->observer, &r), 0);
    assert_int_equal(observed_run(&f->observed), 0); /* one part */
    first_asks(f, "qfThreadInfo");
    assert_true(observed_due(&f->observed) > io_fds_now()); /* not before the client's end */
    first_asks(f, "qsThreadInfo");
    while (observed_due(&f->observed) != IO_NEVER)
        assert_int_equal(observed_run(&f->observed), 0);
    assert_true(observer_gets(f, "m1"));
    expect_stub(f, "[qfThreadInfo][qfThreadInfo][qsThreadInfo][qfThreadInfo][qsThreadInfo]");
}

static void a_list_that_the_first_client_leaves_does_not_delay_observers(void **state)
{
    struct fixture *f = *state;
    const struct request r = request_of("qfThreadInfo");
    first_asks(f, "?");
    first_asks(f, "qfThreadInfo"); /* and never its end */
    first_asks(f, "g");
    assert_int_equal(target_send(f->observer, &r), 0);
    assert_true(observed_due(&f->observed) < f->observed.client_done + OBSERVED_LIST_TIME);
    while (observed_due(&f->observed) != IO_NEVER)
        assert_int_equal(observed_run(&f->observed), 0);
    assert_true(observer_gets(f, "m1"));
    expect_stub(f, "[?][qfThreadInfo][g][qfThreadInfo][qsThreadInfo]");
}

static void the_first_client_continues_its_list_after_an_observers(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    first_asks(f, "qfThreadInfo");
    f->stub.forced = "m2";
    first_asks(f, "qsThreadInfo");
    first_asks(f, "g");
    observer_asks(f, "qfThreadInfo", "m1");
    buf_reset(&f->stub.did);
    first_asks(f, "qsThreadInfo");
    assert_true(buf_is(&f->reply, "l"));
    expect_stub(f, "[qfThreadInfo][qsThreadInfo][qsThreadInfo]");
    first_asks(f, "qsThreadInfo"); /* its position is its own again */
    expect_stub(f, "[qsThreadInfo]");
}

static void a_silent_first_client_excludes_observers_for_a_time_only(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "qfThreadInfo");
    f->observed.client_done -= OBSERVED_LIST_TIME; /* as if it was long ago */
    observer_asks(f, "qfThreadInfo", "m1");
    expect_stub(f, "[qfThreadInfo][qfThreadInfo][qsThreadInfo]");
}

/* gdbserver would take the observer's request for the answer. */
static void nothing_comes_between_a_question_of_the_stub_and_its_answer(void **state)
{
    struct fixture *f = *state;
    const struct request r = request_of("m0,4");
    assert_int_equal(target_send(f->observer, &r), 0);
    f->stub.forced = "qSymbol:6d61696e";
    first_asks(f, "qSymbol::");
    assert_int_equal(observed_due(&f->observed), IO_NEVER);
    f->stub.forced = "OK";
    first_asks(f, "qSymbol:1000:6d61696e");
    assert_int_not_equal(observed_due(&f->observed), IO_NEVER);
}

static void a_file_request_of_the_target_is_no_stop(void **state)
{
    struct fixture *f = *state;
    f->stub.forced = "Fopen,1/2,0,0";
    first_asks(f, "c");
    assert_true(f->observed.running);
    f->stub.forced = "T05thread:1;";
    first_asks(f, "F3");
    assert_false(f->observed.running);
}

/* ---- who comes first ---- */

static void a_busy_first_client_is_delayed_by_5_percent(void **state)
{
    struct fixture *f = *state;
    const struct request r = request_of("m0,4");
    uint64_t now = io_fds_now();
    assert_int_equal(observed_due(&f->observed), IO_NEVER);
    assert_int_equal(target_send(f->observer, &r), 0);
    f->observed.cost = IO_MS;
    f->observed.client_done = now;
    f->observed.observers_done = now - 5 * IO_MS;
    assert_int_equal(observed_due(&f->observed), now + (OBSERVED_SHARE - 5) * IO_MS);
    f->observed.client_done = now - IO_SECOND; /* it has paused */
    f->observed.observers_done = now;
    assert_true(observed_due(&f->observed) < now);
}

static void observers_take_turns(void **state)
{
    struct fixture *f = *state;
    struct target *other;
    const struct request a = request_of("m1,1"), b = request_of("m2,1");
    assert_int_equal(observer_new(&f->observed, &f->io, NULL, NULL, &other), 0);
    assert_int_equal(target_send(f->observer, &a), 0);
    assert_int_equal(target_send(other, &b), 0);
    f->observed.has_client = false; /* no client is delayed */
    assert_int_equal(observed_run(&f->observed), 0);
    assert_int_equal(target_recv(f->observer, &f->reply, &(bool){false}, 0), 0);
    assert_int_equal(target_send(f->observer, &a), 0);
    assert_int_equal(observed_run(&f->observed), 0);
    assert_int_equal(observed_run(&f->observed), 0);
    expect_stub(f, "[m1,1][m2,1][m1,1]");
    target_free(other);
}

static void there_is_a_limit_of_observers(void **state)
{
    struct fixture *f = *state;
    struct target *all[OBSERVERS_MAX];
    for (unsigned i = 1; i < OBSERVERS_MAX; i++)
        assert_int_equal(observer_new(&f->observed, &f->io, NULL, NULL, &all[i]), 0);
    assert_int_equal(observer_new(&f->observed, &f->io, NULL, NULL, &all[0]), NETGDB_TOO_LONG);
    for (unsigned i = 1; i < OBSERVERS_MAX; i++)
        target_free(all[i]);
}

/* FreeBSD's stub names the selected thread as the one that stopped: for the next client, too. */
static void a_parked_target_has_the_first_clients_selection(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "Hg2", "OK");
    observer_asks(f, "g", "2");
    assert_int_equal(observed_park(&f->observed), 0);
    assert_int_equal(observed_park(&f->observed), 0);
    expect_stub(f, "[?][Hg2][g][Hg1]");
}

static void an_observer_learns_that_the_session_has_ended(void **state)
{
    struct fixture *f = *state;
    bool final = false;
    first_asks(f, "?");
    observer_asks(f, "?", "T05thread:1;");
    observer_sends(f, "c");
    observed_close(&f->observed);
    assert_int_equal(target_recv(f->observer, &f->reply, &final, 0), 0);
    assert_true(!final && buf_starts(&f->reply, "O"));
    assert_int_equal(target_recv(f->observer, &f->reply, &final, 0), NETGDB_CLOSED);
    assert_int_equal(target_idle(f->observer), NETGDB_CLOSED);
}

/* Its request stays queued: `need` starts a thread that serves the target. */
static void a_target_without_a_thread_is_served_again(void **state)
{
    struct fixture *f = *state;
    observed_leave(&f->observed);
    const struct request r = request_of("m0,4");
    assert_int_equal(target_send(f->observer, &r), 0);
    assert_true(observer_gets(f, NULL));
    assert_int_equal(f->needs, 1);
    observed_begin(&f->observed, &f->owner, NETGDB_PEER_OTHER, false);
    assert_int_equal(observed_run(&f->observed), 0);
    assert_true(observer_gets(f, "1"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_list_is_one_reply),
        TEST(a_list_of_the_first_client_restarts_the_observers),
        TEST(a_list_that_the_first_client_leaves_does_not_delay_observers),
        TEST(the_first_client_continues_its_list_after_an_observers),
        TEST(a_silent_first_client_excludes_observers_for_a_time_only),
        TEST(nothing_comes_between_a_question_of_the_stub_and_its_answer),
        TEST(a_file_request_of_the_target_is_no_stop),
        TEST(a_busy_first_client_is_delayed_by_5_percent),
        TEST(observers_take_turns),
        TEST(there_is_a_limit_of_observers),
        TEST(a_parked_target_has_the_first_clients_selection),
        TEST(an_observer_learns_that_the_session_has_ended),
        TEST(a_target_without_a_thread_is_served_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
