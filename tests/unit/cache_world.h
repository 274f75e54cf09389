/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stub for tests of the cache. Its memory, registers, threads and breakpoints change at every
 * request that may change them. It counts requests, reports reads to the test, and can fail on
 * demand.
 */
#ifndef NETGDB_TESTS_CACHE_WORLD_H
#define NETGDB_TESTS_CACHE_WORLD_H

#include "proto/cache/cache.h"
#include "proto/target.h"

/*
 * Its memory: pages of 4096 bytes from WORLD_BASE on. Page HOLE is unreadable, page SHORT beyond
 * its first 1000 bytes; every read of page DEVICE returns other bytes.
 */
#define WORLD_BASE UINT64_C(0x10000)
enum {
    WORLD_PAGES = 12,
    WORLD_SIZE = WORLD_PAGES * 4096,
    WORLD_STACKS = 1, /* the page of thread 1's stack; the next that of thread 2's, … */
    WORLD_THREADS = 3,
    WORLD_FILE = 5, /* two pages that the program's file has */
    WORLD_HOLE = 7,
    WORLD_SHORT = 8,
    WORLD_DEVICE = 9,
    WORLD_SHORT_BYTES = 1000,
    WORLD_REGISTERS = 17, /* of 8 bytes, as amd64 has them: number 7 is rsp */
    WORLD_POINTS = 8,
    WORLD_WATCHES = 2, /* maximum number of Z2 */
    WORLD_LOG = 1 << 16,
};

/* The stub's behaviour; all false: a gdbserver with one process. */
struct world_kind {
    bool per_thread;      /* each thread has its own address space, like a CPU */
    bool one_choice;      /* Hc also selects the thread for g, as in FreeBSD */
    bool plain_points;    /* breakpoints are visible in memory */
    bool no_ids;          /* stop replies name no thread */
    bool processes;       /* ids are pPID.TID; thread 3 belongs to another process */
    unsigned packet_size; /* 0: 4096 */
};

struct world {
    struct target base;
    struct world_kind kind;
    uint8_t memory[WORLD_THREADS][WORLD_SIZE];
    uint64_t registers[WORLD_THREADS][WORLD_REGISTERS];
    bool dead[WORLD_THREADS];
    char points[WORLD_POINTS][64]; /* inserted by Z, without the Z; "": a free entry */
    unsigned chosen;               /* thread of g and m */
    unsigned current;              /* thread of the last stop */
    unsigned listed;               /* threads reported by qsThreadInfo */
    uint32_t random;
    unsigned device_reads;

    /* Inspected and set by tests. */
    unsigned requests;
    char log[WORLD_LOG]; /* all requests, each preceded by a space */
    size_t log_len;
    int fail;      /* result of the next send */
    int fail_recv; /* result of the next recv */
    unsigned lie;  /* reject Hg of this thread, although it is in the list */
    bool left;     /* was detached */
    /* Called for each read of memory; may be NULL. */
    void (*reads)(void *context, uint64_t address, uint64_t len);
    void *context;
    struct buf reply, output;
};

/* Creates a stub; its behaviour depends only on seed and kind. Aborts if memory is short. */
struct world *world_new(uint32_t seed, const struct world_kind *kind);

/* Returns options that describe WORLD_DEVICE and WORLD_FILE to a cache. */
const struct cache_options *world_options(void);

/* Writes the id of a thread, from 1 on, into id and returns it. */
const char *world_id(const struct world *w, unsigned thread, char id[16]);

#endif
