/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stranger FROM TO PORT [COUNT]` sends datagrams from another address of this machine. */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct sockaddr_in at(const char *address, const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
        errx(2, "%s: no IPv4 address", address);
    return a;
}

int main(int argc, char **argv)
{
    static const char ack[4] = {0, 0, 0, 2};
    if (argc < 4)
        errx(2, "usage: stranger FROM TO PORT [COUNT]");
    const struct sockaddr_in from = at(argv[1], "0"), to = at(argv[2], argv[3]);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&from, sizeof from) != 0)
        err(1, "%s", argv[1]);
    for (int i = argc > 4 ? atoi(argv[4]) : 1; i > 0; i--) {
        if (sendto(fd, ack, sizeof ack, 0, (const struct sockaddr *)&to, sizeof to) < 0)
            err(1, "%s", argv[2]);
    }
    return 0;
}
