/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The unit of all latencies: two processes exchange the datagrams of one 64-byte read. Prints the
 * median of one exchange in ns.
 *
 *   pingpong COUNT          request, ack, reply, ack
 *   pingpong COUNT apart    the same, each process on a CPU of its own
 *   pingpong COUNT link     all datagrams between our link and a kernel: also both '+', and the
 *                           duplicate of each of our acks
 */
#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/link/wire.h"
#include "tests/bench/bench.h"

enum {
    REQUEST = WIRE_HEADER + 13,    /* $m123456,40#cs */
    REPLY = WIRE_HEADER + 4 + 128, /* 64 bytes in hexadecimal digits */
    PLUS = WIRE_HEADER + 1,
};

static uint8_t in[WIRE_DATAGRAM_MAX], out[WIRE_DATAGRAM_MAX];

static void expect(int fd, size_t len)
{
    if (bench_receive(fd, in, sizeof in) != len)
        errx(1, "an unexpected datagram");
}

/* The kernel's side; runs until it is killed. */
static void answer(int fd, bool link)
{
    for (;;) {
        expect(fd, REQUEST);
        bench_send(fd, out, WIRE_ACK);
        if (link) {
            bench_send(fd, out, PLUS);
            expect(fd, WIRE_ACK);
            expect(fd, WIRE_ACK);
        }
        bench_send(fd, out, REPLY);
        expect(fd, WIRE_ACK);
        if (link) {
            expect(fd, WIRE_ACK);
            expect(fd, PLUS);
            bench_send(fd, out, WIRE_ACK);
        }
    }
}

/* The server's side of one exchange. */
static void ask(int fd, bool link)
{
    bench_send(fd, out, REQUEST);
    expect(fd, WIRE_ACK);
    if (link) {
        expect(fd, PLUS);
        bench_send(fd, out, WIRE_ACK);
        bench_send(fd, out, WIRE_ACK);
    }
    expect(fd, REPLY);
    bench_send(fd, out, WIRE_ACK);
    if (link) {
        bench_send(fd, out, WIRE_ACK);
        bench_send(fd, out, PLUS);
        expect(fd, WIRE_ACK);
    }
}

/* Binds the process to the first or the last CPU that it may use. */
static void stay(bool first)
{
    cpu_set_t all, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof all, &all) != 0)
        err(1, "sched_getaffinity");
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all))
            continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        if (first)
            break;
    }
    (void)sched_setaffinity(0, sizeof one, &one);
}

int main(int argc, char **argv)
{
    struct sockaddr_in a = bench_loopback(0), b = bench_loopback(0);
    bool link = argc == 3 && strcmp(argv[2], "link") == 0;
    bool apart = argc == 3 && strcmp(argv[2], "apart") == 0;
    if (argc != 2 && !link && !apart)
        errx(2, "usage: pingpong COUNT [link|apart]");
    unsigned n = bench_number(argv[1]);
    uint64_t *samples = calloc(n, sizeof *samples);
    int mine = bench_udp(&a), its = bench_udp(&b);
    if (samples == NULL || connect(mine, (struct sockaddr *)&b, sizeof b) != 0 ||
        connect(its, (struct sockaddr *)&a, sizeof a) != 0)
        err(1, "connect");
    pid_t child = fork();
    if (apart)
        stay(child == 0);
    if (child == 0)
        answer(its, link);
    for (unsigned i = 0; i < BENCH_WARM_UP; i++)
        ask(mine, link);
    for (unsigned i = 0; i < n; i++) {
        uint64_t began = bench_now();
        ask(mine, link);
        samples[i] = bench_now() - began;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    printf("%llu\n", (unsigned long long)bench_median(samples, n));
    free(samples);
    return 0;
}
