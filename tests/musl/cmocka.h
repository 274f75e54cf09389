/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The part of cmocka(3) that the unit tests use, in one header, for systems without cmocka:
 * tests/musl/run, and builds configured with CMOCKA_CFLAGS=-I…/tests/musl CMOCKA_LIBS=' '. The
 * output is TAP. A failed assertion ends its test; the next one follows.
 */
#ifndef NETGDB_TESTS_CMOCKA_H
#define NETGDB_TESTS_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CMOCKA_UNUSED __attribute__((unused))

typedef int (*CMFixtureFunction)(void **state);

struct CMUnitTest {
    const char *name;
    void (*test_func)(void **state);
    CMFixtureFunction setup_func, teardown_func;
    void *initial_state;
};

static jmp_buf cmocka_end CMOCKA_UNUSED;

CMOCKA_UNUSED __attribute__((format(printf, 1, 2))) static inline void
print_message(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vprintf(format, list);
    va_end(list);
}

#define print_error print_message

#define test_malloc malloc
#define test_calloc calloc
#define test_realloc realloc
#define test_free free

/* Says where and why, and ends the test. */
CMOCKA_UNUSED __attribute__((noreturn, format(printf, 3, 4))) static inline void
cmocka_fail(const char *file, int line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    printf("# %s:%d: error: ", file, line);
    (void)vprintf(format, list);
    printf("\n");
    va_end(list);
    longjmp(cmocka_end, 1 /* CMOCKA_FAILED */);
}

#define fail_msg(...) cmocka_fail(__FILE__, __LINE__, __VA_ARGS__)
#define fail() fail_msg("fail()")
enum { CMOCKA_FAILED = 1, CMOCKA_SKIPPED };
#define skip() (print_message("# SKIP %s\n", __func__), longjmp(cmocka_end, CMOCKA_SKIPPED))

CMOCKA_UNUSED static inline void cmocka_equal(uintmax_t a, uintmax_t b, int equal, const char *text,
                                              const char *file, int line)
{
    if ((a == b) != (equal != 0))
        cmocka_fail(file, line, "%s: %#jx %s %#jx", text, a, equal != 0 ? "!=" : "==", b);
}

CMOCKA_UNUSED static inline void cmocka_bytes(const void *a, const void *b, size_t len,
                                              const char *text, const char *file, int line)
{
    if (len != 0 && memcmp(a, b, len) != 0)
        cmocka_fail(file, line, "%s: %zu bytes differ", text, len);
}

CMOCKA_UNUSED static inline void cmocka_strings(const char *a, const char *b, int equal,
                                                const char *text, const char *file, int line)
{
    if ((strcmp(a, b) == 0) != (equal != 0))
        cmocka_fail(file, line, "%s: \"%s\", \"%s\"", text, a, b);
}

/* Like cmocka's, integers and pointers are compared as the widest unsigned integer. */
#define CMOCKA_WIDE(x) ((uintmax_t)(x))
#define CMOCKA_TEXT(a, b) #a ", " #b
#define assert_int_equal(a, b)                                                                     \
    cmocka_equal(CMOCKA_WIDE(a), CMOCKA_WIDE(b), 1, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_int_not_equal(a, b)                                                                 \
    cmocka_equal(CMOCKA_WIDE(a), CMOCKA_WIDE(b), 0, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_ptr_equal(a, b)                                                                     \
    cmocka_equal((uintptr_t)(a), (uintptr_t)(b), 1, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b)                                                                 \
    cmocka_equal((uintptr_t)(a), (uintptr_t)(b), 0, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_memory_equal(a, b, len)                                                             \
    cmocka_bytes(a, b, len, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, len) assert_true(memcmp(a, b, len) != 0)
#define assert_string_equal(a, b) cmocka_strings(a, b, 1, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_string_not_equal(a, b) cmocka_strings(a, b, 0, CMOCKA_TEXT(a, b), __FILE__, __LINE__)
#define assert_true(c) ((c) ? (void)0 : fail_msg("%s", #c))
#define assert_false(c) ((c) ? fail_msg("%s", "not " #c) : (void)0)
#define assert_non_null(p) ((p) != NULL ? (void)0 : fail_msg("%s", #p " is NULL"))
#define assert_null(p) ((p) == NULL ? (void)0 : fail_msg("%s", #p " is not NULL"))
#define assert_in_range(x, low, high)                                                              \
    assert_true(CMOCKA_WIDE(x) >= CMOCKA_WIDE(low) && CMOCKA_WIDE(x) <= CMOCKA_WIDE(high))

#define cmocka_unit_test(f)                                                                        \
    {                                                                                              \
#f, f, NULL, NULL, NULL                                                                    \
    }
#define cmocka_unit_test_setup(f, setup)                                                           \
    {                                                                                              \
#f, f, setup, NULL, NULL                                                                   \
    }
#define cmocka_unit_test_teardown(f, teardown)                                                     \
    {                                                                                              \
#f, f, NULL, teardown, NULL                                                                \
    }
#define cmocka_unit_test_setup_teardown(f, setup, teardown)                                        \
    {                                                                                              \
#f, f, setup, teardown, NULL                                                               \
    }

/* Calls a fixture or, without one, the test. Returns whether it succeeded. */
CMOCKA_UNUSED static int cmocka_call(CMFixtureFunction fixture, const struct CMUnitTest *test,
                                     void **state)
{
    int why = setjmp(cmocka_end);
    if (why != 0)
        return why == CMOCKA_SKIPPED;
    if (test != NULL)
        test->test_func(state);
    return fixture == NULL || fixture(state) == 0;
}

CMOCKA_UNUSED static int cmocka_run(const struct CMUnitTest *tests, size_t n,
                                    CMFixtureFunction setup, CMFixtureFunction teardown)
{
    int failed = 0;
    void *group = NULL;
    printf("1..%zu\n", n);
    int ready = cmocka_call(setup, NULL, &group);
    for (size_t i = 0; i < n; i++) {
        void *state = group;
        int good = ready && cmocka_call(tests[i].setup_func, NULL, &state);
        good = good && cmocka_call(NULL, &tests[i], &state);
        good = cmocka_call(tests[i].teardown_func, NULL, &state) && good;
        printf("%sok %zu - %s\n", good ? "" : "not ", i + 1, tests[i].name);
        (void)fflush(stdout);
        failed += !good;
    }
    if (!cmocka_call(teardown, NULL, &group))
        failed++;
    return failed;
}

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    cmocka_run(tests, sizeof(tests) / sizeof(tests)[0], setup, teardown)
#define cmocka_run_group_tests_name(name, tests, setup, teardown)                                  \
    cmocka_run_group_tests(tests, setup, teardown)

#endif
