/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The machine's memory: regions that are backed by host memory, below 4 GiB (of sBPF: 20 GiB). Page
 * 0 is not mapped (of sBPF v3: it may be), and every access is checked: a program sees the exact
 * bytes of a region, and of a value of a map; only debuggers see the padding. Watchpoints are here
 * too, since they are checks of accesses.
 */
#ifndef NETGDB_EBPF_MEMORY_H
#define NETGDB_EBPF_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EBPF_PAGE = 4096,       /* regions are padded to this: LLDB 14 crashes on short replies */
    EBPF_REGIONS_MAX = 384, /* segments, stacks, input and maps */
    EBPF_WATCHES_MAX = 32,  /* further ones are rejected */
    EBPF_WINDOW_SHIFT = 28, /* 256 MiB: each region is at the start of a window */
    EBPF_WINDOWS = 128      /* in 32 GiB */
};

#define EBPF_MEMORY_MAX (UINT64_C(1024) << 20) /* bytes of one machine, all regions together */

/* Permissions of a region: bits. */
enum {
    EBPF_READ = 1,     /* the program may read it */
    EBPF_WRITE = 2,    /* the program may write it */
    EBPF_EXEC = 4,     /* contains instructions */
    EBPF_DEBUG_RO = 8, /* the debugger may not write it either */
    EBPF_VALUES = 16,  /* a map of several values: `stride` and `value` are set */
    EBPF_GROWS = 32,   /* `used` changes */
};

struct ebpf_region {
    const char *name; /* not owned */
    uint64_t base;    /* a multiple of EBPF_PAGE */
    uint64_t size;    /* bytes mapped, a multiple of EBPF_PAGE */
    uint64_t used;    /* bytes without padding: what a program may access */
    unsigned flags;
    uint32_t stride, value; /* EBPF_VALUES: bytes from a value to the next, and of a value */
    uint8_t *host;          /* owned */
};

/* The fast path of accesses: the first region of each 256 MiB that permits them. */
struct ebpf_window {
    uint64_t base;
    uint64_t size;
    uint8_t *host;
    uint64_t unused; /* pads the struct to 32 bytes: an index is a shift */
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
    uint64_t mapped; /* bytes of all regions */
    uint64_t low,
        top; /* addresses that may be mapped: EBPF_PAGE and 4 GiB after the initialization */
    struct ebpf_watch watch[EBPF_WATCHES_MAX];
    unsigned watches;
    const struct ebpf_watch *hit; /* watchpoint hit by the last access, or NULL */
    uint64_t hit_address;         /* first byte of that access inside it */
};

/* Initializes *m without regions and watchpoints; ebpf_memory_free() frees the regions. */
void ebpf_memory_init(struct ebpf_memory *m);
void ebpf_memory_free(struct ebpf_memory *m);

/*
 * Maps a region of `size` bytes (padded with zeros to EBPF_PAGE) at `base` and copies data[size] to
 * it; NULL: zeros. `name` is not copied. Returns the region, valid until the next call, or NULL and
 * *error: NETGDB_NOMEM, NETGDB_TOO_LONG (above EBPF_MEMORY_MAX, EBPF_REGIONS_MAX or m->top) or
 * NETGDB_PROTO (overlap, below m->low, or `base` not a multiple of EBPF_PAGE).
 */
struct ebpf_region *ebpf_memory_map(struct ebpf_memory *m, const char *name, uint64_t base,
                                    const void *data, uint64_t size, unsigned flags, int *error);

/* Returns the region that contains an address, in its padding too, or NULL. */
struct ebpf_region *ebpf_memory_find(const struct ebpf_memory *m, uint64_t address);

/*
 * Checks an access by the program and returns the host address of the `size` bytes. NULL unless all
 * are in one region that permits it, and in one value of a map. Sets m->hit if the access hits a
 * watchpoint.
 */
uint8_t *ebpf_memory_access(struct ebpf_memory *m, uint64_t address, uint64_t size, bool write);

enum { EBPF_REASON = 112 }; /* bytes of a reason */

/* Says why such an access is not allowed. */
void ebpf_memory_reason(const struct ebpf_memory *m, uint64_t address, uint64_t size, bool write,
                        char text[EBPF_REASON]);

/*
 * Read and write memory for a debugger, also across adjacent regions, up to the first byte that is
 * not mapped (or, for writes, not writable). Return the number of bytes. They ignore watchpoints.
 * Poke with data NULL only counts the writable bytes.
 */
size_t ebpf_memory_peek(const struct ebpf_memory *m, uint64_t address, void *out, size_t len);
size_t ebpf_memory_poke(struct ebpf_memory *m, uint64_t address, const void *data, size_t len);

/*
 * Add and remove a watchpoint; an equal one is there once. Return 0, NETGDB_TOO_LONG (more than
 * EBPF_WATCHES_MAX) or NETGDB_PROTO (unknown one). Removing one clears m->hit.
 */
int ebpf_memory_watch(struct ebpf_memory *m, const struct ebpf_watch *watch);
int ebpf_memory_unwatch(struct ebpf_memory *m, const struct ebpf_watch *watch);

/* Copies the watchpoints of another memory to one that has none. */
void ebpf_memory_keep_watches(struct ebpf_memory *m, const struct ebpf_memory *from);

#endif
