/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RSP framing in both directions, with hand-written packets. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"

enum { MAX = 64 };

/* Bytes of the text of events (event_letter). */
struct trace {
    char text[512];
    size_t len;
};

static void trace_event(struct trace *t, enum rsp_event event, const struct rsp_parser *p)
{
    static const char letters[] = {
        [RSP_PACKET] = '$', [RSP_NOTIFICATION] = '%', [RSP_ACK] = '+',
        [RSP_NACK] = '-',   [RSP_INTERRUPT] = 'C',    [RSP_BAD] = '!',
    };
    bool content = event == RSP_PACKET || event == RSP_NOTIFICATION;
    int n = snprintf(t->text + t->len, sizeof t->text - t->len, "%c%.*s ", letters[event],
                     content ? (int)p->content.len : 0, (const char *)p->content.data);
    t->len += (size_t)n;
    assert_true(t->len < sizeof t->text);
}

static void feed(struct rsp_parser *p, struct trace *t, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    enum rsp_event event;
    while ((event = rsp_parse(p, &at, &len)) != RSP_MORE)
        trace_event(t, event, p);
    assert_int_equal(len, 0);
}

/* Expects these events, wherever the bytes are divided into two chunks. */
static void expect_bytes(enum rsp_direction direction, const void *bytes, size_t len,
                         const char *events)
{
    for (size_t cut = 0; cut <= len; cut++) {
        struct rsp_parser p;
        struct trace t = {.len = 0};
        rsp_parser_init(&p, direction, MAX);
        feed(&p, &t, bytes, cut);
        feed(&p, &t, (const uint8_t *)bytes + cut, len - cut);
        t.text[t.len] = '\0';
        assert_string_equal(t.text, events);
        rsp_parser_free(&p);
    }
}

static void expect(enum rsp_direction direction, const char *bytes, const char *events)
{
    expect_bytes(direction, bytes, strlen(bytes), events);
}

static void packets_and_acks_are_found_however_the_bytes_are_divided(void **state)
{
    (void)state;
    expect(RSP_FROM_GDB, "+$g#67$m0,4#fd-$#00", "+ $g $m0,4 - $ ");
    expect(RSP_FROM_STUB, "+$OK#9a$T05#b9", "+ $OK $T05 ");
    expect(RSP_FROM_GDB, "$OK#9A", "$OK ");
}

static void bytes_outside_packets_are_skipped(void **state)
{
    (void)state;
    expect(RSP_FROM_GDB, "xy\r\n$g#67 #67$g#67", "$g $g ");
    expect_bytes(RSP_FROM_STUB, "\x03\xff\xf3$OK#9a", 9, "$OK ");
}

static void a_wrong_checksum_is_bad_and_the_next_packet_is_read(void **state)
{
    (void)state;
    expect(RSP_FROM_GDB, "$g#68$g#67", "! $g ");
    expect(RSP_FROM_GDB, "$g#6x$g#67", "! $g ");
    expect(RSP_FROM_GDB, "$g#x7$g#67", "! $g ");
}

static void a_dollar_inside_a_packet_starts_a_new_one(void **state)
{
    (void)state;
    expect(RSP_FROM_GDB, "$m0,$g#67", "$g ");
    expect(RSP_FROM_STUB, "%Stop$OK#9a", "$OK ");
    expect(RSP_FROM_STUB, "$a*$OK#9a", "$OK ");
}

static void a_packet_without_its_checksum_does_not_hide_the_next(void **state)
{
    (void)state;
    expect(RSP_FROM_GDB, "$m0,4#$g#67", "$g ");
    expect(RSP_FROM_GDB, "$m0,4#f$g#67", "$g ");
}

static void run_lengths_of_a_stub_are_expanded(void **state)
{
    (void)state;
    expect(RSP_FROM_STUB, "$0* #7a", "$0000 ");
    expect(RSP_FROM_STUB, "$0*\"#7c", "$000000 ");
    expect(RSP_FROM_STUB, "$a*!b*!#59", "$aaaaabbbbb ");
    /* '+' and '-' are counts too, though stubs avoid them. */
    expect(RSP_FROM_STUB, "$0*+#85", "$000000000000000 ");
}

static void the_longest_run_length_is_97_more(void **state)
{
    struct rsp_parser p;
    const uint8_t *at = (const uint8_t *)"$0*~#d8";
    size_t len = 7;
    (void)state;
    rsp_parser_init(&p, RSP_FROM_STUB, 98);
    assert_int_equal(rsp_parse(&p, &at, &len), RSP_PACKET);
    assert_int_equal(p.content.len, 98);
    assert_int_equal(p.content.data[97], '0');
    rsp_parser_free(&p);
}

static void illegal_run_lengths_make_a_packet_bad(void **state)
{
    (void)state;
    expect(RSP_FROM_STUB, "$*\"#4c", "! ");          /* no byte to repeat */
    expect(RSP_FROM_STUB, "$0*\x1f#79", "! ");       /* below a space */
    expect(RSP_FROM_STUB, "$0*\x7f#d9", "! ");       /* above '~' */
    expect(RSP_FROM_STUB, "$0*#5a$OK#9a", "! $OK "); /* '#' is not a count: it ends the packet */
}

static void a_star_from_gdb_is_a_star(void **state)
{
    (void)state;
    expect(RSP_FROM_GDB, "$0* #7a", "$0*  ");
}

static void escapes_are_unchanged_in_the_content(void **state)
{
    static const char bytes[] = "$X0,1:}\x04#a0";
    (void)state;
    expect_bytes(RSP_FROM_GDB, bytes, sizeof bytes - 1, "$X0,1:}\x04 ");
}

static void ctrl_c_counts_outside_a_packet_and_is_data_inside(void **state)
{
    (void)state;
    expect_bytes(RSP_FROM_GDB, "\x03$g#67\x03", 7, "C $g C ");
    expect_bytes(RSP_FROM_GDB, "$X\x03#5b", 6, "$X\x03 ");
}

static void a_telnet_break_is_an_interrupt(void **state)
{
    (void)state;
    expect_bytes(RSP_FROM_GDB, "\xff\xf3", 2, "C ");
    expect_bytes(RSP_FROM_GDB, "\xff\xf3g$g#67", 8, "C $g "); /* BREAK-g */
    expect_bytes(RSP_FROM_GDB, "\xff\xff\xf3", 3, "C ");
    expect_bytes(RSP_FROM_GDB, "\xff+\xf3", 3, "+ ");
    expect_bytes(RSP_FROM_GDB, "\xf3", 1, "");
    expect_bytes(RSP_FROM_GDB, "\xff$g#67", 6, "$g ");
    expect_bytes(RSP_FROM_GDB, "$\xff\xf3#f2", 6, "$\xff\xf3 ");
}

static void only_a_stub_sends_notifications(void **state)
{
    (void)state;
    expect(RSP_FROM_STUB, "%Stop:T05#99", "%Stop:T05 ");
    expect(RSP_FROM_GDB, "%Stop:T05#99$g#67", "$g ");
    expect(RSP_FROM_STUB, "%Stop:T05#98", "! ");
}

static void a_packet_may_be_as_long_as_the_limit(void **state)
{
    char bytes[MAX + 8];
    struct buf framed;
    (void)state;
    memset(bytes, 'a', sizeof bytes);
    buf_init(&framed, 200);
    for (size_t len = MAX - 1; len <= MAX + 1; len++) {
        struct rsp_parser p;
        const uint8_t *at;
        size_t left;
        buf_reset(&framed);
        assert_int_equal(rsp_frame(&framed, (const uint8_t *)bytes, len), 0);
        rsp_parser_init(&p, RSP_FROM_GDB, MAX);
        at = framed.data;
        left = framed.len;
        assert_int_equal(rsp_parse(&p, &at, &left), len <= MAX ? RSP_PACKET : RSP_BAD);
        assert_int_equal(p.content.error, len <= MAX ? 0 : NETGDB_TOO_LONG);
        rsp_parser_free(&p);
    }
    buf_free(&framed);
}

static void an_endless_packet_uses_no_more_memory_than_the_limit(void **state)
{
    struct rsp_parser p;
    uint8_t bytes[1000];
    const uint8_t *at = (const uint8_t *)"$";
    size_t len = 1;
    (void)state;
    rsp_parser_init(&p, RSP_FROM_STUB, MAX);
    assert_int_equal(rsp_parse(&p, &at, &len), RSP_MORE);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i % 3 == 0 ? 'a' : i % 3 == 1 ? '*' : '~';
    for (int i = 0; i < 100; i++) {
        at = bytes;
        len = sizeof bytes;
        assert_int_equal(rsp_parse(&p, &at, &len), RSP_MORE);
        assert_true(p.content.len <= MAX);
    }
    assert_int_equal(p.raw, 100 * sizeof bytes);
    at = (const uint8_t *)"#00$OK#9a";
    len = 9;
    assert_int_equal(rsp_parse(&p, &at, &len), RSP_BAD);
    assert_int_equal(p.content.error, NETGDB_TOO_LONG);
    assert_int_equal(rsp_parse(&p, &at, &len), RSP_PACKET);
    assert_true(buf_is(&p.content, "OK"));
    rsp_parser_free(&p);
}

static void a_framed_packet_is_parsed_back(void **state)
{
    struct rsp_parser p;
    struct buf raw, escaped, framed, back;
    const uint8_t *at;
    size_t len;
    (void)state;
    buf_init(&raw, 256);
    buf_init(&escaped, 512);
    buf_init(&framed, 600);
    buf_init(&back, 256);
    for (int i = 0; i < 256; i++)
        buf_addc(&raw, (uint8_t)i);
    assert_int_equal(rsp_escape(&escaped, raw.data, raw.len), 0);
    assert_int_equal(escaped.len, 260); /* four of them */
    assert_int_equal(rsp_frame(&framed, escaped.data, escaped.len), 0);
    for (int direction = RSP_FROM_GDB; direction <= RSP_FROM_STUB; direction++) {
        rsp_parser_init(&p, (enum rsp_direction)direction, 600);
        at = framed.data;
        len = framed.len;
        assert_int_equal(rsp_parse(&p, &at, &len), RSP_PACKET);
        buf_reset(&back);
        assert_int_equal(rsp_unescape(&back, p.content.data, p.content.len), 0);
        assert_int_equal(back.len, 256);
        assert_memory_equal(back.data, raw.data, 256);
        rsp_parser_free(&p);
    }
    buf_free(&raw);
    buf_free(&escaped);
    buf_free(&framed);
    buf_free(&back);
}

static void a_frame_ends_in_the_sum_modulo_256(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 10);
    assert_int_equal(rsp_frame(&out, NULL, 0), 0);
    assert_true(buf_is(&out, "$#00"));
    buf_reset(&out);
    assert_int_equal(rsp_frame(&out, (const uint8_t *)"\xff\x02", 2), 0);
    assert_true(buf_is(&out, "$\xff\x02#01"));
    buf_reset(&out);
    assert_int_equal(rsp_frame(&out, (const uint8_t *)"0123456", 7), NETGDB_TOO_LONG);
    buf_free(&out);
}

/* Frames with run-lengths, and parses what a client gets. Returns the frame's length. */
static size_t frame_with_runs(const uint8_t *content, size_t len)
{
    struct buf framed;
    struct rsp_parser p;
    buf_init(&framed, 1000);
    assert_int_equal(rsp_frame_runs(&framed, content, len), 0);
    const uint8_t *at = framed.data;
    size_t left = framed.len, frame = framed.len;
    for (size_t i = 0; i + 1 < framed.len; i++) {
        if (framed.data[i] == '*')
            assert_null(memchr("#$+-", framed.data[++i], 4));
    }
    rsp_parser_init(&p, RSP_FROM_STUB, 1000);
    assert_int_equal(rsp_parse(&p, &at, &left), RSP_PACKET);
    assert_int_equal(p.content.len, len);
    assert_memory_equal(p.content.data, content, len);
    rsp_parser_free(&p);
    buf_free(&framed);
    return frame;
}

static void runs_of_any_length_are_parsed_back(void **state)
{
    uint8_t bytes[400];
    (void)state;
    for (size_t run = 0; run <= 300; run++) {
        memset(bytes, 'a', sizeof bytes);
        memset(bytes + 1, '0', run);
        size_t len = run + 3;
        size_t frame = frame_with_runs(bytes, len); /* "a", the run, "aa" */
        assert_int_equal(frame < len, run >= 12);
        memset(bytes, '0', run + 1); /* only a run */
        (void)frame_with_runs(bytes, run + 1);
    }
    memset(bytes, '0', sizeof bytes);
    assert_true(frame_with_runs(bytes, sizeof bytes) < 30);
}

/* LLDB would repeat what the escape stands for. */
static void an_escaped_byte_begins_no_run(void **state)
{
    static const char text[] = "b}\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03";
    struct buf framed;
    (void)state;
    (void)frame_with_runs((const uint8_t *)text, sizeof text - 1);
    buf_init(&framed, 100);
    assert_int_equal(rsp_frame_runs(&framed, (const uint8_t *)text, sizeof text - 1), 0);
    assert_memory_equal(framed.data, "$b}\x03\x03*", 6);
    buf_free(&framed);
}

static void a_lone_escape_at_the_end_is_refused(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 10);
    assert_int_equal(rsp_unescape(&out, (const uint8_t *)"a}", 2), NETGDB_PROTO);
    buf_reset(&out);
    assert_int_equal(rsp_unescape(&out, (const uint8_t *)"}]}\x03", 4), 0);
    assert_true(buf_is(&out, "}#"));
    buf_free(&out);
}

static void a_piece_of_an_object_is_marked_at_its_end(void **state)
{
    static const struct {
        uint64_t offset, len;
        const char *reply;
    } cases[] = {{0, 2, "mab"},     {0, 3, "mab}\003"},
                 {2, 9, "l}\003c"}, {0, 4, "lab}\003c"},
                 {4, 1, "l"},       {UINT64_MAX, UINT64_MAX, "l"},
                 {1, 0, "m"},       {0, UINT64_MAX, "lab}\003c"}};
    struct buf reply;
    (void)state;
    buf_init(&reply, 16);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_reset(&reply);
        assert_int_equal(
            rsp_add_piece(&reply, (const uint8_t *)"ab#c", 4, cases[i].offset, cases[i].len), 0);
        assert_true(buf_is(&reply, cases[i].reply));
    }
    buf_reset(&reply);
    assert_int_equal(rsp_add_piece(&reply, NULL, 0, 0, 1), 0);
    assert_true(buf_is(&reply, "l"));
    buf_free(&reply);
}

static void hexadecimal_text_becomes_bytes_or_is_refused(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, 3);
    assert_int_equal(rsp_unhex(&out, (const uint8_t *)"00fFa5", 6), 0);
    assert_memory_equal(out.data, "\x00\xff\xa5", 3);
    assert_int_equal(rsp_unhex(&out, (const uint8_t *)"00", 2), NETGDB_TOO_LONG);
    buf_reset(&out);
    assert_int_equal(rsp_unhex(&out, (const uint8_t *)"000", 3), NETGDB_PROTO);
    assert_int_equal(rsp_unhex(&out, (const uint8_t *)"0g", 2), NETGDB_PROTO);
    assert_int_equal(rsp_unhex(&out, (const uint8_t *)"xx", 2), NETGDB_PROTO);
    buf_free(&out);
    assert_int_equal(rsp_hex_byte((const uint8_t *)"7F"), 0x7f);
    assert_int_equal(rsp_hex_byte((const uint8_t *)"7:"), -1);
    assert_int_equal(rsp_hex_byte((const uint8_t *)"/7"), -1);
    assert_int_equal(rsp_hex_byte((const uint8_t *)"`0"), -1);
    assert_int_equal(rsp_hex_byte((const uint8_t *)"@0"), -1);
    assert_int_equal(rsp_hex_byte((const uint8_t *)"G0"), -1);
}

static size_t number(const char *text, uint64_t *value)
{
    return rsp_hex_number((const uint8_t *)text, strlen(text), value);
}

static void numbers_have_one_to_sixteen_digits(void **state)
{
    uint64_t value;
    (void)state;
    assert_int_equal(number("", &value), 0);
    assert_int_equal(number(",1", &value), 0);
    assert_int_equal(number("1f,", &value), 2);
    assert_int_equal(value, 0x1f);
    assert_int_equal(number("FFFFffff80000000:", &value), 16);
    assert_true(value == UINT64_C(0xffffffff80000000));
    assert_int_equal(number("0ffffffff80000000", &value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_and_acks_are_found_however_the_bytes_are_divided),
        cmocka_unit_test(bytes_outside_packets_are_skipped),
        cmocka_unit_test(a_wrong_checksum_is_bad_and_the_next_packet_is_read),
        cmocka_unit_test(a_dollar_inside_a_packet_starts_a_new_one),
        cmocka_unit_test(a_packet_without_its_checksum_does_not_hide_the_next),
        cmocka_unit_test(run_lengths_of_a_stub_are_expanded),
        cmocka_unit_test(the_longest_run_length_is_97_more),
        cmocka_unit_test(illegal_run_lengths_make_a_packet_bad),
        cmocka_unit_test(a_star_from_gdb_is_a_star),
        cmocka_unit_test(escapes_are_unchanged_in_the_content),
        cmocka_unit_test(ctrl_c_counts_outside_a_packet_and_is_data_inside),
        cmocka_unit_test(a_telnet_break_is_an_interrupt),
        cmocka_unit_test(only_a_stub_sends_notifications),
        cmocka_unit_test(a_packet_may_be_as_long_as_the_limit),
        cmocka_unit_test(an_endless_packet_uses_no_more_memory_than_the_limit),
        cmocka_unit_test(a_framed_packet_is_parsed_back),
        cmocka_unit_test(a_frame_ends_in_the_sum_modulo_256),
        cmocka_unit_test(runs_of_any_length_are_parsed_back),
        cmocka_unit_test(an_escaped_byte_begins_no_run),
        cmocka_unit_test(a_lone_escape_at_the_end_is_refused),
        cmocka_unit_test(a_piece_of_an_object_is_marked_at_its_end),
        cmocka_unit_test(hexadecimal_text_becomes_bytes_or_is_refused),
        cmocka_unit_test(numbers_have_one_to_sixteen_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
