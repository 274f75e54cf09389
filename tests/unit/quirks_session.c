/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Quirks and the state of a session: thread lists, breakpoints, watchpoints, parking, reboots. */
#include "tests/unit/quirks_fixture.h"

/* Reads the list as GDB does, `piece` bytes at a time, into f->request. */
static void read_threads(struct fixture *f, size_t piece)
{
    char request[64];
    buf_reset(&f->request);
    do {
        snprintf(request, sizeof request, "qXfer:threads:read::%zx,%zx", f->request.len, piece);
        ask(f, request);
        assert_true(buf_starts(&f->reply, "m") || buf_starts(&f->reply, "l"));
        assert_true(f->reply.len - 1 <= piece);
        assert_int_equal(rsp_unescape(&f->request, f->reply.data + 1, f->reply.len - 1), 0);
    } while (f->reply.data[0] == 'm');
}

static void expect_threads(struct fixture *f)
{
    char tail[128];
    int n = snprintf(tail, sizeof tail,
                     "<thread id=\"%x\" core=\"%u\" name=\"thread_%u\">RunQ</thread></threads>",
                     100000 + f->stub->threads, (f->stub->threads - 1) % 4, f->stub->threads - 1);
    assert_true(buf_starts(&f->request, "<threads><thread id=\"186a1\" core=\"0\""));
    assert_true(f->request.len > (size_t)n);
    assert_memory_equal(f->request.data + f->request.len - (size_t)n, tail, (size_t)n);
}

static void the_thread_list_is_fetched_once_and_can_be_read_repeatedly(void **state)
{
    struct fixture *f = *state;
    f->stub->threads = 500;
    read_threads(f, 0x1000);
    expect_threads(f);
    unsigned fetched = f->stub->requests;
    assert_in_range(fetched, 2, 12);
    for (size_t piece = 1; piece < 5000; piece = piece * 5 + 100) {
        read_threads(f, piece);
        expect_threads(f);
    }
    assert_int_equal(f->stub->requests, fetched);
    assert_string_equal(ask(f, "qXfer:threads:read::fffff,10"), "E16");
    assert_string_equal(ask(f, "qXfer:threads:read::0,0"), "m");
}

static void the_thread_list_is_fetched_again_after_the_target_ran(void **state)
{
    static const char *const resumes[] = {"c", "s", "C05", "S05"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof resumes / sizeof resumes[0]; i++) {
        f->stub->threads++;
        read_threads(f, 0x1000);
        expect_threads(f);
        ask(f, "Hg0");
        ask(f, resumes[i]);
    }
}

static void a_fetch_disturbed_by_a_late_duplicate_is_restarted(void **state)
{
    struct fixture *f = *state;
    f->stub->threads = 500;
    f->stub->spoil_at = 3;
    read_threads(f, 0x1000);
    expect_threads(f);
}

static void a_malformed_request_for_threads_is_rejected(void **state)
{
    static const char *const requests[] = {
        "qXfer:threads:read:",     "qXfer:threads:read::",     "qXfer:threads:read::0",
        "qXfer:threads:read::0,",  "qXfer:threads:read:a:0,1", "qXfer:threads:read::0,1x",
        "qXfer:threads:read::0;1",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        assert_string_equal(ask(f, requests[i]), "E00");
    assert_int_equal(f->stub->requests, 0);
    assert_string_equal(ask(f, "qXfer:threads:write::0:1"), "");
}

static void an_endless_thread_list_is_abandoned(void **state)
{
    struct fixture *f = *state;
    f->stub->threads = 80000;
    assert_string_equal(ask(f, "qXfer:threads:read::0,1000"), "E1b");
    assert_string_equal(ask(f, "qfThreadInfo"), "E1b");
}

static void thread_ids_come_from_the_same_copy(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(ask(f, "qsThreadInfo"), "l");
    assert_string_equal(ask(f, "qfThreadInfo"), "m186a1,186a2,186a3");
    assert_string_equal(ask(f, "qsThreadInfo"), "l");
    assert_string_equal(ask(f, "qsThreadInfo"), "l");
    assert_string_equal(ask(f, "qfThreadInfo"), "m186a1,186a2,186a3");
    assert_string_equal(asked(f), " qXfer:threads:read::0,1000");
}

static void a_long_list_of_ids_is_split(void **state)
{
    struct fixture *f = *state;
    unsigned seen = 0;
    f->stub->threads = 1000;
    ask(f, "qfThreadInfo");
    while (f->reply.data[0] == 'm') {
        assert_true(f->reply.len < 1100);
        for (char *id = strtok((char *)f->reply.data + 1, ","); id != NULL; id = strtok(NULL, ","))
            assert_int_equal(strtoul(id, NULL, 16), 100001 + seen++);
        ask(f, "qsThreadInfo");
    }
    assert_int_equal(seen, 1000);
}

static void every_form_of_detach_sends_a_plain_d(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(leave_with(f->target, "D;1", &f->reply), 0);
    assert_true(buf_is(&f->reply, "OK"));
    assert_string_equal(asked(f), " D");
    assert_string_equal(ask(f, "D;1"), "OK");
    assert_string_equal(asked(f), " D");
    assert_string_equal(ask(f, "k"), "OK");
    assert_string_equal(asked(f), " D");
}

/* ---- breakpoints ---- */

static const char insert[] = "Mffffffff80000100,1:cc";

static void a_breakpoint_in_the_stubs_own_code_is_refused_and_logged_once(void **state)
{
    static const char *const functions[] = {"gdb_trap",      "kdb_trap",    "kdb_reenter",
                                            "netgdb_rx",     "trap",        "setjmp",
                                            "debugnet_send", "dn_evh_init", "db_trace_self"};
    struct fixture *f = *state;
    ask(f, "qSupported");
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        f->function = functions[i];
        asked(f);
        assert_string_equal(ask(f, insert), "E01");
        assert_string_equal(ask(f, insert), "E01");
        assert_string_equal(asked(f), "");
        assert_int_equal(f->lines, i + 1);
        assert_non_null(strstr(f->line, functions[i]));
    }
}

/* GDB inserts one there for each `next`, which would fail if the breakpoint were refused. */
static void a_breakpoint_in_longjmp_gets_ok_and_is_not_inserted(void **state)
{
    struct fixture *f = *state;
    f->function = "longjmp";
    assert_string_equal(ask(f, insert), "OK");
    assert_string_equal(ask_bytes(f, "Xffffffff80000100,4:\0\0 \xd4", 24), "OK");
    assert_string_equal(asked(f), "");
    assert_int_equal(f->lines, 1);
    assert_non_null(strstr(f->line, "no breakpoint was set in longjmp"));
}

static void other_writes_are_passed_on(void **state)
{
    static const char *const functions[] = {"kdb_enter", "kdb_panic", "panic", "trapframe",
                                            "vm_fault_trap"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        f->function = functions[i];
        assert_string_equal(ask(f, insert), "OK");
        assert_int_equal(f->stub->memory[0x100], 0xcc);
    }
    f->function = "longjmp";
    assert_string_equal(ask(f, "Mffffffff80000100,1:cb"), "OK");
    assert_string_equal(ask(f, "Mffffffff80000101,2:cccc"), "OK");
    assert_memory_equal(f->stub->memory + 0x100, "\xcb\xcc\xcc", 3);
    assert_int_equal(f->lines, 0);
}

static void the_bytes_under_a_breakpoint_are_recorded(void **state)
{
    struct fixture *f = *state;
    const struct stop_point *p = &f->stop.points[0];
    ask(f, "qSupported");
    asked(f);
    uint8_t was = f->stub->memory[0x100];
    char remove[40], both[80];
    snprintf(remove, sizeof remove, "Mffffffff80000100,1:%02x", was);
    ask(f, insert);
    assert_string_equal(asked(f), " mffffffff80000100,1 Mffffffff80000100,1:cc");
    assert_int_equal(p->inserted, 1);
    assert_int_equal(p->text[0], was);
    ask(f, remove);
    assert_int_equal(p->inserted, 0);
    asked(f);
    ask(f, insert); /* again, as at each resume: already recorded */
    ask(f, remove);
    snprintf(both, sizeof both, " %s %s", insert, remove);
    assert_string_equal(asked(f), both);
    ask(f, "Mffffffff800000ff,4:01020304"); /* other bytes */
    assert_int_equal(p->len, 0);
}

static void a_breakpoint_older_than_one_stop_is_not_recorded(void **state)
{
    struct fixture *f = *state;
    ask(f, insert); /* may be `set var` */
    ask(f, "c");
    assert_int_equal(f->stop.points[0].inserted, 1);
    ask(f, "c");
    assert_int_equal(f->stop.points[0].inserted, 0);
}

static void taking_over_removes_inserted_breakpoints(void **state)
{
    struct fixture *f = *state;
    uint8_t was = f->stub->memory[0x100];
    ask(f, insert);
    asked(f);
    assert_int_equal(quirks_attach(f->target), 0);
    assert_int_equal(f->stub->memory[0x100], was);
    assert_non_null(strstr(asked(f), " Mffffffff80000100,1:"));
    assert_int_equal(quirks_attach(f->target), 0);
    assert_string_equal(asked(f), "");
    ask(f, insert);
    asked(f);
    assert_int_equal(quirks_hand_off(f->target), 0); /* its client has detached */
    assert_int_equal(quirks_attach(f->target), 0);
    assert_string_equal(asked(f), "");
}

/* A client that was killed after the stop could not remove them: the kernel ran with them. */
static void breakpoints_that_a_client_has_left_are_removed_for_the_next_one(void **state)
{
    struct fixture *f = *state;
    uint8_t was = f->stub->memory[0x100];
    ask(f, insert);
    ask(f, "c");
    assert_int_equal(quirks_hand_off(f->target), 0);
    asked(f);
    assert_int_equal(quirks_attach(f->target), 0);
    assert_int_equal(f->stub->memory[0x100], was);
    assert_int_equal(quirks_hand_off(f->target), 0);
    asked(f);
    assert_int_equal(quirks_attach(f->target), 0);
    assert_string_equal(asked(f), "");
}

/* The client disconnects before the reply: it is received, then the thread is selected. */
static void parking_receives_an_outstanding_reply_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(quirks_attach(f->target), 0);
    ask(f, "Hg186a2");
    asked(f);
    assert_int_equal(send_bytes(f->target, "g", 1), 0);
    assert_int_equal(quirks_hand_off(f->target), 0);
    assert_string_equal(asked(f), " g Hg186a1");
}

/* ---- watchpoints ---- */

static void the_first_z_probes_for_watchpoints(void **state)
{
    static const char *const no[] = {"", "E06"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        target_free(f->target);
        f->stub = stub_new();
        f->stub->z_reply = no[i];
        f->target = quirks_new(&f->stub->base, NULL);
        assert_string_equal(ask(f, "Z2,1,8"), "");
        assert_string_equal(ask(f, "Z2,2,8"), "");
        assert_string_equal(asked(f), " Z2,1,8");
        assert_string_equal(ask(f, "Z3,1,8"), "");
        assert_string_equal(asked(f), " Z3,1,8");
    }
    f->stub->z_reply = "E10"; /* all watchpoints are in use */
    assert_string_equal(ask(f, "Z4,1,8"), "E10");
    assert_string_equal(ask(f, "Z4,1,8"), "E10");
    assert_string_equal(asked(f), " Z4,1,8 Z4,1,8");
}

static void a_kernel_without_watchpoints_is_named_once(void **state)
{
    struct fixture *f = *state;
    f->stub->z_reply = "E06";
    ask(f, "Z2,1,8");
    ask(f, "Z4,1,8");
    assert_int_equal(f->lines, 1);
    assert_non_null(strstr(f->line, "no hardware watchpoints"));
}

static void an_interrupt_is_passed_to_the_next_target(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(target_interrupt(f->target), NETGDB_UNSUPPORTED);
    assert_int_equal(target_idle(f->target), 0);
    assert_int_equal(f->stub->requests, 0);
    assert_true(target_max_request(f->target) >= 0x1000);
}

static void a_rebooted_kernel_is_reported_and_queried_again(void **state)
{
    struct fixture *f = *state;
    bool final;
    read_threads(f, 0x1000);
    ask(f, "P0=1122334455667788");
    f->stub->replace_at = f->stub->requests + 3; /* in the middle of a long read */
    f->stub->bufsz = 1096;
    assert_int_equal(send_bytes(f->target, "mffffffff80000000,1800", 22), 0);
    assert_int_equal(target_recv(f->target, &f->reply, &final, 0), NETGDB_REPLACED);
    assert_int_equal(target_recv(f->target, &f->reply, &final, 0), 0);
    assert_true(final);
    assert_true(buf_is(&f->reply, "T05thread:186a1;"));
    asked(f);
    f->stub->threads = 7;
    read_threads(f, 0x1000);
    expect_threads(f);
    assert_string_equal(ask(f, "qSupported"), "PacketSize=448;qXfer:threads:read+");
    ask(f, "P0=1122334455667788");
    assert_non_null(strstr(asked(f), " p0 P0="));
}

/* Lets the stub reply `said` to a request. Returns the result of the call. */
static int hear(struct fixture *f, const char *request, const char *said)
{
    bool final;
    f->stub->says = said;
    assert_int_equal(send_bytes(f->target, request, strlen(request)), 0);
    int rc = target_recv(f->target, &f->reply, &final, 0);
    f->stub->says = NULL;
    return rc;
}

static void a_reply_that_no_kernel_sends_ends_the_session(void **state)
{
    static const char *const stops[] = {"Fopen,1000/9,241,1a4",
                                        "Funlink,1000/9",
                                        "W00",
                                        "X09",
                                        "N",
                                        "S05",
                                        "T05exec:2f62696e;",
                                        "T05library:;",
                                        "T05fork:p1;",
                                        "T05name:x;",
                                        "T",
                                        "T05thread:\x1b;",
                                        "T0",
                                        "QC1",
                                        "OK",
                                        "vFile"};
    static const char *const replies[][2] = {
        {"g", "Fwrite,1,1000,4"}, {"g", "\x1b\x1b"},  {"Hg1", "F1"},     {"p1", "T05"},
        {"qC", "QC\x1b"},         {"qC", "Fclose,1"}, {"?", "Fclose,1"}, {"Z2,1,8", "E.no\x1b"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++)
        assert_int_equal(hear(f, "c", stops[i]), NETGDB_FOREIGN);
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        assert_int_equal(hear(f, replies[i][0], replies[i][1]), NETGDB_FOREIGN);
}

static void every_reply_that_a_kernel_sends_is_accepted(void **state)
{
    static const char *const replies[][2] = {
        {"c", "T05thread:186a1;"},
        {"s", "T0510:0011;watch:ffffffff81000000;thread:186a1;"},
        {"?", "T05"},
        {"c", "E16"},
        {"g", "00xx"},
        {"p1", ""},
        {"qC", "QC186a1"},
        {"qOffsets", "Text=0;Data=0;Bss=0"},
        {"Hg1", "OK"},
        {"Z2,1,8", ""}};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++)
        assert_int_equal(hear(f, replies[i][0], replies[i][1]), 0);
}

static void freeing_also_frees_the_next_target(void **state)
{
    struct stub *stub = stub_new();
    bool freed = false;
    (void)state;
    stub->was_freed = &freed;
    target_free(quirks_new(&stub->base, NULL));
    assert_true(freed);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_thread_list_is_fetched_once_and_can_be_read_repeatedly),
        TEST(the_thread_list_is_fetched_again_after_the_target_ran),
        TEST(a_fetch_disturbed_by_a_late_duplicate_is_restarted),
        TEST(a_malformed_request_for_threads_is_rejected),
        TEST(an_endless_thread_list_is_abandoned),
        TEST(thread_ids_come_from_the_same_copy),
        TEST(a_long_list_of_ids_is_split),
        TEST(every_form_of_detach_sends_a_plain_d),
        TEST(a_breakpoint_in_the_stubs_own_code_is_refused_and_logged_once),
        TEST(a_breakpoint_in_longjmp_gets_ok_and_is_not_inserted),
        TEST(other_writes_are_passed_on),
        TEST(the_bytes_under_a_breakpoint_are_recorded),
        TEST(parking_receives_an_outstanding_reply_first),
        TEST(a_breakpoint_older_than_one_stop_is_not_recorded),
        TEST(taking_over_removes_inserted_breakpoints),
        TEST(breakpoints_that_a_client_has_left_are_removed_for_the_next_one),
        TEST(the_first_z_probes_for_watchpoints),
        TEST(a_kernel_without_watchpoints_is_named_once),
        TEST(an_interrupt_is_passed_to_the_next_target),
        TEST(a_rebooted_kernel_is_reported_and_queried_again),
        TEST(a_reply_that_no_kernel_sends_ends_the_session),
        TEST(every_reply_that_a_kernel_sends_is_accepted),
        cmocka_unit_test(freeing_also_frees_the_next_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
