/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The memory that a post-mortem of a kernel usually needs, as a list of ranges: the stacks of all
 * threads, and the kernel's writable sections (.data, .bss, …). Whoever reads the ranges decides
 * what to do with those that cannot be read.
 */
#ifndef NETGDB_FREEBSD_SNAPSHOT_H
#define NETGDB_FREEBSD_SNAPSHOT_H

#include "freebsd/image.h"

enum {
    SNAPSHOT_RANGES_MAX = 1 << 20,
    SNAPSHOT_STACK_PAGES_MAX = 64, /* of one thread; FreeBSD's KSTACK_PAGES is 4 to 6 */
    SNAPSHOT_PAGE = 4096,          /* bytes; a kernel with larger pages has longer stacks */
};

struct snapshot_range {
    uint64_t address, len; /* bytes; they do not wrap */
};

struct snapshot {
    struct snapshot_range *list; /* owned; in the order in which they are worth reading */
    size_t n, cap;
    char problem[200]; /* why it is incomplete; "": it is complete */
};

/* Starts empty: all zero. */
void snapshot_free(struct snapshot *s);

/* Appends a range. Returns 0, NETGDB_TOO_LONG or NETGDB_NOMEM. */
int snapshot_add(struct snapshot *s, uint64_t address, uint64_t len);

/*
 * Append the stacks of all threads (struct thread's td_kstack and td_kstack_pages, sys/sys/proc.h),
 * that of the thread that stopped first; or the kernel's writable sections. Return 0, the target's
 * error, or as above.
 */
int snapshot_add_stacks(struct snapshot *s, struct image *im);
int snapshot_add_data(struct snapshot *s, struct image *im);

#endif
