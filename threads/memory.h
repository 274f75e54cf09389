/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The stopped target's memory: `m` requests to the stub, in its byte order. What was read stays
 * until it is forgotten, so that one large read serves many small ones.
 */
#ifndef NETGDB_THREADS_MEMORY_H
#define NETGDB_THREADS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/buf.h"
#include "proto/target.h"

enum {
    MEMORY_READ_MAX = 2000,        /* bytes of one request; QEMU's packets hold 2048 */
    MEMORY_READ_SMALL = 160,       /* for a stub that does not tell its PacketSize */
    MEMORY_KEPT_MAX = 1024 * 1024, /* bytes that are kept at most */
    MEMORY_GAP_MAX = 512,          /* unwanted bytes read to save a request */
};

/* What a read returns when the stub refuses the address. Other errors are the target's own. */
#define MEMORY_REFUSED NETGDB_UNSUPPORTED

/* A piece of memory that is wanted. */
struct memory_range {
    uint64_t address;
    size_t len; /* bytes */
};

struct memory_block {
    uint64_t address;
    uint32_t len;
    uint32_t at; /* in `bytes` */
};

struct memory {
    struct target *target; /* not owned */
    bool big;              /* byte order of numbers */
    unsigned word;         /* bytes of a pointer: 4 or 8 */
    size_t read_max;       /* bytes a request may ask for */
    unsigned reads;        /* requests sent, ever */
    struct buf bytes;      /* what is kept */
    struct memory_block *blocks;
    size_t n, cap;
    struct buf reply, request;
};

void memory_init(struct memory *m, struct target *target);
void memory_free(struct memory *m);

/* The target ran, or was written to: nothing is known any more. */
void memory_forget(struct memory *m);

/* The PacketSize of the stub, in bytes; 0: it does not say. */
void memory_set_packet_size(struct memory *m, uint64_t size);

/*
 * Copies `len` bytes at `address`; of what is kept, without asking. Addresses are those of a
 * machine with `word` bytes. Returns 0, MEMORY_REFUSED, or the target's error.
 */
int memory_read(struct memory *m, uint64_t address, void *bytes, size_t len);

/*
 * The same for as many bytes as there are, at least `least`: a refused read is tried again with
 * half the length. Sets *got.
 */
int memory_read_some(struct memory *m, uint64_t address, void *bytes, size_t len, size_t least,
                     size_t *got);

/*
 * Reads ranges before they are asked for, neighbours in one request. Sorts the list. What the
 * stub refuses is left out. Returns 0 or the target's error.
 */
int memory_prefetch(struct memory *m, struct memory_range *ranges, size_t n);

/* A number of 1, 2, 4 or 8 bytes, or a pointer. Return as memory_read. */
int memory_number(struct memory *m, uint64_t address, unsigned size, uint64_t *value);
int memory_pointer(struct memory *m, uint64_t address, uint64_t *value);

/* A text of at most size - 1 bytes up to its NUL; what is not printable becomes '?'. */
int memory_text(struct memory *m, uint64_t address, char *text, size_t size);

/* Writes bytes and forgets what was known. Returns 0, MEMORY_REFUSED, or the target's error. */
int memory_write(struct memory *m, uint64_t address, const void *bytes, size_t len);

/* Numbers in bytes of the target, and back. size: 1 to 8. */
uint64_t memory_decode(const struct memory *m, const void *bytes, unsigned size);
void memory_encode(const struct memory *m, uint64_t value, void *bytes, unsigned size);

/* An address of this machine: the upper half is dropped on a 32-bit one. */
uint64_t memory_address(const struct memory *m, uint64_t address);

#endif
