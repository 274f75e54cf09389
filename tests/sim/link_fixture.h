/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: a link with a peer whose datagrams the test writes. */
#ifndef NETGDB_TESTS_LINK_FIXTURE_H
#define NETGDB_TESTS_LINK_FIXTURE_H

#include "proto/check.h"
#include "proto/link/link.h"

#include <stdlib.h>

#include "tests/sim/rig.h"

struct fixture {
    struct rig *rig;
    struct io *io;
    struct link link;
};

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->rig = rig_new_peer(NULL);
    f->io = sim_session(f->rig->w, RIG_KERNEL_IP, 0);
    f->rig->port = sim_session_port(f->io);
    link_init(&f->link, f->io, WIRE_DATA_ETHERNET, &f->rig->log);
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    link_free(&f->link);
    sim_session_close(f->io);
    rig_free(f->rig);
    free(f);
    return 0;
}

/* Advances the clock; the link handles received datagrams and sends what is due. */
static inline void pass(struct fixture *f, uint64_t time)
{
    sim_run_for(f->rig->w, time);
    assert_int_equal(link_input(&f->link), 0);
    assert_int_equal(link_tick(&f->link), 0);
}

static inline void expect_stream(struct fixture *f, const char *text)
{
    assert_int_equal(f->link.stream.len, strlen(text));
    if (*text != 0)
        assert_memory_equal(f->link.stream.data, text, strlen(text));
    buf_reset(&f->link.stream);
}

/* The chunk at `index` of a message of `total` bytes whose byte i is 'a' + i % 26. */
static inline void send_chunk(struct fixture *f, uint32_t first, unsigned index, size_t chunk,
                              size_t total)
{
    uint8_t bytes[SIM_DATAGRAM_MAX];
    size_t offset = index * chunk, len = total - offset < chunk ? total - offset : chunk;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)('a' + (offset + i) % 26);
    rig_peer_data(f->rig, first + index, offset, total, bytes, len);
}

#endif
