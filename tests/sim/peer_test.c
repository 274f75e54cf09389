/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The netgdb target with a stub that the test simulates: one that sends damaged or endless replies,
 * is silent, or is a node.
 */
#include "proto/kernel/netgdb_target.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

/* The stub: acknowledges each DATA, drops duplicates by seqno, and passes the rest to `heard`. */
static struct {
    uint32_t seqno; /* of its next DATA */
    uint32_t seen;  /* seqno of our last DATA */
    unsigned acks;  /* per DATA */
    unsigned requests;
    struct buf request; /* of several DATA */
    void (*heard)(struct rig *r, const char *text, size_t len);
} stub;

static void say(struct rig *r, const char *text)
{
    rig_peer_text(r, stub.seqno++, text);
}

static void say_packet(struct rig *r, const char *content)
{
    struct buf packet;
    buf_init(&packet, SIM_DATAGRAM_MAX);
    (void)rsp_frame(&packet, (const uint8_t *)content, strlen(content));
    rig_peer_data(r, stub.seqno++, 0, packet.len, packet.data, packet.len);
    buf_free(&packet);
}

static void hear(struct rig *r, const struct wire_msg *msg)
{
    if (msg->type != WIRE_DATA)
        return;
    for (unsigned i = 0; i < stub.acks; i++)
        rig_peer_ack(r, msg->seqno);
    if (msg->seqno <= stub.seen)
        return;
    stub.seen = msg->seqno;
    if (msg->offset == 0)
        buf_reset(&stub.request);
    assert_int_equal(msg->offset, stub.request.len);
    assert_int_equal(buf_add(&stub.request, msg->data, msg->len), 0);
    if (stub.request.len < msg->total)
        return;
    (void)buf_addc(&stub.request, 0);
    stub.requests += stub.request.data[0] == '$';
    stub.heard(r, (const char *)stub.request.data, stub.request.len - 1);
}

static int setup(void **state)
{
    struct rig *r = rig_new_peer(hear);
    stub.seqno = 2;
    stub.seen = stub.requests = 0;
    stub.acks = 1;
    buf_init(&stub.request, 1 << 20);
    rig_peer_herald(r, SIM_HERALD_PORT);
    sim_run_for(r->w, SIM_MS);
    rig_lobby(r);
    sim_run_for(r->w, SIM_MS);
    say_packet(r, "T05");
    rig_take(r, rig_await(r, SIM_SECOND));
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    buf_free(&stub.request);
    rig_free(*state);
    return 0;
}

/* ---- damage ---- */

static void minus_to_a_request(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] != '$')
        return;
    say(r, stub.requests <= 2 ? "-" : "+");
    if (stub.requests > 2)
        say_packet(r, "OK");
}

static void a_minus_makes_us_retransmit_the_request(void **state)
{
    struct rig *r = *state;
    stub.heard = minus_to_a_request;
    rig_ask(r, "s", "OK");
    assert_int_equal(stub.requests, 3);
    assert_int_equal(rig_count(r, RIG_OUR_DATA, "+"), 1); /* none in between */
}

static const char *damaged;

static void damage_replies(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] == '$')
        say(r, "+");
    if (text[0] == '$')
        say(r, damaged);
    else if (text[0] == '-')
        say_packet(r, "2a");
}

static void a_damaged_reply_is_requested_again(void **state)
{
    static const char *const replies[] = {
        "$2b#00",                                 /* the checksum is wrong */
        "$2b#9",  "$2b#", "$2b", "$2", "$2b\"94", /* the end is missing */
        "$2b#9x",
    };
    struct rig *r = *state;
    stub.heard = damage_replies;
    for (unsigned i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        damaged = replies[i];
        rig_ask(r, "s", "2a");
        assert_int_equal(stub.requests, i + 1);
    }
}

static void damage_stale(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] != '$')
        return;
    say(r, damaged);
    say(r, "+");
    say_packet(r, "2a");
}

/* An incomplete packet among the repeats before the '+' must not hide the '+'. */
static void a_damaged_repeat_hides_nothing(void **state)
{
    struct rig *r = *state;
    stub.heard = damage_stale;
    damaged = "$2b";
    rig_ask(r, "s", "2a");
    damaged = "$2b#9";
    rig_ask(r, "s", "2a");
    assert_int_equal(stub.requests, 2);
    assert_true(sim_now(r->w) - SIM_START < SIM_SECOND);
}

static void never_right(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] == '$')
        say(r, "+");
    if (text[0] != '+')
        say(r, "$2b#00");
}

static void only_minus(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] == '$')
        say(r, "-");
}

static void endless_damage_ends_the_session(void **state)
{
    struct rig *r = *state;
    stub.heard = never_right;
    assert_int_equal(rig_try(r, "m0,1"), NETGDB_PROTO);
    assert_true(rig_count(r, RIG_OUR_DATA, "-") < 50);
    assert_non_null(strstr(r->line, "the reply to 'm' has a wrong checksum"));
}

/* Its damaged stop was received: it does not run, so the wait has a limit. */
static void damage_and_goodbye(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] != '$')
        return;
    say(r, "+");
    say(r, "$T05#00");
    stub.acks = 0;
}

static void a_kernel_that_vanishes_after_a_damaged_stop_is_lost(void **state)
{
    struct rig *r = *state;
    stub.heard = damage_and_goodbye;
    assert_int_equal(rig_try(r, "c"), NETGDB_LOST);
    assert_true(sim_now(r->w) - SIM_START < 60 * SIM_SECOND);
}

static void endless_minuses_end_the_session(void **state)
{
    struct rig *r = *state;
    stub.heard = only_minus;
    assert_int_equal(rig_try(r, "m0,1"), NETGDB_PROTO);
    assert_true(stub.requests < 50);
    assert_false(netgdb_target_runs(r->target));
    assert_int_equal(rig_try(r, "m0,1"), NETGDB_PROTO);
}

/* ---- silence ---- */

static unsigned deaf; /* requests that it drops */

static void eat(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] != '$' || stub.requests <= deaf)
        return;
    say(r, "+");
    say_packet(r, "T05");
}

static void a_skipped_request_is_repeated_after_a_plus(void **state)
{
    struct rig *r = *state;
    stub.heard = eat;
    deaf = 1;
    uint64_t start = sim_now(r->w);
    rig_ask(r, "s", "T05");
    uint64_t took = sim_now(r->w) - start;
    assert_true(took > 28 * SIM_SECOND && took < 29 * SIM_SECOND); /* 12 slow intervals */
    assert_int_equal(stub.requests, 2);
    const struct rig_datagram *plus = rig_nth(r, RIG_OUR_DATA, "+", 1);
    const struct rig_datagram *again = rig_nth(r, RIG_OUR_DATA, "$s#73", 1);
    assert_int_equal(plus->seqno + 1, again->seqno);
    assert_true(again->time - plus->time >=
                5 * SIM_MS); /* no late duplicate of that '+' may follow */
}

static void a_stub_that_only_acks_is_lost(void **state)
{
    struct rig *r = *state;
    stub.heard = eat;
    deaf = UINT32_MAX;
    assert_int_equal(rig_try(r, "s"), NETGDB_LOST);
    assert_true(sim_now(r->w) - SIM_START < 120 * SIM_SECOND);
    assert_true(r->lines >= 1);
}

/* ---- a node ---- */

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
    } else if (text[1] == 'k' || text[1] == 'R') {
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

/* ---- recognizing the peer ---- */

static const char *features;

static void feature_stub(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] != '$')
        return;
    say(r, "+");
    say_packet(r, features);
}

static void expect_identity(void **state, const char *said, enum netgdb_peer peer)
{
    enum netgdb_peer found;
    (void)teardown(state);
    (void)setup(state);
    struct rig *r = *state;
    stub.heard = feature_stub;
    features = said;
    for (unsigned i = 0; i < 2; i++) { /* the second time by what is known */
        assert_int_equal(netgdb_target_identify(r->target, &found), 0);
        assert_int_equal(found, peer);
    }
    assert_int_equal(stub.requests, 1);
    assert_int_equal(target_interrupt(r->target), NETGDB_UNSUPPORTED);
}

static void only_freebsds_three_features_identify_a_kernel(void **state)
{
    static const char *const others[] = {
        "PacketSize=1003;qXfer:threads:read+",
        "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+;swbreak+",
        "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode-",
        "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode",
        "",
        ";;",
    };
    expect_identity(state, "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+",
                    NETGDB_PEER_KERNEL);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        expect_identity(state, others[i], NETGDB_PEER_OTHER);
}

/* ---- the form of replies ---- */

static void features_then_replies(struct rig *r, const char *text, size_t len)
{
    (void)len;
    if (text[0] == '$')
        say(r, "+");
    if (strncmp(text, "$qSupported", 11) == 0)
        say_packet(r, "PacketSize=1003;qXfer:threads:read+;QStartNoAckMode+");
    else if (text[0] != '+')
        say(r, damaged);
}

/* A peer that is known as a kernel and replies to every request with this packet. */
static void meet_kernel(struct rig *r, const char *packet)
{
    enum netgdb_peer peer;
    damaged = packet;
    stub.heard = features_then_replies;
    assert_int_equal(netgdb_target_identify(r->target, &peer), 0);
    assert_int_equal(peer, NETGDB_PEER_KERNEL);
}

static void run_lengths_of_a_kernel_are_expanded(void **state)
{
    meet_kernel(*state, "$0*,2a#19"); /* '0' and 15 more */
    rig_ask(*state, "m1000,9", "00000000000000002a");
}

/* Each wrong reply: the name of its test, and the number of requests before it. */
static void expect_cause(struct rig *r, const char *request, const char *packet, int error,
                         unsigned requests, const char *cause)
{
    unsigned before = stub.requests;
    damaged = packet;
    r->lines = 0;
    assert_int_equal(rig_try(r, request), error);
    assert_int_equal(r->lines, 1);
    assert_non_null(strstr(r->line, cause));
    assert_int_equal(stub.requests - before, requests);
}

#define CAUSE(name, request, packet, error, requests, cause)                                       \
    static void name(void **state)                                                                 \
    {                                                                                              \
        meet_kernel(*state, "");                                                                   \
        expect_cause(*state, request, packet, error, requests, cause);                             \
    }

/* Each ends its session, so each has its own test. */
CAUSE(
    an_escape_is_not_reported_as_a_late_duplicate, "m1000,2", "$}0*!#f8", NETGDB_FOREIGN, 1,
    "the stub's reply to 'm' (read memory, hexadecimal) has a form that FreeBSD's stub never uses")
CAUSE(an_escape_after_a_step_is_not_reported_as_a_late_duplicate, "s", "$05}#e2", NETGDB_FOREIGN, 1,
      "the stub's reply to 's' (step) has a form that FreeBSD's stub never uses")
CAUSE(a_repeated_reply_of_the_wrong_size_is_the_stubs_own, "m1000,4", "$0*!#7b", NETGDB_FOREIGN, 9,
      "the stub's reply to 'm'")
CAUSE(an_invalid_run_length_is_reported, "m1000,4",
      "$0*\x1f"
      "1#aa",
      NETGDB_PROTO, 1, "the reply to 'm' has a run-length that RSP does not allow")

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_minus_makes_us_retransmit_the_request),
        TEST(a_damaged_reply_is_requested_again),
        TEST(a_damaged_repeat_hides_nothing),
        TEST(endless_damage_ends_the_session),
        TEST(a_kernel_that_vanishes_after_a_damaged_stop_is_lost),
        TEST(endless_minuses_end_the_session),
        TEST(a_skipped_request_is_repeated_after_a_plus),
        TEST(a_stub_that_only_acks_is_lost),
        TEST(a_node_needs_no_plus),
        TEST(a_node_is_hidden_from_gdb),
        TEST(a_node_accepts_requests_of_several_data),
        TEST(a_running_node_is_interrupted_by_one_0x03),
        TEST(a_node_is_interrupted_after_a_long_silent_run),
        TEST(a_damaged_reply_of_a_node_repeats_no_request),
        TEST(a_request_without_a_reply_is_not_outstanding),
        TEST(pluses_of_a_nodes_stub_are_ignored),
        TEST(the_wait_for_a_node_ends_when_its_stub_exits),
        TEST(the_last_reply_of_a_node_is_read_before_its_end),
        TEST(an_early_finished_is_ignored),
        TEST(only_freebsds_three_features_identify_a_kernel),
        TEST(run_lengths_of_a_kernel_are_expanded),
        TEST(an_escape_is_not_reported_as_a_late_duplicate),
        TEST(an_escape_after_a_step_is_not_reported_as_a_late_duplicate),
        TEST(a_repeated_reply_of_the_wrong_size_is_the_stubs_own),
        TEST(an_invalid_run_length_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
