/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The twin's stub in no-ack mode: entering it, requests in it, and the stop that ends it.
 * Sources: sys/gdb/gdb_packet.c (gdb_rx_begin, gdb_tx_end), gdb_trap of gdb_main.c.
 */
#include "tests/sim/sim_unit.h"

#include <stdio.h>

#include "tests/sim/raw.h"

#define DATA "ffffffff81000000"

/* Creates a session in no-ack mode without received bytes. */
static struct raw *no_ack_session(enum twin_generation g)
{
    struct raw *r = raw_session(g);
    raw_say(r, raw_frame("QStartNoAckMode"));
    raw_run(r, 5 * SIM_MS);
    raw_forget(r);
    return r;
}

static void say_and_run(struct raw *r, const char *bytes)
{
    raw_say(r, bytes);
    raw_run(r, 20 * SIM_MS);
}

/* Returns the number of received packets that start with this text. */
static unsigned heard(struct raw *r, const char *text)
{
    unsigned n = 0;
    for (const char *at = raw_heard(r); (at = strstr(at, text)) != NULL; at++)
        n++;
    return n;
}

static void the_ok_of_no_ack_mode_needs_no_plus(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        say_and_run(r, raw_frame("QStartNoAckMode"));
        assert_string_equal(raw_heard(r), "+$OK#9a"); /* the '+' of ack mode */
        assert_false(twin_ack_mode(r->t));
        raw_forget(r);
        say_and_run(r, raw_frame("QStartNoAckMode")); /* a duplicate */
        assert_string_equal(raw_heard(r), "$OK#9a");
        raw_forget(r);
        say_and_run(r, raw_frame("qC"));
        assert_string_equal(raw_heard(r), raw_frame("QC186a1"));
        assert_int_equal(twin_counts(r->t)->resent_replies, 0);
        raw_free(r);
    }
}

static void bytes_between_requests_are_skipped(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        say_and_run(r, "$qC#b4+-xx#00");
        say_and_run(r, "+");
        say_and_run(r, "$qC#zz$?#");
        assert_int_equal(r->messages, 3);
        assert_int_equal(heard(r, "$QC186a1#"), 2);
        assert_int_equal(heard(r, "$T05thread:186a1;#"), 1);
        assert_int_equal(twin_counts(r->t)->bad_sums, 0);
        raw_free(r);
    }
}

static void requests_in_a_row_are_answered_in_order(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        raw_say(r, "$Hg186a3#00");
        raw_say(r, "$qC#b4");
        raw_say(r, "$Hg186a2#00");
        say_and_run(r, "$qC#b4");
        assert_string_equal(raw_heard(r), "$OK#9a$QC186a3#c7$OK#9a$QC186a2#c6");
        raw_free(r);
    }
}

static void a_duplicate_write_runs_twice_and_may_undo_another(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        uint32_t seqno = raw_say(r, "$M" DATA ",1:11#00");
        raw_run(r, 5 * SIM_MS);
        say_and_run(r, "$M" DATA ",1:22#00");
        raw_repeat(r, seqno, "$M" DATA ",1:11#00");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(heard(r, "$OK#9a"), 3);
        assert_int_equal(twin_counts(r->t)->undone, 1);
        assert_int_equal(twin_harm(r->t), 1);
        raw_free(r);
    }
}

/* Causes a stop in no-ack mode and checks the counters. */
static void resumes(enum twin_generation g, const char *request, unsigned steps)
{
    struct raw *r = no_ack_session(g);
    say_and_run(r, raw_frame(request));
    assert_int_equal(heard(r, "$T0510:"), 3);
    assert_int_equal(r->messages, 3);
    assert_int_equal(r->data[2].seqno, r->data[0].seqno + 2);
    assert_int_equal(twin_counts(r->t)->resent_replies, 2);
    assert_int_equal(twin_counts(r->t)->steps, steps);
    assert_int_equal(twin_counts(r->t)->continues, 1 - steps);
    assert_true(twin_ack_mode(r->t));
    raw_free(r);
}

static void the_digits_of_a_resume_make_three_stops(void **state)
{
    (void)state;
    BOTH(g)
    {
        resumes(g, "s", 1);
        resumes(g, "S05", 1);
        resumes(g, "c", 0);
        resumes(g, "C05", 0);
    }
}

/* The checksum digits count as "not '+'"; without them the stop is not repeated. */
static void a_resume_without_digits_makes_one_stop(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        say_and_run(r, "$s#");
        assert_int_equal(r->messages, 1);
        raw_free(r);
    }
}

static void a_plus_at_the_first_stop_is_read_after_the_third(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        raw_say(r, "$s#73");
        while (r->messages == 0)
            raw_run(r, 50 * SIM_US);
        say_and_run(r, "+");
        assert_int_equal(heard(r, "$T0510:"), 3);
        raw_forget(r);
        raw_say(r, "$qC#b3"); /* checksums are checked again */
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), "-");
        assert_string_equal(raw_ask(r, "qC"), "QC186a1");
        assert_int_equal(twin_counts(r->t)->steps, 1);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void each_byte_before_the_plus_adds_a_stop(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        uint32_t seqno = raw_say(r, "$s#73");
        raw_repeat(r, seqno, "$s#73");
        raw_say(r, "$?#3f");
        raw_run(r, 50 * SIM_MS);
        assert_int_equal(heard(r, "$T0510:"), 3 + 5 + 5);
        assert_int_equal(twin_counts(r->t)->steps, 1);
        assert_int_equal(twin_executed(r->t, "?"), 0);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void a_duplicate_step_after_the_plus_steps_again(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        uint32_t seqno = raw_say(r, "$s#73");
        raw_run(r, 10 * SIM_MS);
        say_and_run(r, "+");
        raw_repeat(r, seqno, "$s#73");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->steps, 2);
        assert_int_equal(twin_counts(r->t)->repeated_resumes, 1);
        raw_free(r);
    }
}

/* A duplicate of a read before the step replaces nothing: both are executed. */
static void a_duplicate_read_before_a_step_is_answered_before_the_stop(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        uint32_t seqno = raw_say(r, "$m" DATA ",1#00");
        raw_repeat(r, seqno, "$m" DATA ",1#00");
        say_and_run(r, "$s#73");
        assert_int_equal(strncmp(raw_heard(r), "$00#60$00#60$T05", 16), 0);
        assert_int_equal(twin_counts(r->t)->steps, 1);
        raw_free(r);
    }
}

/*
 * A server that sends the next request as soon as it has the reply, before the kernel's send has
 * ended, so that the kernel's buffer is never empty.
 */
static void a_server_without_a_pause_fills_the_buffer(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        const struct twin_counts *c = twin_counts(r->t);
        uint64_t asked = 0;
        while (c->full_refused + c->full_lost == 0 && asked < 1000) {
            unsigned before = r->messages;
            raw_say(r, raw_frame("m" DATA ",10"));
            for (int i = 0; i < 100 && r->messages == before; i++)
                raw_run(r, 50 * SIM_US);
            asked++;
        }
        assert_int_equal(c->full_lost, g == TWIN_OLD);
        assert_true((c->full_refused > 0) == (g == TWIN_NEW));
        assert_true(asked == twin_executed(r->t, "m") + 1);
        assert_int_equal(asked, 4111 / strlen(raw_frame("m" DATA ",10")) + 1);
        raw_forget(r);
        say_and_run(r, raw_frame("m" DATA ",10")); /* a pause empties the buffer */
        assert_int_equal(r->messages, 1);
        raw_free(r);
    }
}

static void a_pause_during_a_send_empties_the_buffer(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        for (int i = 0; i < 400; i++) {
            raw_say(r, raw_frame("m" DATA ",10"));
            raw_run(r, 2 * SIM_MS);
            assert_int_equal(twin_buffered(r->t), 0);
        }
        assert_int_equal(r->messages, 400);
        raw_free(r);
    }
}

static void a_request_of_4095_bytes_panics_it_silently(void **state)
{
    static char request[4096];
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        memset(request, 'v', sizeof request - 1);
        request[0] = '$';
        for (size_t at = 0; at < sizeof request; at += 1024) {
            raw_say_bytes(r, request + at, 1024);
            raw_run(r, SIM_MS);
        }
        raw_say(r, "vv");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_counts(r->t)->panics, 1);
        assert_int_equal(r->messages, 0);
        raw_free(r);
    }
}

static void after_kill_the_next_session_is_in_ack_mode(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        say_and_run(r, "$k#6b");
        assert_int_equal(r->messages, 0);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        r->heard_seqno = 0; /* a new session starts at seqno 1 */
        raw_until_stop(r);
        assert_true(twin_ack_mode(r->t));
        raw_forget(r);
        say_and_run(r, "$qC#b4");
        assert_int_equal(twin_executed(r->t, "qC"), 0);
        raw_free(r);
    }
}

static void a_server_that_takes_over_finds_no_plus(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = no_ack_session(g);
        uint16_t port = sim_session_port(r->io);
        sim_session_close(r->io);
        r->io = sim_session(r->w, 0x0a000002, port);
        say_and_run(r, "");
        assert_int_equal(r->acks, g == TWIN_OLD ? 2 : 1);
        say_and_run(r, "+");
        assert_int_equal(r->messages, 0);
        say_and_run(r, "$?#3f");
        assert_string_equal(raw_heard(r), raw_frame("T05thread:186a1;"));
        raw_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ok_of_no_ack_mode_needs_no_plus),
        cmocka_unit_test(bytes_between_requests_are_skipped),
        cmocka_unit_test(requests_in_a_row_are_answered_in_order),
        cmocka_unit_test(a_duplicate_write_runs_twice_and_may_undo_another),
        cmocka_unit_test(the_digits_of_a_resume_make_three_stops),
        cmocka_unit_test(a_resume_without_digits_makes_one_stop),
        cmocka_unit_test(a_plus_at_the_first_stop_is_read_after_the_third),
        cmocka_unit_test(each_byte_before_the_plus_adds_a_stop),
        cmocka_unit_test(a_duplicate_step_after_the_plus_steps_again),
        cmocka_unit_test(a_duplicate_read_before_a_step_is_answered_before_the_stop),
        cmocka_unit_test(a_server_without_a_pause_fills_the_buffer),
        cmocka_unit_test(a_pause_during_a_send_empties_the_buffer),
        cmocka_unit_test(a_request_of_4095_bytes_panics_it_silently),
        cmocka_unit_test(after_kill_the_next_session_is_in_ack_mode),
        cmocka_unit_test(a_server_that_takes_over_finds_no_plus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
