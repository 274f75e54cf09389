/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * quirks sends several requests for one of the client's. If any of them is lost, the client gets an
 * error and nothing more is sent, because a later request could be matched with a wrong reply.
 */
#include "proto/decorator.h"
#include "proto/err.h"
#include "proto/io.h"
#include "proto/quirks/quirks.h"
#include "proto/rsp/rsp.h"
#include "tests/freebsd_stub.h"
#include "tests/requests.h"
#include "tests/unit/unit.h"

/* A target between quirks and the stub that loses the reply to the fail-th request from now on. */
struct loss {
    struct decorator d; /* first */
    unsigned asked, fail;
};

static int loss_request(struct decorator *d, const struct request *r)
{
    (void)r;
    ((struct loss *)d)->asked++;
    return DECORATOR_PASS;
}

static int loss_reply(struct decorator *d, struct buf *reply, bool final)
{
    const struct loss *l = (const struct loss *)d;
    (void)reply;
    (void) final;
    return l->asked == l->fail ? NETGDB_LOST : DECORATOR_DONE;
}

struct chain {
    struct loss *loss;
    struct target *target;
    struct stub *stub;
};

static void begin(struct chain *c)
{
    static const struct decorator_ops ops = {.on_request = loss_request, .on_reply = loss_reply};
    c->stub = stub_new();
    c->loss = decorator_new(sizeof *c->loss, &c->stub->base, &ops, 0, 0);
    assert_non_null(c->loss);
    c->target = quirks_new(&c->loss->d.base, NULL);
    assert_non_null(c->target);
}

/* Sends a request once for each request it is split into, losing that one; then without loss. */
static void lose_each(const struct buf *request, unsigned at_least)
{
    struct buf reply;
    unsigned n = 0;
    int rc;
    buf_init(&reply, TARGET_REPLY_MAX);
    do {
        struct chain c;
        begin(&c);
        c.loss->fail = ++n;
        rc = transact_bytes(c.target, request->data, request->len, &reply);
        assert_true(rc == 0 || rc == NETGDB_LOST);
        assert_int_equal(c.loss->asked, rc == 0 ? n - 1 : n);
        target_free(c.target);
    } while (rc != 0);
    assert_true(n > at_least);
    assert_true(reply.len != 0 && reply.data[0] != 'E');
    buf_free(&reply);
}

static void lose_each_of(const char *text, unsigned at_least)
{
    struct buf request;
    buf_init(&request, 1000);
    assert_int_equal(buf_sets(&request, text), 0);
    lose_each(&request, at_least);
    buf_free(&request);
}

static void a_split_read(void **state)
{
    (void)state;
    lose_each_of("mffffffff80000000,2000", 5);
}

static void a_split_write(void **state)
{
    struct buf request;
    (void)state;
    buf_init(&request, 32768);
    (void)buf_adds(&request, "Mffffffff80000000,1000:");
    for (int i = 0; i < 0x1000; i++)
        (void)buf_adds(&request, "5a");
    lose_each(&request, 3);
    buf_free(&request);
}

/* The client leaves without a recv; `known`: the size of the kernel's buffer. */
static void lose_before_park(bool known)
{
    struct chain c;
    struct buf reply;
    begin(&c);
    buf_init(&reply, TARGET_REPLY_MAX);
    assert_int_equal(quirks_attach(c.target), 0);
    if (known)
        assert_int_equal(target_ask(c.target, "qSupported", &reply), 0);
    assert_int_equal(target_ask(c.target, "Hg186a2", &reply), 0);
    c.loss->fail = c.loss->asked + 1;
    assert_int_equal(send_bytes(c.target, "mffffffff80000000,1", 19), known ? 0 : NETGDB_LOST);
    unsigned before = c.loss->asked;
    assert_int_equal(quirks_hand_off(c.target), 0);
    assert_int_equal(c.loss->asked, before);
    buf_free(&reply);
    target_free(c.target);
}

/* Nothing more is sent. */
static void a_lost_target_is_not_parked(void **state)
{
    (void)state;
    lose_before_park(false);
    lose_before_park(true);
}

/* Of a request in several exchanges, the client gets none of the rest, and the next one no reply.
 */
static void a_request_in_several_exchanges_is_not_continued_when_parked(void **state)
{
    static const char *const requests[] = {"mffffffff80000000,2000", "qXfer:threads:read::0,1000",
                                           "qSearch:memory:ffffffff80000000;4000;#none"};
    (void)state;
    for (unsigned i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        struct chain c;
        struct buf reply;
        begin(&c);
        buf_init(&reply, TARGET_REPLY_MAX);
        assert_int_equal(quirks_attach(c.target), 0);
        assert_int_equal(target_ask(c.target, "qSupported", &reply), 0);
        assert_int_equal(target_ask(c.target, "Hg186a2", &reply), 0);
        assert_int_equal(send_bytes(c.target, requests[i], strlen(requests[i])), 0);
        unsigned before = c.loss->asked;
        assert_int_equal(quirks_hand_off(c.target), 0);
        assert_int_equal(c.loss->asked, before + 1); /* Hg */
        assert_int_equal(target_ask(c.target, "qC", &reply), 0);
        assert_true(buf_is(&reply, "QC186a1"));
        buf_free(&reply);
        target_free(c.target);
    }
}

static void the_client_is_looked_at_between_the_exchanges(void **state)
{
    struct chain c;
    struct buf reply;
    unsigned n = 0;
    bool final = false;
    int rc;
    (void)state;
    begin(&c);
    buf_init(&reply, TARGET_REPLY_MAX);
    assert_int_equal(send_bytes(c.target, "mffffffff80000000,2000", 22), 0);
    while ((rc = target_recv(c.target, &reply, &final, IO_ON_CLIENT)) == NETGDB_AGAIN)
        n++;
    assert_int_equal(rc, 0);
    assert_true(final && reply.len == 2 * 0x2000);
    assert_int_equal(n, 0x2000 / 2048 - 1);
    buf_free(&reply);
    target_free(c.target);
}

static void a_register_write_with_a_size_query(void **state)
{
    (void)state;
    lose_each_of("P0=0102030405060708", 2);
}

static void a_write_of_all_registers(void **state)
{
    struct chain c;
    struct buf request, g;
    (void)state;
    begin(&c);
    buf_init(&g, TARGET_REPLY_MAX);
    buf_init(&request, TARGET_REPLY_MAX);
    assert_int_equal(target_ask(c.target, "g", &g), 0);
    (void)buf_addc(&request, 'G');
    (void)buf_add(&request, g.data, g.len);
    request.data[1] =
        request.data[1] == '7' ? '8' : '7'; /* change the first register, and another */
    request.data[1 + 2 * 8] = request.data[1 + 2 * 8] == '7' ? '8' : '7';
    target_free(c.target);
    lose_each(&request, 1 + STUB_REGISTERS + 2);
    buf_free(&request);
    buf_free(&g);
}

static void a_search_in_the_kernel(void **state)
{
    (void)state;
    lose_each_of("qSearch:memory:ffffffff80000000;4000;\x10\x11\x12", 2);
}

static void a_search_by_reading(void **state)
{
    (void)state;
    lose_each_of("qSearch:memory:ffffffff80000000;4000;#\x03no", 5);
}

static void the_thread_list(void **state)
{
    (void)state;
    lose_each_of("qXfer:threads:read::0,1000", 1);
    lose_each_of("qfThreadInfo", 1);
}

static void a_path_too_small_for_any_write_is_reported(void **state)
{
    struct chain c;
    struct buf reply;
    (void)state;
    begin(&c);
    c.stub->max_request = 20;
    buf_init(&reply, 100);
    assert_int_equal(target_ask(c.target, "Mffffffff80000000,1:5a", &reply), 0);
    assert_true(buf_starts(&reply, "E"));
    target_free(c.target);
    buf_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_split_read),
        cmocka_unit_test(a_split_write),
        cmocka_unit_test(a_lost_target_is_not_parked),
        cmocka_unit_test(the_client_is_looked_at_between_the_exchanges),
        cmocka_unit_test(a_request_in_several_exchanges_is_not_continued_when_parked),
        cmocka_unit_test(a_register_write_with_a_size_query),
        cmocka_unit_test(a_write_of_all_registers),
        cmocka_unit_test(a_search_in_the_kernel),
        cmocka_unit_test(a_search_by_reading),
        cmocka_unit_test(the_thread_list),
        cmocka_unit_test(a_path_too_small_for_any_write_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
