/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opens connections that are silent, or send only the start of something.
 *
 *   idle COUNT PORT|PATH [TEXT [SOURCE]]
 *                           opens COUNT connections to this TCP port on loopback, or to this unix
 *                           socket, until the process is killed; reopens those that are closed
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { COUNT_MAX = 4096 };

/* Sends the text, and nothing else. */
static void say(int fd, const char *text)
{
    struct pollfd p = {fd, POLLOUT, 0};
    (void)poll(&p, 1, 1000);
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static const char *source; /* source address of TCP connections; NULL: any */

static void come_from(int fd)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    if (source != NULL && inet_pton(AF_INET, source, &in.sin_addr) == 1)
        (void)bind(fd, (const struct sockaddr *)&in, sizeof in);
}

/* Starts a connection, which may stay in the backlog; returns its descriptor or -1. */
static int open_one(const char *where, const char *text)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int family = where[0] == '/' ? AF_UNIX : AF_INET;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    in.sin_port = htons((uint16_t)atoi(where));
    (void)snprintf(un.sun_path, sizeof un.sun_path, "%s", where);
    come_from(fd);
    int rc = family == AF_UNIX ? connect(fd, (const struct sockaddr *)&un, sizeof un)
                               : connect(fd, (const struct sockaddr *)&in, sizeof in);
    if (rc == 0 || errno == EINPROGRESS) {
        if (text != NULL)
            say(fd, text);
        return fd;
    }
    close(fd);
    return -1;
}

int main(int argc, char **argv)
{
    static struct pollfd all[COUNT_MAX];
    const struct timespec moment = {0, 20000000};
    int count = argc >= 3 && argc <= 5 ? atoi(argv[1]) : 0;
    const char *text = argc > 3 ? argv[3] : NULL;
    source = argc > 4 ? argv[4] : NULL;
    if (count < 1 || count > COUNT_MAX)
        return 2;
    for (int i = 0; i < count; i++)
        all[i] = (struct pollfd){open_one(argv[2], text), POLLRDHUP, 0};
    printf("idle: ready\n");
    (void)fflush(stdout);
    for (;;) {
        (void)poll(all, (nfds_t)count, 100);
        for (int i = 0; i < count; i++) {
            if (all[i].fd >= 0 && all[i].revents == 0)
                continue;
            if (all[i].fd >= 0)
                close(all[i].fd);
            all[i] = (struct pollfd){open_one(argv[2], text), POLLRDHUP, 0};
        }
        (void)nanosleep(&moment, NULL);
    }
}
