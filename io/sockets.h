/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Making sockets: names to IPv4 addresses, UDP, TCP and unix streams. Every descriptor is
 * close-on-exec. What failed is left in errno, or is an EAI_… of getaddrinfo.
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

/*
 * The IPv4 addresses of a host (a name or dotted digits), each with `port` (host byte order).
 * Returns 0 or getaddrinfo's EAI_… (gai_strerror; EAI_SYSTEM: errno).
 */
int sockets_resolve(sockets_resolver *resolver, const char *host, uint16_t port,
                    struct sockaddr_in *first);
int sockets_resolve_all(sockets_resolver *resolver, const char *host, uint16_t port,
                        struct sockets_addresses *all);

/*
 * Each returns a descriptor, or -1 with errno.
 *
 * sockets_udp: bound to `local` unless NULL (without SO_REUSEADDR) and connected to `remote`
 * unless NULL. DF is set: a kernel drops fragments.
 */
int sockets_udp(const struct sockaddr_in *local, const struct sockaddr_in *remote);

/* Connects within `timeout` ns (else ETIMEDOUT); without Nagle's delay. EINTR ends it. */
int sockets_tcp(const struct sockaddr_in *remote, uint64_t timeout);

/* Listens; port 0 is any free one (sockets_local tells which). With SO_REUSEADDR. */
int sockets_tcp_listen(const struct sockaddr_in *local);

/* Takes a connection that has come (else EAGAIN); without Nagle's delay. */
int sockets_tcp_accept(int listener);

/* Connects to a unix stream socket. ENAMETOOLONG when the path does not fit. */
int sockets_unix(const char *path);

/*
 * Listens on a unix stream socket of this mode; what a dead process left there is removed.
 * EADDRINUSE when somebody listens.
 */
int sockets_unix_listen(const char *path, mode_t mode);

/* The local address of a socket; false with errno. */
bool sockets_local(int fd, struct sockaddr_in *local);

/*
 * The path MTU that the system knows for a connected UDP socket (IP_MTU), 0 when it knows none.
 */
unsigned sockets_path_mtu(int fd);

/* "A.B.C.D:PORT". */
enum { SOCKETS_TEXT = 22 };
const char *sockets_text(const struct sockaddr_in *address, char text[SOCKETS_TEXT]);

#endif
