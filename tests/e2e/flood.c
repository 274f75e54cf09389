/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends HERALDs on loopback as fast as possible, for at most 60 s.
 *
 *   flood MODE SERVER PORT SECONDS
 *
 * MODE is their source: `one` port of one host; the `ports` of one host; random `hosts`; or random
 * hosts with an unknown `version`. Prints "sent N".
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "proto/link/wire.h"

enum { BATCH = 64, SOCKETS = 512, SECONDS_MAX = 60, HOST = 0x7f020001, PORT = 30000 };

static uint8_t datagram[WIRE_HEADER];
static struct sockaddr_in server = {.sin_family = AF_INET};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int open_socket(uint32_t ip, unsigned port)
{
    const struct sockaddr_in own = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(ip)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&own, sizeof own) != 0)
        err(1, "socket");
    return fd;
}

/* Sends a batch, each from a random host of 127.0.0.0/8 when `random`. */
static unsigned long send_batch(int fd, int random_hosts)
{
    static union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control[BATCH];
    struct mmsghdr msgs[BATCH];
    struct iovec part = {datagram, sizeof datagram};
    memset(msgs, 0, sizeof msgs);
    for (unsigned i = 0; i < BATCH; i++) {
        struct msghdr *m = &msgs[i].msg_hdr;
        struct in_pktinfo info = {.ipi_spec_dst.s_addr =
                                      htonl(0x7f100000u + (uint32_t)random() % 0x600000u)};
        *m = (struct msghdr){
            .msg_name = &server, .msg_namelen = sizeof server, .msg_iov = &part, .msg_iovlen = 1};
        if (!random_hosts)
            continue;
        m->msg_control = &control[i];
        m->msg_controllen = sizeof control[i];
        struct cmsghdr *c = CMSG_FIRSTHDR(m);
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
    }
    int n = sendmmsg(fd, msgs, BATCH, 0);
    return n > 0 ? (unsigned long)n : 0;
}

int main(int argc, char **argv)
{
    static int fds[SOCKETS];
    if (argc != 5 || inet_pton(AF_INET, argv[2], &server.sin_addr) != 1)
        errx(2, "usage: flood one|ports|hosts|version SERVER PORT SECONDS");
    int several = strcmp(argv[1], "ports") == 0, unknown = strcmp(argv[1], "version") == 0;
    int hosts = unknown || strcmp(argv[1], "hosts") == 0;
    unsigned n = several ? SOCKETS : 1;
    double seconds = atof(argv[4]), end = now() + (seconds < SECONDS_MAX ? seconds : SECONDS_MAX);
    unsigned long sent = 0;
    server.sin_port = htons((uint16_t)atoi(argv[3]));
    wire_encode(&(struct wire_msg){.type = WIRE_HERALD,
                                   .seqno = 1,
                                   .total = WIRE_NETGDB_V1 + (unknown ? 1 : 0)},
                datagram);
    for (unsigned i = 0; i < n; i++)
        fds[i] = open_socket(hosts ? INADDR_ANY : HOST, PORT + i);
    for (unsigned i = 0; now() < end; i++)
        sent += send_batch(fds[i % n], hosts);
    printf("sent %lu\n", sent);
    return 0;
}
