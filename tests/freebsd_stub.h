/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A target that behaves like a FreeBSD kernel's GDB stub, sys/gdb/gdb_main.c with its bugs, without
 * a network. A request that would panic the machine, overflow its buffers or end the session aborts
 * the test program with a message.
 */
#ifndef NETGDB_TESTS_FREEBSD_STUB_H
#define NETGDB_TESTS_FREEBSD_STUB_H

#include "proto/target.h"

#define STUB_MEMORY UINT64_C(0xffffffff80000000) /* address of its first byte */

enum {
    STUB_MEMORY_SIZE = 2 * 1024 * 1024,
    STUB_REGISTERS = 56, /* amd64: 17 of 8 bytes, 7 of 4, 32 of 8 */
    STUB_REGISTER_BYTES = 17 * 8 + 7 * 4 + 32 * 8,
    STUB_AVAILABLE = 20, /* registers with values, rax to ss; the others are 'x' */
    STUB_WRITTEN = 17,   /* registers that P writes: rax to rip; it answers OK for all others */
};

struct stub {
    struct target base;
    size_t bufsz, max_request;
    uint8_t memory[STUB_MEMORY_SIZE];
    uint8_t registers[STUB_REGISTER_BYTES];
    bool corrupted; /* a register was set from the text of a request */
    unsigned threads;
    struct buf xml;       /* the thread list, generated on demand */
    unsigned xml_threads; /* number of threads in it */
    size_t listed;        /* bytes of it that qXfer:threads:read has sent */

    /* Inspected and set by tests. */
    struct buf asked;           /* all requests, each preceded by a space */
    unsigned requests, resumes; /* counters */
    unsigned spoil_at;          /* before this request a late duplicate advances the thread list */
    unsigned replace_at;        /* this request fails with NETGDB_REPLACED */
    bool pending;               /* a reply has not been received: the next request aborts */
    const char *z_reply;        /* reply to Z; NULL: OK */
    struct buf reply;
    int result;       /* of the next recv */
    const char *says; /* not NULL: replaces every reply */
    bool *was_freed;  /* not NULL: set to true by free */
};

/* Creates the stub of an amd64 kernel with three threads; its memory has a counting pattern. Aborts
 * if memory is short. */
struct stub *stub_new(void);

/* Returns the offset of register n in `registers`, and its size in bytes. */
size_t stub_register(unsigned n, size_t *size);

#endif
