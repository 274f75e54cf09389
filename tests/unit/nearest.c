/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The suggestion for a misspelt word. */
#include "tests/unit/unit.h"

#include "proto/nearest.h"

static const char *meant(const char *typed)
{
    static const char *const words[] = {"timeout", "run-timeout", "symbols", "rtos",
                                        "log",     "cache",       "nocache"};
    struct nearest n = nearest_to(typed);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        nearest_consider(&n, words[i]);
    return n.word != NULL ? n.word : "";
}

static void one_mistake_is_forgiven(void **state)
{
    (void)state;
    assert_string_equal(meant("tmeout"), "timeout");   /* missing */
    assert_string_equal(meant("timmeout"), "timeout"); /* surplus */
    assert_string_equal(meant("timeuot"), "timeout");  /* swapped */
    assert_string_equal(meant("tineout"), "timeout");  /* wrong */
    assert_string_equal(meant("rots"), "rtos");        /* swapped in a short word */
    assert_string_equal(meant("runtimeout"), "run-timeout");
}

static void the_nearest_word_wins(void **state)
{
    (void)state;
    assert_string_equal(meant("cahce"), "cache");
    assert_string_equal(meant("nocahce"), "nocache");
    assert_string_equal(meant("cache"), "cache");
}

static void a_beginning_is_enough(void **state)
{
    (void)state;
    assert_string_equal(meant("sym"), "symbols");
    assert_string_equal(meant("no"), "nocache");
    assert_string_equal(meant("s"), ""); /* one letter may mean anything */
}

static void nothing_is_suggested_for_other_words(void **state)
{
    (void)state;
    assert_string_equal(meant("color"), "");
    assert_string_equal(meant(""), "");
    assert_string_equal(meant("lob-sided"), "");
}

static void long_words_are_not_compared(void **state)
{
    char text[1000];
    (void)state;
    memset(text, 't', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_string_equal(meant(text), "");
    struct nearest n = nearest_to("tt");
    nearest_consider(&n, text);
    assert_null(n.word);
    text[NEAREST_LEN_MAX] = '\0'; /* the longest that are */
    n = nearest_to(text);
    nearest_consider(&n, text);
    assert_non_null(n.word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_mistake_is_forgiven),
        cmocka_unit_test(the_nearest_word_wins),
        cmocka_unit_test(a_beginning_is_enough),
        cmocka_unit_test(nothing_is_suggested_for_other_words),
        cmocka_unit_test(long_words_are_not_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
