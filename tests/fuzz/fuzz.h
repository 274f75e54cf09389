/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzz target is one function with libFuzzer's name. In `make check` it is linked with run.c and
 * goes over its corpus; search.sh searches for new inputs with any file here that has one. What it
 * must never do ends in abort().
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
