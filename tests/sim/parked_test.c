/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A kernel with successive clients: between them its session is parked in the lobby, or taken over
 * by the next proxy; also over bad networks. Nothing is executed twice and nothing is lost.
 */
#include <stdio.h>

#include "proto/err.h"
#include "session/chain.h"
#include "session/serve.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

enum { CLIENTS = 6, PATHS = 12 };

static struct chain_config config;

static int setup_with(void **state, enum twin_generation generation)
{
    *state = rig_new(generation);
    return 0;
}

static int setup_old(void **state)
{
    return setup_with(state, TWIN_OLD);
}

static int setup_new(void **state)
{
    return setup_with(state, TWIN_NEW);
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

/* The client detaches: the actions of the proxy's thread. */
static void park(struct rig *r)
{
    struct session *k = r->kernel;
    k->target = r->target;
    k->link = (struct link *)netgdb_target_link(r->target);
    netgdb_target_move(k->target, k->io, &r->log, NULL);
    r->target = NULL;
    r->kernel = NULL;
    assert_int_equal(lobby_return(&r->lobby, k), 0);
}

/* The next client attaches. */
static void take(struct rig *r)
{
    struct session *k = rig_await(r, SIM_SECOND);
    lobby_remove(&r->lobby, k);
    r->kernel = k;
    r->target = k->target;
    k->target = NULL;
}

/* A client's requests, with its own chain. */
static void be_client(struct rig *r, unsigned number)
{
    static const uint8_t step[] = "s";
    struct chain chain;
    char write[40], digits[3];
    uint64_t steps = twin_counts(r->twin)->steps;
    assert_int_equal(chain_renew(&chain, r->target, &config), 0);
    (void)snprintf(digits, sizeof digits, "%02x", number);
    (void)snprintf(write, sizeof write, "Mffffffff81000000,1:%s", digits);
    assert_int_equal(target_ask(chain.target, "?", &r->reply), 0);
    assert_true(buf_starts(&r->reply, "T05"));
    assert_int_equal(target_ask(chain.target, write, &r->reply), 0);
    assert_true(buf_is(&r->reply, "OK"));
    assert_int_equal(target_ask(chain.target, "mffffffff81000000,1", &r->reply), 0);
    assert_true(buf_is(&r->reply, digits));
    assert_int_equal(transact_bytes(chain.target, step, 1, &r->reply), 0);
    assert_true(buf_starts(&r->reply, "T05"));
    assert_int_equal(twin_counts(r->twin)->steps, steps + 1);
    assert_ptr_equal(chain_strip(&chain), r->target);
}

static void expect_unharmed(struct rig *r)
{
    assert_int_equal(twin_harm(r->twin), 0);
    assert_int_equal(twin_counts(r->twin)->gave_up, 0);
    assert_int_equal(twin_counts(r->twin)->poisoned, 0);
    assert_int_equal(twin_counts(r->twin)->heralds, 1);
}

static void a_kernel_passes_from_client_to_client(void **state)
{
    struct rig *r = *state;
    struct chain chain;
    rig_connect(r);
    for (unsigned i = 0; i < CLIENTS; i++) {
        be_client(r, i);
        park(r);
        for (int s = 0; s < 20; s++) {
            sim_run_for(r->w, SIM_SECOND);
            rig_lobby(r);
        }
        take(r);
    }
    be_client(r, CLIENTS);
    assert_int_equal(chain_renew(&chain, r->target, &config), 0);
    assert_int_equal(serve_leave(chain.target, false, &r->log), SERVE_DETACHED);
    assert_ptr_equal(chain_strip(&chain), r->target);
    assert_int_equal(twin_counts(r->twin)->detaches, 1);
    expect_unharmed(r);
}

static void a_silent_parked_kernel_causes_no_work(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    be_client(r, 1);
    park(r);
    for (int i = 0; i < 100; i++) {
        sim_run_for(r->w, SIM_MS);
        rig_lobby(r);
    }
    assert_true(lobby_tick(&r->lobby) == IO_NEVER);
    take(r);
    be_client(r, 2);
}

/* Our '+' to the last reply is lost: the parked session retransmits it. */
static void data_in_flight_at_a_clients_end_is_delivered(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    be_client(r, 1);
    rig_fate(r, RIG_OUR_DATA, "+", 0, 3, SIM_LOSE, 0);
    assert_int_equal(rig_try(r, "qC"), 0);
    park(r);
    for (int i = 0; i < 3000; i++) {
        sim_run_for(r->w, SIM_MS);
        rig_lobby(r);
    }
    assert_true(lobby_tick(&r->lobby) == IO_NEVER);
    rig_no_fates(r);
    take(r);
    be_client(r, 2);
    expect_unharmed(r);
}

static void make_bad(struct rig *r, unsigned number)
{
    for (int way = 0; way < 2; way++) {
        struct sim_path *path = sim_path(r->w, RIG_KERNEL_IP, (enum sim_direction)way);
        path->loss = 0.01 * (number % 6);
        path->duplicate = 0.03 * (number % 5);
        path->reorder = 0.02 * (number % 4);
    }
}

static void clients_attach_and_detach_over_bad_paths(void **state)
{
    struct rig *r = *state;
    const struct twin_counts *counts = twin_counts(r->twin);
    rig_connect(r);
    for (unsigned path = 0; path < PATHS; path++) {
        make_bad(r, path);
        be_client(r, path);
        park(r);
        for (int i = 0; i < 40; i++) {
            sim_run_for(r->w, SIM_MS);
            rig_lobby(r);
        }
        take(r);
    }
    assert_int_equal(counts->steps, PATHS);
    expect_unharmed(r);
}

/* Runs until the kernel certainly has the ack of its last reply; otherwise it gives up. */
static void settle(struct rig *r)
{
    for (int i = 0; i < 5000; i++) {
        sim_run_for(r->w, SIM_MS);
        assert_int_equal(target_idle(r->target), 0);
    }
}

/* After each client the proxy is restarted with the contents of the state file. */
static void proxies_are_restarted_over_bad_paths(void **state)
{
    struct rig *r = *state;
    struct link_session_state session_state;
    rig_connect(r);
    for (unsigned path = 0; path < PATHS; path++) {
        make_bad(r, path);
        be_client(r, path);
        settle(r);
        const struct net_addr own = r->kernel->own, kernel = r->kernel->kernel;
        session_state = (struct link_session_state){.sent = rig_link(r)->tx.seqno,
                                                    .next = rig_link(r)->rx.start};
        rig_kill(r);
        sim_run_for(r->w, 100 * SIM_SECOND);
        assert_non_null(lobby_take_over(&r->lobby, &own, &kernel, &session_state));
        rig_take(r, rig_await(r, 60 * SIM_SECOND));
    }
    assert_int_equal(twin_counts(r->twin)->steps, PATHS);
    expect_unharmed(r);
}

/* The new session of a kernel replaces its parked one. */
static void a_new_session_replaces_the_parked_one(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    be_client(r, 1);
    uint16_t port = r->kernel->own.port;
    park(r);
    twin_reboot(r->twin, sim_now(r->w) + SIM_SECOND, sim_now(r->w) + 2 * SIM_SECOND);
    for (int i = 0; i < 3000; i++) {
        sim_run_for(r->w, SIM_MS);
        rig_lobby(r);
    }
    assert_int_equal(r->lobby.count, 1);
    struct session *k = rig_await(r, SIM_SECOND);
    assert_int_not_equal(k->own.port, port);
    assert_string_equal(k->stop, "T05");
    rig_take(r, k);
    assert_int_equal(rig_try(r, "s"), 0);
}

/* The kernel has a new session while a client has the old one: the old one is released. */
static void a_session_that_was_replaced_is_not_kept(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    be_client(r, 1);
    uint16_t port = r->kernel->own.port;
    twin_reboot(r->twin, sim_now(r->w) + SIM_SECOND, sim_now(r->w) + 2 * SIM_SECOND);
    for (int i = 0; i < 3000; i++) {
        sim_run_for(r->w, SIM_MS);
        rig_lobby(r);
    }
    park(r);
    assert_int_equal(r->lobby.count, 1);
    assert_int_not_equal(rig_await(r, SIM_SECOND)->own.port, port);
}

#define BOTH(name)                                                                                 \
    {#name " (13)", name, setup_old, teardown, NULL},                                              \
    {                                                                                              \
#name " (14)", name, setup_new, teardown, NULL                                             \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_kernel_passes_from_client_to_client),
        BOTH(a_silent_parked_kernel_causes_no_work),
        BOTH(data_in_flight_at_a_clients_end_is_delivered),
        BOTH(clients_attach_and_detach_over_bad_paths),
        BOTH(proxies_are_restarted_over_bad_paths),
        BOTH(a_new_session_replaces_the_parked_one),
        BOTH(a_session_that_was_replaced_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
