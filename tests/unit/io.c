/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keepalive to GDB, a '+' every second, with a simulated clock. */
#include "tests/unit/unit.h"

#include "proto/err.h"
#include "proto/io.h"

enum { PLUSES = 100 };

/* An io whose target sends something every `traffic` ns (0: never). */
struct world {
    struct io io;
    uint64_t now, traffic, next;
    uint64_t plus[PLUSES]; /* the time of each */
    unsigned pluses, waits;
    int send_result;
};

static uint64_t world_now(struct io *io)
{
    return ((struct world *)io)->now;
}

static int world_send(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct world *w = (struct world *)io;
    assert_int_equal(side, IO_CLIENT);
    assert_int_equal(n, 1);
    assert_int_equal(msgs[0].len, 1);
    assert_int_equal(msgs[0].data[0], '+');
    assert_true(w->pluses < PLUSES);
    w->plus[w->pluses++] = w->now;
    return w->send_result;
}

static unsigned world_wait(struct io *io, uint64_t deadline, unsigned reasons)
{
    struct world *w = (struct world *)io;
    assert_int_equal(reasons, IO_ON_TARGET | IO_ON_WAKE);
    w->waits++;
    /* Reports pending input even after the deadline, like ppoll. */
    if (w->traffic != 0 && (w->next <= deadline || w->next <= w->now)) {
        if (w->now < w->next)
            w->now = w->next;
        w->next += w->traffic;
        return IO_ON_TARGET;
    }
    if (w->now < deadline)
        w->now = deadline;
    return 0;
}

static const struct io_ops world_ops = {world_now, world_send, NULL, world_wait};

static void world_init(struct world *w, uint64_t traffic)
{
    *w = (struct world){.now = 5 * IO_SECOND, .traffic = traffic};
    w->next = w->now + traffic;
    io_init(&w->io, &world_ops);
}

static unsigned wait_until(struct world *w, uint64_t deadline)
{
    return io_wait(&w->io, deadline, IO_ON_TARGET | IO_ON_WAKE);
}

static void a_wait_ends_at_its_deadline_without_a_plus(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    assert_int_equal(wait_until(&w, 30 * IO_SECOND), 0);
    assert_int_equal(w.now, 30 * IO_SECOND);
    assert_int_equal(w.pluses, 0);
    assert_int_equal(w.waits, 1);
}

static void gdb_gets_a_plus_every_second_of_a_wait(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    io_keepalive(&w.io, true);
    assert_int_equal(wait_until(&w, 8 * IO_SECOND + IO_SECOND / 2), 0);
    assert_int_equal(w.now, 8 * IO_SECOND + IO_SECOND / 2);
    assert_int_equal(w.pluses, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(w.plus[i] == (6 + i) * IO_SECOND);
}

static void short_waits_count_towards_the_second(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    io_keepalive(&w.io, true);
    for (int i = 0; i < 450; i++)
        assert_int_equal(wait_until(&w, w.now + 10 * IO_MS), 0);
    assert_int_equal(w.pluses, 4);
}

static void a_busy_target_does_not_suppress_the_plus(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, IO_MS);
    io_keepalive(&w.io, true);
    while (w.now < 10 * IO_SECOND) {
        assert_int_equal(wait_until(&w, IO_NEVER), IO_ON_TARGET);
        w.now += 2 * IO_MS; /* handling takes time: more input arrives meanwhile */
    }
    assert_int_equal(w.pluses, 4);
    for (unsigned i = 1; i < w.pluses; i++)
        assert_in_range(w.plus[i] - w.plus[i - 1], IO_SECOND, IO_SECOND + 4 * IO_MS);
}

static void no_plus_is_sent_when_keepalive_is_off(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    io_keepalive(&w.io, true);
    io_keepalive(&w.io, false);
    assert_int_equal(wait_until(&w, 20 * IO_SECOND), 0);
    assert_int_equal(w.pluses, 0);
    io_keepalive(&w.io, true); /* the second starts here */
    assert_int_equal(wait_until(&w, 21 * IO_SECOND - 1), 0);
    assert_int_equal(w.pluses, 0);
    assert_int_equal(wait_until(&w, 21 * IO_SECOND + 1), 0);
    assert_int_equal(w.pluses, 1);
}

static void a_disconnected_client_does_not_end_the_wait(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    w.send_result = NETGDB_CLOSED;
    io_keepalive(&w.io, true);
    assert_int_equal(wait_until(&w, 10 * IO_SECOND + 1), 0);
    assert_int_equal(w.pluses, 5);
}

static void an_event_ends_the_wait_at_once(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 1500 * IO_MS);
    io_keepalive(&w.io, true);
    assert_int_equal(wait_until(&w, 60 * IO_SECOND), IO_ON_TARGET);
    assert_int_equal(w.now, 6500 * IO_MS);
    assert_int_equal(w.pluses, 1);
}

static void an_alarm_ends_a_wait_for_it(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, 0);
    io_keepalive(&w.io, true);
    w.io.alarm = 7 * IO_SECOND + IO_MS;
    assert_int_equal(wait_until(&w, 7 * IO_SECOND + 2 * IO_MS), 0);
    w.io.alarm = 9 * IO_SECOND + IO_MS;
    unsigned why = io_wait(&w.io, IO_NEVER, IO_ON_TARGET | IO_ON_WAKE | IO_ON_ALARM);
    assert_int_equal(why, IO_ON_ALARM);
    assert_int_equal(w.now, w.io.alarm);
    assert_int_equal(w.pluses, 4);
}

/* Otherwise the wait for a busy target would never end. */
static void an_alarm_is_reported_while_the_target_is_busy(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, IO_MS);
    w.io.alarm = w.now + IO_SECOND;
    unsigned why = IO_ON_TARGET;
    while (why == IO_ON_TARGET)
        why = io_wait(&w.io, IO_NEVER, IO_ON_TARGET | IO_ON_WAKE | IO_ON_ALARM);
    assert_int_equal(why, IO_ON_TARGET | IO_ON_ALARM);
    assert_int_equal(w.now, w.io.alarm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_ends_at_its_deadline_without_a_plus),
        cmocka_unit_test(gdb_gets_a_plus_every_second_of_a_wait),
        cmocka_unit_test(short_waits_count_towards_the_second),
        cmocka_unit_test(a_busy_target_does_not_suppress_the_plus),
        cmocka_unit_test(no_plus_is_sent_when_keepalive_is_off),
        cmocka_unit_test(a_disconnected_client_does_not_end_the_wait),
        cmocka_unit_test(an_event_ends_the_wait_at_once),
        cmocka_unit_test(an_alarm_ends_a_wait_for_it),
        cmocka_unit_test(an_alarm_is_reported_while_the_target_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
