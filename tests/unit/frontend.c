/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The front end that drives gdb: gdb's command line, and its standard input during a wait. */
#include "shim/frontend.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/os.h"
#include "io/peek.h"
#include "proto/io.h"

/* ---- the command line ---- */

static struct frontend parse(const char *words, size_t len)
{
    struct frontend f = {.input = -1, .parent = -1};
    frontend_parse(&f, words, len);
    return f;
}
#define PARSE(words) parse(words, sizeof(words) - 1)

static void mi_is_recognized_by_its_option(void **state)
{
    (void)state;
    assert_true(PARSE("gdb\0-i=mi\0").mi);
    assert_true(PARSE("gdb\0--interpreter=mi2\0x\0").mi);
    assert_true(PARSE("gdb\0-q\0-interpreter\0mi3\0").mi);
    assert_true(PARSE("gdb\0--interp=mi\0").mi);
    assert_true(PARSE("gdb\0-i\0mi\0").machine);
    assert_true(PARSE("gdb\0-i=dap\0").machine);
    assert_false(PARSE("gdb\0-i=dap\0").mi);
    assert_false(PARSE("gdb\0-i=console\0").machine);
    assert_false(PARSE("gdb\0-iex\0mi\0").machine);
    assert_false(PARSE("gdb\0-in\0mi\0").machine);
    assert_false(PARSE("gdb\0-i\0").machine);
    assert_false(PARSE("gdb\0--args\0prog\0-i=mi\0-batch\0").machine);
    assert_false(PARSE("").machine);
}

static void batch_mode_is_recognized_by_its_option(void **state)
{
    (void)state;
    assert_true(PARSE("gdb\0-batch\0").batch);
    assert_true(PARSE("gdb\0--batch-silent\0").batch);
    assert_false(PARSE("gdb\0-b\0009600\0batch\0-\0--\0").batch);
    assert_false(PARSE("gdb\0--args\0prog\0-batch\0").batch);
}

/* ---- standard input ---- */

enum { PIPE, SOCKETS };

/* ends[0] is gdb's. */
static void make(int kind, int ends[2])
{
    if (kind == PIPE)
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void type(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* Starts watching standard input; this test's command line is not gdb's, so `mi` is a parameter. */
static struct frontend begin(int input, bool mi)
{
    struct frontend f;
    frontend_begin(&f, input);
    f.mi = f.machine = mi;
    return f;
}

static bool polled(const struct frontend *f)
{
    struct pollfd fds[FRONTEND_FDS];
    frontend_poll(f, fds);
    return poll(fds, FRONTEND_FDS, 0) != 0;
}

static void end(struct frontend *f, int ends[2])
{
    frontend_end(f);
    close(ends[0]);
    if (ends[1] >= 0)
        close(ends[1]);
}

static void hang_up(int ends[2])
{
    close(ends[1]);
    ends[1] = -1;
}

static void a_closed_stdin_ends_the_wait(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        int ends[2];
        make(i / 2, ends);
        struct frontend f = begin(ends[0], i % 2);
        assert_null(frontend_ended(&f));
        assert_false(polled(&f));
        hang_up(ends);
        assert_true(polled(&f));
        assert_string_equal(frontend_ended(&f), "the standard input of gdb was closed");
        end(&f, ends);
    }
}

static void a_stdin_closed_before_the_wait_does_not_end_it(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        int ends[2];
        make(i / 2, ends);
        type(ends[1], "1-gdb-exit\nquit\n");
        hang_up(ends);
        struct frontend f = begin(ends[0], i % 2);
        assert_null(frontend_ended(&f));
        assert_false(polled(&f));
        end(&f, ends);
    }
}

static void pending_commands_of_a_script_do_not_end_the_wait(void **state)
{
    int ends[2];
    (void)state;
    make(PIPE, ends);
    struct frontend f = begin(ends[0], false);
    type(ends[1], "bt\n");
    hang_up(ends);
    assert_null(frontend_ended(&f));
    assert_false(polled(&f)); /* otherwise the wait would use the CPU */
    end(&f, ends);
    make(PIPE, ends);
    f = begin(ends[0], true); /* MI front ends do not send commands in advance */
    type(ends[1], "bt\n");
    hang_up(ends);
    assert_non_null(frontend_ended(&f));
    end(&f, ends);
}

/* FreeBSD reads no pipe without consuming. */
static bool pipes_can_be_peeked(void)
{
    char text[1];
    int ends[2];
    make(PIPE, ends);
    type(ends[1], "x");
    bool can = os_peek_pipe(ends[0], text, sizeof text) >= 0 || errno != ENOSYS;
    close(ends[0]);
    close(ends[1]);
    return can;
}

static void pending_mi_commands_end_the_wait_and_are_not_consumed(void **state)
{
    static const struct {
        const char *text, *why;
    } all[] = {
        {"-gdb-exit\n", "-gdb-exit"},
        {"17-exec-interrupt --all\n", "-exec-interrupt"},
        {"3-break-insert main\r\n4-exec-interrupt\r\n", "-exec-interrupt"},
        {"quit\n", "quit"},
        {"-gdb-exit", NULL}, /* an incomplete line */
        {"-gdb-exits\n", NULL},
        {"-interpreter-exec console -gdb-exit\n", NULL},
        {"\n\n1\n-\n", NULL},
        {"quite\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < 2 * sizeof all / sizeof all[0]; i++) {
        char text[100];
        int ends[2];
        int kind = (int)i % 2;
        bool seen = kind == SOCKETS || pipes_can_be_peeked();
        const char *typed = all[i / 2].text, *why = seen ? all[i / 2].why : NULL;
        make(kind, ends);
        struct frontend f = begin(ends[0], true);
        assert_int_equal(frontend_look_again(&f), IO_NEVER);
        type(ends[1], typed);
        assert_true(polled(&f));
        const char *said = frontend_ended(&f);
        if (why == NULL) {
            assert_null(said);
            assert_false(polled(&f));
            assert_true(frontend_look_again(&f) < IO_SECOND);
        } else {
            assert_string_equal(said, why);
        }
        assert_int_equal(read(ends[0], text, sizeof text), strlen(typed));
        assert_memory_equal(text, typed, strlen(typed));
        assert_int_equal(frontend_ended(&f) == NULL, true);
        end(&f, ends);
    }
}

static void a_terminal_is_not_read(void **state)
{
    int ends[2];
    (void)state;
    make(PIPE, ends);
    struct frontend f = begin(ends[0], false);
    type(ends[1], "-gdb-exit\nquit\n");
    assert_false(polled(&f));
    assert_null(frontend_ended(&f));
    end(&f, ends);
}

static void a_stdin_that_cannot_be_closed_is_not_watched(void **state)
{
    (void)state;
    static const char *const names[] = {"/dev/null", "/proc/self/exe"};
    for (int i = 0; i < 2; i++) {
        int fd = open(names[i], O_RDONLY | O_CLOEXEC);
        struct frontend f = begin(fd, true);
        assert_null(frontend_ended(&f));
        assert_false(polled(&f));
        frontend_end(&f);
        close(fd);
    }
    struct frontend f = begin(-1, false);
    assert_null(frontend_ended(&f));
    assert_false(polled(&f));
    frontend_end(&f);
}

static void every_descriptor_is_closed(void **state)
{
    int ends[2], before = dup(0), after;
    (void)state;
    close(before);
    make(PIPE, ends);
    struct frontend f = begin(ends[0], true);
    type(ends[1], "x\n");
    (void)frontend_ended(&f);
    end(&f, ends);
    after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

static void peek_is_limited_to_the_buffer(void **state)
{
    (void)state;
    for (int kind = pipes_can_be_peeked() ? PIPE : SOCKETS; kind <= SOCKETS; kind++) {
        char text[4];
        int ends[2];
        make(kind, ends);
        assert_int_equal(peek(ends[0], text, sizeof text), 0);
        type(ends[1], "abcdef");
        assert_int_equal(peek(ends[0], text, sizeof text), 4);
        assert_memory_equal(text, "abcd", 4);
        close(ends[0]);
        close(ends[1]);
    }
    assert_int_equal(peek(-1, (char[1]){0}, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mi_is_recognized_by_its_option),
        cmocka_unit_test(batch_mode_is_recognized_by_its_option),
        cmocka_unit_test(a_closed_stdin_ends_the_wait),
        cmocka_unit_test(a_stdin_closed_before_the_wait_does_not_end_it),
        cmocka_unit_test(pending_commands_of_a_script_do_not_end_the_wait),
        cmocka_unit_test(pending_mi_commands_end_the_wait_and_are_not_consumed),
        cmocka_unit_test(a_terminal_is_not_read),
        cmocka_unit_test(a_stdin_that_cannot_be_closed_is_not_watched),
        cmocka_unit_test(every_descriptor_is_closed),
        cmocka_unit_test(peek_is_limited_to_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
