/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stop replies, as FreeBSD's stub sends them and as it does not. */
#include "tests/unit/unit.h"

#include "proto/stop.h"

static bool take(struct stop *s, const char *reply)
{
    return stop_take(s, (const uint8_t *)reply, strlen(reply));
}

static void a_stop_has_its_pc_and_thread(void **state)
{
    struct stop s = {.cause = STOP_STEPPED, .runs = 1};
    (void)state;
    assert_true(take(&s, "T0510:b6e46780ffffffff;thread:186a1;"));
    assert_int_equal(s.signal, STOP_SIGTRAP);
    assert_int_equal(s.pc, 0x10);
    assert_int_equal(s.pc_len, 8);
    assert_int_equal(s.thread, 0x186a1);
    assert_int_equal(s.selected, 0x186a1);
    assert_int_equal(s.watch, STOP_NOT_WATCHED);
    assert_int_equal(s.cause, STOP_STEPPED);
    assert_int_equal(s.runs, 0);
}

static void a_watchpoint_is_noted(void **state)
{
    struct stop s = {.runs = 1};
    (void)state;
    assert_true(take(&s, "T0510:b6e46780ffffffff;watch:0;thread:186a1;"));
    assert_int_equal(s.watch, STOP_WATCHED);
}

/* The reply to `?`. */
static void a_short_reply_keeps_the_pc(void **state)
{
    struct stop s = {.pc = 0x20, .pc_len = 8, .watch = STOP_WATCHED};
    (void)state;
    assert_true(take(&s, "T05thread:186a1;"));
    assert_int_equal(s.pc, 0x20);
    assert_int_equal(s.pc_len, 8);
    assert_int_equal(s.watch, STOP_WATCH_UNKNOWN);
}

/* Neither is a register with a value. */
static void an_empty_field_keeps_the_pc(void **state)
{
    static const char *const replies[] = {"T0500:;thread:1;", "T05:0000;thread:1;",
                                          "T05:;thread:1;"};
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        struct stop s = {.pc = 0x20, .pc_len = 8};
        assert_true(take(&s, replies[i]));
        assert_int_equal(s.pc, 0x20);
        assert_int_equal(s.pc_len, 8);
        assert_int_equal(s.thread, 1);
    }
}

static void another_packet_changes_nothing(void **state)
{
    static const char *const replies[] = {"", "T", "T5", "Tzz", "S05", "OK", "E01", "W00"};
    const struct stop before = {.pc = 0x20, .pc_len = 8, .runs = 1, .thread = 7};
    (void)state;
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        struct stop s = before;
        assert_false(take(&s, replies[i]));
        assert_memory_equal(&s, &before, sizeof s);
    }
}

static void the_first_stop_is_ddbs(void **state)
{
    static const char stream[] = "$T0510:b6e46780ffffffff;thread:186a1;#00", cut[] = "$T0510:b6";
    struct stop s;
    (void)state;
    stop_begin(&s, (const uint8_t *)stream, sizeof stream - 1);
    assert_int_equal(s.cause, STOP_AT_DDB);
    assert_int_equal(s.thread, 0x186a1);
    stop_begin(&s, (const uint8_t *)cut, sizeof cut - 1);
    assert_int_equal(s.cause, STOP_UNKNOWN);
    assert_int_equal(s.thread, 0);
    stop_begin(&s, NULL, 0);
    assert_int_equal(s.cause, STOP_UNKNOWN);
}

static void impossible_numbers_are_not_sound(void **state)
{
    struct stop good = {.pc = 0x10, .pc_len = 8, .moved_pc = 0x1000}, s;
    (void)state;
    assert_true(stop_is_sound(&good));
    s = good;
    s.cause = STOP_RAN + 1;
    assert_false(stop_is_sound(&s));
    s = good;
    s.watch = STOP_WATCH_UNKNOWN + 1;
    assert_false(stop_is_sound(&s));
    s = good;
    s.pc_len = 0; /* nothing could restore moved_pc */
    assert_false(stop_is_sound(&s));
    s = good;
    s.points[STOP_POINTS - 1].len = STOP_TEXT_MAX + 1;
    assert_false(stop_is_sound(&s));
}

static void the_thread_of_a_reply_is_found(void **state)
{
    static const char reply[] = "T05watch:0;thread:p1.2;x:y", none[] = "T05thread=1;";
    size_t n = 0;
    (void)state;
    const uint8_t *id = stop_thread((const uint8_t *)reply, sizeof reply - 1, &n);
    assert_int_equal(n, 4);
    assert_memory_equal(id, "p1.2", 4);
    assert_null(stop_thread((const uint8_t *)none, sizeof none - 1, &n));
    assert_null(stop_thread((const uint8_t *)"S05", 3, &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_has_its_pc_and_thread),
        cmocka_unit_test(a_watchpoint_is_noted),
        cmocka_unit_test(a_short_reply_keeps_the_pc),
        cmocka_unit_test(an_empty_field_keeps_the_pc),
        cmocka_unit_test(another_packet_changes_nothing),
        cmocka_unit_test(the_first_stop_is_ddbs),
        cmocka_unit_test(impossible_numbers_are_not_sound),
        cmocka_unit_test(the_thread_of_a_reply_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
