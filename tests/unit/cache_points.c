/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Breakpoints that are removed and inserted again: when their z is held back, and when not. */
#include "tests/unit/cache_ask.h"

#include <stdio.h>

#include "proto/err.h"

static void a_breakpoint_that_is_removed_and_inserted_again_is_neither(void **state)
{
    struct fixture *f = *state;
    struct cache_stats stats;
    expect(f, "Z0,15000,1", " Z0,15000,1");
    expect(f, "Z2,14000,4", " Z2,14000,4");
    expect(f, "c", " c");
    expect(f, "z0,15000,1", "");
    assert_string_equal((char *)f->reply.data, "OK");
    expect(f, "z2,14000,4", "");
    expect(f, "m14004,4", " z2,14000,4 m14004,4"); /* it might show in what is read */
    expect(f, "Z0,15000,1", "");
    expect(f, "Z2,14000,4", " Z2,14000,4");
    expect(f, "c", " c");
    cache_stats(f->t, &stats);
    assert_int_equal(stats.held, 1);
}

static void what_is_held_back_goes_before_anything_that_could_tell(void **state)
{
    static const char *const requests[] = {"c",
                                           "s",
                                           "vCont;c",
                                           "C05",
                                           "k",
                                           "vKill;1",
                                           "qRcmd,00",
                                           "M18000,1:00",
                                           "G00",
                                           "P1=00",
                                           "qCRC:0,10",
                                           "qSearch:memory:0;1;a",
                                           "qWhat",
                                           "vFile:open:00",
                                           "QNonStop:0",
                                           "qSymbol::",
                                           "Z2,18000,4",
                                           "Z0,15004,1",
                                           "Z0,15000,1;X1,22",
                                           "m15000,1",
                                           "m15003,1",
                                           "m14ffe,3",
                                           "x14ffe,10",
                                           "m14fff,900",
                                           "m15000"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        char text[64];
        (void)ask(f, "Z0,15000,1");
        (void)ask(f, "z0,15000,1");
        (void)news(f);
        (void)snprintf(text, sizeof text, " z0,15000,1 %s", requests[i]);
        expect(f, requests[i], text);
    }
}

static void reads_elsewhere_leave_it_held_back(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "Z0,15200,1");
    (void)ask(f, "z0,15200,1");
    (void)news(f);
    expect(f, "m14ffe,2", " m14ffe,2");
    expect(f, "m14ff0,1", " m14800,800");
    expect(f, "m15100,4", " m15100,4"); /* no block around it: that would show the breakpoint */
    expect(f, "g", " g");
    expect(f, "qXfer:threads:read::0,1000",
           " qXfer:threads:read::0,1000 qXfer:threads:read::64,1000");
    expect(f, "Hg2", "");
    expect(f, "Z0,15200,1", "");
}

static void it_is_sent_before_the_target_is_left(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "Z0,15000,1");
    (void)ask(f, "z0,15000,1");
    (void)news(f);
    assert_int_equal(cache_settle(f->t), 0);
    assert_string_equal(news(f), " z0,15000,1");
    (void)ask(f, "Z0,15000,1");
    (void)ask(f, "z0,15000,1");
    (void)news(f);
    assert_int_equal(target_leave(f->t, (const uint8_t *)"D", 1, &f->reply), 0);
    assert_string_equal(news(f), " z0,15000,1");
}

static void nothing_is_sent_to_a_target_that_has_failed(void **state)
{
    struct fixture *f = *state;
    (void)ask(f, "Z0,15000,1");
    (void)ask(f, "z0,15000,1");
    (void)news(f);
    f->w->fail = NETGDB_LOST;
    assert_int_equal(target_ask(f->t, "qAttached", &f->reply), NETGDB_LOST);
    assert_int_equal(cache_settle(f->t), 0);
    assert_string_equal(news(f), "");
}

static void only_what_the_stub_has_accepted_is_held_back(void **state)
{
    struct fixture *f = *state;
    expect(f, "Z3,15000,4", " Z3,15000,4"); /* not supported */
    expect(f, "z3,15000,4", " z3,15000,4");
    expect(f, "Z0,15000,1", " Z0,15000,1");
    expect(f, "z0,15000,2", " z0,15000,2");
    expect(f, "z0,15000,1", "");
    expect(f, "z0,15000,1", " z0,15000,1 z0,15000,1");
    assert_string_equal((char *)f->reply.data, "E07"); /* twice is an error */
}

static void with_a_second_process_nothing_is_held_back(void **state)
{
    const struct world_kind kind = {.processes = true};
    struct fixture *f = begin(&kind);
    (void)state;
    (void)ask(f, "qSupported");
    (void)ask(f, "Hgp1.1");
    (void)ask(f, "Z0,15000,1");
    (void)ask(f, "z0,15000,1");
    (void)news(f);
    expect(f, "Hgp2.3", " z0,15000,1 Hgp2.3");
    expect(f, "Z0,15000,1", " Z0,15000,1");
    expect(f, "z0,15000,1", " z0,15000,1");
    expect(f, OTHER, " " OTHER);
    expect(f, "Hgp1.1", "");
    expect(f, OTHER, " Hgp1.1 " OTHER); /* another memory */
    void *end = f;
    (void)tear_down(&end);
}

/* ---- for whoever takes over ---- */

struct notes {
    char text[64];
    size_t len, max;
};

static bool note(void *context, const char *held, size_t len)
{
    struct notes *n = context;
    if (len > n->max)
        return false;
    n->len = len;
    if (len != 0)
        memcpy(n->text, held, len);
    return true;
}

static void what_is_held_back_is_remembered_elsewhere(void **state)
{
    struct notes notes = {.max = 22};
    struct cache_options options = *world_options();
    struct fixture f = {.w = world_new(7, NULL)};
    (void)state;
    options.remember = note;
    options.context = &notes;
    f.t = cache_new(&f.w->base, &options);
    buf_init(&f.reply, TARGET_REPLY_MAX);
    (void)ask(&f, "Z0,15000,1");
    (void)ask(&f, "Z0,15100,1");
    (void)ask(&f, "Z0,15200,1;X1,22");
    (void)news(&f);
    expect(&f, "z0,15000,1", "");
    assert_memory_equal(notes.text, "z0,15000,1", 11);
    expect(&f, "z0,15200,1", "");
    assert_int_equal(notes.len, 22);
    assert_memory_equal(notes.text, "z0,15000,1\0z0,15200,1", 22);
    expect(&f, "z0,15100,1", " z0,15000,1 z0,15200,1 z0,15100,1"); /* there is no room for it */
    assert_int_equal(notes.len, 0);
    (void)ask(&f, "Z0,15000,1");
    (void)ask(&f, "z0,15000,1");
    assert_int_equal(notes.len, 11);
    (void)ask(&f, "Z0,15000,1");
    assert_int_equal(notes.len, 0);
    (void)ask(&f, "z0,15000,1");
    (void)ask(&f, "k");
    assert_int_equal(notes.len, 0);
    target_free(f.t);
    buf_free(&f.reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RULE(a_breakpoint_that_is_removed_and_inserted_again_is_neither),
        RULE(what_is_held_back_goes_before_anything_that_could_tell),
        RULE(reads_elsewhere_leave_it_held_back),
        RULE(it_is_sent_before_the_target_is_left),
        RULE(nothing_is_sent_to_a_target_that_has_failed),
        RULE(only_what_the_stub_has_accepted_is_held_back),
        cmocka_unit_test(with_a_second_process_nothing_is_held_back),
        cmocka_unit_test(what_is_held_back_is_remembered_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
