/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The twin's transport: handshake, sending, giving up and receiving, for both generations, with
 * hand-written datagrams.
 */
#include "tests/sim/sim_unit.h"

#include <stdlib.h>

#include "proto/link/wire.h"
#include "tests/sim/raw.h"

#define DATA "ffffffff81000000"

enum { KERNEL = 0x0a000002 };

/* 2001 polls of 0.5 ms, and the time from a burst to its first poll. */
static const uint64_t retry = 1000500 * SIM_US + 20 * SIM_US;

static struct raw *at_ddb(enum twin_generation g)
{
    struct twin_config config = twin_config(g);
    return raw_new(&config);
}

static void the_herald_has_a_kernels_bytes(void **state)
{
    static const uint8_t herald[] = {0, 0, 0, 1, 0, 0, 0, 1, 0,    0,    0,    0,
                                     0, 0, 0, 0, 0, 0, 0, 0, 0x25, 0x15, 0xf0, 0x95};
    (void)state;
    BOTH(g)
    {
        struct raw *r = at_ddb(g);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        twin_netgdb(r->t);
        sim_run_for(r->w, SIM_MS);
        struct sim_datagram *d = sim_herald_recv(r->w);
        assert_non_null(d);
        assert_int_equal(d->from.ip, KERNEL);
        assert_int_equal(d->from.port, 20026);
        assert_int_equal(d->to.port, 20025);
        assert_int_equal(d->len, sizeof herald);
        assert_memory_equal(d->data, herald, sizeof herald);
        free(d);
        raw_free(r);
    }
}

static void an_unanswered_herald_is_sent_12_times(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = at_ddb(g);
        uint64_t start = sim_now(r->w), last = 0;
        unsigned n = 0;
        twin_netgdb(r->t);
        while (twin_phase(r->t) == TWIN_HERALD && sim_step(r->w)) {
            struct sim_datagram *d = sim_herald_recv(r->w);
            if (d == NULL)
                continue;
            n++;
            if (last != 0)
                assert_int_equal(sim_now(r->w) - last, retry);
            last = sim_now(r->w);
            free(d);
        }
        assert_int_equal(n, 12);
        assert_int_equal(sim_now(r->w) - start, 12 * retry);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        assert_int_equal(twin_counts(r->t)->gave_up, 1);
        twin_netgdb(r->t); /* can be typed again at once */
        assert_int_equal(twin_seqno(r->t), 1);
        raw_free(r);
    }
}

static void the_first_4_bytes_fix_the_session_port(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = at_ddb(g);
        raw_herald(r);
        uint16_t port = sim_session_port(r->io);
        raw_ack(r, 0); /* with any value */
        raw_run(r, SIM_MS);
        assert_int_equal(twin_session_port(r->t), port);
        assert_int_equal(twin_phase(r->t), TWIN_HERALD);
        struct io *other = sim_session(r->w, KERNEL, 0);
        struct io *first = r->io;
        r->io = other;
        raw_ack(r, 1); /* acks from other ports count, and the session port does not change */
        raw_run(r, 2 * SIM_MS);
        assert_int_equal(twin_session_port(r->t), port);
        assert_int_equal(twin_phase(r->t), TWIN_SENDING);
        assert_int_equal(r->messages, 0);
        r->io = first;
        raw_run(r, SIM_MS);
        assert_int_equal(r->data[0].seqno, 2);
        raw_free(r);
    }
}

static void a_retransmitted_herald_goes_to_the_session_port(void **state)
{
    (void)state;
    struct raw *r = at_ddb(TWIN_NEW);
    raw_herald(r);
    raw_ack(r, 0);
    assert_int_equal(io_wait(r->io, sim_now(r->w) + 2 * retry, IO_ON_TARGET), IO_ON_TARGET);
    assert_null(sim_herald_recv(r->w));
    raw_free(r);
}

static void the_stop_is_seqno_2_and_waits_for_ever(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = at_ddb(g);
        raw_until_stop(r);
        assert_int_equal(r->messages, 1);
        assert_int_equal(r->data[0].seqno, 2);
        assert_int_equal(r->data[0].offset, 0);
        assert_int_equal(r->data[0].total, r->data[0].len);
        assert_int_equal(raw_heard(r)[0], '$');
        raw_run(r, 3600 * SIM_SECOND);
        assert_int_equal(r->messages, 1);
        assert_int_equal(twin_phase(r->t), TWIN_WAITING);
        raw_free(r);
    }
}

static void data_is_acked_twice_by_old_and_once_by_new(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint32_t seqno = raw_say(r, "$qC#b4");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 2 : 1);
        assert_int_equal(r->acked[0], seqno);
        assert_int_equal(r->acked[r->acks - 1], seqno);
        assert_string_equal(raw_heard(r), "+$QC186a1#c5");
        assert_int_equal(r->data[0].total, 1);
        raw_free(r);
    }
}

static void an_empty_data_is_acked_and_has_no_effect(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint64_t sent = sim_now(r->w);
        raw_say(r, "");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 2 : 1);
        assert_int_equal(r->messages, 0);
        assert_int_equal(r->ack_time - sent, 2 * 50 * SIM_US + 20 * SIM_US); /* idle: at once */
        raw_forget(r);
        r->silent = true;
        raw_say(r, "$qC#b4");
        raw_run(r, 10 * SIM_MS);
        raw_forget(r);
        sent = sim_now(r->w);
        raw_say(r, ""); /* inside a send: at its next poll */
        raw_run(r, 5 * SIM_MS);
        assert_in_range(r->ack_time - sent, 100 * SIM_US, 600 * SIM_US);
        raw_free(r);
    }
}

static void it_does_not_poll_while_the_program_runs(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        twin_machine(r->t)->run_time = SIM_NEVER;
        raw_say(r, "$c#63");
        raw_run(r, 5 * SIM_MS);
        raw_forget(r);
        for (int i = 0; i < 300; i++)
            raw_say(r, "");
        raw_run(r, 60 * SIM_SECOND);
        assert_int_equal(r->acks, 0);
        assert_int_equal(twin_counts(r->t)->ring_lost, 300 - 256);
        twin_stop(r->t);
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(r->acks, 256 * (g == TWIN_OLD ? 2 : 1));
        assert_int_equal(r->data[0].seqno, 4); /* T: the next seqno of the same session */
        raw_free(r);
    }
}

static void a_send_costs_a_millisecond(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_say(r, "$qC#b4");
        raw_run(r, 10 * SIM_MS);
        assert_int_equal(r->messages, 2);
        assert_in_range(r->data[1].time - r->data[0].time, SIM_MS, 11 * SIM_MS / 10);
        raw_free(r);
    }
}

static void an_unacked_message_is_sent_12_times_and_given_up_silently(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        r->silent = true;
        raw_say(r, "$qC#b4");
        raw_run(r, 20 * SIM_SECOND);
        assert_int_equal(r->messages, 12);
        for (unsigned i = 1; i < 12; i++)
            assert_int_equal(r->data[i].time - r->data[i - 1].time, retry);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        assert_int_equal(twin_counts(r->t)->gave_up, 1);
        assert_int_equal(twin_requests(r->t), 0); /* its '+' was not acked: not executed */
        raw_forget(r);
        raw_say(r, "");
        raw_run(r, SIM_SECOND);
        assert_int_equal(r->acks, 0);
        raw_free(r);
    }
}

/* A session at MTU 576 in which `g` (844 bytes) was requested and its '+' acked. */
static struct raw *in_a_reply_of_two_chunks(enum twin_generation g)
{
    struct twin_config config = twin_config(g);
    config.mtu = 576;
    struct raw *r = raw_session_of(&config);
    raw_say(r, "$g#67");
    raw_run(r, SIM_MS);
    assert_int_equal(r->messages, 1);
    r->silent = true;
    raw_forget(r);
    raw_run(r, SIM_MS);
    assert_int_equal(r->messages, 2);
    return r;
}

static void a_long_reply_comes_in_chunks_of_mtu_less_52(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = in_a_reply_of_two_chunks(g);
        assert_int_equal(r->data[0].time, r->data[1].time); /* one burst */
        assert_int_equal(r->data[0].len, 524);
        assert_int_equal(r->data[1].len, 844 - 524);
        assert_int_equal(r->data[0].offset, 0);
        assert_int_equal(r->data[1].offset, 524);
        assert_int_equal(r->data[1].seqno, r->data[0].seqno + 1);
        assert_int_equal(r->data[1].total, 844);
        raw_free(r);
    }
}

static void only_unacked_chunks_are_retransmitted(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = in_a_reply_of_two_chunks(g);
        uint32_t first = r->data[0].seqno;
        raw_ack(r, first);
        raw_ack(r, first);          /* again: ignored */
        raw_ack(r, first - 1);      /* below the window: ignored */
        raw_ack(r, first + 64 + 5); /* too far ahead: ignored */
        raw_forget(r);
        raw_run(r, 3 * retry);
        assert_in_range(r->messages, 2, 3);
        assert_int_equal(r->data[0].seqno, first + 1);
        assert_int_equal(r->data[1].seqno, first + 1);
        raw_ack(r, first + 1);
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_phase(r->t), TWIN_WAITING);
        assert_int_equal(twin_seqno(r->t), first + 2);
        assert_int_equal(twin_counts(r->t)->poisoned, 0);
        raw_free(r);
    }
}

static void an_ack_for_a_chunk_not_sent_ends_the_session(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = in_a_reply_of_two_chunks(g);
        uint64_t begun = r->data[0].time;
        raw_ack(r, r->data[1].seqno + 1);
        raw_ack(r, r->data[0].seqno);
        raw_ack(r, r->data[1].seqno);
        while (twin_phase(r->t) == TWIN_SENDING)
            raw_run(r, SIM_MS);
        assert_in_range(sim_now(r->w) - begun, 12 * retry - SIM_MS, 12 * retry + SIM_MS);
        assert_int_equal(twin_phase(r->t), TWIN_DDB);
        assert_int_equal(twin_counts(r->t)->poisoned, 1);
        assert_int_equal(twin_counts(r->t)->gave_up, 1);
        raw_free(r);
    }
}

static void acks_outside_a_send_have_no_effect(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        for (uint32_t i = 0; i < 8; i++)
            raw_ack(r, twin_seqno(r->t) + i);
        raw_run(r, SIM_MS);
        assert_string_equal(raw_ask(r, "qC"), "QC186a1");
        assert_int_equal(twin_counts(r->t)->poisoned, 0);
        raw_free(r);
    }
}

/* Fills the buffer with '+' except for one byte, while the kernel waits for the ack of its '+'. */
static void fill_buffer(struct raw *r)
{
    static uint8_t plus[1368];
    memset(plus, '+', sizeof plus);
    r->silent = true;
    raw_say(r, "$qC#b4");
    raw_run(r, SIM_MS);
    assert_int_equal(twin_phase(r->t), TWIN_SENDING);
    for (int i = 0; i < 3; i++)
        raw_say_bytes(r, plus, sizeof plus);
    raw_run(r, SIM_MS);
    assert_int_equal(twin_buffered(r->t), 4110); /* the request is still in it */
    raw_forget(r);
}

static void a_full_buffer_loses_on_old_and_refuses_on_new(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        fill_buffer(r);
        raw_say(r, ""); /* an empty DATA always fits */
        raw_run(r, SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 2 : 1);
        raw_forget(r);
        raw_say(r, "++");
        raw_run(r, SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 1 : 0);
        assert_int_equal(twin_counts(r->t)->full_lost, g == TWIN_OLD);
        raw_forget(r);
        raw_say(r, "+"); /* fits exactly */
        raw_run(r, SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 2 : 1);
        assert_int_equal(twin_buffered(r->t), 4111);
        assert_int_equal(twin_counts(r->t)->full_refused, g == TWIN_NEW);
        raw_free(r);
    }
}

static void data_refused_by_new_can_be_retransmitted(void **state)
{
    (void)state;
    struct raw *r = raw_session(TWIN_NEW);
    fill_buffer(r);
    uint32_t seqno = raw_say(r, "$qC#b4");
    raw_run(r, SIM_MS);
    assert_int_equal(twin_counts(r->t)->full_refused, 1);
    r->silent = false;
    raw_ack(r, twin_seqno(r->t));
    raw_run(r, 10 * SIM_MS); /* the kernel executes the request and reads all '+' */
    assert_int_equal(twin_buffered(r->t), 0);
    assert_int_equal(r->acks, 0);
    raw_repeat(r, seqno, "$qC#b4");
    raw_run(r, 5 * SIM_MS);
    assert_int_equal(r->acks, 1);
    assert_int_equal(twin_executed(r->t, "qC"), 2);
    raw_free(r);
}

static void the_buffer_is_cleared_only_when_all_of_it_is_read(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        for (int i = 0; i < 20; i++) { /* each request arrives while the kernel still sends */
            raw_say(r, "$qC#b4");
            raw_run(r, 1600 * SIM_US);
            raw_say(r, "+");
            raw_run(r, 100 * SIM_US);
        }
        assert_true(twin_buffered(r->t) > 60);
        raw_run(r, 50 * SIM_MS);
        assert_int_equal(twin_buffered(r->t), 0);
        raw_free(r);
    }
}

static void seqnos_of_the_server_are_never_compared(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_repeat(r, 77, "$q");
        raw_repeat(r, 5, "C#");
        raw_repeat(r, 77, "b4");
        raw_run(r, 5 * SIM_MS);
        assert_string_equal(raw_heard(r), "+$QC186a1#c5");
        raw_free(r);
    }
}

static void old_uses_the_headers_length_and_new_the_datagrams(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_message(r, WIRE_DATA, 1, 7, "$qC#b4",
                    6); /* shorter than its length field: dropped by both */
        raw_run(r, SIM_MS);
        assert_int_equal(r->acks, 0);
        raw_message(r, WIRE_DATA, 1, 6, "$qC#b4$s#73", 11);
        raw_run(r, 5 * SIM_MS);
        raw_say(r, "+");
        raw_run(r, 5 * SIM_MS);
        assert_int_equal(twin_executed(r->t, "qC"), 1);
        assert_int_equal(twin_counts(r->t)->steps, 0);
        /* NEW has read "$s#73" as bytes other than '+' */
        assert_int_equal(twin_counts(r->t)->resent_replies, g == TWIN_OLD ? 0 : 5);
        raw_free(r);
    }
}

static void invalid_datagrams_are_dropped(void **state)
{
    static const uint8_t data[WIRE_HEADER + 1] = {[3] = 3, [7] = 9, [19] = 1, [24] = '-'};
    const struct sim_addr ours = {SIM_SERVER_IP, 5555}, kernel = {KERNEL, 20026};
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        uint8_t big[1500] = {[3] = 3, [18] = (1473 - WIRE_HEADER) >> 8};
        uint64_t acks = twin_counts(r->t)->acks_sent;
        big[19] = (1473 - WIRE_HEADER) & 0xff;
        sim_path(r->w, KERNEL, SIM_TO_KERNEL)->mtu = 9000;
        sim_send(r->w, (struct sim_addr){0x0a000003, 20026}, kernel, data, sizeof data);
        sim_send(r->w, ours, (struct sim_addr){KERNEL, 20025}, data, sizeof data);
        sim_send(r->w, ours, kernel, data, WIRE_HEADER - 1);
        sim_send(r->w, ours, kernel, data, 5);
        sim_send(r->w, ours, kernel, big, 1473); /* would be a fragment */
        raw_run(r, SIM_MS);
        assert_int_equal(twin_counts(r->t)->acks_sent, acks);
        sim_send(r->w, ours, kernel, data, WIRE_HEADER); /* its length field is too large */
        raw_run(r, SIM_MS);
        assert_int_equal(twin_counts(r->t)->acks_sent, acks);
        sim_send(r->w, ours, kernel, data, sizeof data); /* our port is not checked */
        raw_run(r, SIM_MS);
        assert_int_equal(twin_counts(r->t)->acks_sent, acks + (g == TWIN_OLD ? 2 : 1));
        raw_free(r);
    }
}

static void other_types_are_acked_by_old_alone(void **state)
{
    (void)state;
    BOTH(g)
    {
        struct raw *r = raw_session(g);
        raw_message(r, WIRE_HERALD, 1, 0, "", 0);
        raw_message(r, 9, 2, 0, "", 0);
        raw_run(r, SIM_MS);
        assert_int_equal(r->acks, g == TWIN_OLD ? 2 : 0);
        assert_string_equal(raw_ask(r, "qC"), "QC186a1");
        raw_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_herald_has_a_kernels_bytes),
        cmocka_unit_test(an_unanswered_herald_is_sent_12_times),
        cmocka_unit_test(the_first_4_bytes_fix_the_session_port),
        cmocka_unit_test(a_retransmitted_herald_goes_to_the_session_port),
        cmocka_unit_test(the_stop_is_seqno_2_and_waits_for_ever),
        cmocka_unit_test(data_is_acked_twice_by_old_and_once_by_new),
        cmocka_unit_test(an_empty_data_is_acked_and_has_no_effect),
        cmocka_unit_test(it_does_not_poll_while_the_program_runs),
        cmocka_unit_test(a_send_costs_a_millisecond),
        cmocka_unit_test(an_unacked_message_is_sent_12_times_and_given_up_silently),
        cmocka_unit_test(a_long_reply_comes_in_chunks_of_mtu_less_52),
        cmocka_unit_test(only_unacked_chunks_are_retransmitted),
        cmocka_unit_test(an_ack_for_a_chunk_not_sent_ends_the_session),
        cmocka_unit_test(acks_outside_a_send_have_no_effect),
        cmocka_unit_test(a_full_buffer_loses_on_old_and_refuses_on_new),
        cmocka_unit_test(data_refused_by_new_can_be_retransmitted),
        cmocka_unit_test(the_buffer_is_cleared_only_when_all_of_it_is_read),
        cmocka_unit_test(seqnos_of_the_server_are_never_compared),
        cmocka_unit_test(old_uses_the_headers_length_and_new_the_datagrams),
        cmocka_unit_test(invalid_datagrams_are_dropped),
        cmocka_unit_test(other_types_are_acked_by_old_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
