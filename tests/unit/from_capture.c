/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Captures as recordings: what a client was answered, whatever the order of packets in the file. */
#include "tests/unit/capture_fixture.h"

#include "proto/capture/pcapng.h"
#include "proto/rsp/rsp.h"

/* ---- a capture ---- */

static int begin(void **state)
{
    (void)state;
    buf_init(&file, 1 << 20);
    assert_int_equal(pcapng_add_section(&file, "x"), 0);
    return pcapng_add_interface(&file, PCAPNG_UPPER_PDU, "client");
}

static void add_bytes(bool inbound, unsigned client, const void *data, size_t len)
{
    uint8_t header[PCAPNG_EXPORT_HEADER];
    pcapng_export_header(inbound, client, header);
    const struct pcapng_packet p = {
        .header = header, .header_len = sizeof header, .data = data, .len = len, .original = len};
    assert_int_equal(pcapng_add_packet(&file, &p), 0);
}

static void add(bool inbound, const char *content)
{
    struct buf packet;
    buf_init(&packet, 1024);
    assert_int_equal(rsp_frame(&packet, (const uint8_t *)content, strlen(content)), 0);
    add_bytes(inbound, 1, packet.data, packet.len);
    buf_free(&packet);
}

static void asked(const char *request)
{
    add(true, request);
}

static void answered(const char *reply)
{
    add(false, reply);
}

/* ---- tests ---- */

static void replies_belong_to_their_requests(void **state)
{
    (void)state;
    asked("qC");
    answered("QC1");
    answered("QC2"); /* no request came before it */
    asked("qAttached");
    answered("1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_string_equal(recorded("qAttached"), "1");
    assert_string_equal(recorded("qOffsets"), "none");
}

static void a_request_may_have_no_reply(void **state)
{
    (void)state;
    asked("qOffsets");
    asked("qC");
    answered("QC1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_string_equal(recorded("qOffsets"), "none");
}

static void output_may_have_no_reply(void **state)
{
    (void)state;
    asked("qRcmd,61");
    answered("O6f75740a");
    asked("qC");
    answered("QC1");
    assert_string_equal(recorded("qC"), "QC1");
    assert_string_equal(recorded("qRcmd,61"), "none");
}

static void the_reply_to_a_request_that_cannot_be_read_is_left_out(void **state)
{
    static const char *const requests[] = {"$qOffsets#00", "$qOff", "$#00"};
    (void)state;
    asked("qC");
    for (unsigned i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        add_bytes(true, 1, requests[i], strlen(requests[i]));
        answered("QC2");
    }
    asked("qAttached");
    answered("1");
    assert_string_equal(recorded("qC"), "none");
    assert_string_equal(recorded("qAttached"), "1");
}

static void an_acknowledgement_is_no_request(void **state)
{
    (void)state;
    asked("qC");
    add_bytes(true, 1, "+", 1);
    answered("QC1");
    assert_string_equal(recorded("qC"), "QC1");
}

/* A live recorder reads registers again that were written; a capture has only what was asked. */
static void registers_that_were_written_are_changed_in_what_was_read(void **state)
{
    (void)state;
    asked("?");
    answered("T0500:1100;02:3300;thread:1;");
    asked("g");
    answered("110022003300aa");
    asked("p1");
    answered("2200");
    asked("P1=ee00");
    answered("OK");
    asked("P2=EE01"); /* the stop reply of this register follows */
    answered("OK");
    asked("P0=0001");
    answered("OK");
    asked("Hg2");
    answered("OK");
    assert_string_equal(recorded_of("1", "g"), "0001ee00EE01aa");
    assert_string_equal(recorded_of("1", "p1"), "ee00");
    assert_string_equal(recorded("?"), "T0500:0001;02:EE01;thread:1;");
    assert_false(what.old_registers);
}

/* The reply to g does not tell the sizes of registers. */
static void a_written_register_of_unknown_place_is_reported(void **state)
{
    static const char *const writes[] = {"P3=aa", "P1=11", "P2=000000"};
    (void)state;
    asked("?");
    answered("T0502:3300;thread:1;");
    asked("g");
    answered("11002200330044");
    for (unsigned i = 0; i < sizeof writes / sizeof writes[0]; i++) {
        asked(writes[i]);
        answered("OK");
        assert_string_equal(recorded_of("1", "g"), "11002200330044");
        assert_true(what.old_registers);
    }
    asked("g");
    answered("110022003300bb");
    assert_string_equal(recorded_of("1", "g"), "110022003300bb");
    assert_false(what.old_registers);
}

static void only_the_first_client_is_recorded(void **state)
{
    (void)state;
    asked("qC");
    add_bytes(false, 2, "$QC2#c6", 7);
    answered("QC1");
    assert_string_equal(recorded("qC"), "QC1");
}

static void a_file_without_replies_is_refused(void **state)
{
    (void)state;
    asked("qC");
    assert_non_null(strstr(recorded("qC"), "no RSP packets"));
    buf_drop(&file, 1);
    assert_string_equal(recorded("qC"), "it is not a pcapng or pcap file");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(replies_belong_to_their_requests),
        TEST(a_request_may_have_no_reply),
        TEST(output_may_have_no_reply),
        TEST(the_reply_to_a_request_that_cannot_be_read_is_left_out),
        TEST(an_acknowledgement_is_no_request),
        TEST(registers_that_were_written_are_changed_in_what_was_read),
        TEST(a_written_register_of_unknown_place_is_reported),
        TEST(only_the_first_client_is_recorded),
        TEST(a_file_without_replies_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
