/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams of another source; see others.h. */
#include "io/others.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/sockets.h"

/* A flood keeps one look no longer than this many system calls. */
enum { TURNS = 16 };

static int set(int fd, int name, int value)
{
    return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}

static ssize_t take(int fd, struct sockaddr_in *from)
{
    socklen_t len = sizeof *from;
    char nothing;
    return recvfrom(fd, &nothing, 0, MSG_DONTWAIT, (struct sockaddr *)from, &len);
}

static int bind_beside(int fd, int session)
{
    struct sockaddr_in own;
    if (!sockets_local(session, &own) || set(fd, SO_RCVBUF, 0) != 0 ||
        set(fd, SO_REUSEPORT, 1) != 0 || set(session, SO_REUSEPORT, 1) != 0)
        return -1;
    int rc = bind(fd, (const struct sockaddr *)&own, sizeof own), error = errno;
    (void)set(fd, SO_REUSEPORT, 0);
    (void)set(session, SO_REUSEPORT, 0);
    errno = error;
    return rc;
}

int others_open(int session)
{
    struct sockaddr_in from;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (bind_beside(fd, session) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    /* While both had SO_REUSEPORT the peer's came to either: the peer sends those again. */
    for (int i = 0; i < TURNS && take(fd, &from) >= 0; i++)
        continue;
    return fd;
}

/* How many the system has dropped so far, because the buffer was full. */
static uint32_t all_dropped(int fd, uint32_t otherwise)
{
    uint32_t info[SK_MEMINFO_VARS];
    socklen_t len = sizeof info;
    return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0 && len == sizeof info
               ? info[SK_MEMINFO_DROPS]
               : otherwise;
}

void others_count(int fd, uint32_t *dropped, struct io_signs *seen)
{
    struct io_signs more = {0};
    struct sockaddr_in from = {0};
    for (int i = 0; i < TURNS && take(fd, &from) >= 0; i++) {
        if (more.others++ == 0)
            more.other = (struct net_addr){ntohl(from.sin_addr.s_addr), ntohs(from.sin_port)};
    }
    if (more.others == 0)
        return; /* none fits, or there was a damaged one: that is no sign */
    uint32_t all = all_dropped(fd, *dropped);
    more.others += all - *dropped;
    *dropped = all;
    io_add_signs(seen, &more);
}
