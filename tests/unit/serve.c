/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The serve loop: requests and replies, detach, kill, and clients that disconnect. */
#include "tests/unit/serve_fixture.h"

static void requests_and_replies_pass_and_d_detaches(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "?");
    stub(f, 2 * IO_MS, "T05thread:1;");
    gdb(f, 3 * IO_MS, "qRcmd,68");
    stub(f, 4 * IO_MS, "O6869");
    stub(f, 5 * IO_MS, "OK");
    gdb(f, 6 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][qRcmd,68][leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$T05thread:1;#d7$O6869#2c$OK#9a$OK#9a");
    assert_int_equal(f->lines.len, 0);
}

static void a_refused_detach_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E01";
    gdb(f, IO_MS, "D;7");
    gdb(f, 2 * IO_MS, "g");
    stub(f, 3 * IO_MS, "00");
    stub(f, 4 * IO_MS, "!4");
    assert_int_equal(run(f), NETGDB_CLOSED);
    expect_did(f, "[leave D;7][g][idle]");
    assert_true(said(f, "closed the connection"));
}

static void a_kill_becomes_a_detach(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "vKill;a410");
    gdb(f, 2 * IO_MS, "g");
    gdb(f, 3 * IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$OK#9a$E01#a6");
}

static void k_alone_becomes_a_detach_without_a_reply(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a");
}

static void a_kill_is_forwarded_if_requested(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    gdb(f, IO_MS, "vKill;a410");
    stub(f, 2 * IO_MS, "OK");
    gdb(f, 3 * IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vKill;a410][k]");
}

/* For example a FreeBSD kernel on a serial line. */
static void a_kill_of_freebsds_stub_is_not_forwarded(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    gdb(f, IO_MS, "qSupported:xmlRegisters=i386");
    stub(f, 2 * IO_MS, "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+");
    gdb(f, 3 * IO_MS, "vKill;a410");
    gdb(f, 4 * IO_MS, "k");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[qSupported:xmlRegisters=i386][leave D]");
}

static void a_kill_parks_a_target_of_the_proxy(void **state)
{
    struct fixture *f = *state;
    f->options.park = true;
    gdb(f, IO_MS, "vKill;a410");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "");
}

static void a_disconnect_detaches_the_target(void **state)
{
    struct fixture *f = *state;
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
}

static void a_disconnect_parks_a_target_of_the_proxy(void **state)
{
    struct fixture *f = *state;
    f->options.park = true;
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "");
}

/* GDB's disconnect, or a connection that it could not set up: no D, vKill or k. */
static void a_disconnect_keeps_the_target_if_requested(void **state)
{
    struct fixture *f = *state;
    f->options.keep = true;
    gdb(f, IO_MS, "g");
    fake_eof(&f->io, IO_CLIENT, IO_MS + 1);
    stub(f, 2 * IO_MS, "00");
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[g]");
}

static void a_kept_target_is_detached_by_a_kill(void **state)
{
    struct fixture *f = *state;
    f->options.keep = true;
    gdb(f, IO_MS, "vKill;a410");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
}

static void a_kept_target_is_detached_by_a_detach(void **state)
{
    struct fixture *f = *state;
    f->options.keep = true;
    gdb(f, IO_MS, "D");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[leave D]");
}

static bool is_woken(void *context)
{
    struct fixture *f = context;
    return io_wait(&f->io.io, 0, IO_ON_WAKE) != 0;
}

static void a_wake_can_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->options.ended = is_woken;
    f->options.context = f;
    f->io.wake_at = f->io.now + IO_MS;
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[idle][leave D]");
}

static bool is_always(void *context)
{
    (void)context;
    return true;
}

static void an_end_requested_before_the_wait_needs_no_wake(void **state)
{
    struct fixture *f = *state;
    f->options.ended = is_always;
    f->options.park = true;
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "");
    assert_int_equal(f->io.waited, 0);
}

static void a_wake_that_ends_the_session_stops_a_running_target(void **state)
{
    struct fixture *f = *state;
    f->options.ended = is_woken;
    f->options.context = f;
    f->can_interrupt = true;
    gdb(f, IO_MS, "c");
    f->io.wake_at = f->io.now + IO_SECOND;
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][^C][leave D]");
}

static void a_multiprocess_target_is_detached_by_its_process(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "?");
    stub(f, 2 * IO_MS, "T0506:01;thread:p1a2b.1a2c;core:0;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][leave D;1a2b]");
}

/* The client disconnects before a process was named. */
static void a_refused_plain_d_is_followed_by_qc(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E01";
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    stub(f, 2 * IO_MS, "T05thread:p1a2b.1a2c;");
    assert_int_equal(run(f), SERVE_PARKED); /* parking continues with the process */
    expect_did(f, "[leave D][?][leave D;1a2b]");
}

/* A kernel that would not stay at db>; see quirks.h. */
static void a_detach_that_is_refused_with_a_reason_is_logged_in_one_line(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E.it would run on";
    fake_eof(&f->io, IO_CLIENT, IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[leave D]");
    assert_true(said(f, "cannot detach: it would run on"));
}

static void a_detach_refused_with_a_reason_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E.it would run on";
    gdb(f, IO_MS, "D");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[leave D][leave D]");
    assert_true(said(f, "cannot detach: it would run on"));
}

static void the_process_is_learned_from_qc_too(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "qC");
    stub(f, 2 * IO_MS, "QCp7.9");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[qC][leave D;7]");
}

static void thread_ids_without_a_process_are_ignored(void **state)
{
    static const char *const stops[] = {"T05thread:p;", "T05thread:p12", "T05thread:p0.1;",
                                        "T05thread:p11112222333344445.1;", "T05thread:p"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        gdb(f, (2 * i + 1) * IO_MS, "?");
        stub(f, (2 * i + 2) * IO_MS, stops[i]);
    }
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][?][?][?][?][leave D]");
}

static void no_detach_is_sent_after_the_program_exited(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c]");
    assert_int_equal(f->lines.len, 0);
}

/* After a vKill a node waits for requests; the detach ends that wait. */
static void a_detach_is_sent_after_the_program_was_killed(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    f->leave_reply = "E01";
    gdb(f, IO_MS, "vKill;1");
    stub(f, 2 * IO_MS, "OK");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vKill;1][leave D]");
    assert_int_equal(f->lines.len, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(requests_and_replies_pass_and_d_detaches),
        TEST(a_refused_detach_does_not_end_the_session),
        TEST(a_kill_becomes_a_detach),
        TEST(k_alone_becomes_a_detach_without_a_reply),
        TEST(a_kill_is_forwarded_if_requested),
        TEST(a_kill_of_freebsds_stub_is_not_forwarded),
        TEST(a_kill_parks_a_target_of_the_proxy),
        TEST(a_disconnect_detaches_the_target),
        TEST(a_disconnect_parks_a_target_of_the_proxy),
        TEST(a_disconnect_keeps_the_target_if_requested),
        TEST(a_kept_target_is_detached_by_a_kill),
        TEST(a_kept_target_is_detached_by_a_detach),
        TEST(a_wake_can_end_the_session),
        TEST(an_end_requested_before_the_wait_needs_no_wake),
        TEST(a_wake_that_ends_the_session_stops_a_running_target),
        TEST(a_multiprocess_target_is_detached_by_its_process),
        TEST(a_refused_plain_d_is_followed_by_qc),
        TEST(a_detach_that_is_refused_with_a_reason_is_logged_in_one_line),
        TEST(a_detach_refused_with_a_reason_does_not_end_the_session),
        TEST(the_process_is_learned_from_qc_too),
        TEST(thread_ids_without_a_process_are_ignored),
        TEST(no_detach_is_sent_after_the_program_exited),
        TEST(a_detach_is_sent_after_the_program_was_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
