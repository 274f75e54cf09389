/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting to stubs, and resolving names of hosts. */
#include "io/sockets.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/io.h"

enum { PATIENCE_MS = 5000 };

static struct sockaddr_in loopback(const char *address, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
    return a;
}

static void connecting_reports_refusal_and_timeout(void **state)
{
    struct sockets_address any = {.is.in = loopback("127.0.0.1", 0), .len = sizeof any.is.in};
    struct sockets_streams at = {.n = 1};
    (void)state;
    int listener = sockets_tcp_listen(&any);
    assert_true(sockets_name(listener, &at.at[0]));
    int fd = sockets_tcp(&at, 5 * IO_SECOND);
    assert_true(fd >= 0);
    struct pollfd waits = {listener, POLLIN, 0}; /* loopback need not connect at once */
    assert_int_equal(poll(&waits, 1, PATIENCE_MS), 1);
    int taken = sockets_tcp_accept(listener);
    assert_true(taken >= 0);
    assert_int_equal(sockets_tcp_accept(listener), -1);
    assert_int_equal(errno, EAGAIN);
    close(fd);
    close(taken);
    at.at[at.n++] = at.at[0];
    at.at[0].is.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1); /* nothing listens there */
    fd = sockets_tcp(&at, 5 * IO_SECOND);
    assert_true(fd >= 0);
    close(fd);
    close(listener);
    assert_int_equal(sockets_tcp(&at, 5 * IO_SECOND), -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(sockets_unix("no-such-socket"), -1);
    assert_int_equal(errno, ENOENT);
}

static void udp_hosts_resolve_to_ipv4(void **state)
{
    struct sockaddr_in at;
    char text[SOCKETS_TEXT];
    (void)state;
    assert_int_equal(sockets_resolve(getaddrinfo, "127.0.0.9", 1234, &at), 0);
    assert_string_equal(sockets_text(&at, text), "127.0.0.9:1234");
    assert_int_equal(sockets_resolve(getaddrinfo, "localhost", 1, &at), 0);
    assert_string_equal(sockets_text(&at, text), "127.0.0.1:1");
    assert_int_not_equal(sockets_resolve(getaddrinfo, "::1", 1, &at), 0);
}

static bool has_ipv6(void)
{
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static void stream_hosts_resolve_to_ipv4_and_ipv6(void **state)
{
    struct sockets_streams all;
    struct sockets_address own;
    char text[SOCKETS_STREAM_TEXT];
    (void)state;
    assert_int_equal(sockets_resolve_streams(getaddrinfo, "127.0.0.9", 1234, &all), 0);
    assert_string_equal(sockets_stream_text(&all.at[0], text), "127.0.0.9:1234");
    if (!has_ipv6())
        UNIT_SKIP("the kernel has no IPv6");
    assert_int_equal(sockets_resolve_streams(getaddrinfo, "::1", 99, &all), 0);
    assert_string_equal(sockets_stream_text(&all.at[0], text), "[::1]:99");
    assert_true(sockets_is_loopback(&all.at[0]) && !sockets_is_any(&all.at[0]));
    const char *lo = if_nametoindex("lo") != 0 ? "lo" : "lo0"; /* Linux, FreeBSD */
    char scoped[32], wanted[48];
    (void)snprintf(scoped, sizeof scoped, "fe80::7%%%s", lo);
    (void)snprintf(wanted, sizeof wanted, "[%s]:1", scoped);
    assert_int_equal(sockets_resolve_streams(getaddrinfo, scoped, 1, &all), 0);
    assert_string_equal(sockets_stream_text(&all.at[0], text), wanted);
    assert_int_equal(sockets_resolve_own(getaddrinfo, "::", 5, AF_UNSPEC, &own), 0);
    assert_true(sockets_is_any(&own));
    assert_int_equal(sockets_port(&own), 5);
    assert_int_not_equal(sockets_resolve_own(getaddrinfo, "::", 5, AF_INET, &own), 0);
}

static void wildcard_broadcast_and_multicast_addresses_are_rejected(void **state)
{
    static const char *const hosts[] = {"0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1",
                                        "239.255.255.255"};
    static const char *const hosts6[] = {"::", "ff02::1", "::ffff:224.0.0.1", "::ffff:0.0.0.0"};
    struct sockets_streams all;
    struct sockaddr_in at;
    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        assert_int_equal(sockets_resolve(getaddrinfo, hosts[i], 1, &at), SOCKETS_NO_HOST);
        assert_int_equal(sockets_resolve_streams(getaddrinfo, hosts[i], 1, &all), SOCKETS_NO_HOST);
    }
    for (size_t i = 0; i < sizeof hosts6 / sizeof hosts6[0]; i++)
        assert_int_equal(sockets_resolve_streams(getaddrinfo, hosts6[i], 1, &all), SOCKETS_NO_HOST);
    assert_non_null(strstr(sockets_resolve_text(SOCKETS_NO_HOST), "multicast"));
    assert_string_equal(sockets_resolve_text(EAI_NONAME), gai_strerror(EAI_NONAME));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connecting_reports_refusal_and_timeout),
        cmocka_unit_test(udp_hosts_resolve_to_ipv4),
        cmocka_unit_test(stream_hosts_resolve_to_ipv4_and_ipv6),
        cmocka_unit_test(wildcard_broadcast_and_multicast_addresses_are_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
