/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes through two real netgdb-tls processes, a server's and a client's. */
#include "session/tls.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/fds.h"

enum {
    MUCH = 8 * 1024 * 1024, /* bytes: more than all buffers on the way */
    SOME = 100 * 1000,      /* less */
    BLOCKED_MS = 1000,      /* a stream is full if it accepts nothing for this time */
    PATIENCE_MS = 60 * 1000,
};

static char directory[UNIT_PATH], psk[UNIT_PATH + 8];
static int server = -1, listener = -1; /* the server's control socket, and its port */
static struct sockets_address address;
static int ends[2]; /* plain: the client's, the server's */

static int setup(void **state)
{
    const char *build = getenv("top_builddir");
    char program[4096], why[TLS_WHY_MAX] = "";
    const struct tls_keys keys = {.psk = psk};
    (void)state;
    (void)snprintf(program, sizeof program, "%s/tools/netgdb-tls", build != NULL ? build : ".");
    assert_int_equal(setenv("NETGDB_TLS_HELPER", program, 1), 0);
    assert_non_null(mkdtemp(unit_directory(directory, "tls")));
    (void)snprintf(psk, sizeof psk, "%s/psk", directory);
    int fd = open(psk, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(dprintf(fd, "unit:%032d\n", 7), 38);
    close(fd);
    assert_int_equal(sockets_resolve_own(getaddrinfo, "127.0.0.1", 0, AF_INET, &address), 0);
    listener = sockets_tcp_listen(&address);
    assert_true(listener >= 0 && sockets_name(listener, &address));
    server = tls_start(&keys, NULL, why);
    assert_string_equal(why, "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(server);
    close(listener);
    (void)unlink(psk);
    return rmdir(directory);
}

static void await(int fd, short events)
{
    struct pollfd p = {fd, events, 0};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* A TCP connection to the server, whose plain stream is ends[1]. */
static int connect_tcp(void)
{
    const struct sockets_streams remotes = {.at = {address}, .n = 1};
    int tcp = sockets_tcp(&remotes, IO_SECOND);
    assert_true(tcp >= 0);
    await(listener, POLLIN);
    ends[1] = tls_wrap(server, sockets_tcp_accept(listener));
    assert_true(ends[1] >= 0);
    return tcp;
}

static int connect_ends(void **state)
{
    const struct tls_keys keys = {.psk = psk};
    char why[TLS_WHY_MAX] = "";
    (void)state;
    int control = tls_start(&keys, "127.0.0.1", why);
    assert_string_equal(why, "");
    ends[0] = tls_wrap(control, connect_tcp());
    assert_int_equal(tls_answer(control, io_fds_now() + TLS_HANDSHAKE, NULL, why), 0);
    close(control);
    return 0;
}

static int close_ends(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* Byte `at` of what end `from` sends. */
static uint8_t byte_of(int from, size_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) + (size_t)from);
}

/* Sends as much as fits, up to `size` in total. */
static void send_some(int from, size_t *sent, size_t size)
{
    uint8_t data[5000];
    size_t len = size - *sent < sizeof data ? size - *sent : sizeof data;
    for (size_t i = 0; i < len; i++)
        data[i] = byte_of(from, *sent + i);
    ssize_t n = send(ends[from], data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    assert_true(n >= 0 || errno == EAGAIN);
    *sent += n > 0 ? (size_t)n : 0;
}

/* Receives and checks the available bytes. False at the end of the stream. */
static bool take_some(int from, size_t *got)
{
    uint8_t data[7000];
    ssize_t n = recv(ends[1 - from], data, sizeof data, MSG_DONTWAIT);
    assert_true(n >= 0 || errno == EAGAIN);
    for (ssize_t i = 0; i < n; i++)
        assert_int_equal(data[i], byte_of(from, *got + (size_t)i));
    *got += n > 0 ? (size_t)n : 0;
    return n != 0;
}

/* Receives until the stream ends. */
static size_t take_rest(int from, size_t got)
{
    do {
        await(ends[1 - from], POLLIN);
    } while (take_some(from, &got));
    return got;
}

static void send_all(int from, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        await(ends[from], POLLOUT);
        send_some(from, &sent, size);
    }
}

static void bytes_arrive_unchanged_both_ways_at_once(void **state)
{
    size_t sent[2] = {0, 0}, got[2] = {0, 0};
    (void)state;
    while (got[0] < MUCH || got[1] < MUCH) {
        struct pollfd fds[2];
        for (int i = 0; i < 2; i++)
            fds[i] = (struct pollfd){ends[i], (short)(POLLIN | (sent[i] < MUCH ? POLLOUT : 0)), 0};
        assert_true(poll(fds, 2, PATIENCE_MS) > 0);
        for (int i = 0; i < 2; i++) {
            if (sent[i] < MUCH)
                send_some(i, &sent[i], MUCH);
            assert_true(take_some(i, &got[i]));
        }
    }
}

static void one_direction_can_be_closed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        send_all(i, SOME);
        assert_int_equal(shutdown(ends[i], SHUT_WR), 0);
        assert_int_equal(take_rest(i, 0), SOME);
    }
}

static void the_last_bytes_before_a_close_arrive(void **state)
{
    (void)state;
    send_all(0, SOME);
    close(ends[0]);
    ends[0] = -1;
    assert_int_equal(take_rest(0, 0), SOME);
}

static void a_slow_reader_stops_the_writer(void **state)
{
    size_t sent = 0, got = 0;
    struct pollfd p = {ends[0], POLLOUT, 0};
    (void)state;
    while (sent < 8u * MUCH && poll(&p, 1, BLOCKED_MS) > 0)
        send_some(0, &sent, 8u * MUCH);
    assert_true(sent < 8u * MUCH);
    while (got < sent) {
        await(ends[1], POLLIN);
        assert_true(take_some(0, &got));
    }
}

/* Sends until nothing on the way has room. */
static void fill(int from)
{
    struct pollfd p = {ends[from], POLLOUT, 0};
    size_t sent = 0, before;
    do {
        before = sent;
        (void)poll(&p, 1, BLOCKED_MS);
        send_some(from, &sent, 8u * MUCH);
    } while (sent != before);
}

/* A thread of the proxy may wait to send, and reads nothing meanwhile. */
static void a_peer_that_is_lost_ends_a_send_to_it(void **state)
{
    (void)state;
    fill(0);
    fill(1);
    close(ends[0]); /* its helper ends, and drops what it has not sent */
    ends[0] = -1;
    await(ends[1], POLLOUT);
    assert_int_equal(send(ends[1], "", 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
    assert_int_equal(errno, EPIPE);
}

static void a_disconnect_ends_the_handshake(void **state)
{
    char byte;
    (void)state;
    int tcp = connect_tcp();
    close(ends[1]);
    await(tcp, POLLIN);
    assert_int_equal(recv(tcp, &byte, 1, 0), 0);
    close(tcp);
}

#define WITH_ENDS(test) cmocka_unit_test_setup_teardown(test, connect_ends, close_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENDS(bytes_arrive_unchanged_both_ways_at_once),
        WITH_ENDS(one_direction_can_be_closed),
        WITH_ENDS(the_last_bytes_before_a_close_arrive),
        WITH_ENDS(a_slow_reader_stops_the_writer),
        WITH_ENDS(a_peer_that_is_lost_ends_a_send_to_it),
        cmocka_unit_test(a_disconnect_ends_the_handshake),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
