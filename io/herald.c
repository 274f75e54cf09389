/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UDP sockets of a server; see herald.h. */
#include "io/herald.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/capture.h"
#include "io/os.h"
#include "io/sockets.h"
#include "proto/check.h"

enum { HERALD_RECEIVE_BUFFER = 1 << 20 }; /* bytes; enough for a burst of hundreds of kernels */

static struct sockaddr_in to_sockaddr(const struct net_addr *a)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(a->port), .sin_addr.s_addr = htonl(a->ip)};
}

static struct net_addr from_sockaddr(const struct sockaddr_in *sa)
{
    return (struct net_addr){ntohl(sa->sin_addr.s_addr), ntohs(sa->sin_port)};
}

/* Closes fd, preserving errno. Returns -1. */
static int herald_fail(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static int prepare_herald_socket(int fd)
{
    if (os_report_destination(fd) != 0)
        return -1;
    os_receive_buffer(fd, HERALD_RECEIVE_BUFFER);
    return 0;
}

int herald_open(uint16_t port)
{
    const struct sockaddr_in any = to_sockaddr(&(struct net_addr){INADDR_ANY, port});
    int fd = sockets_udp(&any, NULL);
    return fd < 0 || prepare_herald_socket(fd) != 0 ? herald_fail(fd) : fd;
}

int herald_adopt(int fd, uint16_t *port)
{
    struct sockaddr_in name;
    int type = 0;
    socklen_t len = sizeof type;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
        return -1;
    if (type != SOCK_DGRAM || !sockets_local(fd, &name) || name.sin_family != AF_INET) {
        errno = EINVAL;
        return -1;
    }
    *port = ntohs(name.sin_port);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return -1;
    return prepare_herald_socket(fd);
}

/* Passes HERALDs to the capture. */
static void capture_heralds(int fd, const struct herald *h, int n)
{
    struct sockaddr_in name;
    if (!capture_on() || n <= 0 || !sockets_local(fd, &name))
        return;
    for (; n > 0; n--, h++) {
        size_t len = h->len < HERALD_BYTES ? h->len : HERALD_BYTES;
        capture_datagram(&(struct capture_datagram){.from = h->from,
                                                    .to = {h->own_ip, ntohs(name.sin_port)},
                                                    .data = h->data,
                                                    .len = len,
                                                    .original = h->len,
                                                    .time = capture_time(0),
                                                    .inbound = true});
    }
}

int herald_receive(int fd, struct herald *out)
{
    struct mmsghdr msgs[HERALD_BATCH];
    struct iovec iov[HERALD_BATCH];
    struct sockaddr_in from[HERALD_BATCH];
    union os_control control[HERALD_BATCH];

    memset(msgs, 0, sizeof msgs);
    for (int i = 0; i < HERALD_BATCH; i++) {
        iov[i] = (struct iovec){out[i].data, sizeof out[i].data};
        msgs[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                          .msg_namelen = sizeof from[i],
                                          .msg_iov = &iov[i],
                                          .msg_iovlen = 1,
                                          .msg_control = &control[i],
                                          .msg_controllen = sizeof control[i]};
    }
    int n = (int)recvmmsg(fd, msgs, HERALD_BATCH, MSG_DONTWAIT | MSG_TRUNC, NULL);
    for (int i = 0; i < n; i++) {
        out[i].from = from_sockaddr(&from[i]);
        out[i].own_ip = os_destination(&msgs[i].msg_hdr);
        out[i].len = (size_t)msgs[i].msg_len;
    }
    capture_heralds(fd, out, n);
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

static size_t session_payload(int fd)
{
    size_t mtu = os_path_mtu(fd);
    if (mtu < WIRE_DATA_MIN + WIRE_OVERHEAD)
        return WIRE_DATA_MIN;
    return mtu - WIRE_OVERHEAD < WIRE_DATA_ETHERNET ? mtu - WIRE_OVERHEAD : WIRE_DATA_ETHERNET;
}

int session_socket(struct net_addr *own, const struct net_addr *kernel, size_t *payload)
{
    const struct sockaddr_in local = to_sockaddr(own), remote = to_sockaddr(kernel);
    struct sockaddr_in name;
    CHECK(kernel->port != 0); /* a socket that is connected to port 0 receives from every port */
    int fd = sockets_udp(&local, &remote);
    if (fd < 0 || !sockets_local(fd, &name))
        return herald_fail(fd);
    *own = from_sockaddr(&name);
    *payload = session_payload(fd);
    return fd;
}

uint32_t local_address_towards(uint32_t ip)
{
    struct net_addr own = {INADDR_ANY, 0};
    const struct net_addr kernel = {ip, WIRE_KERNEL_PORT};
    size_t payload;
    int fd = session_socket(&own, &kernel, &payload);
    if (fd < 0)
        return 0;
    close(fd);
    return own.ip;
}

unsigned local_addresses(uint32_t out[LOCAL_ADDRESSES])
{
    struct ifaddrs *all = NULL, *a;
    unsigned n = 0;
    if (getifaddrs(&all) != 0)
        all = NULL;
    for (a = all; a != NULL && n < LOCAL_ADDRESSES; a = a->ifa_next) {
        struct sockaddr_in sa;
        if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET ||
            (a->ifa_flags & (IFF_UP | IFF_LOOPBACK)) != IFF_UP)
            continue;
        memcpy(&sa, a->ifa_addr, sizeof sa);
        out[n++] = from_sockaddr(&sa).ip;
    }
    freeifaddrs(all);
    if (n == 0)
        out[n++] = INADDR_LOOPBACK;
    return n;
}

uint32_t local_address(void)
{
    uint32_t all[LOCAL_ADDRESSES];
    (void)local_addresses(all);
    return all[0];
}
