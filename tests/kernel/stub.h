/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stub whose memory is that of an ELF file's segments, as if it was loaded; see make. */
#ifndef NETGDB_TESTS_KERNEL_STUB_H
#define NETGDB_TESTS_KERNEL_STUB_H

#include "proto/target.h"

enum { KERNEL_STUB_SEGMENTS = 16 };

struct kernel_stub {
    struct target target;
    struct {
        uint64_t address; /* whole pages */
        uint8_t *bytes;
        size_t len;
    } segments[KERNEL_STUB_SEGMENTS];
    unsigned n;
    uint64_t moved;     /* the kernel is at this distance from its link-time address */
    unsigned reads;     /* `m` requests so far */
    size_t read_max;    /* bytes of the longest one that is answered */
    const char *stop;   /* the reply to c */
    unsigned continued; /* c and s requests so far */
    struct buf request;
};

/* Fails with abort() on a file that cannot be read. The caller calls kernel_stub_done. */
void kernel_stub_init(struct kernel_stub *s);
void kernel_stub_load(struct kernel_stub *s, const char *path);
void kernel_stub_done(struct kernel_stub *s);

/* The bytes at a link-time address, which may be changed. NULL: nothing is loaded there. */
uint8_t *kernel_stub_bytes(struct kernel_stub *s, uint64_t address, size_t len);

#endif
