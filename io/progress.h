/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The progress of something that takes long: one line on the terminal at standard error, from two
 * seconds after the beginning until the end, when it is erased. A thread of its own writes it, so
 * that what it is about needs no loop. Nothing is written unless the process has permitted it and
 * standard error is a terminal.
 */
#ifndef NETGDB_IO_PROGRESS_H
#define NETGDB_IO_PROGRESS_H

enum { PROGRESS_TEXT_MAX = 100 }; /* bytes of the text, with the NUL; a longer one is cut off */

struct progress;

/* Permits progress lines in this process: not for one that a program drives (MI, DAP), nor for one
 * whose standard error is a log. */
void progress_permit(void);

/* Begins with a text, such as "waiting for the kernel". NULL: nothing is shown; all functions
 * accept it. */
struct progress *progress_start(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Changes the text. From any thread. */
void progress_set(struct progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Erases the line, and frees *p. */
void progress_stop(struct progress *p);

#endif
