/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GDB's calls on a connection; see client.h. */
#include "tests/bench/client.h"

#include <err.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/rsp/rsp.h"
#include "tests/bench/bench.h"

enum { GDB_READS = 8192, SECONDS = 60 };

/* The last reply. */
static struct rsp_parser parser;

static int open_connection(const char *node, const char *service)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    struct timeval limit = {SECONDS, 0};
    int rc = getaddrinfo(node, service, &hints, &list), on = 1, off = 0, error = 0;
    socklen_t len = sizeof error;
    if (rc != 0)
        errx(1, "%s: %s", node, gai_strerror(rc));
    int fd = socket(list->ai_family, SOCK_STREAM, 0);
    fd_set writable;
    ioctl(fd, FIONBIO, &on);
    (void)connect(fd, list->ai_addr, list->ai_addrlen);
    FD_ZERO(&writable);
    FD_SET(fd, &writable);
    if (select(fd + 1, NULL, &writable, NULL, &limit) != 1 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
        errx(1, "%s:%s: not connected", node, service);
    ioctl(fd, FIONBIO, &off);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    freeaddrinfo(list);
    return fd;
}

/* Waits and reads as GDB does, until the packet is complete. */
static void receive_packet(int fd)
{
    if (parser.content.max == 0)
        rsp_parser_init(&parser, RSP_FROM_STUB, TARGET_REPLY_MAX);
    for (enum rsp_event event = RSP_MORE; event != RSP_PACKET;) {
        uint8_t bytes[GDB_READS];
        const uint8_t *at = bytes;
        struct timeval limit = {SECONDS, 0};
        fd_set readable;
        FD_ZERO(&readable);
        FD_SET(fd, &readable);
        if (select(fd + 1, &readable, NULL, NULL, &limit) != 1)
            errx(1, "no reply");
        ssize_t n = recv(fd, bytes, sizeof bytes, 0);
        if (n <= 0)
            errx(1, "the connection has ended");
        size_t left = (size_t)n;
        while (left > 0 && event != RSP_PACKET)
            event = rsp_parse(&parser, &at, &left);
    }
}

const struct buf *client_ask(int fd, const char *request)
{
    struct buf frame;
    buf_init(&frame, 4096);
    (void)rsp_frame(&frame, (const uint8_t *)request, strlen(request));
    bench_send(fd, frame.data, frame.len);
    buf_free(&frame);
    receive_packet(fd);
    return &parser.content;
}

int client_begin(const char *node, const char *service)
{
    int fd = open_connection(node, service);
    bench_send(fd, "+", 1);
    (void)client_ask(fd, "qSupported:multiprocess+");
    bench_send(fd, "+", 1);
    (void)client_ask(fd, "QStartNoAckMode");
    bench_send(fd, "+", 1);
    return fd;
}

void client_finish(int fd)
{
    (void)client_ask(fd, "D");
    close(fd);
}
