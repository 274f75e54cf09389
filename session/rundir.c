/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runtime directory; see rundir.h. */
#include "session/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proto/err.h"

/* The longest name of a socket in the directory: a kernel's address, and a number. */
#define LONGEST_SOCKET "/255.255.255.255-4294967295.observe"

enum { SOCKET_PATH_MAX = sizeof((struct sockaddr_un *)NULL)->sun_path };

static int name_of(char path[RUNDIR_MAX])
{
    const char *given = getenv("NETGDB_RUNTIME_DIR");
    const char *user = getenv("XDG_RUNTIME_DIR");
    const char *service = getenv("RUNTIME_DIRECTORY");
    /* su and sudo may leave another user's directory in the environment. */
    struct stat st;
    if (given != NULL && given[0] != '\0')
        return snprintf(path, RUNDIR_MAX, "%s", given);
    if (user != NULL && user[0] == '/' && stat(user, &st) == 0 && st.st_uid == geteuid())
        return snprintf(path, RUNDIR_MAX, "%s/netgdb", user);
    if (service != NULL && service[0] == '/')
        return snprintf(path, RUNDIR_MAX, "%s", service);
    return snprintf(path, RUNDIR_MAX, "/tmp/netgdb-%u", (unsigned)geteuid());
}

static const char *rundir_fail(int error, const char *why)
{
    errno = error;
    return why;
}

const char *rundir_trouble(char path[RUNDIR_MAX])
{
    struct stat st;
    int n = name_of(path);
    if (n < 0 || n >= RUNDIR_MAX)
        return rundir_fail(ENAMETOOLONG, "its name is too long");
    if (path[0] != '/')
        return rundir_fail(EINVAL, "its name must begin with /");
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &st) != 0)
        return strerror(errno);
    if (!S_ISDIR(st.st_mode))
        return rundir_fail(EPERM, "not a directory");
    if (st.st_uid != geteuid())
        return rundir_fail(EPERM, "it belongs to another user");
    if ((st.st_mode & 022) != 0)
        return rundir_fail(EPERM, "others can write to it (chmod go-w)");
    return NULL;
}

const char *rundir_sockets_trouble(char path[RUNDIR_MAX])
{
    const char *why = rundir_trouble(path);
    if (why == NULL && strlen(path) + sizeof LONGEST_SOCKET > SOCKET_PATH_MAX)
        why = rundir_fail(ENAMETOOLONG, "its name is too long for sockets");
    if (why == NULL && access(path, W_OK | X_OK) != 0)
        why = strerror(errno);
    return why;
}

int rundir(char path[RUNDIR_MAX])
{
    return rundir_trouble(path) == NULL ? 0 : NETGDB_IO;
}
