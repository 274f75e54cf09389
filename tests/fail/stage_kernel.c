/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel and the stub of stage.h: netgdb's own node, and its serve loop. */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/sockets.h"
#include "proto/err.h"
#include "proto/node/debugnet_client.h"
#include "proto/rsp/rsp_server.h"
#include "session/serve.h"
#include "tests/fail/stage.h"

#define KERNEL_RETRY (500 * IO_MS) /* a kernel's is a second */

enum {
    HEARD_MS = 300,  /* for sent datagrams to arrive */
    LEFT_MS = 20000, /* only errors take so long */
};

static struct {
    pthread_t thread;
    struct io_fds io;
    int socket;
    struct sockaddr_in server;
    bool runs;
    atomic_bool leaving, left, over; /* leaving: D was received */
} kernel;

/* ---- the debugged target ---- */

struct stub {
    struct target base;
    char request[64];
};

static struct stub shown;

static int stub_send(struct target *t, const struct request *r)
{
    struct stub *s = (struct stub *)t;
    size_t n = r->len < sizeof s->request - 1 ? r->len : sizeof s->request - 1;
    memcpy(s->request, r->data, n);
    s->request[n] = '\0';
    return 0;
}

static int stub_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    const char *r = ((struct stub *)t)->request;
    (void)watch;
    *final = true;
    return buf_sets(reply, strncmp(r, "qSupported", 10) == 0 ? "PacketSize=1000"
                           : r[0] == '?' || r[0] == 's'      ? "T05thread:1;"
                           : r[0] == 'm'                     ? "01020304"
                           : r[0] == 'D'                     ? "OK"
                                                             : "");
}

static int stub_leave(struct target *t, const struct request *r, struct buf *reply)
{
    (void)t;
    (void)r;
    kernel.leaving = true;
    return buf_sets(reply, "OK");
}

static size_t stub_max_request(struct target *t)
{
    (void)t;
    return 4096;
}

static void stub_free(struct target *t)
{
    (void)t; /* not used */
}

static const struct target_ops ops = {.send = stub_send,
                                      .recv = stub_recv,
                                      .leave = stub_leave,
                                      .max_request = stub_max_request,
                                      .free = stub_free};

struct target *stage_target(void)
{
    shown.base.ops = &ops;
    return &shown.base;
}

/* ---- the kernel ---- */

static bool is_over(void *context)
{
    (void)context;
    return kernel.over;
}

/* A session, from the HERALD to its end. */
static void call(void)
{
    static const struct serve_options options = {
        .forward_kill = true, .park = true, .ended = is_over};
    struct stub stub = {.base = {.ops = &ops}};
    struct debugnet_options how;
    debugnet_options_default(&how);
    how.retry = KERNEL_RETRY;
    io_fds_set_peer(&kernel.io, IO_CLIENT, kernel.socket, &kernel.server);
    struct server *server = debugnet_client_new(&kernel.io.io, &how, NULL);
    if (server == NULL)
        err(2, "debugnet_client_new");
    int rc = debugnet_client_open(server, (const uint8_t *)"T05thread:1;", 12);
    if (rc == 0)
        rc = serve(server, &stub.base, &options, NULL);
    kernel.left = rc == SERVE_DETACHED;
    if (kernel.left)
        debugnet_client_finish(server);
    server_free(server);
}

static void *run_kernel(void *argument)
{
    stage_aside++;
    while (!kernel.left && !kernel.over)
        call();
    return argument;
}

void stage_kernel(uint16_t port)
{
    const struct sockaddr_in own = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    stage_aside++;
    kernel.server = own;
    kernel.server.sin_port = htons(port);
    kernel.socket = sockets_udp(&own, NULL);
    if (io_fds_init(&kernel.io) != 0 || kernel.socket < 0 ||
        pthread_create(&kernel.thread, NULL, run_kernel, NULL) != 0)
        err(2, "kernel");
    kernel.runs = true;
    stage_aside--;
}

/* Waits until a flag is true. */
static bool comes(const atomic_bool *what, int limit_ms)
{
    for (int ms = 0; ms < limit_ms && !*what; ms += 10)
        usleep(10000);
    return *what;
}

void stage_kernel_again(void)
{
    if (!kernel.runs || !comes(&kernel.leaving, HEARD_MS) || !comes(&kernel.left, LEFT_MS))
        return;
    stage_aside++;
    pthread_join(kernel.thread, NULL);
    kernel.left = kernel.leaving = false;
    if (pthread_create(&kernel.thread, NULL, run_kernel, NULL) != 0)
        err(2, "kernel");
    stage_aside--;
}

bool stage_kernel_end(void)
{
    stage_aside++;
    bool left = comes(&kernel.left, LEFT_MS);
    kernel.over = true;
    io_fds_wake(&kernel.io);
    pthread_join(kernel.thread, NULL);
    io_fds_close(&kernel.io);
    stage_aside--;
    return left;
}

/* ---- a stub on a stream ---- */

static void *run_stub(void *argument)
{
    static const struct serve_options options = {.forward_kill = true, .park = true};
    struct stub stub = {.base = {.ops = &ops}};
    struct io_fds io;
    stage_aside++;
    if (io_fds_init(&io) != 0)
        err(2, "stub");
    int fd = *(int *)argument;
    free(argument);
    io_fds_set_stream(&io, IO_CLIENT, fd, fd);
    struct server *server = rsp_server_new(&io.io, NULL);
    if (server == NULL)
        err(2, "rsp_server_new");
    (void)serve(server, &stub.base, &options, NULL);
    server_free(server);
    io_fds_close(&io);
    return NULL;
}

/* Starts a detached thread with a descriptor. */
static void start_with(int fd, void *(*run)(void *))
{
    pthread_t thread;
    int *argument = STAGE(malloc(sizeof *argument));
    if (argument == NULL)
        err(2, "stub");
    *argument = fd;
    if (STAGE(pthread_create(&thread, NULL, run, argument)) != 0)
        err(2, "stub");
    (void)pthread_detach(thread);
}

void stage_stub(int fd)
{
    start_with(fd, run_stub);
}

static void *run_stubs(void *argument)
{
    int listen_fd = *(int *)argument;
    stage_aside++;
    free(argument);
    for (;;) {
        int fd = stage_readable(listen_fd) ? sockets_tcp_accept(listen_fd) : -1;
        if (fd >= 0)
            stage_stub(fd);
    }
    return NULL;
}

void stage_stubs(int listen_fd)
{
    start_with(listen_fd, run_stubs);
}
