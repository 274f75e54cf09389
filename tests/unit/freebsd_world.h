/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of tests/kernel/make, whose memory a stub shows to the decorator of freebsd/. */
#ifndef NETGDB_TESTS_UNIT_FREEBSD_WORLD_H
#define NETGDB_TESTS_UNIT_FREEBSD_WORLD_H

#include "tests/kernel/stub.h"
#include "tests/unit/symbols_world.h"
#include "tests/unit/unit.h"

/* The kernels of tests/kernel/make. */
enum { KERNELS = 6 };
extern const char *const kernels[KERNELS];

enum { TEXT_MAX = 128 * 1024 }; /* bytes of a query's output */

struct fixture {
    struct kernel_stub stub;
    struct symbols *symbols;
    struct target *target;
    struct kept_log log;
    struct buf text;
    char kernel[700], modules[600];
};

/* Opens the kernel of that name, which the caller closes. */
void open_kernel(struct fixture *f, const char *name);
void close_kernel(struct fixture *f);

/* The output of a query; valid until the next. */
const char *query(struct fixture *f, const char *line);

/* Fails unless `part` is in the output of a query. */
void contains(struct fixture *f, const char *line, const char *part);

/* A variable of the kernel: its `len` bytes in memory, and its address. */
uint8_t *variable(struct fixture *f, const char *name, size_t len);
uint64_t address_of(struct fixture *f, const char *name);

/* Sets the member of a variable that is a structure, in a little-endian kernel. */
void poke(struct fixture *f, const char *name, const char *unit, const char *path, uint64_t value);

#endif
