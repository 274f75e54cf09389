/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A FreeBSD kernel's GDB stub as a target, without a network: sys/gdb/gdb_main.c with its faults,
 * for tests of what stands in front of it. What would panic the machine, overflow its buffers or
 * end the session aborts the test program with a line that says so.
 */
#ifndef NETGDB_TESTS_FREEBSD_STUB_H
#define NETGDB_TESTS_FREEBSD_STUB_H

#include "proto/target.h"

#define STUB_MEMORY UINT64_C(0xffffffff80000000) /* where its memory begins */

enum {
    STUB_MEMORY_SIZE = 2 * 1024 * 1024,
    STUB_REGISTERS = 56, /* amd64: 17 of 8 bytes, 7 of 4, 32 of 8 */
    STUB_REGISTER_BYTES = 17 * 8 + 7 * 4 + 32 * 8,
    STUB_AVAILABLE = 20, /* rax to ss; the others are 'x' */
};

struct stub {
    struct target base;
    size_t bufsz, max_request;
    uint8_t memory[STUB_MEMORY_SIZE];
    uint8_t registers[STUB_REGISTER_BYTES];
    bool corrupted; /* a register was set from the text of a request */
    unsigned threads;
    struct buf xml; /* the list of so many threads, once it was asked for */
    unsigned xml_threads;
    size_t listed; /* how far qXfer:threads:read got, in bytes of the whole */

    /* What tests look at and turn. */
    struct buf asked; /* every request, each behind a space */
    unsigned requests, resumes;
    unsigned spoil_at;   /* the request before which the list moves on, as a late copy does */
    unsigned replace_at; /* the request that NETGDB_REPLACED answers */
    bool pending;        /* a request whose reply was not received: no other may come */
    const char *z_reply; /* to a Z; NULL: OK */
    struct buf reply;
    int result;       /* of the next recv */
    const char *says; /* instead of its own reply, when not NULL */
    bool *was_freed;  /* set at free, when not NULL */
};

/* A stub of an amd64 kernel with three threads; its memory counts up. Ends the program when
 * memory is short. */
struct stub *stub_new(void);

/* The offset of a register in `registers`, and its size. */
size_t stub_register(unsigned n, size_t *size);

#endif
