/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory regions: a sorted list of address ranges and their contents, from the sections of an ELF
 * file, a stub's memory map or an option. Used by the cache and by thread awareness.
 *
 * Ranges are [first, last], both inclusive, so that the highest 64-bit address can be in one. They
 * never overlap, and adjacent ranges of one kind are merged.
 */
#ifndef NETGDB_PROTO_REGIONS_H
#define NETGDB_PROTO_REGIONS_H

#include <stddef.h>
#include <stdint.h>

enum { REGIONS_MAX = 4096 }; /* real ELF files and memory maps have fewer */

enum region_kind {
    REGION_UNKNOWN, /* outside every region */
    REGION_CODE,
    REGION_RODATA,
    REGION_DATA,
    REGION_STACK,
    REGION_DEVICE, /* reading may have side effects: never cached, never read twice */
};

struct region {
    uint64_t first, last;
    enum region_kind kind;
};

/* All zero: an empty list. */
struct regions {
    struct region *list; /* owned; ascending */
    size_t n, cap;       /* regions in use and allocated */
};

/* Releases the list; the result is an empty list. */
void regions_free(struct regions *r);

/*
 * Sets the kind of [first, last], replacing earlier kinds; REGION_UNKNOWN removes the range.
 * Returns 0, NETGDB_PROTO if last < first, NETGDB_NOMEM, or NETGDB_TOO_LONG if the list would
 * exceed REGIONS_MAX. After an error the list is unchanged.
 */
int regions_set(struct regions *r, uint64_t first, uint64_t last, enum region_kind kind);

/* Returns the region that contains `address`, or NULL. It is valid until the list changes. */
const struct region *regions_find(const struct regions *r, uint64_t address);

/*
 * Returns the kind of all `len` bytes at `address`; REGION_UNKNOWN if they are not all of one kind,
 * extend past the end of the address space, or len is 0.
 */
enum region_kind regions_kind(const struct regions *r, uint64_t address, uint64_t len);

#endif
