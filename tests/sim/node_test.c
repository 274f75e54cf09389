/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The netgdb target with a node that the test simulates. */
#include "tests/sim/peer_fixture.h"

static bool node_no_ack;
static unsigned node_runs; /* vCont that wait for Ctrl-C */

static void node(struct rig *r, const char *text, size_t len)
{
    if (len == 1 && text[0] == 3) {
        node_runs--;
        say_packet(r, "T02");
    }
    if (text[0] != '$')
        return;
    if (!node_no_ack)
        say(r, "+");
    if (strncmp(text, "$qSupported", 11) == 0) {
        say_packet(r, "PacketSize=4000;netgdb-node+;vContSupported+");
    } else if (strncmp(text, "$QStartNoAckMode", 16) == 0) {
        node_no_ack = true;
        say_packet(r, "OK");
    } else if (strncmp(text, "$vCont;c", 8) == 0) {
        node_runs++;
        say_packet(r, "O6869");
    } else if (strncmp(text, "$bad", 4) == 0) {
        say(r, "$2b#00");
    } else if (strchr("hkR", text[1]) != NULL) { /* h: it hangs */
        return;
    } else if (strncmp(text, "$acks", 5) == 0) {
        say(r, "+");
        say_packet(r, "OK");
        say(r, "+");
    } else {
        char reply[32];
        snprintf(reply, sizeof reply, "%zu", len);
        say_packet(r, reply);
    }
}

static void meet_node(struct rig *r)
{
    enum netgdb_peer peer;
    stub.heard = node;
    node_runs = 0;
    node_no_ack = false;
    assert_int_equal(netgdb_target_identify(r->target, &peer), 0);
    assert_int_equal(peer, NETGDB_PEER_NODE);
}

static void a_node_needs_no_plus(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    size_t before = rig_count(r, RIG_OUR_DATA, "+");
    rig_ask(r, "g", "5");
    rig_ask(r, "vCont;s", "11");
    rig_ask(r, "g", "5");
    assert_int_equal(rig_count(r, RIG_OUR_DATA, "+"), before);
}

static void a_node_is_hidden_from_gdb(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    rig_ask(r, "qSupported", "PacketSize=4000;vContSupported+");
}

static void a_node_accepts_requests_of_several_data(void **state)
{
    struct rig *r = *state;
    static uint8_t request[NETGDB_NODE_REQUEST_MAX + 1];
    meet_node(r);
    memset(request, 'x', sizeof request);
    rig_fate(r, RIG_OUR_DATA, "xxx", 3, 2, SIM_LOSE, 0);
    rig_fate(r, RIG_OUR_DATA, "xxx", 0, 1, SIM_TWICE, 2 * SIM_MS);
    assert_int_equal(target_max_request(r->target), NETGDB_NODE_REQUEST_MAX);
    assert_int_equal(transact_bytes(r->target, request, sizeof request, &r->reply),
                     NETGDB_TOO_LONG);
    assert_int_equal(transact_bytes(r->target, request, sizeof request - 1, &r->reply), 0);
    char expected[32];
    snprintf(expected, sizeof expected, "%zu", sizeof request - 1 + 4);
    assert_true(buf_is(&r->reply, expected));
}

static void a_running_node_is_interrupted_by_one_0x03(void **state)
{
    struct rig *r = *state;
    bool final;
    meet_node(r);
    assert_int_equal(target_interrupt(r->target), NETGDB_UNSUPPORTED); /* the target is stopped */
    assert_int_equal(send_bytes(r->target, "vCont;c", 7), 0);
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    assert_true(!final && buf_is(&r->reply, "O6869"));
    rig_fate(r, RIG_OUR_DATA, "\003", 0, 2, SIM_LOSE, 0);
    sim_client_push(r->kernel->io, "\003", 1);
    assert_int_equal(target_recv(r->target, &r->reply, &final, IO_ON_CLIENT), NETGDB_AGAIN);
    assert_int_equal(target_interrupt(r->target), 0);
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    assert_true(final && buf_is(&r->reply, "T02"));
    assert_int_equal(node_runs, 0);
    rig_ask(r, "g", "5");
}

/* Silence counts from the Ctrl-C, not from the continue. */
static void a_node_is_interrupted_after_a_long_silent_run(void **state)
{
    struct rig *r = *state;
    bool final;
    meet_node(r);
    assert_int_equal(send_bytes(r->target, "vCont;c", 7), 0);
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    sim_run_for(r->w, 100 * SIM_SECOND);
    sim_client_push(r->kernel->io, "\003", 1);
    assert_int_equal(target_recv(r->target, &r->reply, &final, IO_ON_CLIENT), NETGDB_AGAIN);
    assert_int_equal(target_interrupt(r->target), 0);
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    assert_true(final && buf_is(&r->reply, "T02"));
}

/* The node lives, its stub does not answer a request of ours. */
static void a_hung_stub_of_a_node_is_lost(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    assert_int_equal(rig_try(r, "h"), NETGDB_LOST);
    assert_in_range(sim_now(r->w) - SIM_START, TARGET_PATIENCE, TARGET_PATIENCE + 5 * SIM_SECOND);
}

static void a_damaged_reply_of_a_node_repeats_no_request(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    unsigned before = stub.requests;
    assert_int_equal(rig_try(r, "bad"), NETGDB_PROTO);
    sim_run_for(r->w, SIM_SECOND);
    assert_int_equal(stub.requests, before + 1);
    rig_ask(r, "g", "5");
}

static void a_request_without_a_reply_is_not_outstanding(void **state)
{
    struct rig *r = *state;
    static const char *const requests[] = {"k", "R00"}; /* GDB manual, "Packets" */
    meet_node(r);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(send_bytes(r->target, requests[i], strlen(requests[i])), 0);
        assert_false(netgdb_target_runs(r->target));
        rig_ask(r, "g", "5");
    }
}

static void pluses_of_a_nodes_stub_are_ignored(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    for (unsigned i = 0; i < 3; i++) {
        rig_ask(r, "acks", "OK");
        sim_run_for(r->w, SIM_MS);
        assert_int_equal(target_idle(r->target), 0);
    }
    size_t before = rig_count(r, RIG_OUR_DATA, "+");
    rig_ask(r, "g", "5");
    assert_int_equal(rig_count(r, RIG_OUR_DATA, "+"), before);
    assert_string_equal(r->line, "");
}

static void say_finished(struct rig *r, uint32_t seqno)
{
    uint8_t bytes[WIRE_HEADER];
    const struct wire_msg msg = {.type = WIRE_FINISHED, .seqno = seqno};
    wire_encode(&msg, bytes);
    rig_peer_raw(r, bytes, sizeof bytes);
}

static void the_wait_for_a_node_ends_when_its_stub_exits(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    rig_ask(r, "g", "5");
    say_packet(r, "late");
    uint32_t seqno = stub.seqno++;
    say_finished(r, seqno);
    say_finished(r, seqno);
    sim_run_for(r->w, SIM_MS);
    size_t before = rig_count(r, RIG_OUR_ACK, NULL);
    assert_int_equal(target_idle(r->target), NETGDB_CLOSED);
    sim_run_for(r->w, SIM_MS);
    assert_int_equal(rig_count(r, RIG_OUR_ACK, NULL), before + 6); /* twice each */
    uint64_t start = sim_now(r->w);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(rig_try(r, "g"), NETGDB_CLOSED);
    assert_true(sim_now(r->w) - start < SIM_SECOND);
}

static void hear_and_go(struct rig *r, const char *text, size_t len)
{
    node(r, text, len);
    say_finished(r, stub.seqno++);
}

static void the_last_reply_of_a_node_is_read_before_its_end(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    stub.heard = hear_and_go;
    rig_ask(r, "g", "5");
    assert_int_equal(rig_try(r, "g"), NETGDB_CLOSED);
}

static void an_early_finished_is_ignored(void **state)
{
    struct rig *r = *state;
    meet_node(r);
    say_finished(r, stub.seqno + 1);
    say_finished(r, stub.seqno - 1);
    sim_run_for(r->w, SIM_MS);
    assert_int_equal(target_idle(r->target), 0);
    rig_ask(r, "g", "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_node_needs_no_plus),
        TEST(a_node_is_hidden_from_gdb),
        TEST(a_node_accepts_requests_of_several_data),
        TEST(a_running_node_is_interrupted_by_one_0x03),
        TEST(a_node_is_interrupted_after_a_long_silent_run),
        TEST(a_hung_stub_of_a_node_is_lost),
        TEST(a_damaged_reply_of_a_node_repeats_no_request),
        TEST(a_request_without_a_reply_is_not_outstanding),
        TEST(pluses_of_a_nodes_stub_are_ignored),
        TEST(the_wait_for_a_node_ends_when_its_stub_exits),
        TEST(the_last_reply_of_a_node_is_read_before_its_end),
        TEST(an_early_finished_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
