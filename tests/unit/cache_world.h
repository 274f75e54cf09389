/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stub for tests of the cache: memory, registers, threads, breakpoints, all of which change
 * whenever something happens that may change them. It counts what it is asked, knows which memory
 * may not be read, and can be made to go wrong.
 */
#ifndef NETGDB_TESTS_CACHE_WORLD_H
#define NETGDB_TESTS_CACHE_WORLD_H

#include "proto/cache.h"
#include "proto/target.h"

/*
 * Its memory: pages of 4096 bytes from WORLD_BASE on. Page HOLE cannot be read, of page SHORT only
 * the first 1000 bytes, and every read of page DEVICE gives something else.
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
    WORLD_WATCHES = 2, /* so many Z2 it takes */
    WORLD_LOG = 1 << 16,
};

/* How the stub behaves; all false is a gdbserver of one process. */
struct world_kind {
    bool per_thread;      /* each thread has a memory of its own, as a CPU has */
    bool one_choice;      /* Hc of a thread chooses it for g, too: FreeBSD */
    bool plain_points;    /* a breakpoint shows in memory */
    bool no_ids;          /* stops do not name a thread */
    bool processes;       /* ids are pPID.TID, and thread 3 is of another process */
    unsigned packet_size; /* 0: 4096 */
};

struct world {
    struct target base;
    struct world_kind kind;
    uint8_t memory[WORLD_THREADS][WORLD_SIZE];
    uint64_t registers[WORLD_THREADS][WORLD_REGISTERS];
    bool dead[WORLD_THREADS];
    char points[WORLD_POINTS][64]; /* what is behind the Z; "" is free */
    unsigned chosen;               /* for g and m */
    unsigned current;              /* the last stop's */
    unsigned listed;               /* by qsThreadInfo */
    uint32_t random;
    unsigned device_reads;

    /* What tests look at and turn. */
    unsigned requests;
    char log[WORLD_LOG]; /* every request, each behind a space */
    size_t log_len;
    int fail;      /* what the next send returns */
    int fail_recv; /* what the next recv returns */
    unsigned lie;  /* Hg of this thread is refused, though it is in the list */
    bool left;
    /* Called for each read; NULL: nobody is asked whether it may be. */
    void (*reads)(void *context, uint64_t address, uint64_t len);
    void *context;
    struct buf reply, output;
};

/* Two made with the same seed and kind behave alike. Ends the program when memory is short. */
struct world *world_new(uint32_t seed, const struct world_kind *kind);

/* The options with which a cache knows of WORLD_DEVICE and WORLD_FILE. */
const struct cache_options *world_options(void);

/* The id of a thread, 1 on. */
const char *world_id(const struct world *w, unsigned thread, char id[16]);

#endif
