/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The end of the twin's sessions, new sessions, and its counters of requests executed twice.
 */
#include "tests/sim/sim_unit.h"

#include <stdlib.h>

#include "proto/link/wire.h"
#include "tests/sim/raw.h"

#define DATA "ffffffff81000000"

enum { KERNEL = 0x0a000002 };

static void finished_loses_the_panic_on_old(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_OLD);
    raw_message(r, WIRE_FINISHED, r->seqno, 0, "", 0);
    raw_run(r, 5 * SIM_MS);
    assert_int_equal(r->acks, 1);
    assert_int_equal(twin_counts(r->t)->resumed_by_ctrl_c, 1);
    assert_int_equal(twin_phase(r->t), TWIN_GONE);
    raw_free(r);
}

static void finished_ends_the_session_of_new_at_its_next_send(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    raw_message(r, WIRE_FINISHED, r->seqno, 0, "", 0);
    raw_run(r, SIM_SECOND);
    assert_int_equal(r->acks, 0);
    assert_int_equal(twin_phase(r->t), TWIN_WAITING);
    raw_say(r, "$qC#b4");
    raw_run(r, 5 * SIM_MS);
    assert_int_equal(r->acks, 1);
    assert_int_equal(r->messages, 0);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    assert_int_equal(twin_harm(r->t), 0);
    raw_free(r);
}

static void finished_inside_a_send_ends_it_at_once(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        r->silent = true;
        raw_say(r, "$s#73");
        raw_run(r, SIM_MS);
        raw_message(r, WIRE_FINISHED, r->seqno, 0, "", 0);
        raw_run(r, SIM_MS);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        assert_int_equal(twin_counts(r->t)->steps, 0);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void finished_in_no_ack_mode_lets_new_execute_one_more_request(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    raw_ask(r, "QStartNoAckMode");
    raw_message(r, WIRE_FINISHED, r->seqno, 0, "", 0);
    raw_say(r, "$M" DATA ",1:77#00");
    raw_run(r, 5 * SIM_MS);
    assert_int_equal(twin_counts(r->t)->writes, 1);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    raw_free(r);
}

static void a_session_continues_from_a_new_socket_on_the_same_port(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint16_t port = sim_session_port(r->io);
        raw_say(r, "$s#73");
        raw_run(r, 500 * SIM_US);
        sim_session_close(r->io); /* killed while a reply was in flight */
        sim_run_for(r->w, 5 * SIM_SECOND);
        assert_int_equal(twin_phase(r->t), TWIN_SENDING);
        r->io = sim_session(r->w, KERNEL, port);
        raw_run(r, 2 * SIM_SECOND);
        raw_forget(r);
        raw_say(r, ""); /* alive? */
        raw_say(r, "+");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 4 : 2);
        assert_string_equal(raw_ask(r, "?"), "T05thread:186a1;");
        assert_int_equal(twin_counts(r->t)->steps, 1);
        raw_ask(r, "c"); /* ddb would ignore the step */
        raw_say(r, "$D#44");
        raw_run(r, 5 * SIM_MS);
        raw_say(r, "+");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        raw_free(r);
    }
}

static void a_reboot_clears_all_state_and_heralds_with_seqno_1(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint64_t now = sim_now(r->w);
        raw_ask(r, "M" DATA ",1:77");
        twin_reboot(r->t, now + SIM_SECOND, now + 3 * SIM_SECOND);
        raw_run(r, 2 * SIM_SECOND);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        raw_run(r, 2 * SIM_SECOND);
        assert_int_equal(twin_phase(r->t), TWIN_HERALD);
        assert_int_equal(twin_seqno(r->t), 1);
        assert_int_equal(twin_session_port(r->t), 0);
        assert_int_equal(machine_changed(twin_machine(r->t), MACHINE_DATA), 0);
        struct sim_datagram *d = sim_herald_recv(r->w);
        assert_non_null(d);
        assert_int_equal(d->from.port, 20026);
        free(d);
        raw_free(r);
    }
}

static void a_reboot_without_a_herald_is_silence(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    twin_machine(r->t)->run_time = SIM_NEVER;
    raw_say(r, "$c#63");
    raw_run(r, 5 * SIM_MS);
    twin_reboot(r->t, sim_now(r->w), SIM_NEVER);
    raw_forget(r);
    raw_run(r, 60 * SIM_SECOND);
    assert_int_equal(r->messages, 0);
    assert_int_equal(twin_phase(r->t), TWIN_DDB);
    assert_null(sim_herald_recv(r->w));
    raw_free(r);
}

static void a_new_session_can_follow_at_once(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_say(r, "$k#6b");
        raw_run(r, 5 * SIM_MS);
        r->heard_seqno = 0;
        raw_until_stop(r);
        raw_say(r, "+");
        raw_run(r, SIM_MS);
        assert_string_equal(raw_ask(r, "qC"), "QC186a1");
        assert_int_equal(twin_counts(r->t)->sessions, 2);
        raw_free(r);
    }
}

static void datagrams_in_the_nic_are_dropped_unless_configured(void **state)
{
    (void)state;
    BOTH(g)
    {
        for (int survives = 0; survives < 2; survives++) {
            struct twin_config config = twin_config(g);
            config.ring_survives = survives;
            struct raw *r = raw_new(&config);
            r->io = sim_session(r->w, KERNEL, 0);
            raw_ack(r, 1); /* arrives at a kernel at db> */
            raw_run(r, SIM_MS);
            twin_netgdb(r->t);
            raw_run(r, 5 * SIM_MS);
            assert_int_equal(twin_counts(r->t)->sessions, survives);
            raw_free(r);
        }
    }
}

/* Sends a request, and repeats its datagram after the '+' to its reply. */
static void ask_and_remember(struct raw *r, const char *request, uint32_t *seqno)
{
    *seqno = r->seqno;
    raw_ask(r, request);
}

static void run_late_duplicate(struct raw *r, uint32_t seqno, const char *request)
{
    raw_repeat(r, seqno, raw_frame(request));
    raw_run(r, 10 * SIM_MS);
    raw_say(r, "+");
    raw_run(r, SIM_MS);
}

static void a_late_write_that_undoes_a_later_one_is_counted(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint32_t seqno;
        ask_and_remember(r, "M" DATA ",2:1111", &seqno);
        run_late_duplicate(r, seqno, "M" DATA ",2:1111");
        assert_int_equal(twin_counts(r->t)->repeated, 1);
        run_late_duplicate(r, seqno, "M" DATA ",2:1111");
        assert_int_equal(twin_counts(r->t)->repeated, 2);
        assert_int_equal(twin_counts(r->t)->undone, 0); /* the same bytes again do no harm */
        raw_ask(r, "Mffffffff81000001,1:22");
        run_late_duplicate(r, seqno, "M" DATA ",2:1111");
        assert_int_equal(twin_counts(r->t)->undone, 1);
        raw_ask(r, "M" DATA ",2:1111"); /* the same bytes in a new message are a new write */
        assert_int_equal(twin_counts(r->t)->repeated, 3);
        assert_int_equal(twin_harm(r->t), 1);
        raw_free(r);
    }
}

static void program_writes(struct machine *m, void *context)
{
    machine_write(m, MACHINE_DATA, context, 1);
}

static void a_late_write_that_undoes_the_program_is_counted(void **state)
{
    static uint8_t value = 0x99;
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint32_t seqno;
        twin_machine(r->t)->on_run = program_writes;
        twin_machine(r->t)->context = &value;
        ask_and_remember(r, "M" DATA ",1:11", &seqno);
        raw_ask(r, "c");
        assert_string_equal(raw_ask(r, "m" DATA ",1"), "99");
        run_late_duplicate(r, seqno, "M" DATA ",1:11");
        assert_int_equal(twin_counts(r->t)->undone, 1);
        raw_free(r);
    }
}

static void late_register_thread_and_watchpoint_requests_are_counted(void **state)
{
    uint32_t p, h, z;
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    ask_and_remember(r, "P1=1111111111111111", &p);
    ask_and_remember(r, "Hg186a2", &h);
    ask_and_remember(r, "Z2," DATA ",4", &z);
    run_late_duplicate(r, p, "P1=1111111111111111"); /* for another thread: no change is undone */
    raw_ask(r, "Hg186a1");
    raw_ask(r, "P1=2222222222222222");
    raw_ask(r, "z2," DATA ",4");
    assert_int_equal(twin_harm(r->t), 0);
    run_late_duplicate(r, p, "P1=1111111111111111");
    assert_int_equal(twin_counts(r->t)->undone_registers, 1);
    run_late_duplicate(r, h, "Hg186a2");
    assert_int_equal(twin_counts(r->t)->undone_threads, 1);
    run_late_duplicate(r, z, "Z2," DATA ",4");
    assert_int_equal(twin_counts(r->t)->undone_points, 1);
    assert_int_equal(twin_harm(r->t), 3);
    raw_free(r);
}

/* A new session on the same port as the previous one, up to its first request. */
static void begin_again(struct raw *r)
{
    uint16_t port = sim_session_port(r->io);
    sim_session_close(r->io);
    twin_netgdb(r->t);
    sim_run_for(r->w, SIM_MS);
    free(sim_herald_recv(r->w));
    r->io = sim_session(r->w, KERNEL, port);
    r->heard_seqno = 0;
    r->seqno = 1;
    raw_ack(r, 1);
    raw_run(r, 10 * SIM_MS);
    raw_say(r, "+");
    raw_run(r, SIM_MS);
}

static void similar_requests_are_no_duplicates(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_ask(r, "s");
        raw_ask(r, "s");            /* the same request in another message */
        raw_say(r, "$s#73+$s#73+"); /* twice in one message */
        raw_run(r, 20 * SIM_MS);
        raw_ask(r, "c"); /* ddb would ignore the step */
        raw_say(r, "$k#6b");
        raw_run(r, 5 * SIM_MS);
        begin_again(r);
        raw_ask(r, "s"); /* the same message in another session */
        assert_int_equal(twin_counts(r->t)->steps, 5);
        assert_int_equal(twin_request(r->t, 0)->seqno, twin_last(r->t, "s")->seqno);
        assert_int_equal(twin_counts(r->t)->repeated, 0);
        assert_int_equal(twin_harm(r->t), 0);
        raw_free(r);
    }
}

static void a_late_thread_selection_without_effect_does_no_harm(void **state)
{
    uint32_t seqno;
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    ask_and_remember(r, "Hg186a2", &seqno);
    raw_ask(r, "Hg186a1");
    raw_ask(r, "Hg186a2");
    run_late_duplicate(r, seqno, "Hg186a2");
    assert_int_equal(twin_counts(r->t)->repeated, 1);
    assert_int_equal(twin_harm(r->t), 0);
    raw_free(r);
}

static enum sim_fate twice(void *context, const struct sim_datagram *d, uint64_t *late)
{
    bool chosen = d->id == *(const uint64_t *)context;
    *late = chosen ? 5 * SIM_MS : 0;
    return chosen ? SIM_TWICE : SIM_DEFAULT;
}

static void each_request_is_traced_to_its_datagram(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint64_t id = sim_send(r->w, (struct sim_addr){1, 1}, (struct sim_addr){1, 1}, "", 0) + 1;
        sim_set_judge(r->w, twice, &id);
        raw_say(r, "$qC#b4");
        raw_run(r, 3 * SIM_MS);
        raw_say(r, "+"); /* before the late duplicate */
        raw_run(r, 20 * SIM_MS);
        raw_say(r, "+");
        raw_run(r, SIM_MS);
        raw_ask(r, "?");
        assert_int_equal(twin_requests(r->t), 3);
        const struct twin_request *first = twin_request(r->t, 0), *late = twin_request(r->t, 1);
        assert_string_equal((const char *)first->text, "qC");
        assert_int_equal(first->datagram, id);
        assert_int_equal(first->copy, 0);
        assert_false(first->repeat);
        assert_int_equal(late->datagram, id);
        assert_int_equal(late->copy, 1);
        assert_true(late->repeat);
        assert_in_range(late->time - first->time, 4 * SIM_MS, 6 * SIM_MS);
        assert_int_equal(twin_last(r->t, "?")->copy, 0);
        assert_ptr_equal(twin_last(r->t, "qC"), late);
        assert_null(twin_last(r->t, "m"));
        raw_free(r);
    }
}

static uint64_t trace_of(uint64_t seed, enum twin_generation g)
{
    struct sim_world *w = sim_unit_world(seed);
    struct twin_config config = twin_config(g);
    struct twin *t = twin_new(w, &config);
    struct sim_path *path = sim_path(w, KERNEL, SIM_TO_KERNEL);
    uint8_t ack[4] = {0, 0, 0, 1};
    path->loss = path->duplicate = path->reorder = 0.2;
    *sim_path(w, KERNEL, SIM_TO_SERVER) = *path;
    twin_netgdb(t);
    struct io *io = sim_session(w, KERNEL, 40000);
    for (uint32_t i = 1; i < 40; i++) {
        ack[3] = (uint8_t)(i / 4);
        io_send(io, IO_TARGET, &(struct io_msg){.data = ack, .len = 4}, 1);
        (void)io_wait(io, io_now(io) + 50 * SIM_MS, 0);
    }
    uint64_t hash = sim_trace_hash(w);
    twin_free(t);
    sim_world_free(w);
    return hash;
}

static void the_same_seed_gives_the_same_trace(void **state)
{
    (void)state;
    BOTH(g)
    {
        assert_true(trace_of(7, g) == trace_of(7, g));
        assert_true(trace_of(7, g) != trace_of(8, g));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finished_loses_the_panic_on_old),
        cmocka_unit_test(finished_ends_the_session_of_new_at_its_next_send),
        cmocka_unit_test(finished_inside_a_send_ends_it_at_once),
        cmocka_unit_test(finished_in_no_ack_mode_lets_new_execute_one_more_request),
        cmocka_unit_test(a_session_continues_from_a_new_socket_on_the_same_port),
        cmocka_unit_test(a_reboot_clears_all_state_and_heralds_with_seqno_1),
        cmocka_unit_test(a_reboot_without_a_herald_is_silence),
        cmocka_unit_test(a_new_session_can_follow_at_once),
        cmocka_unit_test(datagrams_in_the_nic_are_dropped_unless_configured),
        cmocka_unit_test(a_late_write_that_undoes_a_later_one_is_counted),
        cmocka_unit_test(a_late_write_that_undoes_the_program_is_counted),
        cmocka_unit_test(late_register_thread_and_watchpoint_requests_are_counted),
        cmocka_unit_test(similar_requests_are_no_duplicates),
        cmocka_unit_test(a_late_thread_selection_without_effect_does_no_harm),
        cmocka_unit_test(each_request_is_traced_to_its_datagram),
        cmocka_unit_test(the_same_seed_gives_the_same_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
