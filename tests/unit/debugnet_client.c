/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's role, with hand-written datagrams of the server. */
#include "proto/node/debugnet_client.h"
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/link/wire.h"
#include "proto/rsp/requests.h"
#include "proto/rsp/rsp.h"
#include "tests/unit/fake_io.h"

enum { RTT = 100 * 1000, RETRY = 1000500 * 1000 };

struct fixture {
    struct fake_io io; /* first: on_send finds the rest */
    struct debugnet_options options;
    struct server *server;
    struct buf request;
    struct buf trace;    /* the kernel's datagrams, as text */
    bool deaf;           /* acks nothing */
    uint32_t lose_seqno; /* acks this one only after several transmissions */
    unsigned lose_times;
    uint32_t seqno; /* of the server's last DATA */
};

static void push_ack(struct fixture *f, uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(seqno, ack);
    fake_push(&f->io, IO_CLIENT, RTT, ack, sizeof ack);
}

/* The server's receiver: records the kernel's datagrams and acks them. */
static void hear(struct fake_io *io, enum io_side side, const uint8_t *data, size_t len)
{
    struct fixture *f = (struct fixture *)io;
    struct wire_msg msg;
    assert_int_equal(side, IO_CLIENT);
    assert_int_equal(wire_decode(data, len, &msg), 0);
    if (msg.type == WIRE_IS_ACK) {
        (void)buf_printf(&f->trace, "a%u ", msg.seqno);
        return;
    }
    if (msg.type == WIRE_HERALD) {
        assert_int_equal(msg.total, WIRE_NETGDB_V1);
        (void)buf_printf(&f->trace, "HERALD%u ", msg.seqno);
    } else if (msg.type == WIRE_FINISHED) {
        (void)buf_printf(&f->trace, "FINISHED%u ", msg.seqno);
    } else if (msg.len <= 64) {
        (void)buf_printf(&f->trace, "%u:%.*s ", msg.seqno, (int)msg.len, (const char *)msg.data);
    } else {
        (void)buf_printf(&f->trace, "%u@%u+%u/%u ", msg.seqno, (unsigned)msg.offset,
                         (unsigned)msg.len, msg.total);
    }
    if (f->deaf)
        return;
    if (msg.seqno == f->lose_seqno && f->lose_times > 0)
        f->lose_times--;
    else
        push_ack(f, msg.seqno);
}

static void start(struct fixture *f)
{
    f->server = debugnet_client_new(&f->io.io, &f->options, NULL);
    assert_non_null(f->server);
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->io.on_send = hear;
    debugnet_options_default(&f->options);
    assert_int_equal(f->options.retry, RETRY);
    buf_init(&f->request, REQUEST_MAX);
    buf_init(&f->trace, 1000000);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    server_free(f->server);
    buf_free(&f->request);
    buf_free(&f->trace);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

/* Returns the datagrams since the last call. */
static void expect(struct fixture *f, const char *words)
{
    if (!buf_is(&f->trace, words))
        fail_msg("sent \"%.*s\" instead of \"%s\"", (int)f->trace.len, (const char *)f->trace.data,
                 words);
    buf_reset(&f->trace);
}

static void push_data(struct fixture *f, uint32_t seqno, uint64_t offset, uint32_t total,
                      const void *bytes, size_t len)
{
    uint8_t datagram[WIRE_HEADER + 2000];
    const struct wire_msg msg = {WIRE_DATA, seqno, offset, total, bytes, len};
    wire_encode(&msg, datagram);
    if (len != 0)
        memcpy(datagram + WIRE_HEADER, bytes, len);
    fake_push(&f->io, IO_CLIENT, RTT, datagram, WIRE_HEADER + len);
}

/* Sends these bytes as the server's next DATA. */
static void data(struct fixture *f, const char *bytes)
{
    push_data(f, ++f->seqno, 0, (uint32_t)strlen(bytes), bytes, strlen(bytes));
}

/* The same with framing. */
static void packet(struct fixture *f, const char *content)
{
    struct buf frame;
    buf_init(&frame, 1000);
    (void)rsp_frame(&frame, (const uint8_t *)content, strlen(content));
    push_data(f, ++f->seqno, 0, (uint32_t)frame.len, frame.data, frame.len);
    buf_free(&frame);
}

static int open_session(struct fixture *f)
{
    return debugnet_client_open(f->server, (const uint8_t *)"T05thread:1;", 12);
}

/* Runs the handshake: HERALD, the stop, and the server's '+'. */
static void opened(struct fixture *f)
{
    start(f);
    assert_int_equal(open_session(f), 0);
    expect(f, "HERALD1 2:$T05thread:1;#d7 ");
    data(f, "+");
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

/* Checks that no request was received. */
static void expect_no_request(struct fixture *f)
{
    fake_text(&f->io, IO_TARGET, 10 * RTT, "x");
    assert_int_equal(server_next(f->server, &f->request, IO_ON_TARGET), NETGDB_AGAIN);
    fake_forget(&f->io, IO_TARGET);
}

/* After the handshake: no-ack mode. The next seqnos are 3 for the server, 5 for the kernel. */
static void no_ack(struct fixture *f)
{
    opened(f);
    data(f, "$QStartNoAckMode#b0");
    expect_no_request(f);
    expect(f, "a1 a2 3:+ 4:$OK#9a ");
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

/* Starts a session and sends a reply of this many bytes, framing included. */
static void answer_long(struct fixture *f, size_t framed)
{
    static uint8_t content[100 * 1000];
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

static void replies_longer_than_a_kernels_do_not_flood_the_server(void **state)
{
    struct fixture *f = *state;
    answer_long(f, 100 * 1000); /* 70 chunks */
    struct fake_side *s = &f->io.side[IO_CLIENT];
    unsigned burst = 0, most = 0, chunks = 0;
    for (unsigned i = 1; i < s->n_out; i++) {
        bool chunk = s->out[i].len > 100;
        burst = (s->out[i].at == s->out[i - 1].at ? burst : 0) + chunk;
        most = burst > most ? burst : most;
        chunks += chunk;
    }
    assert_int_equal(most, 32);
    assert_int_equal(chunks, 70);
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
        TEST(a_long_reply_goes_out_in_one_burst_of_chunks),
        TEST(chunks_follow_the_path_mtu),
        TEST(a_message_of_whole_chunks_has_no_empty_one),
        TEST(only_the_unacked_chunk_is_retransmitted),
        TEST(a_chunk_that_is_never_acked_ends_the_session),
        TEST(replies_longer_than_a_kernels_do_not_flood_the_server),
        TEST(acks_of_unsent_seqnos_are_ignored),
        TEST(a_request_of_several_data_is_reassembled),
        TEST(data_out_of_sequence_are_dropped),
        TEST(another_server_continues_the_session),
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
