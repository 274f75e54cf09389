/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A fuzz target is a function with libFuzzer's name. `make check` links it with run.c and runs it
 * over its corpus; search.sh searches for new inputs with every file here that has a target. A
 * violation ends in abort().
 */
#ifndef NETGDB_TESTS_FUZZ_H
#define NETGDB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assertion that is always enabled. */
#define MUST(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                     \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
