/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The process that holds a port: this one. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/port_owner.h"

/* Binds a socket to any free port of the loopback address. */
static int bind_any(int family, int type, uint16_t *port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    socklen_t len = family == AF_INET ? sizeof in : sizeof in6;
    void *address = family == AF_INET ? (void *)&in : (void *)&in6;
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, address, len) != 0 || getsockname(fd, address, &len) != 0)
        return -1;
    *port = ntohs(family == AF_INET ? in.sin_port : in6.sin6_port);
    return fd;
}

static const char *this_process(char text[PORT_OWNER_TEXT], const char *name)
{
    snprintf(text, PORT_OWNER_TEXT, " (held by %s, process %d)", name, (int)getpid());
    return text;
}

static void the_holder_of_a_udp_port_is_named(void **state)
{
    char text[PORT_OWNER_TEXT], expected[PORT_OWNER_TEXT];
    uint16_t port;
    int fd = bind_any(AF_INET, SOCK_DGRAM, &port);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(prctl(PR_SET_NAME, "holder \x1b[31m"), 0);
    errno = ENOENT;
    assert_string_equal(port_owner(EADDRINUSE, false, port, text),
                        this_process(expected, "holder \\x1b[31m"));
    assert_int_equal(errno, ENOENT);
    assert_string_equal(port_owner(EACCES, false, port, text), "");
    close(fd);
    assert_string_equal(port_owner(EADDRINUSE, false, port, text), "");
}

static void the_holder_of_a_tcp_port_is_the_one_that_listens(void **state)
{
    char text[PORT_OWNER_TEXT], expected[PORT_OWNER_TEXT];
    uint16_t port;
    int fd = bind_any(AF_INET, SOCK_STREAM, &port);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(prctl(PR_SET_NAME, "holder"), 0);
    assert_string_equal(port_owner(EADDRINUSE, true, port, text), "");
    assert_int_equal(listen(fd, 1), 0);
    assert_string_equal(port_owner(EADDRINUSE, true, port, text), this_process(expected, "holder"));
    close(fd);
}

static void an_ipv6_socket_holds_the_port_too(void **state)
{
    char text[PORT_OWNER_TEXT], expected[PORT_OWNER_TEXT];
    uint16_t port;
    int fd = bind_any(AF_INET6, SOCK_DGRAM, &port);
    (void)state;
    if (fd < 0)
        UNIT_SKIP("the kernel has no IPv6");
    assert_string_equal(port_owner(EADDRINUSE, false, port, text),
                        this_process(expected, "holder"));
    close(fd);
}

/* In a child without the rights of root, which may not read the descriptors of this process. */
static int ask_as_another_user(uint16_t port)
{
    char text[PORT_OWNER_TEXT], expected[PORT_OWNER_TEXT];
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 2;
    snprintf(expected, sizeof expected, " (held by a process of user 0)");
    return strcmp(port_owner(EADDRINUSE, false, port, text), expected) == 0 ? 0 : 1;
}

static void the_user_is_named_if_the_process_is_hidden(void **state)
{
    uint16_t port;
    int fd = bind_any(AF_INET, SOCK_DGRAM, &port), status;
    (void)state;
    assert_true(fd >= 0);
    if (getuid() != 0)
        UNIT_SKIP("only root can be another user");
    pid_t child = fork();
    if (child == 0) {
        close(fd);
        _exit(ask_as_another_user(port));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    close(fd);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_holder_of_a_udp_port_is_named),
        cmocka_unit_test(the_holder_of_a_tcp_port_is_the_one_that_listens),
        cmocka_unit_test(an_ipv6_socket_holds_the_port_too),
        cmocka_unit_test(the_user_is_named_if_the_process_is_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
