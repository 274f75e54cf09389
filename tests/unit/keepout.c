/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refusal of breakpoints in the kernel's debugger by a gdb that uses a proxy: keepout.h. */
#include "proto/quirks/keepout.h"
#include "tests/requests.h"
#include "tests/unit/unit.h"

#include <stdio.h>

struct fixture {
    struct target target; /* the next target: replies OK and counts */
    struct target *front;
    const char *function; /* the function at every address; NULL: unknown */
    unsigned asked, lines;
    char line[LOG_LINE_MAX];
    struct buf reply;
    struct log log;
};

static int next_send(struct target *t, const struct request *r)
{
    (void)r;
    ((struct fixture *)t)->asked++;
    return 0;
}

static int next_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    (void)t;
    (void)watch;
    *final = true;
    return buf_sets(reply, "OK");
}

static void next_free(struct target *t)
{
    (void)t;
}

static bool find(void *context, uint64_t address, char *name, size_t size)
{
    const struct fixture *f = context;
    assert_true(address == UINT64_C(0xffffffff80000100));
    if (f->function != NULL)
        (void)snprintf(name, size, "%s", f->function);
    return f->function != NULL;
}

static void take_line(void *context, enum log_level level, const char *line)
{
    struct fixture *f = context;
    assert_int_equal(level, LOG_WARN);
    (void)snprintf(f->line, sizeof f->line, "%s", line);
    f->lines++;
}

static int setup(void **state)
{
    static const struct target_ops ops = {.send = next_send, .recv = next_recv, .free = next_free};
    struct fixture *f = test_calloc(1, sizeof *f);
    f->target.ops = &ops;
    f->log = (struct log){LOG_WARN, NULL, take_line, f};
    f->front = keepout_new(&f->target, find, f, &f->log);
    assert_non_null(f->front);
    buf_init(&f->reply, TARGET_REPLY_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    target_free(f->front);
    buf_free(&f->reply);
    test_free(f);
    return 0;
}

static bool is_answered(struct fixture *f, const char *request, size_t len, const char *reply)
{
    assert_int_equal(transact_bytes(f->front, request, len, &f->reply), 0);
    return buf_is(&f->reply, reply);
}

#define ANSWERED(request, reply) is_answered(f, request, sizeof(request) - 1, reply)

static void a_breakpoint_in_the_kernels_debugger_is_refused_in_one_line(void **state)
{
    struct fixture *f = *state;
    f->function = "kdb_trap";
    assert_true(ANSWERED("Mffffffff80000100,1:cc", "E01"));
    assert_true(ANSWERED("Xffffffff80000100,1:\xcc", "E01"));
    assert_true(ANSWERED("Mffffffff80000100,4:000020d4", "E01"));
    assert_int_equal(f->asked, 0);
    assert_int_equal(f->lines, 1);
    assert_non_null(strstr(f->line, "no breakpoint was set in kdb_trap"));
    f->function = "longjmp"; /* GDB inserts one there itself */
    assert_true(ANSWERED("Mffffffff80000100,1:cc", "OK"));
    assert_int_equal(f->asked, 0);
}

static void other_requests_are_passed_on(void **state)
{
    struct fixture *f = *state;
    f->function = "kdb_enter";
    assert_true(ANSWERED("Mffffffff80000100,1:cc", "OK"));
    f->function = NULL;
    assert_true(ANSWERED("Mffffffff80000100,1:cc", "OK"));
    f->function = "kdb_trap";
    assert_true(ANSWERED("Mffffffff80000100,1:90", "OK"));
    assert_true(ANSWERED("Mffffffff80000100,2:cccc", "OK"));
    assert_true(ANSWERED("Xffffffff80000100,0:", "OK"));
    assert_true(ANSWERED("Mffffffff80000100,1", "OK"));
    assert_true(ANSWERED("mffffffff80000100,1", "OK"));
    assert_true(ANSWERED("Zx:cc", "OK"));
    assert_int_equal(f->asked, 8);
    assert_int_equal(f->lines, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_breakpoint_in_the_kernels_debugger_is_refused_in_one_line),
        TEST(other_requests_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
