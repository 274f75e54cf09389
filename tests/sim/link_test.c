/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The link's receiving side, with hand-written datagrams: acks, delivery, and datagrams that no
 * kernel can have sent.
 */
#include "tests/sim/link_fixture.h"

static void expect_pattern(struct fixture *f, size_t total)
{
    assert_int_equal(f->link.stream.len, total);
    for (size_t i = 0; i < total; i++)
        assert_int_equal(f->link.stream.data[i], 'a' + i % 26);
    buf_reset(&f->link.stream);
}

/* ---- acknowledging ---- */

/* Twice; three times after the kernel had to retransmit. */
static void every_duplicate_is_acked_and_delivered_once(void **state)
{
    struct fixture *f = *state;
    for (unsigned copies = 1; copies <= 3; copies++) {
        rig_peer_text(f->rig, 2, "$T05#b9");
        pass(f, 2 * SIM_SECOND);
        pass(f, LINK_THIRD_ACK_DELAY);
        assert_int_equal(rig_acks(f->rig, 2), 2 + 4 * (copies - 1));
    }
    expect_stream(f, "$T05#b9");
    assert_int_equal(f->link.counters.duplicates, 2);
}

static void a_herald_at_the_session_port_is_acked(void **state)
{
    struct fixture *f = *state;
    rig_peer_herald(f->rig, f->rig->port);
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 1), 2);
    expect_stream(f, "");
}

static void an_invalid_herald_is_not_acked(void **state)
{
    struct fixture *f = *state;
    const struct wire_msg wrong[] = {
        {.type = WIRE_HERALD, .seqno = 2, .total = WIRE_NETGDB_V1},
        {.type = WIRE_HERALD, .seqno = 0, .total = WIRE_NETGDB_V1},
        {.type = WIRE_HERALD, .seqno = 1, .len = 7, .total = 7},
    };
    for (unsigned i = 0; i < 3; i++) {
        uint8_t datagram[WIRE_HEADER + 7] = {0};
        wire_encode(&wrong[i], datagram);
        rig_peer_raw(f->rig, datagram, WIRE_HEADER + wrong[i].len);
    }
    pass(f, SIM_MS);
    assert_int_equal(rig_count(f->rig, RIG_OUR_ACK, NULL), 0);
    assert_int_equal(f->link.counters.impossible, 3);
}

static void messages_are_delivered_in_order_from_2_up(void **state)
{
    struct fixture *f = *state;
    rig_peer_text(f->rig, 2, "$T05#b9");
    rig_peer_text(f->rig, 3, "$OK#9a");
    rig_peer_text(f->rig, 4, "$E01#a6");
    pass(f, SIM_MS);
    expect_stream(f, "$T05#b9$OK#9a$E01#a6");
}

/* ---- chunks ---- */

static void chunks_may_arrive_in_any_order_at_any_mtu(void **state)
{
    struct fixture *f = *state;
    static const size_t chunk[] = {524, 1448, 8948}, total = 4102;
    uint32_t first = 2;
    sim_path(f->rig->w, RIG_KERNEL_IP, SIM_TO_SERVER)->mtu = 9000;
    for (unsigned m = 0; m < 3; m++) {
        unsigned n = (unsigned)((total + chunk[m] - 1) / chunk[m]);
        for (unsigned rotation = 0; rotation < n; rotation++) {
            for (unsigned i = 0; i < n; i++)
                send_chunk(f, first, (n - 1 - i + rotation) % n, chunk[m], total);
            pass(f, SIM_MS);
            expect_pattern(f, total);
            for (unsigned i = 0; i < n; i++)
                assert_int_equal(rig_acks(f->rig, first + i), 2);
            first += n;
        }
    }
    assert_int_equal(f->link.counters.impossible, 0);
}

static void a_lost_chunk_is_accepted_when_it_is_retransmitted(void **state)
{
    struct fixture *f = *state;
    send_chunk(f, 2, 0, 1448, 4102);
    send_chunk(f, 2, 2, 1448, 4102);
    pass(f, SIM_SECOND);
    expect_stream(f, "");
    send_chunk(f, 2, 1, 1448, 4102);
    pass(f, SIM_MS);
    expect_pattern(f, 4102);
}

static void a_message_is_delivered_only_after_the_previous_one(void **state)
{
    struct fixture *f = *state;
    send_chunk(f, 2, 0, 1448, 2000);
    rig_peer_text(f->rig, 4, "$OK#9a"); /* impossible: chunk 3 was not acked */
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 4), 0);
    send_chunk(f, 2, 1, 1448, 2000);
    rig_peer_text(f->rig, 4, "$OK#9a");
    pass(f, SIM_MS);
    assert_int_equal(f->link.stream.len, 2000 + 6);
    assert_int_equal(rig_acks(f->rig, 4), 2);
}

static void the_longest_message_fits_and_a_longer_one_is_refused(void **state)
{
    struct fixture *f = *state;
    unsigned n = (WIRE_MESSAGE_MAX + 523) / 524;
    send_chunk(f, 2, 0, 524, WIRE_MESSAGE_MAX + 1);
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 0);
    for (unsigned i = 0; i < n; i++) {
        send_chunk(f, 2, i, 524, WIRE_MESSAGE_MAX);
        pass(f, SIM_US);
    }
    pass(f, SIM_MS);
    expect_pattern(f, WIRE_MESSAGE_MAX);
}

/* An ack of any of these would spoil a kernel's send and end the session after 12 s. */
static void impossible_data_is_not_acked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t seqno;
        uint64_t offset;
        size_t total, len;
    } wrong[] = {
        {3, 0, 10, 10},                             /* a seqno too high, not divided */
        {2, 5, 10, 5},                              /* the first chunk is not at the start */
        {3, 100, 50, 10},                           /* after the end */
        {3, UINT64_MAX, 50, 10},                    /* far after the end */
        {3, UINT64_MAX - 9, 50, 10},                /* sum of offset and length is 0 */
        {2, 0, 0, 0},                               /* an empty message */
        {2, 0, 10, 0},                              /* an empty chunk */
        {2, 0, 10, 11},                             /* longer than the message */
        {2, 0, UINT32_MAX, 100},                    /* longer than any message */
        {4, 101, 1000, 50},                         /* not a multiple of its index */
        {3, 100, 1000, 50},                         /* shorter than its chunks, not the last */
        {3, 100, 150, 40},                          /* the last one, too short */
        {2 + (UINT32_C(1) << 31), 0, 10, 10},       /* as far before as after what is expected */
        {3 + (UINT32_C(1) << 31), 0, 10, 10},       /* before it, and never sent */
        {2 + LINK_CHUNKS_MAX, 524 * 4, 65000, 524}, /* too many chunks */
        {2, 0, 65000, 10},                          /* too many small chunks */
    };
    static const uint8_t bytes[600];
    unsigned n = sizeof wrong / sizeof wrong[0];
    for (unsigned i = 0; i < n; i++) {
        rig_peer_data(f->rig, wrong[i].seqno, wrong[i].offset, wrong[i].total, bytes, wrong[i].len);
        pass(f, SIM_MS);
        assert_int_equal(f->link.counters.impossible, i + 1);
    }
    assert_int_equal(rig_count(f->rig, RIG_OUR_ACK, NULL), 0);
    expect_stream(f, "");
    rig_peer_text(f->rig, 2, "$T05#b9"); /* a valid message is still accepted */
    pass(f, SIM_MS);
    expect_stream(f, "$T05#b9");
}

static void a_chunk_that_contradicts_the_others_is_not_acked(void **state)
{
    struct fixture *f = *state;
    send_chunk(f, 2, 0, 524, 2000);
    send_chunk(f, 2, 1, 524, 2001); /* another total */
    send_chunk(f, 2, 1, 500, 2000); /* another chunk size */
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 2);
    assert_int_equal(rig_acks(f->rig, 3), 0);
    for (unsigned i = 1; i < 4; i++)
        send_chunk(f, 2, i, 524, 2000);
    pass(f, SIM_MS);
    expect_pattern(f, 2000);
}

static void a_message_of_one_byte_is_plus_minus_or_impossible(void **state)
{
    struct fixture *f = *state;
    rig_peer_text(f->rig, 2, "-");
    rig_peer_text(f->rig, 3, "\003");
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 2);
    assert_int_equal(rig_acks(f->rig, 3), 0);
    assert_int_equal(f->link.counters.impossible, 1);
}

/* ---- invalid datagrams ---- */

static void malformed_datagrams_are_counted_and_dropped(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[SIM_DATAGRAM_MAX] = {0};
    const struct wire_msg good = {.type = WIRE_DATA, .seqno = 2, .total = 7, .len = 7};
    sim_path(f->rig->w, RIG_KERNEL_IP, SIM_TO_SERVER)->mtu = 65535;
    wire_encode(&good, bytes);
    static const size_t lengths[] = {0, 1, 3, 5, 23, 24, 30, 32, SIM_DATAGRAM_MAX};
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        rig_peer_raw(f->rig, bytes, lengths[i]);
    bytes[3] = 9; /* an unknown type */
    rig_peer_raw(f->rig, bytes, WIRE_HEADER + 7);
    pass(f, SIM_MS);
    assert_int_equal(f->link.counters.malformed, 10);
    assert_int_equal(rig_count(f->rig, RIG_OUR_ACK, NULL), 0);
}

static void a_finished_is_counted_and_not_acked(void **state)
{
    struct fixture *f = *state;
    uint8_t bytes[WIRE_HEADER];
    const struct wire_msg finished = {.type = WIRE_FINISHED, .seqno = 2};
    wire_encode(&finished, bytes);
    rig_peer_raw(f->rig, bytes, sizeof bytes);
    pass(f, SIM_MS);
    assert_int_equal(f->link.counters.impossible, 1);
    assert_int_equal(rig_count(f->rig, RIG_OUR_ACK, NULL), 0);
}

static void acks_of_unsent_seqnos_have_no_effect(void **state)
{
    struct fixture *f = *state;
    rig_peer_ack(f->rig, 0);
    rig_peer_ack(f->rig, 1);
    rig_peer_ack(f->rig, UINT32_MAX);
    pass(f, SIM_MS);
    assert_int_equal(f->link.counters.stray_acks, 3);
    assert_int_equal(link_send(&f->link, "+", 1, 0, 1), 0);
    rig_peer_ack(f->rig, 2);
    pass(f, SIM_MS);
    assert_false(link_acked(&f->link));
    rig_peer_ack(f->rig, 1);
    pass(f, SIM_MS);
    assert_true(link_acked(&f->link));
}

static void memory_is_bounded_for_a_slow_reader(void **state)
{
    struct fixture *f = *state;
    uint32_t seqno = 2;
    for (unsigned i = 0; i < 200; i++) {
        send_chunk(f, seqno, 0, 1448, 1448);
        pass(f, SIM_US * 200);
        if (rig_acks(f->rig, seqno) != 0)
            seqno++;
    }
    assert_true(f->link.stream.len <= 2 * WIRE_MESSAGE_MAX);
    assert_true(f->link.stream.len > 2 * WIRE_MESSAGE_MAX - 1448);
    assert_int_equal(rig_acks(f->rig, seqno), 0); /* not acked: the kernel retransmits it */
    buf_reset(&f->link.stream);
    send_chunk(f, seqno, 0, 1448, 1448);
    pass(f, SIM_MS);
    expect_pattern(f, 1448);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_duplicate_is_acked_and_delivered_once),
        TEST(a_herald_at_the_session_port_is_acked),
        TEST(an_invalid_herald_is_not_acked),
        TEST(messages_are_delivered_in_order_from_2_up),
        TEST(chunks_may_arrive_in_any_order_at_any_mtu),
        TEST(a_lost_chunk_is_accepted_when_it_is_retransmitted),
        TEST(a_message_is_delivered_only_after_the_previous_one),
        TEST(the_longest_message_fits_and_a_longer_one_is_refused),
        TEST(impossible_data_is_not_acked),
        TEST(a_chunk_that_contradicts_the_others_is_not_acked),
        TEST(a_message_of_one_byte_is_plus_minus_or_impossible),
        TEST(malformed_datagrams_are_counted_and_dropped),
        TEST(a_finished_is_counted_and_not_acked),
        TEST(acks_of_unsent_seqnos_have_no_effect),
        TEST(memory_is_bounded_for_a_slow_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
