/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine's memory: a handful of regions below 4 GiB, each backed by host memory, page 0
 * never mapped. Every access is checked. Watchpoints live here too, because they are questions
 * about accesses.
 */
#ifndef NETGDB_EBPF_MEMORY_H
#define NETGDB_EBPF_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EBPF_PAGE = 4096,       /* regions are padded to this: LLDB 14 crashes on short replies */
    EBPF_REGIONS_MAX = 96,  /* segments, stacks, input and the values of the maps */
    EBPF_WATCHES_MAX = 32,  /* more is an error to the debugger */
    EBPF_WINDOW_SHIFT = 28, /* 256 MiB: each region of ours begins a window of its own */
    EBPF_WINDOWS = 16       /* of them make 4 GiB */
};

#define EBPF_MEMORY_MAX (UINT64_C(256) << 20) /* bytes of one machine, all regions together */

/* Who may do what: bits. */
enum {
    EBPF_READ = 1,     /* the program may read it */
    EBPF_WRITE = 2,    /* the program may write it */
    EBPF_EXEC = 4,     /* instructions */
    EBPF_DEBUG_RO = 8, /* not even the debugger may write it */
};

struct ebpf_region {
    const char *name; /* not owned */
    uint64_t base;    /* a multiple of EBPF_PAGE */
    uint64_t size;    /* bytes mapped, a multiple of EBPF_PAGE */
    uint64_t used;    /* bytes that mean something, for people */
    unsigned flags;
    uint8_t *host; /* owned */
};

/* What a program may reach at once: the first region of each 256 MiB. */
struct ebpf_window {
    uint64_t base;
    uint64_t size;
    uint8_t *host;
    uint64_t unused; /* makes the struct 32 bytes: an index is a shift */
};

/* Kinds of watchpoint, as in the Z2, Z3 and Z4 packets. */
enum ebpf_watch_kind { EBPF_WATCH_WRITE = 2, EBPF_WATCH_READ = 3, EBPF_WATCH_ACCESS = 4 };

struct ebpf_watch {
    enum ebpf_watch_kind kind;
    uint64_t address, size;
};

struct ebpf_memory {
    struct ebpf_window read[EBPF_WINDOWS], write[EBPF_WINDOWS];
    struct ebpf_region region[EBPF_REGIONS_MAX]; /* sorted by base */
    unsigned regions;
    uint64_t mapped; /* bytes of all of them */
    struct ebpf_watch watch[EBPF_WATCHES_MAX];
    unsigned watches;
    const struct ebpf_watch *hit; /* the watchpoint that the last access met, or NULL */
    uint64_t hit_address;         /* the first byte of that access inside it */
};

/* No regions, no watchpoints. */
void ebpf_memory_init(struct ebpf_memory *m);
void ebpf_memory_free(struct ebpf_memory *m);

/*
 * Maps `size` bytes (padded to pages with zeros) at `base` and copies `data`, unless NULL, into
 * them. `base` must be a multiple of a page. Returns the region, valid until the next map, or
 * NULL with *error: NETGDB_NOMEM, NETGDB_TOO_LONG (over EBPF_MEMORY_MAX, EBPF_REGIONS_MAX or
 * 4 GiB) or NETGDB_PROTO (overlap, page 0, or not on a page).
 */
struct ebpf_region *ebpf_memory_map(struct ebpf_memory *m, const char *name, uint64_t base,
                                    const void *data, uint64_t size, unsigned flags, int *error);

/* The region that an address lies in, or NULL. */
struct ebpf_region *ebpf_memory_find(const struct ebpf_memory *m, uint64_t address);

/*
 * An access by the program: `size` bytes, all in one region that allows it, else NULL.
 * A watchpoint that it touches is left in m->hit.
 */
uint8_t *ebpf_memory_access(struct ebpf_memory *m, uint64_t address, uint64_t size, bool write);

/*
 * What a debugger reads and writes: as many bytes as are mapped (and writable to it) from
 * `address` on, also across regions that touch. Returns how many. Watchpoints do not see it.
 * Poke with data NULL only counts.
 */
size_t ebpf_memory_peek(const struct ebpf_memory *m, uint64_t address, void *out, size_t len);
size_t ebpf_memory_poke(struct ebpf_memory *m, uint64_t address, const void *data, size_t len);

/* Adds or removes a watchpoint. Returns 0, NETGDB_TOO_LONG (too many) or NETGDB_PROTO (no such). */
int ebpf_memory_watch(struct ebpf_memory *m, const struct ebpf_watch *watch);
int ebpf_memory_unwatch(struct ebpf_memory *m, const struct ebpf_watch *watch);

#endif
