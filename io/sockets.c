/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Resolves names and opens sockets; see sockets.h. */
#include "io/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "io/os.h"

enum { BACKLOG = 128 }; /* pending connections; OpenSSH uses the same */

/* Whether this is the broadcast address of a network that this machine is on. */
static bool is_networks_broadcast(in_addr_t ip)
{
    struct ifaddrs *all = NULL;
    struct sockaddr_in at;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *a = all; a != NULL && !found; a = a->ifa_next) {
        if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET ||
            (a->ifa_flags & IFF_BROADCAST) == 0 || a->ifa_broadaddr == NULL)
            continue;
        memcpy(&at, a->ifa_broadaddr, sizeof at);
        found = at.sin_addr.s_addr == ip;
    }
    freeifaddrs(all);
    return found;
}

static bool is_host4(in_addr_t ip)
{
    uint32_t number = ntohl(ip);
    return number >> 24 != 0 && !IN_MULTICAST(number) && number != INADDR_BROADCAST &&
           !is_networks_broadcast(ip);
}

static bool is_host6(const struct in6_addr *ip)
{
    in_addr_t mapped;
    memcpy(&mapped, ip->s6_addr + 12, sizeof mapped);
    return !IN6_IS_ADDR_UNSPECIFIED(ip) && !IN6_IS_ADDR_MULTICAST(ip) &&
           (!IN6_IS_ADDR_V4MAPPED(ip) || is_host4(mapped));
}

static bool is_host(const struct sockets_address *a)
{
    return a->is.any.sa_family == AF_INET ? is_host4(a->is.in.sin_addr.s_addr)
                                          : is_host6(&a->is.in6.sin6_addr);
}

static bool take_address(const struct addrinfo *a, uint16_t port, struct sockets_address *address)
{
    *address = (struct sockets_address){.len = a->ai_addrlen};
    if ((a->ai_family != AF_INET || a->ai_addrlen != sizeof address->is.in) &&
        (a->ai_family != AF_INET6 || a->ai_addrlen != sizeof address->is.in6))
        return false;
    memcpy(&address->is, a->ai_addr, a->ai_addrlen);
    sockets_set_port(address, port);
    return true;
}

/* Resolves addresses of a family. Keeps wildcard, broadcast and multicast addresses only if `own`:
 * such an address can be bound to, but no host has it. */
static int sockets_look_up(sockets_resolver *resolver, const char *host, uint16_t port, int family,
                           bool own, struct sockets_streams *all)
{
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int rc = resolver(host, NULL, &hints, &list);
    all->n = 0;
    if (rc != 0)
        return rc;
    rc = EAI_NONAME;
    for (struct addrinfo *a = list; a != NULL && all->n < SOCKETS_ADDRESSES; a = a->ai_next) {
        if (!take_address(a, port, &all->at[all->n]))
            continue;
        if (own || is_host(&all->at[all->n]))
            all->n++;
        else
            rc = SOCKETS_NO_HOST;
    }
    freeaddrinfo(list);
    return all->n == 0 ? rc : 0;
}

int sockets_resolve_streams(sockets_resolver *resolver, const char *host, uint16_t port,
                            struct sockets_streams *all)
{
    return sockets_look_up(resolver, host, port, AF_UNSPEC, false, all);
}

int sockets_resolve_own(sockets_resolver *resolver, const char *host, uint16_t port, int family,
                        struct sockets_address *first)
{
    struct sockets_streams all;
    int rc = sockets_look_up(resolver, host, port, family, true, &all);
    if (rc == 0)
        *first = all.at[0];
    return rc;
}

int sockets_resolve_hosts(sockets_resolver *resolver, const char *host, struct net_hosts *hosts)
{
    struct sockets_streams found;
    int rc = sockets_look_up(resolver, host, 0, AF_INET, false, &found);
    hosts->n = 0;
    for (unsigned i = 0; i < found.n; i++) {
        if (found.at[i].is.any.sa_family == AF_INET)
            hosts->ip[hosts->n++] = ntohl(found.at[i].is.in.sin_addr.s_addr);
    }
    return rc == 0 && hosts->n == 0 ? EAI_NONAME : rc;
}

int sockets_resolve(sockets_resolver *resolver, const char *host, uint16_t port,
                    struct sockaddr_in *first)
{
    struct net_hosts hosts;
    int rc = sockets_resolve_hosts(resolver, host, &hosts);
    if (rc == 0)
        *first = (struct sockaddr_in){.sin_family = AF_INET,
                                      .sin_port = htons(port),
                                      .sin_addr = {.s_addr = htonl(hosts.ip[0])}};
    return rc;
}

const char *sockets_resolve_text(int result)
{
    return result == SOCKETS_NO_HOST
               ? "no host has such an address (0.0.0.0, ::, broadcast or multicast)"
               : gai_strerror(result);
}

/* Closes fd, preserving errno. Returns -1. */
static int sockets_fail(int fd)
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
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || os_dont_fragment(fd) != 0 ||
        (local != NULL && bind(fd, (const struct sockaddr *)local, sizeof *local) != 0) ||
        (remote != NULL && connect(fd, (const struct sockaddr *)remote, sizeof *remote) != 0))
        return sockets_fail(fd);
    return fd;
}

/* Waits at most `timeout` ns for a non-blocking connect(). Returns 0, or -1 with errno. */
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

static int connect_to(const struct sockets_address *remote, uint64_t timeout)
{
    int fd = socket(remote->is.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1) != 0)
        return sockets_fail(fd);
    if (connect(fd, &remote->is.any, remote->len) != 0 &&
        (errno != EINPROGRESS || await_connect(fd, timeout) != 0))
        return sockets_fail(fd);
    return fd;
}

int sockets_tcp(const struct sockets_streams *remotes, uint64_t timeout)
{
    int fd = -1;
    errno = EADDRNOTAVAIL;
    for (unsigned i = 0; i < remotes->n && fd < 0 && (i == 0 || errno != EINTR); i++)
        fd = connect_to(&remotes->at[i], timeout);
    return fd;
}

int sockets_tcp_listen(const struct sockets_address *local)
{
    int fd = socket(local->is.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1) != 0 ||
        bind(fd, &local->is.any, local->len) != 0 || listen(fd, BACKLOG) != 0)
        return sockets_fail(fd);
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
        return sockets_fail(fd);
    return fd;
}

int sockets_unix_listen(const char *path, mode_t mode)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int there = sockets_unix(path);
    if (there >= 0) {
        errno = EADDRINUSE;
        return sockets_fail(there);
    }
    struct stat st;
    /* A stale socket: no process listens on it. */
    if (errno == ECONNREFUSED && lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && unlink(path) != 0)
        return -1;
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* bind() gives the socket file the descriptor's mode, less the umask: unix(7). FreeBSD has none
     * (EINVAL): there no client can connect before listen(). */
    if (fd < 0 || (fchmod(fd, mode) != 0 && errno != EINVAL) ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0)
        return sockets_fail(fd);
    return fd;
}

bool sockets_local(int fd, struct sockaddr_in *local)
{
    socklen_t len = sizeof *local;
    return getsockname(fd, (struct sockaddr *)local, &len) == 0;
}

bool sockets_name(int fd, struct sockets_address *local)
{
    local->len = sizeof local->is;
    return getsockname(fd, &local->is.any, &local->len) == 0;
}

bool sockets_is_loopback(const struct sockets_address *a)
{
    return a->is.any.sa_family == AF_INET ? ntohl(a->is.in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
                                          : IN6_IS_ADDR_LOOPBACK(&a->is.in6.sin6_addr) != 0;
}

bool sockets_is_any(const struct sockets_address *a)
{
    return a->is.any.sa_family == AF_INET ? a->is.in.sin_addr.s_addr == INADDR_ANY
                                          : IN6_IS_ADDR_UNSPECIFIED(&a->is.in6.sin6_addr) != 0;
}

/* The port is at the same offset in both. */
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "the port of an address of TCP");

uint16_t sockets_port(const struct sockets_address *a)
{
    return ntohs(a->is.in.sin_port);
}

void sockets_set_port(struct sockets_address *a, uint16_t port)
{
    a->is.in.sin_port = htons(port);
}

const char *sockets_text(const struct sockaddr_in *address, char text[SOCKETS_TEXT])
{
    const uint8_t *ip = (const uint8_t *)&address->sin_addr;
    (void)snprintf(text, SOCKETS_TEXT, "%u.%u.%u.%u:%u", ip[0], ip[1], ip[2], ip[3],
                   (unsigned)ntohs(address->sin_port));
    return text;
}

const char *sockets_stream_text(const struct sockets_address *address,
                                char text[SOCKETS_STREAM_TEXT])
{
    char host[SOCKETS_STREAM_TEXT - 10] = "?"; /* brackets, a colon, the port */
    bool is6 = address->is.any.sa_family == AF_INET6;
    (void)getnameinfo(&address->is.any, address->len, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    (void)snprintf(text, SOCKETS_STREAM_TEXT, "%s%s%s:%u", is6 ? "[" : "", host, is6 ? "]" : "",
                   sockets_port(address));
    return text;
}
