/* SPDX-License-Identifier: GPL-3.0-or-later */
/* io/os.h: the same behaviour on each system. */
#include "io/os.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LONG_MS = 20000 }; /* exceeded only by a failure */

static void make_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static bool is_readable(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};
    return poll(&p, 1, ms) == 1;
}

static void assert_closed_on_exec(int fd)
{
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

/* ---- events ---- */

static void events_name_what_is_readable_until_it_is_read(void **state)
{
    int a[2], b[2], events = os_events_open();
    void *what[2];
    char c;
    (void)state;
    assert_closed_on_exec(events);
    make_pair(a);
    make_pair(b);
    assert_int_equal(os_events_add(events, a[0], a), 0);
    assert_int_equal(os_events_add(events, b[0], b), 0);
    assert_int_equal(os_events_take(events, what, 2, 0), 0);
    assert_int_equal(write(b[1], "x", 1), 1);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(os_events_take(events, what, 2, LONG_MS), 1);
        assert_ptr_equal(what[0], b);
    }
    assert_int_equal(read(b[0], &c, 1), 1);
    assert_int_equal(os_events_take(events, what, 2, 0), 0);
    close_both(a);
    close_both(b);
    close(events);
}

static void events_are_taken_as_many_as_asked_for(void **state)
{
    int a[2], b[2], events = os_events_open();
    void *what[2];
    (void)state;
    make_pair(a);
    make_pair(b);
    assert_int_equal(os_events_add(events, a[0], a), 0);
    assert_int_equal(os_events_add(events, b[0], b), 0);
    assert_int_equal(write(a[1], "x", 1) + write(b[1], "x", 1), 2);
    assert_int_equal(os_events_take(events, what, 1, LONG_MS), 1);
    assert_int_equal(os_events_take(events, what, 2, LONG_MS), 2);
    assert_true((what[0] == a && what[1] == b) || (what[0] == b && what[1] == a));
    close_both(a);
    close_both(b);
    close(events);
}

static void a_set_can_be_polled_like_a_descriptor(void **state)
{
    int a[2], events = os_events_open();
    (void)state;
    make_pair(a);
    assert_int_equal(os_events_add(events, a[0], a), 0);
    assert_false(is_readable(events, 0));
    assert_int_equal(write(a[1], "x", 1), 1);
    assert_true(is_readable(events, LONG_MS));
    close_both(a);
    close(events);
}

static void a_hang_up_is_an_event(void **state)
{
    int a[2], events = os_events_open();
    void *what;
    (void)state;
    make_pair(a);
    assert_int_equal(os_events_add(events, a[0], a), 0);
    close(a[1]);
    assert_int_equal(os_events_take(events, &what, 1, LONG_MS), 1);
    assert_ptr_equal(what, a);
    close(a[0]);
    close(events);
}

static void what_was_removed_or_closed_is_no_event(void **state)
{
    int a[2], b[2], events = os_events_open();
    void *what[2];
    (void)state;
    make_pair(a);
    make_pair(b);
    assert_int_equal(os_events_add(events, a[0], a), 0);
    assert_int_equal(os_events_add(events, b[0], b), 0);
    assert_int_equal(write(a[1], "x", 1) + write(b[1], "x", 1), 2);
    os_events_remove(events, a[0]);
    close(b[0]);
    assert_int_equal(os_events_take(events, what, 2, 0), 0);
    close_both(a);
    close(b[1]);
    close(events);
}

static void a_bad_descriptor_is_an_error(void **state)
{
    int events = os_events_open();
    (void)state;
    assert_int_equal(os_events_add(events, -1, &events), -1);
    assert_int_equal(errno, EBADF);
    close(events);
}

/* ---- wakes ---- */

static void a_wake_lasts_until_it_is_cleared(void **state)
{
    int wake = os_wake_open();
    (void)state;
    assert_closed_on_exec(wake);
    assert_false(is_readable(wake, 0));
    os_wake_clear(wake); /* does not block */
    errno = EXDEV;
    os_wake(wake);
    os_wake(wake);
    assert_int_equal(errno, EXDEV);
    assert_true(is_readable(wake, LONG_MS));
    assert_true(is_readable(wake, LONG_MS));
    os_wake_clear(wake);
    assert_false(is_readable(wake, 0));
    close(wake);
}

static void a_wake_is_an_event(void **state)
{
    int wake = os_wake_open(), events = os_events_open();
    void *what;
    (void)state;
    assert_int_equal(os_events_add(events, wake, &wake), 0);
    assert_int_equal(os_events_take(events, &what, 1, 0), 0);
    os_wake(wake);
    assert_int_equal(os_events_take(events, &what, 1, LONG_MS), 1);
    assert_ptr_equal(what, &wake);
    os_wake_clear(wake);
    assert_int_equal(os_events_take(events, &what, 1, 0), 0);
    close(wake);
    close(events);
}

/* ---- signals ---- */

static void signals_arrive_as_numbers(void **state)
{
    int events = os_events_open();
    sigset_t set, before;
    void *what;
    (void)state;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
    int fd = os_signals_open(&set);
    assert_closed_on_exec(fd);
    assert_int_equal(os_events_add(events, fd, &fd), 0);
    assert_int_equal(os_signals_take(fd), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(os_events_take(events, &what, 1, LONG_MS), 1);
    assert_ptr_equal(what, &fd);
    assert_int_equal(os_signals_take(fd), SIGUSR1);
    assert_int_equal(os_signals_take(fd), 0);
    assert_false(is_readable(fd, 0));
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    assert_true(is_readable(fd, LONG_MS));
    assert_int_equal(os_signals_take(fd), SIGHUP);
    close(fd);
    close(events);
    /* On FreeBSD they are still pending. */
    (void)signal(SIGUSR1, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_name_what_is_readable_until_it_is_read),
        cmocka_unit_test(events_are_taken_as_many_as_asked_for),
        cmocka_unit_test(a_set_can_be_polled_like_a_descriptor),
        cmocka_unit_test(a_hang_up_is_an_event),
        cmocka_unit_test(what_was_removed_or_closed_is_no_event),
        cmocka_unit_test(a_bad_descriptor_is_an_error),
        cmocka_unit_test(a_wake_lasts_until_it_is_cleared),
        cmocka_unit_test(a_wake_is_an_event),
        cmocka_unit_test(signals_arrive_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
