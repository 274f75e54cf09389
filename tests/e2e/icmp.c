/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A storm of ICMP errors: `icmp OWN:PORT PEER:PORT SECONDS` repeatedly sends errors to the socket
 * that is bound to OWN:PORT and connected to PEER:PORT: port unreachable, host unreachable, network
 * unreachable, fragmentation needed. Each quotes a datagram of the socket and has PEER as its
 * source address. It needs a raw socket on the machine of PEER or OWN.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { MTU = 576 };

struct error {
    struct iphdr ip;
    struct icmphdr icmp;
    struct iphdr quoted;
    struct udphdr udp;
};

/* RFC 1071. */
static uint16_t checksum(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return htons((uint16_t)~sum);
}

/* "ADDRESS:PORT". */
static struct sockaddr_in at(char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char *colon = strchr(text, ':');
    if (colon == NULL)
        errx(2, "%s: no ADDRESS:PORT", text);
    *colon = '\0';
    a.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, text, &a.sin_addr) != 1)
        errx(2, "%s: no IPv4 address", text);
    return a;
}

static struct iphdr header(const struct sockaddr_in *from, const struct sockaddr_in *to,
                           uint8_t protocol, size_t len)
{
    struct iphdr ip = {.version = 4,
                       .ihl = sizeof ip / 4,
                       .tot_len = htons((uint16_t)len),
                       .frag_off = htons(IP_DF),
                       .ttl = 255,
                       .protocol = protocol,
                       .saddr = from->sin_addr.s_addr,
                       .daddr = to->sin_addr.s_addr};
    ip.check = checksum(&ip, sizeof ip);
    return ip;
}

static void tell(int fd, const struct sockaddr_in *own, const struct sockaddr_in *peer,
                 uint8_t code)
{
    const size_t datagram = 1400;
    struct error e = {.ip = header(peer, own, IPPROTO_ICMP, sizeof e),
                      .icmp = {.type = ICMP_DEST_UNREACH, .code = code},
                      .quoted = header(own, peer, IPPROTO_UDP, datagram),
                      .udp = {.source = own->sin_port,
                              .dest = peer->sin_port,
                              .len = htons((uint16_t)(datagram - sizeof e.quoted))}};
    if (code == ICMP_FRAG_NEEDED)
        e.icmp.un.frag.mtu = htons(MTU);
    e.icmp.checksum = checksum(&e.icmp, sizeof e - sizeof e.ip);
    (void)sendto(fd, &e, sizeof e, 0, (const struct sockaddr *)own, sizeof *own);
}

int main(int argc, char **argv)
{
    static const uint8_t codes[] = {ICMP_PORT_UNREACH, ICMP_HOST_UNREACH, ICMP_FRAG_NEEDED,
                                    ICMP_NET_UNREACH};
    const struct timespec pause = {0, 200000};
    if (argc != 4)
        errx(2, "usage: icmp OWN:PORT PEER:PORT SECONDS");
    const struct sockaddr_in own = at(argv[1]), peer = at(argv[2]);
    time_t end = time(NULL) + atoi(argv[3]);
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
    if (fd < 0)
        err(1, "no raw socket");
    puts("icmp: ready");
    fflush(stdout);
    for (unsigned i = 0; time(NULL) < end; i++) {
        tell(fd, &own, &peer, codes[i % sizeof codes]);
        (void)nanosleep(&pause, NULL);
    }
    return 0;
}
