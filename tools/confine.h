/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rights that a process gives up when strangers can send to it. */
#ifndef NETGDB_TOOLS_CONFINE_H
#define NETGDB_TOOLS_CONFINE_H

#include <stdbool.h>

/*
 * Gives up what is not needed any more: new privileges, and files but those in `directory`, the
 * removal of `socket`, and reading what stands beside `symbols` (each empty: none; so is one that
 * is not there). Before the first thread. False with errno: the file system is not confined.
 */
bool confine(const char *directory, const char *socket, const char *symbols);

#endif
