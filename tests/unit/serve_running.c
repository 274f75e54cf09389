/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The serve loop: several processes, runs, Ctrl-C, run-timeout=, reboots and errors. */
#include "tests/unit/serve_fixture.h"

/* ---- several processes ---- */

static void the_detach_of_a_forked_child_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "?", "T05thread:p10.10;core:0;");
    stops(f, 2 * IO_MS, "vCont;c", "T05fork:p11.11;thread:p10.10;");
    stops(f, 3 * IO_MS, "D;11", "OK");
    stops(f, 4 * IO_MS, "vCont;c", "T05thread:p10.10;");
    gdb(f, 5 * IO_MS, "D;10");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][vCont;c][D;11][vCont;c][leave D;10]");
}

static void the_detach_of_a_forking_parent_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "vCont;c", "T05vfork:p11.11;thread:p10.10;");
    stops(f, 2 * IO_MS, "D;10", "OK");
    stops(f, 3 * IO_MS, "vCont;c", "W00;process:11");
    fake_eof(&f->io, IO_CLIENT, 4 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vCont;c][D;10][vCont;c]");
    assert_int_equal(f->lines.len, 0);
}

static void a_process_whose_detach_is_refused_stays_attached(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "vCont;c", "T05fork:p11.11;thread:p10.10;");
    stops(f, 2 * IO_MS, "D;11", "E01");
    stops(f, 3 * IO_MS, "D;10", "OK");
    gdb(f, 4 * IO_MS, "D;11");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vCont;c][D;11][D;10][leave D;11]");
}

static void processes_named_only_in_a_list_count(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "?", "T05thread:p10.10;");
    stops(f, 2 * IO_MS, "qXfer:threads:read::0,1000",
          "l<threads><thread id=\"p10.10\"/><thread id=\"p11.12\"/></threads>");
    stops(f, 3 * IO_MS, "D;10", "OK");
    gdb(f, 4 * IO_MS, "D;11");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[?][qXfer:threads:read::0,1000][D;10][leave D;11]");
}

static void the_exit_of_one_process_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->options.end_with_program = true;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "c", "W00;process:1");
    stops(f, 3 * IO_MS, "c", "X09;process:2");
    stub(f, 4 * IO_MS, "E01"); /* the thread list */
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][c][c][qfThreadInfo]");
}

static void a_disconnect_detaches_all_processes(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "c", "T05fork:p3.3;thread:p1.1;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_MS);
    stub(f, 3 * IO_MS + 1, "OK");
    stub(f, 3 * IO_MS + 2, "OK");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][c][D;2][D;3][leave D;1]");
}

static void a_kill_of_one_process_is_forwarded(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "vKill;2", "OK");
    stops(f, 3 * IO_MS, "c", "T05thread:p1.1;");
    gdb(f, 4 * IO_MS, "vKill;1");
    fake_eof(&f->io, IO_CLIENT, 5 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][vKill;2][c][leave D;1]");
}

static void a_kill_in_extended_mode_is_forwarded(void **state)
{
    struct fixture *f = *state;
    stops(f, IO_MS, "!", "OK");
    stops(f, 2 * IO_MS, "?", "T05thread:p1.1;");
    stops(f, 3 * IO_MS, "vKill;1", "OK");
    stops(f, 4 * IO_MS, "vRun;", "T05thread:p2.2;");
    fake_eof(&f->io, IO_CLIENT, 5 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[!][?][vKill;1][vRun;][leave D;2]");
}

static void a_forwarded_kill_of_one_process_does_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = f->options.keep = true;
    stops(f, IO_MS, "c", "T05fork:p2.2;thread:p1.1;");
    stops(f, 2 * IO_MS, "vKill;2", "OK");
    stops(f, 3 * IO_MS, "c", "T05thread:p1.1;");
    fake_eof(&f->io, IO_CLIENT, 4 * IO_MS);
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[c][vKill;2][c]");
}

static void in_extended_mode_the_session_survives_detach_and_kill(void **state)
{
    struct fixture *f = *state;
    f->options.forward_kill = true;
    stops(f, IO_MS, "!", "OK");
    stops(f, 2 * IO_MS, "?", "T05thread:p1.1;");
    stops(f, 3 * IO_MS, "D;1", "OK");
    stops(f, 4 * IO_MS, "vRun;", "T05thread:p2.2;");
    stops(f, 5 * IO_MS, "vKill;2", "OK");
    gdb(f, 6 * IO_MS, "k");
    stops(f, 7 * IO_MS, "vRun;", "T05thread:p3.3;");
    fake_eof(&f->io, IO_CLIENT, 8 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[!][?][D;1][vRun;][vKill;2][k][vRun;][leave D;3]");
}

/* More processes than are recorded: no detach is taken for the last one. */
static void too_many_processes_do_not_end_the_session(void **state)
{
    struct fixture *f = *state;
    struct buf list;
    buf_init(&list, 100000);
    for (unsigned i = 0; i <= PROCESSES_MAX; i++)
        assert_int_equal(buf_printf(&list, "%cp%x.1", i == 0 ? 'm' : ',', i + 1), 0);
    gdb(f, IO_MS, "qfThreadInfo");
    fake_push(&f->io, IO_TARGET, 2 * IO_MS, list.data, list.len);
    buf_free(&list);
    uint64_t at = 3 * IO_MS;
    for (unsigned i = 0; i < 3; i++, at += IO_MS)
        stops(f, at, "D;1", "OK");
    stub(f, at, "!4");
    assert_int_equal(run(f), NETGDB_CLOSED);
    expect_did(f, "[qfThreadInfo][D;1][D;1][D;1][idle]");
}

static void a_detach_after_the_program_ended_ends_the_session(void **state)
{
    struct fixture *f = *state;
    f->leave_reply = "E01";
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00");
    gdb(f, 3 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
}

static void a_stub_may_exit_with_its_program(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00");
    stub(f, 3 * IO_MS, "!4");
    assert_int_equal(run(f), SERVE_DETACHED);
    assert_int_equal(f->lines.len, 0);
}

static void the_session_can_end_with_the_last_process(void **state)
{
    struct fixture *f = *state;
    f->options.end_with_program = true;
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_MS, "W00;process:1");
    stub(f, 3 * IO_MS, "mp2.2"); /* another process */
    gdb(f, 4 * IO_MS, "c");
    stub(f, 5 * IO_MS, "W00;process:2");
    stub(f, 6 * IO_MS, "E01");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][qfThreadInfo][c][qfThreadInfo]");
}

static void in_extended_mode_the_session_survives_the_program(void **state)
{
    struct fixture *f = *state;
    f->options.end_with_program = true;
    gdb(f, IO_MS, "!");
    stub(f, 2 * IO_MS, "OK");
    gdb(f, 3 * IO_MS, "c");
    stub(f, 4 * IO_MS, "W00");
    gdb(f, 5 * IO_MS, "vRun;");
    stub(f, 6 * IO_MS, "T05thread:1;");
    fake_eof(&f->io, IO_CLIENT, 7 * IO_MS);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[!][c][vRun;][leave D]");
}

static void ctrl_c_reaches_a_target_that_can_be_interrupted(void **state)
{
    struct fixture *f = *state;
    f->can_interrupt = true;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    gdb(f, 2 * IO_SECOND, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][^C][leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$T02thread:1;#d4$OK#9a");
}

static void ctrl_c_to_a_running_kernel_is_explained(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][leave D]");
    assert_true(
        said(f, "cannot interrupt a running kernel from here: break into it at its console"));
    assert_true(said(f, "Press Ctrl-C again to leave"));
}

static void ctrl_c_to_a_running_kernel_may_be_explained_to_the_client(void **state)
{
    struct fixture *f = *state;
    f->options.tell_client = true;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    fake_eof(&f->io, IO_CLIENT, 3 * IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    struct buf *sent = &f->io.side[IO_CLIENT].sent;
    assert_non_null(memmem(sent->data, sent->len, "$O6e65746764623a2063616e6e6f7420696e", 36));
    assert_non_null(memmem(sent->data, sent->len, "0a#", 3));
    assert_true(
        said(f, "cannot interrupt a running kernel from here: break into it at its console"));
}

static void ctrl_c_during_a_read_is_dropped(void **state)
{
    struct fixture *f = *state;
    f->can_interrupt = true;
    gdb(f, IO_MS, "m0,1");
    fake_text(&f->io, IO_CLIENT, 2 * IO_MS, "\x03");
    stub(f, 3 * IO_MS, "00");
    gdb(f, 4 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[m0,1][leave D]");
}

static void a_running_kernel_whose_client_disconnects_keeps_running(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c]");
    assert_true(said(f, "disconnected from a running kernel"));
}

static void limit(struct fixture *f, uint64_t ns)
{
    f->options.io = &f->io.io;
    f->options.run_timeout = ns;
}

/* A kernel whose stop nobody acknowledges gives up, and runs on after a step: the panic is lost. */
static void a_kernel_whose_client_disconnects_ends_its_step(void **state)
{
    struct fixture *f = *state;
    limit(f, IO_NEVER);
    f->options.keep = true;
    gdb(f, IO_MS, "s");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_MS);
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    assert_int_equal(run(f), SERVE_PARKED);
    expect_did(f, "[s]");
    assert_false(said(f, "disconnected from a running kernel"));
}

static void a_step_that_does_not_end_is_left(void **state)
{
    struct fixture *f = *state;
    limit(f, IO_NEVER);
    gdb(f, IO_MS, "S05");
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    uint64_t began = f->io.now;
    assert_int_equal(run(f), SERVE_RUNNING);
    assert_int_equal(f->io.now - began, 6 * IO_SECOND);
    assert_true(said(f, "disconnected from a running kernel"));
}

/* GDB writes its message about the disconnect in pieces; a line of ours could be between them. */
static void a_second_ctrl_c_is_not_explained_again(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    fake_text(&f->io, IO_CLIENT, IO_SECOND, "\x03");
    fake_eof(&f->io, IO_CLIENT, 2 * IO_SECOND);
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c]");
    assert_true(said(f, "leave it running"));
    assert_false(said(f, "disconnected from a running kernel"));
}

static void a_running_node_whose_client_disconnects_is_stopped_and_detached(void **state)
{
    struct fixture *f = *state;
    f->can_interrupt = true;
    gdb(f, IO_MS, "c");
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][^C][leave D]");
}

static void a_kernel_that_does_not_stop_in_time_is_left_running(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    gdb(f, IO_SECOND, "c");
    stub(f, 10 * IO_SECOND, "T05thread:1;");
    uint64_t began = f->io.now;
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c]");
    assert_int_equal(f->io.now - began, 4 * IO_SECOND);
    assert_true(said(f, "ran for 3 s without a stop (run-timeout): connection closed"));
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a"); /* no stop */
}

static void run_timeout_stops_and_detaches_an_interruptible_target(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    f->can_interrupt = true;
    gdb(f, IO_MS, "vCont;c");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[vCont;c][^C][leave D]");
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a");
}

static void a_target_that_ignores_the_interrupt_keeps_running(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    f->can_interrupt = f->ignores_interrupt = true;
    gdb(f, IO_MS, "c");
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c][^C]");
    assert_true(said(f, "did not stop within 5 s"));
}

/* Each run has its own limit; console output is not a stop; other requests have no limit. */
static void run_timeout_applies_to_each_run(void **state)
{
    struct fixture *f = *state;
    limit(f, 3 * IO_SECOND);
    gdb(f, IO_MS, "c");
    stub(f, 2 * IO_SECOND, "T05thread:1;");
    gdb(f, 4 * IO_SECOND, "s");
    stub(f, 6 * IO_SECOND, "T05thread:1;");
    gdb(f, 10 * IO_SECOND, "g");
    stub(f, 20 * IO_SECOND, "00");
    gdb(f, 30 * IO_SECOND, "c");
    stub(f, 32 * IO_SECOND, "O6869");
    stub(f, 34 * IO_SECOND, "T05thread:1;");
    uint64_t began = f->io.now;
    assert_int_equal(run(f), SERVE_RUNNING);
    expect_did(f, "[c][s][g][c]");
    assert_int_equal(f->io.now - began, 33 * IO_SECOND);
}

static void without_run_timeout_a_run_has_no_limit(void **state)
{
    struct fixture *f = *state;
    limit(f, IO_NEVER);
    gdb(f, IO_MS, "c");
    stub(f, 1000000 * IO_SECOND, "T05thread:1;");
    gdb(f, 1000001 * IO_SECOND, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[c][leave D]");
}

static void requests_sent_before_a_disconnect_are_executed(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "M0,1:00");
    gdb(f, IO_MS, "D");
    fake_eof(&f->io, IO_CLIENT, IO_MS + 1);
    stub(f, 30 * IO_SECOND, "OK");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[M0,1:00][leave D]");
}

static void limit_gone(struct fixture *f)
{
    limit(f, IO_NEVER);
    f->options.park = true;
    f->options.gone_timeout = 30 * IO_SECOND;
}

/* The next client would be refused for ever. */
static void is_given_up_after(struct fixture *f, const char *request)
{
    limit_gone(f);
    f->can_interrupt = f->ignores_interrupt = true;
    gdb(f, IO_MS, request);
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    stub(f, 100 * IO_SECOND, "00");
    uint64_t began = f->io.now;
    assert_int_equal(run(f), NETGDB_LOST);
    assert_int_equal(f->io.now - began, 31 * IO_SECOND);
    assert_true(said(f, "the target is no longer responding"));
}

static void a_stub_that_is_silent_when_its_client_has_left_is_given_up(void **state)
{
    is_given_up_after(*state, "m0,1");
}

static void a_stub_that_runs_and_does_not_stop_for_a_client_that_has_left_is_given_up(void **state)
{
    is_given_up_after(*state, "c");
}

static void a_late_reply_ends_the_wait_for_it(void **state)
{
    struct fixture *f = *state;
    limit_gone(f);
    gdb(f, IO_MS, "m0,1");
    fake_eof(&f->io, IO_CLIENT, IO_SECOND);
    stub(f, 30 * IO_SECOND, "00");
    assert_int_equal(run(f), SERVE_PARKED);
}

static void packets_between_requests_are_read(void **state)
{
    struct fixture *f = *state;
    stub(f, IO_MS, "late");
    stub(f, 2 * IO_MS, "later");
    gdb(f, 3 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[idle][idle][leave D]");
}

static void a_kernel_that_reboots_while_it_runs_continues(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "c");
    stub(f, IO_SECOND, "!2");
    stub(f, 2 * IO_SECOND, "T05thread:2;");
    gdb(f, 3 * IO_SECOND, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$T05thread:2;#d8$OK#9a");
}

static void a_kernel_that_reboots_while_it_is_stopped_ends_the_session(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "g");
    stub(f, 2 * IO_MS, "!2");
    assert_int_equal(run(f), NETGDB_REPLACED);
    assert_true(said(f, "connect again"));
}

static void a_lost_target_is_logged_in_one_line(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "g");
    stub(f, 2 * IO_MS, "!3");
    assert_int_equal(run(f), NETGDB_LOST);
    assert_int_equal(buf_addc(&f->lines, 0), 0);
    assert_string_equal((const char *)f->lines.data,
                        "netgdb: the target is no longer responding\n");
}

static void a_request_that_the_target_rejects_is_refused(void **state)
{
    struct fixture *f = *state;
    f->send_error = NETGDB_TOO_LONG;
    gdb(f, IO_MS, "M0,1:00");
    gdb(f, 2 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a$E07#ac$OK#9a");
    assert_true(said(f, "7 bytes"));
}

static void a_restart_has_no_reply(void **state)
{
    struct fixture *f = *state;
    gdb(f, IO_MS, "R00");
    gdb(f, 2 * IO_MS, "?");
    stub(f, 3 * IO_MS, "S05");
    gdb(f, 4 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    expect_did(f, "[R00][?][leave D]");
}

static void packets_are_logged_with_their_explanation(void **state)
{
    struct fixture *f = *state;
    f->log.level = LOG_PACKET;
    gdb(f, IO_MS, "g");
    stub(f, 2 * IO_MS, "00");
    gdb(f, 3 * IO_MS, "D");
    assert_int_equal(run(f), SERVE_DETACHED);
    assert_true(said(f, "-> g (1 bytes): read all registers"));
    assert_true(said(f, "<- 00 (2 bytes): read all registers"));
    assert_true(said(f, "-> D (1 bytes): detach"));
    assert_true(said(f, "<- OK (2 bytes): detach"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_detach_of_a_forked_child_does_not_end_the_session),
        TEST(the_detach_of_a_forking_parent_does_not_end_the_session),
        TEST(a_process_whose_detach_is_refused_stays_attached),
        TEST(processes_named_only_in_a_list_count),
        TEST(the_exit_of_one_process_does_not_end_the_session),
        TEST(a_disconnect_detaches_all_processes),
        TEST(a_kill_of_one_process_is_forwarded),
        TEST(a_kill_in_extended_mode_is_forwarded),
        TEST(a_forwarded_kill_of_one_process_does_not_end_the_session),
        TEST(in_extended_mode_the_session_survives_detach_and_kill),
        TEST(too_many_processes_do_not_end_the_session),
        TEST(a_detach_after_the_program_ended_ends_the_session),
        TEST(a_stub_may_exit_with_its_program),
        TEST(the_session_can_end_with_the_last_process),
        TEST(in_extended_mode_the_session_survives_the_program),
        TEST(ctrl_c_reaches_a_target_that_can_be_interrupted),
        TEST(ctrl_c_to_a_running_kernel_is_explained),
        TEST(ctrl_c_to_a_running_kernel_may_be_explained_to_the_client),
        TEST(ctrl_c_during_a_read_is_dropped),
        TEST(a_running_kernel_whose_client_disconnects_keeps_running),
        TEST(a_kernel_whose_client_disconnects_ends_its_step),
        TEST(a_step_that_does_not_end_is_left),
        TEST(a_second_ctrl_c_is_not_explained_again),
        TEST(a_running_node_whose_client_disconnects_is_stopped_and_detached),
        TEST(a_kernel_that_does_not_stop_in_time_is_left_running),
        TEST(run_timeout_stops_and_detaches_an_interruptible_target),
        TEST(a_target_that_ignores_the_interrupt_keeps_running),
        TEST(run_timeout_applies_to_each_run),
        TEST(without_run_timeout_a_run_has_no_limit),
        TEST(requests_sent_before_a_disconnect_are_executed),
        TEST(a_stub_that_is_silent_when_its_client_has_left_is_given_up),
        TEST(a_stub_that_runs_and_does_not_stop_for_a_client_that_has_left_is_given_up),
        TEST(a_late_reply_ends_the_wait_for_it),
        TEST(packets_between_requests_are_read),
        TEST(a_kernel_that_reboots_while_it_runs_continues),
        TEST(a_kernel_that_reboots_while_it_is_stopped_ends_the_session),
        TEST(a_lost_target_is_logged_in_one_line),
        TEST(a_request_that_the_target_rejects_is_refused),
        TEST(a_restart_has_no_reply),
        TEST(packets_are_logged_with_their_explanation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
