/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures of debugnet datagrams alone as recordings: what is missing never makes a wrong answer.
 */
#include "tests/unit/capture_fixture.h"

#include "proto/capture/pcapng.h"
#include "proto/link/wire.h"
#include "proto/rsp/rsp.h"

enum { KERNEL, SERVER };

static uint32_t seqno[2];     /* the next one of each sender */
static uint16_t session_port; /* of the server */

static int begin(void **state)
{
    (void)state;
    buf_init(&file, 1 << 20);
    seqno[KERNEL] = 2;
    seqno[SERVER] = 1;
    session_port = 40000;
    assert_int_equal(pcapng_add_section(&file, "x"), 0);
    return pcapng_add_interface(&file, PCAPNG_RAW, "wire");
}

static void add(int sender, const struct wire_msg *msg)
{
    static const struct net_addr kernel = {0x7f000001, WIRE_KERNEL_PORT};
    const struct net_addr server = {0x7f000002, session_port};
    uint8_t headers[PCAPNG_UDP_HEADERS], data[WIRE_HEADER + 64];
    size_t len = WIRE_HEADER + msg->len;
    assert_true(len <= sizeof data);
    wire_encode(msg, data);
    memcpy(data + WIRE_HEADER, msg->data, msg->len);
    pcapng_udp_headers(sender == KERNEL ? &kernel : &server, sender == KERNEL ? &server : &kernel,
                       data, len, headers);
    const struct pcapng_packet p = {
        .header = headers, .header_len = sizeof headers, .data = data, .len = len, .original = len};
    assert_int_equal(pcapng_add_packet(&file, &p), 0);
}

static void send_again(int sender, uint32_t number, const char *text)
{
    add(sender, &(struct wire_msg){.type = WIRE_DATA,
                                   .seqno = number,
                                   .total = (uint32_t)strlen(text),
                                   .data = (const uint8_t *)text,
                                   .len = strlen(text)});
}

static void send_text(int sender, const char *text)
{
    send_again(sender, seqno[sender]++, text);
}

static void send_packet(int sender, const char *content)
{
    struct buf b;
    buf_init(&b, 64);
    assert_int_equal(rsp_frame(&b, (const uint8_t *)content, strlen(content)), 0);
    assert_int_equal(buf_addc(&b, '\0'), 0);
    send_text(sender, (const char *)b.data);
    buf_free(&b);
}

/* A whole exchange, as a kernel has it. */
static void exchange(const char *request, const char *reply)
{
    send_packet(SERVER, request);
    send_text(KERNEL, "+");
    send_packet(KERNEL, reply);
    send_text(SERVER, "+");
}

static void exchanges_are_found(void **state)
{
    (void)state;
    exchange("qC", "QC1");
    exchange("qAttached", "1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_string_equal(recorded("qAttached"), "1");
    assert_int_equal(what.left_out, 0);
    assert_true(what.from_wire);
}

static void a_capture_may_begin_within_a_session(void **state)
{
    (void)state;
    seqno[KERNEL] = 100;
    seqno[SERVER] = 77;
    send_packet(KERNEL, "QC9"); /* a reply whose request came before */
    exchange("qC", "QC1");
    assert_string_equal(recorded("qC"), "QC1");
}

static void output_comes_before_its_reply(void **state)
{
    (void)state;
    exchange("Hg1", "OK");
    send_packet(SERVER, "qRcmd,00");
    send_text(KERNEL, "+");
    send_packet(KERNEL, "O6162");
    send_packet(KERNEL, "OK");
    exchange("qC", "QC1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_int_equal(what.left_out, 0);
}

/* What a detach does, which nobody looked at. */
static void the_end_of_a_session_is_not_played(void **state)
{
    (void)state;
    exchange("g", "0102");
    exchange("M1000,1:cc", "OK");
    exchange("c", "T05");
    exchange("p10", "00");
    exchange("qOffsets", "1");
    send_packet(SERVER, "D");
    assert_string_equal(recorded("g"), "0102");
    assert_string_equal(recorded("qOffsets"), "none");
    assert_int_equal(what.stops, 1);
}

static void copies_are_left_out(void **state)
{
    (void)state;
    exchange("qC", "QC1");
    send_again(SERVER, 1, "$qC#b4");
    send_again(KERNEL, 3, "$QC1#c5");
    exchange("qAttached", "1");
    assert_string_equal(recorded("qAttached"), "1");
    assert_int_equal(what.requests, 2);
    assert_int_equal(what.left_out, 0);
}

static void chunks_are_joined_in_any_order(void **state)
{
    static const uint8_t reply[] = "$QC1#c5";
    (void)state;
    send_packet(SERVER, "qC");
    send_text(KERNEL, "+");
    for (int i = 1; i >= 0; i--)
        add(KERNEL, &(struct wire_msg){.type = WIRE_DATA,
                                       .seqno = seqno[KERNEL] + (uint32_t)i,
                                       .offset = (uint64_t)i * 4,
                                       .total = 7,
                                       .data = reply + i * 4,
                                       .len = i == 0 ? 4 : 3});
    assert_string_equal(recorded("qC"), "QC1");
}

static void a_lost_reply_leaves_its_request_out(void **state)
{
    (void)state;
    exchange("qAttached", "1");
    send_packet(SERVER, "qOffsets");
    seqno[KERNEL] += 2; /* '+' and the reply were not captured */
    send_text(SERVER, "+");
    exchange("qC", "QC1");
    assert_string_equal(recorded("qOffsets"), "none");
    assert_string_equal(recorded("qC"), "none"); /* its '+' may be an older one */
    assert_string_equal(recorded("qAttached"), "1");
    assert_int_equal(what.left_out, 2);
}

/* Which reply is it? */
static void a_lost_request_leaves_its_neighbours_out(void **state)
{
    (void)state;
    exchange("qAttached", "1");
    send_packet(SERVER, "qOffsets");
    seqno[SERVER]++; /* a request that was not captured */
    send_packet(KERNEL, "QC1");
    exchange("qC", "QC2");
    assert_string_equal(recorded("qOffsets"), "none");
    assert_string_equal(recorded("qC"), "QC2");
    assert_string_equal(recorded("qAttached"), "none"); /* the lost one may have changed all */
    assert_int_equal(what.left_out, 2);
}

static void a_lost_stop_ends_what_was_read_before(void **state)
{
    (void)state;
    exchange("qAttached", "1");
    send_packet(SERVER, "s");
    seqno[KERNEL] += 2;
    send_text(SERVER, "+");
    exchange("qOffsets", "none");
    exchange("qC", "QC1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_string_equal(recorded("qAttached"), "none");
}

static void a_second_reply_makes_both_doubtful(void **state)
{
    (void)state;
    exchange("qAttached", "1");
    send_packet(SERVER, "qC");
    send_text(KERNEL, "+");
    send_packet(KERNEL, "1"); /* of a late copy of the request before */
    send_text(KERNEL, "+");
    send_packet(KERNEL, "QC1");
    assert_string_equal(recorded("qC"), "none");
    assert_string_equal(recorded("qAttached"), "1");
    assert_int_equal(what.left_out, 1);
}

static void copies_that_differ_count_as_missing(void **state)
{
    (void)state;
    exchange("qC", "QC1");
    exchange("qAttached", "1");
    exchange("qOffsets", "0");
    send_again(KERNEL, 3, "$QC2#c6");
    assert_string_equal(recorded("qC"), "none");
    assert_string_equal(recorded("qAttached"), "none"); /* its '+' may be an older one */
    assert_string_equal(recorded("qOffsets"), "0");
}

static void herald(void)
{
    add(KERNEL,
        &(struct wire_msg){
            .type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1, .data = (const uint8_t *)""});
}

static void the_last_session_is_taken(void **state)
{
    (void)state;
    exchange("qC", "QC1");
    herald();
    session_port = 40009;
    seqno[KERNEL] = 2;
    seqno[SERVER] = 1;
    exchange("qC", "QC2");
    assert_string_equal(recorded("qC"), "QC2");
    assert_true(what.other_clients);
}

static void a_late_copy_of_a_herald_ends_no_session(void **state)
{
    (void)state;
    herald();
    send_packet(KERNEL, "T05");
    herald();
    send_text(SERVER, "+");
    exchange("qAttached", "1");
    herald();
    exchange("qC", "QC1");
    assert_string_equal(recorded("qAttached"), "1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_false(what.other_clients);
}

/* The kernel may find the server at the same port. */
static void seqnos_that_begin_anew_after_a_herald_are_another_session(void **state)
{
    (void)state;
    herald();
    send_packet(KERNEL, "T05");
    exchange("qAttached", "1");
    herald();
    seqno[KERNEL] = 2;
    seqno[SERVER] = 1;
    send_packet(KERNEL, "T05");
    exchange("qC", "QC2");
    assert_string_equal(recorded("qAttached"), "none");
    assert_string_equal(recorded("qC"), "QC2");
    assert_true(what.other_clients);
}

static void a_capture_without_an_exchange_is_refused(void **state)
{
    (void)state;
    send_packet(KERNEL, "T05");
    assert_non_null(strstr(recorded("qC"), "no debugnet session with a reply"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(exchanges_are_found),
        TEST(a_capture_may_begin_within_a_session),
        TEST(output_comes_before_its_reply),
        TEST(the_end_of_a_session_is_not_played),
        TEST(copies_are_left_out),
        TEST(chunks_are_joined_in_any_order),
        TEST(a_lost_reply_leaves_its_request_out),
        TEST(a_lost_request_leaves_its_neighbours_out),
        TEST(a_lost_stop_ends_what_was_read_before),
        TEST(a_second_reply_makes_both_doubtful),
        TEST(copies_that_differ_count_as_missing),
        TEST(the_last_session_is_taken),
        TEST(a_late_copy_of_a_herald_ends_no_session),
        TEST(seqnos_that_begin_anew_after_a_herald_are_another_session),
        TEST(a_capture_without_an_exchange_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
