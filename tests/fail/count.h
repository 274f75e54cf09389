/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts the product's calls that may fail, selects the one that must, and counts the product's
 * allocated blocks. Shared by fail.c (preloaded) and wrap.c (linked in). Thread-safe.
 */
#ifndef NETGDB_TESTS_FAIL_COUNT_H
#define NETGDB_TESTS_FAIL_COUNT_H

#include <stdbool.h>

/* Makes the n-th call from now on fail; 0: none. */
void count_from(unsigned n);

/* Counts a call; returns true if it must fail. */
bool count_fails(const char *name);

/* Return the number of calls, and the name of the call that failed ("nothing": none). */
unsigned count_calls(void);
const char *count_failed(void);

/* Count a block (NULL is fine) and return it; and stop counting a released block. */
void *count_keep(void *block);
void count_forget(void *block);
unsigned count_blocks(void);

/* True for an eventfd, whose reads and writes do not fail. */
bool count_is_event(int fd);

#endif
