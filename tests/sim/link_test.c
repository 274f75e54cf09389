/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The link with hand-written datagrams: acks, delivery, retransmissions, and its handling of
 * datagrams that no kernel can have sent.
 */
#include "proto/check.h"
#include "proto/link/link.h"

#include <stdlib.h>

#include "tests/sim/rig.h"

struct fixture {
    struct rig *rig;
    struct io *io;
    struct link link;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->rig = rig_new_peer(NULL);
    f->io = sim_session(f->rig->w, RIG_KERNEL_IP, 0);
    f->rig->port = sim_session_port(f->io);
    link_init(&f->link, f->io, WIRE_DATA_ETHERNET, &f->rig->log);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    link_free(&f->link);
    sim_session_close(f->io);
    rig_free(f->rig);
    free(f);
    return 0;
}

/* Advances the clock; the link handles received datagrams and sends what is due. */
static void pass(struct fixture *f, uint64_t time)
{
    sim_run_for(f->rig->w, time);
    assert_int_equal(link_input(&f->link), 0);
    assert_int_equal(link_tick(&f->link), 0);
}

static void expect_stream(struct fixture *f, const char *text)
{
    assert_int_equal(f->link.stream.len, strlen(text));
    if (*text != 0)
        assert_memory_equal(f->link.stream.data, text, strlen(text));
    buf_reset(&f->link.stream);
}

/* The chunk at `index` of a message of `total` bytes whose byte i is 'a' + i % 26. */
static void send_chunk(struct fixture *f, uint32_t first, unsigned index, size_t chunk,
                       size_t total)
{
    uint8_t bytes[SIM_DATAGRAM_MAX];
    size_t offset = index * chunk, len = total - offset < chunk ? total - offset : chunk;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)('a' + (offset + i) % 26);
    rig_peer_data(f->rig, first + index, offset, total, bytes, len);
}

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
    unsigned n = (LINK_MESSAGE_MAX + 523) / 524;
    send_chunk(f, 2, 0, 524, LINK_MESSAGE_MAX + 1);
    pass(f, SIM_MS);
    assert_int_equal(rig_acks(f->rig, 2), 0);
    for (unsigned i = 0; i < n; i++) {
        send_chunk(f, 2, i, 524, LINK_MESSAGE_MAX);
        pass(f, SIM_US);
    }
    pass(f, SIM_MS);
    expect_pattern(f, LINK_MESSAGE_MAX);
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
    assert_true(f->link.stream.len <= 2 * LINK_MESSAGE_MAX);
    assert_true(f->link.stream.len > 2 * LINK_MESSAGE_MAX - 1448);
    assert_int_equal(rig_acks(f->rig, seqno), 0); /* not acked: the kernel retransmits it */
    buf_reset(&f->link.stream);
    send_chunk(f, seqno, 0, 1448, 1448);
    pass(f, SIM_MS);
    expect_pattern(f, 1448);
}

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
