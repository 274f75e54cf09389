/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes GDB's calls (13.1: gdb/ser-tcp.c, ser-base.c, remote.c) on one or more connections, with
 * or without the preload, and reads memory through each.
 *
 *   read SIZE COUNT NODE SERVICE...         prints the median of one read of SIZE bytes, in ns, for
 *                                           each connection; they are read from by turns
 *   read memory COUNT NODE SERVICE...       prints the bytes that a connection keeps resident
 */
#include <err.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/rsp.h"
#include "tests/bench/bench.h"

enum { GDB_READS = 8192, SECONDS = 10, CONNECTIONS = 16 };

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

/* Waits as GDB does, then takes what is there, until the packet is whole. */
static void receive_packet(int fd)
{
    static struct rsp_parser parser;
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

static void ask(int fd, const char *request)
{
    struct buf frame;
    buf_init(&frame, 4096);
    (void)rsp_frame(&frame, (const uint8_t *)request, strlen(request));
    bench_send(fd, frame.data, frame.len);
    buf_free(&frame);
    receive_packet(fd);
}

static int begin(const char *node, const char *service)
{
    int fd = open_connection(node, service);
    bench_send(fd, "+", 1);
    ask(fd, "qSupported:multiprocess+");
    bench_send(fd, "+", 1);
    ask(fd, "QStartNoAckMode");
    bench_send(fd, "+", 1);
    return fd;
}

static void finish(int fd)
{
    ask(fd, "D");
    close(fd);
}

static uint64_t time_read(int fd, const char *request)
{
    uint64_t began = bench_now();
    ask(fd, request);
    return bench_now() - began;
}

static void measure_reads(unsigned size, unsigned n, int pairs, char **names)
{
    uint64_t *samples = calloc((size_t)n * (size_t)pairs, sizeof *samples);
    int fds[CONNECTIONS];
    char request[64];
    if (samples == NULL)
        err(1, "calloc");
    for (int c = 0; c < pairs; c++)
        fds[c] = begin(names[2 * c], names[2 * c + 1]);
    snprintf(request, sizeof request, "m123456,%x", size);
    for (unsigned i = 0; i < BENCH_WARM_UP + n; i++) {
        for (int c = 0; c < pairs; c++) {
            uint64_t took = time_read(fds[c], request);
            if (i >= BENCH_WARM_UP)
                samples[(unsigned)c * n + i - BENCH_WARM_UP] = took;
        }
    }
    for (int c = 0; c < pairs; c++) {
        finish(fds[c]);
        printf("%llu%c", (unsigned long long)bench_median(samples + (unsigned)c * n, n),
               c + 1 < pairs ? ' ' : '\n');
    }
    free(samples);
}

/* Resident bytes of this process. */
static long resident(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
        err(1, "/proc/self/statm");
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

static void measure_memory(unsigned n, int pairs, char **names)
{
    int fds[CONNECTIONS];
    long before = resident();
    for (int c = 0; c < pairs; c++) {
        fds[c] = begin(names[2 * c], names[2 * c + 1]);
        for (unsigned i = 0; i < n; i++)
            ask(fds[c], i % 2 == 0 ? "m1000,800" : "m1000,40");
    }
    long after = resident();
    for (int c = 0; c < pairs; c++)
        finish(fds[c]);
    printf("%ld\n", (after - before) / pairs);
}

int main(int argc, char **argv)
{
    int pairs = (argc - 3) / 2;
    if (argc < 5 || argc % 2 == 0 || pairs > CONNECTIONS)
        errx(2, "usage: read SIZE|memory COUNT NODE SERVICE...");
    unsigned n = bench_number(argv[2]);
    if (strcmp(argv[1], "memory") == 0)
        measure_memory(n, pairs, argv + 3);
    else
        measure_reads(bench_number(argv[1]), n, pairs, argv + 3);
    return 0;
}
