/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thousands of whole sessions over bad networks, in virtual time: GDB gets every
 * correct reply once, the kernel executes every step and continue exactly once, and no late
 * duplicate undoes a write. NETGDB_SIM_SESSIONS (default 5000) is the number of seeds for each
 * generation.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/play.h"

static unsigned wanted(void)
{
    const char *text = getenv("NETGDB_SIM_SESSIONS");
    return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 5000;
}

static void expect_right(const struct play_config *c)
{
    struct play_result r = play(c);
    if (r.finished && r.wrong == 0 && r.harm == 0 && r.resumes_off == 0)
        return;
    fail_msg("seed %llu, %s: %s, %u wrong, harm %llu, resumes off by %lld: %s %s; replay it with "
             "tests/sim/run --seed %llu and the same faults",
             (unsigned long long)c->seed, c->generation == TWIN_OLD ? "old" : "new",
             r.finished ? "finished" : "not finished", r.wrong, (unsigned long long)r.harm,
             (long long)r.resumes_off, r.complaint, r.line, (unsigned long long)c->seed);
}

static void play_many(unsigned sessions, double loss, double duplicate, double reorder, size_t mtu)
{
    for (unsigned i = 0; i < sessions; i++) {
        for (int generation = TWIN_OLD; generation <= TWIN_NEW; generation++) {
            struct play_config c = play_config(1 + i, (enum twin_generation)generation);
            c.path.loss = loss;
            c.path.duplicate = duplicate;
            c.path.reorder = reorder;
            c.path.mtu = mtu;
            expect_right(&c);
        }
    }
}

static void a_clean_path(void **state)
{
    (void)state;
    play_many(wanted() / 25, 0, 0, 0, 1500);
}

static void loss_of_10_percent_duplicates_of_20_and_reordering(void **state)
{
    (void)state;
    play_many(wanted(), 0.1, 0.2, 0.1, 1500);
}

static void half_of_everything_reordered(void **state)
{
    (void)state;
    play_many(wanted() / 25, 0, 0, 0.5, 1500);
}

static void a_small_mtu_with_loss(void **state)
{
    (void)state;
    play_many(wanted() / 25, 0.05, 0, 0, 576);
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    struct play_config c = play_config(4711, TWIN_NEW);
    (void)state;
    c.path.loss = c.path.duplicate = c.path.reorder = 0.1;
    uint64_t first = play(&c).hash, second = play(&c).hash;
    assert_true(first == second);
    c.seed++;
    assert_true(play(&c).hash != first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_path),
        cmocka_unit_test(loss_of_10_percent_duplicates_of_20_and_reordering),
        cmocka_unit_test(half_of_everything_reordered),
        cmocka_unit_test(a_small_mtu_with_loss),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
