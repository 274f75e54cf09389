/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: the lobby with the kernel twin of either generation. */
#ifndef NETGDB_TESTS_LOBBY_FIXTURE_H
#define NETGDB_TESTS_LOBBY_FIXTURE_H

#include "session/lobby.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

#define READ "mffffffff80200004,1"
#define READ_REPLY "94"

static enum twin_generation generation; /* of the current test */

static inline int setup(void **state)
{
    *state = rig_new(generation);
    return 0;
}

static inline int setup_old(void **state)
{
    generation = TWIN_OLD;
    return setup(state);
}

static inline int setup_new(void **state)
{
    generation = TWIN_NEW;
    return setup(state);
}

static inline int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static inline void step(struct rig *r)
{
    assert_int_equal(rig_try(r, "s"), 0);
    assert_true(buf_starts(&r->reply, "T05"));
}

#endif
