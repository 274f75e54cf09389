/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lobby with the kernel twin: HERALDs, and floods of them. */
#include "tests/sim/lobby_fixture.h"

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
    const struct net_addr no_port = {RIG_KERNEL_IP, 0};
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
    lobby_datagram(&r->lobby, &no_port, SIM_SERVER_IP, datagram, WIRE_HEADER); /* no peer has it */
    assert_int_equal(r->lobby.malformed, 5 + WIRE_HEADER);
    assert_int_equal(lobby_admit(&r->lobby, RIG_KERNEL_IP), 0);
    lobby_arrive(&r->lobby, &(struct net_addr){SIM_SERVER_IP, 5000}, &no_port);
    assert_int_equal(r->lobby.count, 0);
    lobby_dismiss(&r->lobby, RIG_KERNEL_IP);
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
    assert_non_null(strstr(r->line, "ignored 10.0.0.3, which tried to connect"));
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
    (void)context;
    assert_true(kernel->ip != 0 && own_ip == SIM_SERVER_IP);
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
    assert_ptr_equal(lobby_announced(&r->lobby, 0x0c000001), first);
    assert_int_equal(lobby_announced(&r->lobby, 0x0b000001)->kernel.port, 52);
    struct session *last = arrive(r, 0x0c000002, 20026);
    assert_int_equal(r->lobby.count, LOBBY_KERNELS_MAX);
    assert_ptr_equal(lobby_announced(&r->lobby, 0x0c000002), last);
    assert_ptr_equal(lobby_announced(&r->lobby, 0x0c000001), first);
    assert_int_equal(r->lines, 1); /* once a minute */
    assert_non_null(strstr(r->line, "dropped one of 11.0.0.1 that was never attached"));
    lobby_free(&r->lobby);
}

/* Sessions that a flood left in state files are probed, never answer, and are evicted. */
static void unanswered_sessions_are_evicted(void **state)
{
    struct rig *r = *state;
    const struct link_session_state session_state = {0};
    assert_int_equal(lobby_admit(&r->lobby, 0), 0);
    for (unsigned port = 1; port <= LOBBY_KERNELS_MAX; port++) {
        const struct net_addr own = {SIM_SERVER_IP, 0}, kernel = {0x0b000001, (uint16_t)port};
        assert_non_null(lobby_take_over(&r->lobby, &own, &kernel, &session_state));
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
    assert_ptr_equal(lobby_announced(&r->lobby, 0), k);
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
    assert_null(strstr(r->line, "more before"));
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
