/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms of reply that each request may have. */
#include "proto/kernel/replies.h"
#include "proto/stop.h"
#include "tests/unit/unit.h"

static bool fits(const char *request, const char *text)
{
    const uint8_t *content = (const uint8_t *)request;
    struct buf reply;
    buf_init(&reply, 100);
    assert_int_equal(buf_sets(&reply, text), 0);
    bool result =
        reply_is_plausible(packet_find(content, strlen(request)), content, strlen(request), &reply);
    buf_free(&reply);
    return result;
}

/* A reply of every form that the stub sends, and the requests to which it may belong. */
static void a_reply_is_plausible_for_its_requests_only(void **state)
{
    static const char *const requests[] = {"m1000,2", "p1", "g",      "M1000,1:00", "P1=00",
                                           "Hg1",     "T1", "Z2,1,1", "z2,1,1",     "qsThreadInfo",
                                           "qC",      "?",  "s",      "c",          "D"};
    static const struct {
        const char *text;
        const char *fits; /* a letter for each matching request */
    } replies[] = {{"0011", "yyy------------"},    {"001122", "-yy------------"},
                   {"OK", "---yyyyyy-----y"},      {"E16", "yyyyyyyyyyyy--y"},
                   {"", "yyyyyyyyyyyyyyy"},        {"T05thread:1;", "-----------yyy-"},
                   {"m186a1", "---------y-----"},  {"l", "---------y-----"},
                   {"QC186a1", "----------y----"}, {"PacketSize=1003", "---------------"},
                   {"xxxx", "yyy------------"}};
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        for (size_t r = 0; r < sizeof requests / sizeof requests[0]; r++) {
            if (fits(requests[r], replies[i].text) != (replies[i].fits[r] == 'y'))
                fail_msg("%s as the reply to %s", replies[i].text, requests[r]);
        }
    }
}

static void a_register_has_at_most_16_bytes(void **state)
{
    (void)state;
    assert_true(fits("p1", "0011223344556677"));
    assert_true(fits("p47", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")); /* a vector of powerpc */
    assert_false(fits("p47", "00112233445566778899aabbccddeeff00"));
}

static void an_unknown_request_may_have_any_reply(void **state)
{
    (void)state;
    assert_true(fits("qFoo", "OK"));
    assert_true(fits("QStartNoAckMode", "OK"));
    assert_true(fits("m1000", "12"));
    assert_true(fits("mx,y", "123456"));
    assert_true(fits("qSupported", "PacketSize=1003;a+"));
    assert_false(fits("qSupported", "OK"));
}

static void stops_and_ok_are_not_replies_to_reads(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    assert_true(reply_is_of_read(&b));
    buf_sets(&b, "0011");
    assert_true(reply_is_of_read(&b));
    buf_sets(&b, "T05");
    assert_false(reply_is_of_read(&b));
    buf_sets(&b, "OK");
    assert_false(reply_is_of_read(&b));
    buf_free(&b);
}

static void a_kernels_reply_has_no_escapes_or_blanks_outside_objects(void **state)
{
    static const char *const kernels[] = {"",
                                          "OK",
                                          "E05",
                                          "00xx",
                                          "T05thread:186a1;",
                                          "QC186a1",
                                          "l<threads a=\"}\"/>",
                                          "m",
                                          "PacketSize=1003;a+;b-",
                                          "TextSeg=10,20"};
    static const char *const not_kernels[] = {"}", "00}", "a b", "F1,2/3", "\x1b", "\xff"};
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        buf_sets(&b, kernels[i]);
        assert_true(reply_is_freebsds(&b));
    }
    for (size_t i = 0; i < sizeof not_kernels / sizeof not_kernels[0]; i++) {
        buf_sets(&b, not_kernels[i]);
        assert_false(reply_is_freebsds(&b));
    }
    buf_set(&b, "\0", 1);
    assert_false(reply_is_freebsds(&b));
    buf_free(&b);
}

static void a_stop_names_its_thread_in_a_field(void **state)
{
    static const struct {
        const char *reply, *id; /* id NULL: none */
    } cases[] = {{"T05thread:186a1;", "186a1"},
                 {"T0510:00;thread:p1.2;core:1;", "p1.2"},
                 {"T05thread:1", "1"},
                 {"T05thread:;", ""},
                 {"T05threads:1,2;thread:2;", "2"},
                 {"T05thread:1;thread:2;", "1"},
                 {"T05name:thread:1;", NULL},
                 {"T05;", NULL},
                 {"T05thread;", NULL},
                 {"S05", NULL},
                 {"W00;process:1", NULL},
                 {"T0", NULL},
                 {"", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint8_t *reply = (const uint8_t *)cases[i].reply;
        size_t n;
        const uint8_t *id = stop_thread(reply, strlen(cases[i].reply), &n);
        assert_true((id != NULL) == (cases[i].id != NULL));
        if (id != NULL) {
            assert_int_equal(n, strlen(cases[i].id));
            assert_memory_equal(id, cases[i].id, n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_is_plausible_for_its_requests_only),
        cmocka_unit_test(a_register_has_at_most_16_bytes),
        cmocka_unit_test(an_unknown_request_may_have_any_reply),
        cmocka_unit_test(stops_and_ok_are_not_replies_to_reads),
        cmocka_unit_test(a_kernels_reply_has_no_escapes_or_blanks_outside_objects),
        cmocka_unit_test(a_stop_names_its_thread_in_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
