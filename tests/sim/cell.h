/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The matrix: each factor that can go wrong, with its levels. A cell is one level of each, and
 * with a seed it is one run of play.h. Its name says what is not as on a clean path, for example
 * `loss=10,dup=20,gen=13`; the clean path of a new kernel is `clean`.
 */
#ifndef NETGDB_TESTS_SIM_CELL_H
#define NETGDB_TESTS_SIM_CELL_H

#include "tests/sim/play.h"

enum { CELL_FACTORS = 19, CELL_LEVELS_MAX = 8, CELL_NAME_MAX = 256 };

struct cell_factor {
    const char *name, *unit;
    unsigned levels;
    double level[CELL_LEVELS_MAX]; /* the first is the clean path's */
    void (*set)(struct play_config *c, double level);
};
extern const struct cell_factor cell_factors[CELL_FACTORS];

struct cell {
    double level[CELL_FACTORS];
};

/* The clean path. */
struct cell cell_clean(void);

/* Reads a name; any number is taken as a level. False for one that is not understood. */
bool cell_parse(struct cell *cell, const char *name);
void cell_name(const struct cell *cell, char name[CELL_NAME_MAX]);

/* The run with that seed, which also chooses when the kernel reboots and the like. */
struct play_config cell_config(const struct cell *cell, uint64_t seed);

#endif
