/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The link's acks: sent twice at once to a kernel, possibly delayed to a node. And datagrams that
 * arrived while this thread was suspended. */
#include "proto/link/link.h"
#include "tests/unit/unit.h"

#include "tests/unit/fake_io.h"

struct fixture {
    struct fake_io io; /* first: `later` finds the rest */
    struct link link;
    unsigned later; /* datagrams that were sent later and not dropped */
};

static int send_later(struct io *io, enum io_side side, const struct io_msg *msgs, unsigned n)
{
    struct fixture *f = (struct fixture *)io;
    assert_int_equal(side, IO_TARGET);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(msgs[i].len, WIRE_ACK);
    f->later += n;
    return 0;
}

static void drop_later(struct io *io, enum io_side side)
{
    assert_int_equal(side, IO_TARGET);
    ((struct fixture *)io)->later = 0;
}

static int setup(void **state)
{
    static const struct io_later later = {send_later, drop_later};
    struct fixture *f = test_calloc(1, sizeof *f);
    fake_io_init(&f->io);
    f->io.io.later = &later;
    link_init(&f->link, &f->io.io, WIRE_DATA_ETHERNET, NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    link_free(&f->link);
    fake_io_free(&f->io);
    test_free(f);
    return 0;
}

/* Delivers a chunk of the peer's message to the link. */
static void hear(struct fixture *f, uint32_t seqno, uint64_t offset, uint32_t total,
                 const char *bytes)
{
    uint8_t datagram[WIRE_HEADER + 64];
    size_t len = strlen(bytes);
    const struct wire_msg msg = {WIRE_DATA, seqno, offset, total, (const uint8_t *)bytes, len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, bytes, len);
    fake_push(&f->io, IO_TARGET, 0, datagram, WIRE_HEADER + len);
    assert_int_equal(link_input(&f->link), 0);
}

static unsigned sent(const struct fixture *f)
{
    return f->io.side[IO_TARGET].n_out;
}

static void a_kernel_gets_each_ack_twice_at_once(void **state)
{
    struct fixture *f = *state;
    hear(f, 2, 0, 6, "$OK#9a");
    assert_int_equal(sent(f), 2);
    assert_int_equal(f->later, 0);
    link_drop_delayed_acks(&f->link);
    assert_int_equal(sent(f), 2);
}

static void the_acks_of_a_nodes_whole_reply_are_delayed(void **state)
{
    struct fixture *f = *state;
    link_set_node(&f->link);
    hear(f, 2, 0, 6, "$OK#9a");
    assert_int_equal(sent(f), 0);
    assert_int_equal(f->later, 2);
}

static void the_next_request_replaces_the_acks_of_the_reply(void **state)
{
    struct fixture *f = *state;
    link_set_node(&f->link);
    hear(f, 2, 0, 6, "$OK#9a");
    link_drop_delayed_acks(&f->link);
    assert_int_equal(f->later, 0);
}

static void the_acks_of_an_incomplete_message_are_not_delayed(void **state)
{
    struct fixture *f = *state;
    link_set_node(&f->link);
    hear(f, 2, 0, 6, "$OK");
    assert_int_equal(sent(f), 2);
    assert_int_equal(f->later, 0);
}

static void the_acks_of_console_output_are_not_delayed(void **state)
{
    struct fixture *f = *state;
    link_set_node(&f->link);
    hear(f, 2, 0, 9, "$O6869#00");
    assert_int_equal(sent(f), 2);
    assert_int_equal(f->later, 0);
}

/* Sends a request whose first `losses` transmissions are lost. */
static void exchange(struct fixture *f, unsigned losses)
{
    uint8_t request[200] = {0}, ack[WIRE_ACK];
    assert_int_equal(link_send(&f->link, request, sizeof request, 0, sizeof request), 0);
    for (unsigned i = 0; i < losses; i++) {
        f->io.now = link_deadline(&f->link);
        assert_int_equal(link_tick(&f->link), 0);
    }
    wire_encode_ack(f->link.tx.seqno, ack);
    fake_push(&f->io, IO_TARGET, 0, ack, sizeof ack);
    assert_int_equal(link_input(&f->link), 0);
    fake_clear(&f->io, IO_TARGET);
}

/* Returns how long a long request waits for its ack if every other DATA is lost. */
static uint64_t patience_where_much_is_lost(struct fixture *f)
{
    uint8_t request[200] = {0};
    f->link.generation = LINK_NEW;
    for (int i = 0; i < 2 * LINK_HISTORY; i++)
        exchange(f, 1);
    assert_int_equal(link_send(&f->link, request, sizeof request, 0, sizeof request), 0);
    return link_deadline(&f->link) - f->io.now;
}

static void under_heavy_loss_a_kernel_gets_time_to_retransmit(void **state)
{
    assert_true(patience_where_much_is_lost(*state) > LINK_KERNEL_RETRY);
}

/* A node drops duplicates by seqno, so a retransmission costs it nothing. */
static void under_heavy_loss_a_node_gets_early_retransmissions(void **state)
{
    struct fixture *f = *state;
    link_set_node(&f->link);
    assert_true(patience_where_much_is_lost(f) < 10 * LINK_RETRY_MIN);
}

/* ---- arrivals ---- */

/* Sends a request whose ack arrives `late` ns later, while we are suspended for `asleep` ns. */
static void exchange_asleep(struct fixture *f, uint64_t late, uint64_t asleep)
{
    uint8_t request[20] = {0}, ack[WIRE_ACK];
    assert_int_equal(link_send(&f->link, request, sizeof request, 0, sizeof request), 0);
    wire_encode_ack(f->link.tx.seqno, ack);
    fake_push(&f->io, IO_TARGET, late, ack, sizeof ack);
    f->io.now += late + asleep;
    assert_int_equal(link_input(&f->link), 0);
}

static void a_suspended_reader_records_no_reorder_event(void **state)
{
    struct fixture *f = *state;
    f->link.generation = LINK_NEW;
    for (int i = 0; i < 8; i++)
        exchange_asleep(f, IO_MS, 0);
    exchange_asleep(f, IO_MS, 300 * IO_MS);
    assert_int_equal(f->link.reorder_events, 0);
    assert_int_equal(f->link.srtt, IO_MS);
    exchange_asleep(f, 300 * IO_MS, 0);
    assert_int_equal(f->link.reorder_events, 0);
    assert_true(f->link.srtt > IO_MS);
}

/* A message arrives and is read `asleep` ns later. */
static void hear_later(struct fixture *f, uint32_t seqno, const char *text, uint64_t delay,
                       uint64_t asleep)
{
    uint8_t datagram[WIRE_HEADER + 64];
    size_t len = strlen(text);
    const struct wire_msg msg = {WIRE_DATA, seqno, 0, (uint32_t)len, (const uint8_t *)text, len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, text, len);
    fake_push(&f->io, IO_TARGET, delay, datagram, WIRE_HEADER + len);
    f->io.now += delay + asleep;
    assert_int_equal(link_input(&f->link), 0);
}

/* A '+' that arrived while it was expected is accepted whenever it is read. */
static void a_plus_is_checked_by_its_arrival_time(void **state)
{
    struct fixture *f = *state;
    exchange_asleep(f, IO_MS, 0);
    link_set_dup_effect(&f->link, LINK_DUP_HARMFUL, LINK_STATES);
    link_expect_peer_ack(&f->link, f->io.now + 10 * IO_MS);
    hear_later(f, 2, "+", 9 * IO_MS, 100 * IO_MS);
    assert_false(f->link.failed);
    link_expect_peer_ack(&f->link, f->io.now + 10 * IO_MS);
    hear_later(f, 3, "+", 11 * IO_MS, 100 * IO_MS);
    assert_true(f->link.failed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_kernel_gets_each_ack_twice_at_once),
        TEST(the_acks_of_a_nodes_whole_reply_are_delayed),
        TEST(the_next_request_replaces_the_acks_of_the_reply),
        TEST(the_acks_of_an_incomplete_message_are_not_delayed),
        TEST(the_acks_of_console_output_are_not_delayed),
        TEST(under_heavy_loss_a_kernel_gets_time_to_retransmit),
        TEST(under_heavy_loss_a_node_gets_early_retransmissions),
        TEST(a_suspended_reader_records_no_reorder_event),
        TEST(a_plus_is_checked_by_its_arrival_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
