/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls on a target, and a decorator that changes nothing. */
#include "tests/requests.h"
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "proto/decorator.h"
#include "proto/err.h"
#include "proto/io.h"
#include "proto/rsp/requests.h"
#include "proto/target_memory.h"

/* A target that replies with a list of packets, the last one final, and records its calls. */
struct fake {
    struct target target;
    const char *const *packets;
    unsigned at;
    char request[64];
    unsigned watch;
    int send_result, recv_result, calls;
    bool *freed;
};

static int fake_send(struct target *t, const struct request *r)
{
    struct fake *f = (struct fake *)t;
    assert_true(r->len < sizeof f->request);
    memcpy(f->request, r->data, r->len);
    f->request[r->len] = '\0';
    f->at = 0;
    return f->send_result;
}

static int fake_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    struct fake *f = (struct fake *)t;
    f->watch = watch;
    if (f->recv_result != 0)
        return f->recv_result;
    assert_non_null(f->packets[f->at]);
    buf_sets(reply, f->packets[f->at++]);
    *final = f->packets[f->at] == NULL;
    return 0;
}

static int fake_interrupt(struct target *t)
{
    ((struct fake *)t)->calls |= 1;
    return NETGDB_UNSUPPORTED;
}

static int fake_idle(struct target *t)
{
    ((struct fake *)t)->calls |= 2;
    return NETGDB_LOST;
}

static int fake_leave(struct target *t, const struct request *r, struct buf *reply)
{
    ((struct fake *)t)->calls |= 4;
    fake_send(t, r);
    return buf_sets(reply, "OK");
}

static size_t fake_max_request(struct target *t)
{
    (void)t;
    return 1234;
}

static void fake_free(struct target *t)
{
    struct fake *f = (struct fake *)t;
    *f->freed = true;
    free(f);
}

static const struct target_ops fake_ops = {fake_send,  fake_recv,        fake_interrupt, fake_idle,
                                           fake_leave, fake_max_request, fake_free};

/* A fake target, wrapped in a decorator that changes nothing. */
static struct target *fake_chain(struct fake **fake, const char *const *packets, bool *freed)
{
    static const struct decorator_ops none = {.on_request = NULL};
    *fake = calloc(1, sizeof **fake);
    (*fake)->target.ops = &fake_ops;
    (*fake)->packets = packets;
    (*fake)->freed = freed;
    *freed = false;
    struct decorator *d = decorator_new(sizeof *d, &(*fake)->target, &none, 0, 0);
    assert_non_null(d);
    return &d->base;
}

static void a_transaction_ends_with_the_final_packet(void **state)
{
    static const char *const packets[] = {"O48", "O49", "OK", NULL};
    struct fake *f;
    bool freed;
    struct target *t = fake_chain(&f, packets, &freed);
    struct buf reply;
    (void)state;
    buf_init(&reply, 10);
    assert_int_equal(target_ask(t, "qRcmd,00", &reply), 0);
    assert_string_equal(f->request, "qRcmd,00");
    assert_true(buf_is(&reply, "OK"));
    assert_int_equal(f->at, 3);
    assert_int_equal(f->watch, 0);
    buf_free(&reply);
    target_free(t);
    assert_true(freed);
}

static void a_transaction_ends_with_the_first_error(void **state)
{
    static const char *const packets[] = {"OK", NULL};
    struct fake *f;
    bool freed;
    struct target *t = fake_chain(&f, packets, &freed);
    struct buf reply;
    (void)state;
    buf_init(&reply, 10);
    f->send_result = NETGDB_TOO_LONG;
    assert_int_equal(target_ask(t, "g", &reply), NETGDB_TOO_LONG);
    assert_int_equal(f->at, 0);
    f->send_result = 0;
    f->recv_result = NETGDB_REPLACED;
    assert_int_equal(target_ask(t, "g", &reply), NETGDB_REPLACED);
    buf_free(&reply);
    target_free(t);
}

static void a_target_may_leave_calls_out(void **state)
{
    static const struct target_ops few = {.send = NULL};
    struct target t = {.ops = &few};
    const struct request detach = request_of("D");
    struct buf reply;
    (void)state;
    buf_init(&reply, 10);
    assert_int_equal(target_interrupt(&t), 0);
    assert_int_equal(target_idle(&t), 0);
    assert_int_equal(target_leave(&t, &detach, &reply), 0);
    assert_true(buf_is(&reply, "OK"));
    assert_int_equal(target_max_request(&t), REQUEST_MAX);
    buf_free(&reply);
}

static void a_decorator_passes_every_call_on(void **state)
{
    static const char *const packets[] = {"T05", NULL};
    struct fake *f;
    bool freed, final = false;
    struct target *t = fake_chain(&f, packets, &freed);
    struct buf reply;
    (void)state;
    buf_init(&reply, 10);
    assert_int_equal(send_bytes(t, "s", 1), 0);
    assert_int_equal(target_recv(t, &reply, &final, IO_ON_CLIENT), 0);
    assert_true(final);
    assert_int_equal(f->watch, IO_ON_CLIENT);
    assert_int_equal(target_interrupt(t), NETGDB_UNSUPPORTED);
    assert_int_equal(target_idle(t), NETGDB_LOST);
    assert_int_equal(leave_with(t, "D;1", &reply), 0);
    assert_string_equal(f->request, "D;1");
    assert_true(buf_is(&reply, "OK"));
    assert_int_equal(f->calls, 7);
    assert_int_equal(target_max_request(t), 1234);
    buf_free(&reply);
    target_free(t);
    assert_true(freed);
}

static void decorators_are_stripped_from_the_last_target(void **state)
{
    struct fake *f;
    bool freed;
    struct target *t = fake_chain(&f, NULL, &freed);
    (void)state;
    assert_ptr_equal(target_strip(t), &f->target);
    assert_ptr_equal(target_strip(&f->target), &f->target);
    assert_false(freed);
    target_free(&f->target);
    assert_true(freed);
}

static void freeing_no_target_is_harmless(void **state)
{
    (void)state;
    target_free(NULL);
}

static void memory_is_read_up_to_the_end_of_the_address_space(void **state)
{
    static const char *const packets[] = {"01020304", NULL};
    struct fake *f;
    bool freed;
    struct target *t = fake_chain(&f, packets, &freed);
    struct memory m;
    uint8_t bytes[4];
    (void)state;
    memory_init(&m, t);
    assert_int_equal(memory_read(&m, 0xfffffffc, bytes, 4), 0);
    assert_string_equal(f->request, "mfffffffc,4");
    assert_int_equal(memory_read(&m, 0xfffffffd, bytes, 4), MEMORY_REFUSED);
    m.word = 8;
    assert_int_equal(memory_read(&m, UINT64_MAX - 3, bytes, 4), 0);
    assert_int_equal(memory_read(&m, UINT64_MAX - 2, bytes, 4), MEMORY_REFUSED);
    memory_free(&m);
    target_free(t);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    for (int e = NETGDB_BUG - 1; e <= 1; e++) {
        assert_non_null(netgdb_strerror(e));
        bool known = e >= NETGDB_BUG && e <= 0;
        assert_int_equal(strcmp(netgdb_strerror(e), "unknown error") != 0, known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_transaction_ends_with_the_final_packet),
        cmocka_unit_test(a_transaction_ends_with_the_first_error),
        cmocka_unit_test(a_target_may_leave_calls_out),
        cmocka_unit_test(a_decorator_passes_every_call_on),
        cmocka_unit_test(decorators_are_stripped_from_the_last_target),
        cmocka_unit_test(freeing_no_target_is_harmless),
        cmocka_unit_test(memory_is_read_up_to_the_end_of_the_address_space),
        cmocka_unit_test(every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
