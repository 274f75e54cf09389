/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A minimal debugger's server for tests of `netgdb node`: accepts the HERALD, sends requests, and
 * prints the replies. It never retransmits, because loopback loses nothing.
 *
 *   node_client [ack] REQUEST...
 *
 * Prints "port N", then the first stop, then each reply. Special requests: ^C (a lone 0x03), SLEEP
 * (0.2 s of silence), NUL (an empty DATA), STOP (waits for one more packet), LOOP:N:REQUEST (N
 * times, then prints the microseconds of each), DIE:REQUEST (exits without waiting for the reply),
 * AGAIN (accepts the next HERALD and prints that session's stop). "ack": stays in ack mode.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/buf.h"
#include "proto/link/wire.h"
#include "proto/rsp/rsp.h"

enum { LIMIT_MS = 10000, PACKET_MAX = 256 * 1024 };

static int lobby, session; /* sockets */
static uint32_t ours;      /* seqno of our last DATA */
static uint32_t theirs;    /* highest seqno of the node's DATA so far */
static bool acks;          /* ack mode */
static struct buf stream;  /* bytes of the node's DATA */

static int udp(struct sockaddr_in *local)
{
    socklen_t len = sizeof *local;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    *local = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)local, sizeof *local) != 0 ||
        getsockname(fd, (struct sockaddr *)local, &len) != 0)
        err(1, "socket");
    return fd;
}

static ssize_t receive(int fd, uint8_t *data, size_t size, struct sockaddr_in *from)
{
    struct pollfd p = {fd, POLLIN, 0};
    socklen_t len = sizeof *from;
    if (poll(&p, 1, LIMIT_MS) != 1)
        errx(1, "the node sends nothing");
    ssize_t n = recvfrom(fd, data, size, 0, (struct sockaddr *)from, &len);
    if (n < 0)
        err(1, "recv");
    return n;
}

static void send_ack(uint32_t seqno)
{
    uint8_t ack[WIRE_ACK];
    wire_encode_ack(seqno, ack);
    if (send(session, ack, sizeof ack, 0) != sizeof ack)
        err(1, "send");
}

/* Handles one datagram; returns true for the ack of our last DATA. */
static bool hear(void)
{
    uint8_t datagram[WIRE_DATAGRAM_MAX];
    struct sockaddr_in from;
    struct wire_msg msg;
    ssize_t n = receive(session, datagram, sizeof datagram, &from);
    if (wire_decode(datagram, (size_t)n, &msg) != 0)
        errx(1, "not a message");
    if (msg.type == WIRE_IS_ACK)
        return msg.seqno == ours;
    send_ack(msg.seqno);
    if (msg.type == WIRE_DATA && msg.seqno == theirs + 1) {
        theirs = msg.seqno;
        (void)buf_add(&stream, msg.data, msg.len);
    }
    return false;
}

static void send_data(const void *bytes, size_t len)
{
    uint8_t datagram[WIRE_HEADER + 4096];
    const struct wire_msg msg = {WIRE_DATA, ++ours, 0, (uint32_t)len, NULL, len};
    wire_encode(&msg, datagram);
    memcpy(datagram + WIRE_HEADER, bytes, len);
    if (send(session, datagram, WIRE_HEADER + len, 0) != (ssize_t)(WIRE_HEADER + len))
        err(1, "send");
    while (!hear())
        continue;
}

/* Returns the next packet of the node, which must follow a '+' in ack mode. */
static const struct buf *next_packet(bool plus)
{
    static struct rsp_parser parser;
    if (parser.content.max == 0)
        rsp_parser_init(&parser, RSP_FROM_STUB, PACKET_MAX);
    for (;;) {
        const uint8_t *at = stream.data;
        size_t left = stream.len;
        enum rsp_event event = rsp_parse(&parser, &at, &left);
        buf_drop(&stream, stream.len - left);
        if (event == RSP_PACKET && plus)
            errx(1, "no '+' before the reply");
        if (event == RSP_PACKET)
            break;
        if (event == RSP_ACK)
            plus = false;
        if (event == RSP_MORE)
            (void)hear();
    }
    if (acks)
        send_data("+", 1);
    return &parser.content;
}

static void send_request(const char *request)
{
    struct buf frame;
    buf_init(&frame, 4096);
    (void)rsp_frame(&frame, (const uint8_t *)request, strlen(request));
    send_data(frame.data, frame.len);
    buf_free(&frame);
}

static void print(const struct buf *content)
{
    printf("%.*s\n", (int)content->len, (const char *)content->data);
    fflush(stdout);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void loop(const char *text)
{
    char *request;
    long n = strtol(text, &request, 10);
    double began = now();
    for (long i = 0; i < n; i++) {
        send_request(request + 1);
        (void)next_packet(acks);
    }
    printf("%.1f us\n", (now() - began) / (double)n);
}

static int open_lobby(void)
{
    struct sockaddr_in local;
    int fd = udp(&local);
    printf("port %u\n", ntohs(local.sin_port));
    fflush(stdout);
    return fd;
}

/* Receives the HERALD on one socket and acknowledges it from another. */
static void open_session(void)
{
    struct sockaddr_in node, local;
    uint8_t datagram[WIRE_DATAGRAM_MAX];
    struct wire_msg msg;
    ssize_t n = receive(lobby, datagram, sizeof datagram, &node);
    if (wire_decode(datagram, (size_t)n, &msg) != 0 || msg.type != WIRE_HERALD || msg.seqno != 1 ||
        msg.total != WIRE_NETGDB_V1)
        errx(1, "not a HERALD");
    session = udp(&local);
    if (connect(session, (struct sockaddr *)&node, sizeof node) != 0)
        err(1, "connect");
    ours = 0;
    theirs = 1;
    acks = true;
    buf_reset(&stream);
    send_ack(1);
    print(next_packet(false));
}

static void perform(const char *request)
{
    const struct timespec pause = {0, 200000000};
    if (strcmp(request, "^C") == 0) {
        send_data("\x03", 1);
    } else if (strcmp(request, "SLEEP") == 0) {
        nanosleep(&pause, NULL);
    } else if (strcmp(request, "NUL") == 0) {
        send_data("", 0);
    } else if (strcmp(request, "AGAIN") == 0) {
        close(session);
        open_session();
    } else if (strcmp(request, "STOP") == 0) {
        print(next_packet(false));
    } else if (strncmp(request, "LOOP:", 5) == 0) {
        loop(request + 5);
    } else if (strncmp(request, "DIE:", 4) == 0) {
        send_request(request + 4);
        exit(0);
    } else if (strcmp(request, "c") == 0 || strcmp(request, "k") == 0) {
        send_request(request);
    } else {
        send_request(request);
        print(next_packet(acks));
    }
}

int main(int argc, char **argv)
{
    bool stay_in_ack_mode = argc > 1 && strcmp(argv[1], "ack") == 0;
    buf_init(&stream, PACKET_MAX);
    lobby = open_lobby();
    open_session();
    if (!stay_in_ack_mode) {
        send_request("QStartNoAckMode");
        (void)next_packet(true);
        acks = false;
    }
    for (int i = stay_in_ack_mode ? 2 : 1; i < argc; i++)
        perform(argv[i]);
    return 0;
}
