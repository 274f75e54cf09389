/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drops rights of a process that strangers can send to. */
#ifndef NETGDB_TOOLS_CONFINE_H
#define NETGDB_TOOLS_CONFINE_H

#include <stdbool.h>

/*
 * Drops new privileges, and access to all files but those in `directory`, the removal of `socket`,
 * and reading the directory of `symbols` and the directories `modules`, DIR[:DIR…] (each may be
 * empty or missing), and changing the directory of `capture` (NULL: none). Before the first thread.
 * False with errno: file access is not confined.
 */
bool confine(const char *directory, const char *socket, const char *symbols, const char *modules,
             const char *capture);

#endif
