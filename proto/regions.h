/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Memory regions: sorted ranges of addresses and what is in them. Filled from an ELF file's
 * sections, a stub's memory map or an option; asked by the cache and by thread awareness.
 *
 * Ranges are [first, last], both included, so that the top of a 64-bit space has a name. They
 * never overlap; neighbours of one kind are one region.
 */
#ifndef NETGDB_PROTO_REGIONS_H
#define NETGDB_PROTO_REGIONS_H

#include <stddef.h>
#include <stdint.h>

enum { REGIONS_MAX = 4096 }; /* more than any ELF file or memory map of the field has */

enum region_kind {
    REGION_UNKNOWN, /* nothing is known: what is outside every region */
    REGION_CODE,
    REGION_RODATA,
    REGION_DATA,
    REGION_STACK,
    REGION_DEVICE, /* reading it may do something: never cached, never read twice */
};

struct region {
    uint64_t first, last;
    enum region_kind kind;
};

struct regions {
    struct region *list; /* owned; ascending */
    size_t n, cap;
};

/* No regions; allocates nothing. */
void regions_init(struct regions *r);
void regions_free(struct regions *r);

/*
 * Makes [first, last] of this kind, over what was known of it before; REGION_UNKNOWN takes the
 * range out. Returns 0, NETGDB_PROTO when last < first, NETGDB_NOMEM, or NETGDB_TOO_LONG when
 * there would be more than REGIONS_MAX; after an error nothing has changed.
 */
int regions_set(struct regions *r, uint64_t first, uint64_t last, enum region_kind kind);

/* The region that holds this address, or NULL. */
const struct region *regions_find(const struct regions *r, uint64_t address);

/*
 * What all of the `len` bytes at `address` are; REGION_UNKNOWN when they are of more than one
 * kind, reach past the end of the address space, or len is 0.
 */
enum region_kind regions_kind(const struct regions *r, uint64_t address, uint64_t len);

/* "code", "read-only data", … */
const char *region_kind_name(enum region_kind kind);

#endif
