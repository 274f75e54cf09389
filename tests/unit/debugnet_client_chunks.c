/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's role: messages of several DATA, in both directions. */
#include "tests/unit/debugnet_client_fixture.h"

/* Starts a session and sends a reply of this many bytes, framing included. */
static void answer_long(struct fixture *f, size_t framed)
{
    static uint8_t content[2 * WIRE_MESSAGE_MAX];
    memset(content, '0', sizeof content);
    assert_true(framed - 4 <= sizeof content);
    no_ack(f);
    data(f, "$g#67");
    expect_request(f, "g");
    expect(f, "a3 ");
    assert_int_equal(server_reply(f->server, content, framed - 4, true), 0);
}

static void a_long_reply_goes_out_in_one_burst_of_chunks(void **state)
{
    struct fixture *f = *state;
    answer_long(f, 4102);
    expect(f, "5@0+1448/4102 6@1448+1448/4102 7@2896+1206/4102 ");
    uint64_t at = f->io.side[IO_CLIENT].out[f->io.side[IO_CLIENT].n_out - 1].at;
    for (unsigned i = 2; i <= 3; i++)
        assert_int_equal(f->io.side[IO_CLIENT].out[f->io.side[IO_CLIENT].n_out - i].at, at);
}

static void chunks_follow_the_path_mtu(void **state)
{
    struct fixture *f = *state;
    f->options.data_max = 576 - WIRE_OVERHEAD;
    answer_long(f, 1100);
    expect(f,
           "5@0+524/1100 6@524+524/1100 7:0000000000000000000000000000000000000000000000000#80 ");
}

static void a_message_of_whole_chunks_has_no_empty_one(void **state)
{
    struct fixture *f = *state;
    answer_long(f, 2 * 1448);
    expect(f, "5@0+1448/2896 6@1448+1448/2896 ");
}

static void only_the_unacked_chunk_is_retransmitted(void **state)
{
    struct fixture *f = *state;
    f->lose_seqno = 6;
    f->lose_times = 2;
    uint64_t began = f->io.now;
    answer_long(f, 4102);
    expect(f, "5@0+1448/4102 6@1448+1448/4102 7@2896+1206/4102 "
              "6@1448+1448/4102 6@1448+1448/4102 ");
    assert_true(f->io.now - began >= 2 * (uint64_t)RETRY);
    assert_true(f->io.now - began < 2 * (uint64_t)RETRY + IO_SECOND / 10);
}

static void a_chunk_that_is_never_acked_ends_the_session(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    data(f, "$g#67");
    expect_request(f, "g");
    f->deaf = true;
    unsigned before = f->io.side[IO_CLIENT].n_out;
    assert_int_equal(server_reply(f->server, (const uint8_t *)"00", 2, true), NETGDB_LOST);
    assert_int_equal(f->io.side[IO_CLIENT].n_out - before, 12);
}

/* Checks the number of chunks that were sent, at most 32 at a time. */
static void expect_chunks(struct fixture *f, unsigned expected)
{
    struct fake_side *s = &f->io.side[IO_CLIENT];
    unsigned burst = 0, most = 0, chunks = 0;
    for (unsigned i = 1; i < s->n_out; i++) {
        bool chunk = s->out[i].len > 100;
        burst = (s->out[i].at == s->out[i - 1].at ? burst : 0) + chunk;
        most = burst > most ? burst : most;
        chunks += chunk;
    }
    assert_int_equal(most, 32);
    assert_int_equal(chunks, expected);
}

static void replies_longer_than_a_kernels_do_not_flood_the_server(void **state)
{
    struct fixture *f = *state;
    answer_long(f, 100 * 1000);
    expect_chunks(f, 70);
}

/* A server sends its next request after the whole reply. One that comes before is not its ack. */
static void a_request_during_a_long_reply_acknowledges_nothing(void **state)
{
    static uint8_t content[WIRE_MESSAGE_MAX - 4];
    struct fixture *f = *state;
    memset(content, '0', sizeof content);
    f->options.data_max = WIRE_DATA_MIN;
    no_ack(f);
    data(f, "$g#67");
    expect_request(f, "g");
    data(f, "$?#3f");
    assert_int_equal(server_reply(f->server, content, sizeof content, true), 0);
    expect_chunks(f, 135);
    expect_request(f, "?");
}

/* The server drops a message of more than 64 KiB. */
static void a_reply_of_more_than_a_message_is_sent_as_several(void **state)
{
    struct fixture *f = *state;
    answer_long(f, 2 * WIRE_MESSAGE_MAX + 1); /* 46 chunks, twice, and one */
    assert_non_null(memmem(f->trace.data, f->trace.len, "5@0+1448/65536 ", 15));
    assert_non_null(memmem(f->trace.data, f->trace.len, " 51@0+1448/65536 ", 17));
    assert_non_null(memmem(f->trace.data, f->trace.len, " 97:", 4));
}

static void acks_of_unsent_seqnos_are_ignored(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    push_ack(f, 5);
    push_ack(f, 1);
    push_ack(f, 0xffffffff);
    expect_no_request(f);
    data(f, "$g#67");
    expect_request(f, "g");
    f->lose_seqno = 5;
    f->lose_times = 1;
    answer(f, "00");
    expect(f, "a3 5:$00#60 5:$00#60 ");
}

static void a_request_of_several_data_is_reassembled(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    push_data(f, 3, 0, 10, "$m0,", 4);
    push_data(f, 5, 8, 10, "2a", 2); /* too early: not acked */
    push_data(f, 4, 4, 10, "10#2", 4);
    expect_no_request(f);
    expect(f, "a3 a4 ");
    push_data(f, 3, 0, 10, "$m0,", 4);
    push_data(f, 5, 8, 10, "a", 1);
    expect_request(f, "m0,10");
    expect(f, "a3 a5 ");
}

static void data_out_of_sequence_are_dropped(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    push_data(f, 3, 4, 10, "10#", 3); /* not the start of a message */
    push_data(f, 3, 0, 9, "$m0,", 4);
    push_data(f, 4, 5, 9, "0#", 2);           /* a gap */
    push_data(f, 4, 4, 8, "10#2", 4);         /* of another message */
    push_data(f, 4, 4, 9, "10#2aaaaaaa", 11); /* past the end */
    push_data(f, 5, 4, 9, "10#2a", 5);        /* the wrong seqno */
    expect_no_request(f);
    expect(f, "a3 ");
    push_data(f, 4, 4, 9, "10#2a", 5);
    expect_request(f, "m0,10");
}

static void another_server_continues_the_session(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    push_data(f, 3, 0, 10, "$m0,", 4); /* the first server dies here */
    push_data(f, 1000, 0, 0, "", 0);
    push_data(f, 1001, 0, 1, "+", 1);
    push_data(f, 1002, 0, 5, "$?#3f", 5);
    expect_request(f, "?");
    expect(f, "a3 a1000 a1001 a1002 ");
    answer(f, "S05");
    push_data(f, 4, 0, 5, "$s#73", 5); /* late, of the first server */
    expect_no_request(f);
    expect(f, "5:$S05#b8 a4 ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_long_reply_goes_out_in_one_burst_of_chunks),
        TEST(chunks_follow_the_path_mtu),
        TEST(a_message_of_whole_chunks_has_no_empty_one),
        TEST(only_the_unacked_chunk_is_retransmitted),
        TEST(a_chunk_that_is_never_acked_ends_the_session),
        TEST(replies_longer_than_a_kernels_do_not_flood_the_server),
        TEST(a_request_during_a_long_reply_acknowledges_nothing),
        TEST(a_reply_of_more_than_a_message_is_sent_as_several),
        TEST(acks_of_unsent_seqnos_are_ignored),
        TEST(a_request_of_several_data_is_reassembled),
        TEST(data_out_of_sequence_are_dropped),
        TEST(another_server_continues_the_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
