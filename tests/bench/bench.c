/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times and sockets for the benchmarks; see bench.h. */
#include "tests/bench/bench.h"

#include <err.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "io/fds.h"

uint64_t bench_now(void)
{
    return io_fds_now();
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

uint64_t bench_median(uint64_t *samples, size_t n)
{
    qsort(samples, n, sizeof *samples, compare);
    return samples[n / 2];
}

unsigned bench_number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*end != '\0' || n == 0 || n > UINT32_MAX)
        errx(2, "'%s' is not a number", text);
    return (unsigned)n;
}

struct sockaddr_in bench_loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_socket(int type, struct sockaddr_in *local)
{
    socklen_t len = sizeof *local;
    int fd = socket(AF_INET, type, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)local, len) != 0 ||
        getsockname(fd, (struct sockaddr *)local, &len) != 0)
        err(1, "port %u", ntohs(local->sin_port));
    return fd;
}

int bench_udp(struct sockaddr_in *local)
{
    return open_socket(SOCK_DGRAM, local);
}

int bench_tcp_listen(struct sockaddr_in *local)
{
    int fd = open_socket(SOCK_STREAM, local);
    if (listen(fd, 1) != 0)
        err(1, "listen");
    return fd;
}

void bench_send(int fd, const void *data, size_t len)
{
    if (send(fd, data, len, 0) != (ssize_t)len)
        err(1, "send");
}

size_t bench_receive(int fd, void *data, size_t size)
{
    ssize_t n = recv(fd, data, size, 0);
    if (n < 0)
        err(1, "recv");
    return (size_t)n;
}
