/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The baseline for the preload: a minimal relay in a process of its own. It forwards the packets of
 * one TCP connection to a node as DATA, and back, without retransmissions and checks.
 *
 *   relay TCP-PORT HERALD-PORT
 */
#include <err.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/link/wire.h"
#include "tests/bench/bench.h"

static uint32_t ours; /* seqno of our last DATA */

/* Receives and acknowledges a datagram of the node. Returns its data; none for an ack. */
static struct wire_msg take(int udp, uint8_t *datagram)
{
    struct wire_msg msg;
    uint8_t ack[WIRE_ACK];
    size_t n = bench_receive(udp, datagram, WIRE_DATAGRAM_MAX);
    if (wire_decode(datagram, n, &msg) != 0)
        errx(1, "not a message");
    if (msg.type == WIRE_IS_ACK)
        return msg;
    wire_encode_ack(msg.seqno, ack);
    bench_send(udp, ack, sizeof ack);
    return msg;
}

static void send_data(int udp, const uint8_t *bytes, size_t len)
{
    uint8_t datagram[WIRE_HEADER + 4096];
    const struct wire_msg msg = {WIRE_DATA, ++ours, 0, (uint32_t)len, NULL, len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, bytes, len);
    bench_send(udp, datagram, WIRE_HEADER + len);
}

/* Receives the HERALD and the first stop, and acknowledges that. */
static int open_session(uint16_t port)
{
    struct sockaddr_in lobby = bench_loopback(port), local = bench_loopback(0), node;
    uint8_t datagram[WIRE_DATAGRAM_MAX], ack[WIRE_ACK];
    socklen_t len = sizeof node;
    int herald = bench_udp(&lobby), udp = bench_udp(&local);
    if (recvfrom(herald, datagram, sizeof datagram, 0, (struct sockaddr *)&node, &len) < 0 ||
        connect(udp, (struct sockaddr *)&node, sizeof node) != 0)
        err(1, "HERALD");
    wire_encode_ack(1, ack);
    bench_send(udp, ack, sizeof ack);
    while (take(udp, datagram).type != WIRE_DATA)
        continue;
    send_data(udp, (const uint8_t *)"+", 1);
    return udp;
}

static int accept_client(uint16_t port)
{
    struct sockaddr_in local = bench_loopback(port);
    int on = 1, listener = bench_tcp_listen(&local), fd = accept(listener, NULL, NULL);
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        err(1, "accept");
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        errx(2, "usage: relay TCP-PORT HERALD-PORT");
    int udp = open_session((uint16_t)bench_number(argv[2]));
    int tcp = accept_client((uint16_t)bench_number(argv[1]));
    struct pollfd fds[2] = {{tcp, POLLIN, 0}, {udp, POLLIN, 0}};
    for (;;) {
        uint8_t bytes[4096];
        if (poll(fds, 2, -1) < 0)
            err(1, "poll");
        if (fds[0].revents != 0) {
            size_t n = bench_receive(tcp, bytes, WIRE_DATA_ETHERNET);
            if (n == 0)
                return 0;
            send_data(udp, bytes, n);
        }
        if (fds[1].revents != 0) {
            struct wire_msg msg = take(udp, bytes);
            if (msg.type == WIRE_DATA)
                bench_send(tcp, msg.data, msg.len);
        }
    }
}
