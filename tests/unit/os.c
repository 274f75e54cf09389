/* SPDX-License-Identifier: GPL-3.0-or-later */
/* io/os.h: the same behaviour on each system. */
#include "io/os.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
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

/* ---- processes ---- */

static void the_end_of_a_process_is_an_event(void **state)
{
    int ends[2], status;
    (void)state;
    make_pair(ends);
    pid_t pid = fork();
    if (pid == 0) {
        char c;
        close(ends[1]);
        _exit((int)read(ends[0], &c, 1)); /* until the parent closes its end */
    }
    int process = os_process_open(pid);
    assert_closed_on_exec(process);
    assert_false(is_readable(process, 0));
    close_both(ends);
    assert_true(is_readable(process, LONG_MS));
    assert_true(is_readable(process, 0));
    close(process);
    /* It has ended, and no process has waited for it. */
    process = os_process_open(pid);
    assert_true(process < 0 || is_readable(process, LONG_MS));
    if (process >= 0)
        close(process);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(os_process_open(pid), -1);
    assert_int_equal(errno, ESRCH);
}

/* Keeps its end of `alive` open until its signal. */
static void die_with_parent(const int ready[2], const int alive[2])
{
    close(alive[1]);
    if (os_die_with_parent(SIGKILL) == 0 && write(ready[0], "x", 1) == 1)
        (void)poll(NULL, 0, LONG_MS);
    _exit(0);
}

static void a_child_dies_with_its_parent(void **state)
{
    int ready[2], alive[2], status;
    char c;
    (void)state;
    make_pair(ready);
    make_pair(alive);
    pid_t parent = fork();
    if (parent == 0) {
        if (fork() == 0)
            die_with_parent(ready, alive);
        _exit(read(ready[1], &c, 1) == 1 ? 0 : 1);
    }
    close(alive[0]);
    assert_int_equal(waitpid(parent, &status, 0), parent);
    assert_int_equal(status, 0);
    assert_true(is_readable(alive[1], LONG_MS / 2));
    assert_int_equal(read(alive[1], &c, 1), 0);
    close(alive[1]);
    close_both(ready);
}

/* Set by tests/machines/run for qemu-user. */
static void skip_if_emulated(void)
{
    if (getenv("EMULATED") != NULL)
        UNIT_SKIP("qemu-user has no timestamps, no path MTU, and its own /proc/self/exe");
}

static void a_program_knows_its_file_and_arguments(void **state)
{
    char path[PATH_MAX];
    struct stat by_path, by_program;
    size_t len = 0;
    (void)state;
    skip_if_emulated();
    assert_true(os_program_path(path));
    assert_int_equal(path[0], '/');
    assert_int_equal(stat(path, &by_path), 0);
    assert_int_equal(stat(os_program(), &by_program), 0);
    assert_int_equal(by_path.st_ino, by_program.st_ino);
    char *words = os_arguments(&len);
    assert_non_null(words);
    assert_true(len > 1 && words[len - 1] == '\0' && words[len] == '\0');
    const char *base = strrchr(words, '/');
    assert_string_equal(base != NULL ? base : words, strrchr(path, '/'));
    free(words);
}

static void nothing_is_special_about_this_process(void **state)
{
    union {
        void *object;
        pid_t (*function)(void);
    } own;
    (void)state;
    assert_false(os_is_privileged());
    own.object = os_libc_function("getppid");
    assert_non_null(own.object);
    assert_int_equal(own.function(), getppid());
    assert_null(os_libc_function("netgdb_no_such_function"));
    os_exact_timers();
}

static void descriptors_are_closed_from_a_number_on(void **state)
{
    int status;
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        int first = dup(STDERR_FILENO), second = dup(STDERR_FILENO);
        os_close_from(first + 1);
        _exit(first >= 0 && second > first && fcntl(first, F_GETFD) >= 0 &&
                      fcntl(second, F_GETFD) < 0
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- UDP ---- */

/* A socket on loopback, and its address; connected to `remote` unless NULL. */
static int make_udp(struct sockaddr_in *own, const struct sockaddr_in *remote)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof *own;
    *own = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(fd, (struct sockaddr *)own, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)own, &len), 0);
    if (remote != NULL)
        assert_int_equal(connect(fd, (const struct sockaddr *)remote, sizeof *remote), 0);
    return fd;
}

/* Receives a datagram of one byte with its control messages. */
static struct msghdr receive(int fd, union os_control *control)
{
    static uint8_t byte;
    static struct sockaddr_in from;
    static struct iovec part = {&byte, 1};
    struct msghdr msg = {.msg_name = &from,
                         .msg_namelen = sizeof from,
                         .msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof *control};
    assert_int_equal(recvmsg(fd, &msg, 0), 1);
    return msg;
}

static void a_datagram_reports_where_to_and_when(void **state)
{
    struct sockaddr_in to, from;
    struct timespec before, stamp, after;
    union os_control control;
    int in = make_udp(&to, NULL), out = make_udp(&from, &to);
    (void)state;
    skip_if_emulated();
    assert_int_equal(send(out, "x", 1, 0), 1);
    struct msghdr msg = receive(in, &control);
    assert_int_equal(os_destination(&msg), 0);
    assert_false(os_stamp_of(&msg, &stamp));

    assert_int_equal(os_report_destination(in), 0);
    assert_true(os_stamp(in));
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
    assert_int_equal(send(out, "x", 1, 0), 1);
    assert_true(is_readable(in, LONG_MS));
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
    msg = receive(in, &control);
    assert_int_equal(os_destination(&msg), INADDR_LOOPBACK);
    assert_true(os_stamp_of(&msg, &stamp));
    assert_in_range(stamp.tv_sec, before.tv_sec - 1, after.tv_sec + 1);
    close(in);
    close(out);
}

static void a_source_can_be_chosen_for_a_datagram(void **state)
{
    struct sockaddr_in to, any = {.sin_family = AF_INET};
    union os_control control, received;
    struct iovec part = {"x", 1};
    int in = make_udp(&to, NULL), out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct msghdr msg = {
        .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    (void)state;
    assert_int_equal(bind(out, (struct sockaddr *)&any, sizeof any), 0);
    os_set_source(&msg, &control, INADDR_LOOPBACK);
    assert_int_equal(sendmsg(out, &msg, 0), 1);
    msg = receive(in, &received);
    const struct sockaddr_in *from = msg.msg_name;
    assert_int_equal(ntohl(from->sin_addr.s_addr), INADDR_LOOPBACK);

    /* An address that is not ours. */
    msg = (struct msghdr){
        .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &part, .msg_iovlen = 1};
    os_set_source(&msg, &control, 0xc6336407 /* 198.51.100.7: an example */);
    assert_int_equal(sendmsg(out, &msg, 0), -1);
    close(in);
    close(out);
}

static void a_datagram_is_not_fragmented(void **state)
{
    static uint8_t big[65000];
    struct sockaddr_in to, from;
    int in = make_udp(&to, NULL), out = make_udp(&from, &to);
    (void)state;
    skip_if_emulated();
    assert_int_equal(os_dont_fragment(out), 0);
    unsigned mtu = os_path_mtu(out);
    assert_in_range(mtu, 576, 1 << 20);
    if (mtu < sizeof big) {
        assert_int_equal(send(out, big, mtu, 0), -1);
        assert_int_equal(errno, EMSGSIZE);
    }
    assert_int_equal(os_path_mtu(-1), 0);
    close(in);
    close(out);
}

static void a_receive_buffer_grows_as_far_as_allowed(void **state)
{
    struct sockaddr_in own;
    int fd = make_udp(&own, NULL), before = 0, after = 0;
    socklen_t len = sizeof before;
    (void)state;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &before, &len), 0);
    os_receive_buffer(fd, 1 << 20);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &after, &len), 0);
    assert_true(after >= before && after >= 1 << 16);
    close(fd);
}

/* ---- the peer ---- */

static void a_peer_is_known_by_its_credentials(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char dir[UNIT_PATH];
    struct os_peer peer = {.uid = (uid_t)-1};
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_non_null(unit_directory(dir, "os"));
    assert_non_null(mkdtemp(dir));
    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/s", dir);
    assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(server, 1), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof at), 0);
    int accepted = accept(server, NULL, NULL);
    assert_true(os_peer(accepted, &peer));
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.pid, getpid());
    assert_true(os_peer_in_group(accepted, getegid()));
    assert_false(os_peer_in_group(accepted, 0x7ffffff0));
    assert_false(os_peer(-1, &peer));
    assert_false(os_peer_in_group(-1, getegid()));
    close(accepted);
    close(client);
    close(server);
    (void)unlink(at.sun_path);
    assert_int_equal(rmdir(dir), 0);
}

/* ---- the network ---- */

static void an_address_of_no_neighbour_has_not_answered(void **state)
{
    const struct in_addr absent = {.s_addr = htonl(0xc6336407)}; /* 198.51.100.7: an example */
    (void)state;
    (void)os_network_is_own(); /* either is right */
    assert_int_not_equal(os_neighbour(absent), 1);
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
        cmocka_unit_test(the_end_of_a_process_is_an_event),
        cmocka_unit_test(a_child_dies_with_its_parent),
        cmocka_unit_test(a_program_knows_its_file_and_arguments),
        cmocka_unit_test(nothing_is_special_about_this_process),
        cmocka_unit_test(descriptors_are_closed_from_a_number_on),
        cmocka_unit_test(a_datagram_reports_where_to_and_when),
        cmocka_unit_test(a_source_can_be_chosen_for_a_datagram),
        cmocka_unit_test(a_datagram_is_not_fragmented),
        cmocka_unit_test(a_receive_buffer_grows_as_far_as_allowed),
        cmocka_unit_test(a_peer_is_known_by_its_credentials),
        cmocka_unit_test(an_address_of_no_neighbour_has_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
