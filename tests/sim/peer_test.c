/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The netgdb target with a stub that the test simulates: one that sends damaged or endless replies,
 * or is silent.
 */
#include "tests/sim/peer_fixture.h"

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
        TEST(only_freebsds_three_features_identify_a_kernel),
        TEST(run_lengths_of_a_kernel_are_expanded),
        TEST(an_escape_is_not_reported_as_a_late_duplicate),
        TEST(an_escape_after_a_step_is_not_reported_as_a_late_duplicate),
        TEST(a_repeated_reply_of_the_wrong_size_is_the_stubs_own),
        TEST(an_invalid_run_length_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
