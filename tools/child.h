/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stub as a child process, spoken to by its stdin and stdout. */
#ifndef NETGDB_TOOLS_CHILD_H
#define NETGDB_TOOLS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child {
    pid_t pid; /* 0: none */
};

/*
 * Starts argv with one socket as stdin and stdout; stderr stays ours. It is a process group of
 * its own, so that a Ctrl-C at our terminal is ours alone, and it is killed should we die.
 * Returns our end of the socket (the caller's, close-on-exec), or -1 with errno, which is execvp's
 * when that failed. To be called from the main thread: the kernel ties the child to it.
 */
int child_start(struct child *child, char *const argv[]);

/*
 * Sees to it that the child ends and reaps it: with SIGTERM, then SIGKILL, both for its whole
 * group, and some time after each; `by_itself` gives it that time before the first, too.
 */
void child_end(struct child *child, bool by_itself);

#endif
