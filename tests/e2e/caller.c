/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes GDB's calls without GDB: look-up, socket, connect, select, requests, close, exit. Runs
 * under the preload, or linked with the code of shim/ (caller_linked), where leak and thread
 * sanitizers can check all of it.
 *
 *   caller NODE:SERVICE...
 *
 * Opens a connection for each name, requests features, stop and registers several times, and
 * disconnects by close and exit, like GDB's quit after its kill. Prints "grown KIB" (resident
 * memory per connection, except the first) and "inherited N" (descriptors that an executed program
 * would inherit), and "forked libc" if a forked child's call is libc's.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS = 16, PACKET_MAX = 32768, LIMIT_SECONDS = 30, ROUNDS = 3 };

/* ---- RSP ---- */

static char packet[PACKET_MAX];

static void put(int fd, const char *content, bool ack)
{
    char frame[1000];
    unsigned char sum = 0;
    for (const char *p = content; *p != '\0'; p++)
        sum = (unsigned char)(sum + (unsigned char)*p);
    if (ack && send(fd, "+", 1, 0) != 1)
        err(1, "send");
    int n = snprintf(frame, sizeof frame, "$%s#%02x", content, sum);
    if (send(fd, frame, (size_t)n, 0) != n)
        err(1, "send");
}

/* Reads one byte; waits like GDB. */
static char get(int fd)
{
    static char buffer[8192];
    static ssize_t have, at;
    static int of = -1;
    if (of != fd)
        have = at = 0; /* packets of one connection are read completely */
    of = fd;
    if (at == have) {
        struct timeval limit = {LIMIT_SECONDS, 0};
        fd_set set;
        FD_ZERO(&set);
        FD_SET(fd, &set);
        if (select(fd + 1, &set, NULL, NULL, &limit) != 1)
            errx(1, "no answer");
        have = recv(fd, buffer, sizeof buffer, 0);
        at = 0;
        if (have <= 0)
            errx(1, "the connection has ended");
    }
    return buffer[at++];
}

static const char *ask(int fd, const char *content, bool ack)
{
    size_t n = 0;
    char c;
    put(fd, content, ack);
    while (get(fd) != '$')
        continue;
    while ((c = get(fd)) != '#' && n < sizeof packet - 1)
        packet[n++] = c;
    packet[n] = '\0';
    (void)get(fd);
    (void)get(fd);
    return packet;
}

static void expect(int fd, const char *request, const char *begins, bool ack)
{
    if (strncmp(ask(fd, request, ack), begins, strlen(begins)) != 0)
        errx(1, "%s: answered %.100s", request, packet);
}

/* ---- connecting, as gdb/ser-tcp.c does ---- */

static int open_connection(const char *name)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_protocol = IPPROTO_TCP},
                    *found;
    char node[200];
    int on = 1, error;
    socklen_t len = sizeof error;
    const char *colon = strrchr(name, ':');
    if (colon == NULL)
        errx(2, "%s: not a name", name);
    snprintf(node, sizeof node, "%.*s", (int)(colon - name), name);
    if (getaddrinfo(node, colon + 1, &hints, &found) != 0)
        errx(1, "%s: cannot resolve name", name);
    int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
    if (fd < 0 || ioctl(fd, FIONBIO, &on) != 0 ||
        (connect(fd, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS))
        err(1, "%s", name);
    freeaddrinfo(found);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    if (select(fd + 1, NULL, &set, NULL, NULL) != 1 ||
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
        err(1, "%s: not connected", name);
    on = 0;
    (void)ioctl(fd, FIONBIO, &on);
    on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        err(1, "%s: TCP_NODELAY", name);
    return fd;
}

static void work(int fd)
{
    for (int i = 0; i < ROUNDS; i++) {
        expect(fd, "?", "T05", false);
        expect(fd, "g", "", false);
        expect(fd, "vMustReplyEmpty", "", false);
    }
}

static int begin(const char *name)
{
    int fd = open_connection(name);
    if (strstr(ask(fd, "qSupported:multiprocess+", true), "PacketSize=") == NULL)
        errx(1, "qSupported: answered without PacketSize: %.100s", packet);
    expect(fd, "QStartNoAckMode", "OK", true);
    (void)send(fd, "+", 1, 0);
    work(fd);
    return fd;
}

/* ---- measurements ---- */

static long resident(void)
{
    char line[200];
    long kib = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        (void)sscanf(line, "VmRSS: %ld", &kib);
    if (f != NULL)
        fclose(f);
    return kib;
}

static int inherited(void)
{
    int n = 0;
    for (int fd = 3; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        n += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    return n;
}

/* A forked child has none of our threads, whose locks it might wait for: libc answers it, which
 * does not know this option of a socketpair. */
static bool child_has_libc(int fd)
{
    int on = 1, status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

int main(int argc, char **argv)
{
    int fds[CONNECTIONS], n = 0;
    long before = 0;
    int had = inherited();
    for (int i = 1; i < argc && n < CONNECTIONS; i++) {
        fds[n++] = begin(argv[i]);
        if (n == 1)
            before = resident();
    }
    printf("grown %ld\n", n > 1 ? (resident() - before) / (n - 1) : 0);
    printf("inherited %d\n", inherited() - had);
    printf("forked %s\n", n > 0 && child_has_libc(fds[0]) ? "libc" : "ours");
    for (int i = 0; i < n; i++) {
        work(fds[i]);
        close(fds[i]);
    }
    return 0;
}
