/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's role, with hand-written datagrams of the server: handshake, requests, the end. */
#include "tests/unit/debugnet_client_fixture.h"

/* The same with framing. */
static void packet(struct fixture *f, const char *content)
{
    struct buf frame;
    buf_init(&frame, 1000);
    (void)rsp_frame(&frame, (const uint8_t *)content, strlen(content));
    push_data(f, ++f->seqno, 0, (uint32_t)frame.len, frame.data, frame.len);
    buf_free(&frame);
}

static void a_session_begins_with_herald_and_the_stop(void **state)
{
    struct fixture *f = *state;
    opened(f);
    expect_no_request(f);
    expect(f, "a1 ");
}

static void a_server_that_takes_over_is_in_ack_mode_again(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "+"); /* acknowledges the OK */
    packet(f, "g");
    expect_request(f, "g");
    buf_reset(&f->trace);
    answer(f, "00");
    expect(f, "5:$00#60 ");
    data(f, "+");
    packet(f, "qSupported");
    expect_request(f, "qSupported");
    expect(f, "a5 a6 6:+ ");
}

static void a_herald_is_retransmitted_like_a_kernels_and_given_up(void **state)
{
    struct fixture *f = *state;
    f->deaf = true;
    start(f);
    uint64_t began = f->io.now;
    assert_int_equal(open_session(f), NETGDB_LOST);
    expect(f, "HERALD1 HERALD1 HERALD1 HERALD1 HERALD1 HERALD1 "
              "HERALD1 HERALD1 HERALD1 HERALD1 HERALD1 HERALD1 ");
    assert_int_equal(f->io.now - began, 12 * (uint64_t)RETRY);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(f->io.side[IO_CLIENT].out[i].at - began, i * (uint64_t)RETRY);
}

static void a_wake_ends_the_wait_for_the_server(void **state)
{
    struct fixture *f = *state;
    f->deaf = true;
    f->io.wake_at = f->io.now + IO_SECOND / 2;
    start(f);
    assert_int_equal(open_session(f), NETGDB_INTERRUPTED);
    expect(f, "HERALD1 ");
}

static void a_stop_that_is_not_acked_ends_the_session(void **state)
{
    struct fixture *f = *state;
    f->lose_seqno = 2;
    f->lose_times = 1000;
    start(f);
    assert_int_equal(open_session(f), NETGDB_LOST);
    assert_int_equal(f->io.side[IO_CLIENT].n_out, 13);
}

static void an_acked_request_gets_a_plus_and_then_its_reply(void **state)
{
    struct fixture *f = *state;
    opened(f);
    data(f, "$?#3f");
    expect_request(f, "?");
    expect(f, "a1 a2 3:+ ");
    answer(f, "S05");
    expect(f, "4:$S05#b8 ");
    data(f, "+");
    data(f, "$g#67");
    expect_request(f, "g");
    expect(f, "a3 a4 5:+ ");
}

static void in_no_ack_mode_there_are_only_requests_and_replies(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "$?#3f");
    expect_request(f, "?");
    answer(f, "S05");
    data(f, "$?#3f");
    expect_request(f, "?");
    answer(f, "S05");
    expect(f, "a3 5:$S05#b8 a4 6:$S05#b8 ");
}

static void in_no_ack_mode_the_next_request_acknowledges_the_reply(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "$?#3f");
    expect_request(f, "?");
    f->deaf = true;
    data(f, "$?#3f");
    answer(f, "S05");
    expect_request(f, "?");
    expect(f, "a3 5:$S05#b8 a4 ");
}

static void a_ctrl_c_does_not_acknowledge_the_reply(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "$?#3f");
    expect_request(f, "?");
    f->deaf = true;
    data(f, "\x03");
    assert_int_equal(server_reply(f->server, (const uint8_t *)"S05", 3, true), NETGDB_LOST);
}

static void a_duplicate_is_acked_and_not_executed(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    push_data(f, 3, 0, 5, "$s#73", 5);
    push_data(f, 3, 0, 5, "$s#73", 5);
    expect_request(f, "s");
    answer(f, "S05");
    push_data(f, 3, 0, 5, "$s#73", 5);
    expect_no_request(f);
    expect(f, "a3 a3 5:$S05#b8 a3 ");
    push_data(f, 4, 0, 5, "$s#73", 5);
    expect_request(f, "s");
    answer(f, "S05");
    push_data(f, 1, 0, 5, "$s#73", 5);
    expect_no_request(f);
    expect(f, "a4 6:$S05#b8 a1 ");
}

static void a_13_kernel_acks_twice(void **state)
{
    struct fixture *f = *state;
    f->options.generation = DEBUGNET_OLD;
    opened(f);
    data(f, "$?#3f");
    expect_request(f, "?");
    expect(f, "a1 a1 a2 a2 3:+ ");
    push_data(f, 2, 0, 5, "$?#3f", 5);
    assert_int_equal(server_poll(f->server), 0);
    f->io.now += RTT;
    assert_int_equal(server_poll(f->server), 0);
    expect(f, "a2 a2 ");
}

static void an_empty_data_is_acked_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "");
    expect_no_request(f);
    expect(f, "a3 ");
}

static void a_ctrl_c_is_reported_while_the_target_runs(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "\x03");
    expect_no_request(f);
    data(f, "$c#63");
    expect_request(f, "c");
    assert_int_equal(server_poll(f->server), 0);
    data(f, "\x03");
    f->io.now += RTT;
    assert_int_equal(server_poll(f->server), NETGDB_INTERRUPTED);
    assert_int_equal(server_poll(f->server), 0);
    expect(f, "a3 a4 a5 ");
}

static void ctrl_c_and_0xff_inside_a_packet_are_data(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    packet(f, "X0,3:\x03\xff\xf3");
    assert_int_equal(server_next(f->server, &f->request, 0), 0);
    assert_true(buf_is(&f->request, "X0,3:\x03\xff\xf3"));
    assert_int_equal(server_poll(f->server), 0);
}

static void requests_are_acked_while_one_is_outstanding(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "$m0,4#fd");
    expect_request(f, "m0,4");
    data(f, "$m0,4#fd"); /* the server retransmits */
    data(f, "");
    f->io.now += RTT;
    assert_int_equal(server_poll(f->server), 0);
    expect(f, "a3 a4 a5 ");
    answer(f, "00000000");
    expect_no_request(f);
    expect(f, "5:$00000000#80 ");
}

static void a_node_adds_its_features(void **state)
{
    static const char *const cases[][2] = {
        {"PacketSize=47ff;QStartNoAckMode+;x+", "PacketSize=47ff;x+;QStartNoAckMode+;netgdb-node+"},
        {"PacketSize=20000;x+", "x+;PacketSize=c000;QStartNoAckMode+;netgdb-node+"},
        {"", "QStartNoAckMode+;netgdb-node+"},
        {"E01", "E01"},
    };
    struct fixture *f = *state;
    no_ack(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf frame;
        data(f, "$qSupported#37");
        expect_request(f, "qSupported");
        buf_reset(&f->trace);
        answer(f, cases[i][0]);
        buf_init(&frame, 1000);
        rsp_frame(&frame, (const uint8_t *)cases[i][1], strlen(cases[i][1]));
        assert_non_null(memmem(f->trace.data, f->trace.len, frame.data, frame.len));
        buf_free(&frame);
        buf_reset(&f->trace);
    }
}

static void console_output_goes_out_before_the_reply(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    packet(f, "qRcmd,68");
    expect_request(f, "qRcmd,68");
    assert_int_equal(server_reply(f->server, (const uint8_t *)"O68", 3, false), 0);
    answer(f, "OK");
    expect(f, "a3 5:$O68#bd 6:$OK#9a ");
}

static void a_request_over_the_limit_is_refused(void **state)
{
    static char piece[1400];
    struct fixture *f = *state;
    no_ack(f);
    memset(piece, '0', sizeof piece);
    piece[0] = '$';
    uint32_t total = 0, seqno = 3;
    for (; total <= REQUEST_MAX + sizeof piece; total += sizeof piece) {
        push_data(f, seqno++, total, 200000, piece, sizeof piece);
        piece[0] = '0';
    }
    push_data(f, seqno++, total, 200000, "#00", 3);
    expect_no_request(f);
    buf_reset(&f->trace);
    push_data(f, seqno, 0, 5, "$g#67", 5);
    expect_request(f, "g");
}

static void finished_ends_the_session(void **state)
{
    uint8_t datagram[WIRE_HEADER];
    const struct wire_msg msg = {WIRE_FINISHED, 9, 0, 0, NULL, 0};
    struct fixture *f = *state;
    f->options.generation = DEBUGNET_OLD;
    start(f);
    assert_int_equal(open_session(f), 0);
    buf_reset(&f->trace);
    wire_encode(&msg, datagram);
    fake_push(&f->io, IO_CLIENT, RTT, datagram, sizeof datagram);
    assert_int_equal(server_next(f->server, &f->request, 0), NETGDB_CLOSED);
    expect(f, "a9 ");
}

static void finished_is_retransmitted_until_the_server_acks_it(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    f->lose_seqno = 5;
    f->lose_times = 2;
    debugnet_client_close(f->server);
    expect(f, "FINISHED5 FINISHED5 FINISHED5 ");
}

static void the_plus_after_a_detach_and_its_duplicates_are_acked(void **state)
{
    struct fixture *f = *state;
    opened(f);
    data(f, "$D#44");
    expect_request(f, "D");
    answer(f, "OK");
    buf_reset(&f->trace);
    data(f, "+");
    push_data(f, 3, 0, 1, "+", 1);
    uint64_t began = f->io.now;
    debugnet_client_finish(f->server);
    expect(f, "a3 a3 ");
    assert_true(f->io.now - began <= IO_SECOND / 5);
}

static void the_wait_after_a_detach_is_limited(void **state)
{
    struct fixture *f = *state;
    opened(f);
    data(f, "$D#44");
    expect_request(f, "D");
    answer(f, "OK");
    uint64_t began = f->io.now;
    debugnet_client_finish(f->server);
    assert_int_equal(f->io.now - began, 12 * (uint64_t)RETRY);
}

static void polling_checks_for_acks_at_a_kernels_interval(void **state)
{
    struct fixture *f = *state;
    f->options.poll = IO_MS / 2;
    no_ack(f);
    data(f, "$g#67");
    expect_request(f, "g");
    uint64_t began = f->io.now;
    answer(f, "00");
    assert_int_equal(f->io.now - began, IO_MS); /* the ack arrived after 0.1 ms */
}

static void garbage_is_dropped(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    fake_push(&f->io, IO_CLIENT, 0, "abc", 3);
    fake_push(&f->io, IO_CLIENT, 0, "", 0);
    fake_push(&f->io, IO_CLIENT, 0, "0123456789abcdef0123456789", 26);
    expect_no_request(f);
    expect(f, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_session_begins_with_herald_and_the_stop),
        TEST(a_server_that_takes_over_is_in_ack_mode_again),
        TEST(a_herald_is_retransmitted_like_a_kernels_and_given_up),
        TEST(a_wake_ends_the_wait_for_the_server),
        TEST(a_stop_that_is_not_acked_ends_the_session),
        TEST(an_acked_request_gets_a_plus_and_then_its_reply),
        TEST(in_no_ack_mode_there_are_only_requests_and_replies),
        TEST(in_no_ack_mode_the_next_request_acknowledges_the_reply),
        TEST(a_ctrl_c_does_not_acknowledge_the_reply),
        TEST(a_duplicate_is_acked_and_not_executed),
        TEST(a_13_kernel_acks_twice),
        TEST(an_empty_data_is_acked_and_nothing_else),
        TEST(a_ctrl_c_is_reported_while_the_target_runs),
        TEST(ctrl_c_and_0xff_inside_a_packet_are_data),
        TEST(requests_are_acked_while_one_is_outstanding),
        TEST(a_node_adds_its_features),
        TEST(console_output_goes_out_before_the_reply),
        TEST(a_request_over_the_limit_is_refused),
        TEST(finished_ends_the_session),
        TEST(finished_is_retransmitted_until_the_server_acks_it),
        TEST(the_plus_after_a_detach_and_its_duplicates_are_acked),
        TEST(the_wait_after_a_detach_is_limited),
        TEST(polling_checks_for_acks_at_a_kernels_interval),
        TEST(garbage_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
