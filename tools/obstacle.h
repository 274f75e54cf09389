/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finds why libnetgdb.so would not be preloaded into a debugger, before the debugger starts. */
#ifndef NETGDB_TOOLS_OBSTACLE_H
#define NETGDB_TOOLS_OBSTACLE_H

enum { OBSTACLE_TEXT = 9000 }; /* bytes, with two paths and the NUL */

enum obstacle {
    OBSTACLE_NONE,
    OBSTACLE_LIKELY, /* a script that seems to remove LD_PRELOAD */
    OBSTACLE_CERTAIN,
};

/*
 * Looks at the program `name`, searched in $PATH as execvp() does. Writes a line that names the
 * obstacle and what to do, "" if there is none. Certain ones are a program with other privileges, a
 * snap, a static gdb, and a program whose loader is not the one of this program: another C library
 * or another machine. A program that is no gdb may be static, because it may start one.
 *
 * Source: ld.so(8), "Secure-execution mode"; snap-confine(8).
 */
enum obstacle obstacle_find(const char *name, char text[OBSTACLE_TEXT]);

#endif
