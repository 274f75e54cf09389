/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lane on the kernel twin: when it is entered and left, what tells replies apart in it, and
 * what may not happen whatever the network does. Random sessions: lane_random.c and the matrix.
 */
#include "proto/netgdb_lane.h"

#include <stdlib.h>

#include "proto/err.h"
#include "tests/sim/lane_rig.h"

static void some_long_reads_enter_it_and_a_step_leaves_it(void **state)
{
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct rig *r = lane_rig_new(g == 0 ? TWIN_OLD : TWIN_NEW, lane_may_read_text);
        lane_enter_now(r);
        rig_step(r);
        assert_true(twin_ack_mode(r->twin));
        lane_ask_text(r, 0, 4);
        rig_step(r);
        assert_int_equal(twin_counts(r->twin)->steps, 2);
        lane_enter_now(r);
        rig_ask(r, "D", "OK");
        lane_expect_good(r);
        rig_free(r);
    }
}

static void a_read_in_it_costs_the_kernel_one_message(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    lane_enter_now(r);
    uint64_t before = twin_counts(r->twin)->messages;
    for (unsigned i = 0; i < 300; i++)
        lane_ask_text(r, i * 1000, NETGDB_LANE_READ);
    assert_int_equal(twin_counts(r->twin)->messages - before, 300);
    assert_int_equal(twin_counts(r->twin)->full_refused, 0);
    rig_free(r);
}

static void no_two_reads_of_64_have_the_same_length(void **state)
{
    struct rig *r = lane_rig_new(TWIN_OLD, lane_may_read_text);
    unsigned lengths[200];
    (void)state;
    lane_enter_now(r);
    for (unsigned i = 0; i < 200; i++) {
        lane_ask_text(r, i * 16, 1 + i % 3);
        const char *text = (const char *)twin_last(r->twin, "m")->text;
        lengths[i] = (unsigned)strtoul(strchr(text, ',') + 1, NULL, 16);
        assert_true(lengths[i] > 1 && lengths[i] % 2 == 1);
        for (unsigned j = i < LANE_LENGTHS ? 0 : i - LANE_LENGTHS; j < i; j++)
            assert_int_not_equal(lengths[i], lengths[j]);
    }
    rig_free(r);
}

/* What may not be read beside it is read as asked, once, and believed by a read behind it. */
static void what_may_be_a_devices_is_read_as_asked(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    lane_enter_now(r);
    rig_ask(r, "mffffffff81000000,4", "00000000");
    assert_int_equal(twin_executed(r->twin, "mffffffff81000000,4"), 1);
    assert_int_equal(twin_executed(r->twin, "mffffffff81000"), 1);
    rig_free(r);
}

static void every_request_is_answered_in_it(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    lane_enter_now(r);
    rig_ask(r, "m1000,8", "E05");
    rig_ask(r, "Mffffffff81000010,2:abcd", "OK");
    rig_ask(r, "mffffffff81000010,2", "abcd");
    rig_ask(r, "Hg186a2", "OK");
    rig_ask(r, "qC", "QC186a2");
    rig_ask(r, "Hg1", "E02");
    rig_ask(r, "vMustReplyEmpty", "");
    rig_ask(r, "Z2,ffffffff81000010,4", "OK");
    rig_ask(r, "z2,ffffffff81000010,4", "OK");
    assert_int_equal(rig_try(r, "g"), 0);
    assert_true(r->reply.len > 100);
    assert_int_equal(rig_try(r, "?"), 0);
    assert_true(buf_starts(&r->reply, "T05thread:"));
    assert_int_equal(rig_try(r, "qXfer:threads:read::0,1000"), 0);
    assert_true(buf_starts(&r->reply, "l<threads>"));
    assert_false(twin_ack_mode(r->twin));
    rig_ask(r, "c", "T0510:00102080ffffffff;thread:186a1;");
    lane_expect_good(r);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_long_reads_enter_it_and_a_step_leaves_it),
        cmocka_unit_test(a_read_in_it_costs_the_kernel_one_message),
        cmocka_unit_test(no_two_reads_of_64_have_the_same_length),
        cmocka_unit_test(what_may_be_a_devices_is_read_as_asked),
        cmocka_unit_test(every_request_is_answered_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
