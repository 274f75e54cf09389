/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls every function that libnetgdb.so interposes, with arguments that do not concern netgdb, and
 * prints the results: twice, the second time in a forked child. The output must be the same with
 * and without the preload.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { UNTOUCHED = 77 }; /* errno of a call that does not set it */

static void show(const char *what, int rc)
{
    int error = errno;
    printf("%s: %d errno %d\n", what, rc, error);
    errno = UNTOUCHED;
}

static void look_up(const char *node, const char *service, const struct addrinfo *hints)
{
    struct addrinfo *found = NULL;
    char what[200], host[100], port[20];
    snprintf(what, sizeof what, "getaddrinfo %s %s", node != NULL ? node : "NULL",
             service != NULL ? service : "NULL");
    show(what, getaddrinfo(node, service, hints, &found));
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        int rc = getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, port, sizeof port,
                             NI_NUMERICHOST | NI_NUMERICSERV);
        printf("  %d %d %d %d %s %s\n", rc, a->ai_family, a->ai_socktype, a->ai_protocol, host,
               port);
    }
    if (found != NULL)
        freeaddrinfo(found);
    errno = UNTOUCHED;
}

static void look_ups(void)
{
    const struct addrinfo stream = {.ai_socktype = SOCK_STREAM},
                          passive = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM},
                          six = {.ai_family = AF_INET6, .ai_flags = AI_NUMERICHOST},
                          wrong = {.ai_family = -5};
    look_up("localhost", "80", &stream);
    look_up("127.0.0.1", NULL, NULL);
    look_up(NULL, "80", &passive);
    look_up("::1", "9", &six);
    look_up("localhost", "80", &wrong);
    look_up("no-such-host.invalid", "80", &stream);
    look_up("127.0.0.1", "no such service", &stream);
    look_up("", "80", &stream);
    look_up("xnetgdb", "80", &stream);
    look_up("netgdbx:host", "80", &stream);
}

static int listener(struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    if (fd < 0 || bind(fd, (struct sockaddr *)address, sizeof *address) != 0 ||
        listen(fd, 5) != 0 || getsockname(fd, (struct sockaddr *)address, &len) != 0)
        exit(1);
    return fd;
}

static void tcp(void)
{
    struct sockaddr_in address;
    const int on = 1;
    int server = listener(&address), fd = socket(AF_INET, SOCK_STREAM, 0), peer;
    memset(address.sin_zero, 'x', sizeof address.sin_zero); /* unused */
    errno = UNTOUCHED;
    show("connect", connect(fd, (struct sockaddr *)&address, sizeof address));
    show("connect again", connect(fd, (struct sockaddr *)&address, sizeof address));
    show("TCP_NODELAY", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    show("TCP_NODELAY, short", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, 1));
    show("SO_KEEPALIVE", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
    show("no such option", setsockopt(fd, IPPROTO_TCP, 12345, &on, sizeof on));
    peer = accept(server, NULL, NULL);
    close(server);
    close(peer);
    close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    errno = UNTOUCHED;
    show("connect to a closed port", connect(fd, (struct sockaddr *)&address, sizeof address));
    show("connect, short", connect(fd, (struct sockaddr *)&address, 4));
    show("connect, no address", connect(fd, NULL, 0));
    address.sin_family = AF_UNSPEC;
    show("dissolve", connect(fd, (struct sockaddr *)&address, sizeof address));
    close(fd);
    errno = UNTOUCHED;
    show("connect, closed", connect(fd, (struct sockaddr *)&address, sizeof address));
    show("TCP_NODELAY, closed", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
}

static void others(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int on = 1;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), fd = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    errno = UNTOUCHED;
    show("unix, no listener", connect(fd, (struct sockaddr *)&address, sizeof address));
    if (bind(server, (struct sockaddr *)&address, sizeof address) != 0 || listen(server, 1) != 0)
        exit(1);
    show("unix", connect(fd, (struct sockaddr *)&address, sizeof address));
    show("TCP_NODELAY, unix", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    close(fd);
    close(server);
    if (pipe(pair) != 0)
        exit(1);
    errno = UNTOUCHED;
    show("connect, pipe", connect(pair[0], (struct sockaddr *)&address, sizeof address));
    show("TCP_NODELAY, pipe", setsockopt(pair[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
    close(pair[0]);
    close(pair[1]);
}

static void all(const char *path)
{
    errno = UNTOUCHED;
    look_ups();
    tcp();
    others(path);
}

int main(int argc, char **argv)
{
    int status;
    if (argc != 2)
        return 2;
    all(argv[1]);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        printf("in a child\n");
        look_up("netgdb", "127.0.0.1", NULL); /* a forked child has no relay thread */
        all(argv[1]);
        exit(0);
    }
    return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 1;
}
