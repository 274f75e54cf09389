/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where one who reads more than was asked for may read; the world's pages are in cache_world.h. */
#include "proto/cache_memory.h"
#include "tests/unit/cache_ask.h"

#define PAGE(n) (WORLD_BASE + (uint64_t)(n)*CACHE_PAGE)

static void a_page_that_the_client_has_read_from_may_be_read(void **state)
{
    struct fixture *f = *state;
    assert_false(cache_may_read(f->t, PAGE(4), 1));
    (void)ask(f, OTHER);
    assert_true(cache_may_read(f->t, PAGE(4), CACHE_PAGE));
    assert_true(cache_may_read(f->t, PAGE(4) + 4095, 1));
    assert_false(cache_may_read(f->t, PAGE(4) + 4095, 2)); /* the next is the file's from 100 on */
    assert_false(cache_may_read(f->t, PAGE(4) - 1, 2));
    (void)ask(f, "s");
    assert_false(cache_may_read(f->t, PAGE(4), 1)); /* it may be mapped elsewhere now */
}

static void two_pages_may_be_read_when_each_may(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "m13ffc,4");
    assert_false(cache_may_read(f->t, PAGE(3) + 10, CACHE_PAGE));
    (void)ask(f, OTHER);
    assert_true(cache_may_read(f->t, PAGE(3) + 10, CACHE_PAGE));
    assert_true(cache_may_read(f->t, PAGE(3), 2 * CACHE_PAGE));
}

static void what_the_file_has_may_be_read_up_to_its_end(void **state)
{
    struct fixture *f = *state;
    assert_true(cache_may_read(f->t, PAGE(WORLD_FILE) + 100, 2 * CACHE_PAGE - 100));
    assert_false(cache_may_read(f->t, PAGE(WORLD_FILE) + 99, 2));
    assert_false(cache_may_read(f->t, PAGE(WORLD_FILE + 2) - 1, 2));
}

static void a_device_and_what_could_not_be_read_may_not(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "m19010,4");
    assert_false(cache_may_read(f->t, PAGE(WORLD_DEVICE), 4));
    (void)ask(f, "m18010,4");
    assert_true(cache_may_read(f->t, PAGE(WORLD_SHORT), 4));
    assert_false(cache_may_read(f->t, PAGE(WORLD_DEVICE) - 1, 2));
    (void)ask(f, "m183e4,8"); /* its block cannot be had */
    assert_false(cache_may_read(f->t, PAGE(WORLD_SHORT), 4));
}

static void nothing_and_what_ends_nowhere_may_not(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, OTHER);
    assert_false(cache_may_read(f->t, PAGE(4), 0));
    assert_false(cache_may_read(f->t, UINT64_MAX, 2));
    assert_false(cache_may_read(f->t, PAGE(4), SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(a_page_that_the_client_has_read_from_may_be_read),
        RULE(two_pages_may_be_read_when_each_may),
        RULE(what_the_file_has_may_be_read_up_to_its_end),
        RULE(a_device_and_what_could_not_be_read_may_not),
        RULE(nothing_and_what_ends_nowhere_may_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
