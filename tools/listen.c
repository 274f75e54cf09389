/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets at which commands listen; see tools.h. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "io/port_owner.h"
#include "tools/tools.h"

int listen_on(const char *host, uint16_t port, char text[SOCKETS_STREAM_TEXT])
{
    struct sockets_address local;
    int rc = sockets_resolve_own(getaddrinfo, host, port, AF_UNSPEC, &local);
    if (rc != 0) {
        complain("%s: %s", host, sockets_resolve_text(rc));
        return -1;
    }
    int fd = sockets_tcp_listen(&local);
    bool listens = fd >= 0 && sockets_name(fd, &local);
    int error = errno;
    (void)sockets_stream_text(&local, text);
    if (listens)
        return fd;
    char owner[PORT_OWNER_TEXT];
    complain("%s: cannot listen there: %s%s", text, strerror(error),
             port_owner(error, true, sockets_port(&local), owner));
    if (fd >= 0)
        close(fd);
    return -1;
}

int complain_herald_port(uint16_t port)
{
    char owner[PORT_OWNER_TEXT];
    int error = errno;
    complain("UDP port %u, to which kernels connect, is unavailable: %s%s%s", port, strerror(error),
             port_owner(error, false, port, owner),
             error == EADDRINUSE ? ": use that one, or end it" : "");
    return EXIT_FAILED;
}
