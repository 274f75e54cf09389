/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzz target is one function with libFuzzer's name. In `make check` it is linked with run.c and
 * goes over its corpus; to search for new inputs, in a directory where the tree is configured:
 *
 *   clang -std=gnu11 -D_GNU_SOURCE -I$srcdir -g -O1 -fsanitize=fuzzer,address,undefined \
 *       $srcdir/tests/fuzz/rsp.c $srcdir/proto/[a-z]*.c -o fuzz-rsp && ./fuzz-rsp DIR
 *
 * (quirks wants tests/freebsd_stub.c too.) What it must never do ends in abort().
 */
#ifndef NETGDB_TESTS_FUZZ_H
#define NETGDB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that stays on. */
#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
