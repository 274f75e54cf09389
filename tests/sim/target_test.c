/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The netgdb target with the kernel twin of both generations: order of datagrams, execution exactly
 * once, silence and detach. The tests decide the fate of single datagrams.
 */
#include "proto/kernel/netgdb_target.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/kernel/send_delay.h"
#include "proto/rsp/rsp.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

#define WRITE "Mffffffff81000000,1:"

static enum twin_generation generation; /* of the current test */

static int setup(void **state)
{
    struct rig *r = rig_new(generation);
    rig_connect(r);
    *state = r;
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

static uint64_t sent_at(const struct rig *r, enum rig_kind kind, const char *text, size_t n)
{
    const struct rig_datagram *d = rig_nth(r, kind, text, n);
    assert_non_null(d);
    return d->time;
}

/* Returns when the '+' after the first transmission of the n-th of these was first sent. */
static uint64_t plus_after(const struct rig *r, const char *request, size_t n)
{
    const struct rig_datagram *d = rig_nth(r, RIG_OUR_DATA, request, n);
    assert_non_null(d);
    for (; d < r->sent + r->sent_used; d++) {
        if (d->kind == RIG_OUR_DATA && strcmp(d->text, "+") == 0)
            return d->time;
    }
    fail_msg("no '+' followed %s", request);
    return 0;
}

/* ---- requests and replies ---- */

static void a_session_alternates_plus_and_request(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_ask(r, WRITE "2a", "OK");
    rig_ask(r, "mffffffff81000000,1", "2a");
    rig_ask(r, "Hg186a3", "OK");
    rig_ask(r, "vCont?", "");
    rig_step(r);
    assert_int_equal(rig_try(r, "c"), 0);
    assert_true(buf_starts(&r->reply, "T05"));
    assert_int_equal(twin_requests(r->twin), 7);
    assert_int_equal(rig_link(r)->counters.retransmitted, 0);
    assert_int_equal(rig_link(r)->reorder_events, 0);
    rig_expect_good(r);
}

static void a_request_is_one_data_or_refused(void **state)
{
    struct rig *r = *state;
    size_t max = target_max_request(r->target);
    char text[WIRE_DATA_ETHERNET + 2];
    assert_int_equal(max, WIRE_DATA_ETHERNET - 4);
    memset(text, '0', sizeof text);
    text[0] = 'm';
    memcpy(text + max - strlen(RIG_READ) + 1, &RIG_READ[1], strlen(RIG_READ) - 1);
    assert_int_equal(transact_bytes(r->target, text, max + 1, &r->reply), NETGDB_TOO_LONG);
    assert_int_equal(rig_count(r, RIG_OUR_DATA, NULL), 0);
    assert_int_equal(transact_bytes(r->target, text, max, &r->reply), 0);
    assert_int_equal(twin_requests(r->twin), 1);
    for (size_t i = 0; i < r->sent_used; i++)
        assert_true(r->sent[i].kind != RIG_OUR_DATA || r->sent[i].len <= WIRE_DATA_ETHERNET);
    rig_expect_good(r);
}

static void long_replies_are_complete(void **state)
{
    (void)state;
    static const size_t mtu[] = {576, 1500, 9000};
    for (unsigned i = 0; i < 3; i++) {
        struct twin_config config = twin_config(generation);
        config.mtu = mtu[i];
        struct rig *other = rig_new_twin(&config);
        rig_connect(other);
        rig_fate(other, RIG_KERNEL_DATA, NULL, 4, 1, SIM_LOSE, 0); /* a chunk of the reply */
        rig_fate(other, RIG_KERNEL_DATA, NULL, 0, 1, SIM_ONCE, 3 * SIM_MS);
        assert_int_equal(rig_try(other, "mffffffff80200000,800"), 0);
        assert_int_equal(other->reply.len, 4096);
        for (unsigned at = 0; at < 2048; at++) {
            int byte = rsp_hex_byte(other->reply.data + 2 * at);
            assert_int_equal(byte, machine_text_byte(MACHINE_TEXT + at));
        }
        rig_expect_good(other);
        rig_free(other);
    }
}

static void a_duplicated_request_runs_once_and_its_repeats_are_dropped(void **state)
{
    struct rig *r = *state;
    rig_fate(r, RIG_OUR_DATA, "$", 0, 3, SIM_TWICE, SIM_MS / 2);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_ask(r, "mffffffff80200004,1", (char[]){"94"}); /* not the reply to the duplicated request */
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(twin_requests(r->twin), 3);
    assert_true(netgdb_target_stats(r->target)->stale_replies > 0);
    assert_true(twin_counts(r->twin)->resent_replies > 0);
    rig_expect_good(r);
}

/* ---- lost datagrams ---- */

static void a_lost_request_is_retransmitted_from_50_ms_on(void **state)
{
    struct rig *r = *state;
    static const uint64_t gaps[] = {50, 100, 200, 400, 800, 1000, 1000, 1000};
    rig_fate(r, RIG_OUR_DATA, "$s", 0, 8, SIM_LOSE, 0);
    rig_step(r);
    assert_int_equal(rig_count(r, RIG_OUR_DATA, "$s#73"), 9);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(sent_at(r, RIG_OUR_DATA, "$s#73", i + 1) -
                             sent_at(r, RIG_OUR_DATA, "$s#73", i),
                         gaps[i] * SIM_MS);
    assert_int_equal(twin_counts(r->twin)->steps, 1);
    rig_expect_good(r);
}

static void with_lost_acks_a_request_runs_once(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    for (unsigned lost = 1; lost < 6; lost++) {
        rig_fate(r, RIG_KERNEL_ACK, NULL, 0, lost, SIM_LOSE, 0);
        rig_step(r);
        assert_int_equal(twin_counts(r->twin)->steps, lost);
        rig_no_fates(r);
    }
    rig_expect_good(r);
}

/* The acks of the kernel's messages are lost: it retransmits a second later. */
static void with_lost_acks_a_reply_is_delivered_once(void **state)
{
    struct rig *r = *state;
    rig_fate(r, RIG_OUR_ACK, NULL, 0, 2, SIM_LOSE, 0);
    rig_fate(r, RIG_OUR_ACK, NULL, 3, 4, SIM_LOSE, 0);
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(twin_counts(r->twin)->steps, 1);
    assert_true(twin_counts(r->twin)->retransmissions >= 2);
    assert_int_equal(rig_link(r)->reorder_events,
                     0); /* the kernel's retransmissions are no duplicates */
    rig_expect_good(r);
}

static void a_lost_plus_is_retransmitted_before_the_next_request(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_fate(r, RIG_OUR_DATA, "+", 0, 3, SIM_LOSE, 0);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_step(r);
    assert_int_equal(twin_requests(r->twin), 3);
    rig_expect_good(r);
}

/* ---- delays before sending ---- */

static void our_plus_to_a_stop_waits_5_ms_until_the_path_is_proven(void **state)
{
    struct rig *r = *state;
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    uint64_t held = plus_after(r, "$s#73", 0) - sent_at(r, RIG_OUR_DATA, "$s#73", 0);
    assert_true(held >= 5 * SIM_MS && held < 7 * SIM_MS);
    rig_warm_up(r);
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    held = plus_after(r, "$s#73", 1) - sent_at(r, RIG_OUR_DATA, "$s#73", 1);
    assert_true(held < 3 * SIM_MS);
    rig_expect_good(r);
}

/* At the start of a session, too, a request waits until late duplicates of our last '+' expire. */
static void our_plus_to_a_read_is_not_delayed(void **state)
{
    struct rig *r = *state;
    for (unsigned i = 0; i < SEND_DELAY_CLEAN_EXCHANGES + 20; i++)
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
    for (unsigned i = 0; i + 1 < SEND_DELAY_CLEAN_EXCHANGES + 20; i++) {
        uint64_t sent = sent_at(r, RIG_OUR_DATA, "$" RIG_READ "#87", i);
        uint64_t next = sent_at(r, RIG_OUR_DATA, "$" RIG_READ "#87", i + 1);
        assert_true(plus_after(r, "$" RIG_READ "#87", i) - sent < 3 * SIM_MS);
        assert_true(next - sent < (i + 1 < SEND_DELAY_CLEAN_EXCHANGES ? 5 : 3) * SIM_MS);
    }
    rig_expect_good(r);
}

static void after_a_duplicate_everything_waits_20_ms(void **state)
{
    struct rig *r = *state;
    rig_warm_up(r);
    rig_fate(r, RIG_KERNEL_DATA, "$", 0, 1, SIM_TWICE, SIM_MS / 2);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    sim_run_for(r->w, SIM_MS);
    rig_step(r);
    size_t n = SEND_DELAY_CLEAN_EXCHANGES + 1;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_true(plus_after(r, "$s#73", 0) - sent_at(r, RIG_OUR_DATA, "$s#73", 0) >= 20 * SIM_MS);
    assert_true(plus_after(r, "$" RIG_READ "#87", n) -
                    sent_at(r, RIG_OUR_DATA, "$" RIG_READ "#87", n) >=
                20 * SIM_MS);
    rig_expect_good(r);
}

static void an_observed_lateness_over_20_ms_becomes_the_delay(void **state)
{
    struct rig *r = *state;
    rig_fate(r, RIG_KERNEL_DATA, "$", 0, 1, SIM_TWICE, 60 * SIM_MS);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_no_fates(r);
    sim_run_for(r->w, 100 * SIM_MS);
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_true(plus_after(r, "$s#73", 0) - sent_at(r, RIG_OUR_DATA, "$s#73", 0) >= 60 * SIM_MS);
    rig_expect_good(r);
}

/*
 * A '+' without the request's ack: the ack was lost or is late, or the '+' is for a duplicate. The
 * request is repeated on a path without losses so far, but not on one that loses or delays acks.
 */
static void a_plus_without_an_ack_is_trusted_after_the_first(void **state)
{
    struct rig *r = *state;
    rig_warm_up(r);
    for (int i = 0; i < 3; i++) {
        rig_fate(r, RIG_KERNEL_ACK, NULL, generation == TWIN_OLD ? 2 : 1, 2, SIM_LOSE, 0);
        rig_ask(r, "mffffffff80200004,1", "94");
        rig_no_fates(r);
        assert_int_equal(netgdb_target_stats(r->target)->asked_again, 1);
    }
    assert_int_equal(rig_link(r)->reorder_events, 0);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_step(r);
    rig_expect_good(r);
}

static void overlapping_writes_wait_and_others_do_not(void **state)
{
    struct rig *r = *state;
    rig_warm_up(r);
    rig_ask(r, "Mffffffff81000000,2:0102", "OK");
    rig_ask(r, "Mffffffff81000002,2:0304", "OK");
    rig_ask(r, "Mffffffff81000001,1:05", "OK");
    uint64_t first = sent_at(r, RIG_OUR_DATA, "$Mffffffff81000000,2:0102#61", 0);
    uint64_t beside = sent_at(r, RIG_OUR_DATA, "$Mffffffff81000002,2:0304#67", 0);
    uint64_t over = sent_at(r, RIG_OUR_DATA, "$Mffffffff81000001,1:05#03", 0);
    assert_true(beside - first < 5 * SIM_MS);
    assert_true(over - first >= LINK_LATENESS_PROVEN);
    rig_expect_good(r);
}

/* ---- silence ---- */

static void a_path_blocked_for_30_s_is_waited_for(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    sim_run_for(r->w, 100 * SIM_MS);
    rig_block(r, 30 * SIM_SECOND);
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(twin_counts(r->twin)->steps, 1);
    assert_int_equal(r->lines, 1); /* the warning */
    rig_expect_good(r);
}

static void silence_is_logged_at_12_s_and_ends_the_session_at_40_s(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    sim_run_for(r->w, 100 * SIM_MS);
    rig_block(r, 100 * SIM_SECOND);
    uint64_t start = sim_now(r->w);
    assert_int_equal(rig_try(r, "s"), NETGDB_LOST);
    uint64_t took = sim_now(r->w) - start;
    assert_true(took >= 40 * SIM_SECOND && took < 42 * SIM_SECOND);
    assert_int_equal(r->lines, 2);
    assert_false(netgdb_target_runs(r->target)); /* nothing is outstanding: */
    assert_int_equal(rig_try(r, "s"), NETGDB_LOST);
}

static void a_running_kernel_may_be_silent_for_ever(void **state)
{
    struct rig *r = *state;
    twin_machine(r->twin)->run_time = 5000 * SIM_SECOND;
    assert_int_equal(rig_try(r, "c"), 0);
    assert_true(buf_starts(&r->reply, "T05"));
    assert_int_equal(r->lines, 0);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_expect_good(r);
}

static void ctrl_c_is_never_sent_to_a_kernel(void **state)
{
    struct rig *r = *state;
    bool final;
    assert_int_equal(target_interrupt(r->target), NETGDB_UNSUPPORTED);
    twin_machine(r->twin)->run_time = SIM_SECOND;
    assert_int_equal(send_bytes(r->target, "c", 1), 0);
    sim_client_push(r->kernel->io, "\003", 1);
    assert_int_equal(target_recv(r->target, &r->reply, &final, IO_ON_CLIENT), NETGDB_AGAIN);
    assert_int_equal(target_interrupt(r->target), NETGDB_UNSUPPORTED);
    assert_int_equal(target_recv(r->target, &r->reply, &final, 0), 0);
    assert_true(final && buf_starts(&r->reply, "T05"));
    rig_expect_good(r);
}

static void a_flood_of_datagrams_of_other_hosts_changes_nothing(void **state)
{
    struct rig *r = *state;
    uint8_t bytes[64] = {0};
    bytes[3] = 9; /* an unknown type */
    for (unsigned i = 0; i < 400; i++)
        rig_peer_raw(r, bytes, 5 + i % 50);
    for (uint32_t i = 0; i < 50; i++)
        rig_peer_ack(r, 1000 + i);
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(rig_link(r)->counters.stray_acks, 50);
    assert_int_equal(rig_link(r)->counters.malformed, 400);
    rig_expect_good(r);
}

/* ---- delays ---- */

static bool reason_was_logged;

static void look_for_reason(void *context, enum log_level level, const char *line)
{
    (void)context;
    reason_was_logged |= level == LOG_DEBUG && strstr(line, "the '+' to 's' waits for ") != NULL &&
                         strstr(line, "ms: it must run exactly once") != NULL;
}

static void a_delay_is_counted_and_its_reason_logged(void **state)
{
    struct rig *r = *state;
    const struct netgdb_stats *stats = netgdb_target_stats(r->target);
    const struct log log = r->log;
    rig_warm_up(r);
    uint64_t acks = stats->delayed[NETGDB_DELAY_ACK].n, ns = stats->delayed[NETGDB_DELAY_ACK].ns;
    r->log.level = LOG_DEBUG;
    r->log.sink = look_for_reason;
    reason_was_logged = false;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(stats->delayed[NETGDB_DELAY_ACK].n, acks); /* reads are not delayed */
    rig_step(r);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    r->log = log;
    assert_int_equal(stats->delayed[NETGDB_DELAY_ACK].n, acks + 1);
    assert_true(stats->delayed[NETGDB_DELAY_ACK].ns > ns);
    assert_true(reason_was_logged);
    assert_int_equal(stats->delayed[NETGDB_DELAY_DUPLICATE].n, 0);
}

/* ---- detach ---- */

static void leave(struct rig *r)
{
    assert_int_equal(leave_with(r->target, "D", &r->reply), 0);
    assert_true(buf_is(&r->reply, "OK"));
}

static void d_detaches_the_kernel(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    leave(r);
    assert_int_equal(twin_counts(r->twin)->detaches, 1);
    assert_int_equal(twin_phase(r->twin), TWIN_DDB);
    assert_int_equal(r->lines, 0);
    rig_expect_good(r);
}

static void a_lost_last_plus_is_retransmitted(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(target_idle(r->target), 0);
    rig_fate(r, RIG_OUR_DATA, "+", 1, 4, SIM_LOSE, 0);
    leave(r);
    assert_int_equal(twin_counts(r->twin)->detaches, 1);
    rig_expect_good(r);
}

/* A kernel that received the last '+' has left and acknowledges no retransmission of it. */
static void a_lost_last_ack_is_not_reported(void **state)
{
    struct rig *r = *state;
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    unsigned before = generation == TWIN_OLD ? 4 : 2; /* acks of the '+' to the stop, and of D */
    rig_fate(r, RIG_KERNEL_ACK, NULL, before, TIMES_ALL, SIM_LOSE, 0);
    uint64_t start = sim_now(r->w);
    leave(r);
    assert_true(sim_now(r->w) - start < 4 * SIM_SECOND);
    assert_int_equal(twin_counts(r->twin)->detaches, 1);
    assert_int_equal(r->lines, 0);
}

#define BOTH(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, setup_old, teardown),                                    \
        cmocka_unit_test_setup_teardown(name, setup_new, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_session_alternates_plus_and_request),
        BOTH(a_request_is_one_data_or_refused),
        BOTH(long_replies_are_complete),
        BOTH(a_duplicated_request_runs_once_and_its_repeats_are_dropped),
        BOTH(a_lost_request_is_retransmitted_from_50_ms_on),
        BOTH(with_lost_acks_a_request_runs_once),
        BOTH(with_lost_acks_a_reply_is_delivered_once),
        BOTH(a_lost_plus_is_retransmitted_before_the_next_request),
        BOTH(our_plus_to_a_stop_waits_5_ms_until_the_path_is_proven),
        BOTH(our_plus_to_a_read_is_not_delayed),
        BOTH(after_a_duplicate_everything_waits_20_ms),
        BOTH(an_observed_lateness_over_20_ms_becomes_the_delay),
        BOTH(a_plus_without_an_ack_is_trusted_after_the_first),
        BOTH(overlapping_writes_wait_and_others_do_not),
        BOTH(a_path_blocked_for_30_s_is_waited_for),
        BOTH(silence_is_logged_at_12_s_and_ends_the_session_at_40_s),
        BOTH(a_running_kernel_may_be_silent_for_ever),
        BOTH(ctrl_c_is_never_sent_to_a_kernel),
        BOTH(a_flood_of_datagrams_of_other_hosts_changes_nothing),
        BOTH(a_delay_is_counted_and_its_reason_logged),
        BOTH(d_detaches_the_kernel),
        BOTH(a_lost_last_plus_is_retransmitted),
        BOTH(a_lost_last_ack_is_not_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
