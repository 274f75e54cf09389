/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client of the proxy attaches to a kernel, or a kernel calls, and memory or descriptors run out
 * meanwhile. */
#include "tests/unit/unit.h"
#include "tools/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockets.h"
#include "proto/link/wire.h"
#include "session/control.h"

enum { PATIENCE_MS = 20000 }; /* exceeded only by a failure */

#define KERNEL_IP (INADDR_LOOPBACK + 40)

static char dir[] = "/tmp/netgdb-proxy-client-XXXXXX";
static char last_line[LOG_LINE_MAX]; /* of the log */

static void keep_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)snprintf(last_line, sizeof last_line, "%s", line);
}

static struct proxy_options options;
static struct proxy proxy = {.options = &options,
                             .lock = PTHREAD_MUTEX_INITIALIZER,
                             .log = {.level = LOG_ERROR, .sink = keep_line}};
static int kernel_fd;

/* ---- memory ---- */

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

static size_t failing; /* a calloc of this size; 0: none */

void *__wrap_calloc(size_t n, size_t size)
{
    if (n * size != failing)
        return __real_calloc(n, size);
    errno = ENOMEM;
    return NULL;
}

struct target *__real_netgdb_target_new(struct link *link, const struct log *log,
                                        const struct netgdb_successor *successor);
struct target *__wrap_netgdb_target_new(struct link *link, const struct log *log,
                                        const struct netgdb_successor *successor);

static bool no_target;

struct target *__wrap_netgdb_target_new(struct link *link, const struct log *log,
                                        const struct netgdb_successor *successor)
{
    return no_target ? NULL : __real_netgdb_target_new(link, log, successor);
}

/* ---- a kernel ---- */

static void wait_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static void send_message(const struct sockaddr_in *to, const struct wire_msg *msg)
{
    uint8_t datagram[64];
    size_t len = WIRE_HEADER + msg->len;
    wire_encode(msg, datagram);
    if (msg->len != 0)
        memcpy(datagram + WIRE_HEADER, msg->data, msg->len);
    assert_int_equal(sendto(kernel_fd, datagram, len, 0, (const struct sockaddr *)to, sizeof *to),
                     len);
}

/* Sends a HERALD. Returns the port that acknowledges it. */
static struct sockaddr_in herald(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(proxy.herald_port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof to;
    uint8_t ack[16];
    send_message(&to, &(struct wire_msg){.type = WIRE_HERALD, .seqno = 1, .total = WIRE_NETGDB_V1});
    wait_readable(kernel_fd);
    assert_true(recvfrom(kernel_fd, ack, sizeof ack, 0, (struct sockaddr *)&to, &len) > 0);
    return to;
}

/* Sends HERALD and T; `e` becomes readable when the kernel waits in the lobby. */
static void call(int e)
{
    static const uint8_t stop[] = "$T05#b9";
    const struct sockaddr_in to = herald();
    send_message(
        &to, &(struct wire_msg){.type = WIRE_DATA, .seqno = 2, .total = 7, .len = 7, .data = stop});
    wait_readable(e);
}

static void notify(void *context)
{
    const uint64_t one = 1;
    (void)!write(*(int *)context, &one, sizeof one);
}

static int set_up(void **state)
{
    static int event;
    static struct listener_watch watch = {
        .hosts = {{KERNEL_IP}, 1}, .notify = notify, .context = &event};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(KERNEL_IP)};
    (void)state;
    if (mkdtemp(dir) == NULL || setenv("NETGDB_RUNTIME_DIR", dir, 1) != 0)
        return -1;
    struct sockaddr_in local = {.sin_family = AF_INET};
    int fd = sockets_udp(&local, NULL); /* a free port */
    if (fd < 0 || !sockets_local(fd, &local))
        return -1;
    close(fd);
    proxy.herald_port = ntohs(local.sin_port);
    proxy.poke_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    proxy.printed = proxy.lines = logqueue_new(say_out, stderr);
    proxy.listener = listener_get(proxy.herald_port, &proxy.log);
    event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    kernel_fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (proxy.listener == NULL || bind(kernel_fd, (struct sockaddr *)&any, sizeof any) != 0 ||
        listener_watch(proxy.listener, &watch) != 0)
        return -1;
    call(event);
    return 0;
}

static int tear_down(void **state)
{
    struct session *s;
    const struct log *log;
    (void)state;
    while ((s = listener_take_any(&log)) != NULL) {
        s->ended = true;
        session_free(s);
    }
    return rmdir(dir);
}

/* ---- tests ---- */

/* A gdb requests the kernel and is refused because memory is short. */
static void is_refused(void)
{
    const struct listener_watch wants = {.hosts = {{KERNEL_IP}, 1}};
    struct control_kernel kernel;
    char why[CONTROL_LINE_MAX];
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    struct client *c = client_new(&proxy, ends[1], ends[1], "gdb");
    assert_non_null(c);
    c->asked = c->asks = true;
    c->wants = wants;
    assert_int_equal(shutdown(ends[0], SHUT_WR), 0);
    client_serve(c);
    assert_int_equal(control_answer(ends[0], &kernel, why), EBUSY);
    assert_non_null(strstr(why, "memory"));
    close(ends[0]);
}

static bool waits(void)
{
    const struct listener_watch w = {.hosts = {{KERNEL_IP}, 1}};
    return listener_waits(proxy.listener, &w);
}

static void without_an_endpoint_the_kernel_is_returned(void **state)
{
    (void)state;
    failing = sizeof(struct endpoint);
    is_refused();
    failing = 0;
    assert_true(waits());
}

static void without_a_target_the_kernel_is_returned(void **state)
{
    (void)state;
    no_target = true;
    is_refused();
    no_target = false;
    assert_true(waits());
    assert_int_equal(proxy.endpoint_count, 1);
}

/* The session's socket gets the last descriptor, and its io none. The HERALD is acknowledged
 * without a session. */
static void without_a_descriptor_the_line_says_so(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(KERNEL_IP)};
    struct rlimit all;
    (void)state;
    close(kernel_fd);
    kernel_fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(kernel_fd, (struct sockaddr *)&any, sizeof any), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
    int last = dup(kernel_fd);
    const struct rlimit few = {(rlim_t)last + 1, all.rlim_max};
    close(last);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    (void)herald();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &all), 0);
    assert_string_equal(last_line,
                        "netgdb: cannot answer the HERALD of a kernel: Too many open files");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_endpoint_the_kernel_is_returned),
        cmocka_unit_test(without_a_target_the_kernel_is_returned),
        cmocka_unit_test(without_a_descriptor_the_line_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
