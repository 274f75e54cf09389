/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reports the connections in a debugger's process to the program that started it and waits for its
 * end (`netgdb run --check`): one byte for each event, in a file that this program has created.
 */
#ifndef NETGDB_SESSION_REPORT_H
#define NETGDB_SESSION_REPORT_H

/* The environment variable that names the file. */
#define REPORT_VARIABLE "NETGDB_REPORT"

enum report_event {
    REPORT_CONNECTED = 'c', /* a session has begun */
    REPORT_NOBODY = 'n',    /* no session has begun: no HERALD, or no answer */
    REPORT_LOST = 'l',      /* a session was lost */
};

/* Reads the file's name from the environment. Call it before any thread exists. */
void report_begin(void);

/* Appends an event, if there is such a file. From any thread. */
void report(enum report_event event);

#endif
