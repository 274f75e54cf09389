/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What became of connections in a debugger's process, for whoever has started the debugger and
 * waits for its end (`netgdb run --check`): a byte an event, in a file that the starter has made.
 */
#ifndef NETGDB_SESSION_REPORT_H
#define NETGDB_SESSION_REPORT_H

/* The environment variable that names the file. */
#define REPORT_VARIABLE "NETGDB_REPORT"

enum report_event {
    REPORT_CONNECTED = 'c', /* a session has begun */
    REPORT_NOBODY = 'n',    /* there was none to begin: nobody called, or nobody answers */
    REPORT_LOST = 'l',      /* a session has ended, and not because the debugger left */
};

/* Notes the file's name, for the variable may go. Before any thread. */
void report_begin(void);

/* Appends an event; nothing when nobody asks, or the file has gone. From any thread. */
void report(enum report_event event);

#endif
