/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linux: sockets and the network; see os.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/os.h"
#include "io/os_private.h"

enum { GROUPS_MAX = 1024, ATF_COMPLETE = 2 /* linux/if_arp.h: ATF_COM */ };

/* ---- UDP ---- */

/* PROBE sets DF and ignores ICMP errors that would reduce the path MTU (ip(7)). */
int os_dont_fragment(int fd)
{
    return os_set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
}

unsigned os_path_mtu(int fd)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;
    return getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len) == 0 && mtu > 0 ? (unsigned)mtu : 0;
}

void os_receive_buffer(int fd, int bytes)
{
    if (os_set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) != 0)
        (void)os_set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes); /* capped by rmem_max */
}

int os_report_destination(int fd)
{
    return os_set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

uint32_t os_destination(struct msghdr *msg)
{
    const struct cmsghdr *c = os_find_control(msg, IPPROTO_IP, IP_PKTINFO);
    struct in_pktinfo info = {.ipi_addr.s_addr = 0};
    if (c != NULL)
        memcpy(&info, CMSG_DATA(c), sizeof info);
    return ntohl(info.ipi_addr.s_addr);
}

void os_set_source(struct msghdr *msg, union os_control *control, uint32_t ip)
{
    const struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(ip)};
    *control = (union os_control){.bytes = {0}};
    os_set_control(msg, control, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

bool os_stamp(int fd)
{
    return os_set_option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) == 0;
}

bool os_stamp_of(struct msghdr *msg, struct timespec *real)
{
    const struct cmsghdr *c = os_find_control(msg, SOL_SOCKET, SO_TIMESTAMPNS);
    if (c != NULL)
        memcpy(real, CMSG_DATA(c), sizeof *real);
    return c != NULL;
}

/* ---- TCP ---- */

void os_defer_accept(int listener, int seconds)
{
    (void)os_set_option(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, seconds);
}

/* ---- the peer ---- */

static bool read_ucred(int fd, struct ucred *peer)
{
    socklen_t len = sizeof *peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) == 0;
}

bool os_peer(int fd, struct os_peer *peer)
{
    struct ucred found;
    if (!read_ucred(fd, &found))
        return false;
    *peer = (struct os_peer){found.uid, found.pid};
    return true;
}

bool os_peer_in_group(int fd, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    struct ucred peer;
    socklen_t len = sizeof groups;
    if (read_ucred(fd, &peer) && peer.gid == group)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof groups[0]; i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

/* ---- the network ---- */

bool os_network_is_own(void)
{
    struct stat own, init;
    return stat("/proc/self/ns/net", &own) == 0 && stat("/proc/1/ns/net", &init) == 0 &&
           own.st_ino != init.st_ino;
}

/* /proc/net/arp (proc(5)): "ADDRESS HARDWARE-TYPE FLAGS MAC MASK INTERFACE". */
int os_neighbour(struct in_addr host)
{
    char line[256], wanted[INET_ADDRSTRLEN + 1];
    int found = -1;
    FILE *f = fopen("/proc/net/arp", "re");
    (void)inet_ntop(AF_INET, &host, wanted, INET_ADDRSTRLEN);
    size_t len = strlen(strcat(wanted, " "));
    while (f != NULL && found < 0 && fgets(line, sizeof line, f) != NULL) {
        const char *flags = strncmp(line, wanted, len) == 0 ? strstr(line, " 0x") : NULL;
        flags = flags != NULL ? strstr(flags + 3, " 0x") : NULL;
        if (flags != NULL)
            found = (strtoul(flags, NULL, 16) & ATF_COMPLETE) != 0;
    }
    if (f != NULL)
        (void)fclose(f);
    return found;
}
