/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of memory regions, compared with a plain array. */
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/regions.h"

static void set(struct regions *r, uint64_t first, uint64_t last, enum region_kind kind)
{
    assert_int_equal(regions_set(r, first, last, kind), 0);
}

static void adjacent_regions_of_one_kind_are_merged(void **state)
{
    struct regions r = {0};
    (void)state;
    set(&r, 0x1000, 0x1fff, REGION_CODE);
    set(&r, 0x3000, 0x3fff, REGION_CODE);
    assert_int_equal(r.n, 2);
    set(&r, 0x2000, 0x2fff, REGION_CODE);
    assert_int_equal(r.n, 1);
    assert_int_equal(regions_find(&r, 0x2abc)->first, 0x1000);
    assert_int_equal(regions_find(&r, 0x2abc)->last, 0x3fff);
    regions_free(&r);
}

static void a_range_of_two_kinds_has_no_kind(void **state)
{
    struct regions r = {0};
    (void)state;
    set(&r, 0x1000, 0x1fff, REGION_CODE);
    set(&r, 0x2000, 0x2fff, REGION_DATA);
    assert_int_equal(regions_kind(&r, 0x1ffe, 2), REGION_CODE);
    assert_int_equal(regions_kind(&r, 0x1ffe, 3), REGION_UNKNOWN);
    assert_int_equal(regions_kind(&r, 0x2000, 0x1000), REGION_DATA);
    assert_int_equal(regions_kind(&r, 0x2000, 0x1001), REGION_UNKNOWN);
    assert_int_equal(regions_kind(&r, 0x2000, 0), REGION_UNKNOWN);
    assert_int_equal(regions_kind(&r, 0xfff, 1), REGION_UNKNOWN);
    regions_free(&r);
}

static void both_ends_of_the_address_space_work(void **state)
{
    struct regions r = {0};
    (void)state;
    set(&r, 0, UINT64_MAX, REGION_DATA);
    set(&r, UINT64_MAX, UINT64_MAX, REGION_DEVICE);
    set(&r, 0, 0, REGION_CODE);
    assert_int_equal(r.n, 3);
    assert_int_equal(regions_kind(&r, UINT64_MAX, 1), REGION_DEVICE);
    assert_int_equal(regions_kind(&r, UINT64_MAX, 2), REGION_UNKNOWN);
    assert_int_equal(regions_kind(&r, 0, 1), REGION_CODE);
    assert_int_equal(regions_kind(&r, 1, UINT64_MAX - 1), REGION_DATA);
    assert_int_equal(regions_set(&r, 2, 1, REGION_DATA), NETGDB_PROTO);
    regions_free(&r);
}

static void the_table_does_not_grow_past_its_limit(void **state)
{
    struct regions r = {0};
    (void)state;
    for (uint64_t i = 0; i < REGIONS_MAX; i++)
        set(&r, i * 4, i * 4 + 1, REGION_DATA);
    assert_int_equal(regions_set(&r, 1 << 20, 1 << 20, REGION_CODE), NETGDB_TOO_LONG);
    assert_int_equal(regions_set(&r, 4, 4, REGION_CODE), NETGDB_TOO_LONG);
    assert_int_equal(regions_kind(&r, 4, 2), REGION_DATA);
    set(&r, 2, 3, REGION_DATA); /* one fewer */
    assert_int_equal(r.n, REGIONS_MAX - 1);
    regions_free(&r);
}

enum { SPACE = 64 };

/* Checks that regions are sorted, disjoint and merged, and have the kinds of the array. */
static void check_against(const struct regions *r, const enum region_kind *kinds)
{
    for (size_t i = 0; i + 1 < r->n; i++) {
        assert_true(r->list[i].last < r->list[i + 1].first);
        assert_true(r->list[i].kind != r->list[i + 1].kind ||
                    r->list[i].last + 1 != r->list[i + 1].first);
    }
    for (uint64_t a = 0; a < SPACE; a++)
        assert_int_equal(regions_kind(r, a, 1), kinds[a]);
}

static void random_changes_match_a_plain_array(void **state)
{
    uint32_t random = 1;
    (void)state;
    for (int run = 0; run < 200; run++) {
        enum region_kind kinds[SPACE] = {0};
        struct regions r = {0};
        for (int change = 0; change < 40; change++) {
            random = random * 1664525 + 1013904223;
            uint64_t first = random >> 8 & 63, last = first + (random >> 16 & 15);
            enum region_kind kind = (enum region_kind)((random >> 24) % 4);
            if (last >= SPACE)
                last = SPACE - 1;
            set(&r, first, last, kind);
            for (uint64_t a = first; a <= last; a++)
                kinds[a] = kind;
            check_against(&r, kinds);
        }
        regions_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjacent_regions_of_one_kind_are_merged),
        cmocka_unit_test(a_range_of_two_kinds_has_no_kind),
        cmocka_unit_test(both_ends_of_the_address_space_work),
        cmocka_unit_test(the_table_does_not_grow_past_its_limit),
        cmocka_unit_test(random_changes_match_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
