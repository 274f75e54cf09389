/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FreeBSD 13 and later: sockets and the network; see os.h. */
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/sysctl.h>
#include <sys/ucred.h>
#include <sys/un.h>

#include "io/os.h"
#include "io/os_private.h"

/* unix(4): the level of LOCAL_PEERCRED; sys/un.h names it only since 13.2. */
#ifndef SOL_LOCAL
#define SOL_LOCAL 0
#endif

/* ---- UDP ---- */

int os_dont_fragment(int fd)
{
    return os_set_option(fd, IPPROTO_IP, IP_DONTFRAG, 1);
}

static bool interface_mtu(int fd, const char *interface, unsigned *mtu)
{
    struct ifreq request = {.ifr_mtu = 0};
    (void)strlcpy(request.ifr_name, interface, sizeof request.ifr_name);
    if (ioctl(fd, SIOCGIFMTU, &request) != 0 || request.ifr_mtu <= 0)
        return false;
    *mtu = (unsigned)request.ifr_mtu;
    return true;
}

/* A UDP socket does not tell the path's MTU: that of the interface with the socket's address. */
unsigned os_path_mtu(int fd)
{
    struct sockaddr_in own, at;
    socklen_t len = sizeof own;
    struct ifaddrs *all = NULL;
    unsigned mtu = 0;
    if (getsockname(fd, (struct sockaddr *)&own, &len) != 0 || getifaddrs(&all) != 0)
        return 0;
    for (const struct ifaddrs *a = all; a != NULL && mtu == 0; a = a->ifa_next) {
        if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET)
            continue;
        memcpy(&at, a->ifa_addr, sizeof at);
        if (at.sin_addr.s_addr == own.sin_addr.s_addr)
            (void)interface_mtu(fd, a->ifa_name, &mtu);
    }
    freeifaddrs(all);
    return mtu;
}

void os_receive_buffer(int fd, int bytes)
{
    /* More than kern.ipc.maxsockbuf is refused, not cut. */
    while (bytes >= 1 << 16 && os_set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes) != 0)
        bytes /= 2;
}

int os_report_destination(int fd)
{
    return os_set_option(fd, IPPROTO_IP, IP_RECVDSTADDR, 1);
}

uint32_t os_destination(struct msghdr *msg)
{
    const struct cmsghdr *c = os_find_control(msg, IPPROTO_IP, IP_RECVDSTADDR);
    struct in_addr to = {.s_addr = 0};
    if (c != NULL)
        memcpy(&to, CMSG_DATA(c), sizeof to);
    return ntohl(to.s_addr);
}

void os_set_source(struct msghdr *msg, union os_control *control, uint32_t ip)
{
    const struct in_addr from = {.s_addr = htonl(ip)};
    *control = (union os_control){.bytes = {0}};
    os_set_control(msg, control, IPPROTO_IP, IP_SENDSRCADDR, &from, sizeof from);
}

bool os_stamp(int fd)
{
    return os_set_option(fd, SOL_SOCKET, SO_TS_CLOCK, SO_TS_REALTIME) == 0 &&
           os_set_option(fd, SOL_SOCKET, SO_TIMESTAMP, 1) == 0;
}

bool os_stamp_of(struct msghdr *msg, struct timespec *real)
{
    const struct cmsghdr *c = os_find_control(msg, SOL_SOCKET, SCM_REALTIME);
    if (c != NULL)
        memcpy(real, CMSG_DATA(c), sizeof *real);
    return c != NULL;
}

/* ---- TCP ---- */

/* accf_data(9), if root has loaded it; it waits without a limit of its own. */
void os_defer_accept(int listener, int seconds)
{
    struct accept_filter_arg filter = {.af_name = "dataready"};
    (void)seconds;
    (void)setsockopt(listener, SOL_SOCKET, SO_ACCEPTFILTER, &filter, sizeof filter);
}

/* ---- the peer ---- */

static bool read_xucred(int fd, struct xucred *peer)
{
    socklen_t len = sizeof *peer;
    return getsockopt(fd, SOL_LOCAL, LOCAL_PEERCRED, peer, &len) == 0 &&
           peer->cr_version == XUCRED_VERSION;
}

bool os_peer(int fd, struct os_peer *peer)
{
    struct xucred found;
    if (!read_xucred(fd, &found))
        return false;
    *peer = (struct os_peer){found.cr_uid, found.cr_pid};
    return true;
}

/* The first group is the primary one. There are at most XU_NGROUPS, 16. */
bool os_peer_in_group(int fd, gid_t group)
{
    struct xucred peer;
    if (!read_xucred(fd, &peer))
        return false;
    for (int i = 0; i < peer.cr_ngroups && i < XU_NGROUPS; i++) {
        if (peer.cr_groups[i] == group)
            return true;
    }
    return false;
}

/* ---- the network ---- */

static bool system_says(const char *name)
{
    int value = 0;
    size_t len = sizeof value;
    return sysctlbyname(name, &value, &len, NULL, 0) == 0 && value != 0;
}

bool os_network_is_own(void)
{
    return system_says("security.jail.jailed") && system_says("security.jail.vnet");
}

int os_neighbour(struct in_addr host)
{
    (void)host;
    return -1; /* arp(8) shows it, by the routing table */
}
