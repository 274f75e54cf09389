/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rig of rig.h with a target that may enter the lane. */
#ifndef NETGDB_TESTS_SIM_LANE_RIG_H
#define NETGDB_TESTS_SIM_LANE_RIG_H

#include "proto/rsp.h"
#include "tests/sim/rig.h"

enum { LANE_RIG_AFTER = 4 }; /* long reads enter it */

typedef bool lane_may_read(void *context, uint64_t address, size_t len);

/* More than was asked for may be read in the machine's text. */
lane_may_read lane_may_read_text;

/* A session of a twin of this generation that is known for a kernel, on a path known as clean. */
struct rig *lane_rig_new(enum twin_generation generation, lane_may_read *may_read);

/* The same for a target that the rig has already; `anywhere` as in struct netgdb_lane. */
void lane_allow(struct rig *r, lane_may_read *may_read, bool anywhere);

/* Reads until the twin is in no-ack mode. */
void lane_enter_now(struct rig *r);

/* Reads `len` bytes of the machine's text, `at` bytes from its start, which must be right. */
void lane_ask_text(struct rig *r, uint64_t at, size_t len);

/* For sim_after, with the rig: both ways of the path are without faults from now on. */
void lane_heal(void *rig);

/* Ends a session that did no harm. */
void lane_expect_good(const struct rig *r);

#endif
