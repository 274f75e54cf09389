/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The twin's stub: acks in both modes, stops, Ctrl-C, and detach. */
#include "tests/sim/sim_unit.h"

#include <stdio.h>

#include "tests/sim/raw.h"

#define DATA "ffffffff81000000"

/* Sends text with a 0x03 and checks the state of the machine. */
static void ends_by_ctrl_c(const struct twin_config *config, const char *bytes)
{
    struct raw *r = raw_session_of(config);
    raw_say(r, bytes);
    raw_run(r, 5 * SIM_MS);
    assert_int_equal(twin_counts(r->t)->resumed_by_ctrl_c, !config->other_gdb_port);
    assert_int_equal(twin_harm(r->t), !config->other_gdb_port);
    assert_int_equal(twin_phase(r->t), config->other_gdb_port ? TWIN_DDB : TWIN_GONE);
    raw_forget(r);
    raw_say(r, "$?#3f");
    raw_run(r, SIM_SECOND);
    assert_int_equal(r->acks + r->messages, 0);
    raw_free(r);
}

static void a_0x03_anywhere_loses_the_panic(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct twin_config config = twin_config(g);
        ends_by_ctrl_c(&config, "\x03");
        ends_by_ctrl_c(&config, "$qSearch:memory:" DATA ";100;}\x03#00");
        config.other_gdb_port = true;
        ends_by_ctrl_c(&config, "\x03");
    }
}

static void a_0x03_while_running_takes_effect_at_the_stop(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        twin_machine(r->t)->run_time = SIM_NEVER;
        raw_say(r, "$c#63");
        raw_run(r, 5 * SIM_MS);
        raw_say(r, "\x03");
        raw_run(r, SIM_SECOND);
        assert_int_equal(twin_phase(r->t), TWIN_RUNNING);
        twin_stop(r->t);
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->resumed_by_ctrl_c, 1);
        raw_free(r);
    }
}

static void a_bad_checksum_is_refused_in_ack_mode(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_say(r, "$s#74");
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), "-");
        assert_int_equal(twin_requests(r->t), 0);
        assert_string_equal(raw_ask(r, "qC"), "QC186a1");
        raw_free(r);
    }
}

static void every_byte_but_plus_repeats_the_stop(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct twin_config config = twin_config(g);
        struct raw *r = raw_new(&config);
        char stop[64];
        raw_until_stop(r);
        snprintf(stop, sizeof stop, "%s", raw_heard(r));
        assert_string_equal(stop, raw_frame("T0510:00102080ffffffff;thread:186a1;"));
        raw_forget(r);
        raw_say(r, "-x$");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(r->messages, 3);
        assert_int_equal(r->data[0].seqno, 3);
        assert_int_equal(r->data[2].seqno, 5);
        assert_int_equal(strlen(raw_heard(r)), 3 * strlen(stop));
        assert_memory_equal(raw_heard(r), stop, strlen(stop));
        raw_forget(r);
        raw_say(r, "+");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(r->messages, 0);
        assert_int_equal(twin_counts(r->t)->resent_replies, 3);
        raw_free(r);
    }
}

static void a_duplicate_step_is_skipped_until_the_plus(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint32_t seqno = raw_say(r, "$s#73");
        raw_run(r, 5 * SIM_MS);
        raw_repeat(r, seqno, "$s#73");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->steps, 1);
        assert_int_equal(twin_counts(r->t)->resent_replies, 5);
        raw_say(r, "+");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->steps, 1);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void a_plus_in_the_same_data_makes_a_duplicate_step_twice(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct twin_config config = twin_config(g);
        struct raw *r = raw_new(&config);
        raw_until_stop(r);
        uint32_t seqno = raw_say(r, "+$s#73");
        raw_run(r, 5 * SIM_MS);
        raw_repeat(r, seqno, "+$s#73");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->steps, 2);
        assert_int_equal(twin_counts(r->t)->repeated_resumes, 1);
        assert_int_equal(twin_harm(r->t), 1);
        raw_free(r);
    }
}

static void a_plus_between_two_duplicates_executes_both(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint32_t seqno = raw_say(r, "$qC#b4");
        raw_run(r, 5 * SIM_MS);
        raw_say(r, "+");
        raw_repeat(r, seqno, "$qC#b4");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(twin_requests(r->t), 2);
        assert_false(twin_request(r->t, 0)->repeat);
        assert_true(twin_request(r->t, 1)->repeat);
        assert_int_equal(twin_counts(r->t)->repeated, 1);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void a_step_moves_the_pc_and_the_stop_shows_it(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        assert_string_equal(raw_ask(r, "s"), "T0510:04102080ffffffff;thread:186a1;");
        assert_string_equal(raw_ask(r, "S05"), "T0510:08102080ffffffff;thread:186a1;");
        assert_string_equal(raw_ask(r, "sffffffff80201100"),
                            "T0510:04112080ffffffff;thread:186a1;");
        assert_string_equal(raw_ask(r, "S05;ffffffff80201200"),
                            "T0510:04122080ffffffff;thread:186a1;");
        raw_ask(r, "Hg186a2");
        raw_ask(r, "c");
        assert_string_equal(raw_ask(r, "qC"), "QC186a1"); /* a stop selects the thread that ran */
        raw_ask(r, "C05;ffffffff80201300");
        assert_string_equal(raw_ask(r, "p10"), "00132080ffffffff");
        assert_int_equal(twin_counts(r->t)->steps, 4);
        assert_int_equal(twin_counts(r->t)->continues, 2);
        raw_free(r);
    }
}

static void no_ack_mode_ends_at_the_next_stop(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        assert_string_equal(raw_ask(r, "QStartNoAckMode"), "OK");
        assert_false(twin_ack_mode(r->t));
        raw_forget(r);
        raw_say(r, "$qC#00"); /* the checksum is not read */
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), raw_frame("QC186a1"));
        raw_forget(r);
        raw_say(r, "$s#73");
        raw_run(r, SIM_SECOND);
        assert_true(twin_ack_mode(r->t));
        assert_int_equal(r->messages, 3); /* the digits were still unread, and are not '+' */
        raw_forget(r);
        raw_say(r, "$qC#b4"); /* like GDB, which hangs here */
        raw_run(r, SIM_SECOND);
        assert_int_equal(twin_executed(r->t, "qC"), 1);
        assert_null(strstr(raw_heard(r), "QC"));
        raw_say(r, "+$qC#b4");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_executed(r->t, "qC"), 2);
        raw_free(r);
    }
}

static void a_duplicate_in_no_ack_mode_is_answered_twice_but_steps_once(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_ask(r, "QStartNoAckMode");
        raw_forget(r);
        uint32_t seqno = raw_say(r, "$qC#b4");
        raw_repeat(r, seqno, "$qC#b4");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(r->messages, 2);
        assert_int_equal(twin_executed(r->t, "qC"), 2);
        seqno = raw_say(r, "$s#73");
        raw_repeat(r, seqno, "$s#73");
        raw_run(r, 20 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->steps, 1);
        raw_free(r);
    }
}

static void detach_waits_for_the_plus_of_its_ok(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_say(r, "$D#44");
        raw_run(r, SIM_SECOND);
        assert_string_equal(raw_heard(r), "+$OK#9a");
        assert_int_equal(twin_phase(r->t), TWIN_WAITING);
        raw_say(r, "+");
        raw_run(r, SIM_MS);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        assert_int_equal(twin_counts(r->t)->detaches, 1);
        raw_forget(r);
        raw_say(r, "");
        raw_run(r, SIM_SECOND);
        assert_int_equal(r->acks, 0);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void detach_in_no_ack_mode_waits_for_nothing(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    raw_ask(r, "QStartNoAckMode");
    raw_say(r, "$D#44");
    raw_run(r, 5 * SIM_MS);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    raw_free(r);
}

static void kill_detaches_without_a_reply(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_say(r, "$k#6b");
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), "+");
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        assert_int_equal(twin_counts(r->t)->detaches, 1);
        raw_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_0x03_anywhere_loses_the_panic),
        cmocka_unit_test(a_0x03_while_running_takes_effect_at_the_stop),
        cmocka_unit_test(a_bad_checksum_is_refused_in_ack_mode),
        cmocka_unit_test(every_byte_but_plus_repeats_the_stop),
        cmocka_unit_test(a_duplicate_step_is_skipped_until_the_plus),
        cmocka_unit_test(a_plus_in_the_same_data_makes_a_duplicate_step_twice),
        cmocka_unit_test(a_plus_between_two_duplicates_executes_both),
        cmocka_unit_test(a_step_moves_the_pc_and_the_stop_shows_it),
        cmocka_unit_test(no_ack_mode_ends_at_the_next_stop),
        cmocka_unit_test(a_duplicate_in_no_ack_mode_is_answered_twice_but_steps_once),
        cmocka_unit_test(detach_waits_for_the_plus_of_its_ok),
        cmocka_unit_test(detach_in_no_ack_mode_waits_for_nothing),
        cmocka_unit_test(kill_detaches_without_a_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
