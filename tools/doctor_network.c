/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb doctor: addresses, routes, the HERALD port and the firewall; see doctor.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/os.h"
#include "io/port_owner.h"
#include "session/control.h"
#include "tools/doctor.h"

enum {
    ETHERNET_MTU = 1500,
    RULES_MAX = 4 << 20, /* bytes of a firewall's rules */
};

/* ---- namespaces ---- */

void doctor_check_namespace(struct doctor *d)
{
    static const char *const marks[] = {"/.dockerenv", "/run/.containerenv", NULL};
    for (size_t i = 0; marks[i] != NULL; i++) {
        if (access(marks[i], F_OK) == 0) {
            doctor_find(d, "namespace", DOCTOR_WARNING,
                        "use the host's network (docker run --network host): a published UDP port "
                        "hides the kernel's address",
                        "this is a container (%s)", marks[i]);
            return;
        }
    }
    if (os_network_is_own())
        doctor_find(d, "namespace", DOCTOR_WARNING,
                    "run the debugger in the namespace whose network card the kernel reaches",
                    "this is a network namespace of its own");
    else
        doctor_find(d, "namespace", DOCTOR_OK, NULL, "the network is the machine's own");
}

/* ---- addresses ---- */

/* An address of this machine. */
struct own_address {
    char name[IF_NAMESIZE]; /* of the interface */
    struct in_addr address, mask;
    unsigned flags; /* IFF_… */
};

/* Calls `visit` for each IPv4 address of an interface that is up, until it returns true. */
static bool each_address(bool (*visit)(const struct own_address *a, void *context), void *context)
{
    struct ifaddrs *all;
    bool found = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (struct ifaddrs *i = all; i != NULL && !found; i = i->ifa_next) {
        struct own_address a = {.flags = i->ifa_flags};
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET || (a.flags & IFF_UP) == 0)
            continue;
        (void)snprintf(a.name, sizeof a.name, "%s", i->ifa_name);
        a.address = ((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
        if (i->ifa_netmask != NULL)
            a.mask = ((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr;
        found = visit(&a, context);
    }
    freeifaddrs(all);
    return found;
}

/* A VPN's interface: a panicked kernel speaks to its own card alone. */
static bool is_tunnel(const struct own_address *a)
{
    static const char *const names[] = {"tun", "tap", "wg", "ppp", "tailscale", "zt", NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strncmp(a->name, names[i], strlen(names[i])) == 0)
            return true;
    }
    return (a->flags & IFF_POINTOPOINT) != 0;
}

struct candidates {
    struct doctor *d;
    unsigned n;
};

static bool report_address(const struct own_address *a, void *context)
{
    struct candidates *c = context;
    char text[INET_ADDRSTRLEN];
    if ((a->flags & IFF_LOOPBACK) != 0)
        return false;
    (void)inet_ntop(AF_INET, &a->address, text, sizeof text);
    c->n++;
    doctor_find(c->d, "address", DOCTOR_OK, NULL,
                "kernels that reach %s: type \"netgdb -s %s\" at db>", a->name, text);
    return false;
}

static void report_addresses(struct doctor *d)
{
    struct candidates c = {d, 0};
    (void)each_address(report_address, &c);
    if (c.n == 0)
        doctor_find(d, "address", DOCTOR_PROBLEM, "give a network card an IPv4 address",
                    "no interface that is up has an IPv4 address");
    else if (c.n > 1)
        doctor_find(d, "address", DOCTOR_WARNING, "name the kernel's host: netgdb doctor HOST",
                    "several interfaces have an address: the kernel must use one that it reaches");
}

/* The interface that has this address. */
static bool has_address(const struct own_address *a, void *context)
{
    struct own_address *wanted = context;
    if (a->address.s_addr != wanted->address.s_addr)
        return false;
    *wanted = *a;
    return true;
}

static void check_neighbour(struct doctor *d, const struct own_address *own, struct in_addr host)
{
    int known;
    if ((own->flags & IFF_LOOPBACK) != 0)
        return;
    if (((own->address.s_addr ^ host.s_addr) & own->mask.s_addr) != 0) {
        doctor_find(d, "neighbour", DOCTOR_WARNING,
                    "the kernel needs a router: \"netgdb -s SERVER -g GATEWAY\" at db>",
                    "the host is not on the network of %s", own->name);
        return;
    }
    known = os_neighbour(host);
    if (known == 0)
        doctor_find(d, "neighbour", DOCTOR_WARNING,
                    "check the cable, the VLAN and that the machine is on: a kernel at db> answers "
                    "ARP only while netgdb runs",
                    "the host does not answer ARP on %s", own->name);
    else
        doctor_find(d, "neighbour", DOCTOR_OK, NULL, "the host %s",
                    known > 0 ? "has answered ARP" : "was not asked yet for its card's address");
}

/* The route to a host, its interface and its MTU. */
static void check_route(struct doctor *d, uint32_t host)
{
    char text[INET_ADDRSTRLEN], own_text[INET_ADDRSTRLEN];
    struct sockaddr_in local, to = {.sin_family = AF_INET,
                                    .sin_port = htons(d->options.port),
                                    .sin_addr = {.s_addr = htonl(host)}};
    struct own_address own = {.name = "?"};
    (void)inet_ntop(AF_INET, &to.sin_addr, text, sizeof text);
    int fd = sockets_udp(NULL, &to);
    if (fd < 0 || !sockets_local(fd, &local)) {
        doctor_find(d, "route", DOCTOR_PROBLEM, "set up a route, or connect the network",
                    "%s cannot be reached: %s", text, strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    unsigned mtu = os_path_mtu(fd);
    close(fd);
    own.address = local.sin_addr;
    (void)each_address(has_address, &own);
    (void)inet_ntop(AF_INET, &local.sin_addr, own_text, sizeof own_text);
    doctor_find(d, "route", is_tunnel(&own) ? DOCTOR_WARNING : DOCTOR_OK,
                is_tunnel(&own) ? "a panicked kernel has no VPN: use an address that its network "
                                  "card reaches"
                                : NULL,
                "%s is reached through %s: type \"netgdb -s %s\" at db>", text, own.name, own_text);
    check_neighbour(d, &own, to.sin_addr);
    if (mtu != 0 && mtu < ETHERNET_MTU)
        doctor_find(d, "mtu", DOCTOR_WARNING,
                    "give the kernel's network card the same MTU: it drops fragments, and so does "
                    "this path",
                    "the path's MTU is %u bytes", mtu);
    else
        doctor_find(d, "mtu", DOCTOR_OK, NULL, "the path's MTU is %u bytes", mtu);
}

void doctor_check_addresses(struct doctor *d)
{
    if (!d->has_host) {
        report_addresses(d);
        return;
    }
    int rc = sockets_resolve_hosts(getaddrinfo, d->options.host, &d->hosts);
    if (rc != 0) {
        doctor_find(d, "host", DOCTOR_PROBLEM, "check the name, or use an IPv4 address", "%s: %s",
                    d->options.host, sockets_resolve_text(rc));
        return;
    }
    for (unsigned i = 0; i < d->hosts.n; i++)
        check_route(d, d->hosts.ip[i]);
}

/* ---- the HERALD port ---- */

void doctor_check_port(struct doctor *d)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(d->options.port)};
    int fd = sockets_udp(&any, NULL);
    if (fd >= 0) {
        doctor_find(d, "port", DOCTOR_OK, NULL, "UDP port %u is free", d->options.port);
        close(fd);
        return;
    }
    char owner[PORT_OWNER_TEXT];
    int error = errno, proxy = control_connect();
    if (proxy >= 0)
        close(proxy);
    if (error == EADDRINUSE && proxy >= 0)
        doctor_find(d, "port", DOCTOR_OK, NULL, "UDP port %u is the running proxy's",
                    d->options.port);
    else if (error == EADDRINUSE)
        doctor_find(d, "port", DOCTOR_PROBLEM,
                    "quit the other debugger, or run one proxy for all: netgdb proxy",
                    "UDP port %u, to which kernels connect, is in use%s", d->options.port,
                    port_owner(error, false, d->options.port, owner));
    else
        doctor_find(d, "port", DOCTOR_PROBLEM, NULL, "UDP port %u, to which kernels connect: %s",
                    d->options.port, strerror(error));
}

/* ---- the firewall ---- */

static void report_firewall(struct doctor *d, enum firewall f, const char *rule)
{
    char advice[128];
    (void)snprintf(
        advice, sizeof advice,
        "permit incoming UDP to port %u: nft insert rule TABLE CHAIN udp dport %u accept",
        d->options.port, d->options.port);
    if (f == FIREWALL_ACCEPTS)
        doctor_find(d, "firewall", DOCTOR_OK, NULL, "UDP to port %u is accepted", d->options.port);
    else if (f == FIREWALL_DROPS)
        doctor_find(d, "firewall", DOCTOR_PROBLEM, advice, "UDP to port %u is dropped, by: %s",
                    d->options.port, rule);
    else
        doctor_find(d, "firewall", DOCTOR_WARNING, advice,
                    "UDP to port %u is accepted or dropped by conditions: %s", d->options.port,
                    rule);
}

/* The output of a command that an administrator has; "" if it fails. */
static void read_rules(const char *command, char *rules)
{
    char line[128];
    char *argv[] = {(char *)"sh", (char *)"-c", line, NULL};
    (void)snprintf(line, sizeof line, "PATH=$PATH:/usr/sbin:/sbin; %s 2>/dev/null", command);
    if (!doctor_run(argv, rules, RULES_MAX))
        rules[0] = '\0';
}

/* FreeBSD's pf and ipfw: whether they have rules, which are not examined. */
static void check_other_firewalls(struct doctor *d, char *rules)
{
    char advice[64];
    (void)snprintf(advice, sizeof advice, "make sure that they accept UDP to port %u",
                   d->options.port);
    read_rules("{ pfctl -s rules; ipfw list; true; }", rules);
    if (rules[0] != '\0')
        doctor_find(d, "firewall", DOCTOR_WARNING, advice,
                    "pf or ipfw has rules, which are not examined");
    else
        doctor_find(d, "firewall", DOCTOR_OK, NULL, "there are no rules of a firewall");
}

void doctor_check_firewall(struct doctor *d)
{
    static char rules[RULES_MAX];
    char rule[256];
    read_rules("nft list ruleset", rules);
    if (rules[0] != '\0') {
        report_firewall(d, firewall_nft(rules, d->options.port, rule, sizeof rule), rule);
        return;
    }
    read_rules("iptables -S", rules);
    if (rules[0] != '\0')
        report_firewall(d, firewall_iptables(rules, d->options.port, rule, sizeof rule), rule);
    else if (geteuid() != 0)
        doctor_find(d, "firewall", DOCTOR_OK, "run this as root to check",
                    "the rules can be read by root only");
    else
        check_other_firewalls(d, rules);
}
