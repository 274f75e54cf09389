/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lane on the kernel twin: when it is entered and left, what is sent in it, and servers that
 * come and go. lane_copies_test.c: the network's faults. Random sessions: the matrix, factor
 * `lane`.
 */
#include "proto/netgdb_lane.h"

#include <stdlib.h>

#include "proto/err.h"
#include "proto/holdback.h"
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

static bool lane_may_read_all(void *context, uint64_t address, size_t len)
{
    (void)context;
    (void)address;
    (void)len;
    return true;
}

/* The bytes beside them cannot be: an error to a longer read is none to what was asked for. */
static void the_last_bytes_in_front_of_a_hole_can_be_read(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_all);
    (void)state;
    lane_enter_now(r);
    lane_ask_text(r, MACHINE_TEXT_SIZE - 4, 4);
    rig_ask(r, "m1000,4", "E05");
    lane_expect_good(r);
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

/* ---- when it is entered ---- */

static void read_long(struct rig *r, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        lane_ask_text(r, i * 2048, 2048);
}

static void it_is_not_entered_on_a_path_that_repeats(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, SIM_MS);
    read_long(r, HOLDBACK_CLEAN_EXCHANGES - 1);
    assert_true(twin_ack_mode(r->twin));
    read_long(r, 2 + LANE_RIG_AFTER);
    assert_false(twin_ack_mode(r->twin));
    rig_free(r);
}

static void it_is_not_entered_where_copies_come_later_than_64_reads_take(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, 55 * SIM_MS);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    sim_run_for(r->w, 100 * SIM_MS);
    (void)target_idle(r->target);
    read_long(r, 2 * HOLDBACK_CLEAN_EXCHANGES + LANE_RIG_AFTER);
    assert_int_equal(twin_executed(r->twin, "QStartNoAckMode"), 0);
    rig_free(r);
}

static void it_is_not_entered_unless_somebody_says_what_may_be_read(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    netgdb_target_lane(r->target, NULL);
    read_long(r, 100);
    assert_int_equal(twin_executed(r->twin, "QStartNoAckMode"), 0);
    rig_free(r);
}

static void it_is_not_entered_where_the_pc_cannot_be_read(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    rig_ask(r, "P10=0010000000000000", "OK");
    rig_step(r);
    read_long(r, 100);
    assert_int_equal(twin_executed(r->twin, "QStartNoAckMode"), 0);
    assert_int_equal(twin_executed(r->twin, "m1000,"), 1); /* and asked once */
    rig_free(r);
}

/* powerpc's: a longer read than asked for would not fit, nor what waits there. */
static void it_is_not_entered_where_the_stubs_buffer_is_small(void **state)
{
    struct twin_config config = twin_config(TWIN_NEW);
    (void)state;
    config.buffer = 2152 + 15;
    struct rig *r = rig_new_twin(&config);
    rig_connect(r);
    lane_allow(r, lane_may_read_text, false);
    rig_warm_up(r);
    for (unsigned i = 0; i < 100; i++)
        lane_ask_text(r, i * 1076, 1076);
    assert_int_equal(twin_executed(r->twin, "QStartNoAckMode"), 0);
    lane_expect_good(r);
    rig_free(r);
}

static void requests_of_other_kinds_do_not_enter_it(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        lane_ask_text(r, i * 2048, 2048);
        lane_ask_text(r, i * 2048, NETGDB_LANE_LONG - 1);
        if (i % 3 == 0)
            rig_ask(r, "qC", "QC186a1");
    }
    assert_true(twin_ack_mode(r->twin));
    rig_free(r);
}

static void after_damage_it_is_not_entered_again(void **state)
{
    struct rig *r = lane_rig_new(TWIN_NEW, lane_may_read_text);
    (void)state;
    lane_enter_now(r);
    sim_path(r->w, RIG_KERNEL_IP, SIM_TO_SERVER)->mangle = 1;
    sim_after(r->w, SIM_MS, lane_heal, r);
    lane_ask_text(r, 0, 100);
    assert_int_not_equal(netgdb_target_stats(r->target)->asked_again, 0);
    rig_step(r);
    rig_warm_up(r);
    read_long(r, 100);
    assert_int_equal(twin_executed(r->twin, "QStartNoAckMode"), 1);
    rig_free(r);
}

/* ---- servers that come and go ---- */

/* Another server goes on where this one was killed. */
static void take_over(struct rig *r, struct link_mark *mark)
{
    const struct net_addr own = r->kernel->own, kernel = r->kernel->kernel;
    rig_kill(r);
    assert_non_null(lobby_take_over(&r->lobby, &own, &kernel, mark));
    struct lobby_kernel *k = rig_await(r, 10 * SIM_SECOND);
    k->link->mark = mark;
    rig_take(r, k);
    uint64_t start = sim_now(r->w);
    lane_allow(r, lane_may_read_text, false);
    assert_true(sim_now(r->w) - start < SIM_SECOND); /* it waits for nothing that does not come */
}

static struct rig *marked(struct link_mark *mark, enum twin_generation g)
{
    struct rig *r = lane_rig_new(g, lane_may_read_text);
    *mark = (struct link_mark){0};
    r->kernel->link->mark = mark;
    lane_enter_now(r);
    assert_int_not_equal(mark->lane, 0);
    return r;
}

static void the_next_server_finds_the_stub_in_it(void **state)
{
    (void)state;
    for (int g = 0; g < 2; g++) {
        struct link_mark mark;
        struct rig *r = marked(&mark, g == 0 ? TWIN_OLD : TWIN_NEW);
        take_over(r, &mark);
        lane_ask_text(r, 77, 7);
        assert_false(twin_ack_mode(r->twin));
        rig_step(r);
        assert_int_equal(mark.lane, 0);
        lane_ask_text(r, 78, 8);
        assert_int_equal(target_leave(r->target, (const uint8_t *)"D", 1, &r->reply), 0);
        assert_int_equal(twin_counts(r->twin)->detaches, 1);
        lane_expect_good(r);
        rig_free(r);
    }
}

static void the_next_server_finds_that_it_has_ended(void **state)
{
    struct link_mark mark;
    struct rig *r = marked(&mark, TWIN_NEW);
    (void)state;
    assert_int_equal(target_send(r->target, (const uint8_t *)"s", 1), 0);
    sim_run_for(r->w, 100 * SIM_MS);
    assert_true(twin_ack_mode(r->twin));
    take_over(r, &mark);
    assert_int_equal(mark.lane, 0);
    lane_ask_text(r, 77, 7);
    rig_step(r);
    assert_int_equal(twin_counts(r->twin)->steps, 2);
    lane_expect_good(r);
    rig_free(r);
}

static void a_kernel_that_comes_back_is_in_ack_mode(void **state)
{
    struct link_mark mark;
    struct rig *r = marked(&mark, TWIN_NEW);
    (void)state;
    rig_keep_lobby(r);
    twin_machine(r->twin)->run_time = SIM_NEVER;
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now + SIM_SECOND, now + 2 * SIM_SECOND);
    assert_int_equal(rig_try(r, "c"), NETGDB_REPLACED);
    bool final;
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    assert_true(buf_starts(&r->reply, "T"));
    lane_ask_text(r, 1, 9);
    assert_true(twin_ack_mode(r->twin));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_long_reads_enter_it_and_a_step_leaves_it),
        cmocka_unit_test(a_read_in_it_costs_the_kernel_one_message),
        cmocka_unit_test(no_two_reads_of_64_have_the_same_length),
        cmocka_unit_test(what_may_be_a_devices_is_read_as_asked),
        cmocka_unit_test(the_last_bytes_in_front_of_a_hole_can_be_read),
        cmocka_unit_test(every_request_is_answered_in_it),
        cmocka_unit_test(it_is_not_entered_on_a_path_that_repeats),
        cmocka_unit_test(it_is_not_entered_where_copies_come_later_than_64_reads_take),
        cmocka_unit_test(it_is_not_entered_unless_somebody_says_what_may_be_read),
        cmocka_unit_test(it_is_not_entered_where_the_pc_cannot_be_read),
        cmocka_unit_test(it_is_not_entered_where_the_stubs_buffer_is_small),
        cmocka_unit_test(requests_of_other_kinds_do_not_enter_it),
        cmocka_unit_test(after_damage_it_is_not_entered_again),
        cmocka_unit_test(the_next_server_finds_the_stub_in_it),
        cmocka_unit_test(the_next_server_finds_that_it_has_ended),
        cmocka_unit_test(a_kernel_that_comes_back_is_in_ack_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
