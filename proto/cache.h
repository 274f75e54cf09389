/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The decorator that keeps what was read while the target is stopped: memory, registers, lists of
 * threads, documents. A client that asks again gets it from here, and a miss in memory reads the
 * block around it. Nothing here guesses: whatever could make a reply another one empties it.
 *
 *   what lets the target run, changes it, or is not known   empties all of it, before it is sent
 *   Z, z                                                    empty what is known of memory
 *   another process, or on some stubs another thread        likewise
 *
 * An Hg of a thread that is known to live is answered OK, and sent before the first request that
 * depends on it.
 *
 * A block is read only where that is safe: inside the program's allocated sections, in a page
 * that the client has read from since the stop, and in the page of the stack pointer of a thread
 * whose registers it has read. Memory that may be a device's is read as asked, and not kept.
 */
#ifndef NETGDB_PROTO_CACHE_H
#define NETGDB_PROTO_CACHE_H

#include "proto/options.h"
#include "proto/regions.h"
#include "proto/target.h"

/* What the session knows of the program. The functions may be NULL; each returns false when there
 * is no telling (yet), and asks nothing of the target. */
struct cache_program {
    /* The region of the program's file, at its address in memory, that holds `address`. */
    bool (*region)(void *context, uint64_t address, struct region *region);
    /* Its ELF header: e_machine, whether it is of 64 bits, and big-endian. */
    bool (*machine)(void *context, unsigned *machine, bool *is64, bool *big);
    void *context;
};

struct cache_options {
    const struct options_range *nocache; /* ranges that may be a device's; copied */
    size_t nocaches;
    bool kernel; /* a FreeBSD stub is behind it: threads share their memory */
    struct cache_program program;
};

struct cache_stats {
    uint64_t hits;    /* requests answered from what is kept, or not sent for another reason */
    uint64_t misses;  /* requests of the same kinds that went to the target */
    uint64_t blocks;  /* of the misses: that read the block around what was asked for */
    uint64_t flushes; /* how often something that was known was forgotten */
    uint64_t bytes;   /* of memory that are known now */
    uint64_t replies; /* that are kept now */
};

/* Owns `next`. The context of options->program must outlive it. NULL when memory is short; `next`
 * is then still the caller's. */
struct target *cache_new(struct target *next, const struct cache_options *options);

/* Forgets all that is known. */
void cache_flush(struct target *t);

void cache_stats(const struct target *t, struct cache_stats *stats);

#endif
