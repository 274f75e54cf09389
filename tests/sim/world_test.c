/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated world itself: clock, events, faults of the network, the server's host. */
#include "tests/sim/sim_unit.h"

#include <setjmp.h>
#include <stdlib.h>

#include "proto/err.h"

enum { A = 0x0a000002, B = 0x0a000003, MANY = 20000 };

static const struct sim_addr server = {SIM_SERVER_IP, 5000}, kernel = {A, SIM_KERNEL_PORT};

/* ----- events ----- */

static char order[16];

static void note_a(void *context)
{
    (void)context;
    strcat(order, "a");
}

static void note_b(void *context)
{
    (void)context;
    strcat(order, "b");
}

static void events_run_in_order_of_time_and_creation(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    (void)state;
    order[0] = 0;
    sim_after(w, 30, note_a, NULL);
    sim_after(w, 20, note_b, NULL);
    sim_after(w, 20, note_a, NULL);
    sim_cancel(w, sim_after(w, 10, note_b, NULL));
    sim_after(w, 40, note_b, NULL);
    assert_int_equal(sim_next_event(w), SIM_START + 20);
    sim_run_for(w, 30);
    assert_string_equal(order, "baa");
    assert_int_equal(sim_now(w), SIM_START + 30);
    assert_true(sim_step(w));
    assert_int_equal(sim_now(w), SIM_START + 40);
    assert_false(sim_step(w));
    sim_world_free(w);
}

static void many_events_stay_sorted(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    uint64_t last = 0;
    (void)state;
    order[0] = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t event = sim_after(w, sim_below(w, 500), note_a, NULL);
        if (i >= 10)
            sim_cancel(w, event);
    }
    for (int i = 0; i < 10; i++) {
        assert_true(sim_step(w));
        assert_true(sim_now(w) >= last);
        last = sim_now(w);
    }
    assert_false(sim_step(w));
    assert_string_equal(order, "aaaaaaaaaa");
    sim_world_free(w);
}

/* ----- failures ----- */

static jmp_buf failed;
static char failure[256];

static void take_failure(const char *line)
{
    strncpy(failure, line, sizeof failure - 1);
    longjmp(failed, 1);
}

/* Runs a function that must fail with this text. */
static void must_fail(void (*run)(struct sim_world *w), const char *words)
{
    struct sim_world *w = sim_world_new(1);
    sim_set_failure(w, take_failure);
    failure[0] = 0;
    if (setjmp(failed) == 0)
        run(w);
    assert_non_null(strstr(failure, words));
    sim_world_free(w);
}

static void wait_for_nothing(struct sim_world *w)
{
    (void)io_wait(sim_session(w, A, 0), IO_NEVER, IO_ON_TARGET);
}

static void tick(void *context)
{
    sim_after(context, SIM_SECOND, tick, context);
}

static void wait_beside_a_ticking_clock(struct sim_world *w)
{
    sim_set_ceiling(w, sim_now(w) + 100 * SIM_SECOND);
    tick(w);
    (void)io_wait(sim_session(w, A, 0), IO_NEVER, IO_ON_TARGET);
}

static void spin(struct sim_world *w)
{
    struct io *io = sim_session(w, A, 0);
    for (;;)
        (void)io_now(io);
}

static void use_a_port_twice(struct sim_world *w)
{
    sim_session(w, A, 4000);
    sim_session(w, A, 4000);
}

static void a_simulation_that_would_hang_fails(void **state)
{
    (void)state;
    must_fail(wait_for_nothing, "an endless wait");
    must_fail(wait_beside_a_ticking_clock, "virtual time exceeded its limit");
    must_fail(spin, "a loop without a wait");
    must_fail(use_a_port_twice, "port 4000 is in use");
}

/* ----- faults ----- */

struct sink {
    struct sim_world *w;
    unsigned taken, copies, changed, shorter, late;
    uint64_t expected, latest; /* delay without faults; maximum additional delay */
    uint64_t last_id;
    unsigned overtaken;
};

static const uint8_t payload[32] = {1, 2, 3, 4, 5, 6, 7, 8};

static void sink_take(void *context, struct sim_datagram *d)
{
    struct sink *s = context;
    uint64_t beyond = sim_now(s->w) - d->sent_at - s->expected;
    s->taken++;
    s->copies += d->copy;
    s->shorter += d->len < sizeof payload;
    s->changed += d->len == sizeof payload && memcmp(d->data, payload, sizeof payload) != 0;
    s->late += beyond > 0;
    s->latest = beyond > s->latest ? beyond : s->latest;
    s->overtaken += d->copy == 0 && d->id < s->last_id;
    s->last_id = d->id > s->last_id ? d->id : s->last_id;
    free(d);
}

/* Sends MANY datagrams, 1 us apart, over a path with these faults. */
static struct sink flood(const struct sim_path *faults, struct sim_path *after)
{
    struct sim_world *w = sim_unit_world(42);
    struct sink s = {.w = w};
    struct sim_path *path = sim_path(w, A, SIM_TO_KERNEL);
    if (faults != NULL)
        *path = *faults;
    s.expected = path->delay;
    sim_host_add(w, A, sink_take, &s);
    for (int i = 0; i < MANY; i++) {
        sim_send(w, server, kernel, payload, sizeof payload);
        sim_run_for(w, SIM_US);
    }
    sim_run_for(w, SIM_SECOND);
    *after = *path;
    sim_world_free(w);
    return s;
}

static struct sim_path clean_path(void)
{
    struct sim_world *w = sim_unit_world(1);
    struct sim_path path = *sim_path(w, A, SIM_TO_KERNEL);
    sim_world_free(w);
    return path;
}

/* Checks the number of faults of this probability among MANY: 5 standard deviations, p about 0.1.
 */
static void about(unsigned n, double probability)
{
    double expected = MANY * probability;
    assert_true(n > expected - 5 * 45 && n < expected + 5 * 45);
}

static void a_path_without_faults_delivers_all_in_order(void **state)
{
    struct sim_path after;
    (void)state;
    struct sink s = flood(NULL, &after);
    assert_int_equal(s.taken, MANY);
    assert_int_equal(s.copies + s.changed + s.shorter + s.late + s.overtaken, 0);
    assert_int_equal(after.sent, MANY);
    assert_int_equal(after.delivered, MANY);
}

static void faults_occur_at_their_rates(void **state)
{
    struct sim_path path = clean_path(), after;
    (void)state;
    path.loss = 0.1;
    struct sink s = flood(&path, &after);
    about(MANY - s.taken, 0.1);
    assert_int_equal(after.lost, MANY - s.taken);
    path = clean_path();
    path.corrupt = 0.1;
    s = flood(&path, &after);
    about(MANY - s.taken, 0.1);
    assert_int_equal(s.changed, 0);
    assert_int_equal(after.corrupted, MANY - s.taken);
    path = clean_path();
    path.mangle = 0.1;
    s = flood(&path, &after);
    about(s.changed, 0.1);
    assert_int_equal(s.taken, MANY);
    path = clean_path();
    path.truncate = 0.1;
    s = flood(&path, &after);
    about(s.shorter, 0.1);
    assert_int_equal(after.truncated, s.shorter);
}

static void duplicates_arrive_late_or_at_once(void **state)
{
    struct sim_path path = clean_path(), after;
    (void)state;
    path.duplicate = 0.2;
    struct sink s = flood(&path, &after);
    about(s.copies, 0.2);
    assert_int_equal(s.late, s.copies);
    assert_true(s.latest > 4 * SIM_MS && s.latest <= 5 * SIM_MS);
    assert_int_equal(after.duplicated, s.copies);
    path.copies_at_once = true;
    s = flood(&path, &after);
    about(s.copies, 0.2);
    assert_int_equal(s.late, 0);
}

static void reordered_datagrams_are_overtaken(void **state)
{
    struct sim_path path = clean_path(), after;
    (void)state;
    path.reorder = 0.1;
    path.late_max = 2 * SIM_MS;
    struct sink s = flood(&path, &after);
    about(s.late, 0.1);
    assert_int_equal(s.taken, MANY);
    assert_true(s.latest <= 2 * SIM_MS && s.overtaken > s.late / 2);
}

static void jitter_delays_without_overtaking(void **state)
{
    struct sim_path path = clean_path(), after;
    (void)state;
    path.jitter = SIM_MS;
    struct sink s = flood(&path, &after);
    assert_int_equal(s.taken, MANY);
    assert_int_equal(s.overtaken, 0);
    assert_true(s.late > MANY / 2 && s.latest <= SIM_MS);
}

static void burst_losses_are_consecutive(void **state)
{
    struct sim_path path = clean_path(), after;
    (void)state;
    path.bursts = (struct sim_bursts){.to_bad = 0.01, .to_good = 0.1, .loss_bad = 1};
    struct sink s = flood(&path, &after);
    assert_true(MANY - s.taken > MANY / 20 && MANY - s.taken < MANY / 7); /* 1 in 11 */
}

static void datagrams_over_the_mtu_are_lost(void **state)
{
    static const uint8_t bytes[1473];
    struct sim_world *w = sim_unit_world(1);
    struct sink s = {.w = w, .expected = 50 * SIM_US};
    (void)state;
    sim_host_add(w, A, sink_take, &s);
    sim_send(w, server, kernel, bytes, 1472);
    sim_send(w, server, kernel, bytes, 1473);
    sim_run_for(w, SIM_SECOND);
    assert_int_equal(s.taken, 1);
    assert_int_equal(sim_path(w, A, SIM_TO_KERNEL)->too_long, 1);
    sim_world_free(w);
}

static void a_block_stops_one_direction_for_its_duration(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct sink s = {.w = w, .expected = 50 * SIM_US};
    (void)state;
    sim_host_add(w, A, sink_take, &s);
    struct io *io = sim_session(w, A, 5000);
    sim_block(w, A, SIM_TO_KERNEL, SIM_START + 10, SIM_START + 20);
    for (int i = 0; i < 30; i++) {
        sim_send(w, server, kernel, payload, sizeof payload);
        sim_send(w, kernel, server, payload, sizeof payload);
        sim_run_for(w, 1);
    }
    sim_run_for(w, SIM_SECOND);
    assert_int_equal(s.taken, 20);
    struct io_msg msgs[64];
    assert_int_equal(io_recv(io, IO_TARGET, msgs, 64), 30);
    sim_world_free(w);
}

static enum sim_fate by_number(void *context, const struct sim_datagram *d, uint64_t *late)
{
    (void)context;
    *late = d->id == 3 ? SIM_SECOND : 0;
    return (enum sim_fate)(d->id % 4);
}

static void a_filter_decides_about_single_datagrams(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct sink s = {.w = w, .expected = 50 * SIM_US};
    (void)state;
    sim_host_add(w, A, sink_take, &s);
    sim_path(w, A, SIM_TO_KERNEL)->loss = 1;
    sim_set_judge(w, by_number, NULL);
    for (int i = 1; i <= 4; i++) /* 1 by the path: lost; 2 once; 3 twice, late; 4 lost */
        sim_send(w, server, kernel, payload, sizeof payload);
    sim_run_for(w, SIM_SECOND / 2);
    assert_int_equal(s.taken, 2);
    sim_run_for(w, SIM_SECOND);
    assert_int_equal(s.taken, 3);
    assert_int_equal(s.copies, 1);
    sim_world_free(w);
}

/* ----- the server's host ----- */

static void kernel_says(struct sim_world *w, uint32_t ip, uint16_t from, uint16_t to,
                        const char *text)
{
    sim_send(w, (struct sim_addr){ip, from}, (struct sim_addr){SIM_SERVER_IP, to}, text,
             strlen(text));
}

static void a_connected_socket_receives_from_its_kernel_only(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct io *io = sim_session(w, A, 5000);
    struct io_msg msgs[8];
    (void)state;
    kernel_says(w, A, SIM_KERNEL_PORT, 5000, "one");
    kernel_says(w, A, SIM_KERNEL_PORT + 1, 5000, "other port");
    kernel_says(w, B, SIM_KERNEL_PORT, 5000, "other host");
    kernel_says(w, A, SIM_KERNEL_PORT, 5001, "other socket");
    kernel_says(w, A, SIM_KERNEL_PORT, 5000, "two");
    sim_run_for(w, SIM_MS);
    assert_int_equal(io_recv(io, IO_TARGET, msgs, 1), 1);
    assert_memory_equal(msgs[0].data, "one", 3);
    assert_int_equal(io_recv(io, IO_TARGET, msgs, 8), 1);
    assert_memory_equal(msgs[0].data, "two", 3);
    assert_int_equal(msgs[0].len, 3);
    assert_int_equal(io_recv(io, IO_TARGET, msgs, 8), 0);
    sim_world_free(w);
}

static void a_closed_socket_loses_datagrams_until_its_port_is_reopened(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct io *io = sim_session(w, A, 5000);
    struct io_msg msgs[8];
    (void)state;
    sim_session_close(io);
    kernel_says(w, A, SIM_KERNEL_PORT, 5000, "lost");
    sim_run_for(w, SIM_MS);
    kernel_says(w, A, SIM_KERNEL_PORT, 5000, "under way");
    io = sim_session(w, A, 5000);
    sim_run_for(w, SIM_MS);
    assert_int_equal(io_recv(io, IO_TARGET, msgs, 8), 1);
    assert_memory_equal(msgs[0].data, "under way", 9);
    struct io *other = sim_session(w, A, 0);
    assert_true(sim_session_port(other) >= 49152);
    sim_world_free(w);
}

static void the_herald_port_receives_from_every_host_with_its_address(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    (void)state;
    assert_null(sim_herald_recv(w));
    kernel_says(w, B, 777, SIM_HERALD_PORT, "x");
    assert_int_equal(io_wait(sim_herald_io(w), IO_NEVER, IO_ON_TARGET), IO_ON_TARGET);
    struct sim_datagram *d = sim_herald_recv(w);
    assert_int_equal(d->from.ip, B);
    assert_int_equal(d->from.port, 777);
    assert_int_equal(d->len, 1);
    free(d);
    assert_null(sim_herald_recv(w));
    sim_world_free(w);
}

static void client_speaks(void *context)
{
    sim_client_push(context, "hello", 5);
}

static void client_leaves(void *context)
{
    sim_client_close(context);
}

static void wakes(void *context)
{
    sim_wake(context, true);
}

static void a_wait_ends_for_each_of_its_reasons(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct io *io = sim_session(w, A, 5000);
    uint64_t start = io_now(io);
    unsigned all = IO_ON_TARGET | IO_ON_CLIENT | IO_ON_WAKE;
    (void)state;
    assert_int_equal(io_wait(io, start + SIM_MS, all), 0);
    assert_int_equal(io_now(io), start + SIM_MS);
    assert_int_equal(io_wait(io, start, all), 0); /* a deadline that has passed */
    assert_int_equal(io_now(io), start + SIM_MS);
    sim_after(w, SIM_MS, client_speaks, io);
    assert_int_equal(io_wait(io, start + 3 * SIM_MS, IO_ON_TARGET), 0);
    assert_int_equal(io_wait(io, IO_NEVER, all), IO_ON_CLIENT);
    sim_after(w, SIM_MS, wakes, io);
    assert_int_equal(io_wait(io, IO_NEVER, IO_ON_WAKE), IO_ON_WAKE);
    assert_int_equal(io_wait(io, IO_NEVER, all), IO_ON_WAKE | IO_ON_CLIENT);
    sim_wake(io, false);
    assert_int_equal(io_wait(io, 0, all), IO_ON_CLIENT);
    kernel_says(w, A, SIM_KERNEL_PORT, 5000, "x");
    assert_int_equal(io_wait(io, IO_NEVER, IO_ON_TARGET), IO_ON_TARGET);
    sim_world_free(w);
}

static void the_client_is_a_stream_of_bytes(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct io *io = sim_session(w, A, 5000);
    struct io_msg msgs[2];
    uint8_t text[] = "abc";
    (void)state;
    assert_int_equal(io_recv(io, IO_CLIENT, msgs, 2), 0);
    sim_client_push(io, "he", 2);
    client_speaks(io);
    assert_int_equal(io_recv(io, IO_CLIENT, msgs, 2), 1);
    assert_int_equal(msgs[0].len, 7);
    assert_memory_equal(msgs[0].data, "hehello", 7);
    client_speaks(io);
    client_leaves(io);
    assert_int_equal(io_recv(io, IO_CLIENT, msgs, 2), 1);
    assert_int_equal(io_recv(io, IO_CLIENT, msgs, 2), NETGDB_CLOSED);
    order[0] = 0;
    sim_client_on_output(io, note_a, NULL);
    msgs[0] = (struct io_msg){.data = text, .len = 3};
    msgs[1] = (struct io_msg){.data = text, .len = 1};
    assert_int_equal(io_send(io, IO_CLIENT, msgs, 2), 0);
    assert_string_equal(order, "");
    sim_run_for(w, 0);
    assert_string_equal(order, "a");
    assert_true(buf_is(sim_client_output(io), "abca"));
    sim_client_refuse(io);
    assert_int_equal(io_send(io, IO_CLIENT, msgs, 1), NETGDB_CLOSED);
    sim_world_free(w);
}

static void a_full_socket_loses_datagrams(void **state)
{
    struct sim_world *w = sim_unit_world(1);
    struct io *io = sim_session(w, A, 5000);
    static struct io_msg msgs[2 * SIM_SOCKET_QUEUE];
    (void)state;
    for (int i = 0; i < SIM_SOCKET_QUEUE + 10; i++)
        kernel_says(w, A, SIM_KERNEL_PORT, 5000, "x");
    sim_run_for(w, SIM_MS);
    assert_int_equal(io_recv(io, IO_TARGET, msgs, 2 * SIM_SOCKET_QUEUE), SIM_SOCKET_QUEUE);
    sim_world_free(w);
}

static void random_numbers_depend_on_the_seed_only(void **state)
{
    struct sim_world *w = sim_unit_world(5), *same = sim_unit_world(5), *other = sim_unit_world(6);
    (void)state;
    uint64_t first = sim_random(w);
    assert_true(first == sim_random(same) && first != sim_random(other));
    for (int i = 0; i < 1000; i++)
        assert_true(sim_below(w, 7) < 7);
    assert_false(sim_chance(w, 0));
    assert_true(sim_chance(w, 1));
    sim_world_free(w);
    sim_world_free(same);
    sim_world_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_run_in_order_of_time_and_creation),
        cmocka_unit_test(many_events_stay_sorted),
        cmocka_unit_test(a_simulation_that_would_hang_fails),
        cmocka_unit_test(a_path_without_faults_delivers_all_in_order),
        cmocka_unit_test(faults_occur_at_their_rates),
        cmocka_unit_test(duplicates_arrive_late_or_at_once),
        cmocka_unit_test(reordered_datagrams_are_overtaken),
        cmocka_unit_test(jitter_delays_without_overtaking),
        cmocka_unit_test(burst_losses_are_consecutive),
        cmocka_unit_test(datagrams_over_the_mtu_are_lost),
        cmocka_unit_test(a_block_stops_one_direction_for_its_duration),
        cmocka_unit_test(a_filter_decides_about_single_datagrams),
        cmocka_unit_test(a_connected_socket_receives_from_its_kernel_only),
        cmocka_unit_test(a_closed_socket_loses_datagrams_until_its_port_is_reopened),
        cmocka_unit_test(the_herald_port_receives_from_every_host_with_its_address),
        cmocka_unit_test(a_wait_ends_for_each_of_its_reasons),
        cmocka_unit_test(the_client_is_a_stream_of_bytes),
        cmocka_unit_test(a_full_socket_loses_datagrams),
        cmocka_unit_test(random_numbers_depend_on_the_seed_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
