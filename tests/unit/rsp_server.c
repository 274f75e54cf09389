/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The RSP server's output on GDB's byte stream, with a simulated clock. */
#include "proto/rsp/rsp_server.h"
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "tests/unit/fake_io.h"

struct fixture {
    struct fake_io io;
    struct server *server;
    struct buf request;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->server = rsp_server_new(&f->io.io, NULL);
    assert_non_null(f->server);
    buf_init(&f->request, REQUEST_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    buf_free(&f->request);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

static void expect_request(struct fixture *f, const char *text)
{
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), 0);
    if (!buf_is(&f->request, text))
        fail_msg("request \"%.*s\" instead of \"%s\"", (int)f->request.len,
                 (const char *)f->request.data, text);
}

static void answer(struct fixture *f, const char *text)
{
    assert_int_equal(server_reply(f->server, (const uint8_t *)text, strlen(text), true), 0);
}

/* GDB selects no-ack mode, as it does right after qSupported. */
static void no_ack(struct fixture *f)
{
    fake_text(&f->io, IO_CLIENT, 0, "$QStartNoAckMode#b0");
    fake_text(&f->io, IO_CLIENT, 0, "+");
    fake_text(&f->io, IO_TARGET, 1, "");
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), NETGDB_AGAIN);
    fake_assert_sent(&f->io, IO_CLIENT, "+$OK#9a");
    fake_forget(&f->io, IO_TARGET);
}

static void every_packet_is_acknowledged_until_no_ack_mode(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "+$?#3f");
    expect_request(f, "?");
    fake_assert_sent(&f->io, IO_CLIENT, "+");
    answer(f, "S05");
    fake_assert_sent(&f->io, IO_CLIENT, "$S05#b8");
    no_ack(f);
    fake_text(&f->io, IO_CLIENT, 0, "$?#3f");
    expect_request(f, "?");
    answer(f, "S05");
    fake_assert_sent(&f->io, IO_CLIENT, "$S05#b8");
}

static void a_request_may_arrive_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "$qC#b4";
    for (size_t i = 0; i < sizeof text - 1; i++)
        fake_push(&f->io, IO_CLIENT, i * IO_MS, text + i, 1);
    expect_request(f, "qC");
    fake_assert_sent(&f->io, IO_CLIENT, "+");
}

static void a_wrong_checksum_is_answered_with_a_minus(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$qC#b5");
    fake_text(&f->io, IO_CLIENT, IO_MS, "$qC#b4");
    expect_request(f, "qC");
    fake_assert_sent(&f->io, IO_CLIENT, "-+");
}

static void no_ack_mode_is_offered_independently_of_the_target(void **state)
{
    static const char *const cases[][2] = {
        {"PacketSize=1000", "PacketSize=1000;QStartNoAckMode+"},
        {"QStartNoAckMode+;a+", "a+;QStartNoAckMode+"},
        {"QStartNoAckMode-", "QStartNoAckMode+"},
        {"", "QStartNoAckMode+"},
        {"E01", "E01"},
    };
    struct fixture *f = *state;
    no_ack(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_packet(&f->io, IO_CLIENT, 0, "qSupported:multiprocess+");
        expect_request(f, "qSupported:multiprocess+");
        answer(f, cases[i][0]);
        fake_packet(&f->io, IO_TARGET, 0, cases[i][1]);
        struct fake_item *wanted = &f->io.side[IO_TARGET].in[f->io.side[IO_TARGET].n_in - 1];
        wanted->read = true;
        assert_int_equal(f->io.side[IO_CLIENT].sent.len, wanted->len);
        assert_memory_equal(f->io.side[IO_CLIENT].sent.data, wanted->data, wanted->len);
        fake_clear(&f->io, IO_CLIENT);
    }
}

static void memory_of_zeros_is_sent_as_runs(void **state)
{
    struct fixture *f = *state;
    char zeros[257];
    memset(zeros, '0', 256);
    zeros[256] = '\0';
    no_ack(f);
    fake_packet(&f->io, IO_CLIENT, 0, "m0,80");
    expect_request(f, "m0,80");
    answer(f, zeros);
    fake_assert_sent(&f->io, IO_CLIENT, "$0*~0*~0*X#62");
    fake_packet(&f->io, IO_CLIENT, 0, "qRcmd,00"); /* no data: as it is */
    expect_request(f, "qRcmd,00");
    answer(f, zeros);
    assert_int_equal(f->io.side[IO_CLIENT].sent.len, 256 + 4);
}

/* Lets time pass before the reply while GDB is silent; returns the number of '+' sent to GDB. */
static size_t think(struct fixture *f, uint64_t time)
{
    uint64_t until = f->io.now + time;
    fake_clear(&f->io, IO_CLIENT);
    while (io_wait(&f->io.io, until, IO_ON_TARGET | IO_ON_CLIENT) != 0)
        assert_int_equal(server_poll(f->server), 0);
    size_t n = f->io.side[IO_CLIENT].sent.len;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(f->io.side[IO_CLIENT].sent.data[i], '+');
    fake_clear(&f->io, IO_CLIENT);
    return n;
}

static void keepalives_make_gdb_wait_30_seconds_for_a_reply(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    fake_packet(&f->io, IO_CLIENT, 0, "m0,4");
    expect_request(f, "m0,4");
    assert_int_equal(think(f, 30 * IO_SECOND + IO_MS), 30);
    answer(f, "00000000");
    fake_assert_sent(&f->io, IO_CLIENT, "$00000000#80");
    assert_int_equal(think(f, 30 * IO_SECOND), 0);
}

static void no_keepalive_is_sent_while_the_target_runs(void **state)
{
    static const char *const running[] = {"c", "s", "C05", "S05", "vCont;c", "bc", "Fffff,2"};
    struct fixture *f = *state;
    no_ack(f);
    for (size_t i = 0; i < sizeof running / sizeof running[0]; i++) {
        fake_packet(&f->io, IO_CLIENT, 0, running[i]);
        expect_request(f, running[i]);
        assert_int_equal(think(f, 10 * IO_SECOND), 0);
        answer(f, "S05");
    }
}

static void a_retransmission_is_dropped_only_while_the_reply_is_outstanding(void **state)
{
    struct fixture *f = *state;
    fake_packet(&f->io, IO_CLIENT, 0, "s");
    fake_packet(&f->io, IO_CLIENT, 2 * IO_SECOND, "s");
    fake_packet(&f->io, IO_CLIENT, 4 * IO_SECOND, "s");
    expect_request(f, "s");
    assert_int_equal(think(f, 5 * IO_SECOND), 2); /* acknowledged, as GDB is in ack mode */
    answer(f, "S05");
    fake_text(&f->io, IO_TARGET, 0, "");
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), NETGDB_AGAIN);
    fake_forget(&f->io, IO_TARGET);
    fake_packet(&f->io, IO_CLIENT, 0, "s");
    expect_request(f, "s");
    answer(f, "S05");
    fake_packet(&f->io, IO_CLIENT, 0, "s");
    expect_request(f, "s");
}

static void retransmissions_that_arrive_together_are_one_request(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$s#73$s#73$g#67");
    expect_request(f, "s");
    answer(f, "S05");
    expect_request(f, "g");
}

static void a_different_request_is_queued(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$g#67");
    expect_request(f, "g");
    fake_text(&f->io, IO_CLIENT, 0, "$m0,1#fa");
    assert_int_equal(server_poll(f->server), 0);
    fake_text(&f->io, IO_CLIENT, 0, "$m0,1#fa$g#67");
    assert_int_equal(server_poll(f->server), 0);
    answer(f, "00");
    expect_request(f, "m0,1");
    answer(f, "00");
    expect_request(f, "g");
}

static void in_ack_mode_a_minus_repeats_the_last_reply(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$?#3f");
    expect_request(f, "?");
    answer(f, "S05");
    fake_clear(&f->io, IO_CLIENT);
    fake_text(&f->io, IO_CLIENT, 0, "-");
    fake_text(&f->io, IO_CLIENT, 1, "+");
    fake_text(&f->io, IO_CLIENT, 2, "-"); /* every reply is acknowledged */
    fake_text(&f->io, IO_TARGET, 3, "");
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), NETGDB_AGAIN);
    fake_assert_sent(&f->io, IO_CLIENT, "$S05#b8");
}

static void a_minus_is_ignored_while_a_reply_is_outstanding(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$?#3f");
    expect_request(f, "?");
    answer(f, "S05");
    fake_text(&f->io, IO_CLIENT, 0, "$g#67");
    expect_request(f, "g");
    fake_clear(&f->io, IO_CLIENT);
    fake_text(&f->io, IO_CLIENT, 0, "-");
    assert_int_equal(server_poll(f->server), 0);
    fake_assert_sent(&f->io, IO_CLIENT, "");
}

static void ctrl_c_and_break_are_reported_while_the_target_runs(void **state)
{
    static const char *const ways[] = {"\x03", "\xff\xf3", "\xff\xf3g"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        fake_text(&f->io, IO_CLIENT, 0, "$c#63");
        expect_request(f, "c");
        assert_int_equal(server_poll(f->server), 0);
        fake_text(&f->io, IO_CLIENT, 0, ways[i]);
        assert_int_equal(server_poll(f->server), NETGDB_INTERRUPTED);
        assert_int_equal(server_poll(f->server), 0);
        answer(f, "S02");
    }
}

static void a_break_may_arrive_in_two_pieces(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$c#63");
    expect_request(f, "c");
    fake_text(&f->io, IO_CLIENT, 0, "\xff");
    assert_int_equal(server_poll(f->server), 0);
    fake_text(&f->io, IO_CLIENT, 0, "\xf3");
    assert_int_equal(server_poll(f->server), NETGDB_INTERRUPTED);
}

static void a_ctrl_c_right_after_the_continue_is_not_lost(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$c#63\x03");
    expect_request(f, "c");
    assert_int_equal(server_poll(f->server), NETGDB_INTERRUPTED);
}

static void a_ctrl_c_to_a_stopped_target_is_dropped(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "\x03");
    fake_text(&f->io, IO_CLIENT, 1, "$c#63");
    expect_request(f, "c");
    assert_int_equal(server_poll(f->server), 0);
    fake_text(&f->io, IO_CLIENT, 0, "\x03");
    answer(f, "S05"); /* crosses the Ctrl-C */
    fake_text(&f->io, IO_CLIENT, 1, "$c#63");
    expect_request(f, "c");
    assert_int_equal(server_poll(f->server), 0);
}

static void a_request_over_the_limit_is_refused_and_the_next_one_served(void **state)
{
    struct fixture *f = *state;
    static char piece[4096];
    memset(piece, 'a', sizeof piece);
    fake_text(&f->io, IO_CLIENT, 0, "$M0,1:");
    for (size_t sent = 0; sent <= REQUEST_MAX; sent += sizeof piece)
        fake_push(&f->io, IO_CLIENT, 0, piece, sizeof piece);
    fake_text(&f->io, IO_CLIENT, 0, "#00");
    fake_text(&f->io, IO_CLIENT, 1, "$g#67");
    expect_request(f, "g");
    fake_assert_sent(&f->io, IO_CLIENT, "+$E07#ac+");
}

static void requests_before_the_end_of_the_stream_are_served(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_CLIENT, 0, "$vKill;a410#33$k#6b");
    fake_eof(&f->io, IO_CLIENT, 1);
    expect_request(f, "vKill;a410");
    f->io.now += 1;
    assert_int_equal(server_poll(f->server), NETGDB_CLOSED);
    answer(f, "OK");
    expect_request(f, "k");
    assert_int_equal(server_next(f->server, &f->request, 0), NETGDB_CLOSED);
}

static void data_from_the_target_ends_the_wait_for_a_request(void **state)
{
    struct fixture *f = *state;
    fake_text(&f->io, IO_TARGET, IO_SECOND, "x");
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), NETGDB_AGAIN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_packet_is_acknowledged_until_no_ack_mode),
        TEST(a_request_may_arrive_byte_by_byte),
        TEST(a_wrong_checksum_is_answered_with_a_minus),
        TEST(no_ack_mode_is_offered_independently_of_the_target),
        TEST(memory_of_zeros_is_sent_as_runs),
        TEST(keepalives_make_gdb_wait_30_seconds_for_a_reply),
        TEST(no_keepalive_is_sent_while_the_target_runs),
        TEST(a_retransmission_is_dropped_only_while_the_reply_is_outstanding),
        TEST(retransmissions_that_arrive_together_are_one_request),
        TEST(a_different_request_is_queued),
        TEST(in_ack_mode_a_minus_repeats_the_last_reply),
        TEST(a_minus_is_ignored_while_a_reply_is_outstanding),
        TEST(ctrl_c_and_break_are_reported_while_the_target_runs),
        TEST(a_break_may_arrive_in_two_pieces),
        TEST(a_ctrl_c_right_after_the_continue_is_not_lost),
        TEST(a_ctrl_c_to_a_stopped_target_is_dropped),
        TEST(a_request_over_the_limit_is_refused_and_the_next_one_served),
        TEST(requests_before_the_end_of_the_stream_are_served),
        TEST(data_from_the_target_ends_the_wait_for_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
