/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes GDB's calls (gdb/ser-tcp.c, net_open): looks up a name, connects a socket, exchanges
 * packets and detaches. `caller netgdb:HOST:PORT` prints the last step it reached and the number of
 * open descriptors at the end (with COUNT it waits until no more are open). A call may report any
 * error; a crash, a hang or a wrong reply is a failure. If connect fails, it retries once, as a
 * user would.
 * `caller --stub` is the stub of the node, on standard input and output.
 */
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/rsp_plain.h"

enum {
    REPLY_MS = 20000,
    REQUEST_MS = 3600000, /* the input ends with the node */
    SETTLE_MS = 17000,    /* HERALDs without a T expire after 15 s */
};

static int descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -3; /* . and .. and this one */
    while (dir != NULL && readdir(dir) != NULL)
        n++;
    if (dir != NULL)
        closedir(dir);
    return n;
}

static int stub(void)
{
    char request[200];
    while (rsp_get(0, request, sizeof request, REQUEST_MS)) {
        (void)!write(1, "+", 1);
        rsp_put(1, strncmp(request, "qSupported", 10) == 0 ? "PacketSize=1000"
                   : request[0] == '?'                     ? "T05thread:1;"
                   : request[0] == 'm'                     ? "01020304"
                   : request[0] == 'D'                     ? "OK"
                                                           : "");
        if (request[0] == 'D')
            return read(0, request, 1) == 1 ? 0 : 1; /* the '+' to it */
    }
    return 1;
}

static const char wrong_reply[] = "wrong reply";

/* Makes one exchange. Returns NULL, or what went wrong. An error is a correct reply. */
static const char *exchange(int fd, const char *request, const char *expected)
{
    char reply[4096];
    rsp_put(fd, request);
    if (!rsp_get(fd, reply, sizeof reply, REPLY_MS))
        return request;
    if (reply[0] == 'E' || strncmp(reply, expected, strlen(expected)) == 0)
        return NULL;
    fprintf(stderr, "caller: %s: not %s but %s\n", request, expected, reply);
    return wrong_reply;
}

/* Returns the last step it reached. */
static const char *session(const char *name)
{
    static const struct {
        const char *request, *reply; /* its beginning */
    } steps[] = {{"qSupported:xmlRegisters=i386", "PacketSize="},
                 {"?", "T05thread:1;"},
                 {"m1000,4", "01020304"},
                 {"D", "OK"}};
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int on = 1;
    char node[200];
    const char *service = strrchr(name, ':') + 1; /* as GDB splits it */
    snprintf(node, sizeof node, "%.*s", (int)(service - 1 - name), name);
    if (getaddrinfo(node, service, &hints, &found) != 0)
        return "not looked up";
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)ioctl(fd, FIONBIO, &on);
    int rc = connect(fd, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    const char *result = rc == 0 ? NULL : "not connected";
    for (unsigned i = 0; result == NULL && i < sizeof steps / sizeof steps[0]; i++)
        result = exchange(fd, steps[i].request, steps[i].reply);
    close(fd);
    return result != NULL ? result : "detached";
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--stub") == 0)
        return stub();
    if (argc < 2 || strchr(argv[1], ':') == NULL)
        return 2;
    const char *result = session(argv[1]);
    if (strncmp(result, "not ", 4) == 0)
        result = session(argv[1]);
    int want = argc > 2 ? atoi(argv[2]) : 0;
    for (int ms = 0; ms < (want != 0 ? SETTLE_MS : 1000); ms += 50) {
        if (descriptors() <= want)
            break;
        usleep(50000);
    }
    printf("%s, %d descriptors\n", result, descriptors());
    return result == wrong_reply;
}
