/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runtime directory; see rundir.h. */
#include "session/rundir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/err.h"

static int name_of(char path[RUNDIR_MAX])
{
    const char *given = getenv("NETGDB_RUNTIME_DIR");
    const char *user = getenv("XDG_RUNTIME_DIR");
    const char *service = getenv("RUNTIME_DIRECTORY");
    if (given != NULL && given[0] == '/')
        return snprintf(path, RUNDIR_MAX, "%s", given);
    if (user != NULL && user[0] == '/')
        return snprintf(path, RUNDIR_MAX, "%s/netgdb", user);
    if (service != NULL && service[0] == '/')
        return snprintf(path, RUNDIR_MAX, "%s", service);
    return snprintf(path, RUNDIR_MAX, "/tmp/netgdb-%u", (unsigned)geteuid());
}

int rundir(char path[RUNDIR_MAX])
{
    struct stat st;
    int n = name_of(path);
    if (n < 0 || n >= RUNDIR_MAX) {
        errno = ENAMETOOLONG;
        return NETGDB_IO;
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return NETGDB_IO;
    if (lstat(path, &st) != 0)
        return NETGDB_IO;
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
        errno = EPERM;
        return NETGDB_IO;
    }
    return 0;
}
