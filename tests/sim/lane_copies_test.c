/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the network does to the lane: copies, loss and damage of single datagrams on the kernel
 * twin. Nothing runs twice, no reply is another request's, and what is not known ends in one line.
 */
#include "proto/netgdb_lane.h"

#include <stdio.h>

#include "proto/err.h"
#include "tests/sim/lane_rig.h"

static const char *const sequence[][2] = {
    {"mffffffff80200000,4", "00254a6f"},
    {"mffffffff81000000,1", "00"},
    {"p0", "0101010101010101"},
    {"p1", "0202020202020202"},
    {"Hg186a2", "OK"},
    {"m1000,8", "E05"},
    {"qC", "QC186a2"},
    {"Hg186a3", "OK"},
    {"mffffffff81000001,1", "00"},
    {"Mffffffff81000001,1:11", "OK"},
    {"mffffffff81000001,1", "11"},
    {"Mffffffff81000001,1:22", "OK"},
    {"mffffffff81000001,1", "22"},
    {"qC", "QC186a3"},
    {"mffffffff80200004,2", "94b9"},
};

/* In the lane the n-th of our DATA comes twice, the copy late. */
static void play_copy(unsigned n, uint64_t late, enum twin_generation g)
{
    struct rig *r = lane_rig_new(g, lane_may_read_text);
    lane_enter_now(r);
    rig_fate(r, RIG_OUR_DATA, "$", n, 1, SIM_TWICE, late);
    for (size_t i = 0; i < sizeof sequence / sizeof sequence[0]; i++) {
        rig_ask(r, sequence[i][0], sequence[i][1]);
    }
    rig_step(r);
    lane_ask_text(r, 5, 5);
    rig_step(r);
    assert_int_equal(twin_counts(r->twin)->steps, 2);
    assert_int_equal(target_leave(r->target, (const uint8_t *)"D", 1, &r->reply), 0);
    assert_int_equal(twin_counts(r->twin)->detaches, 1);
    lane_expect_good(r);
    rig_free(r);
}

static void a_copy_within_5_ms_does_no_harm(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 34; n++) {
        for (uint64_t late = 0; late <= 5 * SIM_MS; late += 500 * SIM_US) {
            play_copy(n, late, TWIN_OLD);
            play_copy(n, late, TWIN_NEW);
        }
    }
}

static void a_step_in_it_runs_once_whatever_is_lost_or_repeated(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 4; lost++) {
        for (uint64_t late = 0; late <= 5 * SIM_MS; late += 250 * SIM_US) {
            struct rig *r = lane_rig_new(lost % 2 == 0 ? TWIN_NEW : TWIN_OLD, lane_may_read_text);
            lane_enter_now(r);
            rig_fate(r, RIG_OUR_DATA, "$s", 0, 1, SIM_TWICE, late);
            rig_fate(r, RIG_KERNEL_ACK, NULL, 0, lost, SIM_LOSE, 0);
            rig_fate(r, RIG_KERNEL_DATA, "$T", 0, lost / 2, SIM_LOSE, 0);
            rig_step(r);
            lane_ask_text(r, 0, 8);
            assert_int_equal(twin_counts(r->twin)->steps, 1);
            lane_expect_good(r);
            rig_free(r);
        }
    }
}

/* What comes first is the reply to the copy of p0; that p1 is stored is not known before its ack.
 */
static void a_reply_is_not_settled_before_its_request_is_stored(void **state)
{
    (void)state;
    for (uint64_t late = 2 * SIM_MS; late <= 5 * SIM_MS; late += 500 * SIM_US) {
        struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        rig_fate(r, RIG_OUR_DATA, "$p0", 0, 1, SIM_TWICE, late);
        rig_fate(r, RIG_OUR_DATA, "$p1", 0, 1, SIM_LOSE, 0);
        rig_ask(r, "p0", "0101010101010101");
        rig_ask(r, "p1", "0202020202020202");
        rig_free(r);
    }
}

static void an_error_to_the_copy_of_another_read_is_not_believed(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 250 * SIM_US) {
        struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        rig_fate(r, RIG_OUR_DATA, "$m1000,", 0, 1, SIM_TWICE, late);
        rig_ask(r, "m1000,8", "E05");
        for (unsigned i = 0; i < 5; i++)
            lane_ask_text(r, i, 8);
        rig_free(r);
    }
}

/* The stub tells each part once, and an error to the copy. */
static void a_part_of_a_list_is_told_though_its_request_is_repeated(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 500 * SIM_US) {
        struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
        char request[64];
        lane_enter_now(r);
        rig_fate(r, RIG_OUR_DATA, "$qXfer", 1, 1, SIM_TWICE, late);
        assert_int_equal(rig_try(r, "qXfer:threads:read::0,40"), 0);
        assert_true(buf_starts(&r->reply, "m<threads>"));
        snprintf(request, sizeof request, "qXfer:threads:read::%zx,1000", r->reply.len - 1);
        assert_int_equal(rig_try(r, request), 0);
        assert_true(buf_starts(&r->reply, "mRunning"));
        sim_run_for(r->w, 10 * SIM_MS);
        assert_int_equal(twin_executed(r->twin, request), 2);
        lane_ask_text(r, 0, 8);
        lane_expect_good(r);
        rig_free(r);
    }
}

/* Loses a request once: the time until it is sent again, between these two. */
static void expect_retry(const char *request, uint64_t least, uint64_t most)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    char text[64];
    lane_enter_now(r);
    snprintf(text, sizeof text, "$%s#", request);
    rig_fate(r, RIG_OUR_DATA, text, 0, 1, SIM_LOSE, 0);
    size_t before = r->sent_used;
    assert_int_equal(rig_try(r, request), 0);
    uint64_t times[2];
    unsigned n = 0;
    for (size_t i = before; i < r->sent_used && n < 2; i++) {
        if (strncmp(r->sent[i].text, text, strlen(text)) == 0)
            times[n++] = r->sent[i].time;
    }
    assert_int_equal(n, 2);
    assert_in_range(times[1] - times[0], least, most);
    lane_expect_good(r);
    rig_free(r);
}

static void what_resumes_is_sent_again_later(void **state)
{
    (void)state;
    expect_retry("g", 20 * SIM_MS, 50 * SIM_MS);
    expect_retry("Mffffffff81000001,1:11", 20 * SIM_MS, 50 * SIM_MS);
    expect_retry("Z2,ffffffff81000010,4", 20 * SIM_MS, 50 * SIM_MS);
    expect_retry("s", 300 * SIM_MS, 350 * SIM_MS);
}

/* It takes two of few registers when it runs twice. */
static void a_watchpoint_whose_acks_are_lost_is_set_once(void **state)
{
    (void)state;
    for (unsigned lost = 0; lost < 4; lost++) {
        struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        rig_fate(r, RIG_KERNEL_ACK, NULL, 0, lost, SIM_LOSE, 0);
        rig_ask(r, "Z2,ffffffff81000010,4", "OK");
        assert_int_equal(twin_executed(r->twin, "Z2"), 1);
        rig_ask(r, "z2,ffffffff81000010,4", "OK");
        assert_int_equal(twin_executed(r->twin, "z2"), 1);
        lane_expect_good(r);
        rig_free(r);
    }
}

/* In ack mode its '+' would tell that it has come: what runs for long sends nothing more. */
static void a_continue_whose_ack_is_lost_is_waited_for(void **state)
{
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct rig *r = lane_rig_new(g == 0 ? TWIN_OLD : TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        twin_machine(r->twin)->run_time = 100 * SIM_SECOND;
        rig_fate(r, RIG_KERNEL_ACK, NULL, 0, 1, SIM_LOSE, 0);
        assert_int_equal(rig_try(r, "c"), 0);
        assert_true(buf_starts(&r->reply, "T05"));
        rig_step(r);
        assert_int_equal(twin_counts(r->twin)->continues, 1);
        assert_int_equal(twin_counts(r->twin)->steps, 1);
        lane_expect_good(r);
        rig_free(r);
    }
}

static void begin_damage(void *rig)
{
    struct rig *r = rig;
    sim_path(r->w, RIG_KERNEL_IP, SIM_TO_SERVER)->mangle = 1;
}

/* The stop and what is told of it again are damaged, the ack of the step is not. */
static void a_stop_that_comes_damaged_is_asked_for_again(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 12; n++) {
        struct rig *r = lane_rig_new(n % 2 == 0 ? TWIN_OLD : TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        for (unsigned i = 0; i < n; i++)
            (void)sim_below(r->w, 2); /* other bytes are damaged */
        twin_machine(r->twin)->step_time = 30 * SIM_MS;
        sim_after(r->w, 20 * SIM_MS, begin_damage, r);
        sim_after(r->w, 100 * SIM_MS, lane_heal, r);
        rig_step(r);
        lane_ask_text(r, 0, 8);
        assert_int_equal(twin_counts(r->twin)->steps, 1);
        lane_expect_good(r);
        rig_free(r);
    }
}

static void a_copy_of_a_choice_that_comes_much_later_ends_the_session(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    lane_enter_now(r);
    rig_fate(r, RIG_OUR_DATA, "$H", 0, 1, SIM_TWICE, 100 * SIM_MS);
    rig_ask(r, "Hg186a2", "OK");
    rig_ask(r, "Hg186a3", "OK");
    sim_run_for(r->w, 200 * SIM_MS);
    assert_int_equal(target_idle(r->target), 0);
    assert_int_equal(rig_try(r, "g"), NETGDB_LOST);
    assert_int_equal(r->lines, 1);
    rig_free(r);
}

/* Its length has come round by then: its ack tells. */
static void a_copy_of_a_read_that_comes_much_later_gives_no_wrong_reply(void **state)
{
    (void)state;
    for (uint64_t late = 60 * SIM_MS; late < 80 * SIM_MS; late += 200 * SIM_US) {
        struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, late);
        for (unsigned i = 0; i < LANE_LENGTHS + 30; i++)
            lane_ask_text(r, i * 512, NETGDB_LANE_READ);
        lane_expect_good(r);
        rig_free(r);
    }
}

/* It comes when its DATA is not remembered any more, behind some hundred others. */
static void a_copy_of_a_write_from_long_ago_ends_the_session(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    int rc = 0;
    (void)state;
    lane_enter_now(r);
    rig_fate(r, RIG_OUR_DATA, "$M", 0, 1, SIM_TWICE, 250 * SIM_MS);
    rig_ask(r, "Mffffffff81000001,1:11", "OK");
    rig_ask(r, "Mffffffff81000001,1:22", "OK");
    for (unsigned i = 0; i < 400 && rc == 0; i++)
        rc = rig_try(r, RIG_READ);
    assert_int_equal(rc, NETGDB_LOST);
    assert_int_equal(r->lines, 1);
    rig_free(r);
}

static void a_copy_of_a_step_that_comes_much_later_ends_the_session(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    rig_fate(r, RIG_OUR_DATA, "$s", 0, 1, SIM_TWICE, 300 * SIM_MS);
    rig_step(r);
    lane_enter_now(r);
    sim_run_for(r->w, 400 * SIM_MS);
    (void)target_idle(r->target);
    assert_int_equal(rig_try(r, "g"), NETGDB_LOST);
    assert_int_equal(r->lines, 1);
    rig_free(r);
}

/* The ack of the copy, which would tell of it, is lost: its stop does. */
static void a_stop_that_nobody_waits_for_ends_the_session(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    rig_fate(r, RIG_OUR_DATA, "$s", 0, 1, SIM_TWICE, 300 * SIM_MS);
    rig_step(r);
    lane_enter_now(r);
    rig_fate(r, RIG_KERNEL_ACK, NULL, 0, 1, SIM_LOSE, 0);
    sim_run_for(r->w, 400 * SIM_MS);
    assert_int_equal(twin_counts(r->twin)->steps, 2);
    (void)target_idle(r->target);
    assert_int_equal(rig_try(r, "g"), NETGDB_LOST);
    assert_int_equal(r->lines, 1);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_within_5_ms_does_no_harm),
        cmocka_unit_test(a_step_in_it_runs_once_whatever_is_lost_or_repeated),
        cmocka_unit_test(a_reply_is_not_settled_before_its_request_is_stored),
        cmocka_unit_test(an_error_to_the_copy_of_another_read_is_not_believed),
        cmocka_unit_test(a_part_of_a_list_is_told_though_its_request_is_repeated),
        cmocka_unit_test(what_resumes_is_sent_again_later),
        cmocka_unit_test(a_watchpoint_whose_acks_are_lost_is_set_once),
        cmocka_unit_test(a_continue_whose_ack_is_lost_is_waited_for),
        cmocka_unit_test(a_stop_that_comes_damaged_is_asked_for_again),
        cmocka_unit_test(a_copy_of_a_choice_that_comes_much_later_ends_the_session),
        cmocka_unit_test(a_copy_of_a_read_that_comes_much_later_gives_no_wrong_reply),
        cmocka_unit_test(a_copy_of_a_write_from_long_ago_ends_the_session),
        cmocka_unit_test(a_copy_of_a_step_that_comes_much_later_ends_the_session),
        cmocka_unit_test(a_stop_that_nobody_waits_for_ends_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
