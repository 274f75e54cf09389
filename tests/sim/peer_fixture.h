/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: the netgdb target with a peer that the test simulates. */
#ifndef NETGDB_TESTS_PEER_FIXTURE_H
#define NETGDB_TESTS_PEER_FIXTURE_H

#include "proto/kernel/netgdb_target.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "tests/requests.h"
#include "tests/sim/rig.h"

/* The stub: acknowledges each DATA, drops duplicates by seqno, and passes the rest to `heard`. */
static struct {
    uint32_t seqno; /* of its next DATA */
    uint32_t seen;  /* seqno of our last DATA */
    unsigned acks;  /* per DATA */
    unsigned requests;
    struct buf request; /* of several DATA */
    void (*heard)(struct rig *r, const char *text, size_t len);
} stub;

static inline void say(struct rig *r, const char *text)
{
    rig_peer_text(r, stub.seqno++, text);
}

static inline void say_packet(struct rig *r, const char *content)
{
    struct buf packet;
    buf_init(&packet, SIM_DATAGRAM_MAX);
    (void)rsp_frame(&packet, (const uint8_t *)content, strlen(content));
    rig_peer_data(r, stub.seqno++, 0, packet.len, packet.data, packet.len);
    buf_free(&packet);
}

static inline void hear(struct rig *r, const struct wire_msg *msg)
{
    if (msg->type != WIRE_DATA)
        return;
    for (unsigned i = 0; i < stub.acks; i++)
        rig_peer_ack(r, msg->seqno);
    if (msg->seqno <= stub.seen)
        return;
    stub.seen = msg->seqno;
    if (msg->offset == 0)
        buf_reset(&stub.request);
    assert_int_equal(msg->offset, stub.request.len);
    assert_int_equal(buf_add(&stub.request, msg->data, msg->len), 0);
    if (stub.request.len < msg->total)
        return;
    (void)buf_addc(&stub.request, 0);
    stub.requests += stub.request.data[0] == '$';
    stub.heard(r, (const char *)stub.request.data, stub.request.len - 1);
}

static inline int setup(void **state)
{
    struct rig *r = rig_new_peer(hear);
    stub.seqno = 2;
    stub.seen = stub.requests = 0;
    stub.acks = 1;
    buf_init(&stub.request, 1 << 20);
    rig_peer_herald(r, SIM_HERALD_PORT);
    sim_run_for(r->w, SIM_MS);
    rig_lobby(r);
    sim_run_for(r->w, SIM_MS);
    say_packet(r, "T05");
    rig_take(r, rig_await(r, SIM_SECOND));
    *state = r;
    return 0;
}

static inline int teardown(void **state)
{
    buf_free(&stub.request);
    rig_free(*state);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
