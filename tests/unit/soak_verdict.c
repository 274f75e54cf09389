/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The soak's verdict: leaks that it must detect, and usage that it must accept. */
#include <string.h>

#include "tests/soak/verdict.h"
#include "tests/unit/unit.h"

enum { SAMPLES = 30, MAX = 1000 };

static char text[200];

static void fill(struct usage *s, long kib, long step)
{
    for (int i = 0; i < SAMPLES; i++)
        s[i] = (struct usage){kib + i * step, 50};
}

static bool flat(const struct usage *s)
{
    return verdict_flat(s, SAMPLES, MAX, text, sizeof text);
}

static void constant_usage_is_flat(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    fill(s, 40000, 0);
    assert_true(flat(s));
    assert_string_equal(text, "flat: 50 descriptors all the time, memory +0 KiB (at most 1000)");
}

static void growth_during_the_warm_up_is_ignored(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    fill(s, 40000, 0);
    for (int i = 0; i < SAMPLES / 3; i++)
        s[i] = (struct usage){1000 + 3000 * i, 7 + i};
    assert_true(flat(s));
}

static void noise_and_a_fall_are_flat(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    fill(s, 40000, 0);
    for (int i = 0; i < SAMPLES; i++)
        s[i].kib += i * 7919 % 1200;
    assert_true(flat(s));
    fill(s, 90000, -2000);
    assert_true(flat(s));
}

static void a_leak_is_not_flat_whatever_the_initial_usage(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    fill(s, 900000, 60); /* 19 steps after the first that counts */
    assert_false(flat(s));
    assert_non_null(strstr(text, "memory +1140 KiB"));
    fill(s, 900000, 50);
    assert_true(flat(s));
}

static void a_leak_hidden_by_the_warm_up_is_found(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    fill(s, 40000, 100);
    for (int i = 0; i < SAMPLES / 3; i++)
        s[i].kib = 90000; /* freed after the warm-up */
    assert_false(flat(s));
}

static void a_changed_number_of_descriptors_is_not_flat(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    for (int more = -1; more <= 1; more += 2) {
        for (int at = SAMPLES / 3; at < SAMPLES; at++) {
            fill(s, 40000, 0);
            s[at].descriptors += more;
            assert_false(flat(s));
            assert_non_null(strstr(text, "not flat: "));
        }
    }
}

static void failed_measurements_are_not_flat(void **state)
{
    struct usage s[SAMPLES];
    (void)state;
    fill(s, -1, 0);
    assert_false(flat(s));
    fill(s, 40000, 0);
    for (int i = 0; i < SAMPLES; i++)
        s[i].descriptors = 0;
    assert_false(flat(s));
    fill(s, 40000, 0);
    assert_false(verdict_flat(s, VERDICT_SAMPLES_MIN - 1, MAX, text, sizeof text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constant_usage_is_flat),
        cmocka_unit_test(growth_during_the_warm_up_is_ignored),
        cmocka_unit_test(noise_and_a_fall_are_flat),
        cmocka_unit_test(a_leak_is_not_flat_whatever_the_initial_usage),
        cmocka_unit_test(a_leak_hidden_by_the_warm_up_is_found),
        cmocka_unit_test(a_changed_number_of_descriptors_is_not_flat),
        cmocka_unit_test(failed_measurements_are_not_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
