/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Observers of a target: only reads reach the stub, and the first client's selection is its own. */
#include "tests/unit/observed_fixture.h"

/* ---- reading ---- */

static void an_observer_reads_with_its_own_thread(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    first_asks(f, "Hg1");
    expect_stub(f, "[?][Hg1]");
    observer_asks(f, "Hg2", "OK");
    observer_asks(f, "g", "2");
    observer_asks(f, "p1", "2");
    expect_stub(f, "[Hg2][g][p1]");
    first_asks(f, "g");
    assert_true(buf_is(&f->reply, "1"));
    expect_stub(f, "[Hg1][g]");
}

static void the_same_thread_is_not_selected_again(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "Hg1", "OK");
    observer_asks(f, "g", "1");
    observer_asks(f, "Hg0", "OK"); /* the one that stopped */
    observer_asks(f, "m0,4", "1");
    first_asks(f, "g");
    expect_stub(f, "[?][g][m0,4][g]");
}

/* Without a known selection of the first client, it could not be restored. */
static void no_thread_is_selected_before_the_first_client_has(void **state)
{
    struct fixture *f = *state;
    observer_asks(f, "Hg2", "OK");
    observer_asks(f, "g", "E.netgdb: the first client has selected no thread yet");
    observer_asks(f, "m0,4", "E01"); /* gdb would take a text for memory */
    expect_stub(f, "");
}

/* gdbserver keeps its selection at Hgp0.0: that could not restore another one. */
static void any_thread_of_any_process_is_no_selection(void **state)
{
    static const char *const any[] = {"Hg0", "Hg-1", "Hgp0.0", "Hgp1.0", "Hgp1.-1", "Hgp-1.-1"};
    struct fixture *f = *state;
    observer_asks(f, "Hg2", "OK");
    for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
        first_asks(f, "?");
        first_asks(f, any[i]);
        buf_reset(&f->stub.did);
        observer_asks(f, "g", "E.netgdb: the first client has selected no thread yet");
        expect_stub(f, "");
    }
}

static void an_observer_that_selects_any_thread_sees_the_stopped_one(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "Hgp0.0", "OK");
    observer_asks(f, "qC", "QC1");
    observer_asks(f, "g", "1");
    expect_stub(f, "[?][g]");
}

/* FreeBSD's stub says which it is. */
static void the_selection_of_a_kernel_is_asked_for(void **state)
{
    struct fixture *f = *state;
    f->observed.peer = NETGDB_PEER_KERNEL;
    observer_asks(f, "Hg2", "OK");
    observer_asks(f, "m0,4", "1"); /* one memory for all threads */
    observer_asks(f, "g", "2");
    first_asks(f, "g");
    expect_stub(f, "[m0,4][qC][Hg2][g][Hg1][g]");
}

static void a_thread_that_does_not_exist_is_an_error(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "Hg9", "OK");
    f->stub.forced = "E01";
    observer_asks(f, "g", "E01");
    first_asks(f, "g");
    expect_stub(f, "[?][Hg9][g]");
}

/* ---- what is refused ---- */

/* Every packet of the table, and some without an entry, with the target stopped. */
static void only_reads_reach_the_stub(void **state)
{
    static const char *const others[] = {"qXfer:siginfo:write::0:00",
                                         "qXfer:spu:write:a:0:00",
                                         "qXfer:features:write:target.xml:0:00",
                                         "qXfer:btrace:read:delta:0,100",
                                         "qXfer:spu:read:a:0,100",
                                         "qSearch:memory:0;ffffffffffff;a",
                                         "qCRC:0,ffffffffffff",
                                         "t0:0,0",
                                         "Qsomething",
                                         "qLaunchGDBServer;",
                                         "qKillSpawnedProcess:1",
                                         "vSomething",
                                         "\xff",
                                         "",
                                         "b",
                                         "d",
                                         "jModulesInfo:[]",
                                         "_M1,rwx",
                                         "QSaveRegisterState",
                                         "vCont;c",
                                         "vCont;s:1;c"};
    struct fixture *f = *state;
    bool final;
    first_asks(f, "?");
    f->io.io.alarm = 0;
    for (int id = 0; id <= PACKET_UNKNOWN; id++) {
        const struct packet *packet = packet_of((enum packet_id)id);
        buf_reset(&f->stub.did);
        observer_sends(f, packet->name);
        bool got = f->stub.did.len != 0;
        if (got && packet->effects != PKT_READS && packet->id != PACKET_qSupported)
            fail_msg("%s reached the stub", packet->name);
        (void)target_interrupt(f->observer);
        (void)target_recv(f->observer, &f->reply, &final, IO_ON_ALARM);
    }
    buf_reset(&f->stub.did);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        observer_sends(f, others[i]);
        (void)target_interrupt(f->observer);
        (void)target_recv(f->observer, &f->reply, &final, IO_ON_ALARM);
    }
    expect_stub(f, "");
}

static void a_refusal_names_the_request(void **state)
{
    struct fixture *f = *state;
    observer_asks(f, "M0,1:00",
                  "E.netgdb: an observer only reads: refused 'M' (write memory, hexadecimal)");
    observer_asks(f, "Z0,0,1",
                  "E.netgdb: an observer only reads: refused 'Z' (insert a breakpoint or "
                  "watchpoint)");
}

static void an_object_is_read_and_not_written(void **state)
{
    struct fixture *f = *state;
    observer_asks(f, "qXfer:siginfo:read::0,100", "1");
    observer_asks(f, "qXfer:siginfo:write::0:00", "");
    expect_stub(f, "[qXfer:siginfo:read::0,100]");
}

static void a_detach_leaves_the_target(void **state)
{
    struct fixture *f = *state;
    const struct request detach = request_of("D");
    assert_int_equal(target_leave(f->observer, &detach, &f->reply), 0);
    assert_true(buf_is(&f->reply, "OK"));
    observer_asks(f, "D;1", "OK");
    expect_stub(f, "");
}

static void features_are_the_first_clients_and_only_for_reading(void **state)
{
    struct fixture *f = *state;
    observer_asks(f, "qSupported:x", ""); /* the stub might agree to something else */
    first_asks(f, "qSupported:multiprocess+");
    observer_asks(f, "qSupported:x", "PacketSize=1000;qXfer:features:read+;multiprocess+");
    first_asks(f, "qSupported:swbreak+");
    observer_asks(f, "qSupported:x", "PacketSize=1000;qXfer:features:read+");
    expect_stub(f, "[qSupported:multiprocess+][qSupported:swbreak+]");
}

/* ---- stops ---- */

static void a_stop_has_neither_registers_nor_a_cause(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_sends(f, "?");
    first_asks(f, "?"); /* the target has not stopped again */
    assert_true(observer_gets(f, "T05thread:1;"));
    observer_asks(f, "qC", "QC1");
    expect_stub(f, "[?][?]");
}

static void a_resume_waits_for_the_next_stop(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "?", "T05thread:1;");
    observer_sends(f, "vCont;c");
    assert_true(observer_gets(f, NULL));
    first_asks(f, "c");
    assert_int_equal(target_recv(f->observer, &f->reply, &(bool){false}, 0), 0);
    assert_true(buf_is(&f->reply, "T05thread:2;"));
    expect_stub(f, "[?][c]");
}

static void a_stop_that_the_observer_has_missed_is_reported_at_once(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "?", "T05thread:1;");
    first_asks(f, "c");
    observer_asks(f, "s", "T05thread:2;");
}

static void ctrl_c_ends_only_the_wait(void **state)
{
    struct fixture *f = *state;
    bool final = false;
    first_asks(f, "?");
    observer_asks(f, "?", "T05thread:1;");
    observer_sends(f, "c");
    assert_int_equal(target_interrupt(f->observer), 0);
    assert_true(observer_gets(f, "T02thread:1;"));
    observed_resumed(&f->observed); /* a line says that it runs */
    observer_sends(f, "c");
    assert_int_equal(target_interrupt(f->observer), 0);
    assert_int_equal(target_recv(f->observer, &f->reply, &final, 0), 0);
    assert_true(!final && buf_starts(&f->reply, "O"));
    assert_true(observer_gets(f, "T02thread:1;"));
    expect_stub(f, "[?]");
}

/* The observer's question for the stop is with the owner when the first client resumes. */
static void ctrl_c_ends_a_wait_whose_question_is_queued(void **state)
{
    struct fixture *f = *state;
    const struct request ask = request_of("?"), resume = request_of("c");
    bool final = true;
    assert_int_equal(target_send(f->observer, &ask), 0);
    assert_true(observer_gets(f, NULL));
    assert_int_equal(target_send(f->first, &resume), 0);
    assert_int_equal(target_interrupt(f->observer), 0);
    f->io.io.alarm = 0;
    assert_int_equal(target_recv(f->observer, &f->reply, &final, IO_ON_ALARM), 0);
    assert_false(final);
    assert_true(observer_gets(f, "S02"));
}

static void a_running_target_is_not_read(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observed_resumed(&f->observed);
    observer_asks(f, "g", "E.netgdb: the target is running");
    observer_asks(f, "m0,4", "E01");
    expect_stub(f, "[?]");
}

static void a_refused_resume_is_no_stop(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    observer_asks(f, "?", "T05thread:1;");
    f->stub.forced = "E01";
    first_asks(f, "c");
    observer_sends(f, "c");
    assert_true(observer_gets(f, NULL));
    assert_false(f->observed.running);
}

/* A reply that is empty would mean that the stub has no such request. */
static void a_request_that_is_too_long_for_the_stub_is_an_error(void **state)
{
    struct fixture *f = *state;
    first_asks(f, "?");
    f->stub.fails = NETGDB_TOO_LONG;
    observer_asks(f, "m0,4", "E07");
    observer_asks(f, "m0,4", "1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_observer_reads_with_its_own_thread),
        TEST(the_same_thread_is_not_selected_again),
        TEST(no_thread_is_selected_before_the_first_client_has),
        TEST(any_thread_of_any_process_is_no_selection),
        TEST(an_observer_that_selects_any_thread_sees_the_stopped_one),
        TEST(the_selection_of_a_kernel_is_asked_for),
        TEST(a_thread_that_does_not_exist_is_an_error),
        TEST(only_reads_reach_the_stub),
        TEST(a_refusal_names_the_request),
        TEST(an_object_is_read_and_not_written),
        TEST(a_detach_leaves_the_target),
        TEST(features_are_the_first_clients_and_only_for_reading),
        TEST(a_stop_has_neither_registers_nor_a_cause),
        TEST(a_resume_waits_for_the_next_stop),
        TEST(a_stop_that_the_observer_has_missed_is_reported_at_once),
        TEST(ctrl_c_ends_only_the_wait),
        TEST(ctrl_c_ends_a_wait_whose_question_is_queued),
        TEST(a_running_target_is_not_read),
        TEST(a_refused_resume_is_no_stop),
        TEST(a_request_that_is_too_long_for_the_stub_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
