/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A decorator that caches memory, registers, thread lists and documents while the target is
 * stopped. It answers repeated requests itself, and on a miss in memory reads the block around the
 * requested bytes. It does not guess: any request that could change a cached reply invalidates it.
 *
 *   request                                          invalidates, before it is sent
 *   resumes or changes the target, or is unknown     everything
 *   Z, z                                             memory
 *   selects another process (some stubs: thread)     memory
 *
 * Hg of a thread that is known to be alive is answered OK. It is sent to the stub before the first
 * request that depends on it.
 *
 * A block is read only where that is safe: inside the program's allocated sections, in a page that
 * the client has read from since the stop, and in the page of the stack pointer of a thread whose
 * registers the client has read. Memory that may belong to a device is read exactly as requested
 * and not cached. A request that is marked `exact` (request.h) is read exactly, and cached.
 */
#ifndef NETGDB_PROTO_CACHE_H
#define NETGDB_PROTO_CACHE_H

#include "proto/options.h"
#include "proto/regions.h"
#include "proto/target.h"

/* Facts about the program from its ELF file. The functions may be NULL. Each returns false while
 * the answer is unknown, and sends no request to the target. */
struct cache_program {
    /* Returns the region of the file that contains `address`, a run-time address. */
    bool (*region)(void *context, uint64_t address, struct region *region);
    /* Returns e_machine, whether the class is ELFCLASS64, and whether it is big-endian. */
    bool (*machine)(void *context, unsigned *machine, bool *is64, bool *big);
    void *context;
};

struct cache_options {
    const struct options_range *nocache; /* ranges that are never cached; copied */
    size_t nocaches;                     /* number of ranges */
    bool kernel; /* the target is a FreeBSD kernel's stub: threads share memory */
    struct cache_program program;
};

struct cache_stats {
    uint64_t hits;    /* requests answered without sending them to the target */
    uint64_t misses;  /* cacheable requests that were sent to the target */
    uint64_t blocks;  /* misses that read the block around the requested bytes */
    uint64_t flushes; /* times that cached data was discarded */
    uint64_t bytes;   /* bytes of memory cached now */
    uint64_t replies; /* replies cached now */
};

/*
 * Creates the decorator and takes ownership of `next`. The context of options->program must outlive
 * it. Returns NULL if memory is short; `next` then still belongs to the caller.
 */
struct target *cache_new(struct target *next, const struct cache_options *options);

/* Discards all cached data. `t` must be from cache_new. */
void cache_flush(struct target *t);

/* Copies the counters of `t`, which must be from cache_new. */
void cache_stats(const struct target *t, struct cache_stats *stats);

#endif
