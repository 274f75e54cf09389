/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stub in a child process, on its stdin and stdout. */
#ifndef NETGDB_SESSION_CHILD_H
#define NETGDB_SESSION_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid; /* 0: none */
};

/*
 * Starts argv with one socket as stdin and stdout; stderr stays ours. It is a process group of
 * its own, so that a Ctrl-C at our terminal does not reach it, and is killed when this process
 * dies. Returns our end of the socket (the caller's, close-on-exec), or -1 with errno, that of
 * execvp included. Only for the main thread: os_die_with_parent ties the child to its thread.
 */
int child_start(struct child *child, char *const argv[]);

/*
 * Ends the child and reaps it: sends SIGTERM, then SIGKILL, to its group, with a grace period after
 * each; with `by_itself` also before the first.
 */
void child_end(struct child *child, bool by_itself);

#endif
