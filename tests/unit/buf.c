/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The byte buffer: its limit, its sticky error, and what each append writes. */
#include "tests/unit/unit.h"

#include "proto/buf.h"
#include "proto/err.h"

static void appends_are_consecutive(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 100);
    assert_int_equal(buf_add(&b, "ab\0c", 4), 0);
    assert_int_equal(buf_addc(&b, 0xff), 0);
    assert_int_equal(buf_adds(&b, "text"), 0);
    assert_int_equal(buf_printf(&b, "%d-%s", 12, "x"), 0);
    assert_int_equal(buf_addhex(&b, "\x0a\xf9", 2), 0);
    assert_int_equal(b.len, 17);
    assert_memory_equal(b.data,
                        "ab\0c\xff"
                        "text12-x0af9",
                        17);
    buf_free(&b);
    assert_null(b.data);
    assert_int_equal(b.len, 0);
}

static void contents_grow_to_the_limit_and_not_past_it(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buf_addc(&b, (uint8_t)i), 0);
    assert_int_equal(buf_addc(&b, 0), NETGDB_TOO_LONG);
    assert_int_equal(b.len, 1000);
    assert_true(b.cap <= 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(b.data[i], (uint8_t)i);
    buf_free(&b);
}

static void an_append_that_does_not_fit_changes_nothing(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4);
    buf_adds(&b, "abc");
    assert_int_equal(buf_add(&b, "de", 2), NETGDB_TOO_LONG);
    assert_true(buf_is(&b, "abc"));
    buf_set(&b, "abc", 3);
    assert_int_equal(buf_printf(&b, "%s", "de"), NETGDB_TOO_LONG);
    assert_true(buf_is(&b, "abc"));
    buf_set(&b, "abc", 3);
    assert_int_equal(buf_addhex(&b, "\x12", 1), NETGDB_TOO_LONG);
    assert_true(buf_is(&b, "abc"));
    buf_free(&b);
}

static void the_error_sticks_until_the_buffer_is_emptied(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 4);
    buf_adds(&b, "12345");
    assert_int_equal(buf_addc(&b, 'x'), NETGDB_TOO_LONG);
    assert_int_equal(buf_printf(&b, "x"), NETGDB_TOO_LONG);
    assert_int_equal(buf_addhex(&b, "", 0), NETGDB_TOO_LONG);
    assert_int_equal(b.len, 0);
    buf_reset(&b);
    assert_int_equal(b.error, 0);
    assert_int_equal(buf_adds(&b, "1234"), 0);
    assert_int_equal(buf_sets(&b, "12345"), NETGDB_TOO_LONG);
    assert_int_equal(buf_sets(&b, "ok"), 0);
    assert_true(buf_is(&b, "ok"));
    buf_free(&b);
}

static void formatted_text_may_fill_the_buffer_to_its_last_byte(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 300);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_printf(&b, "%03d", i), 0);
    assert_int_equal(b.len, 300);
    assert_memory_equal(b.data + 297, "099", 3);
    buf_free(&b);
}

static void a_buffer_with_limit_0_accepts_nothing(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 0);
    assert_int_equal(buf_add(&b, NULL, 0), 0);
    assert_true(buf_is(&b, ""));
    assert_int_equal(buf_addc(&b, 'x'), NETGDB_TOO_LONG);
    buf_free(&b);
}

static void dropping_moves_the_rest_to_the_front(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 10);
    buf_adds(&b, "abcdef");
    buf_drop(&b, 0);
    assert_true(buf_is(&b, "abcdef"));
    buf_drop(&b, 2);
    assert_true(buf_is(&b, "cdef"));
    buf_drop(&b, 4);
    assert_int_equal(b.len, 0);
    buf_free(&b);
}

static void new_bytes_of_a_resize_are_zero(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 8);
    buf_adds(&b, "abcdef");
    assert_int_equal(buf_resize(&b, 2), 0);
    assert_true(buf_is(&b, "ab"));
    assert_int_equal(buf_resize(&b, 8), 0);
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.data, "ab\0\0\0\0\0\0", 8);
    assert_int_equal(buf_resize(&b, 9), NETGDB_TOO_LONG);
    assert_int_equal(b.len, 8);
    buf_free(&b);
}

static void comparisons_cover_all_bytes(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 10);
    assert_true(buf_is(&b, ""));
    assert_true(buf_starts(&b, ""));
    assert_false(buf_starts(&b, "a"));
    buf_adds(&b, "abc");
    assert_true(buf_is(&b, "abc"));
    assert_false(buf_is(&b, "ab"));
    assert_false(buf_is(&b, "abcd"));
    assert_false(buf_is(&b, "abd"));
    assert_true(buf_starts(&b, "ab"));
    assert_false(buf_starts(&b, "b"));
    assert_false(buf_starts(&b, "abcd"));
    buf_free(&b);
}

static void freeing_twice_is_harmless(void **state)
{
    struct buf b;
    (void)state;
    buf_init(&b, 10);
    buf_adds(&b, "x");
    buf_free(&b);
    buf_free(&b);
    assert_int_equal(buf_adds(&b, "again"), 0);
    buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_are_consecutive),
        cmocka_unit_test(contents_grow_to_the_limit_and_not_past_it),
        cmocka_unit_test(an_append_that_does_not_fit_changes_nothing),
        cmocka_unit_test(the_error_sticks_until_the_buffer_is_emptied),
        cmocka_unit_test(formatted_text_may_fill_the_buffer_to_its_last_byte),
        cmocka_unit_test(a_buffer_with_limit_0_accepts_nothing),
        cmocka_unit_test(dropping_moves_the_rest_to_the_front),
        cmocka_unit_test(new_bytes_of_a_resize_are_zero),
        cmocka_unit_test(comparisons_cover_all_bytes),
        cmocka_unit_test(freeing_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
