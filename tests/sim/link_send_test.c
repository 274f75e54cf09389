/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link's sending side: retransmissions, the generation, lateness, unexpected '+'. */
#include "tests/sim/link_fixture.h"

/* ---- sending ---- */

static unsigned broken; /* violated invariants */

static void count_broken(const char *condition, const char *function)
{
    assert_string_equal(function, "link_send");
    assert_non_null(condition);
    broken++;
}

static void at_most_one_data_is_in_flight(void **state)
{
    struct fixture *f = *state;
    broken = 0;
    check_set_handler(count_broken);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), NETGDB_BUG);
    check_set_handler(NULL);
    assert_int_equal(broken, 1);
    assert_int_equal(rig_count(f->rig, RIG_OUR_DATA, NULL), 1);
    rig_peer_ack(f->rig, 1);
    pass(f, SIM_MS);
    assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), 0);
}

static void a_payload_over_the_limit_is_refused(void **state)
{
    static const uint8_t bytes[WIRE_DATA_ETHERNET + 1];
    struct fixture *f = *state;
    assert_int_not_equal(link_send(&f->link, bytes, sizeof bytes, 0, sizeof bytes), 0);
    assert_int_equal(link_send(&f->link, bytes, WIRE_DATA_ETHERNET, 0, WIRE_DATA_ETHERNET), 0);
}

static void retransmission_begins_at_50_ms_and_doubles_to_1_s(void **state)
{
    struct fixture *f = *state;
    static const uint64_t expected[] = {50, 100, 200, 400, 800, 1000, 1000};
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    uint64_t sent = sim_now(f->rig->w);
    for (unsigned i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        uint64_t due = link_deadline(&f->link);
        assert_int_equal(due - sent, expected[i] * IO_MS);
        pass(f, due - sent - 1);
        assert_int_equal(rig_count(f->rig, RIG_OUR_DATA, "+"), i + 1);
        pass(f, 1);
        assert_int_equal(rig_count(f->rig, RIG_OUR_DATA, "+"), i + 2);
        sent = due;
    }
    rig_peer_ack(f->rig, 1);
    pass(f, SIM_MS);
    assert_int_equal(link_deadline(&f->link), IO_NEVER);
}

/* A path slower than 20 ms must not cause a retransmission of every DATA. */
static void the_retransmission_timeout_follows_a_slow_path(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno <= 10; seqno++) {
        assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
        uint64_t end = sim_now(f->rig->w) + 60 * SIM_MS;
        while (sim_now(f->rig->w) < end)
            pass(f, SIM_MS);
        rig_peer_ack(f->rig, seqno);
        pass(f, SIM_MS);
        assert_true(link_acked(&f->link));
    }
    assert_true(f->link.counters.retransmitted <= 2);
}

/* The round trip of a DATA lost several times is ambiguous: the next unambiguous one replaces it.
 */
static void losses_do_not_raise_the_retransmission_timeout(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    for (unsigned i = 0; i < 100; i++)
        pass(f, 50 * SIM_MS);
    rig_peer_ack(f->rig, 1);
    pass(f, SIM_MS);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    assert_true(link_deadline(&f->link) <= sim_now(f->rig->w) + LINK_RETRY_MAX);
    rig_peer_ack(f->rig, 2);
    pass(f, SIM_MS);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    assert_int_equal(link_deadline(&f->link), sim_now(f->rig->w) + LINK_RETRY_MIN);
}

/* A kernel that sends also stores DATA: a retransmission would only be read later. */
static void retransmission_waits_while_the_kernel_sends(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), 0);
    for (uint32_t seqno = 2; seqno < 8; seqno++) {
        rig_peer_text(f->rig, seqno, "$T05#b9");
        pass(f, SIM_SECOND);
        buf_reset(&f->link.stream);
    }
    assert_int_equal(f->link.counters.retransmitted, 0);
    pass(f, link_quiet(&f->link));
    assert_int_equal(f->link.counters.retransmitted, 1);
}

/* With such losses, waiting for the kernel's retransmitted '+' costs less than retransmitting. */
static void under_heavy_loss_a_request_waits_for_the_kernels_plus(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno <= LINK_HISTORY; seqno++) {
        assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
        pass(f, SIM_SECOND);
        pass(f, SIM_SECOND);
        rig_peer_ack(f->rig, seqno);
        pass(f, SIM_MS);
    }
    assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), 0);
    assert_true(link_deadline(&f->link) > sim_now(f->rig->w) + LINK_KERNEL_RETRY);
    link_mark_delivered(&f->link);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    assert_true(link_deadline(&f->link) <= sim_now(f->rig->w) + LINK_KERNEL_RETRY);
}

/* Retransmitting a long request costs more than a short one: it waits at a lower loss rate. */
static void a_long_request_waits_for_the_plus_at_lower_loss(void **state)
{
    struct fixture *f = *state;
    char request[400];
    memset(request, '0', sizeof request);
    for (uint32_t seqno = 1; seqno <= LINK_HISTORY; seqno++) {
        assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
        if (seqno % 8 == 0)
            pass(f, LINK_RETRY_MAX);
        rig_peer_ack(f->rig, seqno);
        pass(f, SIM_MS);
    }
    assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), 0);
    assert_true(link_deadline(&f->link) < sim_now(f->rig->w) + LINK_KERNEL_RETRY);
    link_mark_delivered(&f->link);
    assert_int_equal(link_send(&f->link, request, sizeof request, 0, sizeof request), 0);
    assert_true(link_deadline(&f->link) > sim_now(f->rig->w) + LINK_KERNEL_RETRY);
}

/* Two acks at once and a third a little later, from the first loss on. */
static void after_a_loss_each_ack_is_sent_three_times(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    pass(f, LINK_RETRY_MIN);
    rig_peer_ack(f->rig, 1);
    rig_peer_text(f->rig, 2, "$T05#b9");
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 2);
    assert_int_equal(link_deadline(&f->link), sim_now(f->rig->w) + LINK_THIRD_ACK_DELAY);
    pass(f, LINK_THIRD_ACK_DELAY);
    assert_int_equal(rig_acks(f->rig, 2), 3);
    assert_int_equal(link_deadline(&f->link), IO_NEVER);
}

/* ---- the two generations ---- */

/* Sends one DATA, which the kernel acknowledges `acks` times, and waits 3 ms. */
static void exchange(struct fixture *f, uint32_t seqno, unsigned acks)
{
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    for (unsigned i = 0; i < acks; i++)
        rig_peer_ack(f->rig, seqno);
    pass(f, 100 * SIM_US);
    pass(f, 3 * SIM_MS);
    link_mark_delivered(&f->link);
}

static void the_number_of_acks_shows_the_generation(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno < 5; seqno++)
        exchange(f, seqno, 1);
    assert_int_equal(link_send(&f->link, "", 0, 0, 0), 0);
    assert_int_equal(f->link.generation, LINK_NEW);
    assert_int_equal(f->link.reorder_events, 0);
    link_mark_delivered(&f->link);
    for (uint32_t seqno = 6; seqno < 16; seqno++)
        exchange(f, seqno, 2);
    assert_int_equal(link_send(&f->link, "", 0, 0, 0), 0);
    assert_int_equal(f->link.generation, LINK_OLD);
}

/*
 * A request is sent at the first ack of our '+', before a 13.x kernel's second ack is handled. The
 * single ack must not count for a later kernel, nor the second ack as a reorder event.
 */
static void the_second_ack_of_an_old_kernel_is_no_duplicate(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno < 200; seqno += 2) {
        assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
        rig_peer_ack(f->rig, seqno);
        pass(f, 60 * SIM_US);
        link_mark_delivered(&f->link);
        rig_peer_ack(f->rig, seqno); /* still in flight when the request is sent */
        assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), 0);
        pass(f, 60 * SIM_US);
        rig_peer_ack(f->rig, seqno + 1);
        rig_peer_ack(f->rig, seqno + 1);
        pass(f, 2 * SIM_MS);
        link_mark_delivered(&f->link);
    }
    assert_int_equal(f->link.generation, LINK_OLD);
    assert_int_equal(f->link.reorder_events, 0);
    assert_int_equal(link_lateness(&f->link), LINK_LATENESS_CLEAN);
}

static void after_one_ack_of_an_old_kernel_we_retransmit_once_it_is_silent(void **state)
{
    struct fixture *f = *state;
    exchange(f, 1, 2);
    exchange(f, 2, 2);
    assert_int_equal(link_send(&f->link, "$?#3f", 5, 0, 5), 0);
    rig_peer_ack(f->rig, 3);
    pass(f, SIM_MS);
    assert_int_equal(link_acks(&f->link), 1);
    assert_false(link_acked(&f->link));
    assert_true(link_deadline(&f->link) >= sim_now(f->rig->w) + link_quiet(&f->link) - SIM_MS);
    pass(f, link_quiet(&f->link));
    assert_int_equal(rig_count(f->rig, RIG_OUR_DATA, "$?#3f"), 2);
    rig_peer_ack(f->rig, 3); /* dropped again: still not known to be stored */
    pass(f, SIM_MS);
    assert_false(link_acked(&f->link));
    pass(f, link_quiet(&f->link));
    rig_peer_ack(f->rig, 3);
    rig_peer_ack(f->rig, 3);
    pass(f, SIM_MS);
    assert_true(link_acked(&f->link));
}

/* ---- lateness ---- */

static void the_lateness_is_5_ms_and_20_after_a_duplicate(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(link_lateness(&f->link), 5 * IO_MS);
    rig_peer_text(f->rig, 2, "$T05#b9");
    pass(f, SIM_MS);
    assert_int_equal(link_lateness(&f->link), 5 * IO_MS);
    rig_peer_text(f->rig, 2, "$T05#b9");
    pass(f, SIM_MS);
    assert_int_equal(link_lateness(&f->link), 20 * IO_MS);
    pass(f, 30 * SIM_MS);
    rig_peer_text(f->rig, 2, "$T05#b9");
    pass(f, SIM_MS);
    assert_int_equal(link_lateness(&f->link), 32 * IO_MS);
}

static void a_retransmission_of_the_kernel_is_no_duplicate_of_the_network(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 12; i++) {
        rig_peer_text(f->rig, 2, "$T05#b9");
        pass(f, LINK_KERNEL_RETRY);
    }
    assert_int_equal(f->link.reorder_events, 0);
    assert_int_equal(f->link.counters.duplicates, 11);
}

/* No DATA of ours was in flight that could have been overtaken. */
static void chunks_out_of_order_are_no_reorder_event(void **state)
{
    struct fixture *f = *state;
    send_chunk(f, 2, 1, 1448, 2000);
    pass(f, SIM_MS);
    send_chunk(f, 2, 0, 1448, 2000);
    pass(f, SIM_MS);
    assert_int_equal(f->link.reorder_events, 0);
    assert_int_equal(f->link.stream.len, 2000);
}

static void an_extra_ack_is_a_reorder_event(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno < 5; seqno++)
        exchange(f, seqno, 1);
    exchange(f, 5, 2);
    assert_int_equal(f->link.reorder_events, 1);
}

/* The kernel's host paused: the ack of a DATA that was sent once comes after that of a later one.
 */
static void a_late_ack_is_no_reorder_event(void **state)
{
    struct fixture *f = *state;
    exchange(f, 1, 1);
    exchange(f, 2, 0);
    exchange(f, 3, 1);
    rig_peer_ack(f->rig, 2);
    pass(f, SIM_MS);
    assert_int_equal(f->link.reorder_events, 0);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    pass(f, 300 * SIM_MS);
    rig_peer_ack(f->rig, 4);
    pass(f, SIM_MS);
    assert_int_equal(f->link.reorder_events, 0);
}

/* An ack of a DATA transmitted twice: one of the two arrived late. */
static void a_late_ack_of_a_retransmission_is_a_reorder_event(void **state)
{
    struct fixture *f = *state;
    exchange(f, 1, 1);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    pass(f, LINK_RETRY_MIN);
    link_mark_delivered(&f->link);
    exchange(f, 3, 1);
    assert_int_equal(f->link.reorder_events, 0);
    rig_peer_ack(f->rig, 2);
    pass(f, SIM_MS);
    assert_int_equal(f->link.reorder_events, 1);
}

/* Every transmission of ours was acknowledged: none is in flight. */
static void acknowledged_retransmissions_cause_no_delay(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno < 5; seqno++)
        exchange(f, seqno, 1);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    pass(f, LINK_RETRY_MIN);
    rig_peer_ack(f->rig, 5);
    pass(f, SIM_MS);
    uint64_t arrived = f->link.tx.arrived;
    assert_true(link_duplicates_expire(&f->link, IO_MS) > arrived + IO_MS);
    rig_peer_ack(f->rig, 5);
    pass(f, SIM_MS);
    assert_int_equal(link_duplicates_expire(&f->link, IO_MS), arrived + IO_MS);
    assert_int_equal(f->link.reorder_events, 0);
}

/* 2001 polls are 1.0 s, or on a loaded host 2.3. */
static void the_kernels_retransmission_interval_is_measured(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(link_quiet(&f->link), 2 * LINK_KERNEL_RETRY + 200 * IO_MS);
    assert_int_equal(link_give_up_time(&f->link), 12 * LINK_KERNEL_RETRY_MAX + 500 * IO_MS);
    rig_peer_text(f->rig, 2, "$T05#b9");
    pass(f, SIM_MS);
    pass(f, 1599 * SIM_MS);
    rig_peer_text(f->rig, 2, "$T05#b9");
    pass(f, SIM_MS);
    assert_int_equal(f->link.reorder_events, 0);
    assert_int_equal(link_quiet(&f->link), 2 * 1600 * IO_MS + 200 * IO_MS);
    assert_int_equal(link_give_up_time(&f->link), 12 * 1600 * IO_MS + 500 * IO_MS);
}

static void the_lateness_is_limited_to_4_s(void **state)
{
    struct fixture *f = *state;
    for (uint32_t seqno = 1; seqno < 5; seqno++)
        exchange(f, seqno, 1);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    pass(f, 10 * SIM_MS);
    rig_peer_ack(f->rig, 5);
    pass(f, SIM_MS);
    pass(f, 3600 * SIM_SECOND);
    rig_peer_ack(f->rig, 5);
    pass(f, SIM_MS);
    assert_int_equal(link_lateness(&f->link), 4 * IO_SECOND);
}

/* ---- an unexpected '+' ---- */

static void an_unexpected_plus_is_never_acked(void **state)
{
    struct fixture *f = *state;
    exchange(f, 1, 1);
    link_set_dup_effect(&f->link, LINK_DUP_HARMFUL, LINK_STATES);
    link_expect_peer_ack(&f->link, IO_NEVER);
    rig_peer_text(f->rig, 2, "+");
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 2);
    link_expect_peer_ack(&f->link, 0);
    rig_peer_text(f->rig, 3, "+");
    pass(f, SIM_MS);
    assert_true(f->link.failed);
    link_expect_peer_ack(&f->link,
                         IO_NEVER); /* a new request was sent: the kernel retransmits its '+' */
    for (unsigned i = 0; i < 11; i++) {
        rig_peer_text(f->rig, 3, "+");
        pass(f, LINK_KERNEL_RETRY);
    }
    assert_int_equal(rig_acks(f->rig, 3), 0);
    expect_stream(f, "+");
    assert_int_equal(f->rig->lines, 1);
    rig_peer_text(f->rig, 2, "+"); /* a retransmission of an older one is acknowledged */
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(at_most_one_data_is_in_flight),
        TEST(a_payload_over_the_limit_is_refused),
        TEST(retransmission_begins_at_50_ms_and_doubles_to_1_s),
        TEST(the_retransmission_timeout_follows_a_slow_path),
        TEST(losses_do_not_raise_the_retransmission_timeout),
        TEST(retransmission_waits_while_the_kernel_sends),
        TEST(under_heavy_loss_a_request_waits_for_the_kernels_plus),
        TEST(a_long_request_waits_for_the_plus_at_lower_loss),
        TEST(after_a_loss_each_ack_is_sent_three_times),
        TEST(the_number_of_acks_shows_the_generation),
        TEST(the_second_ack_of_an_old_kernel_is_no_duplicate),
        TEST(after_one_ack_of_an_old_kernel_we_retransmit_once_it_is_silent),
        TEST(the_lateness_is_5_ms_and_20_after_a_duplicate),
        TEST(a_retransmission_of_the_kernel_is_no_duplicate_of_the_network),
        TEST(chunks_out_of_order_are_no_reorder_event),
        TEST(an_extra_ack_is_a_reorder_event),
        TEST(a_late_ack_is_no_reorder_event),
        TEST(a_late_ack_of_a_retransmission_is_a_reorder_event),
        TEST(acknowledged_retransmissions_cause_no_delay),
        TEST(the_kernels_retransmission_interval_is_measured),
        TEST(the_lateness_is_limited_to_4_s),
        TEST(an_unexpected_plus_is_never_acked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
