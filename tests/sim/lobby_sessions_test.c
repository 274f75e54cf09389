/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lobby with the kernel twin: waiting kernels, reboots, and sessions of a dead server. */
#include "tests/sim/lobby_fixture.h"

/* ---- waiting ---- */

static void a_waiting_kernel_is_kept_without_limit(void **state)
{
    struct rig *r = *state;
    twin_netgdb(r->twin);
    struct session *k = rig_await(r, SIM_SECOND);
    sim_run_for(r->w, 3600 * SIM_SECOND);
    rig_lobby(r);
    assert_ptr_equal(lobby_announced(&r->lobby, 0), k);
    assert_int_equal(lobby_tick(&r->lobby), IO_NEVER);
    rig_take(r, k);
    step(r);
    assert_int_equal(twin_counts(r->twin)->heralds, 1);
}

static void a_waiting_kernel_that_reboots_is_replaced(void **state)
{
    struct rig *r = *state;
    twin_netgdb(r->twin);
    struct session *k = rig_await(r, SIM_SECOND);
    uint16_t old = k->own.port;
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now + SIM_SECOND, now + 2 * SIM_SECOND);
    for (unsigned i = 0; i < 3000; i++) {
        sim_run_for(r->w, SIM_MS);
        rig_lobby(r);
    }
    assert_int_equal(r->lobby.count, 1);
    k = lobby_announced(&r->lobby, RIG_KERNEL_IP);
    assert_int_not_equal(k->own.port, old);
    rig_take(r, k);
    step(r);
}

/* ---- reboots ---- */

static void a_reboot_of_a_running_kernel_continues_with_the_new_stop(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    rig_keep_lobby(r);
    uint16_t old = r->kernel->own.port;
    rig_ask(r, "Mffffffff81000000,1:2a", "OK");
    twin_machine(r->twin)->run_time = SIM_NEVER;
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now + 50 * SIM_SECOND, now + 60 * SIM_SECOND);
    assert_int_equal(rig_try(r, "c"), NETGDB_REPLACED);
    bool final;
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    assert_true(final && buf_starts(&r->reply, "T05"));
    assert_int_not_equal(r->kernel->own.port, old);
    rig_ask(r, "mffffffff81000000,1", "00"); /* its memory was reset */
    step(r);
    assert_int_equal(r->lines, 1);
    assert_int_equal(twin_harm(r->twin), 0);
}

/* run-timeout: the wait for a stop ends, the kernel reboots, and has a new session in the lobby. */
static void an_abandoned_run_can_be_followed_by_a_new_session(void **state)
{
    struct rig *r = *state;
    bool final;
    rig_connect(r);
    rig_keep_lobby(r);
    uint16_t old = r->kernel->own.port;
    twin_machine(r->twin)->run_time = SIM_NEVER;
    struct io *io = r->kernel->io;
    rig_fate(r, RIG_OUR_DATA, "$c", 0, 2, SIM_LOSE, 0);
    io->alarm = sim_now(r->w) + 30 * SIM_SECOND;
    assert_int_equal(send_bytes(r->target, "c", 1), 0);
    assert_int_equal(target_recv(r->target, &r->reply, &final, IO_ON_ALARM), NETGDB_AGAIN);
    assert_int_equal(sim_now(r->w), io->alarm);
    assert_int_equal(twin_counts(r->twin)->continues, 1);
    rig_kill(r);
    twin_reboot(r->twin, sim_now(r->w), sim_now(r->w) + 60 * SIM_SECOND);
    struct session *k = rig_await(r, 61 * SIM_SECOND);
    assert_int_not_equal(k->own.port, old);
    rig_take(r, k);
    twin_machine(r->twin)->run_time = SIM_MS;
    step(r);
    assert_int_equal(r->lines, 0);
    assert_int_equal(twin_harm(r->twin), 0);
}

static void a_reboot_of_a_stopped_kernel_ends_the_session(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    rig_keep_lobby(r);
    rig_ask(r, READ, READ_REPLY);
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now + SIM_SECOND, now + 2 * SIM_SECOND);
    sim_run_for(r->w, 3 * SIM_SECOND);
    assert_int_equal(target_idle(r->target), NETGDB_CLOSED);
    assert_int_equal(r->lines, 1);
    rig_kill(r);
    struct session *k = lobby_announced(&r->lobby, RIG_KERNEL_IP);
    assert_non_null(k);
    rig_take(r, k);
    step(r);
}

/* Of two sessions that came while this process was suspended, the first is dead. */
static void a_kernel_that_calls_again_is_identified_in_its_new_session(void **state)
{
    struct rig *r = *state;
    enum netgdb_peer peer;
    rig_connect(r);
    rig_keep_lobby(r);
    uint16_t old = r->kernel->own.port;
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now, now + 3 * SIM_SECOND);
    sim_run_for(r->w, SIM_MS);
    assert_int_equal(netgdb_target_identify(r->target, &peer), 0);
    assert_int_equal(peer, NETGDB_PEER_KERNEL);
    assert_int_not_equal(r->kernel->own.port, old);
    step(r);
    assert_int_equal(r->lines, 0);
    assert_int_equal(twin_harm(r->twin), 0);
}

static void a_session_in_use_is_not_replaced_when_identified_again(void **state)
{
    struct rig *r = *state;
    enum netgdb_peer peer;
    rig_connect(r);
    rig_keep_lobby(r);
    rig_ask(r, READ, READ_REPLY);
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now, now + 3 * SIM_SECOND);
    sim_run_for(r->w, SIM_MS);
    assert_int_equal(netgdb_target_identify(r->target, &peer), NETGDB_CLOSED);
    assert_int_equal(r->lines, 1);
}

static void a_reboot_during_a_request_ends_the_session_in_one_line(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    rig_keep_lobby(r);
    rig_ask(r, READ, READ_REPLY);
    uint64_t now = sim_now(r->w);
    twin_reboot(r->twin, now, now + 3 * SIM_SECOND);
    sim_run_for(r->w, SIM_MS);
    uint64_t start = sim_now(r->w);
    assert_int_equal(rig_try(r, READ), NETGDB_CLOSED);
    assert_true(sim_now(r->w) - start < 4 * SIM_SECOND);
    assert_int_equal(r->lines, 1);
}

/* ---- taking over from a dead server ---- */

struct left {
    struct net_addr own, kernel;
    struct link_session_state session_state;
};

/* The server dies. Returns the contents of its state file. */
static struct left die(struct rig *r)
{
    struct left left = {r->kernel->own, r->kernel->kernel, {0}};
    left.session_state.sent = rig_link(r)->tx.seqno;
    left.session_state.next = rig_link(r)->rx.start;
    rig_kill(r);
    return left;
}

static void take_over(struct rig *r, const struct left *left, uint64_t limit)
{
    assert_non_null(lobby_take_over(&r->lobby, &left->own, &left->kernel, &left->session_state));
    struct session *k = rig_await(r, limit);
    assert_true(k->taken_over);
    assert_int_equal(k->own.port, left->own.port);
    rig_take(r, k);
}

static void expect_session(struct rig *r)
{
    uint64_t steps = twin_counts(r->twin)->steps;
    rig_ask(r, READ, READ_REPLY);
    rig_ask(r, "Mffffffff81000000,1:2b", "OK");
    rig_ask(r, "mffffffff81000000,1", "2b");
    step(r);
    assert_int_equal(twin_counts(r->twin)->steps, steps + 1);
    assert_int_equal(rig_try(r, "c"), 0); /* quirks would do this */
    assert_int_equal(leave_with(r->target, "D", &r->reply), 0);
    assert_int_equal(twin_counts(r->twin)->detaches, 1);
    assert_int_equal(twin_counts(r->twin)->heralds, 1);
    assert_int_equal(twin_counts(r->twin)->poisoned, 0);
    assert_int_equal(twin_harm(r->twin), 0);
    assert_int_equal(r->lines, 0);
}

static void a_session_continues_after_its_server_died(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    rig_ask(r, "Mffffffff81000000,1:2a", "OK");
    step(r);
    struct left left = die(r);
    sim_run_for(r->w, 1000 * SIM_SECOND);
    take_over(r, &left, 10 * SIM_SECOND);
    rig_ask(r, "mffffffff81000000,1", "2a");
    expect_session(r);
}

static void a_session_continues_without_known_seqnos(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    step(r);
    struct left left = die(r);
    left.session_state = (struct link_session_state){0};
    take_over(r, &left, 10 * SIM_SECOND);
    expect_session(r);
}

static void a_lost_probe_is_retransmitted(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    struct left left = die(r);
    rig_fate(r, RIG_OUR_DATA, NULL, 0, 3, SIM_LOSE, 0);
    take_over(r, &left,
              20 * SIM_SECOND); /* a path with losses: the kernel may be silent for this time */
    expect_session(r);
}

/* The kernel's presence is reported to clients that wait with a limit. */
static void an_answered_probe_counts_until_the_kernel_is_silent(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    struct left left = die(r);
    rig_fate(r, RIG_OUR_DATA, NULL, 0, 3, SIM_LOSE, 0);
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.session_state));
    assert_false(lobby_probe_acked(&r->lobby, RIG_KERNEL_IP));
    assert_true(lobby_is_probing(&r->lobby, RIG_KERNEL_IP));
    for (unsigned i = 0; i < 2 * LOBBY_PROBE_TIME / SIM_MS; i++) {
        sim_run_for(r->w, SIM_MS);
        rig_lobby(r);
    }
    assert_true(lobby_probe_acked(&r->lobby, RIG_KERNEL_IP));
    assert_false(lobby_probe_acked(&r->lobby, RIG_KERNEL_IP + 1));
    assert_true(lobby_is_probing(&r->lobby, RIG_KERNEL_IP)); /* no hint to type at db> */
    struct session *k = TAILQ_FIRST(&r->lobby.kernels);
    k->link->heard += LOBBY_QUIET_TIME; /* datagrams keep arriving */
    sim_run_for(r->w, LOBBY_QUIET_TIME);
    rig_lobby(r);
    assert_false(lobby_probe_acked(&r->lobby, RIG_KERNEL_IP));
    k = rig_await(r, 15 * SIM_SECOND);
    assert_false(lobby_probe_acked(&r->lobby, RIG_KERNEL_IP));
    rig_take(r, k);
    expect_session(r);
}

/* Runs the lobby for this time. */
static void wait_in_lobby(struct rig *r, uint64_t ns)
{
    for (uint64_t end = sim_now(r->w) + ns; sim_now(r->w) < end;) {
        sim_run_for(r->w, 20 * SIM_MS);
        rig_lobby(r);
    }
}

/* Each probe stays in the network card of a kernel at db>; see LOBBY_PROBE_FIRST. */
static void a_silent_kernel_is_probed_rarely_and_12_times_at_most(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    struct left left = die(r);
    rig_block(r, 3600 * SIM_SECOND);
    size_t before = rig_count(r, RIG_OUR_DATA, "");
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.session_state));
    wait_in_lobby(r, SIM_SECOND);
    assert_in_range(rig_count(r, RIG_OUR_DATA, "") - before, 1, 2);
    wait_in_lobby(r, 3600 * SIM_SECOND);
    assert_int_equal(rig_count(r, RIG_OUR_DATA, "") - before, LOBBY_PROBES);
    assert_int_equal(r->lines, 1);
    assert_non_null(strstr(r->line, "no longer probed"));
}

static void a_kernel_with_a_new_herald_is_not_probed_in_its_old_session(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    struct left left = die(r);
    sim_block(r->w, RIG_KERNEL_IP, SIM_TO_KERNEL, sim_now(r->w), sim_now(r->w) + 10 * SIM_SECOND);
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.session_state));
    twin_reboot(r->twin, sim_now(r->w), sim_now(r->w) + SIM_MS);
    wait_in_lobby(r, 100 * SIM_MS);
    size_t before = rig_count(r, RIG_OUR_DATA, "");
    wait_in_lobby(r, 5 * SIM_SECOND);
    assert_int_equal(rig_count(r, RIG_OUR_DATA, ""), before);
}

static void a_running_kernel_is_taken_over_at_its_next_stop(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    twin_machine(r->twin)->run_time = 500 * SIM_SECOND;
    assert_int_equal(send_bytes(r->target, "c", 1), 0);
    sim_run_for(r->w, SIM_SECOND);
    assert_int_equal(target_idle(r->target), 0);
    sim_run_for(r->w, SIM_SECOND);
    struct left left = die(r);
    assert_int_equal(twin_phase(r->twin), TWIN_RUNNING);
    take_over(r, &left, 600 * SIM_SECOND);
    assert_int_equal(r->lines, 1); /* it was not probed any more */
    r->lines = 0;
    twin_machine(r->twin)->run_time = SIM_MS;
    expect_session(r);
}

/*
 * The server dies at each moment of an exchange, so the kernel is in each of its states: it waits,
 * sends its '+', runs the request, sends chunks of a reply, waits for our '+'.
 */
static void die_in_an_exchange(uint64_t moment, bool known, uint64_t pause)
{
    static const char request[] = "mffffffff80200000,400";
    struct twin_config config = twin_config(generation);
    config.mtu = 576;
    struct rig *r = rig_new_twin(&config);
    rig_connect(r);
    rig_ask(r, READ, READ_REPLY);
    sim_run_for(r->w, SIM_SECOND);
    assert_int_equal(target_idle(r->target), 0);
    rig_block(r, 0);
    sim_block(r->w, RIG_KERNEL_IP, SIM_TO_KERNEL, sim_now(r->w) + moment,
              sim_now(r->w) + moment + 30 * SIM_MS);
    rig_fate(r, RIG_KERNEL_DATA, NULL, 3, 1, SIM_LOSE, 0); /* a chunk, if the reply has chunks */
    uint64_t end = sim_now(r->w) + moment;
    assert_int_equal(send_bytes(r->target, request, sizeof request - 1), 0);
    bool final;
    while (sim_now(r->w) < end) {
        sim_client_push(r->kernel->io, "x", 1); /* makes recv return at once */
        int rc = target_recv(r->target, &r->reply, &final, IO_ON_CLIENT);
        struct io_msg drop;
        (void)io_recv(r->kernel->io, IO_CLIENT, &drop, 1);
        if (rc == 0)
            break;
        assert_int_equal(rc, NETGDB_AGAIN);
        sim_run_for(r->w, 10 * SIM_US);
    }
    struct left left = die(r);
    if (!known)
        left.session_state = (struct link_session_state){0};
    sim_run_for(r->w, pause);
    rig_no_fates(r);
    take_over(r, &left, 20 * SIM_SECOND);
    expect_session(r);
    rig_free(r);
}

static void a_server_may_die_at_any_moment(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        generation = i == 0 ? TWIN_OLD : TWIN_NEW;
        for (uint64_t moment = 0; moment <= 12 * SIM_MS; moment += 100 * SIM_US) {
            die_in_an_exchange(moment, true, 0);
            die_in_an_exchange(moment, true, 3 * SIM_SECOND);
            die_in_an_exchange(moment, false, 0);
        }
    }
}

/* The old session of a kernel that has started a new one is not probed any more. */
static void a_new_session_ends_the_probing_of_the_old_one(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    struct left left = die(r);
    twin_reboot(r->twin, sim_now(r->w), sim_now(r->w) + SIM_SECOND);
    sim_run_for(r->w, SIM_MS);
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.session_state));
    struct session *k = rig_await(r, 5 * SIM_SECOND);
    assert_false(k->taken_over);
    assert_int_equal(r->lobby.count, 1);
    rig_take(r, k);
    step(r);
}

#define ALONE(name) cmocka_unit_test(name)
#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, setup_old, teardown),                                    \
        cmocka_unit_test_setup_teardown(name, setup_new, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_waiting_kernel_is_kept_without_limit),
        BOTH(a_waiting_kernel_that_reboots_is_replaced),
        BOTH(a_reboot_of_a_running_kernel_continues_with_the_new_stop),
        BOTH(an_abandoned_run_can_be_followed_by_a_new_session),
        BOTH(a_reboot_of_a_stopped_kernel_ends_the_session),
        BOTH(a_reboot_during_a_request_ends_the_session_in_one_line),
        BOTH(a_kernel_that_calls_again_is_identified_in_its_new_session),
        BOTH(a_session_in_use_is_not_replaced_when_identified_again),
        BOTH(a_session_continues_after_its_server_died),
        BOTH(a_session_continues_without_known_seqnos),
        BOTH(a_lost_probe_is_retransmitted),
        BOTH(an_answered_probe_counts_until_the_kernel_is_silent),
        BOTH(a_silent_kernel_is_probed_rarely_and_12_times_at_most),
        BOTH(a_kernel_with_a_new_herald_is_not_probed_in_its_old_session),
        BOTH(a_running_kernel_is_taken_over_at_its_next_stop),
        ALONE(a_server_may_die_at_any_moment),
        BOTH(a_new_session_ends_the_probing_of_the_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
