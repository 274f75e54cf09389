/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For test programs in the simulated world: its failures become failures of the cmocka test. */
#ifndef NETGDB_TESTS_SIM_UNIT_H
#define NETGDB_TESTS_SIM_UNIT_H

#include "tests/unit/unit.h"

#include "tests/sim/server.h"
#include "tests/sim/twin.h"

static inline void sim_unit_failure(const char *line)
{
    fail_msg("%s", line);
}

/* A world whose sim_fail ends the current test. */
static inline struct sim_world *sim_unit_world(uint64_t seed)
{
    struct sim_world *w = sim_world_new(seed);
    sim_set_failure(w, sim_unit_failure);
    return w;
}

#endif
