/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON that is read in place: documents that were cut off, members, strings, numbers. */
#include "tests/unit/unit.h"

#include "proto/json.h"
#include "proto/json_read.h"

#include <stdio.h>
#include <string.h>

static bool reads(const char *text)
{
    struct json_value value;
    return json_read(text, strlen(text), &value);
}

static void whole_documents_are_read(void **state)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " [ 1 , -2.5e+3 ] ",
                                       "\"a\\u001b\\n\"",
                                       "true",
                                       "null",
                                       "0",
                                       "{\"a\":{\"b\":[]},\"c\":false}"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(reads(good[i]));
}

static void anything_else_is_not(void **state)
{
    static const char *const bad[] = {
        "",    "{",     "[1,]",     "[1",      "{\"a\"}", "{\"a\":1,}", "{1:2}",      "01",
        "1 2", "\"a",   "\"\\x\"",  "\"\\u12", "tru",     "[}",         "-",          "1.",
        "1e",  "{} {}", "\"a\nb\"", "nul",     "'a'",     "[1 2]",      "\"\\u00g0\""};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(reads(bad[i]));
}

static void every_cut_of_a_document_is_rejected(void **state)
{
    static const char text[] = "{\"pid\":612,\"a\":[{\"b\":\"c\\u0041\"},true,null],\"d\":-1.5e2}";
    struct json_value value;
    (void)state;
    assert_true(json_read(text, sizeof text - 1, &value));
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_false(json_read(text, len, &value));
}

static void the_depth_is_limited(void **state)
{
    char text[2 * JSON_DEPTH_MAX + 3];
    (void)state;
    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = '\0';
    assert_true(reads(text));
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    text[2 * JSON_DEPTH_MAX + 2] = '\0';
    assert_false(reads(text));
}

static void members_are_found(void **state)
{
    static const char text[] = "{\"a\":{\"x\":1},\"ab\":\"two\", \"x\" : 34, \"n\":-7, \"f\":1.5}";
    struct json_value object, value;
    char out[8];
    int64_t number;
    (void)state;
    assert_true(json_read(text, sizeof text - 1, &object));
    assert_true(json_member(&object, "a", &value));
    assert_int_equal(value.len, strlen("{\"x\":1}"));
    assert_true(json_member_number(&object, "x", &number));
    assert_int_equal(number, 34);
    assert_true(json_member_number(&object, "n", &number));
    assert_int_equal(number, -7);
    assert_true(json_member_text(&object, "ab", out, sizeof out));
    assert_string_equal(out, "two");
    assert_false(json_member_number(&object, "f", &number));
    assert_false(json_member_number(&object, "ab", &number));
    assert_false(json_member_text(&object, "x", out, sizeof out));
    assert_string_equal(out, "");
    assert_false(json_member(&object, "b", &value));
    assert_false(json_member(&object, "abc", &value));
    assert_false(json_member(&value, "a", &value));
}

static void items_are_iterated(void **state)
{
    static const char text[] = "[ 1 , [2], {\"a\":3}, \"4\" ]";
    static const char *const items[] = {"1", "[2]", "{\"a\":3}", "\"4\""};
    struct json_value array, item;
    size_t at = 0;
    (void)state;
    assert_true(json_read(text, sizeof text - 1, &array));
    for (size_t i = 0; i < 4; i++) {
        assert_true(json_item(&array, &at, &item));
        assert_int_equal(item.len, strlen(items[i]));
        assert_memory_equal(item.text, items[i], item.len);
    }
    assert_false(json_item(&array, &at, &item));
    assert_true(json_read("[]", 2, &array));
    at = 0;
    assert_false(json_item(&array, &at, &item));
}

static void what_was_written_is_read(void **state)
{
    char text[256], back[sizeof text];
    struct json_value value;
    struct buf b;
    (void)state;
    for (unsigned i = 0; i < 255; i++)
        text[i] = (char)(i + 1);
    text[255] = '\0';
    buf_init(&b, 4096);
    assert_int_equal(json_add_text(&b, text), 0);
    assert_true(json_read((const char *)b.data, b.len, &value));
    assert_true(json_text(&value, back, sizeof back));
    assert_string_equal(back, text);
    assert_true(json_text(&value, back, 4)); /* cut off */
    assert_int_equal(strlen(back), 3);
    buf_free(&b);
}

static void escapes_of_others_are_read(void **state)
{
    static const char text[] = "\"\\t\\/\\\\\\u0041\\u20ac\\u0000\\u00E9\"";
    struct json_value value;
    char out[16];
    (void)state;
    assert_true(json_read(text, sizeof text - 1, &value));
    assert_true(json_text(&value, out, sizeof out));
    assert_string_equal(out, "\t/\\A??\xe9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_documents_are_read),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(every_cut_of_a_document_is_rejected),
        cmocka_unit_test(the_depth_is_limited),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(items_are_iterated),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(escapes_of_others_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
