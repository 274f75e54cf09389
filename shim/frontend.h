/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The front end of gdb, while connect() blocks the thread that would read its commands: a person, a
 * script, or a program (an IDE) that speaks MI or DAP over standard input. The wait for a kernel
 * ends
 *
 *   - when standard input is hung up during the wait, unless gdb reads no commands there (-batch)
 *     or commands of a script still wait in it;
 *   - for MI, when -gdb-exit, -exec-interrupt or quit waits in standard input, where that can be
 *     seen: a pipe or a socket;
 *   - for MI and DAP, when the process that started gdb has ended during the wait; before it, too,
 *     when standard input is hung up as well.
 *
 * An input that is at its end from the start, /dev/null, or a file is a script's: it ends nothing.
 */
#ifndef NETGDB_SHIM_FRONTEND_H
#define NETGDB_SHIM_FRONTEND_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct frontend {
    bool mi;      /* -i=mi: commands can be recognized */
    bool machine; /* MI or DAP: a program drives gdb */
    bool batch;   /* gdb reads no commands from standard input */
    int input;    /* standard input; -1: not watched */
    int parent;   /* a pidfd of the process that started gdb; -1: not watched */
    bool pending; /* unread input that does not end the wait */
    bool gone;    /* the front end had ended before the wait */
};

/* Parses gdb's command line: words, each with a NUL. */
void frontend_parse(struct frontend *f, const char *words, size_t len);

/* True if a program drives this gdb (MI or DAP), which may or may not show standard error. */
bool frontend_is_machine(void);

/* Records the process that started this one. Call it at the start. */
void frontend_init(void);

/* Begin and end watching, for the duration of a wait. `input` is standard input's descriptor.
 */
void frontend_begin(struct frontend *f, int input);
void frontend_end(struct frontend *f);

enum { FRONTEND_FDS = 2 };

/* Returns the additional descriptors to poll. */
void frontend_poll(const struct frontend *f, struct pollfd fds[FRONTEND_FDS]);

/* Returns the interval to the next check, in ns; IO_NEVER: polling suffices. */
uint64_t frontend_look_again(const struct frontend *f);

/* Returns the reason to end the wait, as text; NULL: continue. Call it before the first poll and
 * after each one. */
const char *frontend_ended(struct frontend *f);

#endif
