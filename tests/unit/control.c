/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket of a proxy: permissions, requests, and a second proxy. */
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

static mode_t allowed_mode = 0777; /* mode that fstat reports for the socket */

/* Whether a process of this user and group is accepted, independently of the file mode. */
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
    int fd = accept(listener, NULL, NULL); /* the closed connection is still queued */
    assert_true(fd >= 0);
    assert_int_equal(chmod(path, allowed_mode), 0);
    bool allowed = control_allows(fd, NULL);
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

static void this_user_is_accepted(void **state)
{
    (void)state;
    int fd = control_connect();
    assert_true(fd >= 0);
    int peer = accept(listener, NULL, NULL);
    assert_true(control_allows(peer, NULL));
    close(peer);
    close(fd);
}

static void another_user_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        UNIT_SKIP("only root can be another user");
    assert_false(lets_in(OTHER, OTHER));
}

static void a_process_of_the_sockets_group_is_accepted(void **state)
{
    (void)state;
    if (geteuid() != 0)
        UNIT_SKIP("only root can be another user");
    assert_int_equal(chown(path, (uid_t)-1, GROUP), 0);
    assert_true(lets_in(OTHER, GROUP));
    assert_false(lets_in(OTHER, OTHER));
}

/* A socket for its user only: its group has no permission. */
static void a_group_without_write_permission_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0)
        UNIT_SKIP("only root can be another user");
    assert_int_equal(chown(path, (uid_t)-1, GROUP), 0);
    allowed_mode = 0757; /* permission for others does not count */
    assert_false(lets_in(OTHER, GROUP));
    allowed_mode = 0777;
}

/* Returns the reply to a gdb that has requested a kernel; `error` as in control_answer. */
static void asks(const char *expected, void (*answer)(int fd), int error, char why[])
{
    static const struct net_hosts hosts = {{0xc0000207, 0}, 2};
    char line[CONTROL_LINE_MAX] = "";
    struct control_kernel kernel = {.ip = 0};
    int fd = control_take(&hosts, 20025, false), proxy = accept(listener, NULL, NULL);
    assert_true(fd >= 0 && proxy >= 0);
    assert_true(recv(proxy, line, sizeof line - 1, 0) > 0);
    assert_string_equal(line, expected);
    answer(proxy);
    close(proxy);
    assert_int_equal(control_answer(fd, &kernel, why), error);
    if (error == 0) {
        assert_int_equal(kernel.peer, NETGDB_PEER_NODE);
        assert_int_equal(kernel.ip, 0xc0000207);
    }
    char next = 0; /* the RSP bytes are not consumed */
    assert_int_equal(recv(fd, &next, 1, 0), error == 0 ? 1 : 0);
    assert_int_equal(next, error == 0 ? '$' : 0);
    close(fd);
}

static void grant(int fd)
{
    control_grant(fd, &(struct control_kernel){NETGDB_PEER_NODE, 0xc0000207});
    assert_int_equal(send(fd, "$", 1, 0), 1);
}

static void refuse(int fd)
{
    control_refuse(fd, "the kernel is taken by process 7");
}

static void hang_up(int fd)
{
    (void)fd;
}

static void talk_nonsense(int fd)
{
    assert_int_equal(send(fd, "kernels\n", 8, 0), 8);
}

static void name_no_address(int fd)
{
    assert_int_equal(send(fd, "kernel here\n", 12, 0), 12);
}

static void never_end(int fd)
{
    char line[CONTROL_LINE_MAX];
    memset(line, 'k', sizeof line);
    assert_int_equal(send(fd, line, sizeof line, 0), sizeof line);
}

static void a_request_for_a_kernel_is_granted_or_refused(void **state)
{
    static const char request[] = "take 20025 192.0.2.7 0.0.0.0\n";
    char why[CONTROL_LINE_MAX] = "";
    (void)state;
    asks(request, grant, 0, why);
    asks(request, refuse, EBUSY, why);
    assert_string_equal(why, "the kernel is taken by process 7");
    asks(request, hang_up, ECONNRESET, why);
    asks(request, talk_nonsense, EPROTO, why);
    asks(request, name_no_address, EPROTO, why);
    asks(request, never_end, EPROTO, why);
}

/* A proxy that is stopped, or no proxy at all: gdb must not wait for the rest of its line. */
static void half_an_answer_is_an_error_at_once(void **state)
{
    const struct timeval limit = {1, 0};
    char why[CONTROL_LINE_MAX];
    struct control_kernel kernel;
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    assert_int_equal(send(ends[1], "ker", 3, 0), 3);
    assert_int_equal(control_answer(ends[0], &kernel, why), EPROTO);
    close(ends[0]);
    close(ends[1]);
}

static void a_second_proxy_cannot_listen(void **state)
{
    (void)state;
    assert_int_equal(control_listen(), -1);
    assert_int_equal(errno, EADDRINUSE);
}

static void the_socket_of_a_killed_proxy_is_replaced(void **state)
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
        TEST(this_user_is_accepted),
        TEST(another_user_is_refused),
        TEST(a_process_of_the_sockets_group_is_accepted),
        TEST(a_group_without_write_permission_is_refused),
        TEST(a_request_for_a_kernel_is_granted_or_refused),
        TEST(half_an_answer_is_an_error_at_once),
        TEST(a_second_proxy_cannot_listen),
        TEST(the_socket_of_a_killed_proxy_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
