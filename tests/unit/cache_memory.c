/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cached memory: which bytes are cached, their values, and eviction. */
#include "proto/cache/cache_memory.h"

#include <stdlib.h>

#include "tests/unit/unit.h"

enum { BEYOND = 300, ALL = CACHE_PAGES_MAX + BEYOND }; /* some buckets have several pages */

static struct cache_memory memory;
static bool no_memory;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return no_memory ? NULL : __real_malloc(size);
}

static int begin(void **state)
{
    (void)state;
    memory = (struct cache_memory){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    no_memory = false;
    cache_memory_free(&memory);
    return 0;
}

/* Returns the address of a page; the pages are not adjacent. */
static uint64_t address_of(unsigned page)
{
    return UINT64_C(0xffffffff80000000) + (uint64_t)page * 3 * CACHE_PAGE + 100;
}

static void keep_number(unsigned page)
{
    uint32_t number = page;
    cache_memory_store(&memory, address_of(page), (const uint8_t *)&number, sizeof number);
}

static bool knows_number(unsigned page)
{
    uint32_t number = UINT32_MAX;
    if (cache_memory_known(&memory, address_of(page), sizeof number) != sizeof number)
        return false;
    cache_memory_copy(&memory, address_of(page), (uint8_t *)&number, sizeof number);
    assert_int_equal(number, page);
    return true;
}

static void the_oldest_page_is_evicted_at_the_limit(void **state)
{
    (void)state;
    for (unsigned page = 0; page < ALL; page++)
        keep_number(page);
    for (unsigned page = 0; page < ALL; page++)
        assert_int_equal(knows_number(page), page >= BEYOND);
    assert_int_equal(memory.allocated, CACHE_PAGES_MAX);
    assert_int_equal(cache_memory_bytes(&memory), CACHE_PAGES_MAX * 4);
}

static void a_reused_page_has_no_cached_bytes(void **state)
{
    uint8_t byte = 7;
    (void)state;
    for (unsigned page = 0; page < CACHE_PAGES_MAX; page++)
        keep_number(page);
    cache_memory_store(&memory, address_of(ALL) + 1, &byte, 1); /* in the place of page 0 */
    assert_false(knows_number(0));
    assert_int_equal(cache_memory_known(&memory, address_of(ALL), 1), 0);
    assert_int_equal(cache_memory_known(&memory, address_of(ALL) + 1, 3), 1);
    keep_number(0); /* in the place of page 1 */
    assert_true(knows_number(0));
    assert_false(knows_number(1));
    assert_true(knows_number(2));
}

static void pages_are_reused_after_a_clear(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (unsigned page = 0; page < ALL; page++)
            keep_number(page);
        cache_memory_clear(&memory);
        assert_int_equal(cache_memory_bytes(&memory), 0);
        assert_false(knows_number(ALL - 1));
        assert_false(cache_memory_touched(&memory, address_of(ALL - 1)));
    }
    assert_int_equal(memory.allocated, CACHE_PAGES_MAX);
}

static void out_of_memory_evicts_the_oldest_page_or_caches_nothing(void **state)
{
    (void)state;
    no_memory = true;
    keep_number(1);
    assert_false(knows_number(1));
    no_memory = false;
    keep_number(1);
    keep_number(2);
    no_memory = true;
    keep_number(3);
    assert_false(knows_number(1));
    assert_true(knows_number(2));
    assert_true(knows_number(3));
}

static void a_known_range_ends_at_a_missing_byte(void **state)
{
    static uint8_t bytes[2 * CACHE_PAGE], read[2 * CACHE_PAGE];
    const uint64_t at = 0x10000 - 50; /* crosses the end of a page */
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + i / 256);
    cache_memory_store(&memory, at, bytes, 5000);
    assert_int_equal(cache_memory_known(&memory, at, sizeof bytes), 5000);
    assert_int_equal(cache_memory_known(&memory, at + 49, 100), 100);
    assert_int_equal(cache_memory_known(&memory, at - 1, 100), 0);
    cache_memory_copy(&memory, at + 1, read, 4999);
    assert_memory_equal(read, bytes + 1, 4999);
    assert_int_equal(cache_memory_bytes(&memory), 5000);
    cache_memory_store(&memory, at + 5063, bytes, 130);
    assert_int_equal(cache_memory_known(&memory, at, sizeof bytes), 5000);
    assert_int_equal(cache_memory_known(&memory, at + 5062, 1), 0);
    assert_int_equal(cache_memory_known(&memory, at + 5063, 200), 130);
    assert_int_equal(cache_memory_bytes(&memory), 5130);
}

static void only_a_page_with_a_cached_byte_is_touched(void **state)
{
    (void)state;
    keep_number(5);
    assert_true(cache_memory_touched(&memory, address_of(5) - 100));
    assert_false(cache_memory_touched(&memory, address_of(5) + CACHE_PAGE));
    cache_memory_clear(&memory);
    assert_false(cache_memory_touched(&memory, address_of(5)));
}

static void the_last_page_of_the_address_space_works(void **state)
{
    const uint8_t bytes[8] = "the end";
    uint8_t read[8];
    (void)state;
    cache_memory_store(&memory, UINT64_MAX - 7, bytes, sizeof bytes);
    assert_int_equal(cache_memory_known(&memory, UINT64_MAX - 7, 8), 8);
    cache_memory_copy(&memory, UINT64_MAX - 7, read, 8);
    assert_memory_equal(read, bytes, 8);
    assert_int_equal(cache_memory_known(&memory, 0, 1), 0);
}

#define MEMORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMORY(the_oldest_page_is_evicted_at_the_limit),
        MEMORY(a_reused_page_has_no_cached_bytes),
        MEMORY(pages_are_reused_after_a_clear),
        MEMORY(out_of_memory_evicts_the_oldest_page_or_caches_nothing),
        MEMORY(a_known_range_ends_at_a_missing_byte),
        MEMORY(only_a_page_with_a_cached_byte_is_touched),
        MEMORY(the_last_page_of_the_address_space_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
