/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rig of rig.h with a target that may enter the lane; see lane_rig.h. */
#include "tests/sim/lane_rig.h"

#include <stdio.h>

bool lane_may_read_text(void *context, uint64_t address, size_t len)
{
    (void)context;
    return address >= MACHINE_TEXT && address + len <= MACHINE_TEXT + MACHINE_TEXT_SIZE;
}

void lane_allow(struct rig *r, lane_may_read *may_read, bool anywhere)
{
    enum netgdb_peer peer;
    assert_int_equal(netgdb_target_identify(r->target, &peer), 0);
    assert_int_equal(peer, NETGDB_PEER_KERNEL);
    netgdb_target_lane(r->target, &(struct netgdb_lane){may_read, NULL, LANE_RIG_AFTER, anywhere});
}

struct rig *lane_rig_new(enum twin_generation generation, lane_may_read *may_read)
{
    struct rig *r = rig_new(generation);
    rig_connect(r);
    lane_allow(r, may_read, false);
    rig_warm_up(r);
    return r;
}

void lane_ask_text(struct rig *r, uint64_t at, size_t len)
{
    char request[40];
    snprintf(request, sizeof request, "m%llx,%zx", (unsigned long long)(MACHINE_TEXT + at), len);
    assert_int_equal(rig_try(r, request), 0);
    assert_int_equal(r->reply.len, 2 * len);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(rsp_hex_byte(r->reply.data + 2 * i),
                         machine_text_byte(MACHINE_TEXT + at + i));
}

void lane_enter_now(struct rig *r)
{
    for (unsigned i = 0; i < LANE_RIG_AFTER; i++)
        lane_ask_text(r, i * 2048, 2048);
    assert_false(twin_ack_mode(r->twin));
}

void lane_heal(void *rig)
{
    struct rig *r = rig;
    for (int way = SIM_TO_KERNEL; way <= SIM_TO_SERVER; way++) {
        struct sim_path *path = sim_path(r->w, RIG_KERNEL_IP, (enum sim_direction)way);
        path->loss = path->duplicate = path->reorder = path->mangle = 0;
    }
}

void lane_expect_good(const struct rig *r)
{
    assert_int_equal(twin_harm(r->twin), 0);
    assert_int_equal(twin_counts(r->twin)->gave_up, 0);
    assert_int_equal(twin_counts(r->twin)->poisoned, 0);
}
