/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listener's thread over loopback, with kernels that the test simulates at 127.0.0.2 and up. */
#include "session/listener.h"
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/herald_responder.h"
#include "io/sockets.h"
#include "proto/link/wire.h"

enum { PATIENCE_MS = 20000 }; /* exceeded only by a failure */

static char dir[] = "/tmp/netgdb-listener-XXXXXX";
static struct listener *listener;
static uint16_t port;
static const struct log quiet = {.level = LOG_ERROR};

/* ---- a kernel ---- */

struct test_kernel {
    int fd;
    uint32_t ip;
    struct sockaddr_in session; /* source of the first ack */
};

static struct sockaddr_in at(uint32_t ip, uint16_t to_port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(to_port), .sin_addr.s_addr = htonl(ip)};
}

static struct test_kernel new_kernel(unsigned host)
{
    struct test_kernel k = {.ip = INADDR_LOOPBACK + host};
    struct sockaddr_in local = at(k.ip, 0);
    k.fd = sockets_udp(&local, NULL);
    assert_true(k.fd >= 0);
    return k;
}

static void send_to(const struct test_kernel *k, const struct sockaddr_in *to,
                    const struct wire_msg *msg)
{
    uint8_t datagram[64];
    wire_encode(msg, datagram);
    if (msg->len != 0)
        memcpy(datagram + WIRE_HEADER, msg->data, msg->len);
    ssize_t n = (ssize_t)(WIRE_HEADER + msg->len);
    assert_int_equal(sendto(k->fd, datagram, (size_t)n, 0, (const struct sockaddr *)to, sizeof *to),
                     n);
}

static void wait_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

/* Receives the next datagram for the kernel. */
static struct wire_msg hear(struct test_kernel *k, struct sockaddr_in *from)
{
    static uint8_t datagram[2048];
    socklen_t len = sizeof *from;
    struct wire_msg msg;
    wait_readable(k->fd);
    ssize_t n = recvfrom(k->fd, datagram, sizeof datagram, 0, (struct sockaddr *)from, &len);
    assert_true(n > 0);
    assert_int_equal(wire_decode(datagram, (size_t)n, &msg), 0);
    return msg;
}

static void hear_ack(struct test_kernel *k, uint32_t seqno, struct sockaddr_in *from)
{
    for (int i = 0; i < 2; i++) {
        struct wire_msg msg = hear(k, from);
        assert_int_equal(msg.type, WIRE_IS_ACK);
        assert_int_equal(msg.seqno, seqno);
    }
}

static void herald(struct test_kernel *k, uint32_t to)
{
    const struct sockaddr_in server = at(to, port);
    send_to(k, &server,
            &(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1});
}

static void send_stop(struct test_kernel *k, const struct sockaddr_in *to)
{
    static const uint8_t stop[] = "$T05#b9";
    send_to(k, to,
            &(struct wire_msg){.type = WIRE_DATA, .seqno = 2, .total = 7, .len = 7, .data = stop});
}

/* Sends HERALD and T until both are acknowledged. */
static void call(struct test_kernel *k)
{
    struct sockaddr_in from;
    herald(k, INADDR_LOOPBACK);
    hear_ack(k, 1, &k->session);
    send_stop(k, &k->session);
    hear_ack(k, 2, &from);
    assert_int_equal(from.sin_port, k->session.sin_port);
}

/* ---- a watch ---- */

struct watcher {
    struct listener_watch watch;
    int event;
    sem_t *entered, *go; /* not NULL: the callback posts `entered` and waits for `go` */
};

static void notify(void *context)
{
    struct watcher *w = context;
    const uint64_t one = 1;
    (void)!write(w->event, &one, sizeof one);
    if (w->entered != NULL) {
        sem_post(w->entered);
        sem_wait(w->go);
    }
}

static void watch(struct watcher *w, uint32_t ip)
{
    *w = (struct watcher){.watch = {.hosts = {{ip}, 1}, .notify = notify, .context = w}};
    w->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(w->event >= 0);
    assert_int_equal(listener_watch(listener, &w->watch), 0);
}

static void unwatch(struct watcher *w)
{
    listener_unwatch(listener, &w->watch);
    close(w->event);
}

static struct session *take(struct watcher *w)
{
    wait_readable(w->event);
    assert_true(listener_waits(listener, &w->watch));
    struct session *taken = listener_take(listener, &w->watch);
    assert_non_null(taken);
    return taken;
}

/* Ends the session. */
static void drop(struct session *s)
{
    s->ended = true;
    session_free(s);
}

static unsigned count_records(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

enum { DESCRIPTORS = 1024 };

static bool inherited[DESCRIPTORS]; /* open when the test began */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int group_setup(void **state)
{
    struct sockaddr_in local = at(INADDR_ANY, 0);
    (void)state;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        inherited[fd] = is_open(fd);
    if (mkdtemp(dir) == NULL || setenv("NETGDB_RUNTIME_DIR", dir, 1) != 0)
        return -1;
    int fd = sockets_udp(&local, NULL); /* a free port */
    if (fd < 0 || !sockets_local(fd, &local))
        return -1;
    close(fd);
    port = ntohs(local.sin_port);
    listener = listener_get(port, &quiet);
    return listener != NULL ? 0 : -1;
}

static int group_teardown(void **state)
{
    (void)state;
    return rmdir(dir); /* fails if a test left a file */
}

/* ---- the tests ---- */

static void a_port_has_one_listener(void **state)
{
    struct sockaddr_in local = at(INADDR_ANY, 0);
    (void)state;
    assert_ptr_equal(listener_get(port, &quiet), listener);
    int fd = sockets_udp(&local, NULL);
    assert_true(sockets_local(fd, &local));
    assert_null(listener_get(ntohs(local.sin_port), &quiet));
    assert_int_equal(errno, EADDRINUSE);
    close(fd);
}

static void a_kernel_that_connects_is_accepted(void **state)
{
    struct test_kernel k = new_kernel(1);
    struct watcher w;
    (void)state;
    watch(&w, k.ip);
    assert_false(listener_waits(listener, &w.watch));
    call(&k);
    struct session *taken = take(&w);
    assert_int_equal(taken->kernel.ip, k.ip);
    assert_int_equal(taken->own.ip, INADDR_LOOPBACK);
    assert_int_equal(taken->own.port, ntohs(k.session.sin_port));
    assert_int_equal(taken->link->stream.len, 7);
    assert_int_equal(count_records(), 1);
    assert_int_equal(state_file_session_state(taken->state_file)->next, 3);
    assert_false(listener_waits(listener, &w.watch));
    drop(taken);
    assert_int_equal(count_records(), 0);
    unwatch(&w);
    close(k.fd);
}

/* The socket of a session is connected: the system drops a datagram from another port or host. */
static void a_session_receives_from_its_peer_only(void **state)
{
    struct test_kernel k = new_kernel(1), beside = new_kernel(1), other = new_kernel(2);
    struct watcher w;
    uint8_t datagram[100];
    struct wire_msg msg;
    (void)state;
    watch(&w, k.ip);
    call(&k);
    struct session *taken = take(&w);
    send_stop(&beside, &k.session);
    send_stop(&other, &k.session);
    send_to(&k, &k.session,
            &(struct wire_msg){.type = WIRE_HERALD, .seqno = 77, .total = WIRE_NETGDB_V1});
    wait_readable(taken->fd);
    ssize_t n = recv(taken->fd, datagram, sizeof datagram, 0);
    assert_true(n > 0);
    assert_int_equal(wire_decode(datagram, (size_t)n, &msg), 0);
    assert_int_equal(msg.seqno, 77);
    assert_int_equal(recv(taken->fd, datagram, sizeof datagram, MSG_DONTWAIT), -1);
    drop(taken);
    unwatch(&w);
    close(k.fd);
    close(beside.fd);
    close(other.fd);
}

static void a_kernel_that_was_not_requested_gets_no_ack(void **state)
{
    struct test_kernel stranger = new_kernel(2), k = new_kernel(3);
    struct watcher w;
    uint8_t byte;
    (void)state;
    watch(&w, k.ip);
    herald(&stranger, INADDR_LOOPBACK);
    call(&k); /* sent later, and acknowledged */
    assert_int_equal(recv(stranger.fd, &byte, 1, MSG_DONTWAIT), -1);
    struct session *taken = take(&w);
    drop(taken);
    unwatch(&w);
    close(k.fd);
    close(stranger.fd);
}

static unsigned count_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        n += is_open(fd);
    return n;
}

/* Sends T until it is acknowledged, at most as often as a kernel does. */
static void insist(struct test_kernel *k)
{
    struct sockaddr_in from;
    for (unsigned tries = 0; tries < 12; tries++) {
        struct pollfd p = {k->fd, POLLIN, 0};
        send_stop(k, &k->session);
        while (poll(&p, 1, 1000) == 1) {
            struct wire_msg msg = hear(k, &from);
            if (msg.type == WIRE_IS_ACK && msg.seqno == 2 && from.sin_port == k->session.sin_port)
                return;
        }
    }
    fail_msg("its T was not acknowledged");
}

/* HERALDs with the address of the host that gdb waits for arrive from many ports: each is
 * acknowledged, and the session of the last one begins, with few descriptors. */
static void a_flood_from_the_requested_host_uses_few_descriptors(void **state)
{
    enum { FLOOD = 200 };
    static struct test_kernel all[FLOOD];
    struct watcher w;
    (void)state;
    for (unsigned i = 0; i < FLOOD; i++)
        all[i] = new_kernel(7);
    watch(&w, all[0].ip);
    unsigned before = count_descriptors();
    for (unsigned i = 0; i < FLOOD; i++) {
        herald(&all[i], INADDR_LOOPBACK);
        assert_int_equal(hear(&all[i], &all[i].session).seqno, 1);
    }
    assert_true(count_descriptors() - before <= 2 * LISTENER_HERALDED + HERALD_RESPONDER_PORTS);
    insist(&all[FLOOD - 1]);
    struct session *taken = take(&w);
    assert_int_equal(taken->own.port, ntohs(all[FLOOD - 1].session.sin_port));
    assert_int_equal(taken->own.ip, INADDR_LOOPBACK);
    drop(taken);
    unwatch(&w);
    for (unsigned i = 0; i < FLOOD; i++)
        close(all[i].fd);
}

static void the_ack_comes_from_the_address_of_the_herald(void **state)
{
    struct test_kernel k = new_kernel(4);
    struct sockaddr_in from;
    struct watcher w;
    (void)state;
    watch(&w, k.ip);
    herald(&k, INADDR_LOOPBACK + 99);
    hear_ack(&k, 1, &from);
    assert_int_equal(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK + 99);
    unwatch(&w);
    close(k.fd);
}

/* The kernel connected before the watch was added. */
static void a_watch_reports_a_kernel_that_is_already_waiting(void **state)
{
    struct test_kernel k = new_kernel(5);
    struct watcher first, second;
    (void)state;
    watch(&first, k.ip);
    call(&k);
    wait_readable(first.event);
    unwatch(&first);
    watch(&second, k.ip);
    struct session *taken = take(&second);
    drop(taken);
    unwatch(&second);
    close(k.fd);
}

/* The thread is blocked until `go`, and then handles everything that has arrived meanwhile. */
static void hold(struct watcher *holder, struct test_kernel *busy, sem_t *entered, sem_t *go)
{
    sem_init(entered, 0, 0);
    sem_init(go, 0, 0);
    watch(holder, busy->ip);
    holder->entered = entered;
    holder->go = go;
    herald(busy, INADDR_LOOPBACK);
    hear_ack(busy, 1, &busy->session);
    send_stop(busy, &busy->session);
    sem_wait(entered);
}

/* The T of a new session and a late datagram of the old one arrive together. */
static void replace(unsigned host, bool new_first)
{
    struct test_kernel k = new_kernel(host), busy = new_kernel(host + 1);
    struct watcher w, holder;
    sem_t entered, go;
    uint64_t drained;
    watch(&w, k.ip);
    call(&k);
    wait_readable(w.event);
    (void)!read(w.event, &drained, sizeof drained);
    struct sockaddr_in old = k.session;
    herald(&k, INADDR_LOOPBACK);
    hear_ack(&k, 1, &k.session);
    assert_int_not_equal(k.session.sin_port, old.sin_port);

    hold(&holder, &busy, &entered, &go);
    send_stop(&k, new_first ? &k.session : &old);
    send_stop(&k, new_first ? &old : &k.session);
    sem_post(&go);
    struct session *other = take(&holder), *taken = take(&w);
    assert_int_equal(taken->own.port, ntohs(k.session.sin_port));
    assert_false(listener_waits(listener, &w.watch));
    drop(other);
    drop(taken);
    unwatch(&w);
    unwatch(&holder);
    close(k.fd);
    close(busy.fd);
}

static void a_replaced_session_is_not_accessed_again(void **state)
{
    (void)state;
    replace(20, true);
    replace(22, false);
}

static void a_dead_servers_session_is_probed_from_its_port(void **state)
{
    struct test_kernel k = new_kernel(8);
    struct sockaddr_in local = at(INADDR_LOOPBACK, 0), name, from;
    struct watcher w;
    (void)state;
    int fd = sockets_udp(&local, NULL);
    assert_true(sockets_local(fd, &local));
    close(fd); /* the port of the dead server */
    assert_true(sockets_local(k.fd, &name));
    const struct net_addr own = {INADDR_LOOPBACK, ntohs(local.sin_port)};
    const struct net_addr kernel = {k.ip, ntohs(name.sin_port)};
    struct state_file *r = state_file_create(&own, &kernel);
    state_file_session_state(r)->sent = 41;
    state_file_close(r);

    watch(&w, k.ip);
    struct wire_msg probe = hear(&k, &from);
    assert_int_equal(probe.type, WIRE_DATA);
    assert_int_equal(probe.seqno, 42);
    assert_int_equal(probe.len, 0);
    assert_int_equal(ntohs(from.sin_port), own.port);
    call(&k); /* a new session: nothing of the old one remains */
    struct session *taken = take(&w);
    assert_false(taken->taken_over);
    drop(taken);
    unwatch(&w);
    assert_int_equal(count_records(), 0);
    close(k.fd);
}

/* The kernel knows no other port: it would be lost for good. */
static void a_state_file_is_kept_while_its_port_is_in_use(void **state)
{
    struct test_kernel k = new_kernel(9);
    struct sockaddr_in local = at(INADDR_LOOPBACK, 0), name, from;
    struct watcher w;
    (void)state;
    int fd = sockets_udp(&local, NULL);
    assert_true(sockets_local(fd, &local) && sockets_local(k.fd, &name));
    const struct net_addr own = {INADDR_LOOPBACK, ntohs(local.sin_port)};
    const struct net_addr gone = {0xc0000201, 5000}; /* an address that the machine does not have */
    const struct net_addr kernel = {k.ip, ntohs(name.sin_port)}, other = {k.ip, kernel.port + 1};
    state_file_close(state_file_create(&own, &kernel));
    state_file_close(state_file_create(&gone, &other));
    watch(&w, k.ip);
    assert_int_equal(count_records(), 2);
    unwatch(&w);
    close(fd);
    watch(&w, k.ip);
    assert_int_equal(hear(&k, &from).type, WIRE_DATA); /* a probe */
    assert_int_equal(ntohs(from.sin_port), own.port);
    assert_int_equal(count_records(), 2);
    call(&k);
    drop(take(&w));
    unwatch(&w);
    assert_int_equal(count_records(), 1);
    state_file_remove(state_file_create(&gone, &other));
    close(k.fd);
}

static void every_descriptor_is_closed_by_exec(void **state)
{
    struct test_kernel k = new_kernel(10);
    struct watcher w;
    (void)state;
    watch(&w, k.ip);
    call(&k);
    struct session *taken = take(&w);
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        if (is_open(fd) && !inherited[fd])
            assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    }
    drop(taken);
    unwatch(&w);
    close(k.fd);
}

/* A kernel that a client has returned is for the next client; it is not a new session. */
static void a_returned_kernel_is_not_a_new_session(void **state)
{
    struct test_kernel k = new_kernel(1);
    struct watcher w, successor;
    (void)state;
    watch(&w, k.ip);
    watch(&successor, k.ip);
    successor.watch.fresh = true;
    call(&k);
    struct session *taken = take(&w);
    struct io_fds io;
    assert_int_equal(io_fds_init(&io), 0);
    assert_int_equal(session_adopt(taken, &io, &quiet, NULL), 0);
    listener_return(listener, taken);
    assert_false(listener_waits(listener, &successor.watch));
    taken = take(&w);
    assert_non_null(taken->target);
    drop(taken);
    io_fds_close(&io);
    unwatch(&successor);
    unwatch(&w);
    close(k.fd);
}

/* At the end of the process. The last test: this listener receives nothing more. */
static void no_kernel_is_acknowledged_while_the_process_exits(void **state)
{
    struct test_kernel early = new_kernel(30), late = new_kernel(31), last = new_kernel(32);
    const struct log *log;
    struct watcher w[3];
    (void)state;
    watch(&w[0], early.ip);
    watch(&w[1], late.ip);
    watch(&w[2], last.ip);
    call(&early);
    herald(&late, INADDR_LOOPBACK);
    hear_ack(&late, 1, &late.session);
    listener_end();
    send_stop(&late, &late.session);
    herald(&last, INADDR_LOOPBACK);
    struct pollfd p[] = {{late.fd, POLLIN, 0}, {last.fd, POLLIN, 0}};
    assert_int_equal(poll(p, 2, 100), 0);
    struct session *taken = listener_take_any(&log);
    assert_non_null(taken);
    assert_int_equal(taken->kernel.ip, early.ip);
    drop(taken);
    assert_null(listener_take_any(&log));
    for (unsigned i = 0; i < 3; i++)
        unwatch(&w[i]);
    close(early.fd);
    close(late.fd);
    close(last.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_has_one_listener),
        cmocka_unit_test(a_kernel_that_connects_is_accepted),
        cmocka_unit_test(a_session_receives_from_its_peer_only),
        cmocka_unit_test(a_kernel_that_was_not_requested_gets_no_ack),
        cmocka_unit_test(the_ack_comes_from_the_address_of_the_herald),
        cmocka_unit_test(a_watch_reports_a_kernel_that_is_already_waiting),
        cmocka_unit_test(a_replaced_session_is_not_accessed_again),
        cmocka_unit_test(a_dead_servers_session_is_probed_from_its_port),
        cmocka_unit_test(a_state_file_is_kept_while_its_port_is_in_use),
        cmocka_unit_test(a_returned_kernel_is_not_a_new_session),
        cmocka_unit_test(every_descriptor_is_closed_by_exec),
        cmocka_unit_test(a_flood_from_the_requested_host_uses_few_descriptors),
        /* The last test: the listener receives nothing more. */
        cmocka_unit_test(no_kernel_is_acknowledged_while_the_process_exits),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
