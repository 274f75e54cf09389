/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb run, and its --check (check.c). */
#ifndef NETGDB_TOOLS_RUN_H
#define NETGDB_TOOLS_RUN_H

#include <stdio.h>

/* Exit codes of env(1) and the shells. */
enum { CANNOT_EXECUTE = 126, NOT_FOUND = 127 };

/*
 * Returns the absolute path of the object to preload, which the caller frees: `option` (NULL: not
 * given), else $NETGDB_LIB, else the installed one. NULL, with a complaint: it cannot be used.
 */
char *run_find_library(const char *option);

/* Executes the debugger argv[0]. Returns an exit code, with a complaint, if that failed. */
int run_execute(char **argv);

/*
 * Runs the gdb argv[0], which must have the object in LD_PRELOAD already, and returns an exit
 * status. 0: a target was connected, every command was done, none failed. Otherwise, with a line on
 * stderr: 128 + N, gdb was ended by signal N; EXIT_LOST, a connection was lost;
 * EXIT_NOBODY, there was none; EXIT_FAILED, a command failed or a file cannot be read; or the N
 * of `quit N`.
 *
 * To that end the commands and scripts of gdb's command line become one script: gdb stops a script
 * at its first error, but continues with the next -ex or -x and forgets the error. The object
 * reports on connections (session/report.h).
 */
int check_run(int argc, char **argv);

/* Writes the command that executes the script at `path` and fails if it does. */
void check_write_source(FILE *to, const char *path);

#endif
