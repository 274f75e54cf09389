/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making sockets: names to addresses, UDP (IPv4 only, as debugnet is), TCP and unix streams. Every
 * descriptor is close-on-exec. What failed is left in errno, or is an EAI_… of getaddrinfo.
 */
#ifndef NETGDB_IO_SOCKETS_H
#define NETGDB_IO_SOCKETS_H

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/buf.h"

/* getaddrinfo, or what stands behind a hook of that name. Its results go to freeaddrinfo. */
typedef int sockets_resolver(const char *node, const char *service, const struct addrinfo *hints,
                             struct addrinfo **result);

enum { SOCKETS_ADDRESSES = 16 }; /* more addresses of one name are ignored */

struct sockets_addresses {
    struct sockaddr_in at[SOCKETS_ADDRESSES];
    unsigned n;
};

/* An address of TCP. */
struct sockets_address {
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } is;
    socklen_t len; /* 0: none */
};

struct sockets_streams {
    struct sockets_address at[SOCKETS_ADDRESSES];
    unsigned n;
};

/*
 * The addresses of a host to send to, each with `port` (host byte order): a name or an address.
 * IPv4 alone, or for TCP both, in the resolver's order. Return 0, getaddrinfo's EAI_… (EAI_SYSTEM:
 * errno) or SOCKETS_NO_HOST: no host has such an address (0.0.0.0, ::, broadcast, multicast).
 */
enum { SOCKETS_NO_HOST = 1 }; /* all EAI_… are below 0 */
int sockets_resolve(sockets_resolver *resolver, const char *host, uint16_t port,
                    struct sockaddr_in *first);
int sockets_resolve_all(sockets_resolver *resolver, const char *host, uint16_t port,
                        struct sockets_addresses *all);
int sockets_resolve_streams(sockets_resolver *resolver, const char *host, uint16_t port,
                            struct sockets_streams *all);

/* The first address to bind to, of this family (AF_INET, AF_UNSPEC): any is fine. Returns 0 or
 * EAI_….
 */
int sockets_resolve_own(sockets_resolver *resolver, const char *host, uint16_t port, int family,
                        struct sockets_address *first);

/* What such a result says. */
const char *sockets_resolve_text(int result);

/*
 * Each returns a descriptor, or -1 with errno.
 *
 * sockets_udp: bound to `local` unless NULL (without SO_REUSEADDR) and connected to `remote`
 * unless NULL. DF is set: a kernel drops fragments.
 */
int sockets_udp(const struct sockaddr_in *local, const struct sockaddr_in *remote);

/* Connects to the first that takes it, each within `timeout` ns (else ETIMEDOUT); without Nagle's
 * delay. EINTR ends it. */
int sockets_tcp(const struct sockets_streams *remotes, uint64_t timeout);

/* Listens; port 0 is any free one (sockets_name tells which). With SO_REUSEADDR. */
int sockets_tcp_listen(const struct sockets_address *local);

/* Takes a connection that has come (else EAGAIN); without Nagle's delay. */
int sockets_tcp_accept(int listener);

/* Connects to a unix stream socket. ENAMETOOLONG when the path does not fit. */
int sockets_unix(const char *path);

/*
 * Listens on a unix stream socket of this mode; what a dead process left there is removed.
 * EADDRINUSE when somebody listens.
 */
int sockets_unix_listen(const char *path, mode_t mode);

/* The local address of a socket; false with errno. Of an IPv4 one; of one of TCP over either. */
bool sockets_local(int fd, struct sockaddr_in *local);
bool sockets_name(int fd, struct sockets_address *local);

/* Whether an address is of this machine alone; whether it stands for all that the machine has. */
bool sockets_is_loopback(const struct sockets_address *a);
bool sockets_is_any(const struct sockets_address *a);
uint16_t sockets_port(const struct sockets_address *a);
void sockets_set_port(struct sockets_address *a, uint16_t port);

/*
 * The path MTU that the system knows for a connected UDP socket (IP_MTU), 0 when it knows none.
 */
unsigned sockets_path_mtu(int fd);

/* "A.B.C.D:PORT". */
enum { SOCKETS_TEXT = 22 };
const char *sockets_text(const struct sockaddr_in *address, char text[SOCKETS_TEXT]);

/* The same, or "[ADDRESS%INTERFACE]:PORT". */
enum { SOCKETS_STREAM_TEXT = 80 };
const char *sockets_stream_text(const struct sockets_address *address,
                                char text[SOCKETS_STREAM_TEXT]);

#endif
