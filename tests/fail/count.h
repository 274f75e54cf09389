/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts the calls of ours that may fail, tells which one is to, and counts the blocks of memory
 * that are ours. Shared by fail.c (preloaded) and wrap.c (linked in). Safe from every thread.
 */
#ifndef NETGDB_TESTS_FAIL_COUNT_H
#define NETGDB_TESTS_FAIL_COUNT_H

#include <stdbool.h>

/* Lets the n-th call from now on fail; 0: none. */
void count_from(unsigned n);

/* One more call of ours, of this name: whether it is to fail. */
bool count_fails(const char *name);

/* How many there were, and the name of the one that has failed ("nothing"). */
unsigned count_calls(void);
const char *count_failed(void);

/* A block is ours from now on (NULL is fine; returned as it is), or has been released. */
void *count_keep(void *block);
void count_forget(void *block);
unsigned count_blocks(void);

/* Whether a descriptor is of a kind whose reads and writes do not fail: an eventfd. */
bool count_is_event(int fd);

#endif
