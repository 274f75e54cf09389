/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A part: what exercises one module of io/, session/ or shim/ and goes on when a call fails. */
#ifndef NETGDB_TESTS_FAIL_PARTS_H
#define NETGDB_TESTS_FAIL_PARTS_H

#include <stdbool.h>

struct part {
    const char *name;  /* of the module */
    void (*set)(void); /* before it is played; nothing of it fails. May be NULL */

    /*
     * Whether all went well, which it must when nothing fails. Otherwise it has cleaned up and is
     * played once more, and then it must go well.
     */
    bool (*play)(void);

    const char *(*clear)(void); /* afterwards: what is wrong, or NULL. May be NULL itself */
    int descriptors, blocks;    /* that remain, by design */
};

/* The last of each has no name. */
extern const struct part io_parts[], session_parts[], chain_parts[], shim_parts[];

/* set and clear of one with a runtime directory, in which nothing must be left. */
void part_rundir(void);
const char *part_rundir_end(void);

/* The i-th of all of them; NULL behind the last. */
const struct part *part_at(unsigned i);

/*
 * Plays them (those that are named, unless there are none), each N in a process of its own, and
 * prints TAP. `some` is how many N of each, spread over its calls; 0: all. Returns whether nothing
 * was wrong.
 */
bool parts_play(unsigned some, char **names);

#endif
