/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The netgdb target on a network with late duplicates: for every lateness that it must survive,
 * both generations and every kind of request.
 */
#include "proto/kernel/netgdb_target.h"

#include <stdio.h>

#include "proto/err.h"
#include "proto/kernel/send_delay.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

#define WRITE "Mffffffff81000000,1:"

/* Checks the reply, or that the session ended with one line because a duplicate was blocked. */
static bool right_or_kept(struct rig *r, const char *request, const char *reply)
{
    if (rig_try(r, request) == NETGDB_LOST) {
        assert_int_equal(r->lines, 1);
        return false;
    }
    assert_true(reply == NULL || buf_is(&r->reply, reply));
    return true;
}

/*
 * Plays a session in which the network duplicates this datagram of ours, the duplicate `late` ns
 * late. On a path that has proven clean (`warm`), one later than LINK_LATENESS_PROVEN may end the
 * session.
 */
static void play_copy(const char *text, unsigned skip, uint64_t late, enum twin_generation g,
                      bool warm)
{
    struct rig *r = rig_new(g);
    rig_connect(r);
    if (warm)
        rig_warm_up(r);
    rig_fate(r, RIG_OUR_DATA, text, skip, 1, SIM_TWICE, late);
    bool goes_on = true;
    for (unsigned i = 1; i <= 3 && goes_on; i++) {
        goes_on = right_or_kept(r, "s", NULL);
        assert_int_equal(twin_counts(r->twin)->steps, goes_on ? i : i - 1);
        goes_on = goes_on && right_or_kept(r, RIG_READ, RIG_READ_REPLY);
        goes_on = goes_on && right_or_kept(r, "mffffffff80200004,1", "94");
    }
    assert_true(goes_on || (late > LINK_LATENESS_PROVEN && (warm || text[0] == '+')));
    assert_int_equal(twin_harm(r->twin), 0);
    rig_free(r);
}

static void a_duplicate_within_5_ms_never_steps_twice(void **state)
{
    (void)state;
    for (uint64_t late = 125 * SIM_US; late <= 5 * SIM_MS; late += 125 * SIM_US) {
        for (int i = 0; i < 4; i++) {
            play_copy("$s", 0, late, i % 2 == 0 ? TWIN_OLD : TWIN_NEW, i / 2 == 1);
            play_copy("+", 0, late, i % 2 == 0 ? TWIN_OLD : TWIN_NEW, i / 2 == 1);
            play_copy("+", 1, late, i % 2 == 0 ? TWIN_OLD : TWIN_NEW, i / 2 == 1);
        }
    }
}

/* Reads n bytes of the text, one by one, and frees the rig. */
static void read_different_bytes(struct rig *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char request[32], reply[3];
        snprintf(request, sizeof request, "mffffffff8020000%x,1", i);
        snprintf(reply, sizeof reply, "%02x", machine_text_byte(MACHINE_TEXT + i));
        rig_ask(r, request, reply);
    }
    assert_int_equal(twin_harm(r->twin), 0);
    rig_free(r);
}

/*
 * Plays reads with different replies, of which one request is duplicated on a clean path. The
 * datagram of this kind and text that follows `lost` others is lost.
 */
static void play_read_copy(uint64_t late, enum twin_generation g, enum rig_kind kind,
                           const char *text, unsigned lost)
{
    struct rig *r = rig_new(g);
    rig_connect(r);
    rig_warm_up(r);
    rig_fate(r, RIG_OUR_DATA, "$m", 1, 1, SIM_TWICE, late);
    rig_fate(r, kind, text, lost, 1, SIM_LOSE, 0);
    read_different_bytes(r, 6);
}

static void a_late_duplicate_on_a_clean_path_causes_no_wrong_reply(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 20 * SIM_US) {
        play_read_copy(late, TWIN_OLD, RIG_OTHER, NULL, 0);
        play_read_copy(late, TWIN_NEW, RIG_OTHER, NULL, 0);
    }
}

/* The same, with the loss of the '+' that precedes a request's, or its duplicate's, execution. */
static void a_lost_plus_for_a_late_duplicate_causes_no_wrong_reply(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 100 * SIM_US) {
        for (unsigned lost = 1; lost < 4; lost++) {
            play_read_copy(late, TWIN_OLD, RIG_KERNEL_DATA, "+", lost);
            play_read_copy(late, TWIN_NEW, RIG_KERNEL_DATA, "+", lost);
        }
    }
}

/* The same, with the loss of an ack: of the duplicated request, or of a later DATA. */
static void a_lost_ack_with_a_late_duplicate_causes_no_wrong_reply(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 100 * SIM_US) {
        play_read_copy(late, TWIN_NEW, RIG_KERNEL_ACK, NULL, 2);
        play_read_copy(late, TWIN_NEW, RIG_KERNEL_ACK, NULL, 3);
        play_read_copy(late, TWIN_OLD, RIG_KERNEL_ACK, NULL, 4);
        play_read_copy(late, TWIN_OLD, RIG_KERNEL_ACK, NULL, 6);
    }
}

/* Reads three bytes. The first read is duplicated, and an ack of the kernel is 1 ms late. */
static void play_overtaken_ack(uint64_t late, unsigned ack, enum twin_generation g)
{
    struct rig *r = rig_new(g);
    rig_connect(r);
    rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, late);
    rig_fate(r, RIG_KERNEL_ACK, NULL, ack, 1, SIM_ONCE, SIM_MS);
    read_different_bytes(r, 3);
}

static void an_overtaken_ack_of_a_late_duplicate_causes_no_wrong_reply(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 50 * SIM_US) {
        for (unsigned ack = 0; ack < 12; ack++) {
            play_overtaken_ack(late, ack, TWIN_OLD);
            play_overtaken_ack(late, ack, TWIN_NEW);
        }
    }
}

/* The same between two requests: the reply to the duplicate is dropped. */
static void a_late_duplicate_between_requests_does_not_end_the_session(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 50 * SIM_US) {
        struct rig *r = rig_new(late % (100 * SIM_US) == 0 ? TWIN_OLD : TWIN_NEW);
        rig_connect(r);
        rig_warm_up(r);
        rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, late);
        rig_ask(r, "mffffffff80200004,1", "94");
        for (unsigned i = 0; i < 10; i++) {
            sim_run_for(r->w, SIM_MS);
            assert_int_equal(target_idle(r->target), 0);
        }
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
        rig_step(r);
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
        assert_int_equal(twin_counts(r->twin)->steps, 1);
        assert_int_equal(r->lines, 0);
        assert_int_equal(twin_harm(r->twin), 0);
        rig_free(r);
    }
}

static void play_list_copy(uint64_t late, enum twin_generation g)
{
    struct twin_config config = twin_config(g);
    config.threads_a_reply = 1;
    struct rig *r = rig_new_twin(&config);
    rig_connect(r);
    rig_warm_up(r);
    rig_fate(r, RIG_OUR_DATA, "$qsThreadInfo", 1, 1, SIM_TWICE, late);
    rig_ask(r, "qfThreadInfo", "m186a1");
    static const char *const parts[] = {"m186a2", "m186a3", "m186a4", "m186a5", "l"};
    bool goes_on = true;
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0] && goes_on; i++)
        goes_on = right_or_kept(r, "qsThreadInfo", parts[i]);
    assert_true(goes_on || late > LINK_LATENESS_PROVEN);
    rig_free(r);
}

static void a_late_duplicate_does_not_advance_a_list(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 50 * SIM_US) {
        play_list_copy(late, TWIN_OLD);
        play_list_copy(late, TWIN_NEW);
    }
}

/* Two writes to the same address, the first one duplicated. */
static void play_write_copy(const char *first, const char *second, uint64_t late,
                            enum twin_generation g, bool warm)
{
    struct rig *r = rig_new(g);
    rig_connect(r);
    if (warm)
        rig_warm_up(r);
    char prefix[8] = "$";
    strncat(prefix, first, 1);
    rig_fate(r, RIG_OUR_DATA, prefix, 0, 1, SIM_TWICE, late);
    rig_ask(r, first, "OK");
    rig_ask(r, second, "OK");
    sim_run_for(r->w, 20 * SIM_MS);
    int rc = target_idle(r->target);
    assert_true(rc == 0 || (rc == NETGDB_LOST && late > LINK_LATENESS_PROVEN));
    if (rc == 0)
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_int_equal(twin_harm(r->twin), 0);
    rig_free(r);
}

static void a_late_duplicate_does_not_undo_a_later_write(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 125 * SIM_US) {
        for (int i = 0; i < 4; i++) {
            enum twin_generation g = i % 2 == 0 ? TWIN_OLD : TWIN_NEW;
            play_write_copy(WRITE "01", WRITE "02", late, g, i / 2 == 1);
            play_write_copy("P1=0000000000000001", "P1=0000000000000002", late, g, i / 2 == 1);
            play_write_copy("Hg186a2", "Hg186a3", late, g, i / 2 == 1);
        }
    }
}

/* A duplicate of a write arrives before a write to another address: it may run. */
static void a_late_duplicate_of_a_write_before_another_does_not_end_the_session(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 10 * SIM_US) {
        struct rig *r = rig_new(TWIN_NEW);
        rig_connect(r);
        rig_warm_up(r);
        rig_fate(r, RIG_OUR_DATA, "$M", 0, 1, SIM_TWICE, late);
        rig_ask(r, WRITE "01", "OK");
        rig_ask(r, "Mffffffff81000100,1:02", "OK");
        rig_ask(r, "Mffffffff81000200,1:03", "OK");
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
        assert_int_equal(r->lines, 0);
        assert_int_equal(twin_harm(r->twin), 0);
        rig_free(r);
    }
}

/* Returns the duration of a read after a path with one duplicate has been clean for a while. */
static uint64_t time_after_a_copy(bool loses)
{
    struct rig *r = rig_new(TWIN_NEW);
    rig_connect(r);
    rig_warm_up(r);
    if (loses)
        rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_LOSE, 0);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, SIM_MS);
    for (unsigned i = 0; i <= SEND_DELAY_CLEAN_EXCHANGES + 4; i++)
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
    assert_true(rig_link(r)->reorder_events != 0);
    uint64_t start = sim_now(r->w);
    rig_ask(r, RIG_READ, RIG_READ_REPLY);
    uint64_t time = sim_now(r->w) - start;
    rig_free(r);
    return time;
}

static void delays_end_on_a_path_that_duplicated_once_and_loses_nothing(void **state)
{
    (void)state;
    assert_true(time_after_a_copy(false) < 3 * SIM_MS);
    assert_true(time_after_a_copy(true) > 2 * LINK_LATENESS_SEEN);
}

/* A duplicate later than every delay must not run; the session ends with one line. */
static void play_very_late_copy(enum twin_generation g)
{
    struct rig *r = rig_new(g);
    rig_connect(r);
    rig_fate(r, RIG_OUR_DATA, "$s", 0, 1, SIM_TWICE, 5500 * SIM_US);
    rig_step(r);
    assert_int_equal(rig_try(r, RIG_READ), NETGDB_LOST);
    assert_int_equal(rig_try(r, RIG_READ), NETGDB_LOST);
    assert_int_equal(r->lines, 1);
    assert_non_null(strstr(r->line, "copy"));
    for (unsigned i = 0; i < 20; i++) {
        sim_run_for(r->w, SIM_SECOND);
        assert_int_equal(target_idle(r->target), NETGDB_LOST);
    }
    assert_int_equal(twin_counts(r->twin)->steps, 1);
    assert_int_equal(twin_counts(r->twin)->gave_up, 1);
    assert_int_equal(twin_counts(r->twin)->lost_by_silence, 1); /* ddb gets the step's trap */
    assert_int_equal(r->lines, 1);
    rig_free(r);
}

static void a_duplicate_later_than_the_lateness_is_not_executed(void **state)
{
    (void)state;
    play_very_late_copy(TWIN_OLD);
    play_very_late_copy(TWIN_NEW);
}

/* Whether the reply is this one, or the session ended in one line. */
static bool right_or_over(struct rig *r, const char *request, const char *reply)
{
    int rc = rig_try(r, request);
    if (rc == NETGDB_LOST) {
        assert_int_equal(r->lines, 1);
        assert_non_null(strstr(r->line, "copy"));
        return false;
    }
    assert_int_equal(rc, 0);
    if (memcmp(r->reply.data, reply, strlen(reply)) != 0)
        fail_msg("%s was answered by %.*s", request, (int)r->reply.len, (char *)r->reply.data);
    return true;
}

/*
 * A duplicate of `request` arrives later than every delay, while `next` waits for its '+'. The
 * kernel's '+' is for the duplicate: it must not be mistaken for that of `next`, and the duplicate
 * must not run.
 */
static void play_copy_in_front(const char *request, const char *reply, const char *next,
                               const char *next_reply, uint64_t late, enum twin_generation g)
{
    struct rig *r = rig_new(g);
    enum netgdb_peer peer;
    char first[64];
    rig_connect(r);
    assert_int_equal(netgdb_target_identify(r->target, &peer), 0);
    snprintf(first, sizeof first, "$%s", request);
    rig_fate(r, RIG_OUR_DATA, first, 0, 1, SIM_TWICE, late);
    bool over = !right_or_over(r, request, reply);
    for (unsigned i = 0; i < 4 && !over; i++)
        over =
            !right_or_over(r, next, next_reply) || !right_or_over(r, "mffffffff80200004,1", "94");
    sim_run_for(r->w, 60 * SIM_SECOND);
    assert_true(twin_counts(r->twin)->steps <= 4 + (request[0] == 's'));
    assert_int_equal(twin_harm(r->twin), 0);
    assert_true(r->lines <= 1);
    rig_free(r);
}

static void a_plus_for_a_late_duplicate_is_not_mistaken_for_another(void **state)
{
    (void)state;
    for (uint64_t late = 5 * SIM_MS; late <= 40 * SIM_MS; late += 110 * SIM_US) {
        for (int i = 0; i < 2; i++) {
            enum twin_generation g = i == 0 ? TWIN_OLD : TWIN_NEW;
            play_copy_in_front("?", "T05", "s", "T05", late, g);
            play_copy_in_front("s", "T05", RIG_READ, RIG_READ_REPLY, late, g);
            play_copy_in_front("Hg186a2", "OK", RIG_READ, RIG_READ_REPLY, late, g);
            play_copy_in_front("qC", "QC", WRITE "01", "OK", late, g);
            play_copy_in_front("p10", "", RIG_READ, RIG_READ_REPLY, late, g);
        }
    }
}

/* A late duplicate of a harmless request before another one repeats a request at most. */
static void a_late_duplicate_of_a_read_before_a_read_does_not_end_the_session(void **state)
{
    unsigned long asked_again = 0;
    (void)state;
    for (uint64_t late = 5 * SIM_MS; late <= 40 * SIM_MS; late += 70 * SIM_US) {
        struct rig *r = rig_new(TWIN_NEW);
        rig_connect(r);
        rig_fate(r, RIG_OUR_DATA, "$m", 0, 1, SIM_TWICE, late);
        rig_ask(r, RIG_READ, RIG_READ_REPLY);
        for (unsigned i = 0; i < 5; i++)
            rig_ask(r, "mffffffff80200004,1", "94");
        asked_again += (unsigned long)netgdb_target_stats(r->target)->asked_again;
        assert_int_equal(r->lines, 0);
        rig_free(r);
    }
    assert_in_range(asked_again, 1, 100);
}

/*
 * The acks that would reveal the duplicate are lost; the form of the reply reveals it. Returns how
 * often the request was repeated; *over: how often the session ended.
 */
static unsigned long play_form(const char *request, unsigned *over)
{
    unsigned long asked_again = 0;
    for (uint64_t late = SIM_MS; late <= 12 * SIM_MS; late += 20 * SIM_US) {
        struct rig *r = rig_new(TWIN_NEW);
        enum netgdb_peer peer;
        char first[8];
        rig_connect(r);
        assert_int_equal(netgdb_target_identify(r->target, &peer), 0);
        snprintf(first, sizeof first, "$%s", request);
        rig_fate(r, RIG_OUR_DATA, first, 0, 1, SIM_TWICE, late);
        rig_fate(r, RIG_KERNEL_ACK, NULL, 3, 2, SIM_LOSE, 0);
        assert_int_equal(rig_try(r, request), 0);
        *over += !right_or_over(r, RIG_READ, RIG_READ_REPLY);
        asked_again += (unsigned long)netgdb_target_stats(r->target)->asked_again;
        rig_free(r);
    }
    return asked_again;
}

static void a_reply_of_another_form_reveals_a_duplicate(void **state)
{
    unsigned over = 0;
    (void)state;
    assert_in_range(play_form("p10", &over), 1, 100);
    over = 0;
    assert_int_equal(play_form("s", &over), 0);
    assert_in_range(over, 1, 100);
}

static void a_duplicated_d_detaches_once(void **state)
{
    (void)state;
    for (uint64_t late = 0; late <= 5 * SIM_MS; late += 250 * SIM_US) {
        for (int i = 0; i < 2; i++) {
            struct rig *r = rig_new(i == 0 ? TWIN_OLD : TWIN_NEW);
            rig_connect(r);
            rig_ask(r, RIG_READ, RIG_READ_REPLY);
            rig_fate(r, RIG_OUR_DATA, "$D", 0, 1, SIM_TWICE, late);
            assert_int_equal(leave_with(r->target, "D", &r->reply), 0);
            sim_run_for(r->w, SIM_SECOND);
            assert_int_equal(twin_counts(r->twin)->detaches, 1);
            rig_expect_good(r);
            rig_free(r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duplicate_within_5_ms_never_steps_twice),
        cmocka_unit_test(a_late_duplicate_on_a_clean_path_causes_no_wrong_reply),
        cmocka_unit_test(a_lost_plus_for_a_late_duplicate_causes_no_wrong_reply),
        cmocka_unit_test(a_lost_ack_with_a_late_duplicate_causes_no_wrong_reply),
        cmocka_unit_test(an_overtaken_ack_of_a_late_duplicate_causes_no_wrong_reply),
        cmocka_unit_test(a_late_duplicate_between_requests_does_not_end_the_session),
        cmocka_unit_test(a_late_duplicate_does_not_advance_a_list),
        cmocka_unit_test(a_late_duplicate_does_not_undo_a_later_write),
        cmocka_unit_test(a_late_duplicate_of_a_write_before_another_does_not_end_the_session),
        cmocka_unit_test(delays_end_on_a_path_that_duplicated_once_and_loses_nothing),
        cmocka_unit_test(a_plus_for_a_late_duplicate_is_not_mistaken_for_another),
        cmocka_unit_test(a_late_duplicate_of_a_read_before_a_read_does_not_end_the_session),
        cmocka_unit_test(a_reply_of_another_form_reveals_a_duplicate),
        cmocka_unit_test(a_duplicated_d_detaches_once),
        cmocka_unit_test(a_duplicate_later_than_the_lateness_is_not_executed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
