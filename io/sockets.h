/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Resolves host names and opens sockets: UDP (IPv4 only, like debugnet), TCP and unix streams.
 * Every descriptor is close-on-exec and owned by the caller. Errors are errno values or EAI_… codes
 * of getaddrinfo.
 */
#ifndef NETGDB_IO_SOCKETS_H
#define NETGDB_IO_SOCKETS_H

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "proto/addr.h"
#include "proto/buf.h"

/* getaddrinfo, or the real one if we hook that name. freeaddrinfo frees its results. */
typedef int sockets_resolver(const char *node, const char *service, const struct addrinfo *hints,
                             struct addrinfo **result);

enum { SOCKETS_ADDRESSES = NET_HOSTS_MAX }; /* further addresses of a name are ignored */

/* A TCP address, IPv4 or IPv6. */
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
 * Resolve a host, a name or an address, to send to. `port` is in host byte order and stored in each
 * address. The results are IPv4 only (_hosts: at least one on success), except for
 * sockets_resolve_streams: both families. They are in the resolver's order. Return 0, an EAI_…
 * (EAI_SYSTEM: errno), or SOCKETS_NO_HOST if the address cannot be a host's (0.0.0.0, ::,
 * broadcast, multicast).
 */
enum { SOCKETS_NO_HOST = 1 }; /* all EAI_… are below 0 */
int sockets_resolve(sockets_resolver *resolver, const char *host, uint16_t port,
                    struct sockaddr_in *first);
int sockets_resolve_hosts(sockets_resolver *resolver, const char *host, struct net_hosts *hosts);
int sockets_resolve_streams(sockets_resolver *resolver, const char *host, uint16_t port,
                            struct sockets_streams *all);

/*
 * Resolves the first local address to bind to, of this family (AF_INET or AF_UNSPEC); it may be
 * 0.0.0.0 or ::. Returns 0 or an EAI_….
 */
int sockets_resolve_own(sockets_resolver *resolver, const char *host, uint16_t port, int family,
                        struct sockets_address *first);

/* Returns the text of such an error; static storage. */
const char *sockets_resolve_text(int result);

/*
 * The following functions return a descriptor, or -1 with errno.
 *
 * sockets_udp binds to `local` unless NULL (without SO_REUSEADDR), and connects to `remote` unless
 * NULL. Sets DF, because a kernel drops fragments.
 */
int sockets_udp(const struct sockaddr_in *local, const struct sockaddr_in *remote);

/* Connects to the first address that accepts, waiting `timeout` ns for each (then ETIMEDOUT). Sets
 * TCP_NODELAY. A signal ends it with EINTR. */
int sockets_tcp(const struct sockets_streams *remotes, uint64_t timeout);

/* Listens with SO_REUSEADDR. Port 0 selects any free port; sockets_name returns it. */
int sockets_tcp_listen(const struct sockets_address *local);

/* Accepts a pending connection (EAGAIN: none) and sets TCP_NODELAY. */
int sockets_tcp_accept(int listener);

/* Connects to a unix stream socket. ENAMETOOLONG if the path does not fit in a sockaddr_un. */
int sockets_unix(const char *path);

/*
 * Listens on a unix stream socket with this file mode. Removes the socket of a process that no
 * longer listens; EADDRINUSE if one does.
 */
int sockets_unix_listen(const char *path, mode_t mode);

/* Return the local address of an IPv4 socket, or of a TCP socket. false: errno is set. */
bool sockets_local(int fd, struct sockaddr_in *local);
bool sockets_name(int fd, struct sockets_address *local);

/* Return whether an address is a loopback address, or the wildcard address (0.0.0.0, ::). */
bool sockets_is_loopback(const struct sockets_address *a);
bool sockets_is_any(const struct sockets_address *a);

/* Read and set the port, in host byte order. */
uint16_t sockets_port(const struct sockets_address *a);
void sockets_set_port(struct sockets_address *a, uint16_t port);

/* Writes "A.B.C.D:PORT" into text and returns text. */
enum { SOCKETS_TEXT = 22 };
const char *sockets_text(const struct sockaddr_in *address, char text[SOCKETS_TEXT]);

/* Writes "A.B.C.D:PORT" or "[ADDRESS%INTERFACE]:PORT" into text and returns text. */
enum { SOCKETS_STREAM_TEXT = 80 };
const char *sockets_stream_text(const struct sockets_address *address,
                                char text[SOCKETS_STREAM_TEXT]);

#endif
