/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The index of recorded memory: which addresses are in the file, and where. A list sorted by
 * address, without overlaps.
 */
#ifndef NETGDB_RECORD_RANGES_H
#define NETGDB_RECORD_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t address;
    uint64_t len;    /* bytes, not 0; address + len - 1 does not wrap */
    uint64_t offset; /* in the file */
    uint32_t entry;  /* of the file's program headers */
};

struct ranges {
    struct range *list; /* owned; ascending */
    size_t n, cap;
};

/* An empty list is all zero. */
void ranges_free(struct ranges *r);

/* Returns the index of the first range that ends after `address`; n if there is none. */
size_t ranges_find(const struct ranges *r, uint64_t address);

/* Returns whether the i-th range contains the address. */
bool ranges_has(const struct ranges *r, size_t i, uint64_t address);

/* Inserts a range that overlaps none. Returns its index, or SIZE_MAX if memory is short;
 * later insertions may move it. */
size_t ranges_insert(struct ranges *r, const struct range *range);

/* Sorts a list that was filled in any order. Returns false if ranges overlap. */
bool ranges_sort(struct ranges *r);

/* Appends a range, to be sorted. Returns false if memory is short. */
bool ranges_append(struct ranges *r, const struct range *range);

#endif
