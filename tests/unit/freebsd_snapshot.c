/* SPDX-License-Identifier: GPL-3.0-or-later */
/* freebsd/snapshot.c: which memory a post-mortem needs. */
#include "tests/unit/freebsd_world.h"

#include "freebsd/freebsd.h"

#include "freebsd/snapshot.h"
#include "symbols/types.h"

static bool is_planned(const struct snapshot *s, uint64_t address, uint64_t len)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->list[i].address <= address && address + len <= s->list[i].address + s->list[i].len)
            return true;
    }
    return false;
}

static void stacks_and_data_on_every_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < KERNELS; i++) {
        struct fixture f;
        struct snapshot s = {.list = NULL};
        open_kernel(&f, kernels[i]);
        struct image *im = freebsd_image(f.target);
        (void)query(&f, "ps"); /* opens the debug information */
        im->stopped = 100002;
        assert_int_equal(snapshot_add_stacks(&s, im), 0);
        assert_int_equal(s.n, 2); /* the others are swapped out */
        assert_int_equal(s.list[0].address, address_of(&f, "stack_of_init"));
        assert_int_equal(s.list[0].len, 2 * SNAPSHOT_PAGE);
        assert_int_equal(s.list[1].address, address_of(&f, "stack_of_panicked"));
        assert_int_equal(snapshot_add_data(&s, im), 0);
        assert_true(is_planned(&s, address_of(&f, "allproc"), 4));
        assert_true(is_planned(&s, address_of(&f, "panicstr"), 4));
        assert_string_equal(s.problem, "");
        snapshot_free(&s);
        close_kernel(&f);
    }
}

static void a_wild_size_of_a_stack_is_limited(void **state)
{
    struct fixture f;
    struct snapshot s = {.list = NULL};
    (void)state;
    open_kernel(&f, "amd64");
    (void)query(&f, "ps");
    poke(&f, "panicked", "kern_proc.c", "thread.td_kstack_pages", 0xffff);
    poke(&f, "waiting", "kern_proc.c", "thread.td_kstack", UINT64_MAX - 100);
    assert_int_equal(snapshot_add_stacks(&s, freebsd_image(f.target)), 0);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.list[0].len, (uint64_t)SNAPSHOT_STACK_PAGES_MAX * SNAPSHOT_PAGE);
    snapshot_free(&s);
    close_kernel(&f);
}

int main(void)
{
    if (!types_built()) {
        (void)puts("1..0 # SKIP this build reads no debug information");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_and_data_on_every_machine),
        cmocka_unit_test(a_wild_size_of_a_stack_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
