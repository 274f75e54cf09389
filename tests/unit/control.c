/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may use a proxy's control socket, and who finds it. */
#include "session/control.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHER = 65534, GROUP = 65533 };

static char directory[UNIT_PATH];
static char path[100];
static int listener = -1;

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(unit_directory(directory, "control")));
    (void)snprintf(path, sizeof path, "%s/control", directory);
    assert_int_equal(setenv("NETGDB_RUNTIME_DIR", directory, 1), 0);
    listener = control_listen();
    assert_true(listener >= 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_remove();
    close(listener);
    return rmdir(directory);
}

/* Whether a process of this user and group is let in, in spite of what the modes say. */
static bool lets_in(uid_t user, gid_t group)
{
    assert_int_equal(chmod(directory, 0755), 0);
    assert_int_equal(chmod(path, 0777), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        if (setgroups(0, NULL) != 0 || setgid(group) != 0 || setuid(user) != 0)
            _exit(2);
        _exit(connect(fd, (struct sockaddr *)&address, sizeof address) != 0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    int fd = accept(listener, NULL, NULL); /* what connected is in the queue, although it is gone */
    assert_true(fd >= 0);
    bool allowed = control_allows(fd);
    close(fd);
    return allowed;
}

static void the_socket_is_for_its_user_and_group(void **state)
{
    struct stat st;
    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
}

static void this_user_is_let_in(void **state)
{
    (void)state;
    int fd = control_connect();
    assert_true(fd >= 0);
    int peer = accept(listener, NULL, NULL);
    assert_true(control_allows(peer));
    close(peer);
    close(fd);
}

static void another_user_is_not(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_false(lets_in(OTHER, OTHER));
}

static void one_of_the_sockets_group_is(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(path, (uid_t)-1, GROUP), 0);
    assert_true(lets_in(OTHER, GROUP));
    assert_false(lets_in(OTHER, OTHER));
}

static void a_second_proxy_does_not_get_it(void **state)
{
    (void)state;
    assert_int_equal(control_listen(), -1);
    assert_int_equal(errno, EADDRINUSE);
}

static void what_a_killed_proxy_left_is_replaced(void **state)
{
    (void)state;
    close(listener);
    listener = control_listen();
    assert_true(listener >= 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_socket_is_for_its_user_and_group),
        TEST(this_user_is_let_in),
        TEST(another_user_is_not),
        TEST(one_of_the_sockets_group_is),
        TEST(a_second_proxy_does_not_get_it),
        TEST(what_a_killed_proxy_left_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
