/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signs of tampering on real sockets, on loopback: other sources, and TTLs. */
#include "io/fds.h"
#include "io/others.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/direct.h"
#include "io/sockets.h"

enum { NOBODY = 65534 };

struct fixture {
    struct io_fds io;
    int session, kernel, stranger; /* sockets; the session's is the io's once it is put there */
    struct sockaddr_in own, peer, other;
    struct io_signs seen;
};

static int bound(const char *address, struct sockaddr_in *local)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, address, &any.sin_addr), 1);
    int fd = sockets_udp(&any, NULL);
    assert_true(fd >= 0);
    assert_true(sockets_local(fd, local));
    return fd;
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    assert_int_equal(io_fds_init(&f->io, 0), 0);
    f->session = bound("127.0.0.1", &f->own);
    f->kernel = bound("127.0.0.2", &f->peer);
    f->stranger = bound("127.0.0.3", &f->other);
    assert_int_equal(connect(f->session, (struct sockaddr *)&f->peer, sizeof f->peer), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    io_fds_close(&f->io);
    close(f->kernel);
    close(f->stranger);
    test_free(f);
    return 0;
}

static void watch(struct fixture *f)
{
    io_fds_set_datagrams(&f->io, IO_TARGET, f->session);
    io_fds_watch(&f->io);
    assert_true(f->io.side[IO_TARGET].others >= 0);
}

static void send_from(const struct fixture *f, int fd, const char *text)
{
    size_t n = strlen(text);
    assert_int_equal(sendto(fd, text, n, 0, (const struct sockaddr *)&f->own, sizeof f->own),
                     (ssize_t)n);
}

/* All that has come, one behind the other. */
static const char *heard(struct fixture *f)
{
    static char text[200];
    struct io_msg msgs[IO_FDS_BATCH];
    size_t used = 0;
    int n = io_recv(&f->io.io, IO_TARGET, msgs, IO_FDS_BATCH);
    for (int i = 0; i < n; i++) {
        memcpy(text + used, msgs[i].data, msgs[i].len);
        used += msgs[i].len;
    }
    text[used] = '\0';
    return text;
}

/*
 * Whatever keeps us from reading it: it came before the call that sent it was over. The system
 * begins to note that a little after it is asked to, and until then tells when it was read.
 */
static void when_a_datagram_came_is_told(void **state)
{
    struct fixture *f = *state;
    bool told = false;
    watch(f);
    for (unsigned i = 0; i < 10000 && !told; i++) {
        struct io_msg msg;
        uint64_t before = io_fds_now();
        send_from(f, f->kernel, "a");
        uint64_t after = io_fds_now();
        while (io_fds_now() < after + IO_MS)
            ;
        assert_int_equal(io_recv(&f->io.io, IO_TARGET, &msg, 1), 1);
        assert_true(msg.arrived == 0 || msg.arrived + IO_MS / 10 >= before);
        told = msg.arrived != 0 && msg.arrived <= after + IO_MS / 10;
    }
    assert_true(told);
}

static void a_second_source_is_counted_and_the_session_hears_its_peer_alone(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in elsewhere;
    int other_port = bound("127.0.0.2", &elsewhere);
    watch(f);
    send_from(f, f->kernel, "a");
    send_from(f, f->stranger, "forged");
    send_from(f, other_port, "forged");
    send_from(f, f->kernel, "b");
    assert_string_equal(heard(f), "ab");
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.others, 2);
    assert_int_equal(f->seen.other.ip, 0x7f000003);
    assert_int_equal(f->seen.other.port, ntohs(f->other.sin_port));
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.others, 2);
    close(other_port);
}

static void a_flood_is_counted_to_the_last_and_kept_in_a_small_buffer(void **state)
{
    struct fixture *f = *state;
    int room;
    socklen_t len = sizeof room;
    watch(f);
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < 100; i++)
            send_from(f, f->stranger, "forged, and not short: nothing of this is kept");
        io_take_signs(&f->io.io, &f->seen);
        assert_int_equal(f->seen.others, 100 * round);
    }
    assert_int_equal(getsockopt(f->io.side[IO_TARGET].others, SOL_SOCKET, SO_RCVBUF, &room, &len),
                     0);
    assert_true(room < 8192);
}

static void the_peers_own_is_no_sign(void **state)
{
    struct fixture *f = *state;
    watch(f);
    for (unsigned i = 0; i < 10; i++)
        send_from(f, f->kernel, "x");
    assert_string_equal(heard(f), "xxxxxxxxxx");
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.others, 0);
}

/* Whether a socket with this option (0: none) can have the session's port; it is closed again. */
static bool can_bind(const struct fixture *f, int option, const char *address)
{
    struct sockaddr_in want = f->own;
    const int on = 1;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET, address, &want.sin_addr), 1);
    if (option != 0)
        assert_int_equal(setsockopt(fd, SOL_SOCKET, option, &on, sizeof on), 0);
    bool can = bind(fd, (const struct sockaddr *)&want, sizeof want) == 0;
    close(fd);
    return can;
}

static bool anybody_can_bind(const struct fixture *f)
{
    const int options[] = {0, SO_REUSEADDR, SO_REUSEPORT};
    bool can = false;
    for (unsigned i = 0; i < 3; i++)
        can = can || can_bind(f, options[i], "127.0.0.1") || can_bind(f, options[i], "0.0.0.0");
    return can;
}

static void nobody_gets_in_beside_the_two(void **state)
{
    struct fixture *f = *state;
    watch(f);
    assert_false(anybody_can_bind(f));
    close(io_fds_take(&f->io, IO_TARGET)); /* also when there was one: a killed server's is free */
    assert_true(can_bind(f, 0, "127.0.0.1"));
}

/* A kernel that waits at a proxy has none: it is opened for each client, beside the same socket. */
static void it_is_opened_again_after_the_session_was_parked(void **state)
{
    struct fixture *f = *state;
    for (unsigned client = 1; client <= 3; client++) {
        watch(f);
        send_from(f, f->stranger, "forged");
        send_from(f, f->kernel, "x");
        assert_string_equal(heard(f), "x");
        io_take_signs(&f->io.io, &f->seen);
        assert_int_equal(f->seen.others, client);
        assert_int_equal(io_fds_take(&f->io, IO_TARGET), f->session);
        assert_false(anybody_can_bind(f));
    }
    close(f->session);
}

static void the_socket_is_owned_and_close_on_exec(void **state)
{
    struct fixture *f = *state;
    watch(f);
    int other = f->io.side[IO_TARGET].others;
    assert_int_equal(fcntl(other, F_GETFD), FD_CLOEXEC);
    io_fds_set_datagrams(&f->io, IO_TARGET, -1);
    assert_int_equal(fcntl(other, F_GETFD), -1);
}

static void a_session_goes_on_without_a_descriptor_for_it(void **state)
{
    struct fixture *f = *state;
    struct rlimit old, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = (struct rlimit){3, old.rlim_max};
    io_fds_set_datagrams(&f->io, IO_TARGET, f->session);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    io_fds_watch(&f->io);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(f->io.side[IO_TARGET].others, -1);
    send_from(f, f->kernel, "x");
    assert_string_equal(heard(f), "x");
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.others, 0);
    assert_false(anybody_can_bind(f));
}

static void another_user_cannot_open_one(void **state)
{
    struct fixture *f = *state;
    int status;
    if (geteuid() != 0)
        skip();
    pid_t child = fork();
    if (child == 0)
        _exit(setuid(NOBODY) != 0 || others_open(f->session) != -1 || errno != EADDRINUSE);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(anybody_can_bind(f));
    close(f->session);
}

static void set_ttl(int fd, int ttl)
{
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof ttl), 0);
}

/* As on a network of ours: on loopback nothing is counted. */
static void watch_ttl(struct fixture *f)
{
    const int on = 1;
    watch(f);
    assert_int_equal(setsockopt(f->session, IPPROTO_IP, IP_RECVTTL, &on, sizeof on), 0);
    f->io.side[IO_TARGET].ttl = true;
}

static void a_ttl_that_is_not_255_is_counted_for_each_datagram(void **state)
{
    struct fixture *f = *state;
    const int ttl[] = {255, 63, 255, 254, 255, 1};
    watch_ttl(f);
    for (unsigned i = 0; i < sizeof ttl / sizeof ttl[0]; i++) {
        set_ttl(f->kernel, ttl[i]);
        send_from(f, f->kernel, "x");
    }
    assert_string_equal(heard(f), "xxxxxx");
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.wrong_ttl, 3);
    assert_int_equal(f->seen.ttl, 63);
    assert_int_equal(f->seen.others, 0);
}

/* A virtual machine's NAT sends as this machine does, with a TTL of 64. */
static void this_machine_is_no_network(void **state)
{
    struct fixture *f = *state;
    assert_false(direct_is(f->session));
    assert_false(direct_is(f->stranger)); /* has no peer */
    assert_false(direct_is(-1));
    watch(f);
    set_ttl(f->kernel, 64);
    send_from(f, f->kernel, "x");
    assert_string_equal(heard(f), "x");
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.wrong_ttl, 0);
}

static void a_node_sends_with_a_kernels_ttl(void **state)
{
    struct fixture *f = *state;
    watch_ttl(f);
    io_fds_set_peer(&f->io, IO_CLIENT, dup(f->kernel), &f->own);
    const struct io_msg msg = {.data = (uint8_t *)(uintptr_t) "x", .len = 1};
    assert_int_equal(io_send(&f->io.io, IO_CLIENT, &msg, 1), 0);
    assert_string_equal(heard(f), "x");
    io_take_signs(&f->io.io, &f->seen);
    assert_int_equal(f->seen.wrong_ttl, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(when_a_datagram_came_is_told),
        TEST(a_second_source_is_counted_and_the_session_hears_its_peer_alone),
        TEST(a_flood_is_counted_to_the_last_and_kept_in_a_small_buffer),
        TEST(the_peers_own_is_no_sign),
        TEST(nobody_gets_in_beside_the_two),
        TEST(it_is_opened_again_after_the_session_was_parked),
        TEST(the_socket_is_owned_and_close_on_exec),
        TEST(a_session_goes_on_without_a_descriptor_for_it),
        TEST(another_user_cannot_open_one),
        TEST(a_ttl_that_is_not_255_is_counted_for_each_datagram),
        TEST(this_machine_is_no_network),
        TEST(a_node_sends_with_a_kernels_ttl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
