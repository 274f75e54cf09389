/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Observers of a target: only reads reach the stub, and the first client's selection is its own. */
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
static void first_asks(struct fixture *f, const char *request)
{
    assert_int_equal(target_ask(f->first, request, &f->reply), 0);
    observed_client_done(&f->observed);
}

/* The observer's request up to its reply: the owner executes what is queued. */
static void observer_sends(struct fixture *f, const char *request)
{
    const struct request r = request_of(request);
    assert_int_equal(target_send(f->observer, &r), 0);
    while (observed_due(&f->observed) != IO_NEVER)
        assert_int_equal(observed_run(&f->observed), 0);
}

/* Returns whether the reply is there; otherwise the observer waits. */
static bool observer_gets(struct fixture *f, const char *text)
{
    bool final = false;
    f->io.io.alarm = 0; /* a look, without a wait */
    int rc = target_recv(f->observer, &f->reply, &final, IO_ON_ALARM);
    if (rc == NETGDB_AGAIN)
        return text == NULL;
    assert_int_equal(rc, 0);
    return text != NULL && buf_is(&f->reply, text);
}

static void observer_asks(struct fixture *f, const char *request, const char *expected)
{
    observer_sends(f, request);
    assert_int_equal(target_recv(f->observer, &f->reply, &(bool){false}, 0), 0);
    if (!buf_is(&f->reply, expected))
        fail_msg("%s: %.*s instead of %s", request, (int)f->reply.len, (const char *)f->reply.data,
                 expected);
}

static void expect_stub(struct fixture *f, const char *text)
{
    if (!buf_is(&f->stub.did, text))
        fail_msg("the stub got %.*s instead of %s", (int)f->stub.did.len,
                 (const char *)f->stub.did.data, text);
    buf_reset(&f->stub.did);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        TEST(a_running_target_is_not_read),
        TEST(a_refused_resume_is_no_stop),
        TEST(a_request_that_is_too_long_for_the_stub_is_an_error),
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
