/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb run, and its --check (check.c). */
#ifndef NETGDB_TOOLS_RUN_H
#define NETGDB_TOOLS_RUN_H

/* As env(1) and the shells say it. */
enum { CANNOT_EXECUTE = 126, NOT_FOUND = 127 };

/* Becomes the debugger argv[0]. Returns only when that failed, with a complaint: what to exit with.
 */
int run_execute(char **argv);

/*
 * Runs the gdb argv[0], which must have the object in LD_PRELOAD already, and returns an exit
 * status to rely on. 0: a target was connected, every command was done, none failed. Else, with a
 * line on stderr: 128 + N, gdb was ended by signal N; EXIT_LOST, a connection was lost;
 * EXIT_NOBODY, there was none; EXIT_FAILED, a command failed or a file cannot be read; or what a
 * `quit N` has said.
 *
 * For that the commands and scripts of gdb's command line are put into one script: gdb stops a
 * script at the first error, but goes on to the next -ex or -x and forgets it. What becomes of
 * connections the object itself writes (session/report.h).
 */
int check_run(int argc, char **argv);

#endif
