/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulates many panicked kernels that connect to a proxy simultaneously and then wait: HERALD, T,
 * silence. Each has its own address in 127.1.0.0/16.
 *
 *   kernels COUNT SERVER PORT [HOST]
 *
 * With HOST all have that address, each with its own port from 20026 on.
 *
 * Sends all HERALDs in one burst, and retransmits those that are not acknowledged after 1 s, like a
 * kernel. Prints "first N" (HERALDs acknowledged before that), "heralds N", "time MS" (until the
 * last ack), "stops N" (acknowledged T), one per line, then waits for the end of standard input.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/link/wire.h"

enum { TRIES = 12, KERNEL_PORT = 20026 };

struct kernel {
    int fd;
    int state; /* 0: heralds, 1: sends T, 2: waits */
    struct sockaddr_in server;
};

static const char stop[] = "$T05thread:1;#1f";

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void transmit(struct kernel *k)
{
    uint8_t datagram[WIRE_HEADER + sizeof stop];
    size_t len = k->state == 0 ? 0 : sizeof stop - 1;
    const struct wire_msg msg = {.type = k->state == 0 ? WIRE_HERALD : WIRE_DATA,
                                 .seqno = k->state == 0 ? 1 : 2,
                                 .total = k->state == 0 ? WIRE_NETGDB_V1 : (uint32_t)len,
                                 .len = len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, stop, len);
    (void)sendto(k->fd, datagram, WIRE_HEADER + len, 0, (struct sockaddr *)&k->server,
                 sizeof k->server);
}

/* Receives the ack of its last datagram. */
static void take(struct kernel *k)
{
    uint8_t data[100];
    struct sockaddr_in from;
    struct wire_msg msg;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(k->fd, data, sizeof data, 0, (struct sockaddr *)&from, &len);
    if (n < 0 || wire_decode(data, (size_t)n, &msg) != 0 || msg.type != WIRE_IS_ACK ||
        msg.seqno != (uint32_t)k->state + 1 || k->state > 1)
        return;
    k->server = from;
    if (++k->state == 1)
        transmit(k);
}

static unsigned count(const struct kernel *all, unsigned n, int state)
{
    unsigned found = 0;
    for (unsigned i = 0; i < n; i++)
        found += all[i].state >= state;
    return found;
}

/* Receives acks for this time, or until everything is acknowledged. */
static void hear(struct kernel *all, struct pollfd *fds, unsigned n, uint64_t time)
{
    uint64_t end = now() + time;
    while (now() < end && count(all, n, 2) < n) {
        if (poll(fds, n, (int)(end - now())) <= 0)
            continue;
        for (unsigned i = 0; i < n; i++) {
            if (fds[i].revents != 0)
                take(&all[i]);
        }
    }
}

static int open_kernel(unsigned number, const char *host)
{
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_port = htons(KERNEL_PORT),
                              .sin_addr.s_addr = htonl(0x7f010001u + number)};
    if (host != NULL && inet_pton(AF_INET, host, &own.sin_addr) != 1)
        errx(2, "%s", host);
    if (host != NULL)
        own.sin_port = htons((uint16_t)(KERNEL_PORT + number));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof own) != 0)
        err(1, "kernel %u", number);
    return fd;
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (argc != 4 && argc != 5)
        errx(2, "usage: kernels COUNT SERVER PORT [HOST]");
    unsigned n = (unsigned)atoi(argv[1]), first;
    struct kernel *all = calloc(n, sizeof *all);
    struct pollfd *fds = calloc(n, sizeof *fds);
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3]))};
    if (all == NULL || fds == NULL || inet_pton(AF_INET, argv[2], &server.sin_addr) != 1)
        errx(2, "%s", argv[2]);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    for (unsigned i = 0; i < n; i++) {
        all[i] = (struct kernel){open_kernel(i, argv[4]), 0, server};
        fds[i] = (struct pollfd){all[i].fd, POLLIN, 0};
    }
    uint64_t began = now();
    for (unsigned i = 0; i < n; i++)
        transmit(&all[i]);
    hear(all, fds, n, 1000);
    first = count(all, n, 1);
    for (int i = 1; i < TRIES && count(all, n, 2) < n; i++) {
        for (unsigned k = 0; k < n; k++) {
            if (all[k].state < 2)
                transmit(&all[k]);
        }
        hear(all, fds, n, 1000);
    }
    printf("first %u\nheralds %u\ntime %u\nstops %u\n", first, count(all, n, 1),
           (unsigned)(now() - began), count(all, n, 2));
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return 0;
}
