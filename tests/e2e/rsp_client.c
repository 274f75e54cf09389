/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An RSP client over TCP that behaves as no debugger does.
 *
 *   rsp_client HOST PORT cut TIMES          disconnects in the middle of a packet, TIMES times
 *   rsp_client HOST PORT ask REQUEST...     prints each reply
 *   rsp_client HOST PORT talk SECONDS       the same for each line of standard input; SECONDS is
 *                                           the timeout
 *   rsp_client HOST PORT repeat REQUEST...   the same without an end, until the server closes
 *   rsp_client HOST PORT flood BYTES        sends without reading; disconnects when sending blocks
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MAX = 200000 };

static struct sockaddr_in server;
static int patience_ms = 20000;

static int open_client(void)
{
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        err(1, "connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void put(int fd, const void *data, size_t len)
{
    if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        err(1, "send");
}

static void put_packet(int fd, const char *content)
{
    char packet[4096];
    unsigned char sum = 0;
    for (const char *c = content; *c != '\0'; c++)
        sum = (unsigned char)(sum + *c);
    int n = snprintf(packet, sizeof packet, "$%s#%02x", content, sum);
    put(fd, packet, (size_t)n);
}

/* Repeats the last byte as the character after a '*' says. */
static size_t repeat_last(char *reply, size_t used, char count)
{
    for (int more = count - 29; more > 0 && used > 0 && used < REPLY_MAX - 1; more--, used++)
        reply[used] = reply[used - 1];
    return used;
}

/* Reads a packet's content into reply[REPLY_MAX]; false at the end of the stream. */
static bool get_packet(int fd, char *reply)
{
    static char data[REPLY_MAX];
    static size_t len, at;
    size_t used = 0;
    int state = 0; /* before '$', inside, in the 2 digits */
    bool run = false;
    for (;;) {
        if (at == len) {
            struct pollfd p = {fd, POLLIN, 0};
            if (poll(&p, 1, patience_ms) <= 0)
                errx(1, "no reply");
            ssize_t n = recv(fd, data, sizeof data, 0);
            len = n > 0 ? (size_t)n : 0;
            at = 0;
            if (n <= 0)
                return false;
        }
        char c = data[at++];
        if (state == 0)
            state = c == '$';
        else if (run) {
            used = repeat_last(reply, used, c);
            run = false;
        } else if (state == 1 && c == '*')
            run = true;
        else if (state == 1 && c == '#')
            state = 2;
        else if (state == 1 && used < REPLY_MAX - 1)
            reply[used++] = c;
        else if (state++ == 3)
            break;
    }
    reply[used] = '\0';
    return true;
}

/* Ends the connection with a reset. */
static void cut(int fd)
{
    const struct linger now = {1, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void cut_many(int times)
{
    static const char *const halves[] = {"$m1000,1", "$qSupported:xml#", "+$?#3f$g#6", "$",
                                         "\003$X10"};
    static char reply[REPLY_MAX];
    for (int i = 0; i < times; i++) {
        const char *half = halves[i % 5];
        int fd = open_client();
        if (i % 2 == 0) { /* wait until it was served */
            put_packet(fd, "?");
            if (!get_packet(fd, reply) || reply[0] != 'T')
                errx(1, "client %d got '%.60s'", i, reply);
        }
        put(fd, half, strlen(half));
        if (i % 3 == 0)
            close(fd);
        else
            cut(fd);
    }
}

static void ask_one(int fd, const char *request)
{
    static char reply[REPLY_MAX];
    put_packet(fd, request);
    if (!get_packet(fd, reply))
        errx(1, "the server has closed");
    put(fd, "+", 1);
    printf("%s\n", reply);
    fflush(stdout); /* a test waits for each */
}

static void ask(int n, char **requests)
{
    int fd = open_client();
    for (int i = 0; i < n; i++)
        ask_one(fd, requests[i]);
    close(fd);
}

static void repeat(int n, char **requests)
{
    int fd = open_client();
    for (;;) {
        for (int i = 0; i < n; i++)
            ask_one(fd, requests[i]);
    }
}

static void talk(int seconds)
{
    char request[4000];
    int fd = open_client();
    patience_ms = 1000 * seconds;
    while (fgets(request, sizeof request, stdin) != NULL) {
        request[strcspn(request, "\n")] = '\0';
        ask_one(fd, request);
    }
    close(fd);
}

static void flood(size_t bytes)
{
    static char requests[100000];
    int fd = open_client();
    for (size_t i = 0; i + 5 <= sizeof requests; i += 5)
        memcpy(requests + i, "$g#67", 5);
    while (bytes > 0) {
        ssize_t n = send(fd, requests, sizeof requests, MSG_DONTWAIT | MSG_NOSIGNAL);
        struct pollfd p = {fd, POLLOUT, 0};
        if (n < 0 && poll(&p, 1, 500) == 0)
            break;
        if (n > 0)
            bytes -= (size_t)n < bytes ? (size_t)n : bytes;
    }
    cut(fd);
}

int main(int argc, char **argv)
{
    if (argc < 5)
        errx(2, "usage: rsp_client HOST PORT cut|ask|repeat|talk|flood ...");
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)atoi(argv[2]));
    if (inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
        errx(2, "%s", argv[1]);
    if (strcmp(argv[3], "cut") == 0)
        cut_many(atoi(argv[4]));
    else if (strcmp(argv[3], "ask") == 0)
        ask(argc - 4, argv + 4);
    else if (strcmp(argv[3], "repeat") == 0)
        repeat(argc - 4, argv + 4);
    else if (strcmp(argv[3], "talk") == 0)
        talk(atoi(argv[4]));
    else if (strcmp(argv[3], "flood") == 0)
        flood(strtoul(argv[4], NULL, 10));
    else
        errx(2, "%s", argv[3]);
    return 0;
}
