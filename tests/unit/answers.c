/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded exchanges: as many as there may be, and none too many. */
#include "record/answers.h"
#include "tests/unit/unit.h"

#include "proto/err.h"

static int put_answer(struct answers *a, const char *request, const char *reply, bool of_stop)
{
    const struct answer one = {of_stop, bytes_of("1"), bytes_of(request), bytes_of(""),
                               bytes_of(reply)};
    return answers_put(a, &one);
}

/* The first byte of the reply; 0: there is none. */
static bool holds_until_it_runs(const struct answer *answer)
{
    return answer->of_stop;
}

static char first_of(const struct answers *a, const char *request)
{
    struct answer found;
    return answers_find(a, bytes_of("1"), bytes_of(request), &found)
               ? *(const char *)found.reply.data
               : '\0';
}

static void at_the_limit_an_exchange_can_be_replaced(void **state)
{
    struct answers a;
    char request[16];
    (void)state;
    answers_init(&a);
    for (unsigned i = 0; i < ANSWERS_MAX; i++) {
        (void)snprintf(request, sizeof request, "%x", i);
        assert_int_equal(put_answer(&a, request, "old", i % 2 == 0), ANSWER_NEW);
    }
    assert_int_equal(put_answer(&a, "one more", "", false), NETGDB_TOO_LONG);
    assert_int_equal(put_answer(&a, "1234", "old", true), ANSWER_SAME);
    assert_int_equal(put_answer(&a, "1234", "new", true), ANSWER_CHANGED);
    assert_int_equal(first_of(&a, "1234"), 'n');
    assert_int_equal(a.n, ANSWERS_MAX);
    answers_forget(&a, holds_until_it_runs);
    assert_int_equal(a.n, ANSWERS_MAX / 2);
    assert_int_equal(first_of(&a, "1234"), '\0');
    assert_int_equal(first_of(&a, "1235"), 'o');
    answers_free(&a);
}

static int count_answer(void *context, const struct answer *answer)
{
    (void)answer;
    ++*(unsigned *)context;
    return 0;
}

static void contents_can_be_exchanged(void **state)
{
    struct answers a, b;
    unsigned n = 0;
    (void)state;
    answers_init(&a);
    answers_init(&b);
    (void)put_answer(&a, "g", "0011", true);
    answers_swap(&a, &b);
    assert_int_equal(first_of(&a, "g"), '\0');
    assert_int_equal(first_of(&b, "g"), '0');
    (void)put_answer(&a, "p", "1", true);
    (void)put_answer(&b, "p", "2", true);
    (void)answers_each(&a, count_answer, &n);
    assert_int_equal(n, 1);
    answers_forget(&b, holds_until_it_runs);
    assert_int_equal(b.n + b.bytes, 0);
    answers_free(&a);
    answers_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_limit_an_exchange_can_be_replaced),
        cmocka_unit_test(contents_can_be_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
