/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The runtime directory: state files of sessions, and the proxy's control socket. */
#ifndef NETGDB_SESSION_RUNDIR_H
#define NETGDB_SESSION_RUNDIR_H

#include <stddef.h>

enum { RUNDIR_MAX = 256 }; /* bytes of its path, with the NUL */

/*
 * Finds the directory, and creates it if it is missing: $NETGDB_RUNTIME_DIR, else
 * $XDG_RUNTIME_DIR/netgdb, else $RUNTIME_DIRECTORY (systemd gives it to a service), else
 * /tmp/netgdb-UID. It must be a directory of our own that no other user can write to. Returns 0 and
 * the path, or NETGDB_IO with errno (EPERM: it is not ours alone).
 */
int rundir(char path[RUNDIR_MAX]);

/* The same, as text: NULL, or a few words on what is wrong with `path`, with errno. */
const char *rundir_trouble(char path[RUNDIR_MAX]);

/* The same, also if the sockets of a proxy cannot be in it: too long a path, or not writable. */
const char *rundir_sockets_trouble(char path[RUNDIR_MAX]);

#endif
