/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The io over real descriptors: socketpairs, pipes and UDP on loopback. */
#include "io/fds.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockets.h"
#include "proto/err.h"
#include "proto/link/wire.h"

enum { SOON = 1 }; /* a deadline that has passed */
enum { PATIENCE_MS = 5000 };

static struct io_fds io;

static int setup(void **state)
{
    (void)state;
    return io_fds_init(&io);
}

static int teardown(void **state)
{
    (void)state;
    io_fds_close(&io);
    return 0;
}

static struct sockaddr_in loopback(const char *address, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
    return a;
}

/* A UDP socket bound to a free port, and that port's address. */
static int bound(const char *address, struct sockaddr_in *local)
{
    struct sockaddr_in any = loopback(address, 0);
    int fd = sockets_udp(&any, NULL);
    assert_true(fd >= 0);
    assert_true(sockets_local(fd, local));
    return fd;
}

/* Waits until a datagram has arrived: loopback need not deliver at once. */
static void wait_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* Sets the client side to a stream socket; returns the other end. */
static int stream(void)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    io_fds_set_stream(&io, IO_CLIENT, ends[0], ends[0]);
    return ends[1];
}

static void send_text(enum io_side side, const char *text)
{
    struct io_msg msg = {.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};
    assert_int_equal(io_send(&io.io, side, &msg, 1), 0);
}

static void expect_text(enum io_side side, const char *text)
{
    struct io_msg msg;
    assert_int_equal(io_wait(&io.io, io_now(&io.io) + 5 * IO_SECOND, 1u << side), 1u << side);
    assert_int_equal(io_recv(&io.io, side, &msg, 1), 1);
    assert_int_equal(msg.len, strlen(text));
    assert_memory_equal(msg.data, text, msg.len);
}

static void a_stream_carries_bytes_both_ways_and_ends(void **state)
{
    char got[8];
    struct io_msg msg;
    int other = stream();
    (void)state;
    assert_int_equal(io_wait(&io.io, SOON, IO_ON_CLIENT), 0);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), 0);
    assert_int_equal(write(other, "abc", 3), 3);
    expect_text(IO_CLIENT, "abc");
    send_text(IO_CLIENT, "xyz");
    assert_int_equal(read(other, got, sizeof got), 3);
    assert_memory_equal(got, "xyz", 3);
    assert_int_equal(write(other, "last", 4), 4);
    close(other);
    expect_text(IO_CLIENT, "last");
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_CLIENT), IO_ON_CLIENT);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), NETGDB_CLOSED);
}

static void sending_to_a_closed_stream_returns_an_error_without_sigpipe(void **state)
{
    int pipes[2], back[2];
    struct io_msg msg = {.data = (uint8_t *)(uintptr_t) "x", .len = 1};
    (void)state;
    close(stream());
    assert_int_equal(io_send(&io.io, IO_CLIENT, &msg, 1), NETGDB_CLOSED);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(back), 0);
    close(pipes[0]);
    io_fds_set_stream(&io, IO_CLIENT, back[0], pipes[1]);
    assert_int_equal(io_send(&io.io, IO_CLIENT, &msg, 1), NETGDB_CLOSED);
    close(back[1]);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), NETGDB_CLOSED);
}

enum { LARGE = 3 * 1024 * 1024 };

static void *drain(void *arg)
{
    int fd = *(int *)arg;
    static char buffer[65536];
    size_t sum = 0;
    ssize_t n;
    while (sum < LARGE && (n = read(fd, buffer, sizeof buffer)) > 0)
        sum += (size_t)n;
    return (void *)sum;
}

static void check_large_send(int reader)
{
    uint8_t *data = test_calloc(1, LARGE);
    struct io_msg msgs[2] = {{.data = data, .len = LARGE / 3},
                             {.data = data, .len = LARGE - LARGE / 3}};
    pthread_t thread;
    void *sum;
    assert_int_equal(pthread_create(&thread, NULL, drain, &reader), 0);
    assert_int_equal(io_send(&io.io, IO_CLIENT, msgs, 2), 0);
    assert_int_equal(pthread_join(thread, &sum), 0);
    assert_int_equal((size_t)sum, LARGE);
    test_free(data);
}

static void sending_to_a_full_stream_delivers_every_byte(void **state)
{
    int pipes[2], unused[2], other = stream();
    (void)state;
    check_large_send(other);
    close(other);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(pipe(unused), 0);
    io_fds_set_stream(&io, IO_CLIENT, unused[0], pipes[1]);
    check_large_send(pipes[0]);
    close(pipes[0]);
    close(unused[1]);
}

static void datagrams_keep_their_boundaries_and_arrive_in_batches(void **state)
{
    struct sockaddr_in ours, theirs;
    struct io_msg msgs[2 * IO_FDS_BATCH];
    static uint8_t big[WIRE_DATAGRAM_MAX + 1];
    const int room = 4 * WIRE_DATAGRAM_MAX;
    int other = bound("127.0.0.1", &theirs), fd = bound("127.0.0.1", &ours);
    (void)state;
    assert_int_equal(connect(fd, (struct sockaddr *)&theirs, sizeof theirs), 0);
    assert_int_equal(connect(other, (struct sockaddr *)&ours, sizeof ours), 0);
    assert_int_equal(setsockopt(other, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    io_fds_set_datagrams(&io, IO_TARGET, fd);
    assert_null(io.side[IO_TARGET].memory);
    for (size_t i = 0; i < IO_FDS_BATCH + 3; i++)
        msgs[i] = (struct io_msg){.data = big, .len = i};
    assert_int_equal(io_send(&io.io, IO_TARGET, msgs, IO_FDS_BATCH + 3), 0);
    for (size_t i = 0; i < IO_FDS_BATCH + 3; i++) {
        assert_int_equal(recv(other, big, sizeof big, 0), (ssize_t)i);
        assert_int_equal(send(other, big, i, 0), (ssize_t)i);
    }
    assert_int_equal(send(other, big, sizeof big, 0), (ssize_t)sizeof big);
    assert_int_equal(send(other, big, sizeof big - 1, 0), (ssize_t)sizeof big - 1);
    size_t next = 0;
    while (next < IO_FDS_BATCH + 3) {
        wait_readable(fd);
        int n = io_recv(&io.io, IO_TARGET, msgs, 2 * IO_FDS_BATCH);
        assert_true(n > 0);
        for (int i = 0; i < n && next < IO_FDS_BATCH + 3; i++)
            assert_int_equal(msgs[i].len, next++);
        if (next == IO_FDS_BATCH + 3 && msgs[n - 1].len < sizeof big - 1) {
            wait_readable(fd);
            assert_int_equal(io_recv(&io.io, IO_TARGET, &msgs[n - 1], 1), 1);
        }
        if (next == IO_FDS_BATCH + 3)
            assert_int_equal(msgs[n - 1].len, WIRE_DATAGRAM_MAX);
    }
    assert_int_equal(io.side[IO_TARGET].too_long, 1);
    close(other);
}

static void an_icmp_error_counts_as_loss(void **state)
{
    struct sockaddr_in theirs, any = loopback("127.0.0.1", 0);
    struct io_msg msg;
    int other = bound("127.0.0.1", &theirs);
    (void)state;
    io_fds_set_datagrams(&io, IO_TARGET, sockets_udp(&any, &theirs));
    close(other);
    for (int i = 0; i < 4; i++)
        send_text(IO_TARGET, "lost");
    (void)io_wait(&io.io, io_now(&io.io) + 5 * IO_SECOND, IO_ON_TARGET);
    assert_int_equal(io_recv(&io.io, IO_TARGET, &msg, 1), 0);
    assert_true(io.side[IO_TARGET].icmp_errors > 0);
}

static void only_the_peers_address_is_accepted_and_the_herald_ack_fixes_its_port(void **state)
{
    struct sockaddr_in ours, herald, session, stranger;
    struct io_msg msg;
    char got[64];
    int fd = bound("127.0.0.1", &ours), lobby = bound("127.0.0.1", &herald),
        server = bound("127.0.0.1", &session), other = bound("127.0.0.2", &stranger);
    (void)state;
    io_fds_set_peer(&io, IO_CLIENT, fd, &herald);
    send_text(IO_CLIENT, "herald");
    assert_int_equal(recv(lobby, got, sizeof got, 0), 6);
    sendto(other, "abcd", 4, 0, (struct sockaddr *)&ours, sizeof ours);
    wait_readable(fd);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), 0);
    assert_int_equal(io.side[IO_CLIENT].unexpected_peer, 1);
    sendto(server, "longer", 6, 0, (struct sockaddr *)&ours, sizeof ours);
    wait_readable(fd);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), 0);
    sendto(lobby, "\0\0\1\031", 4, 0, (struct sockaddr *)&ours, sizeof ours); /* late */
    wait_readable(fd);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), 0);
    sendto(server, "\0\0\0\1", 4, 0, (struct sockaddr *)&ours, sizeof ours);
    wait_readable(fd);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), 1);
    assert_memory_equal(msg.data, "\0\0\0\1", 4);
    sendto(lobby, "5678", 4, 0, (struct sockaddr *)&ours, sizeof ours);
    wait_readable(fd);
    assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), 0);
    assert_int_equal(io.side[IO_CLIENT].unexpected_peer, 4);
    sendto(server, "longer", 6, 0, (struct sockaddr *)&ours, sizeof ours);
    expect_text(IO_CLIENT, "longer");
    send_text(IO_CLIENT, "to the session");
    assert_int_equal(recv(server, got, sizeof got, 0), 14);
    io_fds_set_peer(&io, IO_CLIENT, fd, &herald);
    send_text(IO_CLIENT, "again");
    assert_int_equal(recv(lobby, got, sizeof got, 0), 5);
    close(lobby);
    close(server);
    close(other);
}

static void a_wake_lasts_until_it_is_cleared(void **state)
{
    (void)state;
    assert_int_equal(io_wait(&io.io, SOON, IO_ON_WAKE), 0);
    io_fds_wake(&io);
    io_fds_wake(&io);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_WAKE | IO_ON_CLIENT), IO_ON_WAKE);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_WAKE), IO_ON_WAKE);
    assert_int_equal(io_wait(&io.io, SOON, IO_ON_CLIENT), 0);
    io_fds_clear_wake(&io);
    assert_int_equal(io_wait(&io.io, SOON, IO_ON_WAKE), 0);
}

static void *wake_later(void *arg)
{
    io_fds_wake(arg);
    return NULL;
}

static void a_wake_from_another_thread_ends_a_wait(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, wake_later, &io), 0);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_WAKE), IO_ON_WAKE);
    pthread_join(thread, NULL);
}

static volatile sig_atomic_t signals;
static volatile sig_atomic_t handler_wakes;

static void on_signal(int number)
{
    (void)number;
    signals++;
    if (handler_wakes)
        io_fds_wake(&io);
}

static void *interrupt_thread(void *context)
{
    pthread_kill(*(pthread_t *)context, SIGUSR1);
    return NULL;
}

static void a_signal_ends_a_wait_only_if_its_handler_wakes(void **state)
{
    struct sigaction act = {.sa_handler = on_signal};
    pthread_t self = pthread_self(), thread;
    (void)state;
    sigaction(SIGUSR1, &act, NULL);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_thread, &self), 0);
    assert_int_equal(io_wait(&io.io, SOON, IO_ON_WAKE), 0);
    pthread_join(thread, NULL);
    assert_int_equal(signals, 1);
    handler_wakes = 1;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_thread, &self), 0);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_WAKE), IO_ON_WAKE);
    pthread_join(thread, NULL);
    assert_int_equal(signals, 2);
}

/* Sets the target side to a datagram socket and batches sends; returns the other end. */
static int saving(void)
{
    struct sockaddr_in a, b;
    int own = bound("127.0.0.1", &a), other = bound("127.0.0.1", &b);
    assert_int_equal(connect(own, (struct sockaddr *)&b, sizeof b), 0);
    assert_int_equal(connect(other, (struct sockaddr *)&a, sizeof a), 0);
    io_fds_batch_sends(&io);
    io_fds_set_datagrams(&io, IO_TARGET, own);
    return other;
}

/* Returns the bytes of the next datagram, or "" if there is none. */
static const char *arrived(int fd)
{
    static char text[16];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void expect_arrived(int fd, const char *text)
{
    wait_readable(fd);
    assert_string_equal(arrived(fd), text);
}

static void send_later(const char *text)
{
    struct io_msg msg = {.data = (uint8_t *)(uintptr_t)text, .len = strlen(text)};
    assert_int_equal(io_send_later(&io.io, IO_TARGET, &msg, 1), 0);
}

static void queued_datagrams_are_sent_by_the_next_wait(void **state)
{
    int other = saving();
    (void)state;
    send_text(IO_TARGET, "one");
    send_text(IO_TARGET, "two");
    assert_string_equal(arrived(other), "");
    (void)io_wait(&io.io, SOON, IO_ON_WAKE);
    expect_arrived(other, "one");
    expect_arrived(other, "two");
    close(other);
}

static void *send_much(void *data)
{
    struct io_msg msg = {.data = data, .len = 1 << 20};
    (void)io_send(&io.io, IO_CLIENT, &msg, 1);
    return NULL;
}

/* A kernel waits for the ack of its reply, and gives up after 12 s. */
static void a_reader_that_does_not_read_delays_no_datagram(void **state)
{
    int peer = saving(), reader = stream();
    uint8_t *much = calloc(1, 1 << 20);
    pthread_t thread;
    (void)state;
    send_later("later");
    send_text(IO_TARGET, "ack");
    assert_int_equal(pthread_create(&thread, NULL, send_much, much), 0);
    expect_arrived(peer, "later");
    expect_arrived(peer, "ack");
    close(reader); /* ends the send */
    assert_int_equal(pthread_join(thread, NULL), 0);
    free(much);
    close(peer);
}

static void more_datagrams_than_a_batch_are_sent_in_order(void **state)
{
    int other = saving();
    char text[8];
    (void)state;
    for (int i = 0; i < 2 * IO_FDS_BATCH + 1; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        send_text(IO_TARGET, text);
    }
    (void)io_wait(&io.io, SOON, IO_ON_WAKE);
    for (int i = 0; i < 2 * IO_FDS_BATCH + 1; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        expect_arrived(other, text);
    }
    close(other);
}

static void datagrams_that_exceed_the_queue_are_sent_in_order(void **state)
{
    static uint8_t big[WIRE_DATAGRAM_MAX];
    int other = saving();
    (void)state;
    const struct io_msg msgs[] = {{.data = big, .len = 8},
                                  {.data = big, .len = sizeof big},
                                  {.data = big, .len = sizeof big / 2},
                                  {.data = big, .len = sizeof big / 2 + 1}};
    assert_int_equal(io_send(&io.io, IO_TARGET, msgs, 4), 0);
    (void)io_wait(&io.io, SOON, IO_ON_WAKE);
    for (int i = 0; i < 4; i++) {
        wait_readable(other);
        assert_int_equal(recv(other, big, sizeof big, MSG_DONTWAIT), (ssize_t)msgs[i].len);
    }
    assert_string_equal(arrived(other), "");
    close(other);
}

static void later_datagrams_are_sent_together_with_others(void **state)
{
    int other = saving();
    (void)state;
    send_later("ack");
    send_text(IO_TARGET, "data");
    (void)io_wait(&io.io, SOON, IO_ON_WAKE);
    expect_arrived(other, "ack");
    expect_arrived(other, "data");
    close(other);
}

/* A wait that ends at once does not send later datagrams; a longer one does, and continues. */
static void later_datagrams_are_sent_during_a_long_wait(void **state)
{
    int other = saving();
    (void)state;
    uint64_t began = io_now(&io.io);
    send_later("ack");
    io_fds_wake(&io);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_WAKE), IO_ON_WAKE);
    io_fds_clear_wake(&io);
    if (io_now(&io.io) < began + IO_FDS_LATER)
        assert_string_equal(arrived(other), "");
    uint64_t until = io_now(&io.io) + 2 * IO_FDS_LATER;
    assert_int_equal(io_wait(&io.io, until, IO_ON_WAKE), 0);
    assert_true(io_now(&io.io) >= until);
    expect_arrived(other, "ack");
    close(other);
}

static void later_datagrams_can_be_dropped(void **state)
{
    int other = saving();
    (void)state;
    send_later("ack");
    io_drop_later(&io.io, IO_TARGET);
    send_text(IO_TARGET, "data");
    (void)io_wait(&io.io, SOON, IO_ON_WAKE);
    expect_arrived(other, "data");
    assert_string_equal(arrived(other), "");
    close(other);
}

static void dropped_datagrams_free_their_space(void **state)
{
    int other = saving();
    (void)state;
    for (int i = 0; i < WIRE_DATAGRAM_MAX / 8; i++) {
        send_later("8 bytes!");
        io_drop_later(&io.io, IO_TARGET);
    }
    send_later("8 bytes!");
    assert_string_equal(arrived(other), "");
    send_later("8 bytes!");
    assert_string_equal(arrived(other), "");
    close(other);
}

static void every_recv_after_the_end_of_a_stream_reports_it(void **state)
{
    struct io_msg msg;
    (void)state;
    io_fds_batch_sends(&io);
    close(stream());
    for (int i = 0; i < 3; i++)
        assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), NETGDB_CLOSED);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_CLIENT), IO_ON_CLIENT);
        assert_int_equal(io_recv(&io.io, IO_CLIENT, &msg, 1), NETGDB_CLOSED);
    }
}

static void queued_datagrams_are_sent_before_the_socket_is_closed(void **state)
{
    int other = saving();
    (void)state;
    send_later("ack");
    io_fds_set_datagrams(&io, IO_TARGET, -1);
    expect_arrived(other, "ack");
    close(other);
}

static void an_empty_socket_is_read_again_only_after_a_wait(void **state)
{
    int other = saving();
    struct io_msg msg[2];
    (void)state;
    int own = io.side[IO_TARGET].in;
    assert_int_equal(send(other, "a", 1, 0), 1);
    wait_readable(own);
    assert_int_equal(io_recv(&io.io, IO_TARGET, msg, 2), 1);
    assert_int_equal(send(other, "b", 1, 0), 1);
    wait_readable(own);
    assert_int_equal(io_recv(&io.io, IO_TARGET, msg, 2), 0);
    (void)io_wait(&io.io, SOON, IO_ON_WAKE); /* a wait that did not include that side */
    assert_int_equal(io_recv(&io.io, IO_TARGET, msg, 2), 1);
    assert_int_equal(io_wait(&io.io, SOON, IO_ON_TARGET), 0);
    assert_int_equal(send(other, "c", 1, 0), 1);
    wait_readable(own);
    assert_int_equal(io_recv(&io.io, IO_TARGET, msg, 2), 0);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_TARGET), IO_ON_TARGET);
    assert_int_equal(io_recv(&io.io, IO_TARGET, msg, 2), 1);
    close(other);
}

static void a_wait_ends_at_its_deadline(void **state)
{
    (void)state;
    uint64_t until = io_now(&io.io) + 2 * IO_MS;
    assert_int_equal(io_wait(&io.io, until, IO_ON_WAKE), 0);
    assert_true(io_now(&io.io) >= until);
}

static void descriptors_are_closed_by_their_owner_and_on_exec(void **state)
{
    int other = stream(), fd = io.side[IO_CLIENT].in;
    (void)state;
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(io.wake_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(io_fds_release(&io, IO_CLIENT), fd);
    assert_int_equal(io.side[IO_CLIENT].kind, IO_FDS_NONE);
    assert_true(fcntl(fd, F_GETFD) >= 0);
    io_fds_set_stream(&io, IO_CLIENT, fd, fd);
    int next = stream();
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    close(other);
    close(next);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_stream_carries_bytes_both_ways_and_ends),
        TEST(sending_to_a_closed_stream_returns_an_error_without_sigpipe),
        TEST(sending_to_a_full_stream_delivers_every_byte),
        TEST(datagrams_keep_their_boundaries_and_arrive_in_batches),
        TEST(an_icmp_error_counts_as_loss),
        TEST(only_the_peers_address_is_accepted_and_the_herald_ack_fixes_its_port),
        TEST(a_wake_lasts_until_it_is_cleared),
        TEST(a_wake_from_another_thread_ends_a_wait),
        TEST(a_signal_ends_a_wait_only_if_its_handler_wakes),
        TEST(queued_datagrams_are_sent_by_the_next_wait),
        TEST(a_reader_that_does_not_read_delays_no_datagram),
        TEST(more_datagrams_than_a_batch_are_sent_in_order),
        TEST(datagrams_that_exceed_the_queue_are_sent_in_order),
        TEST(later_datagrams_are_sent_together_with_others),
        TEST(later_datagrams_are_sent_during_a_long_wait),
        TEST(later_datagrams_can_be_dropped),
        TEST(dropped_datagrams_free_their_space),
        TEST(every_recv_after_the_end_of_a_stream_reports_it),
        TEST(queued_datagrams_are_sent_before_the_socket_is_closed),
        TEST(an_empty_socket_is_read_again_only_after_a_wait),
        TEST(a_wait_ends_at_its_deadline),
        TEST(descriptors_are_closed_by_their_owner_and_on_exec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
