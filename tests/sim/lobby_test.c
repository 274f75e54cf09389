/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The lobby with the kernel twin: HERALDs, waiting kernels, kernels that reboot, and sessions that
 * are taken over from a dead server.
 */
#include "session/lobby.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

#define READ "mffffffff80200004,1"
#define READ_REPLY "94"

static enum twin_generation generation; /* of the current test */

static int setup(void **state)
{
    *state = rig_new(generation);
    return 0;
}

static int setup_old(void **state)
{
    generation = TWIN_OLD;
    return setup(state);
}

static int setup_new(void **state)
{
    generation = TWIN_NEW;
    return setup(state);
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static void step(struct rig *r)
{
    assert_int_equal(rig_try(r, "s"), 0);
    assert_true(buf_starts(&r->reply, "T05"));
}

/* ---- HERALDs ---- */

static void a_retransmitted_herald_is_acked_from_the_same_port(void **state)
{
    struct rig *r = *state;
    rig_fate(r, RIG_OUR_ACK, NULL, 0, 6, SIM_LOSE, 0); /* three answers, each sent twice */
    rig_connect(r);
    assert_int_equal(rig_count(r, RIG_HERALD, NULL), 4);
    uint16_t port = rig_nth(r, RIG_OUR_ACK, NULL, 0)->from_port;
    for (size_t i = 0; i < rig_count(r, RIG_OUR_ACK, NULL); i++)
        assert_int_equal(rig_nth(r, RIG_OUR_ACK, NULL, i)->from_port, port);
    assert_int_equal(twin_session_port(r->twin), port);
    assert_int_equal(rig_acks(r, 1), 8);
    step(r);
}

/* HERALD and T are lost for 10 s each; the port must still exist. */
static void a_session_port_lives_as_long_as_its_kernel_retransmits(void **state)
{
    struct rig *r = *state;
    rig_fate(r, RIG_OUR_ACK, NULL, 0, 20, SIM_LOSE, 0);
    rig_fate(r, RIG_KERNEL_DATA, "$T", 0, 9, SIM_LOSE, 0);
    rig_connect(r);
    assert_true(sim_now(r->w) - SIM_START > 18 * SIM_SECOND);
    step(r);
    assert_int_equal(twin_counts(r->twin)->gave_up, 0);
    assert_int_equal(twin_counts(r->twin)->heralds, 1);
}

static void a_late_duplicate_of_a_herald_has_no_effect(void **state)
{
    struct rig *r = *state;
    rig_fate(r, RIG_HERALD, NULL, 0, 1, SIM_TWICE, 3 * SIM_SECOND);
    rig_connect(r);
    rig_keep_lobby(r);
    rig_ask(r, READ, READ_REPLY);
    sim_run_for(r->w, 4 * SIM_SECOND);
    assert_int_equal(target_idle(r->target), 0);
    assert_int_equal(r->lobby.count, 1); /* it could be a new session */
    step(r);
    rig_ask(r, READ, READ_REPLY);
    sim_run_for(r->w, LOBBY_HERALD_EXPIRES);
    assert_int_equal(target_idle(r->target), 0);
    assert_int_equal(r->lobby.count, 0);
    step(r);
    assert_int_equal(twin_counts(r->twin)->poisoned, 0);
    assert_int_equal(r->lines, 0);
}

static void datagrams_that_are_no_herald_are_counted(void **state)
{
    struct rig *r = *state;
    const struct net_addr from = {RIG_KERNEL_IP, 20026}, other = {RIG_KERNEL_IP + 1, 20026};
    const struct wire_msg wrong[] = {
        {.type = WIRE_HERALD, .seqno = 2, .total = WIRE_NETGDB_V1},
        {.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1 + 1},
        {.type = WIRE_HERALD, .seqno = 1, .len = 1, .total = WIRE_NETGDB_V1},
        {.type = WIRE_DATA, .seqno = 1, .total = WIRE_NETGDB_V1},
    };
    uint8_t datagram[WIRE_HEADER + 1] = {0};
    for (unsigned i = 0; i < 4; i++) {
        wire_encode(&wrong[i], datagram);
        lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, WIRE_HEADER + wrong[i].len);
    }
    for (size_t len = 0; len < WIRE_HEADER; len++)
        lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, len);
    assert_int_equal(r->lobby.malformed, 4 + WIRE_HEADER);
    wire_encode(&(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1},
                datagram);
    for (unsigned i = 0; i < 5; i++)
        lobby_datagram(&r->lobby, &other, SIM_SERVER_IP, datagram, WIRE_HEADER);
    assert_int_equal(r->lobby.refused, 5);
    assert_int_equal(r->lobby.count, 0);
    assert_int_equal(rig_count(r, RIG_OUR_ACK, NULL), 0);
}

/* Sends a HERALD of a host that was not requested, and runs the lobby until `later`. */
static void call_unasked(struct rig *r, uint32_t ip, uint64_t later)
{
    const struct net_addr from = {ip, 20026};
    uint8_t datagram[WIRE_HEADER];
    wire_encode(&(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1},
                datagram);
    lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, WIRE_HEADER);
    (void)lobby_tick(&r->lobby);
    sim_run_for(r->w, later);
    (void)lobby_tick(&r->lobby);
}

static void an_unexpected_host_is_logged_once(void **state)
{
    struct rig *r = *state;
    call_unasked(r, RIG_KERNEL_IP + 1, LOBBY_STRANGER_GRACE - SIM_SECOND);
    assert_int_equal(r->lines, 0);
    assert_int_equal(lobby_tick(&r->lobby), sim_now(r->w) + SIM_SECOND);
    call_unasked(r, RIG_KERNEL_IP + 2, SIM_SECOND);
    assert_int_equal(r->lines, 1);
    assert_non_null(strstr(r->line, "10.0.0.3 calls, and no client here has asked for it"));
    for (uint32_t i = 1; i < 9; i++)
        call_unasked(r, RIG_KERNEL_IP + i, LOBBY_STRANGER_GRACE);
    assert_int_equal(r->lines, 1);
    assert_int_equal(lobby_tick(&r->lobby), IO_NEVER);
}

/* On a busy machine a kernel may connect before the client has requested it. */
static void a_host_requested_soon_after_its_herald_is_not_logged(void **state)
{
    struct rig *r = *state;
    call_unasked(r, RIG_KERNEL_IP + 1, LOBBY_STRANGER_GRACE - SIM_SECOND);
    assert_int_equal(lobby_admit(&r->lobby, RIG_KERNEL_IP + 1), 0);
    sim_run_for(r->w, 2 * SIM_SECOND);
    assert_int_equal(lobby_tick(&r->lobby), IO_NEVER);
    assert_int_equal(r->lines, 0);
    call_unasked(r, RIG_KERNEL_IP + 2, LOBBY_STRANGER_GRACE);
    assert_int_equal(r->lines, 1);
}

static void every_host_is_accepted_when_any_is_requested(void **state)
{
    struct rig *r = *state;
    for (uint32_t i = 0; i < LOBBY_HOSTS_MAX - 1; i++)
        assert_int_equal(lobby_admit(&r->lobby, 0x0b000000 + i), 0);
    assert_int_equal(lobby_admit(&r->lobby, 0x0b000000), 0); /* already known */
    assert_int_equal(lobby_admit(&r->lobby, 0x0c000000), NETGDB_TOO_LONG);
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    assert_int_equal(lobby_admit(&r->lobby, 0x0c000000), 0); /* accepted like any */
    uint8_t datagram[WIRE_HEADER];
    const struct net_addr from = {0x0d000000, 20026};
    wire_encode(&(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1},
                datagram);
    lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, WIRE_HEADER);
    assert_int_equal(r->lobby.count, 1);
}

/* A HERALD of this kernel. */
static void call_from(struct rig *r, uint32_t ip, unsigned port)
{
    const struct net_addr from = {ip, (uint16_t)port};
    uint8_t datagram[WIRE_HEADER];
    wire_encode(&(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1},
                datagram);
    lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, WIRE_HEADER);
}

/* A kernel's HERALD and T, as the lobby receives them. */
static struct session *arrive(struct rig *r, uint32_t ip, unsigned port)
{
    call_from(r, ip, port);
    struct session *k = TAILQ_LAST(&r->lobby.kernels, sessions);
    assert_true(k != NULL && k->kernel.ip == ip && k->kernel.port == port);
    assert_int_equal(buf_adds(&k->link->stream, "$T05#b9"), 0);
    lobby_input(&r->lobby, k);
    assert_int_equal(k->state, LOBBY_ANNOUNCED);
    return k;
}

static void a_flood_of_heralds_is_bounded(void **state)
{
    struct rig *r = *state;
    for (unsigned port = 1; port <= LOBBY_HERALDED_MAX + 100; port++)
        call_from(r, RIG_KERNEL_IP, port);
    assert_in_range(r->lobby.count, 1, LOBBY_HERALDED_MAX - LOBBY_HERALDED_MAX / 10);
    sim_run_for(r->w, LOBBY_HERALD_EXPIRES);
    (void)lobby_tick(&r->lobby);
    assert_int_equal(r->lobby.count, 0);
    rig_connect(r);
    step(r);
}

/* However many HERALDs one host sends, another host's is acknowledged and gets a session. */
static void a_flooding_host_leaves_room_for_others(void **state)
{
    struct rig *r = *state;
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    for (uint32_t host = 1; host < 4; host++) {
        for (unsigned port = 1; port <= LOBBY_HERALDED_MAX; port++)
            call_from(r, 0x0b000000 + host, port);
        assert_true(r->lobby.heralded < LOBBY_HERALDED_MAX);
    }
    rig_connect(r);
    step(r);
    assert_int_equal(r->lines, 0);
}

static unsigned crowded; /* HERALDs that got no session */

static void count_crowd(void *context, const struct net_addr *kernel, uint32_t own_ip)
{
    struct rig *r = context;
    assert_true(kernel->ip != 0 && own_ip == SIM_SERVER_IP);
    (void)r;
    crowded++;
}

/* One HERALD from each of many hosts: not all get a session, but each is acknowledged. */
static void a_flood_from_many_hosts_creates_no_sessions(void **state)
{
    struct rig *r = *state;
    struct lobby_ops ops = *r->lobby.ops;
    const struct net_addr own = {SIM_SERVER_IP, 45678};
    const struct net_addr kernel = {0x0d000001, 20026};
    ops.crowd = count_crowd;
    r->lobby.ops = &ops;
    crowded = 0;
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    r->lobby.heralded_max = 4;
    for (uint32_t host = 0; host < 12; host++)
        call_from(r, 0x0b000000 + host, 20026);
    assert_int_equal(r->lobby.count, 4);
    assert_int_equal(crowded, 8);
    lobby_arrive(&r->lobby, &own, &kernel); /* a real kernel: it sends T */
    assert_int_equal(r->lobby.count, 4);
    struct session *k = TAILQ_LAST(&r->lobby.kernels, sessions);
    assert_true(net_addr_equal(&k->kernel, &kernel));
    assert_int_equal(k->own.port, own.port);
    assert_int_equal(r->lines, 0);
    lobby_free(&r->lobby);
}

static void a_herald_repeated_at_once_is_acked_once(void **state)
{
    struct rig *r = *state;
    for (unsigned i = 0; i < 1000; i++)
        call_from(r, RIG_KERNEL_IP, 20026);
    assert_int_equal(r->lobby.count, 1);
    sim_run_for(r->w, LOBBY_HERALD_INTERVAL);
    assert_int_equal(rig_count(r, RIG_OUR_ACK, NULL), 2); /* each ack is sent twice */
    call_from(r, RIG_KERNEL_IP, 20026);
    sim_run_for(r->w, LOBBY_HERALD_INTERVAL);
    assert_int_equal(rig_count(r, RIG_OUR_ACK, NULL), 4);
}

/* Each T of a flood is acknowledged; kernels of the flood are evicted, the oldest first. */
static void a_flood_of_kernels_evicts_no_other_kernel(void **state)
{
    struct rig *r = *state;
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    struct session *first = arrive(r, 0x0c000001, 20026);
    for (unsigned port = 1; port <= LOBBY_KERNELS_MAX + 50; port++)
        (void)arrive(r, 0x0b000001, port);
    assert_int_equal(r->lobby.count, LOBBY_KERNELS_MAX);
    assert_ptr_equal(lobby_find(&r->lobby, 0x0c000001), first);
    assert_int_equal(lobby_find(&r->lobby, 0x0b000001)->kernel.port, 52);
    struct session *last = arrive(r, 0x0c000002, 20026);
    assert_int_equal(r->lobby.count, LOBBY_KERNELS_MAX);
    assert_ptr_equal(lobby_find(&r->lobby, 0x0c000002), last);
    assert_ptr_equal(lobby_find(&r->lobby, 0x0c000001), first);
    assert_int_equal(r->lines, 1); /* once a minute */
    assert_non_null(strstr(r->line, "one of 11.0.0.1, which no client has had, was dropped"));
    lobby_free(&r->lobby);
}

/* Sessions that a flood left in state files are probed, never answer, and are evicted. */
static void unanswered_sessions_are_evicted(void **state)
{
    struct rig *r = *state;
    const struct link_mark mark = {0};
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    for (unsigned port = 1; port <= LOBBY_KERNELS_MAX; port++) {
        const struct net_addr own = {SIM_SERVER_IP, 0}, kernel = {0x0b000001, (uint16_t)port};
        assert_non_null(lobby_take_over(&r->lobby, &own, &kernel, &mark));
    }
    rig_connect(r);
    assert_int_equal(r->lobby.count, LOBBY_KERNELS_MAX - 1);
    step(r);
    sim_run_for(r->w, LOBBY_PROBE_EXPIRES - SIM_SECOND);
    (void)lobby_tick(&r->lobby);
    assert_int_equal(r->lobby.count, LOBBY_KERNELS_MAX - 1);
    sim_run_for(r->w, 2 * SIM_SECOND);
    (void)lobby_tick(&r->lobby);
    assert_int_equal(r->lobby.count, 0);
}

/* A kernel that a client has debugged and left is not evicted. */
static void a_kernel_that_was_debugged_is_kept(void **state)
{
    struct rig *r = *state;
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    r->lobby.kernels_max = 3;
    struct session *k = arrive(r, 0x0b000001, 20026);
    lobby_remove(&r->lobby, k);
    k->target = netgdb_target_new(k->link, &r->log, NULL);
    assert_non_null(k->target);
    assert_int_equal(lobby_return(&r->lobby, k), 0);
    for (unsigned port = 1; port <= 9; port++)
        (void)arrive(r, 0x0b000001, port);
    assert_int_equal(r->lobby.count, 3);
    assert_ptr_equal(lobby_find(&r->lobby, 0), k);
    lobby_free(&r->lobby);
}

/* Each line that a datagram can cause is logged once a minute. */
static void a_flood_of_unknown_heralds_is_one_line_a_minute(void **state)
{
    struct rig *r = *state;
    const struct net_addr from = {RIG_KERNEL_IP, 20026};
    uint8_t datagram[WIRE_HEADER];
    wire_encode(&(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1 + 1},
                datagram);
    for (unsigned i = 0; i < 20000; i++)
        lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, WIRE_HEADER);
    assert_int_equal(r->lines, 1);
    sim_run_for(r->w, LOG_LIMIT);
    lobby_datagram(&r->lobby, &from, SIM_SERVER_IP, datagram, WIRE_HEADER);
    assert_int_equal(r->lines, 2);
    assert_non_null(strstr(r->line, "(19999 more before)"));
}

static void a_request_for_a_host_ends_with_its_client(void **state)
{
    struct rig *r = *state;
    for (uint32_t i = 0; i < 10 * LOBBY_HOSTS_MAX; i++) {
        assert_int_equal(lobby_admit(&r->lobby, 0x0b000000 + i), 0);
        assert_int_equal(lobby_admit(&r->lobby, 0x0b000000 + i), 0); /* two gdbs */
        lobby_dismiss(&r->lobby, 0x0b000000 + i);
        if (i == 0)
            call_from(r, 0x0b000000 + i, 20026);
        lobby_dismiss(&r->lobby, 0x0b000000 + i);
        call_from(r, 0x0b000000 + i, 20027);
    }
    assert_int_equal(r->lobby.count, 1);
    assert_int_equal(r->lobby.refused, 10 * LOBBY_HOSTS_MAX);
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    lobby_dismiss(&r->lobby, 0);
    call_from(r, 0x0d000000, 20026);
    assert_int_equal(r->lobby.refused, 10 * LOBBY_HOSTS_MAX + 1);
    lobby_free(&r->lobby);
}

/* ---- waiting ---- */

static void a_waiting_kernel_is_kept_without_limit(void **state)
{
    struct rig *r = *state;
    twin_netgdb(r->twin);
    struct session *k = rig_await(r, SIM_SECOND);
    sim_run_for(r->w, 3600 * SIM_SECOND);
    rig_lobby(r);
    assert_ptr_equal(lobby_find(&r->lobby, 0), k);
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
    k = lobby_find(&r->lobby, RIG_KERNEL_IP);
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
    struct session *k = lobby_find(&r->lobby, RIG_KERNEL_IP);
    assert_non_null(k);
    rig_take(r, k);
    step(r);
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
    struct link_mark mark;
};

/* The server dies. Returns the contents of its state file. */
static struct left die(struct rig *r)
{
    struct left left = {r->kernel->own, r->kernel->kernel, {0}};
    left.mark.sent = rig_link(r)->tx.seqno;
    left.mark.next = rig_link(r)->rx.start;
    rig_kill(r);
    return left;
}

static void take_over(struct rig *r, const struct left *left, uint64_t limit)
{
    assert_non_null(lobby_take_over(&r->lobby, &left->own, &left->kernel, &left->mark));
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
    left.mark = (struct link_mark){0};
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
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.mark));
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
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.mark));
    wait_in_lobby(r, SIM_SECOND);
    assert_in_range(rig_count(r, RIG_OUR_DATA, "") - before, 1, 2);
    wait_in_lobby(r, 3600 * SIM_SECOND);
    assert_int_equal(rig_count(r, RIG_OUR_DATA, "") - before, LOBBY_PROBES);
    assert_int_equal(r->lines, 1);
    assert_non_null(strstr(r->line, "not asked any more"));
}

static void a_kernel_with_a_new_herald_is_not_probed_in_its_old_session(void **state)
{
    struct rig *r = *state;
    rig_connect(r);
    struct left left = die(r);
    sim_block(r->w, RIG_KERNEL_IP, SIM_TO_KERNEL, sim_now(r->w), sim_now(r->w) + 10 * SIM_SECOND);
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.mark));
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
        left.mark = (struct link_mark){0};
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
    assert_non_null(lobby_take_over(&r->lobby, &left.own, &left.kernel, &left.mark));
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
        BOTH(a_retransmitted_herald_is_acked_from_the_same_port),
        BOTH(a_session_port_lives_as_long_as_its_kernel_retransmits),
        BOTH(a_late_duplicate_of_a_herald_has_no_effect),
        BOTH(datagrams_that_are_no_herald_are_counted),
        BOTH(an_unexpected_host_is_logged_once),
        BOTH(a_host_requested_soon_after_its_herald_is_not_logged),
        BOTH(every_host_is_accepted_when_any_is_requested),
        BOTH(a_flood_of_heralds_is_bounded),
        BOTH(a_flooding_host_leaves_room_for_others),
        BOTH(a_flood_from_many_hosts_creates_no_sessions),
        BOTH(a_herald_repeated_at_once_is_acked_once),
        BOTH(a_flood_of_kernels_evicts_no_other_kernel),
        BOTH(unanswered_sessions_are_evicted),
        BOTH(a_kernel_that_was_debugged_is_kept),
        BOTH(a_flood_of_unknown_heralds_is_one_line_a_minute),
        BOTH(a_request_for_a_host_ends_with_its_client),
        BOTH(a_waiting_kernel_is_kept_without_limit),
        BOTH(a_waiting_kernel_that_reboots_is_replaced),
        BOTH(a_reboot_of_a_running_kernel_continues_with_the_new_stop),
        BOTH(an_abandoned_run_can_be_followed_by_a_new_session),
        BOTH(a_reboot_of_a_stopped_kernel_ends_the_session),
        BOTH(a_reboot_during_a_request_ends_the_session_in_one_line),
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
