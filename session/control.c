/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of a proxy's control socket; see control.h. */
#include "session/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/sockets.h"
#include "session/rundir.h"

#define SERVICE_SOCKET "/run/netgdb/control"

enum { PATH_SIZE = RUNDIR_MAX + 16, GROUPS_MAX = 1024 };

static int socket_path(char path[PATH_SIZE])
{
    char dir[RUNDIR_MAX];
    int rc = rundir(dir);
    if (rc == 0)
        (void)snprintf(path, PATH_SIZE, "%s/control", dir);
    return rc;
}

int control_listen(void)
{
    char path[PATH_SIZE];
    return socket_path(path) == 0 ? sockets_unix_listen(path, 0660) : -1;
}

void control_remove(void)
{
    char path[PATH_SIZE];
    if (socket_path(path) == 0)
        (void)unlink(path);
}

/* Whether the peer is in this group, by its own or a supplementary one. */
static bool in_group(int fd, gid_t own, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    socklen_t len = sizeof groups;
    if (own == group)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof groups[0]; i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

bool control_allows(int fd)
{
    char path[PATH_SIZE];
    struct ucred peer;
    struct stat st;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    if (peer.uid == geteuid() || peer.uid == 0)
        return true;
    return socket_path(path) == 0 && stat(path, &st) == 0 && in_group(fd, peer.gid, st.st_gid);
}

int control_connect(void)
{
    char path[PATH_SIZE];
    int fd = socket_path(path) == 0 ? sockets_unix(path) : -1;
    if (fd >= 0 || getenv("NETGDB_RUNTIME_DIR") != NULL)
        return fd;
    return sockets_unix(SERVICE_SOCKET);
}
