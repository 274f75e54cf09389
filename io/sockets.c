/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Making sockets; see sockets.h. */
#include "io/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 128 }; /* as OpenSSH */

int sockets_resolve_all(sockets_resolver *resolver, const char *host, uint16_t port,
                        struct sockets_addresses *all)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = resolver(host, NULL, &hints, &list);
    all->n = 0;
    if (rc != 0)
        return rc;
    for (struct addrinfo *a = list; a != NULL && all->n < SOCKETS_ADDRESSES; a = a->ai_next) {
        if (a->ai_family != AF_INET || a->ai_addrlen != sizeof all->at[0])
            continue;
        memcpy(&all->at[all->n], a->ai_addr, sizeof all->at[0]);
        all->at[all->n++].sin_port = htons(port);
    }
    freeaddrinfo(list);
    return all->n == 0 ? EAI_NONAME : 0;
}

int sockets_resolve(sockets_resolver *resolver, const char *host, uint16_t port,
                    struct sockaddr_in *first)
{
    struct sockets_addresses all;
    int rc = sockets_resolve_all(resolver, host, port, &all);
    if (rc == 0)
        *first = all.at[0];
    return rc;
}

/* Closes without touching errno. */
static int fail(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static int set_int(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value);
}

int sockets_udp(const struct sockaddr_in *local, const struct sockaddr_in *remote)
{
    /* PROBE: nothing is fragmented, and no ICMP error makes the path's MTU smaller. */
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE) != 0 ||
        (local != NULL && bind(fd, (const struct sockaddr *)local, sizeof *local) != 0) ||
        (remote != NULL && connect(fd, (const struct sockaddr *)remote, sizeof *remote) != 0))
        return fail(fd);
    return fd;
}

/* Waits for a connect() that was begun. Returns 0, or -1 with errno. */
static int await_connect(int fd, uint64_t timeout)
{
    struct pollfd p = {fd, POLLOUT, 0};
    struct timespec limit = {(time_t)(timeout / 1000000000u), (long)(timeout % 1000000000u)};
    int error = 0, n = ppoll(&p, 1, &limit, NULL);
    socklen_t len = sizeof error;
    if (n < 0)
        return -1;
    if (n == 0)
        error = ETIMEDOUT;
    else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return -1;
    errno = error;
    return error == 0 ? 0 : -1;
}

int sockets_tcp(const struct sockaddr_in *remote, uint64_t timeout)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0)
        return fail(fd);
    if (connect(fd, (const struct sockaddr *)remote, sizeof *remote) != 0 &&
        (errno != EINPROGRESS || await_connect(fd, timeout) != 0))
        return fail(fd);
    return fd;
}

int sockets_tcp_listen(const struct sockaddr_in *local)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
        bind(fd, (const struct sockaddr *)local, sizeof *local) != 0 || listen(fd, BACKLOG) != 0)
        return fail(fd);
    return fd;
}

int sockets_tcp_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0)
        (void)set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

int sockets_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        return fail(fd);
    return fd;
}

int sockets_unix_listen(const char *path, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int there = sockets_unix(path);
    if (there >= 0) {
        errno = EADDRINUSE;
        return fail(there);
    }
    struct stat st;
    if (errno == ECONNREFUSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
        unlink(path) != 0) /* nobody listens there */
        return -1;
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* A socket's mode is that of the descriptor when it is bound, less the umask: unix(7). */
    if (fd < 0 || fchmod(fd, mode) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0)
        return fail(fd);
    return fd;
}

bool sockets_local(int fd, struct sockaddr_in *local)
{
    socklen_t len = sizeof *local;
    return getsockname(fd, (struct sockaddr *)local, &len) == 0;
}

unsigned sockets_path_mtu(int fd)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;
    return getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len) == 0 && mtu > 0 ? (unsigned)mtu : 0;
}

const char *sockets_text(const struct sockaddr_in *address, char text[SOCKETS_TEXT])
{
    const uint8_t *ip = (const uint8_t *)&address->sin_addr;
    (void)snprintf(text, SOCKETS_TEXT, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3],
                   (unsigned)ntohs(address->sin_port));
    return text;
}
