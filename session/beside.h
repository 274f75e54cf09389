/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds a file that was installed with this program, also after both were moved. */
#ifndef NETGDB_SESSION_BESIDE_H
#define NETGDB_SESSION_BESIDE_H

#include <limits.h>
#include <stdbool.h>

/*
 * `own` is where a file of ours is, `directory` the one that it was configured for, and `wanted`
 * the configured name of the other file: that is looked for from own's directory as it is from
 * `directory`. Returns whether it can be read; its name is in path[].
 */
bool beside(const char *own, const char *directory, const char *wanted, char path[PATH_MAX]);

/* The name of this program's file. */
bool beside_program(char path[PATH_MAX]);

#endif
