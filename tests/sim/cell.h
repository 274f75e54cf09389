/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The test matrix: factors that can go wrong and their levels. A cell is one level of each factor;
 * a cell and a seed make one run of play.h. A cell's name lists its differences from the clean path
 * of a new kernel, `clean`: for example `loss=10,dup=20,gen=13`.
 */
#ifndef NETGDB_TESTS_SIM_CELL_H
#define NETGDB_TESTS_SIM_CELL_H

#include "tests/sim/play.h"

enum { CELL_FACTORS = 19, CELL_LEVELS_MAX = 8, CELL_NAME_MAX = 256 };

struct cell_factor {
    const char *name, *unit;
    unsigned levels;
    double level[CELL_LEVELS_MAX]; /* the first is that of the clean path */
    void (*set)(struct play_config *c, double level);
};
extern const struct cell_factor cell_factors[CELL_FACTORS];

struct cell {
    double level[CELL_FACTORS];
};

/* The clean path. */
struct cell cell_clean(void);

/* Parses a name, with any numbers as levels. Returns false for an invalid one. */
bool cell_parse(struct cell *cell, const char *name);
void cell_name(const struct cell *cell, char name[CELL_NAME_MAX]);

/* Returns the run for a seed, which also determines the time of reboots and the like. */
struct play_config cell_config(const struct cell *cell, uint64_t seed);

#endif
