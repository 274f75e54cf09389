/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The target for a stub on a byte stream, with hand-written bytes of the stub. */
#include "proto/rsp/stream_target.h"
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/rsp/requests.h"
#include "tests/requests.h"
#include "tests/unit/fake_io.h"

struct fixture {
    struct fake_io io;
    struct target *target;
    struct buf reply;
    bool final;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->target = stream_target_new(&f->io.io, NULL);
    assert_non_null(f->target);
    buf_init(&f->reply, TARGET_REPLY_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    target_free(f->target);
    buf_free(&f->reply);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

static void ask(struct fixture *f, const char *request)
{
    assert_int_equal(send_bytes(f->target, request, strlen(request)), 0);
}

/* The stub sends these bytes. */
static void stub(struct fixture *f, const char *bytes)
{
    fake_text(&f->io, IO_TARGET, 1, bytes);
}

static int receive(struct fixture *f, unsigned watch)
{
    f->final = false;
    return target_recv(f->target, &f->reply, &f->final, watch);
}

static void expect_reply(struct fixture *f, const char *text, bool final)
{
    assert_int_equal(receive(f, 0), 0);
    if (!buf_is(&f->reply, text))
        fail_msg("reply \"%.*s\" instead of \"%s\"", (int)f->reply.len, (const char *)f->reply.data,
                 text);
    assert_int_equal(f->final, final);
}

static void sent(struct fixture *f, const char *bytes)
{
    fake_assert_sent(&f->io, IO_TARGET, bytes);
}

/* The stub offers no-ack mode and agrees to it. */
static void no_ack(struct fixture *f)
{
    ask(f, "qSupported");
    stub(f, "+$QStartNoAckMode+#db");
    stub(f, "+");
    fake_text(&f->io, IO_TARGET, 2, "$OK#9a");
    expect_reply(f, "QStartNoAckMode+", true);
    sent(f, "$qSupported#37+$QStartNoAckMode#b0+");
}

static void non_stop_mode_is_not_offered(void **state)
{
    struct fixture *f = *state;
    ask(f, "qSupported");
    fake_packet(&f->io, IO_TARGET, 1, "PacketSize=47ff;QNonStop+;vContSupported+");
    expect_reply(f, "PacketSize=47ff;vContSupported+", true);
}

static void packets_are_acknowledged(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    sent(f, "$?#3f");
    stub(f, "+");
    stub(f, "$S05#b8");
    expect_reply(f, "S05", true);
    sent(f, "+");
}

static void no_ack_mode_is_selected_as_soon_as_it_is_offered(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    ask(f, "?");
    stub(f, "$S05#b8");
    expect_reply(f, "S05", true);
    sent(f, "$?#3f");
}

/* The stub may never answer: a client that leaves meanwhile must be noticed. */
static void the_client_is_seen_while_no_ack_mode_is_selected(void **state)
{
    struct fixture *f = *state;
    ask(f, "qSupported");
    stub(f, "+$QStartNoAckMode+#db");
    fake_text(&f->io, IO_CLIENT, 2, "\x03");
    fake_text(&f->io, IO_TARGET, 3, "+$OK#9a");
    assert_int_equal(receive(f, IO_ON_CLIENT), NETGDB_AGAIN);
    expect_reply(f, "QStartNoAckMode+", true);
    sent(f, "$qSupported#37+$QStartNoAckMode#b0+");
    ask(f, "?");
    stub(f, "$S05#b8");
    expect_reply(f, "S05", true);
    sent(f, "$?#3f");
}

static void a_stub_that_rejects_no_ack_mode_stays_in_ack_mode(void **state)
{
    struct fixture *f = *state;
    ask(f, "qSupported");
    stub(f, "+$QStartNoAckMode+#db");
    fake_text(&f->io, IO_TARGET, 2, "+$E01#a6");
    expect_reply(f, "QStartNoAckMode+", true);
    fake_clear(&f->io, IO_TARGET);
    ask(f, "?");
    stub(f, "+$S05#b8");
    expect_reply(f, "S05", true);
    sent(f, "$?#3f+");
}

static void a_packet_with_a_wrong_checksum_is_requested_again(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    stub(f, "+$S05#b9");
    stub(f, "$S05#b8");
    expect_reply(f, "S05", true);
    sent(f, "$?#3f-+");
}

static void in_no_ack_mode_checksums_are_ignored(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    ask(f, "?");
    stub(f, "$S05#00");
    expect_reply(f, "S05", true);
    sent(f, "$?#3f");
}

static void a_minus_makes_us_retransmit(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    stub(f, "-");
    stub(f, "-");
    stub(f, "+$S05#b8");
    expect_reply(f, "S05", true);
    sent(f, "$?#3f$?#3f$?#3f+");
}

static void endless_minuses_are_an_error(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    for (int i = 0; i < 100; i++)
        stub(f, "-");
    assert_int_equal(receive(f, 0), NETGDB_PROTO);
}

static void endless_wrong_checksums_are_an_error(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    for (int i = 0; i < 100; i++)
        stub(f, "$S05#b9");
    assert_int_equal(receive(f, 0), NETGDB_PROTO);
}

static void run_lengths_are_expanded(void **state)
{
    struct fixture *f = *state;
    ask(f, "m0,4");
    fake_packet(&f->io, IO_TARGET, 1, "10*\"2");
    expect_reply(f, "10000002", true);
}

static void console_output_comes_before_the_reply(void **state)
{
    static const char *const requests[] = {"qRcmd,68", "c", "vCont;c", "s"};
    struct fixture *f = *state;
    no_ack(f);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        ask(f, requests[i]);
        stub(f, "$O6869#2c$O#4f$OK#9a");
        expect_reply(f, "O6869", false);
        expect_reply(f, "O", false);
        expect_reply(f, "OK", true);
    }
}

static void other_replies_that_start_with_an_o_are_final(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    ask(f, "qSomething");
    stub(f, "$O6869#2c");
    expect_reply(f, "O6869", true);
    ask(f, "c");
    stub(f, "$O686#f3");
    expect_reply(f, "O686", true);
}

static void a_file_request_ends_the_run(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    ask(f, "c");
    stub(f, "$Fwrite,1,10,2#a9");
    expect_reply(f, "Fwrite,1,10,2", true);
}

static void notifications_are_dropped(void **state)
{
    struct fixture *f = *state;
    no_ack(f);
    ask(f, "?");
    stub(f, "%Stop:T05#00$S05#b8");
    stub(f, "%Stop:T05#99");
    expect_reply(f, "S05", true);
    assert_int_equal(target_idle(f->target), 0);
}

static void a_reply_may_arrive_byte_by_byte(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    for (const char *c = "+$T05thread:1;#d7"; *c != '\0'; c++)
        fake_push(&f->io, IO_TARGET, 1, c, 1);
    expect_reply(f, "T05thread:1;", true);
}

static void a_wait_ended_by_the_client_loses_no_reply(void **state)
{
    struct fixture *f = *state;
    ask(f, "c");
    fake_text(&f->io, IO_CLIENT, 5, "\x03");
    stub(f, "+$T0");
    assert_int_equal(receive(f, IO_ON_CLIENT), NETGDB_AGAIN);
    fake_clear(&f->io, IO_TARGET);
    assert_int_equal(target_interrupt(f->target), 0);
    sent(f, "\x03");
    fake_forget(&f->io, IO_CLIENT);
    stub(f, "2#b6");
    expect_reply(f, "T02", true);
}

static void unexpected_packets_are_dropped(void **state)
{
    struct fixture *f = *state;
    stub(f, "$T05#b9");
    f->io.now += 2;
    assert_int_equal(target_idle(f->target), 0);
    sent(f, "+");
    stub(f, "$T06#ba");
    f->io.now += 2;
    ask(f, "?");
    stub(f, "+$S05#b8");
    expect_reply(f, "S05", true);
}

static void the_end_of_the_stream_is_reported_after_the_last_reply(void **state)
{
    struct fixture *f = *state;
    ask(f, "c");
    stub(f, "+$W00#b7");
    fake_eof(&f->io, IO_TARGET, 2);
    expect_reply(f, "W00", true);
    f->io.now += 2;
    assert_int_equal(target_idle(f->target), NETGDB_CLOSED);
    assert_int_equal(send_bytes(f->target, "?", 1), NETGDB_CLOSED);
}

static void an_endless_reply_is_an_error(void **state)
{
    static char zeros[4096];
    struct fixture *f = *state;
    memset(zeros, '0', sizeof zeros);
    ask(f, "m0,4");
    stub(f, "+$");
    for (size_t i = 0; i < TARGET_REPLY_MAX / sizeof zeros + 1; i++)
        fake_push(&f->io, IO_TARGET, 1, zeros, sizeof zeros);
    assert_int_equal(receive(f, 0), NETGDB_TOO_LONG);
    assert_int_equal(receive(f, 0), NETGDB_TOO_LONG);
}

static void run_lengths_do_not_bypass_the_limit(void **state)
{
    static char runs[4096];
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof runs; i += 2)
        memcpy(runs + i, i == 0 ? "00" : "*~", 2);
    ask(f, "m0,4");
    stub(f, "+$");
    for (size_t i = 0; i < TARGET_REPLY_MAX / (97 * sizeof runs / 2) + 2; i++)
        fake_push(&f->io, IO_TARGET, 1, runs, sizeof runs);
    assert_int_equal(receive(f, 0), NETGDB_TOO_LONG);
}

static void an_endless_stream_of_bad_run_lengths_is_an_error(void **state)
{
    static char runs[8192];
    struct fixture *f = *state;
    memset(runs, '*', sizeof runs);
    ask(f, "m0,4");
    stub(f, "+$");
    for (size_t i = 0; i < 2 * TARGET_REPLY_MAX / sizeof runs + 1; i++)
        fake_push(&f->io, IO_TARGET, 1, runs, sizeof runs);
    assert_int_equal(receive(f, 0), NETGDB_TOO_LONG);
}

static void the_longest_request_is_the_stubs_packet_size(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(target_max_request(f->target), REQUEST_MAX);
    ask(f, "qSupported");
    fake_packet(&f->io, IO_TARGET, 1, "PacketSize=8;x+");
    expect_reply(f, "PacketSize=8;x+", true);
    assert_int_equal(target_max_request(f->target), 8);
    assert_int_equal(send_bytes(f->target, "M00,1:000", 9), NETGDB_TOO_LONG);
    fake_clear(&f->io, IO_TARGET);
    ask(f, "M0,1:000");
    sent(f, "$M0,1:000#a4");
}

static void leaving_waits_for_the_reply(void **state)
{
    struct fixture *f = *state;
    stub(f, "+");
    fake_text(&f->io, IO_TARGET, 2, "$OK#9a");
    assert_int_equal(leave_with(f->target, "D;7", &f->reply), 0);
    assert_true(buf_is(&f->reply, "OK"));
    sent(f, "$D;7#b6+");
}

static void stub_hangs_up(struct fake_io *io, enum io_side side, const uint8_t *data, size_t len)
{
    (void)data;
    if (len > 1)
        io->side[side].error = NETGDB_CLOSED;
}

static void a_stub_may_exit_right_after_its_reply_to_a_detach(void **state)
{
    struct fixture *f = *state;
    f->io.on_send = stub_hangs_up;
    stub(f, "+$OK#9a");
    assert_int_equal(leave_with(f->target, "D", &f->reply), 0);
    assert_true(buf_is(&f->reply, "OK"));
    assert_int_equal(target_idle(f->target), NETGDB_CLOSED);
}

struct lines {
    unsigned n;
    enum log_level level;
};

static void count_line(void *context, enum log_level level, const char *line)
{
    struct lines *lines = context;
    (void)line;
    lines->n++;
    lines->level = level;
}

static void a_stub_that_cannot_be_interrupted_gets_no_ctrl_c(void **state)
{
    struct fixture *f = *state;
    stream_target_no_interrupt(f->target);
    assert_int_equal(target_interrupt(f->target), NETGDB_UNSUPPORTED);
    sent(f, "");
}

static void a_stub_that_never_sends_a_byte_is_logged_and_given_up(void **state)
{
    struct fixture *f = *state;
    struct lines lines = {0};
    const struct log log = {.level = LOG_WARN, .sink = count_line, .context = &lines};
    struct target *mute = stream_target_new(&f->io.io, &log);
    stream_target_give_up(mute);
    uint64_t began = f->io.now;
    assert_int_equal(send_bytes(mute, "qSupported", 10), 0);
    assert_int_equal(target_recv(mute, &f->reply, &f->final, 0), NETGDB_LOST);
    assert_int_equal(f->io.now - began, 30 * IO_SECOND);
    assert_int_equal(lines.n, 1);
    assert_int_equal(lines.level, LOG_WARN);
    target_free(mute);
}

static void without_a_limit_a_silent_stub_is_waited_for(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    fake_packet(&f->io, IO_TARGET, 1000 * IO_SECOND, "T05");
    expect_reply(f, "T05", true);
}

/* A request of ours: no client can leave it. */
static void a_request_that_nothing_can_end_has_a_limit(void **state)
{
    struct fixture *f = *state;
    ask(f, "?");
    stub(f, "+$T05#b9");
    expect_reply(f, "T05", true);
    ask(f, "g");
    uint64_t began = f->io.now;
    fake_text(&f->io, IO_TARGET, 20 * IO_SECOND, "+$0"); /* a slow line is not silent */
    assert_int_equal(receive(f, 0), NETGDB_LOST);
    assert_int_equal(f->io.now - began, 20 * IO_SECOND + TARGET_PATIENCE);
    assert_int_equal(send_bytes(f->target, "g", 1), NETGDB_LOST);
}

/* It runs, or a client can leave it. */
static void a_stub_that_has_sent_a_byte_has_no_other_limit(void **state)
{
    struct fixture *f = *state;
    stream_target_give_up(f->target);
    ask(f, "qSupported");
    stub(f, "+");
    fake_packet(&f->io, IO_TARGET, 100 * IO_SECOND, "PacketSize=400");
    assert_int_equal(receive(f, IO_ON_CLIENT), 0);
    ask(f, "c");
    stub(f, "+");
    fake_packet(&f->io, IO_TARGET, 100 * IO_SECOND, "T05");
    expect_reply(f, "T05", true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_stub_may_exit_right_after_its_reply_to_a_detach),
        TEST(a_stub_that_never_sends_a_byte_is_logged_and_given_up),
        TEST(without_a_limit_a_silent_stub_is_waited_for),
        TEST(a_stub_that_has_sent_a_byte_has_no_other_limit),
        TEST(a_request_that_nothing_can_end_has_a_limit),
        TEST(non_stop_mode_is_not_offered),
        TEST(packets_are_acknowledged),
        TEST(no_ack_mode_is_selected_as_soon_as_it_is_offered),
        TEST(the_client_is_seen_while_no_ack_mode_is_selected),
        TEST(a_stub_that_rejects_no_ack_mode_stays_in_ack_mode),
        TEST(a_packet_with_a_wrong_checksum_is_requested_again),
        TEST(in_no_ack_mode_checksums_are_ignored),
        TEST(a_minus_makes_us_retransmit),
        TEST(endless_minuses_are_an_error),
        TEST(endless_wrong_checksums_are_an_error),
        TEST(run_lengths_are_expanded),
        TEST(console_output_comes_before_the_reply),
        TEST(other_replies_that_start_with_an_o_are_final),
        TEST(a_file_request_ends_the_run),
        TEST(notifications_are_dropped),
        TEST(a_reply_may_arrive_byte_by_byte),
        TEST(a_wait_ended_by_the_client_loses_no_reply),
        TEST(unexpected_packets_are_dropped),
        TEST(the_end_of_the_stream_is_reported_after_the_last_reply),
        TEST(an_endless_reply_is_an_error),
        TEST(run_lengths_do_not_bypass_the_limit),
        TEST(an_endless_stream_of_bad_run_lengths_is_an_error),
        TEST(the_longest_request_is_the_stubs_packet_size),
        TEST(a_stub_that_cannot_be_interrupted_gets_no_ctrl_c),
        TEST(leaving_waits_for_the_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
