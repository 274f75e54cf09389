/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way to a peer: rtnetlink(7) for the route, getifaddrs for the interface; see direct.h. */
#include "io/direct.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_BYTES = 4096 };

/* A question for the route to an address, as rtnetlink wants it. */
struct question {
    struct nlmsghdr head;
    struct rtmsg route;
    struct rtattr attribute;
    in_addr_t to;
};

/* The interface of a route that has no gateway; 0: there is one. That to ourselves is loopback. */
static unsigned interface_of(const struct nlmsghdr *head)
{
    const struct rtmsg *route = NLMSG_DATA(head);
    size_t left = RTM_PAYLOAD(head);
    int index = 0;
    for (const struct rtattr *a = RTM_RTA(route); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == RTA_GATEWAY || a->rta_type == RTA_VIA || a->rta_type == RTA_MULTIPATH)
            return 0;
        if (a->rta_type == RTA_OIF)
            memcpy(&index, RTA_DATA(a), sizeof index);
    }
    return (unsigned)index;
}

static unsigned ask(int netlink, in_addr_t to)
{
    union {
        struct nlmsghdr head;
        char bytes[ANSWER_BYTES];
    } answer;
    struct question q = {
        .head = {.nlmsg_len = sizeof q, .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = AF_INET, .rtm_dst_len = 32},
        .attribute = {.rta_len = RTA_LENGTH(sizeof q.to), .rta_type = RTA_DST},
        .to = to};
    if (send(netlink, &q, sizeof q, 0) != (ssize_t)sizeof q)
        return 0;
    ssize_t n = recv(netlink, &answer, sizeof answer, MSG_DONTWAIT); /* it is there already */
    if (n <= 0 || !NLMSG_OK(&answer.head, (size_t)n) || answer.head.nlmsg_type != RTM_NEWROUTE)
        return 0;
    return interface_of(&answer.head);
}

/* The interface behind which an address is, without a gateway; 0 for none. */
static unsigned way_to(in_addr_t to)
{
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0)
        return 0;
    unsigned index = ask(netlink, to);
    close(netlink);
    return index;
}

/* Whether an entry of getifaddrs is this interface, a real network, and the address is on it. */
static bool holds(const struct ifaddrs *a, unsigned index, in_addr_t ip)
{
    const unsigned kind = IFF_BROADCAST | IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP;
    struct sockaddr_in own, mask;
    if (a->ifa_addr == NULL || a->ifa_addr->sa_family != AF_INET || a->ifa_netmask == NULL ||
        (a->ifa_flags & kind) != IFF_BROADCAST || if_nametoindex(a->ifa_name) != index)
        return false;
    memcpy(&own, a->ifa_addr, sizeof own);
    memcpy(&mask, a->ifa_netmask, sizeof mask);
    return ((own.sin_addr.s_addr ^ ip) & mask.sin_addr.s_addr) == 0;
}

bool direct_is(int fd)
{
    struct sockaddr_in peer = {0};
    struct ifaddrs *all = NULL;
    socklen_t len = sizeof peer;
    bool found = false;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0 || peer.sin_family != AF_INET)
        return false;
    unsigned index = way_to(peer.sin_addr.s_addr);
    if (index == 0 || getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *a = all; a != NULL && !found; a = a->ifa_next)
        found = holds(a, index, peer.sin_addr.s_addr);
    freeifaddrs(all);
    return found;
}
