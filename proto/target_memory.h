/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads and writes the stopped target's memory by `m` and `M` requests to the stub, and decodes
 * numbers in the target's byte order. Bytes that were read stay cached until memory_forget(), so
 * that one large read serves many small ones.
 */
#ifndef NETGDB_PROTO_TARGET_MEMORY_H
#define NETGDB_PROTO_TARGET_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/target.h"

enum {
    MEMORY_READ_MAX = 2000,        /* bytes of one request; QEMU's packets have 2048 */
    MEMORY_READ_SMALL = 160,       /* the same, for a stub that reports no PacketSize */
    MEMORY_KEPT_MAX = 1024 * 1024, /* bytes cached */
    MEMORY_GAP_MAX = 512,          /* unneeded bytes that are read to save a request */
};

/* Error: the stub rejected the address. Every other error comes from the target (proto/err.h). */
#define MEMORY_REFUSED NETGDB_UNSUPPORTED

struct memory_range {
    uint64_t address;
    size_t len; /* bytes */
};

struct memory_block {
    uint64_t address;
    uint32_t len;
    uint32_t at; /* offset in memory.bytes */
};

struct memory {
    struct target *target; /* not owned */
    bool big;              /* the target is big-endian */
    unsigned word;         /* bytes of a pointer: 4 or 8 */
    size_t read_max;       /* bytes of the largest request */
    unsigned reads;        /* requests sent so far */
    struct buf bytes;      /* contents of the cached blocks */
    struct memory_block *blocks;
    size_t n, cap;
    struct buf reply, request;
};

void memory_init(struct memory *m, struct target *target);
void memory_free(struct memory *m);

/* Drops the cache: the target ran, or its memory was written. */
void memory_forget(struct memory *m);

/* Sets the stub's PacketSize in bytes; 0: it reported none. */
void memory_set_packet_size(struct memory *m, uint64_t size);

/*
 * Copies `len` bytes at `address`, from the cache or by requests. Addresses wrap at the machine's
 * word size; a range that wraps is refused. Returns 0, MEMORY_REFUSED, or the target's error.
 */
int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len);

/*
 * As memory_read(), but after a refusal halves the length and retries, down to `least` bytes. Sets
 * *got to the number of bytes read.
 */
int memory_read_some(struct memory *m, uint64_t address, void *bytes, size_t len, size_t least,
                     size_t *got);

/*
 * Reads n ranges into the cache, adjacent ones in one request. Sorts `ranges` by address. Skips
 * ranges that the stub rejects. Returns 0 or the target's error.
 */
int memory_prefetch(struct memory *m, struct memory_range *ranges, size_t n);

/* Read a number of 1 to 8 bytes, or a pointer, in the target's byte order. As memory_read(). */
int memory_number(struct memory *m, uint64_t address, unsigned size, uint64_t *value);
int memory_pointer(struct memory *m, uint64_t address, uint64_t *value);

/*
 * Reads a string into text[size], at most size - 1 bytes, always with a NUL. Bytes that are not
 * printable ASCII become '?'. Returns as memory_read().
 */
int memory_text(struct memory *m, uint64_t address, char *text, size_t size);

/* Writes bytes and drops the cache. Returns 0, MEMORY_REFUSED, or the target's error. */
int memory_write(struct memory *m, uint64_t address, const void *bytes, size_t len);

/* Convert between a number and `size` (1 to 8) bytes in the target's byte order. */
uint64_t memory_decode(const struct memory *m, const void *bytes, unsigned size);
void memory_encode(const struct memory *m, uint64_t value, void *bytes, unsigned size);

/* Truncates an address to the machine's word size. */
uint64_t memory_address(const struct memory *m, uint64_t address);

#endif
