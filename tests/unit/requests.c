/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The queue of a client's requests: order, retransmissions and limits. */
#include "proto/rsp/requests.h"

#include <stdlib.h>

#include "proto/err.h"
#include "tests/unit/unit.h"

static struct requests r;
static struct buf content;

static int begin(void **state)
{
    (void)state;
    requests_init(&r);
    buf_init(&content, REQUEST_MAX);
    return 0;
}

static int end(void **state)
{
    (void)state;
    requests_free(&r);
    buf_free(&content);
    return 0;
}

static void feed(const char *text)
{
    struct buf framed;
    buf_init(&framed, 2 * REQUEST_MAX + 100);
    assert_int_equal(rsp_frame(&framed, (const uint8_t *)text, strlen(text)), 0);
    requests_feed(&r, framed.data, framed.len);
    buf_free(&framed);
}

/* Feeds a request of `len` bytes that starts with `first`. */
static void feed_long(char first, size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'x', len);
    text[0] = first;
    text[len] = '\0';
    feed(text);
    free(text);
}

static void expect_next(const char *begins)
{
    assert_int_equal(requests_next(&r, &content), 1);
    assert_true(buf_starts(&content, begins));
}

static void expect_none(void)
{
    assert_int_equal(requests_next(&r, &content), 0);
}

static void early_requests_are_queued(void **state)
{
    (void)state;
    feed("m0,4");
    feed("s");
    feed("g");
    expect_next("m0,4");
    requests_done(&r);
    expect_next("s");
    requests_done(&r);
    expect_next("g");
    expect_none();
    assert_int_equal(r.acks_due, 3);
}

static void a_retransmission_of_the_outstanding_request_is_dropped(void **state)
{
    (void)state;
    feed("s");
    feed("s"); /* before it is served */
    expect_next("s");
    feed("s");
    expect_none();
    assert_int_equal(r.retransmissions, 2);
    assert_int_equal(r.acks_due, 3); /* each is acknowledged */
    requests_done(&r);
    feed("s");
    expect_next("s");
}

static void only_the_youngest_queued_request_can_be_retransmitted(void **state)
{
    (void)state;
    feed("s");
    expect_next("s");
    feed("g");
    feed("s"); /* after g it is a new step */
    requests_done(&r);
    expect_next("g");
    requests_done(&r);
    expect_next("s");
    assert_int_equal(r.retransmissions, 0);
}

static void a_full_queue_counts_requests_and_keeps_the_queued_ones(void **state)
{
    (void)state;
    feed_long('a', REQUEST_MAX);
    feed_long('b', REQUEST_MAX - 100);
    feed_long('c', 200);
    assert_int_equal(r.too_long, 1);
    feed("d");
    assert_int_equal(r.too_long, 1);
    expect_next("ax");
    assert_int_equal(content.len, REQUEST_MAX);
    requests_done(&r);
    expect_next("bx");
    assert_int_equal(content.len, REQUEST_MAX - 100);
    requests_done(&r);
    expect_next("d");
    expect_none();
    assert_int_equal(r.acks_due, 4);
}

static void a_request_that_is_too_long_is_acknowledged_and_counted(void **state)
{
    (void)state;
    feed_long('a', REQUEST_MAX + 1);
    assert_int_equal(r.too_long, 1);
    assert_int_equal(r.drop_error, NETGDB_TOO_LONG);
    assert_int_equal(r.acks_due, 1);
    expect_none();
    feed("g");
    expect_next("g");
}

static void a_damaged_request_is_counted_for_a_minus(void **state)
{
    static const char damaged[] = "$g#00", good[] = "$g#67", half[] = "$m0,";
    (void)state;
    requests_feed(&r, damaged, strlen(damaged));
    assert_int_equal(r.nacks_due, 1);
    expect_none();
    requests_feed(&r, half, strlen(half));
    requests_drop_partial(&r);
    requests_feed(&r, good, strlen(good));
    expect_next("g");
    assert_int_equal(r.nacks_due, 1);
    assert_int_equal(r.acks_due, 1);
}

static void an_interrupt_without_a_request_is_dropped(void **state)
{
    (void)state;
    requests_feed(&r, "\x03", 1);
    assert_false(r.interrupt);
    feed("c");
    requests_feed(&r, "\x03", 1);
    assert_true(r.interrupt);
    r.interrupt = false;
    expect_next("c");
    requests_feed(&r, "\x03", 1);
    assert_true(r.interrupt);
    r.interrupt = false;
    requests_done(&r);
    requests_feed(&r, "\x03+-+", 4);
    assert_false(r.interrupt);
    assert_int_equal(r.acks, 2);
    assert_int_equal(r.nacks, 1);
}

#define REQUESTS(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REQUESTS(early_requests_are_queued),
        REQUESTS(a_retransmission_of_the_outstanding_request_is_dropped),
        REQUESTS(only_the_youngest_queued_request_can_be_retransmitted),
        REQUESTS(a_full_queue_counts_requests_and_keeps_the_queued_ones),
        REQUESTS(a_request_that_is_too_long_is_acknowledged_and_counted),
        REQUESTS(a_damaged_request_is_counted_for_a_minus),
        REQUESTS(an_interrupt_without_a_request_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
